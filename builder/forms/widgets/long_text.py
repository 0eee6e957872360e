"""Several lines of text: explanations, reasons, remarks."""

from __future__ import annotations

from builder.forms.question import Question
from builder.forms.widget import Look, option_schema
from builder.forms.widgets.text import AnyText

__all__ = ["WIDGET", "LongText"]


class LongText(AnyText):
    """A box of several lines."""

    kind = "long-text"
    limit = 2000
    long = True
    options = option_schema(
        min_length={"type": "integer", "minimum": 0},
        max_length={"type": "integer", "minimum": 1, "maximum": 10000},
        rows={"type": "integer", "minimum": 2, "maximum": 20},
        example={"type": "string", "minLength": 1},
    )

    def look(self, question: Question) -> Look:
        """Return a box of the lines asked for, with how much it takes."""
        return Look(rows=question.whole("rows") or 4, limit=self.longest(question))


WIDGET = LongText()
