"""Say what a widget is: how one kind of question is read, checked, shown and made up.

A kind is one file in `builder/forms/widgets` with one value ``WIDGET``, and one page of the same
name in `templates/widgets`. A widget is pure and holds nothing: the question, what was typed,
today's date and the other answers come in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import ClassVar

from builder.errors import Fault
from builder.expr import Value
from builder.forms.chars import is_hostile, line, lines
from builder.forms.errors import AnswerFault, AnswerMissing, AnswerRepeated, HiddenCharacters
from builder.forms.files import Files
from builder.forms.question import Option, Question
from builder.scenario.model import Json, Text, ValueType

__all__ = [
    "CHOICE_LIST",
    "TEXT",
    "WIDTHS",
    "Around",
    "Inputs",
    "Look",
    "Post",
    "Widget",
    "option_schema",
    "same",
]

Post = Mapping[str, Sequence[str]]
"""What a browser posts: each name with all its values."""

RAW_CHARACTERS = 20_000
"""What is kept of one typed answer for showing it again; no field takes as much."""

WIDTHS = ("w4", "w8", "w12", "w18", "w24", "full")

TEXT: Json = {
    "type": "object",
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
    "patternProperties": {"^x-": {}},
    "required": ["zh", "en"],
    "additionalProperties": False,
}
"""Schema of an option that people read."""

CHOICE_LIST: Json = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {
            "value": {"type": "string", "minLength": 1},
            "label": TEXT,
            "hint": TEXT,
        },
        "required": ["value", "label"],
        "additionalProperties": False,
    },
}
"""Schema of the option that lists what can be chosen."""


def option_schema(required: Sequence[str] = (), **properties: Json) -> Mapping[str, Json]:
    """Return the JSON Schema of a widget's options: these and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Around:
    """What is around one answer.

    Attributes:
        scope: the other answers and what is known, by expression name.
        labels: what fields are called, by pointer.
        files: the files that answers may lead to; None where nobody looked.
    """

    today: date
    scope: Mapping[str, Value] = field(default_factory=dict)
    labels: Mapping[str, Text] = field(default_factory=dict)
    files: Files | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """How the input of a question looks and helps: the fixed part, for its template."""

    width: str = "full"
    inputmode: str = "text"
    autocomplete: str = "off"
    type: str = "text"
    prefix: Text | None = None
    suffix: Text | None = None
    rows: int = 1
    limit: int | None = None
    as_list: bool = False
    """A list to open instead of one line per choice."""
    text: tuple[tuple[Text, ...], ...] = ()
    """Paragraphs; one with several lines is a list."""
    tone: str = "info"
    accept: str = ""
    """Endings of file names that the browser offers."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the inputs of a question hold: the varying part, for its template.

    Attributes:
        values: one text per typed input.
        chosen: per choice, whether it is chosen.
    """

    values: tuple[str, ...]
    chosen: tuple[bool, ...] = ()


class Widget:
    """One kind of question.

    Attributes:
        kind: the name a control's ``widget`` gives.
        types: field types it can carry; empty for a widget without a value.
        options: JSON Schema of its options.
        parts: name endings of its inputs; one input named like the question by default.
        several: more than one value under the same name is an answer, not a mistake.
        long: line breaks are kept.
        in_rows: it can be a column of a table.
        of_rows: it asks for rows, its question has columns.
        typed: a browser posts the answer; False where it comes from a department alone.
        anew: what it draws differs too much from reader to reader to be drawn once and filled in.
    """

    kind: ClassVar[str]
    types: ClassVar[frozenset[ValueType]] = frozenset({"text"})
    options: ClassVar[Mapping[str, Json]] = option_schema()
    parts: ClassVar[tuple[str, ...]] = ("",)
    several: ClassVar[bool] = False
    long: ClassVar[bool] = False
    in_rows: ClassVar[bool] = True
    of_rows: ClassVar[bool] = False
    anew: ClassVar[bool] = False
    typed: ClassVar[bool] = True

    # ── reading ────────────────────────────────────────────────────────────────────────────────

    def read(self, post: Post, question: Question) -> tuple[str, ...]:
        """Return what was typed, cut to a sane length: one text per input, or all chosen values.

        Raises:
            AnswerRepeated: different values for one input.
        """
        if self.several:
            return tuple(text[:RAW_CHARACTERS] for text in post.get(question.name, ())[:500])
        return tuple(self._one(post.get(question.name + part, ()), question) for part in self.parts)

    def _one(self, texts: Sequence[str], question: Question) -> str:
        distinct = {text[:RAW_CHARACTERS] for text in texts[:500] if text.strip()}
        if len(distinct) > 1:
            raise AnswerRepeated(question)
        return distinct.pop() if distinct else ""

    def clean(self, raw: Sequence[str]) -> tuple[str, ...]:
        """Return what was typed without unseen characters, for showing it again."""
        return tuple((lines if self.long else line)(text) for text in raw)

    def parse(self, raw: Sequence[str], question: Question) -> Json:
        """Return the answer in the field's JSON spelling; None for blank.

        Raises:
            AnswerFault: it cannot be read as one.
        """
        for text in raw:
            if is_hostile(text):
                raise HiddenCharacters(question)
        cleaned = self.clean(raw)
        return self.convert(cleaned, question) if any(cleaned) else None

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:  # noqa: ARG002 (hook)
        """Return the answer from cleaned text that is not blank."""
        return raw[0]

    def validate(self, value: Json, question: Question, around: Around) -> None:
        """Check an answer of the right type against the question and the other answers.

        Raises:
            AnswerFault: it breaks a rule of the widget or its options.
        """

    def missing(self, question: Question) -> AnswerFault:
        """Return what to say where an answer is required."""
        return AnswerMissing(question)

    # ── showing ────────────────────────────────────────────────────────────────────────────────

    def look(self, question: Question) -> Look:  # noqa: ARG002 (hook)
        """Return the fixed part of its input."""
        return Look()

    def write(self, value: Json, question: Question) -> tuple[str, ...]:  # noqa: ARG002 (hook)
        """Return what the inputs hold for an answer: the inverse of `parse`."""
        return tuple("" if value is None else str(value) for _ in self.parts)

    def post(self, value: Json, question: Question) -> dict[str, Sequence[str]]:
        """Return what a browser would post for an answer: the inverse of `read` and `parse`."""
        texts = () if value is None else self.write(value, question)
        if self.several:
            return {question.name: texts}
        return {question.name + p: [t] for p, t in zip(self.parts, texts, strict=False)}

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return the varying part of its inputs."""
        padded = (*raw, *("" for _ in self.parts))
        return Inputs(tuple(padded[: len(self.parts)]))

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002 (hook)
        """Return an answer as people read it."""
        return same(str(value))

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002 (hook)
        """Return an answer with what identifies someone covered."""
        return same(covered(str(value)))

    def state(self, value: Json) -> str:  # noqa: ARG002 (hook)
        """Return a word for how an answer stands, for its template."""
        return ""

    def lines(
        self,
        value: Json,  # noqa: ARG002 (hook)
        question: Question,  # noqa: ARG002
        scope: Mapping[str, Value],  # noqa: ARG002
    ) -> tuple[tuple[Text, Text], ...]:
        """Return what belongs to an answer and is known elsewhere: labels and values."""
        return ()

    # ── authoring ──────────────────────────────────────────────────────────────────────────────

    def findings(self, question: Question) -> Iterator[Fault]:  # noqa: ARG002 (hook)
        """Yield what is wrong with a question beyond its options' schema."""
        yield from ()

    def example(self, question: Question, chance: Random, around: Around) -> Json:
        """Return an answer that passes every check, made from `chance` alone."""
        raise NotImplementedError(self.kind)


def same(text: str) -> Text:
    """Return a text that reads the same in both languages."""
    return Text(text, text)


def covered(text: str, head: int = 1, tail: int = 0) -> str:
    """Return a text with all but its ends replaced by asterisks.

    >>> covered("王小明"), covered("340102199003071234", 3, 4)
    ('王**', '340***********1234')
    """
    if len(text) <= head + tail:
        return "*" * max(len(text), 1)
    return text[:head] + "*" * (len(text) - head - tail) + (text[-tail:] if tail else "")


def chosen(question: Question, value: str) -> Option | None:
    """Return the choice with this value."""
    return next((c for c in question.choices if c.value == value), None)
