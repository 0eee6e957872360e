"""Say which rows of a file need not be kept, while it is read.

Only what cannot fail and means the same there is said: comparisons of columns that lie in the file
in exactly their ledger type. The engine applies the whole predicate again, so this only saves work.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from connectors.check import Row, conjuncts
from connectors.scan import (
    Call,
    Column,
    Expr,
    Filter,
    Literal,
    Relation,
    Source,
    inputs,
)
from connectors.types import ColumnType, arrow_type

__all__ = ["condition", "filters"]

Condition: TypeAlias = "pc.Expression"
Types: TypeAlias = "Mapping[str, pa.DataType]"

_COMPARED: Mapping[str, Callable[[Condition, Condition], Condition]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def filters(relation: Relation) -> dict[str, tuple[Expr, ...]]:
    """Return label of a leaf → what every row that counts must meet."""
    found: dict[str, tuple[Expr, ...]] = {}
    if isinstance(relation, Filter) and isinstance(relation.input, Source):
        found[relation.input.resource] = conjuncts(relation.predicate)
    for below in inputs(relation):
        found |= filters(below)
    return found


def condition(predicates: Iterable[Expr], row: Row, given: pa.Schema) -> Condition | None:
    """Return the part of the predicates that can be told while reading; None where there is none.

    Args:
        predicates: of which every one must be TRUE.
        row: the ledger's types.
        given: how the columns lie in the file.
    """
    exact = {f.name: f.type for f in given if f.name in row and _is_exact(f.type, row[f.name])}
    told = [_told(p, exact) for p in predicates if _is_tellable(p, row, exact)]
    return reduce(operator.and_, told) if told else None


def _is_exact(given: pa.DataType, of: ColumnType) -> bool:
    """Say whether values compare in the file as the ledger's type says."""
    if of.kind == "text":
        return bool(pa.types.is_string(given) or pa.types.is_large_string(given))
    return of.kind != "float" and bool(given == arrow_type(of))


def _is_tellable(expr: Expr, row: Row, exact: Types) -> bool:
    if not isinstance(expr, Call):
        return False
    if expr.op in ("and", "or", "not"):
        return all(_is_tellable(a, row, exact) for a in expr.args)
    if expr.op not in (*_COMPARED, "in"):
        return False
    tested, *constants = expr.args
    if not isinstance(tested, Column) or tested.name not in exact:
        return False
    of = str(row[tested.name])
    return all(isinstance(c, Literal) and c.type == of and c.value is not None for c in constants)


def _told(expr: Expr, exact: Types) -> Condition:
    assert isinstance(expr, Call)  # noqa: S101 - what is_tellable lets through
    if expr.op in ("and", "or"):
        join = operator.and_ if expr.op == "and" else operator.or_
        return reduce(join, [_told(a, exact) for a in expr.args])
    if expr.op == "not":
        return ~_told(expr.args[0], exact)
    tested, *constants = expr.args
    assert isinstance(tested, Column)  # noqa: S101 - the same
    of = exact[tested.name]
    values = [c.value for c in constants if isinstance(c, Literal)]
    if expr.op == "in":
        missing = pc.field(tested.name).is_null()
        hit = pc.field(tested.name).isin(pa.array(values, of))
        return pc.if_else(missing, pa.scalar(None, pa.bool_()), hit)
    return _COMPARED[expr.op](pc.field(tested.name), pc.scalar(pa.scalar(values[0], of)))
