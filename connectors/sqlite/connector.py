"""Read one SQLite database file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
from sqlglot import exp

from connectors.base import Capabilities, Probe, Readings, Types, typed_by
from connectors.check import Leaf, Plan, near, plan
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
from connectors.reading import Asking, answer
from connectors.scan import Scan, sources
from connectors.sql import Query, SqlColumn
from connectors.sqlite.affinity import DIALECT, declared_type, sql_column
from connectors.sqlite.drivers import DRIVERS, Session, TroubleError
from connectors.types import Value

__all__ = ["SqliteConnector", "SqliteOptions", "open_source"]

_KIND = "sqlite"
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    " AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"
)
_COLUMNS = "SELECT name, type FROM pragma_table_xinfo(:t) WHERE hidden <> 1 ORDER BY cid"
_MOST = {"wait_ms": 60_000, "batch_rows": 1_000_000}


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """How a database is opened.

    Attributes:
        driver: ``adbc``; ``stdlib`` for a file that this very process also writes.
        wait_ms: how long to wait for a lock.
        batch_rows: rows of one batch.
    """

    path: Path
    driver: str = "adbc"
    wait_ms: int = 2_000
    batch_rows: int = 4_096


def open_source(options: Mapping[str, object]) -> SqliteConnector:
    """Open a database file.

    Args:
        options: as `SqliteOptions`; only ``path`` must be there.

    Raises:
        SourceOptions: another option, or a value it cannot have.
        Fault: ``source.*`` when the file is missing, unreadable or no database.
    """
    connector = SqliteConnector(_read_options(options))
    connector.resources()
    return connector


def _read_options(options: Mapping[str, object]) -> SqliteOptions:
    for option, value in options.items():
        expected = _unfit(option, value)
        if expected is not None:
            raise SourceOptions(kind=_KIND, option=option, expected=expected)
    if "path" not in options:
        raise SourceOptions(kind=_KIND, option="path", expected=_PATH)
    read: dict[str, object] = dict(options)
    return SqliteOptions(**{**read, "path": Path(str(options["path"]))})  # type: ignore[arg-type] # checked above


def _unfit(option: str, value: object) -> str | None:
    """Return what an option should be, where it is not."""
    if option == "path":
        is_path = isinstance(value, str | Path) and str(value) and "\0" not in str(value)
        return None if is_path else _PATH
    if option == "driver":
        return None if value in DRIVERS else ", ".join(DRIVERS)
    if option not in _MOST:
        return "path, driver, wait_ms, batch_rows"
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return None if is_number and 1 <= int(str(value)) <= _MOST[option] else f"1 … {_MOST[option]}"


class SqliteConnector:
    """One SQLite database file as a source."""

    kind = "sqlite"

    def __init__(self, options: SqliteOptions) -> None:
        self._options = options
        self._source = options.path.name
        self._readings = Readings(self._source)

    def resources(self) -> tuple[str, ...]:
        """Return the names of tables and views."""
        with self._session() as session:
            return self._tables(session)

    def schema(self, resource: str) -> pa.Schema:
        """Return a table's columns as they are declared; SQLite itself types values, not columns.

        Raises:
            SourceTableUnknown: it is not there.
        """
        with self._session() as session:
            declared = self._declared(session, resource)
        return pa.schema([(name, declared_type(of)) for name, of in declared.items()])

    def capabilities(self) -> Capabilities:
        """Say what SQLite does itself, where affinities allow."""
        pushes = frozenset({"filter", "project", "join", "aggregate", "order", "limit"})
        return Capabilities(pushes=pushes, is_streaming=True)

    def run(self, scan: Scan, types: Types) -> pa.RecordBatchReader:
        """Read what a scan asks; see `connectors.base.Connector.run`."""
        reading = self._readings.begin()
        with ExitStack() as stack:
            session = stack.enter_context(self._session())
            made, tables = self._planned(session, scan, types)

            def batches(leaf: Leaf, query: Query) -> Generator[pa.RecordBatch]:
                return self._batches(session, leaf, query, reading)

            return answer(Asking(made, tables, DIALECT, batches, stack), self._readings, reading)

    def probe(self, resource: str) -> Probe:
        """Count the rows of a table, in SQLite."""
        begun = time.perf_counter()
        with self._session() as session:
            declared = self._declared(session, resource)
            table = exp.Table(this=exp.to_identifier(resource, quoted=True))
            tree = exp.Select().select(exp.Count(this=exp.Star())).from_(table)
            rows = self._rows(session, tree.sql(dialect=DIALECT.name))
        return Probe(resource, int(str(rows[0][0])), time.perf_counter() - begun, declared)

    def cancel(self) -> None:
        """End every reading under way, each at its next batch."""
        self._readings.cancel()

    def close(self) -> None:
        """End every reading, and answer no more calls."""
        self._readings.close()

    # ── Reading ───────────────────────────────────────────────────────────────────────────────────

    def _planned(
        self, session: Session, scan: Scan, types: Types
    ) -> tuple[Plan, dict[str, dict[str, SqlColumn]]]:
        read = {s.resource for s in sources(scan.relation)}
        declared = {resource: self._declared(session, resource) for resource in sorted(read)}
        made = plan(scan, self._source, declared, typed_by(types, declared))
        tables = {
            label: {
                name: sql_column(leaf.resource, name, of, declared[leaf.resource][name])
                for name, of in leaf.columns.items()
            }
            for label, leaf in made.leaves.items()
        }
        return made, tables

    def _batches(
        self, session: Session, leaf: Leaf, query: Query, reading: int
    ) -> Generator[pa.RecordBatch]:
        """Yield what SQLite gives, under the leaf's names; the first batch has no rows."""
        names = list(query.columns)
        constants = {name: _bound(value) for name, value in query.parameters.items()}
        size = self._options.batch_rows
        with closing(session.batches(query.sql(DIALECT), constants, size)) as batches:
            while True:
                with self._named(leaf):
                    batch = next(batches, None)
                if batch is None:
                    return
                yield pa.record_batch(batch.columns, names=names)
                self._readings.check(reading)

    # ── What there is ─────────────────────────────────────────────────────────────────────────────

    def _tables(self, session: Session) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in self._rows(session, _TABLES))

    def _declared(self, session: Session, resource: str) -> dict[str, str]:
        """Return a table's columns with the types they are declared as."""
        known = self._tables(session)
        if resource not in known:
            raise SourceTableUnknown(
                source=self._source, table=resource, near=near(resource, known)
            )
        rows = self._rows(session, _COLUMNS, {"t": resource})
        return {str(name): str(of or "") for name, of in rows}

    def _rows(
        self, session: Session, sql: str, constants: Mapping[str, object] | None = None
    ) -> list[tuple[object, ...]]:
        with self._named():
            return session.rows(sql, constants or {})

    # ── Opening and failing ───────────────────────────────────────────────────────────────────────

    @contextmanager
    def _session(self) -> Iterator[Session]:
        self._readings.check_open()
        self._look()
        with self._named():
            session = DRIVERS[self._options.driver](self._options.path, self._options.wait_ms)
        with closing(session):
            yield session

    def _look(self) -> None:
        """Raise the plain fault of a path before SQLite gives an obscure one.

        The file is not opened here: closing it would drop the locks that others in this process
        hold on it.
        """
        path = self._options.path
        if not os.access(path, os.F_OK):
            raise SourceMissing(source=self._source)
        if not path.is_file():
            raise SourceNotDatabase(source=self._source, kind="SQLite")
        if not os.access(path, os.R_OK):
            raise SourceUnreadable(source=self._source)

    @contextmanager
    def _named(self, leaf: Leaf | None = None) -> Iterator[None]:
        """Turn a driver's trouble into the Fault it is."""
        trouble: TroubleError | None = None
        try:
            yield
        except TroubleError as raised:
            trouble = raised
        if trouble is not None:
            self._fail(trouble, leaf)

    def _fail(self, trouble: TroubleError, leaf: Leaf | None) -> NoReturn:
        if trouble.column is not None and leaf is not None:
            name = list(leaf.columns)[trouble.column]
            table, column = leaf.origin(name)
            raise SourceValue(table=table, column=column, type=str(leaf.columns[name]))
        for words, fault in _FAILURES:
            if any(word in trouble.text for word in words):
                raise fault(self._source)
        raise SourceBroken(source=self._source)


_PATH = "path of the database file"
_FAILURES: tuple[tuple[tuple[str, ...], Callable[[str], Fault]], ...] = (
    (("is locked",), lambda source: SourceBusy(source=source)),
    (("not a database",), lambda source: SourceNotDatabase(source=source, kind="SQLite")),
    (
        ("unable to open", "failed to open", "readonly", "denied"),
        lambda source: SourceUnreadable(source=source),
    ),
)


def _bound(value: Value) -> object:
    """Return a constant as SQLite keeps it."""
    return value.isoformat() if isinstance(value, date) else value
