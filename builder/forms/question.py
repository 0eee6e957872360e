"""Hold one question of a form as a widget sees it: a control joined with the field it fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from builder.forms.rule import Rule
from builder.scenario.model import Deferral, Json, Pledge, Prefill, Text, ValueType

__all__ = ["LATER", "PROMISE", "Column", "Option", "Question"]

LATER = "~later"
PROMISE = "~promise"
"""Endings of a pointer, and of an input's name, for the ticks that leave an answer open."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen."""

    value: str
    label: Text
    hint: Text | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A control and its field, with its options parsed.

    Attributes:
        id: of the control; also of its HTML, behind ``q-``.
        pointer: None for a widget that carries no value.
        name: of its input, ``entity.field``; the control's id where there is no field.
        schema: JSON Schema of the field.
        choices: what can be chosen; empty for widgets without a choice.
        computed: the value is never typed.
        conditional: answers of its own page can show and hide it.
        needs: other answers can make it required.
        columns: of a table.
        deferrable: a tick lets it come later (容缺).
        promise: a tick promises it instead (告知承诺).
    """

    id: str
    kind: str
    label: Text
    name: str
    pointer: str | None = None
    type: ValueType = "text"
    schema: Mapping[str, Json] = field(default_factory=dict)
    hint: Text | None = None
    required: bool = False
    options: Mapping[str, Json] = field(default_factory=dict)
    choices: tuple[Option, ...] = ()
    grade: str = "L2"
    prefill: Prefill | None = None
    computed: bool = False
    conditional: bool = False
    needs: bool = False
    columns: tuple[Column, ...] = ()
    deferrable: Deferral | None = None
    promise: Pledge | None = None

    @property
    def ticks(self) -> tuple[str, ...]:
        """Return the endings of the ticks it offers."""
        offers = {LATER: self.deferrable, PROMISE: self.promise}
        return tuple(ending for ending, offer in offers.items() if offer is not None)

    @property
    def html_id(self) -> str:
        """Return the id of its first input, where error links lead."""
        return f"q-{self.id}"

    def titled(self, label: Text) -> Question:
        """Return the same question under another label."""
        return replace(self, label=label)

    def text(self, option: str) -> Text | None:
        """Return an option that people read."""
        found = self.options.get(option)
        if not isinstance(found, Mapping):
            return None
        return Text(str(found.get("zh", "")), str(found.get("en", "")))

    def word(self, option: str, default: str = "") -> str:
        """Return an option that is a word."""
        found = self.options.get(option)
        return found if isinstance(found, str) else default

    def whole(self, option: str) -> int | None:
        """Return an option that is a whole number, or the field's own keyword of that meaning."""
        found = self.options.get(option)
        return found if isinstance(found, int) else None

    def flag(self, option: str, *, default: bool = False) -> bool:
        """Return an option that is yes or no."""
        found = self.options.get(option)
        return found if isinstance(found, bool) else default

    def keyword(self, name: str) -> int | None:
        """Return a whole-number keyword of the field's schema, such as ``maxLength``."""
        found = self.schema.get(name)
        return found if isinstance(found, int) else None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what is asked of every row.

    Attributes:
        question: its pointer is ``/row/<name>``.
        needed: must be answered where this is TRUE of the row.
    """

    question: Question
    needed: Rule | None = None

    @property
    def name(self) -> str:
        """Return the name of its field in a row."""
        return (self.question.pointer or "").rpartition("/")[2]

    def cell(self, table: Question, row: str, number: str) -> Question:
        """Return the question of one cell.

        Args:
            table: the question that the rows answer.
            row: key of the row in names and ids.
            number: what the row is called, from 1.
        """
        label = self.question.label
        return replace(
            self.question,
            id=f"{table.id}-{row}-{self.question.id}",
            name=f"{table.name}.{row}.{self.name}",
            pointer=f"{table.pointer}/{row}/{self.name}",
            label=Text(f"{label.zh}（第 {number} 行）", f"{label.en} (row {number})"),
        )
