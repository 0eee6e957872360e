"""Say what every kind of source can do, whatever it is behind.

A `Connector` is one open source. What it gives is typed by the ledger, not by the source: `run`
takes the ledger's types and casts to them, so that the same scan gives the same answer from every
kind. The meaning of each operation is in `connectors.scan`; the laws are in
`connectors.conformance`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import pyarrow as pa

from connectors.faults import SourceCancelled, SourceClosed
from connectors.scan import Scan
from connectors.types import ColumnType, parse_type, type_name

__all__ = ["Capabilities", "Connector", "Probe", "Readings", "Types", "typed_by"]

Types: TypeAlias = "Mapping[str, str] | pa.Schema"
"""The ledger's types of source columns: name → type. Where two resources of one scan have a column
of the same name and different types, the key ``"<resource>.<column>"`` goes before the plain one. A
column that is not here does not exist for the scan, whatever the source has."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a kind does in the source itself, and which laws it is known not to meet.

    Attributes:
        pushes: parts of a scan that the source itself may do, e.g. ``filter``; the rest is done
            here after reading, with equal answers.
        is_streaming: whether batches come while the source is still reading.
        gaps: law → why this kind does not meet it. A law that is met must not be listed.
    """

    pushes: frozenset[str]
    is_streaming: bool
    gaps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at one resource tells its owner.

    Attributes:
        rows: how many rows there are.
        elapsed_s: how long it took to count them.
        columns: column → what the source itself says its type is.
    """

    resource: str
    rows: int
    elapsed_s: float
    columns: Mapping[str, str]


class Connector(Protocol):
    """One open source. Every method may be called from several threads at once."""

    @property
    def kind(self) -> str:
        """The kind's name in the registry."""

    def resources(self) -> tuple[str, ...]:
        """Return what can be read, by name, sorted.

        Raises:
            Fault: ``source.*`` when the source cannot be read.
        """

    def schema(self, resource: str) -> pa.Schema:
        """Return the columns of a resource as the source itself types them.

        Where the source types values and not columns, the type is what the column is declared as,
        else text.

        Raises:
            SourceTableUnknown: it is not there, with the nearest names.
        """

    def capabilities(self) -> Capabilities:
        """Return what this kind does in the source."""

    def run(self, scan: Scan, types: Types) -> pa.RecordBatchReader:
        """Read what a scan asks, in the ledger's types.

        The scan is checked before anything is read. Faults of reading come from this call or from
        the reader; after one, no further rows come: part of an answer never looks like the whole.
        Close the reader, or read it to its end.

        Raises:
            Findings: the scan does not fit the columns and types; all of it at once.
            Fault: ``source.*`` when the source cannot be read, or holds a value that is not what
                the ledger says.
        """

    def probe(self, resource: str) -> Probe:
        """Count the rows of a resource and time it.

        Raises:
            Fault: ``source.*`` when it cannot be read.
        """

    def cancel(self) -> None:
        """End every reading under way: their readers raise `SourceCancelled` at the next batch."""

    def close(self) -> None:
        """End every reading and let go of the source; calls after this raise `SourceClosed`."""


def typed_by(
    types: Types, resources: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, ColumnType]]:
    """Return for each resource the ledger's types of its columns.

    Args:
        types: what the caller of `Connector.run` gave.
        resources: resource → the columns it has; with several resources, a plain name counts for
            those that have it, with one it counts in any case.

    Raises:
        ValueError: a type that the ledger does not have: a mistake of the caller.
    """
    given = types if isinstance(types, Mapping) else {f.name: type_name(f.type) for f in types}
    typed: dict[str, dict[str, ColumnType]] = {}
    for resource, present in resources.items():
        prefix = f"{resource}."
        there = frozenset(present)
        row = {
            name: parse_type(kind)
            for name, kind in given.items()
            if "." not in name and (len(resources) == 1 or name in there)
        }
        row |= {
            name.removeprefix(prefix): parse_type(kind)
            for name, kind in given.items()
            if name.startswith(prefix)
        }
        typed[resource] = row
    return typed


class Readings:
    """Know which readings of a source may go on."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._number = 0
        self._is_open = True

    def begin(self) -> int:
        """Return the number of a new reading.

        Raises:
            SourceClosed: the source was closed.
        """
        self.check_open()
        return self._number

    def check(self, reading: int) -> None:
        """Do nothing if a reading may go on.

        Raises:
            SourceClosed: the source was closed meanwhile.
            SourceCancelled: it was cancelled.
        """
        self.check_open()
        if reading != self._number:
            raise SourceCancelled(source=self._source)

    def checked(self, batches: Iterable[pa.RecordBatch], reading: int) -> Iterator[pa.RecordBatch]:
        """Yield batches as long as the reading may go on."""
        for batch in batches:
            self.check(reading)
            yield batch

    def check_open(self) -> None:
        """Do nothing if the source is open.

        Raises:
            SourceClosed: it is not.
        """
        if not self._is_open:
            raise SourceClosed(source=self._source)

    def cancel(self) -> None:
        """End every reading under way."""
        with self._lock:
            self._number += 1

    def close(self) -> None:
        """End every reading, and begin no more."""
        self._is_open = False
