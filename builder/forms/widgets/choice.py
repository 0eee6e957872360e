"""One of a few: a line per choice, or a list to open where they are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from builder.errors import Fault
from builder.forms.errors import AnswerFault, ChoiceMissing, NotListed, OptionsWrong
from builder.forms.question import Question
from builder.forms.widget import (
    CHOICE_LIST,
    Around,
    Inputs,
    Look,
    Widget,
    chosen,
    option_schema,
    same,
)
from builder.scenario.model import Json, Text

__all__ = ["WIDGET", "OneOf", "allowed"]

FEW = 9
"""Up to this many, all choices are seen at once."""


class OneOf(Widget):
    """A choice among `Question.choices`."""

    kind = "choice"
    options = option_schema(["choices"], choices=CHOICE_LIST, list={"type": "boolean"})

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the value chosen.

        Raises:
            NotListed: it is not offered.
        """
        if chosen(question, raw[0]) is None:
            raise NotListed(question)
        return raw[0]

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check that it is offered."""
        if not isinstance(value, str) or chosen(question, value) is None:
            raise NotListed(question)

    def missing(self, question: Question) -> AnswerFault:
        """Ask to choose."""
        return ChoiceMissing(question)

    def look(self, question: Question) -> Look:
        """Return lines or a list."""
        return Look(as_list=question.flag("list", default=len(question.choices) > FEW))

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return which one is chosen."""
        return Inputs((), tuple(option.value in raw for option in question.choices))

    def show(self, value: Json, question: Question) -> Text:
        """Return the chosen one's words; the bare value where it is no longer offered."""
        option = chosen(question, str(value))
        return option.label if option else same(str(value))

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that it was answered, and not how."""
        return same("***")

    def findings(self, question: Question) -> Iterator[Fault]:
        """Yield choices listed twice, or that the field's schema does not allow."""
        yield from doubtful(question, question.schema.get("enum"))

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return one of the values offered."""
        return chance.choice(allowed(question, question.schema.get("enum")))


def allowed(question: Question, enum: Json) -> list[str]:
    """Return the values offered that the field's schema allows."""
    values = [option.value for option in question.choices]
    return [value for value in values if value in enum] if isinstance(enum, list) else values


def doubtful(question: Question, enum: Json) -> Iterator[Fault]:
    """Yield what is wrong with the choices of a question."""
    values = [option.value for option in question.choices]
    twice = sorted({value for value in values if values.count(value) > 1})
    refused = sorted(set(values) - set(allowed(question, enum)))
    for problem in (f"choices[{', '.join(bad)}]" for bad in (twice, refused) if bad):
        yield OptionsWrong(control=question.id, widget=question.kind, problem=problem)


WIDGET = OneOf()
