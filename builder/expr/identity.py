"""Check the numbers that people and enterprises carry: GB 11643 and GB 32100."""

from __future__ import annotations

import re
from datetime import date

from builder.expr.tree import Value

__all__ = ["credit_code_valid", "id_birth_date", "id_sex", "id_valid"]

# GB/T 2260 provinces; 81-83 residence permits of Hong Kong, Macao and Taiwan residents; 9x
# permanent residence permits of foreigners (version 2023).
_ID = re.compile(
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9])[0-9]{4}"
    r"(?:1[89]|20)[0-9]{9}[0-9X]"
)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(rf"[{_CODE_ALPHABET}]{{18}}")
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def id_valid(value: Value) -> Value:
    """Check a citizen ID number by GB 11643-1999: province, birth date, check character.

    >>> id_valid("11010519491231002X"), id_valid("110105194912310021"), id_valid(None)
    (True, False, None)
    """
    if not isinstance(value, str):
        return None
    if not _ID.fullmatch(value) or _birth(value) is None:
        return False
    total = sum(int(c) * w for c, w in zip(value, _ID_WEIGHTS, strict=False))
    return value[17] == _ID_CHECKS[total % 11]


def id_birth_date(value: Value) -> Value:
    """Return the birth date in a valid ID number, else NULL."""
    return _birth(value) if isinstance(value, str) and id_valid(value) else None


def id_sex(value: Value) -> Value:
    """Return GB/T 2261.1's code from a valid ID number: 1 male, 2 female; else NULL."""
    if not isinstance(value, str) or not id_valid(value):
        return None
    return "1" if int(value[16]) % 2 else "2"


def credit_code_valid(value: Value) -> Value:
    """Check a unified social credit code by GB 32100-2015: alphabet and check character.

    >>> credit_code_valid("91350100M000100Y43"), credit_code_valid("91350100M000100Y44")
    (True, False)
    """
    if not isinstance(value, str):
        return None
    if not _CODE.fullmatch(value):
        return False
    total = sum(_CODE_ALPHABET.index(c) * w for c, w in zip(value, _CODE_WEIGHTS, strict=False))
    return value[17] == _CODE_ALPHABET[(31 - total % 31) % 31]


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
