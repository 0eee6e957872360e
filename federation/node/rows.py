"""Read one subject's record from its source, and apply the question to it here at the node.

The source is asked for the subject's rows and nothing else; the hub's own conditions never run over
anybody else's rows, so neither an answer nor an error can tell anything about them. What leaves is
sorted, copied and stripped, so that it does not show how or where the rows lie either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from federation.fragment import (
    Call,
    Column,
    Filter,
    Limit,
    Literal,
    Named,
    Project,
    Scan,
    Source,
)
from federation.ledger import Dataset
from federation.node.errors import TooManyRows
from federation.node.scope import Condition, Scope

if TYPE_CHECKING:
    from federation.node.node import Node

__all__ = ["Verdict", "apply", "read_record", "verdict"]

_MOST_READ = 100_000
"""Rows of one subject that are read at most, before any condition."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a `verify` question."""

    answer: bool
    reference: str | None

    def table(self) -> pa.Table:
        """Return the one row that leaves the node."""
        fields = [pa.field("answer", pa.bool_()), pa.field("reference", pa.string())]
        return pa.table(
            [pa.array([self.answer]), pa.array([self.reference], pa.string())],
            schema=pa.schema(fields),
        )


def read_record(node: Node, dataset: Dataset, key: str, columns: Iterable[str]) -> pa.Table:
    """Return one subject's rows of a dataset: these columns, in the ledger's types.

    Args:
        node: the node.
        dataset: which dataset; it has a subject key.
        key: the subject's ID number or credit code.
        columns: columns of the dataset.

    Raises:
        TooManyRows: the subject has more than 100,000 rows.
        Fault: ``source.*``, for the journal only.
    """
    subject_key = dataset.subject_key
    assert subject_key is not None  # noqa: S101 - decide() refused datasets without one
    binding = node.config.datasets[dataset.id]
    is_subject = Call("eq", (Column(subject_key), Literal(key, "text")))
    record = Filter(Source(binding.resource), is_subject)
    named = tuple(Named(c, Column(c)) for c in columns)
    scan = Scan(Limit(Project(record, named), _MOST_READ + 1))
    types = {f.name: f.type for f in dataset.fields}
    with node.sources.connector(binding).run(scan, types) as reader:
        table = reader.read_all()
    if table.num_rows > _MOST_READ:
        raise TooManyRows(limit=_MOST_READ)
    return table


def apply(record: pa.Table, scope: Scope) -> pa.Table:
    """Return the columns shown of the rows that meet every condition.

    Sorted by all columns, in one piece, without metadata: equal content gives equal bytes.
    """
    for condition in scope.conditions:
        record = record.filter(_meets(record.column(condition.column), condition))
    shown = pa.table(
        [record.column(column) for _, column in scope.shown],
        names=[name for name, _ in scope.shown],
    )
    order = pc.sort_indices(shown, sort_keys=[(name, "ascending") for name in shown.column_names])
    return shown.take(order).combine_chunks().replace_schema_metadata(None)


def verdict(table: pa.Table) -> Verdict:
    """Return whether there is any row, and the first reference number."""
    references = table.column(0).drop_null()
    first = references[0] if len(references) else None
    return Verdict(table.num_rows > 0, None if first is None else str(first.as_py()))


def _meets(column: pa.ChunkedArray, condition: Condition) -> pa.ChunkedArray:
    constants = [value.value for value in condition.values if value.value is not None]
    wanted = pa.array(constants, type=column.type)
    return pc.is_in(column, value_set=wanted)
