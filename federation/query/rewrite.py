"""Turn a resolved question into the scan that goes to the node: never SQL, never the subject."""

from __future__ import annotations

from federation.fragment import (
    Call,
    Column,
    Expr,
    Filter,
    Named,
    Project,
    Relation,
    Scan,
    Source,
)
from federation.query.resolve import Resolved, ResolvedCondition

__all__ = ["to_scan"]


def to_scan(resolved: Resolved) -> Scan:
    """Return the scan; its source is the dataset's id, which the node binds to its own database."""
    relation: Relation = Source(resolved.dataset.id)
    predicates = [_predicate(c) for c in resolved.conditions]
    if predicates:
        relation = Filter(relation, _all(predicates))
    columns = tuple(Named(name, Column(column)) for name, column in resolved.shown)
    return Scan(Project(relation, columns))


def _predicate(condition: ResolvedCondition) -> Expr:
    op = "in" if condition.is_list else "eq"
    return Call(op, (Column(condition.column), *condition.values))


def _all(predicates: list[Expr]) -> Expr:
    return predicates[0] if len(predicates) == 1 else Call("and", tuple(predicates))
