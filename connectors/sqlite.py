"""Read a SQLite database: over ADBC, read-only, one statement at a time as an AST.

Every reading has its own connection (0.2 ms), opened read-only, with `query_only` on and the
schema not trusted, so that neither a statement nor a view or default in the file can write or call
anything. What SQLite does itself is decided by each column's affinity: where its comparison of raw
values could differ from the ledger's type, the rows are read and the engine compares.

ADBC's SQLite driver cannot be interrupted within a statement: `cancel` takes effect at the next
batch.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NoReturn, TypeAlias
from urllib.parse import quote

import pyarrow as pa
from sqlglot import exp

from connectors.base import Capabilities, Probe, Readings, Types, typed_by
from connectors.check import Leaf, Plan, near, plan
from connectors.engine import arrow_schema, evaluate, typed
from connectors.errors import Fault
from connectors.faults import (
    SourceBroken,
    SourceBusy,
    SourceMissing,
    SourceNotDatabase,
    SourceOptions,
    SourceTableUnknown,
    SourceUnreadable,
    SourceValue,
)
from connectors.scan import Scan, sources
from connectors.sql import Dialect, Query, SqlColumn, split
from connectors.types import ColumnType, Value

__all__ = ["SqliteConnector", "open_source"]

Affinity: TypeAlias = Literal["text", "integer", "real", "numeric", "blob"]

_KIND = "sqlite"
_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
    " AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"
)
_COLUMNS = "SELECT name, type FROM pragma_table_xinfo(:t) WHERE hidden <> 1 ORDER BY cid"
_MISMATCH = re.compile(r"Type mismatch in column (\d+)")
_LONGEST_WAIT_MS = 60_000


@dataclass(frozen=True, slots=True)
class _Options:
    path: Path
    wait_ms: int = 2_000
    batch_rows: int = 4_096


def open_source(options: Mapping[str, object]) -> SqliteConnector:
    """Open a database file.

    Args:
        options: ``path`` of the file; ``wait_ms``, how long to wait for a lock (2,000);
            ``batch_rows``, rows of one batch (4,096).

    Raises:
        SourceOptions: another option, or a value it cannot have.
        Fault: ``source.*`` when the file is missing, unreadable or no database.
    """
    read = _read_options(options)
    connector = SqliteConnector(read.path, wait_ms=read.wait_ms, batch_rows=read.batch_rows)
    connector.resources()
    return connector


def _read_options(options: Mapping[str, object]) -> _Options:
    path = options.get("path")
    if not isinstance(path, str | Path) or not str(path) or "\0" in str(path):
        raise SourceOptions(kind=_KIND, option="path", expected="path of the database file")
    numbers: dict[str, int] = {}
    for option, most in (("wait_ms", _LONGEST_WAIT_MS), ("batch_rows", 1_000_000)):
        number = options.get(option, getattr(_Options, option, None))
        if option not in options:
            continue
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
            raise SourceOptions(kind=_KIND, option=option, expected=f"1 … {most}")
        numbers[option] = number
    for option in options:
        if option not in ("path", "wait_ms", "batch_rows"):
            raise SourceOptions(kind=_KIND, option=option, expected="path, wait_ms, batch_rows")
    return _Options(Path(path), **numbers)


class SqliteConnector:
    """One SQLite database file as a source."""

    kind = "sqlite"

    def __init__(self, path: Path, *, wait_ms: int = 2_000, batch_rows: int = 4_096) -> None:
        self._path = path
        self._wait_ms = wait_ms
        self._batch_rows = batch_rows
        self._readings = Readings(path.name)

    def resources(self) -> tuple[str, ...]:
        """Return the names of tables and views."""
        with self._connection() as connection:
            return self._tables(connection)

    def schema(self, resource: str) -> pa.Schema:
        """Return a table's columns as they are declared; SQLite itself types values, not columns.

        Raises:
            SourceTableUnknown: it is not there.
        """
        with self._connection() as connection:
            declared = self._declared(connection, resource)
        return pa.schema([(name, _DECLARED[_affinity(of)]) for name, of in declared.items()])

    def capabilities(self) -> Capabilities:
        """Say what SQLite does itself, where affinities allow."""
        pushes = frozenset({"filter", "project", "join", "aggregate", "order", "limit"})
        return Capabilities(pushes=pushes, is_streaming=True)

    def run(self, scan: Scan, types: Types) -> pa.RecordBatchReader:
        """Read what a scan asks; see `connectors.base.Connector.run`."""
        reading = self._readings.begin()
        with ExitStack() as stack:
            connection = stack.enter_context(self._connection())
            made, tables = self._planned(connection, scan, types)
            rest, queries = split(made.relation, tables, made.leaves, _DIALECT)
            if rest is None:
                ((leaf, query),) = queries.values()
                batches = self._batches(connection, leaf, query, reading)
                return self._streamed(leaf, batches, stack.pop_all())
            read = {
                label: (leaf, self._table(connection, leaf, query, reading))
                for label, (leaf, query) in queries.items()
            }
        answer = evaluate(rest, read)
        return pa.RecordBatchReader.from_batches(
            arrow_schema(made.result), self._given(answer.to_batches(), reading)
        )

    def probe(self, resource: str) -> Probe:
        """Count the rows of a table, in SQLite."""
        begun = time.perf_counter()
        with self._connection() as connection:
            declared = self._declared(connection, resource)
            table = exp.Table(this=exp.to_identifier(resource, quoted=True))
            tree = exp.Select().select(exp.Count(this=exp.Star())).from_(table)
            rows = self._rows(connection, tree.sql(dialect=_DIALECT.name))[0][0]
        return Probe(resource, int(rows), time.perf_counter() - begun, declared)

    def cancel(self) -> None:
        """End every reading under way, each at its next batch."""
        self._readings.cancel()

    def close(self) -> None:
        """End every reading, and answer no more calls."""
        self._readings.close()

    # ── Reading ───────────────────────────────────────────────────────────────────────────────────

    def _planned(
        self, connection: Any, scan: Scan, types: Types
    ) -> tuple[Plan, dict[str, dict[str, SqlColumn]]]:
        declared = {
            s.resource: self._declared(connection, s.resource) for s in sources(scan.relation)
        }
        made = plan(scan, self._path.name, declared, typed_by(types, declared))
        tables = {
            label: {
                name: _sql_column(leaf.resource, name, of, declared[leaf.resource][name])
                for name, of in leaf.columns.items()
            }
            for label, leaf in made.leaves.items()
        }
        return made, tables

    def _streamed(
        self, leaf: Leaf, batches: Generator[pa.RecordBatch], stack: ExitStack
    ) -> pa.RecordBatchReader:
        schema = arrow_schema(leaf.columns)

        def given() -> Iterator[pa.RecordBatch]:
            with stack, closing(batches):
                for batch in batches:
                    yield pa.record_batch(typed(batch, leaf), schema=schema)

        # The first batch is empty: taking it here asks SQLite now, and lets go of it in any case.
        started = given()
        return pa.RecordBatchReader.from_batches(schema, chain([next(started)], started))

    def _table(self, connection: Any, leaf: Leaf, query: Query, reading: int) -> pa.Table:
        batches = list(self._batches(connection, leaf, query, reading))
        return pa.Table.from_batches(batches, batches[0].schema)

    def _batches(
        self, connection: Any, leaf: Leaf, query: Query, reading: int
    ) -> Generator[pa.RecordBatch]:
        """Yield what SQLite gives, under the leaf's names; at least one batch."""
        names = list(query.columns)
        sql, bound = query.sql(_DIALECT), {f":{n}": _bound(v) for n, v in query.parameters.items()}
        with closing(connection.cursor()) as cursor:
            cursor.adbc_statement.set_options(
                **{"adbc.sqlite.query.batch_rows": str(self._batch_rows)}
            )
            with self._named(leaf):
                cursor.execute(sql, bound or None)
                reader = cursor.fetch_record_batch()
            yield pa.record_batch(
                [pa.array([], field.type) for field in reader.schema], names=names
            )
            while True:
                self._readings.check(reading)
                with self._named(leaf):
                    batch = next(reader, None)
                if batch is None:
                    return
                yield pa.record_batch(batch.columns, names=names)

    def _given(self, batches: Iterable[pa.RecordBatch], reading: int) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self._readings.check(reading)
            yield batch

    # ── What there is ─────────────────────────────────────────────────────────────────────────────

    def _tables(self, connection: Any) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in self._rows(connection, _TABLES))

    def _declared(self, connection: Any, resource: str) -> dict[str, str]:
        """Return a table's columns with the types they are declared as."""
        known = self._tables(connection)
        if resource not in known:
            raise SourceTableUnknown(
                source=self._path.name, table=resource, near=near(resource, known)
            )
        rows = self._rows(connection, _COLUMNS, {":t": resource})
        return {str(name): str(of or "") for name, of in rows}

    def _rows(
        self, connection: Any, sql: str, bound: dict[str, str] | None = None
    ) -> list[tuple[Any, ...]]:
        with self._named(), closing(connection.cursor()) as cursor:
            cursor.execute(sql, bound)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    # ── Connections ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        self._readings.check_open()
        with ExitStack() as stack:
            with self._named():
                self._look()
                connection = stack.enter_context(closing(_connected(self._path)))
                with closing(connection.cursor()) as cursor:
                    for pragma in (
                        "query_only = ON",
                        "trusted_schema = OFF",
                        f"busy_timeout = {self._wait_ms:d}",
                    ):
                        cursor.execute(f"PRAGMA {pragma}")
                        cursor.fetchall()
            yield connection

    def _look(self) -> None:
        """Raise the plain fault of a path before SQLite gives an obscure one."""
        source = self._path.name
        if not self._path.exists():
            raise SourceMissing(source=source)
        if not self._path.is_file():
            raise SourceNotDatabase(source=source, kind="SQLite")
        try:
            self._path.open("rb").close()
        except OSError:
            denied = True
        else:
            denied = False
        if denied:
            raise SourceUnreadable(source=source)

    @contextmanager
    def _named(self, leaf: Leaf | None = None) -> Iterator[None]:
        """Turn an error of ADBC into the Fault it is; its text stays behind."""
        from adbc_driver_manager import Error

        failed: str | None = None
        try:
            yield
        except (Error, OSError) as error:
            failed = str(error)
        if failed is not None:
            self._fail(failed, leaf)

    def _fail(self, text: str, leaf: Leaf | None) -> NoReturn:
        """Raise what an error's text stands for; the text itself may hold values and is dropped."""
        source = self._path.name
        found = _MISMATCH.search(text)
        if found and leaf is not None:
            name = list(leaf.columns)[int(found[1])]
            table, column = leaf.origin(name)
            raise SourceValue(table=table, column=column, type=str(leaf.columns[name]))
        for words, fault in _FAILURES:
            if any(word in text for word in words):
                raise fault(source)
        raise SourceBroken(source=source)


_FAILURES: tuple[tuple[tuple[str, ...], Callable[[str], Fault]], ...] = (
    (("is locked",), lambda source: SourceBusy(source=source)),
    (("not a database",), lambda source: SourceNotDatabase(source=source, kind="SQLite")),
    (
        ("unable to open", "failed to open", "readonly", "denied"),
        lambda source: SourceUnreadable(source=source),
    ),
)


def _connected(path: Path) -> Any:
    from adbc_driver_sqlite import dbapi

    return dbapi.connect(f"file:{quote(str(path.resolve()))}?mode=ro")


def _bound(value: Value) -> object:
    """Return a constant as SQLite keeps it."""
    return value.isoformat() if isinstance(value, date) else value


# ── Affinities ────────────────────────────────────────────────────────────────────────────────────


def _affinity(declared: str) -> Affinity:
    """Return a column's affinity, by the rules of sqlite.org/datatype3.html 3.1."""
    of = declared.upper()
    if "INT" in of:
        return "integer"
    if any(word in of for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if not of or "BLOB" in of:
        return "blob"
    return "real" if any(word in of for word in ("REAL", "FLOA", "DOUB")) else "numeric"


def _sql_column(table: str, name: str, of: ColumnType, declared: str) -> SqlColumn:
    affinity = _affinity(declared)
    return SqlColumn(
        sql=exp.Null(),
        type=of,
        table=table,
        name=name,
        is_exact=(of.kind, affinity) in _EXACT,
        transfer=_transfer(of, affinity),
    )


def _transfer(of: ColumnType, affinity: Affinity) -> Callable[[exp.Expr], exp.Expr]:
    """Return how a column is read so that a batch has one type and no digit is lost."""
    if (of.kind, affinity) in _PLAIN:
        return lambda sql: sql
    if of.kind == "float":
        return _real
    return lambda sql: exp.Cast(this=sql, to=exp.DataType.build("text"))


def _real(sql: exp.Expr) -> exp.Expr:
    """Read numbers as doubles and anything else as it is, for the cast to refuse."""
    kind = exp.Anonymous(this="typeof", expressions=[sql.copy()])
    texts = exp.In(this=kind, expressions=[exp.Literal.string(k) for k in ("text", "blob")])
    number = exp.Cast(this=sql.copy(), to=exp.DataType.build("double"))
    return exp.Case(ifs=[exp.If(this=texts, true=sql.copy())], default=number)


def _comparable(sql: exp.Expr, of: ColumnType) -> exp.Expr:
    """Compare text by code point, whatever collation the column declares."""
    if of.kind in ("text", "date"):
        return exp.Collate(this=sql, expression=exp.Var(this="BINARY"))
    return sql


_DIALECT = Dialect("sqlite", frozenset({"text", "int", "float", "date"}), _comparable)
_PLAIN = frozenset(
    {
        ("text", "text"),
        ("date", "text"),
        ("timestamp", "text"),
        ("decimal", "text"),
        ("bool", "text"),
        ("int", "integer"),
        ("float", "real"),
    }
)
"""Ledger kind and affinity under which a column is read as it is."""
_EXACT = frozenset(
    {("text", "text"), ("int", "integer"), ("float", "real"), ("date", "text"), ("date", "numeric")}
)
"""Ledger kind and affinity under which SQLite compares as the ledger does."""
_DECLARED: Mapping[Affinity, pa.DataType] = MappingProxyType(
    {
        "text": pa.string(),
        "integer": pa.int64(),
        "real": pa.float64(),
        "numeric": pa.string(),
        "blob": pa.string(),
    }
)
