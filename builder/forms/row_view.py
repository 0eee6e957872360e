"""Prepare what pages show of tables: rows to fill in, and rows to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.forms.errors import AnswerFault
from builder.forms.page import FieldState, RowState, SummaryTable
from builder.forms.question import Question
from builder.forms.rows import Row, blank, decode, kind_of
from builder.forms.widget import Around
from builder.forms.widgets.table import in_scope, limits, records, shown
from builder.scenario.model import Json, Text

__all__ = ["blank_row", "row_states", "summary_table"]

_NO_TEXT = Text("", "")


def row_states(
    question: Question, raw: Sequence[str], errors: Mapping[str, Text], rest: Around
) -> tuple[RowState, ...]:
    """Return the rows of a table as they stand; at least one, and as many as are needed."""
    held = decode(raw, question)
    least = max(limits(question)[0], 1)
    more = max(least - len(held.rows), 0) if held.at is None or not held.rows else 0
    rows = (*held.rows, *(blank(question) for _ in range(more)))
    return tuple(
        _state(question, row, str(i), str(i + 1), errors, rest, here=i == held.at)
        for i, row in enumerate(rows)
    )


def blank_row(question: Question, key: str, number: str) -> RowState:
    """Return a row with nothing in it, for scripts to copy."""
    return _state(question, blank(question), key, number, {}, None, here=False)


def summary_table(value: Json, question: Question, *, masked: bool = False) -> SummaryTable | None:
    """Return an answer's rows for reading; None for what is no table."""
    rows = records(value) if question.columns else None
    if rows is None:
        return None
    lines = [dict(_by_name(row, question, masked=masked)) for row in rows]
    heads = [column for column in question.columns if any(column.name in line for line in lines)]
    return SummaryTable(
        tuple(column.question.label for column in heads),
        tuple(tuple(line.get(column.name) for column in heads) for line in lines),
    )


def _by_name(
    row: Mapping[str, Json], question: Question, *, masked: bool
) -> list[tuple[str, Text]]:
    return [(column.name, text) for column, text in shown(row, question, masked=masked)]


def _state(
    question: Question,
    row: Row,
    key: str,
    number: str,
    errors: Mapping[str, Text],
    rest: Around | None,
    *,
    here: bool,
) -> RowState:
    needed = set() if rest is None else _needed(question, row, rest)
    cells = []
    for column in question.columns:
        cell = column.cell(question, key, number)
        texts = kind_of(column).clean(row.cells.get(column.name, ()))
        cells.append(
            FieldState(
                question=cell,
                raw=texts,
                shown=True,
                locked=False,
                display=_NO_TEXT,
                error=errors.get(cell.html_id),
                needed=column.name in needed,
            )
        )
    return RowState(tuple(cells), here)


def _needed(question: Question, row: Row, rest: Around) -> set[str]:
    """Return the columns that what is typed in a row makes required."""
    rules = [column for column in question.columns if column.needed is not None]
    if not rules:
        return set()
    scope = in_scope(_read(question, row), question, rest)
    return {c.name for c in rules if c.needed is not None and c.needed.holds(scope, rest.today)}


def _read(question: Question, row: Row) -> dict[str, Json]:
    """Return what can be read of a row."""
    found: dict[str, Json] = {}
    for column in question.columns:
        try:
            found[column.name] = kind_of(column).parse(
                row.cells.get(column.name, ()), column.question
            )
        except AnswerFault:
            continue
    return found
