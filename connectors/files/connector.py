"""Read the tables that lie as files in one folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from connectors.base import Capabilities, Probe, Readings, Types, typed_by
from connectors.check import Leaf, plan
from connectors.engine import arrow_schema, evaluate
from connectors.files.conditions import Condition, condition, filters
from connectors.files.faults import FilePartsDiffer
from connectors.files.formats import Reading, opened
from connectors.files.options import FilesOptions, read_options
from connectors.files.places import Folder, steady
from connectors.scan import Expr, Scan, sources

__all__ = ["FilesConnector", "open_source"]


def open_source(options: Mapping[str, object]) -> FilesConnector:
    """Open a folder.

    Args:
        options: as `FilesOptions`; only ``path`` must be there.

    Raises:
        SourceOptions: another option, or a value it cannot have.
        Fault: ``source.*`` when the folder is missing or cannot be read.
    """
    connector = FilesConnector(read_options(options))
    connector.resources()
    return connector


class FilesConnector:
    """A folder as a source; its resources are the files below, or several that match a ``*``."""

    kind = "files"

    def __init__(self, options: FilesOptions) -> None:
        self._options = options
        self._folder = Folder(options.path, options.max_mb << 20)
        self._readings = Readings(self._folder.name)

    def resources(self) -> tuple[str, ...]:
        """Return the names of the files."""
        self._readings.check_open()
        return self._folder.resources()

    def schema(self, resource: str) -> pa.Schema:
        """Return a resource's columns as its files type them; those of CSV are text.

        Raises:
            SourceTableUnknown: there is no such file.
            Fault: ``source.*`` when it is damaged or its parts differ.
        """
        self._readings.check_open()
        return self._schema(resource, self._folder.find(resource))

    def capabilities(self) -> Capabilities:
        """Say that columns and rows are chosen while reading, and all else is computed here."""
        return Capabilities(pushes=frozenset({"filter", "project"}), is_streaming=False)

    def run(self, scan: Scan, types: Types) -> pa.RecordBatchReader:
        """Compute a scan; see `connectors.base.Connector.run`."""
        reading = self._readings.begin()
        found = {s.resource: self._folder.find(s.resource) for s in sources(scan.relation)}
        present = {r: self._schema(r, paths).names for r, paths in found.items()}
        made = plan(scan, self._folder.name, present, typed_by(types, present))
        asked = filters(made.relation)
        read = {
            label: (leaf, self._table(leaf, found[leaf.resource], asked.get(label, ()), reading))
            for label, leaf in made.leaves.items()
        }
        answer = evaluate(made.relation, read)
        batches = self._readings.checked(answer.to_batches(), reading)
        return pa.RecordBatchReader.from_batches(arrow_schema(made.result), batches)

    def probe(self, resource: str) -> Probe:
        """Count the rows of a resource."""
        self._readings.check_open()
        begun = time.perf_counter()
        paths = self._folder.find(resource)
        columns = {f.name: str(f.type) for f in self._schema(resource, paths)}
        rows = 0
        for path in paths:
            with steady(path, self._folder.max_bytes):
                rows += opened(path, self._options).rows()
        return Probe(resource, rows, time.perf_counter() - begun, columns)

    def cancel(self) -> None:
        """End every reading under way, each at its next piece."""
        self._readings.cancel()

    def close(self) -> None:
        """End every reading, and answer no more calls."""
        self._readings.close()

    def _schema(self, resource: str, paths: tuple[Path, ...]) -> pa.Schema:
        """Return the columns that all parts have; types may differ where the ledger's fits both."""
        first: pa.Schema | None = None
        for path in paths:
            with steady(path, self._folder.max_bytes):
                schema = opened(path, self._options).schema()
            if first is None:
                first = schema
            odd = sorted(set(first.names) ^ set(schema.names))
            if odd:
                raise FilePartsDiffer(table=resource, file=path.name, column=odd[0])
        assert first is not None  # noqa: S101 - a resource has a file
        return first

    def _table(
        self, leaf: Leaf, paths: tuple[Path, ...], predicates: tuple[Expr, ...], reading: int
    ) -> pa.Table:
        """Return what a leaf needs of its files, as they type it; all of it of one state each."""

        def keep(given: pa.Schema) -> Condition | None:
            return condition(predicates, leaf.columns, given)

        wanted = Reading(leaf.columns, keep)
        parts: list[pa.Table] = []
        for path in paths:
            with steady(path, self._folder.max_bytes):
                part = self._read(path, wanted, reading)
            if parts and part.schema.types != parts[0].schema.types:
                raise FilePartsDiffer(
                    table=leaf.resource, file=path.name, column=_odd(parts[0].schema, part.schema)
                )
            parts.append(part)
        return pa.concat_tables(parts)

    def _read(self, path: Path, wanted: Reading, reading: int) -> pa.Table:
        file = opened(path, self._options)
        pieces: list[pa.Table] = []
        for piece in file.tables(wanted):
            self._readings.check(reading)
            pieces.append(piece.replace_schema_metadata(None))
        if pieces:
            return pa.concat_tables(pieces)
        schema = file.schema()
        return pa.schema([schema.field(n) for n in wanted.row]).empty_table()


def _odd(mine: pa.Schema, theirs: pa.Schema) -> str:
    return next(str(f.name) for f in mine if f.type != theirs.field(f.name).type)
