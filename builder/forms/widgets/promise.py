"""A declaration to read and tick (告知承诺)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from builder.forms.errors import AnswerFault, NotListed, PromiseMissing
from builder.forms.prose import paragraphs
from builder.forms.question import Question
from builder.forms.widget import TEXT, Around, Inputs, Look, Widget, option_schema, same
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "Promise"]

_TICKED = "true"


class Promise(Widget):
    """One tick box beside the words of the declaration. Not ticked is not answered."""

    kind = "promise"
    in_rows = False
    types = frozenset[ValueType]({"bool"})
    options = option_schema(["text"], text=TEXT)

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return True.

        Raises:
            NotListed: something else than the box sends.
        """
        if raw[0] not in (_TICKED, "yes", "on"):
            raise NotListed(question)
        return True

    def validate(self, value: Json, question: Question, around: Around) -> None:  # noqa: ARG002
        """Check that a required declaration is made."""
        if question.required and value is not True:
            raise PromiseMissing(question)

    def missing(self, question: Question) -> AnswerFault:
        """Ask to read it and tick the box."""
        return PromiseMissing(question)

    def look(self, question: Question) -> Look:
        """Return the words of the declaration."""
        return Look(text=paragraphs(question.text("text") or Text("", "")))

    def write(self, value: Json, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return the box's value where it is ticked; a word stays as it is."""
        if isinstance(value, str):
            return (value,)
        return (_TICKED if value is True else "",)

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return whether the box is ticked."""
        return Inputs((), (_TICKED in raw,))

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that it was made, or not."""
        return Text("已承诺", "Confirmed") if value is True else Text("未承诺", "Not confirmed")

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that it was answered, and not how."""
        return same("*")

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return that it is made."""
        return True


WIDGET = Promise()
