"""Write a store out row by row, and fill an empty one from it, whichever database keeps it.

The tables of a store are those that its migrations make, at the revision it stands at; their rows
leave in the order of their keys, as lines of JSON that hold what the columns hold. So the same rows
give the same bytes on SQLite and on PostgreSQL, and a store can move from one to the other.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    collate,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from federation.store.engine import exclusive, open_engine, store_name, write
from federation.store.errors import RowsRefused, RowsUnreadable, StoreNewer, StoreTaken
from federation.store.migration import Tree, configuration, migrate, newest

__all__ = ["Block", "dump", "emptied", "filling", "load", "tables_at"]

_BLOCK_BYTES = 4 * 1024 * 1024
_FETCHED, _INSERTED = 500, 1000


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one table as lines of JSON, few enough to be held in memory.

    Attributes:
        table: the table's name.
        rows: how many lines.
        data: the lines, UTF-8, each an array of the columns' values.
    """

    table: str
    rows: int
    data: bytes


@cache
def tables_at(tree: Tree, revision: str) -> tuple[Table, ...]:
    """Return the tables of a store at a revision, those first that others point to.

    Raises:
        StoreNewer: when this program does not know the revision.
    """
    engine = open_engine("sqlite://")
    found = MetaData()
    try:
        _upgrade_empty(engine, tree, revision)
        found.reflect(engine)
    finally:
        engine.dispose()
    return tuple(t for t in found.sorted_tables if t.name != tree.version_table)


def dump(
    conn: Connection,
    tree: Tree,
    revision: str,
    *,
    without: Collection[str] = (),
    block_bytes: int = _BLOCK_BYTES,
) -> Iterator[Block]:
    """Yield every row of a store that the connection's snapshot shows.

    Args:
        conn: should come from `store.read`.
        tree: the store's schema.
        revision: the one the store stands at.
        without: tables whose rows stay where they are.
        block_bytes: a block ends with the row that reaches this size.

    Raises:
        RowsUnreadable: when the database does not give a table's rows.
    """
    for table in tables_at(tree, revision):
        if table.name not in without:
            yield from _blocks(conn, table, block_bytes)


@contextmanager
def filling(engine: Engine, tree: Tree, revision: str) -> Iterator[Connection]:
    """Make a store's tables as they were at a revision, let the block `load` them, bring them up.

    On PostgreSQL all of it is one transaction. On SQLite the tables are brought up after the rows
    are committed; whoever fills a file that others may open puts it in place afterwards.

    Raises:
        StoreTaken: when the database holds such tables already.
        StoreNewer: when this program does not know the revision.
        RowsRefused: when the database does not take a row.
    """
    tables = tables_at(tree, revision)
    with write(engine) as conn:
        exclusive(conn, tree.version_table)
        _refuse_taken(conn, tree, tables)
        _upgrade(conn, tree, revision)
        yield conn
        if conn.dialect.name == "postgresql":
            _set_sequences(conn, tables)
            _upgrade(conn, tree, "head")
    migrate(engine, tree)


def load(
    conn: Connection, tree: Tree, revision: str, table: str, columns: Sequence[str], data: bytes
) -> int:
    """Insert the lines of a block; return how many.

    Raises:
        RowsRefused: when they are not rows of this table, or the database does not take them.
    """
    target = next((t for t in tables_at(tree, revision) if t.name == table), None)
    if target is None or [c.name for c in target.columns] != list(columns):
        raise RowsRefused(store=tree.name, table=table)
    rows = [_row(target, line) for line in data.splitlines()]
    try:
        for start in range(0, len(rows), _INSERTED):
            conn.execute(insert(target), rows[start : start + _INSERTED])
    except DBAPIError as error:
        raise RowsRefused(store=store_name(conn.engine), table=table) from error
    return len(rows)


def emptied(engine: Engine, tree: Tree) -> None:
    """Drop a store's tables, and what reads them, from a PostgreSQL database."""
    quote = engine.dialect.identifier_preparer.quote
    with write(engine) as conn:
        for name in (*(t.name for t in tables_at(tree, newest(tree))), tree.version_table):
            conn.execute(text(f"DROP TABLE IF EXISTS {quote(name)} CASCADE"))


def _blocks(conn: Connection, table: Table, block_bytes: int) -> Iterator[Block]:
    lines: list[bytes] = []
    size = 0
    query = select(table).order_by(*_ordered(conn, table)).execution_options(yield_per=_FETCHED)
    try:
        for row in conn.execute(query):
            line = _ENCODER.encode(list(row)).encode() + b"\n"
            lines.append(line)
            size += len(line)
            if size >= block_bytes:
                yield Block(table.name, len(lines), b"".join(lines))
                lines, size = [], 0
    except (DBAPIError, UnicodeError) as error:
        raise RowsUnreadable(store=store_name(conn.engine), table=table.name) from error
    if lines:
        yield Block(table.name, len(lines), b"".join(lines))


def _ordered(conn: Connection, table: Table) -> list[ColumnElement[Any]]:
    """Return the columns of the key, texts by their bytes in every database."""
    keys = list(table.primary_key.columns) or list(table.columns)
    is_plain = conn.dialect.name == "sqlite"
    return [k if is_plain or not isinstance(k.type, String) else collate(k, "C") for k in keys]


def _row(table: Table, line: bytes) -> dict[str, object]:
    try:
        values = json.loads(line)
        pairs = zip(table.columns, values, strict=True)
        return {c.name: _value(v) for c, v in pairs}
    except (ValueError, TypeError, RecursionError):
        raise RowsRefused(store="?", table=table.name) from None


def _value(stored: object) -> object:
    if isinstance(stored, dict):
        return base64.b64decode(stored["base64"], validate=True)
    return stored


def _binary(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"a column holds {type(value).__name__}, which no store of ours declares")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_binary)


def _refuse_taken(conn: Connection, tree: Tree, tables: Sequence[Table]) -> None:
    names = {tree.version_table, *(t.name for t in tables)}
    taken = sorted(names.intersection(inspect(conn).get_table_names()))
    if taken:
        raise StoreTaken(store=store_name(conn.engine), tables=taken)


def _upgrade_empty(engine: Engine, tree: Tree, revision: str) -> None:
    with write(engine) as conn:
        _upgrade(conn, tree, revision)


def _upgrade(conn: Connection, tree: Tree, to: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = configuration(tree)
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, to)
    except CommandError as error:
        known = newest(tree)
        raise StoreNewer(store=tree.name, found=to, known=known) from error


def _set_sequences(conn: Connection, tables: Sequence[Table]) -> None:
    """Let every number that the database itself gives follow those that are there."""
    quote = conn.dialect.identifier_preparer.quote
    for table in tables:
        for column in table.primary_key.columns:
            if not isinstance(column.type, Integer):
                continue
            name = conn.scalar(select(func.pg_get_serial_sequence(quote(table.name), column.name)))
            if name is not None:
                last = conn.scalar(select(func.max(column)))
                conn.execute(select(func.setval(name, last or 1, last is not None)))
