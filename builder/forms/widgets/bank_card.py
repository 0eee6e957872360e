"""The number of a bank card, with its check digit (ISO/IEC 7812-1, Luhn)."""

from __future__ import annotations

from random import Random

from builder.forms.chars import squeeze
from builder.forms.errors import CardChecksum, CardLength
from builder.forms.question import Question
from builder.forms.widget import Around, Look, Widget, option_schema, same
from builder.scenario.model import Json, Text

__all__ = ["WIDGET", "BankCard", "check_digit"]


class BankCard(Widget):
    """An input for 12 to 19 digits.

    >>> q = Question("c", "bank-card", Text("银行卡号", "Card"), "f.card")
    >>> WIDGET.parse(["6222 0212 3456 7890 128"], q)
    '6222021234567890128'
    """

    kind = "bank-card"
    options = option_schema()

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the digits alone.

        Raises:
            CardLength, CardChecksum: what to look at.
        """
        number = squeeze(raw[0])
        if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):
            raise CardLength(question)
        if check_digit(number[:-1]) != number[-1]:
            raise CardChecksum(question)
        return number

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check length and check digit."""
        self.convert((str(value),), question)

    def look(self, question: Question) -> Look:  # noqa: ARG002
        """Return an input as wide as a card number in groups."""
        return Look(width="w24", inputmode="numeric")

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return the digits in groups of four."""
        text = str(value)
        return same(" ".join(text[i : i + 4] for i in range(0, len(text), 4)))

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return the last four digits."""
        return same(f"**** **** **** {str(value)[-4:]}")

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return a valid number of 19 digits."""
        number = f"622202{chance.randint(0, 10**12 - 1):012d}"
        return number + check_digit(number)


def check_digit(digits: str) -> str:
    """Return the Luhn digit that belongs behind these digits.

    >>> check_digit("7992739871")
    '3'
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        twice = int(digit) * (2 - place % 2)
        total += twice - 9 if twice > 9 else twice
    return str(-total % 10)


WIDGET = BankCard()
