"""Hold what a page shows: frozen values, both languages side by side, nothing left to look up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from builder.expr import Value
from builder.forms.files import FileFacts
from builder.forms.question import Question
from builder.scenario.model import Text

if TYPE_CHECKING:
    from builder.forms.compiled import CompiledForm
    from builder.forms.journey import Left

__all__ = [
    "ErrorLine",
    "FieldState",
    "Mark",
    "PageModel",
    "Provenance",
    "RowState",
    "SectionModel",
    "Source",
    "SummaryModel",
    "SummaryRow",
    "SummarySection",
    "SummaryTable",
]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the value of an answer came from without asking (免填).

    Attributes:
        query: id of the named query.
        dataset: ledger id, ``<party>.<table>``.
        field: the column that was read.
        party: whose record it is.
        edited: the applicant has since written something else.
    """

    query: str
    dataset: str
    field: str
    party: str
    at: datetime
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A `Provenance` in words."""

    party: Text
    dataset: Text
    on: str
    state: Literal["filled", "locked", "edited"]


@dataclass(frozen=True, slots=True)
class FieldState:
    """One question as it stands: the part of a control that differs from reader to reader.

    Attributes:
        raw: what the inputs hold, one text per input; for choices, the chosen values.
        shown: False for a question that the answers do not call for (kept for the browser's
            instant show and hide).
        display: the value in words, for locked and computed questions.
        needed: other answers make it required.
    """

    question: Question
    raw: tuple[str, ...]
    shown: bool
    locked: bool
    display: Text
    error: Text | None = None
    source: Source | None = None
    asked: bool = False
    """An officer asked to correct it."""
    needed: bool = False
    rows: tuple[RowState, ...] = ()
    """Of a table: its rows as they stand, blank ones to fill in among them."""
    files: tuple[FileFacts, ...] = ()
    """The files its answer leads to."""
    left: Left | None = None
    """It was ticked as one that stays open."""
    later_by: str = ""
    """ISO day by which it would have to come, were the form handed in today."""
    state: str = ""
    lines: tuple[tuple[Text, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class RowState:
    """One row of a table as it stands.

    Attributes:
        here: typing goes on in it.
    """

    cells: tuple[FieldState, ...]
    here: bool = False


@dataclass(frozen=True, slots=True)
class SummaryTable:
    """Rows of a table, read-only; columns that nobody answered are left out."""

    heads: tuple[Text, ...]
    rows: tuple[tuple[Text | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A word beside an answer: owed, promised, supplied. `tone` is a chip's."""

    tone: str
    text: Text


@dataclass(frozen=True, slots=True)
class SectionModel:
    """Questions under one heading.

    Attributes:
        conditional: whether answers of its own page can show and hide it.
    """

    id: str
    title: Text
    intro: Text | None
    shown: bool
    conditional: bool
    fields: tuple[FieldState, ...]


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One line of the error summary; `target` is the HTML id it leads to."""

    target: str
    label: Text
    message: Text


@dataclass(frozen=True, slots=True)
class PageModel:
    """One page of a form, ready to render in either language.

    Attributes:
        id: of the form's page; blank where the questions come from several.
        scope: what expressions read, by name: the browser gets what this page's conditions need.
    """

    form: CompiledForm
    id: str
    title: Text
    intro: Text | None
    sections: tuple[SectionModel, ...]
    errors: tuple[ErrorLine, ...]
    scope: Mapping[str, Value]

    @property
    def has_files(self) -> bool:
        """Tell whether the page asks for files, which are posted in parts."""
        return any(f.question.kind == "upload" for s in self.sections for f in s.fields)


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One answer, read-only. `value` is None where nothing was answered."""

    pointer: str
    label: Text
    value: Text | None
    source: Source | None = None
    changed: bool = False
    anchor: str = ""
    """HTML id of the question on its page, for a link; blank where it cannot be changed."""
    table: SummaryTable | None = None
    """The rows of a table; `value` says them in one text."""
    files: tuple[FileFacts, ...] = ()
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class SummarySection:
    """Answers of one page; `page` is None where there is nothing to go back to."""

    title: Text | None
    rows: tuple[SummaryRow, ...]
    page: str | None = None


@dataclass(frozen=True, slots=True)
class SummaryModel:
    """Answers, read-only, by page."""

    sections: tuple[SummarySection, ...]
