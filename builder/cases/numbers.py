"""Number matters: one number from the first page to the archive, not to be guessed or counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

__all__ = ["is_case_number", "new_case_number"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_SHAPE = re.compile(r"[A-Z]{1,6}\d{8}-[0-9A-HJKMNP-TV-Z]{6}")


def new_case_number(prefix: str, now: datetime, random_bytes: Callable[[int], bytes]) -> str:
    """Return a fresh number: prefix, day, six characters of base 32 (30 random bits).

    >>> from datetime import datetime
    >>> new_case_number("HF", datetime(2026, 11, 23), lambda n: bytes(range(n)))
    'HF20261123-012345'
    """
    tail = "".join(_ALPHABET[byte % 32] for byte in random_bytes(6))
    return f"{prefix}{now:%Y%m%d}-{tail}"


def is_case_number(text: str) -> bool:
    """Tell whether a text has the shape of a case number."""
    return _SHAPE.fullmatch(text) is not None
