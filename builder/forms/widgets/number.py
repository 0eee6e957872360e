"""A number with an optional unit: whole, or a decimal kept exactly."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from random import Random
from typing import ClassVar

from builder.forms.chars import narrow
from builder.forms.errors import (
    NotANumber,
    NotAPlainNumber,
    NotWhole,
    TooLarge,
    TooManyDecimals,
    TooSmall,
)
from builder.forms.question import Question
from builder.forms.widget import TEXT, WIDTHS, Around, Look, Widget, option_schema, same
from builder.scenario.model import Json, Text, ValueType

__all__ = ["LIMIT", "WIDGET", "Number", "exact", "grouped", "rounded"]

LIMIT: Json = {
    "anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}],
}
"""Schema of an option that is a number: decimals are text, so that they stay exact."""

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_GROUPS = re.compile(r"(?<=\d),(?=\d{3}(\D|$))")
_SCALE, _DIGITS = 6, 18


class Number(Widget):
    """An input for digits.

    >>> from builder.scenario.model import Text
    >>> q = Question("n", "number", Text("人数", "People"), "form.people", type="int")
    >>> WIDGET.parse(["１，２００ "], q)
    1200
    """

    kind = "number"
    types = frozenset[ValueType]({"int", "decimal"})
    options = option_schema(
        min=LIMIT,
        max=LIMIT,
        scale={"type": "integer", "minimum": 0, "maximum": _SCALE},
        unit=TEXT,
        width={"enum": list(WIDTHS)},
    )
    sample: ClassVar[str] = "12"

    def scale(self, question: Question) -> int:
        """Return how many decimal places are taken."""
        if question.type == "int":
            return 0
        scale = question.whole("scale")
        return 2 if scale is None else scale

    def strip(self, text: str, question: Question) -> str:
        """Return the typed text without its unit and grouping."""
        plain = _GROUPS.sub("", narrow(text).replace(" ", "").replace("，", ","))
        unit = question.text("unit")
        for ending in (unit.zh, unit.en) if unit else ():
            plain = plain.removesuffix(narrow(ending).replace(" ", ""))
        return plain

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return an int, or a decimal as text with the field's number of places.

        Raises:
            NotANumber, NotAPlainNumber, NotWhole, TooManyDecimals: it cannot be one.
        """
        plain = self.strip(raw[0], question)
        if not plain.isascii() or not _PLAIN.fullmatch(plain):
            raise NotANumber(question, example=self.sample)
        if sum(c.isdigit() for c in plain) > _DIGITS:
            raise NotAPlainNumber(question)
        value, scale = Decimal(plain), self.scale(question)
        if value != round(value, scale):
            raise NotWhole(question) if scale == 0 else TooManyDecimals(question, limit=scale)
        rounded = round(value, scale) + 0  # no minus zero
        return int(rounded) if question.type == "int" else f"{rounded:.{scale}f}"

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check that it lies between the least and the most."""
        number = exact(value)
        if number is None:
            raise NotANumber(question, example=self.sample)
        least, most = self._limits(question)
        if least is not None and number < least:
            raise TooSmall(question, limit=grouped(least))
        if most is not None and number > most:
            raise TooLarge(question, limit=grouped(most))

    def _limits(self, question: Question) -> tuple[Decimal | None, Decimal | None]:
        least = [exact(question.options.get("min")), exact(question.schema.get("minimum"))]
        most = [exact(question.options.get("max")), exact(question.schema.get("maximum"))]
        return (
            max((v for v in least if v is not None), default=None),
            min((v for v in most if v is not None), default=None),
        )

    def look(self, question: Question) -> Look:
        """Return a short input with a keyboard of digits."""
        mode = "numeric" if self.scale(question) == 0 else "decimal"
        width = question.word("width", "w8")
        return Look(width=width, inputmode=mode, suffix=question.text("unit"))

    def show(self, value: Json, question: Question) -> Text:
        """Return it with its digits grouped and its unit behind."""
        number = exact(value)
        text = str(value) if number is None else grouped(number)
        unit = question.text("unit")
        return Text(f"{text} {unit.zh}", f"{text} {unit.en}") if unit else same(text)

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that there is one, and not how much."""
        return same("***")

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return a number between the limits, near the lower one."""
        least, most = self._limits(question)
        low = least if least is not None else Decimal(0) if most is None else most - 1000
        high = most if most is not None else low + 10_000
        scale = self.scale(question)
        unit = Decimal(1).scaleb(-scale)
        first = -((-low) // unit)
        last = max(high // unit, first)
        value = chance.randint(int(first), int(last)) * unit
        return int(value) if question.type == "int" else f"{value:.{scale}f}"


def grouped(number: Decimal) -> str:
    """Return a number with its thousands marked.

    >>> grouped(Decimal("1234567.50"))
    '1,234,567.50'
    """
    return f"{number:,f}"


def rounded(number: Decimal, places: int) -> Decimal:
    """Round half away from zero (四舍五入), as expressions do.

    >>> rounded(Decimal("2.345"), 2)
    Decimal('2.35')
    """
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0  # no minus zero


def exact(value: Json) -> Decimal | None:
    """Return a JSON number or decimal text as such; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


WIDGET = Number()
