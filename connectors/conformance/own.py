"""Hold an open source to the laws over a department's own rows, without writing anything.

The laws of `laws` put sample rows into a fresh source; these take the rows that are there. A part
of them is read once and kept in memory; then the source is asked about that part in many ways, and
each answer must be the one that the local engine gives over the rows in memory. What is said of a
broken law names columns, never values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from connectors.base import Connector
from connectors.conformance.laws import Broken
from connectors.memory import MemoryConnector
from connectors.scan import (
    Aggregate,
    Call,
    Column,
    Expr,
    Filter,
    Limit,
    Literal,
    Measure,
    Named,
    Order,
    OrderKey,
    Project,
    Relation,
    Scan,
    Source,
)
from connectors.types import arrow_type, fit, parse_type

__all__ = ["OWN_LAWS", "OwnLaw", "Sample", "reads_the_same_again", "take_sample"]

_KEYS = 20
_LOOKED_AT = 500
_LISTED = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """A part of a resource, and the same rows in memory.

    Attributes:
        connector: the open source.
        resource: what of it is tried.
        types: column → ledger type, of the columns that can be read.
        part: which rows it is; None for all.
        rows: these rows, in the ledger's types.
    """

    connector: Connector
    resource: str
    types: Mapping[str, str]
    part: Expr | None
    rows: pa.Table

    def where(self, *predicates: Expr) -> Relation:
        """Return the rows of the part that meet predicates."""
        tests = (*((self.part,) if self.part is not None else ()), *predicates)
        if not tests:
            return Source(self.resource)
        return Filter(Source(self.resource), tests[0] if len(tests) == 1 else Call("and", tests))

    def ask(self, relation: Relation) -> pa.Table:
        """Return the source's answer."""
        return _ask(self.connector, relation, self.types)

    def agree(self, relation: Relation, what: str, *, is_ordered: bool = False) -> None:
        """Demand that the source answers as the engine does over the rows in memory.

        Raises:
            Broken: it does not.
        """
        memory = MemoryConnector({self.resource: self.rows})
        wanted = _ask(memory, relation, self.types)
        given = self.ask(relation)
        if not given.schema.equals(wanted.schema):
            raise Broken(what)
        if _rows(given) != _rows(wanted) if is_ordered else _bag(given) != _bag(wanted):
            raise Broken(what)

    def values(self, column: str) -> list[Literal]:
        """Return a few values that the column has in the part: first, middle and last."""
        of = parse_type(self.types[column])
        found = self.rows.column(column).unique().drop_null().to_pylist()
        chosen = {0: None, len(found) // 2: None, len(found) - 1: None} if found else {}
        literals = []
        for number in chosen:
            try:
                literals.append(Literal(fit(found[number], of), self.types[column]))
            except ValueError:  # longer than a question may hold
                continue
        return literals


OwnLaw: TypeAlias = Callable[[Sample], None]


def take_sample(
    connector: Connector, resource: str, types: Mapping[str, str], rows: int, most: int
) -> Sample:
    """Read the part of a resource that the laws are tried on: all of it, or some keys' rows.

    Args:
        connector: the open source.
        resource: what of it is tried.
        types: column → ledger type, the column to choose rows by first.
        rows: how many rows there are.
        most: rows of which all are taken.
    """
    part: Expr | None = None
    if rows > most:
        part = _some_keys(connector, resource, types)
    relation: Relation = Source(resource) if part is None else Filter(Source(resource), part)
    if part is None and rows > most:
        relation = Limit(relation, 0)
    return Sample(connector, resource, types, part, _ask(connector, relation, types))


def _some_keys(connector: Connector, resource: str, types: Mapping[str, str]) -> Expr | None:
    """Return a predicate that chooses few rows by the first column that can be listed."""
    for column, of in types.items():
        if parse_type(of).kind not in ("text", "int", "date"):
            continue
        head = Limit(Project(Source(resource), (Named(column, Column(column)),)), _LOOKED_AT)
        found = _ask(connector, head, types).column(column).unique().drop_null().to_pylist()
        keys = []
        for value in found[:_KEYS]:
            try:
                keys.append(Literal(fit(value, parse_type(of)), of))
            except ValueError:
                continue
        if keys and len(found) > _LISTED:
            return Call("in", (Column(column), *keys))
    return None


# ── The laws ──────────────────────────────────────────────────────────────────────────────────────


def reads_the_same_again(sample: Sample) -> None:
    """A second reading gives the same rows, in the ledger's types."""
    again = sample.ask(sample.where())
    wanted = pa.schema([(name, arrow_type(of)) for name, of in sample.types.items()])
    if not again.schema.equals(wanted):
        raise Broken("*")
    if _bag(again) != _bag(sample.rows):
        raise Broken("*")


def gives_each_column_alone(sample: Sample) -> None:
    """A projection gives the same values as the whole row."""
    for column in sample.types:
        sample.agree(Project(sample.where(), (Named(column, Column(column)),)), column)


def finds_values_that_are_there(sample: Sample) -> None:
    """Equality, lists and comparisons find the rows that the engine finds."""
    for column, tests in _each_test(sample):
        for test in tests:
            sample.agree(sample.where(test), column)
            sample.agree(sample.where(Call("not", (test,))), column)


def tells_missing_values(sample: Sample) -> None:
    """Rows without a value are found as such."""
    for column in sample.types:
        sample.agree(sample.where(Call("is_null", (Column(column),))), column)


def sorts_as_the_ledger_says(sample: Sample) -> None:
    """Order is by code point and by value, NULL last."""
    for column in sample.types:
        for descending in (False, True):
            ordered = Order(sample.where(), (OrderKey(column, descending),))
            head = Project(Limit(ordered, _LOOKED_AT), (Named(column, Column(column)),))
            sample.agree(head, column, is_ordered=True)


def counts_and_groups(sample: Sample) -> None:
    """Groups, counts, least and greatest values are the engine's."""
    for column, of in sample.types.items():
        measures = [Measure("n_rows", "count"), Measure("n_distinct", "count_distinct", column)]
        if of != "bool":
            measures += [Measure("least", "min", column), Measure("most", "max", column)]
        sample.agree(Aggregate(sample.where(), (), tuple(measures)), column)
        if of != "float":
            groups = Aggregate(sample.where(), (column,), (Measure("n_rows", "count"),))
            sample.agree(groups, column)


def stops_at_a_limit(sample: Sample) -> None:
    """A limit gives so many rows, each of them one that is there."""
    there = _bag(sample.rows)
    for count in (0, 1, 7, sample.rows.num_rows + 1):
        given = sample.ask(Limit(sample.where(), count))
        if given.num_rows != min(count, sample.rows.num_rows) or _bag(given) - there:
            raise Broken(str(count))


OWN_LAWS: tuple[OwnLaw, ...] = (
    gives_each_column_alone,
    finds_values_that_are_there,
    tells_missing_values,
    sorts_as_the_ledger_says,
    counts_and_groups,
    stops_at_a_limit,
)
"""To be tried where `reads_the_same_again` holds: over rows that change they say nothing."""


def _each_test(sample: Sample) -> Iterator[tuple[str, list[Expr]]]:
    for column, of in sample.types.items():
        values = sample.values(column)
        if not values:
            continue
        tests: list[Expr] = [Call("eq", (Column(column), values[0]))]
        if of != "float":
            tests.append(Call("in", (Column(column), *values)))
        if of != "bool":
            tests.append(Call("lt", (Column(column), values[len(values) // 2])))
        yield column, tests


# ── Judging ───────────────────────────────────────────────────────────────────────────────────────


def _ask(connector: Connector, relation: Relation, types: Mapping[str, str]) -> pa.Table:
    with connector.run(Scan(relation), types) as reader:
        return reader.read_all()


def _rows(table: pa.Table) -> list[tuple[object, ...]]:
    return list(zip(*(c.to_pylist() for c in table.columns), strict=True))


def _bag(table: pa.Table) -> Counter[tuple[object, ...]]:
    return Counter(_rows(table))
