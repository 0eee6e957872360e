"""Read, keep and move the rows of a table as they are typed.

A widget's raw answer is texts; a table's is one text, the JSON of its rows, each with the texts of
its cells by column. Rows are told apart by where they stand, from 0. In a post the rows come as
``name=<key>`` once a row, in order, and cells as ``name.<key>.<column>``; the button that adds,
removes or moves a row comes as ``row=<name>:<what>[:<key>]``, so that all of it works without
scripts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.forms.question import Column, Question
from builder.forms.widget import Post, Widget
from builder.forms.widgets import widget

__all__ = ["MAX_ROWS", "MOVE", "Row", "Rows", "blank", "decode", "encode", "kind_of", "posted"]

MAX_ROWS = 200
"""What one post is read for; a field's own limit is smaller."""

MOVE = "row"
"""Name of the buttons that add, remove and move rows."""

_KEY = re.compile(r"[0-9a-z]{1,12}")


@dataclass(frozen=True, slots=True)
class Row:
    """What the inputs of one row hold, by column."""

    cells: Mapping[str, tuple[str, ...]]

    @property
    def is_blank(self) -> bool:
        """Tell whether nothing is typed in it."""
        return not any(text.strip() for texts in self.cells.values() for text in texts)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a table as they stand.

    Attributes:
        at: the row that was just added or moved, where typing goes on; None for none.
    """

    rows: tuple[Row, ...]
    at: int | None = None


def kind_of(column: Column) -> Widget:
    """Return the widget of a column."""
    return widget(column.question.kind)


def blank(question: Question) -> Row:
    """Return a row with nothing in it."""
    return Row({column.name: () for column in question.columns})


def posted(post: Post, question: Question) -> Rows:
    """Return the rows of a post, a row added, removed or moved where a button says so.

    Rows without anything typed are left out, unless a button was pressed.

    Raises:
        AnswerRepeated: different values for one input.
    """
    keys = dict.fromkeys(key for key in post.get(question.name, ()) if _KEY.fullmatch(key))
    found = {key: _row(post, question, key) for key in list(keys)[:MAX_ROWS]}
    for text in post.get(MOVE, ())[:1]:
        name, _, what = text.partition(":")
        if name == question.name:
            return _moved(found, what, question)
    return Rows(tuple(row for row in found.values() if not row.is_blank))


def _row(post: Post, question: Question, key: str) -> Row:
    return Row(
        {
            column.name: kind_of(column).read(post, column.cell(question, key, "")) or ()
            for column in question.columns
        }
    )


def _moved(found: Mapping[str, Row], what: str, question: Question) -> Rows:
    rows = list(found.values())
    act, _, key = what.partition(":")
    place = list(found).index(key) if key in found else None
    if act == "add":
        return Rows((*rows, blank(question)), at=len(rows))
    if place is None:
        return Rows(tuple(rows))
    if act == "remove":
        del rows[place]
        return Rows(tuple(rows), at=min(place, len(rows) - 1) if rows else None)
    other = place + {"up": -1, "down": 1}.get(act, 0)
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
        return Rows(tuple(rows), at=other)
    return Rows(tuple(rows), at=place)


def encode(rows: Rows) -> tuple[str, ...]:
    """Return rows as the raw answer of a table; nothing for no rows."""
    if not rows.rows and rows.at is None:
        return ("",)
    doc = {"rows": [{n: list(texts) for n, texts in row.cells.items()} for row in rows.rows]}
    return (json.dumps({**doc, "at": rows.at}, ensure_ascii=False),)


def decode(raw: Sequence[str], question: Question) -> Rows:
    """Return the rows of a raw answer; none for what `encode` did not write."""
    try:
        doc = json.loads(raw[0]) if raw and raw[0] else {}
    except ValueError:
        doc = {}
    if not isinstance(doc, Mapping):
        return Rows(())
    at = doc.get("at")
    return Rows(
        tuple(_kept(row, question) for row in doc.get("rows", ())),
        at if isinstance(at, int) else None,
    )


def _kept(row: Mapping[str, Sequence[str]], question: Question) -> Row:
    return Row({column.name: tuple(row.get(column.name, ())) for column in question.columns})
