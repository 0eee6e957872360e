"""Read what a scan would use, by the node's own walk: dataset, columns, positions, conditions.

Purposes about one subject's record take one form only: columns of one dataset, filtered by a
conjunction of equalities and lists. Whatever else a hub sends is refused by form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from federation.fragment import (
    Call,
    Column,
    Expr,
    Filter,
    Literal,
    Named,
    Project,
    Relation,
    Scan,
    Source,
)
from federation.ledger import Dataset
from federation.node.errors import LiteralWrong, ScanOutside
from federation.trust import APPLICANT, EQ, IN, PROJECT, REFERENCE

__all__ = ["Condition", "Scope", "read_scope"]

_MOST = 64
_EXACT = ("int", "decimal")


@dataclass(frozen=True, slots=True)
class Condition:
    """One conjunct: a column that equals one of some constants."""

    column: str
    values: tuple[Literal, ...]
    is_list: bool

    def position(self, applicant: str) -> str:
        """Return the position this puts the column in."""
        if self.is_list:
            return IN
        value = self.values[0]
        is_applicant = value.type == "text" and value.value == applicant
        return APPLICANT if is_applicant else EQ


@dataclass(frozen=True, slots=True)
class Scope:
    """What a scan would use of one dataset.

    Attributes:
        dataset: dataset id.
        shown: the columns that would leave, under their names.
        conditions: what the rows must meet, all of it.
        purpose: purpose id.
    """

    dataset: str
    shown: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]
    purpose: str

    def uses(self, applicant: str) -> Mapping[str, frozenset[str]]:
        """Return column → positions, as `decide` takes them."""
        found: dict[str, set[str]] = {}
        for _, column in self.shown:
            found.setdefault(column, set()).add(REFERENCE if self.purpose == "verify" else PROJECT)
        for condition in self.conditions:
            found.setdefault(condition.column, set()).add(condition.position(applicant))
        return MappingProxyType({column: frozenset(p) for column, p in found.items()})

    def applicant_columns(self, applicant: str) -> tuple[str, ...]:
        """Return the columns that are compared with the applicant's own number."""
        return tuple(
            sorted({c.column for c in self.conditions if c.position(applicant) == APPLICANT})
        )

    def columns(self) -> tuple[str, ...]:
        """Return every column that is touched, each once."""
        return tuple(
            dict.fromkeys([*(c for _, c in self.shown), *(c.column for c in self.conditions)])
        )

    def check_types(self, dataset: Dataset) -> None:
        """Refuse a comparison of a column with a constant of another type."""
        types = {f.name: f.type for f in dataset.fields}
        for condition in self.conditions:
            wanted = types.get(condition.column)
            if wanted is not None and not all(_is_alike(v.type, wanted) for v in condition.values):
                raise LiteralWrong(field=condition.column, type=wanted)


def read_scope(scan: Scan, purpose: str) -> Scope:
    """Return what a scan would use.

    Raises:
        ScanOutside: it has another form than one dataset's columns under equalities and lists.
    """
    outside = ScanOutside(purpose=purpose)
    top = scan.relation
    if not isinstance(top, Project):
        raise outside
    shown = tuple(_shown(named, outside) for named in top.columns)
    source, conditions = _below(top.input, outside)
    if max(len(shown), len(conditions)) > _MOST or (purpose == "verify" and len(shown) != 1):
        raise outside
    return Scope(source.resource, shown, conditions, purpose)


def _shown(named: Named, outside: ScanOutside) -> tuple[str, str]:
    if not isinstance(named.expr, Column):
        raise outside
    return named.name, named.expr.name


def _below(relation: Relation, outside: ScanOutside) -> tuple[Source, tuple[Condition, ...]]:
    conditions: tuple[Condition, ...] = ()
    if isinstance(relation, Filter):
        conditions = tuple(_conditions(relation.predicate, outside))
        relation = relation.input
    if not isinstance(relation, Source):
        raise outside
    return relation, conditions


def _conditions(predicate: Expr, outside: ScanOutside) -> Iterator[Condition]:
    match predicate:
        case Call(op="and", args=args):
            for arg in args:
                yield from _conditions(arg, outside)
        case Call(op="eq", args=(Column(name=column), Literal() as value)):
            yield Condition(column, (value,), is_list=False)
        case Call(op="in", args=(Column(name=column), *values)):
            constants = tuple(v for v in values if isinstance(v, Literal))
            if len(constants) != len(values):
                raise outside
            yield Condition(column, constants, is_list=True)
        case _:
            raise outside


def _is_alike(given: str, wanted: str) -> bool:
    if wanted.startswith(_EXACT):
        return given.startswith(_EXACT)
    return given == wanted
