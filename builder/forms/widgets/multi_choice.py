"""Any number of a few, a tick box each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import cast

from builder.errors import Fault
from builder.forms.errors import (
    AnswerFault,
    ChoiceMissing,
    NotListed,
    TooFewChosen,
    TooManyChosen,
)
from builder.forms.question import Question
from builder.forms.widget import CHOICE_LIST, Around, Inputs, Widget, chosen, option_schema, same
from builder.forms.widgets.choice import allowed, doubtful
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "AnyOf"]


class AnyOf(Widget):
    """Choices among `Question.choices`; the answer keeps their order."""

    kind = "multi-choice"
    types = frozenset[ValueType]({"list"})
    options = option_schema(
        ["choices"],
        choices=CHOICE_LIST,
        min={"type": "integer", "minimum": 1},
        max={"type": "integer", "minimum": 1},
    )
    several = True

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the values chosen, in the order they are offered.

        Raises:
            NotListed: one of them is not offered.
        """
        ticked = {text for text in raw if text}
        if any(chosen(question, value) is None for value in ticked):
            raise NotListed(question)
        return [option.value for option in question.choices if option.value in ticked]

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check that all are offered, and neither too few nor too many."""
        values = _values(value)
        if values is None or any(chosen(question, one) is None for one in values):
            raise NotListed(question)
        least, most = _limits(question)
        if len(values) < least:
            raise TooFewChosen(question, limit=least)
        if len(values) > most:
            raise TooManyChosen(question, limit=most)

    def missing(self, question: Question) -> AnswerFault:
        """Ask to choose."""
        return ChoiceMissing(question)

    def write(self, value: Json, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return the values ticked."""
        return tuple(_values(value) or ())

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return which ones are ticked."""
        return Inputs((), tuple(option.value in raw for option in question.choices))

    def show(self, value: Json, question: Question) -> Text:
        """Return the words of all chosen."""
        labels = [
            o.label if (o := chosen(question, one)) else same(one) for one in _values(value) or ()
        ]
        return Text("、".join(t.zh for t in labels), ", ".join(t.en for t in labels))

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that it was answered, and not how."""
        return same("***")

    def findings(self, question: Question) -> Iterator[Fault]:
        """Yield choices listed twice, or that the field's schema does not allow."""
        yield from doubtful(question, _enum(question))

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return as many as the limits ask for."""
        values = allowed(question, _enum(question))
        least, most = _limits(question)
        ticked = chance.sample(
            values, chance.randint(min(least, len(values)), min(most, len(values)))
        )
        return [value for value in values if value in ticked]


def _values(value: Json) -> list[str] | None:
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return cast("list[str]", list(value))
    return None


def _limits(question: Question) -> tuple[int, int]:
    least = max(question.whole("min") or 1, question.keyword("minItems") or 1)
    everything = len(question.choices)
    most = min(question.whole("max") or everything, question.keyword("maxItems") or everything)
    return least, most


def _enum(question: Question) -> Json:
    items = question.schema.get("items")
    return items.get("enum") if isinstance(items, dict) else None


WIDGET = AnyOf()
