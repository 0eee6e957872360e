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
    LargeBinary,
    MetaData,
    String,
    Table,
    collate,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from federation.store.engine import exclusive, open_engine, store_name, write
from federation.store.errors import RowsRefused, RowsUnreadable, StoreNewer, StoreTaken
from federation.store.migration import Tree, configuration, migrate, newest
from federation.store.troubles import SCHEMA, fault_of

__all__ = [
    "Block",
    "dump",
    "emptied",
    "filling",
    "hold_too",
    "load",
    "look_into",
    "tables_at",
    "unhurried",
]

_BLOCK_BYTES = 4 * 1024 * 1024
_FETCHED = 500
_CACHE_KIB = 64 * 1024


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
        if conn.dialect.name == "postgresql":
            unhurried(conn)
        exclusive(conn, tree.version_table)
        _refuse_taken(conn, tree, tables)
        _upgrade(conn, tree, revision)
        with _without_indexes(conn):
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
    rows = _rows(target, data)
    try:
        if conn.dialect.name == "postgresql":
            _copy(conn, target, rows)
        else:
            marks = ", ".join("?" * len(columns))
            conn.exec_driver_sql(f"INSERT INTO {_listed(conn, target)} VALUES ({marks})", rows)
    except DBAPIError as error:
        raise RowsRefused(store=store_name(conn.engine), table=table) from error
    return len(rows)


def emptied(engine: Engine, tree: Tree) -> None:
    """Drop a store's tables, what reads them, and its own schema, from a PostgreSQL database."""
    quote = engine.dialect.identifier_preparer.quote
    schema = engine.get_execution_options().get(SCHEMA)
    with write(engine) as conn:
        for name in (*(t.name for t in tables_at(tree, newest(tree))), tree.version_table):
            conn.execute(text(f"DROP TABLE IF EXISTS {quote(name)} CASCADE"))
        if schema is not None and not inspect(conn).get_table_names(schema):
            conn.execute(text(f"DROP SCHEMA {quote(schema)}"))


def look_into(conn: Connection, engine: Engine) -> None:
    """Let a PostgreSQL connection that sees several stores read this one from now on."""
    if conn.dialect.name == "postgresql":
        schema = engine.get_execution_options().get(SCHEMA)
        conn.exec_driver_sql("SET LOCAL search_path TO DEFAULT")
        if schema is not None:
            path = func.set_config("search_path", func.quote_ident(schema), True)
            conn.execute(select(path))


def hold_too(conn: Connection, engine: Engine) -> None:
    """Let a writing PostgreSQL connection hold the lock of another store of its database as well.

    It is the lock that `write` takes at its beginning.
    """
    conn.execution_options(**{SCHEMA: engine.get_execution_options().get(SCHEMA, "")})
    exclusive(conn, "write")


def unhurried(conn: Connection) -> None:
    """Lift the limits that PostgreSQL connections have on long statements and long pauses."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        conn.exec_driver_sql(f"SET LOCAL {limit} = 0")


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


def _rows(table: Table, data: bytes) -> list[tuple[object, ...]]:
    """Parse a block at once: a line end within a value is written as an escape."""
    try:
        rows = json.loads(b"[" + data.removesuffix(b"\n").replace(b"\n", b",") + b"]")
        if set(map(type, rows)) - {list} or set(map(len, rows)) - {len(table.columns)}:
            raise RowsRefused(store="?", table=table.name)
        if any(isinstance(c.type, LargeBinary) for c in table.columns):
            rows = [[_value(v) for v in row] for row in rows]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise RowsRefused(store="?", table=table.name) from None
    return list(map(tuple, rows))


def _value(stored: object) -> object:
    if isinstance(stored, dict):
        return base64.b64decode(stored["base64"], validate=True)
    return stored


def _copy(conn: Connection, table: Table, rows: list[tuple[object, ...]]) -> None:
    """Insert rows by PostgreSQL's COPY, several times as fast."""
    raw: Any = conn.connection
    errors: Any = conn.dialect.loaded_dbapi
    try:
        with raw.cursor() as cursor, cursor.copy(f"COPY {_listed(conn, table)} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except errors.Error as error:
        name, fault = store_name(conn.engine), fault_of(error)
        if fault is not None:
            raise fault(store=name) from error
        raise RowsRefused(store=name, table=table.name) from error


def _listed(conn: Connection, table: Table) -> str:
    quote = conn.dialect.identifier_preparer.quote
    return f"{quote(table.name)} ({', '.join(quote(c.name) for c in table.columns)})"


@contextmanager
def _without_indexes(conn: Connection) -> Iterator[None]:
    """Drop the indexes while rows come in and make them anew from all rows at once."""
    find = _PG_INDEXES if conn.dialect.name == "postgresql" else _SQLITE_INDEXES
    found = conn.exec_driver_sql(find).all()
    quote = conn.dialect.identifier_preparer.quote
    for name, _ in found:
        conn.exec_driver_sql(f"DROP INDEX {quote(name)}")
    if find is _SQLITE_INDEXES:
        conn.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")  # room to sort in
    yield
    for _, made in found:
        conn.exec_driver_sql(made.replace("%", "%%") if find is _PG_INDEXES else made)


_SQLITE_INDEXES = (
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
)
_PG_INDEXES = """
    SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid) ORDER BY 1
"""


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
