"""An amount in yuan, kept exactly as a decimal of two places."""

from __future__ import annotations

from builder.forms.question import Question
from builder.forms.widget import Look, option_schema
from builder.forms.widgets.number import LIMIT, Number, exact, grouped, rounded
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "YUAN", "Money"]

YUAN = Text("元", "yuan")


class Money(Number):
    """An input for an amount.

    >>> q = Question("n", "money", Text("金额", "Amount"), "form.amount", type="decimal")
    >>> WIDGET.parse(["￥１,２３４．５ 元"], q)
    '1234.50'
    """

    kind = "money"
    types = frozenset[ValueType]({"decimal"})
    options = option_schema(min=LIMIT, max=LIMIT)
    sample = "1234.50"

    def scale(self, question: Question) -> int:  # noqa: ARG002
        """Return two: yuan and fen."""
        return 2

    def strip(self, text: str, question: Question) -> str:
        """Return the typed amount without its currency sign and unit."""
        plain = super().strip(text, question)
        for start in ("¥", "￥", "RMB", "CNY", "人民币"):
            plain = plain.removeprefix(start)
        for ending in ("元整", "元", "圆", "yuan", "RMB", "CNY"):
            plain = plain.removesuffix(ending)
        return plain

    def look(self, question: Question) -> Look:  # noqa: ARG002
        """Return a short input with the unit behind."""
        return Look(width="w12", inputmode="decimal", suffix=YUAN)

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return it with its digits grouped, in yuan."""
        number = exact(value)
        text = str(value) if number is None else grouped(rounded(number, 2))
        return Text(f"{text} 元", f"{text} yuan")


WIDGET = Money()
