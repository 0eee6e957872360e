"""A value that follows from other answers: shown, never typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random

from builder.forms.question import Question
from builder.forms.values import to_value
from builder.forms.widget import TEXT, Around, Inputs, Look, Post, Widget, option_schema, same
from builder.forms.widgets.date import spoken
from builder.forms.widgets.number import exact, grouped, rounded
from builder.forms.widgets.yes_no import NO, YES
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "Computed"]


class Computed(Widget):
    """An output; the control's ``compute`` says what."""

    kind = "computed"
    in_rows = False
    types = frozenset[ValueType]({"text", "int", "decimal", "bool", "date"})
    options = option_schema(unit=TEXT, scale={"type": "integer", "minimum": 0, "maximum": 6})

    def read(self, post: Post, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: whatever is posted for it is ignored."""
        return ("",)

    def look(self, question: Question) -> Look:
        """Return an output with its unit."""
        return Look(suffix=question.text("unit"))

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return nothing typed."""
        return Inputs(())

    def show(self, value: Json, question: Question) -> Text:
        """Return it as its type is written."""
        if question.type == "bool":
            return YES.label if value is True else NO.label
        if question.type == "date":
            day = to_value(value, "date")
            return spoken(day) if isinstance(day, date) else same(str(value))
        if question.type == "text":
            return self._with_unit(str(value), question)
        number, scale = exact(value), question.whole("scale")
        if number is None:
            return same(str(value))
        shown = number if scale is None else rounded(number, scale)
        return self._with_unit(grouped(shown), question)

    def _with_unit(self, text: str, question: Question) -> Text:
        unit = question.text("unit")
        return Text(f"{text} {unit.zh}", f"{text} {unit.en}") if unit else same(text)

    def mask(self, value: Json, question: Question) -> Text:
        """Return that there is one; of a text, its first character."""
        return super().mask(value, question) if question.type == "text" else same("***")

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return nothing: it is computed."""
        return None


WIDGET = Computed()
