"""Read Arrow tables that are in memory: the node's local engine, and the measure of other kinds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from connectors.base import Capabilities, Probe, Readings, Types, typed_by
from connectors.check import near, plan
from connectors.engine import arrow_schema, evaluate
from connectors.faults import SourceOptions, SourceTableUnknown
from connectors.scan import Scan, sources

__all__ = ["MemoryConnector", "open_source"]

_NAME = "memory"


def open_source(options: Mapping[str, object]) -> MemoryConnector:
    """Open tables: ``{"tables": {name: pyarrow.Table}}``.

    Raises:
        SourceOptions: another option, or something that is no table.
    """
    for option in options:
        if option != "tables":
            raise SourceOptions(kind=_NAME, option=option, expected="tables")
    tables = options.get("tables")
    if not isinstance(tables, Mapping) or not all(
        isinstance(name, str) and isinstance(table, pa.Table) for name, table in tables.items()
    ):
        raise SourceOptions(kind=_NAME, option="tables", expected="{name: pyarrow.Table}")
    return MemoryConnector(tables)


class MemoryConnector:
    """Arrow tables as a source."""

    kind = "memory"

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = MappingProxyType(dict(tables))
        self._readings = Readings(_NAME)

    def resources(self) -> tuple[str, ...]:
        """Return the names of the tables."""
        self._readings.check_open()
        return tuple(sorted(self._tables))

    def schema(self, resource: str) -> pa.Schema:
        """Return the columns of a table.

        Raises:
            SourceTableUnknown: there is no such table.
        """
        return self._table(resource).schema

    def capabilities(self) -> Capabilities:
        """Say that everything is done here."""
        return Capabilities(pushes=frozenset(), is_streaming=False)

    def run(self, scan: Scan, types: Types) -> pa.RecordBatchReader:
        """Compute a scan; see `connectors.base.Connector.run`."""
        reading = self._readings.begin()
        present = {s.resource: self.schema(s.resource).names for s in sources(scan.relation)}
        made = plan(scan, _NAME, present, typed_by(types, present))
        answer = evaluate(
            made.relation,
            {
                label: (leaf, self._table(leaf.resource).select(list(leaf.columns)))
                for label, leaf in made.leaves.items()
            },
        )
        batches = self._readings.checked(answer.to_batches(), reading)
        return pa.RecordBatchReader.from_batches(arrow_schema(made.result), batches)

    def probe(self, resource: str) -> Probe:
        """Count the rows of a table."""
        begun = time.perf_counter()
        table = self._table(resource)
        columns = {f.name: str(f.type) for f in table.schema}
        return Probe(resource, table.num_rows, time.perf_counter() - begun, columns)

    def cancel(self) -> None:
        """End every reading under way."""
        self._readings.cancel()

    def close(self) -> None:
        """End every reading, and answer no more calls."""
        self._readings.close()

    def _table(self, resource: str) -> pa.Table:
        self._readings.check_open()
        table = self._tables.get(resource)
        if table is None:
            raise SourceTableUnknown(
                source=_NAME, table=resource, near=near(resource, self._tables)
            )
        return table
