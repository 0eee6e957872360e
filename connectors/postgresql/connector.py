"""Read one PostgreSQL database, or one that speaks its protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from typing import TypeVar

import pyarrow as pa
from sqlglot import exp

from connectors.base import Capabilities, Probe, Readings, Types, typed_by
from connectors.check import Leaf, Plan, near, plan
from connectors.errors import Fault, Findings
from connectors.faults import SourceColumnKind, SourceTableUnknown
from connectors.postgresql import catalogue
from connectors.postgresql.columns import (
    Declared,
    declared_type,
    dialect,
    is_readable,
    sql_column,
)
from connectors.postgresql.faults import ServerSchemaUnknown
from connectors.postgresql.options import PostgresOptions, read_options
from connectors.postgresql.session import Pool, Session, TroubleError
from connectors.postgresql.troubles import named
from connectors.reading import Asking, answer
from connectors.scan import Scan, sources
from connectors.sql import PUSHES, Query, SqlColumn
from connectors.types import Value

__all__ = ["PostgresConnector", "open_kind", "open_source"]


T = TypeVar("T")


def open_source(options: Mapping[str, object]) -> PostgresConnector:
    """Open a database.

    Args:
        options: as `PostgresOptions`; ``host``, ``database`` and ``user`` must be there.

    Raises:
        SourceOptions: another option, or a value it cannot have.
        Fault: ``source.*`` when the server cannot be reached or does not let the user in.
    """
    return open_kind("postgresql", options, PUSHES)


def open_kind(
    kind: str, options: Mapping[str, object], pushes: frozenset[str]
) -> PostgresConnector:
    """Open a database of a kind that speaks the protocol, and push only what is vouched for."""
    connector = PostgresConnector(read_options(kind, options), kind, pushes)
    try:
        connector.resources()
    except Fault:
        connector.close()
        raise
    return connector


class PostgresConnector:
    """One database as a source; its resources are the tables and views of one schema."""

    def __init__(
        self, options: PostgresOptions, kind: str = "postgresql", pushes: frozenset[str] = PUSHES
    ) -> None:
        self._options = options
        self._kind = kind
        self._dialect = dialect(options.schema, pushes)
        self._pool = Pool(options)
        self._readings = Readings(options.source)

    @property
    def kind(self) -> str:
        """The kind's name in the registry."""
        return self._kind

    def resources(self) -> tuple[str, ...]:
        """Return the names of tables and views."""
        with self._session() as session:
            return self._resources(session)

    def schema(self, resource: str) -> pa.Schema:
        """Return a table's columns as they are declared.

        Raises:
            SourceTableUnknown: it is not there.
        """
        with self._session() as session:
            declared = self._declared(session, resource)
        return pa.schema([(name, declared_type(of)) for name, of in declared.items()])

    def capabilities(self) -> Capabilities:
        """Say what the server does itself, where types and collations allow."""
        return Capabilities(pushes=self._dialect.pushes, is_streaming=True)

    def run(self, scan: Scan, types: Types) -> pa.RecordBatchReader:
        """Read what a scan asks; see `connectors.base.Connector.run`."""
        reading = self._readings.begin()
        with ExitStack() as stack:
            session = stack.enter_context(self._session(reading))
            made, tables = self._planned(session, scan, types)

            def batches(leaf: Leaf, query: Query) -> Generator[pa.RecordBatch]:
                return self._batches(session, leaf, query, reading)

            asking = Asking(made, tables, self._dialect, batches, stack)
            return answer(asking, self._readings, reading)

    def probe(self, resource: str) -> Probe:
        """Count the rows of a table, in the server."""
        begun = time.perf_counter()
        with self._session() as session:
            declared = self._declared(session, resource)
            quoted = [exp.to_identifier(n, quoted=True) for n in (resource, self._options.schema)]
            table = exp.Table(this=quoted[0], db=quoted[1])
            tree = exp.Select().select(exp.Count(this=exp.Star())).from_(table)
            sql = tree.sql(dialect=self._dialect.name)
            rows = self._asked(lambda: session.rows(sql), resource)
        columns = {name: of.shown for name, of in declared.items()}
        return Probe(resource, int(rows[0][0]), time.perf_counter() - begun, columns)

    def cancel(self) -> None:
        """End every reading under way, in the server too."""
        self._readings.cancel()
        self._pool.cancel()

    def close(self) -> None:
        """End every reading, and answer no more calls."""
        self._readings.close()
        self._pool.close()

    # ── Reading ───────────────────────────────────────────────────────────────────────────────────

    def _planned(
        self, session: Session, scan: Scan, types: Types
    ) -> tuple[Plan, dict[str, dict[str, SqlColumn]]]:
        read = {s.resource for s in sources(scan.relation)}
        declared = {resource: self._declared(session, resource) for resource in sorted(read)}
        made = plan(scan, self._options.source, declared, typed_by(types, declared))
        strange = [
            SourceColumnKind(
                table=leaf.resource,
                column=name,
                given=declared[leaf.resource][name].shown,
                type=str(of),
            )
            for leaf in made.leaves.values()
            for name, of in leaf.columns.items()
            if not is_readable(declared[leaf.resource][name], of)
        ]
        if strange:
            raise Findings(strange)
        tables = {
            label: {
                name: sql_column(
                    leaf.resource, name, of, declared[leaf.resource][name], session.traits
                )
                for name, of in leaf.columns.items()
            }
            for label, leaf in made.leaves.items()
        }
        return made, tables

    def _batches(
        self, session: Session, leaf: Leaf, query: Query, reading: int
    ) -> Generator[pa.RecordBatch]:
        """Yield what the server gives, under the leaf's names; the first batch has no rows."""
        names = list(query.columns)
        sql, constants = _numbered(query, self._dialect.name)
        with closing(session.batches(sql, constants)) as batches:
            while True:
                batch = self._asked(lambda: next(batches, None), leaf.resource, reading)
                if batch is None:
                    return
                yield pa.RecordBatch.from_arrays(batch.columns, names=names)
                self._readings.check(reading)

    # ── What there is ─────────────────────────────────────────────────────────────────────────────

    def _resources(self, session: Session) -> tuple[str, ...]:
        schema = self._options.schema
        found = self._asked(lambda: catalogue.resources(session, schema))
        known = (schema,) if found else self._asked(lambda: catalogue.schemas(session))
        if schema not in known:
            raise ServerSchemaUnknown(
                database=self._options.database, schema=schema, near=near(schema, known)
            )
        return found

    def _declared(self, session: Session, resource: str) -> Mapping[str, Declared]:
        """Return a table's columns with the types they are declared as."""
        schema = self._options.schema
        found = self._asked(lambda: catalogue.columns(session, schema, resource), resource)
        if not found:
            known = self._resources(session)
            if resource not in known:
                raise SourceTableUnknown(
                    source=self._options.source, table=resource, near=near(resource, known)
                )
        return found

    # ── Opening and failing ───────────────────────────────────────────────────────────────────────

    @contextmanager
    def _session(self, reading: int | None = None) -> Iterator[Session]:
        self._readings.check_open()
        with ExitStack() as stack:
            yield self._asked(lambda: stack.enter_context(self._pool.session()), reading=reading)

    def _asked(self, call: Callable[[], T], table: str = "", reading: int | None = None) -> T:
        """Return what a call gives, and turn the driver's trouble into the Fault it is."""
        try:
            return call()
        except TroubleError as raised:
            trouble = raised
        if reading is not None:
            self._readings.check(reading)
        self._readings.check_open()
        raise named(trouble, self._options, table)


def _numbered(query: Query, dialect_name: str) -> tuple[str, list[str]]:
    """Return a statement with numbered parameters, and its constants as text, in their order."""
    tree = query.tree.copy()
    constants: list[str] = []
    for mark in list(tree.find_all(exp.Placeholder)):
        constants.append(_bound(query.parameters[mark.name]))
        mark.replace(exp.Parameter(this=exp.Literal.number(len(constants))))
    return tree.sql(dialect=dialect_name, comments=False), constants


def _bound(value: Value) -> str:
    """Return a constant as text that PostgreSQL reads back exactly."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
