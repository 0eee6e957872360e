"""A telephone number of mainland China."""

from __future__ import annotations

import re
from random import Random

from builder.forms.chars import narrow
from builder.forms.errors import LandlineWrong, MobileWrong
from builder.forms.question import Question
from builder.forms.widget import Around, Look, Widget, covered, option_schema, same
from builder.scenario.model import Json, Text

__all__ = ["WIDGET", "Phone"]

_COUNTRY = re.compile(r"^(\+|00)?86(?=1\d{10}$|0\d{9,11}$)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d{2}))(\d{7,8})(?:[转#xX](\d{1,6}))?")
_STORED = re.compile(r"0\d{2,3}-\d{7,8}(-\d{1,6})?")
_GAPS = re.compile(r"[\s()\-‐‑‒–—―－.·]")


class Phone(Widget):
    """An input for a mobile number, with the option for a landline too.

    >>> q = Question("p", "phone", Text("电话", "Phone"), "f.phone", options={"landline": True})
    >>> WIDGET.parse(["+86 138-1234-5678"], q), WIDGET.parse(["(0551) 6234 5678转 801"], q)
    ('13812345678', '0551-62345678-801')
    """

    kind = "phone"
    options = option_schema(landline={"type": "boolean"}, autocomplete={"enum": ["tel", "off"]})

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return 11 digits, or area code, number and extension joined by hyphens.

        Raises:
            MobileWrong, LandlineWrong: it is neither.
        """
        landline = question.flag("landline")
        if landline and raw[0].isascii() and _STORED.fullmatch(raw[0]):
            return raw[0]
        number = _COUNTRY.sub("", _GAPS.sub("", narrow(raw[0])))
        if number.isascii() and _MOBILE.fullmatch(number):
            return number
        found = _LANDLINE.fullmatch(number) if landline else None
        if found is None:
            raise LandlineWrong(question) if landline else MobileWrong(question)
        return "-".join(part for part in found.groups() if part)

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check that it is one."""
        self.convert((str(value),), question)

    def look(self, question: Question) -> Look:
        """Return an input with a keyboard for telephone numbers."""
        return Look(
            width="w18",
            type="tel",
            inputmode="tel",
            autocomplete=question.word("autocomplete", "off"),
        )

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return its first three and last four digits."""
        return same(covered(str(value), 3, 4))

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return a mobile number."""
        return f"1{chance.choice('3589')}{chance.randint(0, 999_999_999):09d}"


WIDGET = Phone()
