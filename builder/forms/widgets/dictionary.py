"""One of many, found by typing: an input with suggestions, which works without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from builder.forms.chars import narrow
from builder.forms.errors import NotListed
from builder.forms.question import Question
from builder.forms.widget import CHOICE_LIST, WIDTHS, Inputs, Look, chosen, option_schema
from builder.forms.widgets.choice import OneOf
from builder.scenario.model import Json

__all__ = ["WIDGET", "Dictionary"]


class Dictionary(OneOf):
    """A choice among `Question.choices` by its words in either language, or by its code."""

    kind = "dictionary"
    options = option_schema(["choices"], choices=CHOICE_LIST, width={"enum": list(WIDTHS)})

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the code of what was typed.

        Raises:
            NotListed: nothing of this name, or several.
        """
        typed = _plain(raw[0])
        exact = [o.value for o in question.choices if o.value == raw[0].strip()]
        named = [
            o.value
            for o in question.choices
            if typed in (_plain(o.label.zh), _plain(o.label.en), _plain(o.value))
        ]
        found = exact or named
        if len(found) != 1:
            raise NotListed(question)
        return found[0]

    def look(self, question: Question) -> Look:
        """Return an input with suggestions."""
        return Look(width=question.word("width", "w24"))

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:
        """Return the words of a code, or what was typed."""
        typed = raw[0] if raw else ""
        option = chosen(question, typed)
        if option is None:
            return Inputs((typed,))
        return Inputs((option.label.zh if lang == "zh" else option.label.en,))


def _plain(text: str) -> str:
    return narrow(text).replace(" ", "").casefold()


WIDGET = Dictionary()
