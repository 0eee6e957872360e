"""Read a planned scan through statements: what a SQL source does itself, streamed; the rest here.

Every kind of source that speaks SQL brings a function that yields the batches of one statement;
`answer` splits the scan, asks, casts to the ledger's types and lets the engine do what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import pyarrow as pa

from connectors.base import Readings
from connectors.check import Leaf, Plan
from connectors.engine import arrow_schema, evaluate, typed
from connectors.sql import Dialect, Query, SqlColumn, split

__all__ = ["Asking", "answer"]

Batches: TypeAlias = "Callable[[Leaf, Query], Generator[pa.RecordBatch]]"


@dataclass(frozen=True, slots=True)
class Asking:
    """How one scan is put to a source.

    Attributes:
        plan: what is asked, checked.
        tables: label → column → how the source reads it.
        dialect: what the source is vouched for.
        batches: asks one statement and yields its rows under the leaf's names; the first batch has
            none, so that faults of asking come at once.
        held: what is let go of at the end of the reading, however it comes.
    """

    plan: Plan
    tables: Mapping[str, Mapping[str, SqlColumn]]
    dialect: Dialect
    batches: Batches
    held: ExitStack


def answer(asking: Asking, readings: Readings, reading: int) -> pa.RecordBatchReader:
    """Return the rows of a scan in the ledger's types; see `connectors.base.Connector.run`.

    Raises:
        Fault: ``source.*``, from here or from the reader. The caller lets go of what is held when
            this raises; else the reader does.
    """
    made = asking.plan
    rest, queries = split(made.relation, asking.tables, made.leaves, asking.dialect)
    if rest is None:
        ((leaf, query),) = queries.values()
        return _streamed(leaf, asking.batches(leaf, query), asking.held.pop_all())
    read = {
        label: (leaf, _gathered(asking.batches(leaf, query)))
        for label, (leaf, query) in queries.items()
    }
    asking.held.close()
    told = evaluate(rest, read)
    given = readings.checked(told.to_batches(), reading)
    return pa.RecordBatchReader.from_batches(arrow_schema(made.result), given)


def _streamed(
    leaf: Leaf, batches: Generator[pa.RecordBatch], held: ExitStack
) -> pa.RecordBatchReader:
    """Cast batch by batch, and let go of the connection at the end, however it comes."""
    schema = arrow_schema(leaf.columns)

    def given() -> Iterator[pa.RecordBatch]:
        with held, closing(batches):
            for batch in batches:
                yield pa.record_batch(typed(batch, leaf), schema=schema)

    # The first batch has no rows: taking it here asks the source now, so that faults come at once.
    started = given()
    return pa.RecordBatchReader.from_batches(schema, chain([next(started)], started))


def _gathered(batches: Generator[pa.RecordBatch]) -> pa.Table:
    with closing(batches):
        parts = [pa.Table.from_batches([batch]) for batch in batches]
    return pa.concat_tables(parts, promote_options="default")
