"""The number of the resident identity card (GB 11643-1999)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random

from builder.forms.chars import squeeze
from builder.forms.errors import IdBirthDate, IdChecksum, IdLength, IdRegion
from builder.forms.question import Question
from builder.forms.widget import Around, Look, Widget, covered, option_schema, same
from builder.scenario.model import Json, Text

__all__ = ["WIDGET", "IdNumber", "birth_date", "check_character"]

# GB/T 2260 provinces; 81-83 residence permits of Hong Kong, Macao and Taiwan residents;
# 9x permanent residence permits of foreigners (version 2023).
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71))
    for code in range(first, last + 1)
) | {"81", "82", "83", *(str(code) for code in range(91, 100))}
_FORM = re.compile(r"[0-9]{17}[0-9X]")
_OLD = re.compile(r"[0-9]{15}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_EXAMPLE_REGIONS = ("340102", "340103", "340104", "340111", "340121", "340124", "340181")


class IdNumber(Widget):
    """An input for 18 characters; the 15 digits of old cards become 18.

    >>> q = Question("id", "id-number", Text("身份证号码", "ID number"), "applicant.id")
    >>> WIDGET.parse(["110105 1949 1231 002x"], q)
    '11010519491231002X'
    >>> WIDGET.parse(["130503670401001"], q)
    '130503196704010016'
    """

    kind = "id-number"
    options = option_schema()

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return 18 characters in capitals.

        Raises:
            IdLength, IdRegion, IdBirthDate, IdChecksum: what to look at.
        """
        number = squeeze(raw[0])
        if _OLD.fullmatch(number):
            number = f"{number[:6]}19{number[6:]}"
            number += check_character(number)
        if not _FORM.fullmatch(number):
            raise IdLength(question)
        self._check(number, question)
        return number

    def validate(self, value: Json, question: Question, around: Around) -> None:
        """Check all that `convert` checks, and that the birth date is not to come."""
        number = str(value)
        if not _FORM.fullmatch(number):
            raise IdLength(question)
        self._check(number, question)
        born = birth_date(number)
        if born is None or born > around.today:
            raise IdBirthDate(question)

    def _check(self, number: str, question: Question) -> None:
        if number[:2] not in _PROVINCES:
            raise IdRegion(question)
        if birth_date(number) is None:
            raise IdBirthDate(question)
        if check_character(number[:17]) != number[17]:
            raise IdChecksum(question)

    def look(self, question: Question) -> Look:  # noqa: ARG002
        """Return an input as wide as the number."""
        return Look(width="w18")

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return the first three and the last four characters."""
        return same(covered(str(value), 3, 4))

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return a valid number of a grown-up of Hefei whom nobody is."""
        born = around.today - timedelta(days=chance.randint(20 * 366, 90 * 365))
        order = chance.randint(1, 999)
        number = f"{chance.choice(_EXAMPLE_REGIONS)}{born:%Y%m%d}{order:03d}"
        return number + check_character(number)


def check_character(digits: str) -> str:
    """Return the 18th character that belongs to 17 digits (ISO 7064, MOD 11-2).

    >>> check_character("11010519491231002")
    'X'
    """
    total = sum(int(d) * w for d, w in zip(digits, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def birth_date(number: str) -> date | None:
    """Return the birth date an 18-character number carries; None where it is none.

    >>> birth_date("34010219900307123X")
    datetime.date(1990, 3, 7)
    """
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


WIDGET = IdNumber()
