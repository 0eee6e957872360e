"""Yes or no, side by side, neither chosen beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from builder.forms.errors import AnswerFault, ChoiceMissing, NotListed
from builder.forms.question import Option, Question
from builder.forms.widget import Around, Inputs, Widget, same
from builder.scenario.model import Json, Text, ValueType

__all__ = ["NO", "WIDGET", "YES", "YesNo"]

YES = Option("true", Text("是", "Yes"))
NO = Option("false", Text("否", "No"))
_READ = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}


class YesNo(Widget):
    """Two choices; `Question.choices` holds them."""

    kind = "yes-no"
    types = frozenset[ValueType]({"bool"})

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return True or False.

        Raises:
            NotListed: something else.
        """
        found = _READ.get(raw[0].lower())
        if found is None:
            raise NotListed(question)
        return found

    def missing(self, question: Question) -> AnswerFault:
        """Ask to choose."""
        return ChoiceMissing(question)

    def write(self, value: Json, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return the chosen one's value; a word stays as it is."""
        if isinstance(value, str):
            return (value,)
        return (YES.value,) if value is True else (NO.value,) if value is False else ("",)

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return which of the two is chosen."""
        return Inputs((), tuple(option.value in raw for option in (YES, NO)))

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return the word."""
        return YES.label if value is True else NO.label

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that it was answered, and not how."""
        return same("*")

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return either."""
        return _constant(question, default=chance.random() < 0.5)


def _constant(question: Question, *, default: bool) -> bool:
    only = question.schema.get("const")
    return only if isinstance(only, bool) else default


WIDGET = YesNo()
