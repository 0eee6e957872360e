"""Rows of the same questions: one row for each person, item, year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import cast

from builder.errors import Fault
from builder.expr import Value
from builder.forms.chars import is_hostile
from builder.forms.errors import (
    AnswerFault,
    Cell,
    HiddenCharacters,
    NotFitting,
    RowsMissing,
    RowsWrong,
    TooFewRows,
    TooManyRows,
)
from builder.forms.question import Column, Question
from builder.forms.rows import (
    MAX_ROWS,
    Row,
    Rows,
    decode,
    encode,
    kind_of,
    posted,
)
from builder.forms.values import has_type, to_value
from builder.forms.widget import Around, Inputs, Look, Post, Widget, option_schema
from builder.scenario.model import ROW, Json, Text, ValueType

__all__ = ["WIDGET", "Table"]

_NARROW = frozenset(
    {"text", "number", "money", "date", "choice", "dictionary", "phone", "id-number", "bank-card"}
)
_GRID_COLUMNS = 4

Record = Mapping[str, Json]


class Table(Widget):
    """Repeated rows; `Question.columns` holds what each row asks."""

    kind = "table"
    types = frozenset[ValueType]({"list"})
    options = option_schema(
        min={"type": "integer", "minimum": 0, "maximum": MAX_ROWS},
        max={"type": "integer", "minimum": 1, "maximum": MAX_ROWS},
        layout={"enum": ["grid", "cards"]},
    )
    in_rows = False
    of_rows = True

    # ── reading ────────────────────────────────────────────────────────────────────────────────

    def read(self, post: Post, question: Question) -> tuple[str, ...]:
        """Return the rows posted, blank ones left out unless a button adds or moves one.

        Raises:
            AnswerRepeated: different values for one input.
        """
        return encode(posted(post, question))

    def clean(self, raw: Sequence[str]) -> tuple[str, ...]:
        """Return the rows as they are: cells are cleaned where their widget shows them."""
        return tuple(raw)

    def parse(self, raw: Sequence[str], question: Question) -> Json:
        """Return the rows as records without what is blank; None for no row.

        Raises:
            RowsWrong: cells that cannot be read as answers, or are required and blank.
        """
        found: list[dict[str, Json]] = []
        wrong: list[Cell] = []
        for row in decode(raw, question).rows:
            if not row.is_blank:
                found.append(_read(row, question, len(found), wrong))
        if wrong:
            raise RowsWrong(question, wrong)
        return cast("Json", found) if found else None

    def validate(self, value: Json, question: Question, around: Around) -> None:
        """Check the number of rows, then every cell.

        Raises:
            TooFewRows, TooManyRows, NotFitting: the rows as a whole.
            RowsWrong: cells, all of them at once.
        """
        rows = records(value)
        if rows is None:
            raise NotFitting(question)
        least, most = limits(question)
        if len(rows) < least:
            raise TooFewRows(question, limit=least)
        if len(rows) > most:
            raise TooManyRows(question, limit=most)
        known = {column.name for column in question.columns}
        if any(set(row) - known for row in rows):
            raise NotFitting(question)
        wrong = [cell for i, row in enumerate(rows) for cell in _wrong(row, i, question, around)]
        if wrong:
            raise RowsWrong(question, wrong)

    def missing(self, question: Question) -> AnswerFault:
        """Ask for a row."""
        return RowsMissing(question)

    # ── showing ────────────────────────────────────────────────────────────────────────────────

    def look(self, question: Question) -> Look:
        """Return a grid for a few narrow columns, else a card a row."""
        few = len(question.columns) <= _GRID_COLUMNS and all(
            column.question.kind in _NARROW for column in question.columns
        )
        return Look(width=question.word("layout") or ("grid" if few else "cards"))

    def write(self, value: Json, question: Question) -> tuple[str, ...]:
        """Return the rows as their inputs hold them."""
        return encode(
            Rows(
                tuple(
                    Row(
                        {
                            column.name: ()
                            if row.get(column.name) is None
                            else kind_of(column).write(row.get(column.name), column.question)
                            for column in question.columns
                        }
                    )
                    for row in records(value) or ()
                )
            )
        )

    def post(self, value: Json, question: Question) -> dict[str, Sequence[str]]:
        """Return what a browser would post: the keys of the rows, and every cell."""
        rows = records(value) or []
        post: dict[str, Sequence[str]] = {question.name: [str(i) for i in range(len(rows))]}
        for i, row in enumerate(rows):
            for column in question.columns:
                cell = column.cell(question, str(i), str(i + 1))
                post |= kind_of(column).post(row.get(column.name), cell)
        return post

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return nothing: a table has no inputs of its own, its cells have."""
        return Inputs(())

    def show(self, value: Json, question: Question) -> Text:
        """Return all rows in one text, for where no table fits."""
        return _told(value, question, masked=False)

    def mask(self, value: Json, question: Question) -> Text:
        """Return all rows in one text, each cell covered as its widget covers it."""
        return _told(value, question, masked=True)

    # ── authoring ──────────────────────────────────────────────────────────────────────────────

    def findings(self, question: Question) -> Iterator[Fault]:
        """Yield what is wrong with a column."""
        for column in question.columns:
            yield from kind_of(column).findings(column.question)

    def example(self, question: Question, chance: Random, around: Around) -> Json:
        """Return one row or two, or as many as are needed; a cell in three of what may be blank."""
        least, most = limits(question)
        count = chance.randint(max(least, 1), min(max(least, 2), most))
        return cast("Json", [_example(question, chance, around) for _ in range(count)])


def limits(question: Question) -> tuple[int, int]:
    """Return how many rows are needed and taken."""
    least = max(question.whole("min") or 0, question.keyword("minItems") or 0)
    most = question.keyword("maxItems")
    return least, min(question.whole("max") or MAX_ROWS, MAX_ROWS if most is None else most)


def records(value: Json) -> list[Record] | None:
    """Return an answer as rows; None for what is none."""
    if isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value):
        return cast("list[Record]", list(value))
    return None


def shown(row: Record, question: Question, *, masked: bool) -> Iterator[tuple[Column, Text]]:
    """Yield the answered cells of a row in words."""
    for column in question.columns:
        value = row.get(column.name)
        if value is not None:
            kind = kind_of(column)
            words = kind.mask if masked else kind.show
            yield column, words(value, column.question)


def in_scope(row: Record, question: Question, around: Around) -> dict[str, Value]:
    """Return what expressions of a row read: everything around, and ``row.<column>``."""
    own = {
        f"{ROW}.{column.name}": to_value(row.get(column.name), column.question.type)
        for column in question.columns
    }
    return {**around.scope, **own}


def _read(row: Row, question: Question, index: int, wrong: list[Cell]) -> dict[str, Json]:
    record: dict[str, Json] = {}
    for column in question.columns:
        cell = column.cell(question, str(index), str(index + 1))
        kind = kind_of(column)
        try:
            value = kind.parse(row.cells.get(column.name, ()), cell)
        except AnswerFault as fault:
            wrong.append(Cell(cell, fault))
            continue
        if value is not None:
            record[column.name] = value
        elif cell.required:
            wrong.append(Cell(cell, kind.missing(cell)))
    return record


def _wrong(row: Record, index: int, question: Question, around: Around) -> Iterator[Cell]:
    scope = in_scope(row, question, around)
    inside = Around(around.today, scope, around.labels)
    for column in question.columns:
        cell = column.cell(question, str(index), str(index + 1))
        needed = column.needed is not None and column.needed.holds(scope, around.today)
        fault = _cell_fault(row.get(column.name), column, cell, inside, needed=needed)
        if fault is not None:
            yield Cell(cell, fault)


def _cell_fault(
    value: Json, column: Column, cell: Question, around: Around, *, needed: bool
) -> AnswerFault | None:
    kind = kind_of(column)
    if value is None:
        return kind.missing(cell) if cell.required or needed else None
    if not has_type(value, cell.type):
        return NotFitting(cell)
    if isinstance(value, str) and is_hostile(value):
        return HiddenCharacters(cell)
    try:
        kind.validate(value, cell, around)
    except AnswerFault as fault:
        return fault
    return None


def _told(value: Json, question: Question, *, masked: bool) -> Text:
    zh, en = [], []
    for number, row in enumerate(records(value) or (), 1):
        cells = [(c.question.label, text) for c, text in shown(row, question, masked=masked)]
        zh.append(f"{number}. " + "，".join(f"{label.zh}：{text.zh}" for label, text in cells))
        en.append(f"{number}. " + ", ".join(f"{label.en}: {text.en}" for label, text in cells))
    return Text("；".join(zh), "; ".join(en))


def _example(question: Question, chance: Random, around: Around) -> dict[str, Json]:
    row: dict[str, Json] = {}
    for column in question.columns:
        if column.question.required or chance.random() < 2 / 3:
            row[column.name] = kind_of(column).example(column.question, chance, around)
    scope = in_scope(row, question, around)
    for column in question.columns:
        if column.needed is not None and column.needed.holds(scope, around.today):
            row.setdefault(column.name, kind_of(column).example(column.question, chance, around))
    return row


WIDGET = Table()
