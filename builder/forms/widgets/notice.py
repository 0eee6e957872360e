"""Something to read: no answer, no input."""

from __future__ import annotations

from random import Random

from builder.forms.prose import paragraphs
from builder.forms.question import Question
from builder.forms.widget import TEXT, Around, Look, Post, Widget, option_schema
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "Notice"]


class Notice(Widget):
    """Paragraphs and lists under the control's label."""

    kind = "notice"
    in_rows = False
    types = frozenset[ValueType]()
    options = option_schema(["text"], text=TEXT, tone={"enum": ["info", "warning", "success"]})

    def read(self, post: Post, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing."""
        return ()

    def look(self, question: Question) -> Look:
        """Return the paragraphs and how they are meant."""
        text = question.text("text") or Text("", "")
        return Look(text=paragraphs(text), tone=question.word("tone", "info"))

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return nothing."""
        return None


WIDGET = Notice()
