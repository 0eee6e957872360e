"""Run the scan algebra over Arrow tables, in Polars: what the source itself does not do.

This is the one implementation of every operation's meaning (see `connectors.scan`). A kind of
source may do a part itself only where its answer is provably the same. Exact numbers stay exact:
what Polars would round or let overflow is computed on Python's decimals, rounded half up.
"""

from __future__ import annotations

import math
import operator
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import reduce
from typing import TypeAlias

import polars as pl
import pyarrow as pa

from connectors.cast import cast, plain
from connectors.check import (
    Leaf,
    Row,
    common_type,
    conjuncts,
    result_types,
    type_of,
    type_of_measure,
    whole_digits,
)
from connectors.scan import (
    Aggregate,
    Call,
    Column,
    Expr,
    Filter,
    Join,
    Limit,
    Literal,
    Measure,
    Order,
    Project,
    Relation,
    Source,
    columns,
)
from connectors.types import MAX_DIGITS, ColumnType, Value, arrow_type, parse_type

__all__ = ["arrow_schema", "evaluate", "typed"]

_EXACT = Context(prec=4 * MAX_DIGITS, rounding=ROUND_HALF_UP)
_KEY = "\1{}"  # no column of a scan can be called this


def arrow_schema(row: Row) -> pa.Schema:
    """Return the schema of an answer."""
    return pa.schema([pa.field(name, arrow_type(of)) for name, of in row.items()])


def typed(batch: pa.RecordBatch | pa.Table, leaf: Leaf) -> list[pa.Array]:
    """Return the columns of a leaf in the ledger's types, from what the source gave.

    Raises:
        SourceValue: a value is not what the ledger says.
    """
    found = []
    for name, of in leaf.columns.items():
        table, column = leaf.origin(name)
        found.append(cast(batch.column(name), of, table=table, name=column))
    return found


def evaluate(relation: Relation, leaves: Mapping[str, tuple[Leaf, pa.Table]]) -> pa.Table:
    """Compute a relation whose sources are labels of leaves.

    Args:
        relation: the relation of a `connectors.check.Plan`, or a part of it.
        leaves: label → what is read there, and the rows as the source gave them.

    Returns:
        The answer, in the ledger's types.

    Raises:
        SourceValue: a value is not what the ledger says. A row that a filter on text has excluded
            no longer counts: one spoilt record does not take the others with it.
    """
    rows = {label: leaf.columns for label, (leaf, _) in leaves.items()}
    frame = _Evaluation(leaves, rows).frame(relation).collect()
    schema = arrow_schema(result_types(relation, rows))
    return frame.to_arrow().cast(schema)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """Turn relations into lazy frames."""

    leaves: Mapping[str, tuple[Leaf, pa.Table]]
    rows: Mapping[str, Row]

    def frame(  # noqa: PLR0911 - one for each relation
        self, relation: Relation
    ) -> pl.LazyFrame:
        match relation:
            case Filter(input=Source(resource=label), predicate=predicate):
                return self._leaf(label, conjuncts(predicate))
            case Source(resource=label):
                return self._leaf(label, ())
            case Filter(input=below, predicate=predicate):
                return self.frame(below).filter(_expr(predicate, self._row(below)))
            case Project():
                return self._project(relation)
            case Join():
                return self._join(relation)
            case Aggregate():
                return self._aggregate(relation)
            case Order(input=below, keys=keys):
                return self.frame(below).sort(
                    [k.column for k in keys],
                    descending=[k.descending for k in keys],
                    nulls_last=True,
                    maintain_order=True,
                )
            case Limit(input=below, count=count, offset=offset):
                return self.frame(below).slice(offset, count)

    def _row(self, relation: Relation) -> Row:
        return result_types(relation, self.rows)

    def _leaf(self, label: str, predicates: Iterable[Expr]) -> pl.LazyFrame:
        """Filter and cast in turn: text first, which cannot fail, and values only where kept."""
        leaf, given = self.leaves[label]
        table = pa.table([plain(c) for c in given.columns], names=given.column_names)
        for predicate in sorted(predicates, key=lambda p: not _is_on_unary(p, table)):
            read = {name: leaf.columns[name] for name in columns(predicate)}
            part = replace(leaf, columns=read)
            table = table.filter(_mask(predicate, part, table))
        return _frame(leaf, table).lazy()

    def _project(self, relation: Project) -> pl.LazyFrame:
        row = self._row(relation.input)
        named = [_expr(n.expr, row).alias(n.name) for n in relation.columns]
        # with_columns first: a constant is repeated for every row, not given once
        return (
            self.frame(relation.input)
            .with_columns(named)
            .select([n.name for n in relation.columns])
        )

    def _join(self, relation: Join) -> pl.LazyFrame:
        left, right = self._row(relation.left), self._row(relation.right)
        keys = [_KEY.format(number) for number in range(len(relation.on))]
        mine, theirs = [], []
        for key, (m, t) in zip(keys, relation.on, strict=True):
            of = common_type(left[m], right[t]) or left[m]
            mine.append(_as(pl.col(m), left[m], of).alias(key))
            theirs.append(_as(pl.col(t), right[t], of).alias(key))
        joined = (
            self.frame(relation.left)
            .with_columns(mine)
            .join(
                self.frame(relation.right).with_columns(theirs),
                on=keys,
                how=relation.kind,
                coalesce=True,
            )
        )
        return joined.select([*left, *right])

    def _aggregate(self, relation: Aggregate) -> pl.LazyFrame:
        row = self._row(relation.input)
        below = self.frame(relation.input)
        measures = [_measure(m, row).alias(m.name) for m in relation.measures]
        if not relation.keys:
            return below.select(measures)
        if not measures:
            return below.select(relation.keys).unique()
        keys = [_KEY.format(number) for number in range(len(relation.keys))]
        pairs = list(zip(relation.keys, keys, strict=True))
        grouped = below.group_by([pl.col(name).alias(key) for name, key in pairs]).agg(measures)
        named = [pl.col(key).alias(name) for name, key in pairs]
        return grouped.select([*named, *(m.name for m in relation.measures)])


def _is_on_unary(predicate: Expr, table: pa.Table) -> bool:
    return all(pa.types.is_string(table.schema.field(name).type) for name in columns(predicate))


def _mask(predicate: Expr, leaf: Leaf, table: pa.Table) -> pa.Array:
    """Return for each row whether the predicate is TRUE."""
    if not leaf.columns:
        is_kept = pl.select(_expr(predicate, {})).item() is True
        return pa.repeat(is_kept, table.num_rows)
    told = _frame(leaf, table).with_columns(_expr(predicate, leaf.columns).alias(_KEY))
    return told.get_column(_KEY).fill_null(value=False).to_arrow()


def _frame(leaf: Leaf, table: pa.Table) -> pl.DataFrame:
    arrow = pa.table(typed(table, leaf), schema=arrow_schema(leaf.columns))
    frame = pl.from_arrow(arrow, rechunk=False)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table gives a frame
    return frame


# ── Expressions ───────────────────────────────────────────────────────────────────────────────────


def _expr(expr: Expr, row: Row) -> pl.Expr:
    if isinstance(expr, Column):
        return pl.col(expr.name)
    if isinstance(expr, Literal):
        return _constant(expr.value, parse_type(expr.type))
    return _settled(expr, _CALLS[expr.op](expr, row), type_of(expr, row))


def _settled(expr: Expr, compiled: pl.Expr, of: ColumnType) -> pl.Expr:
    """Return an expression; of one without columns its value, which Polars repeats reliably."""
    if next(columns(expr), None) is not None:
        return compiled
    return _constant(pl.select(compiled).item(), of)


def _constant(value: Value, of: ColumnType) -> pl.Expr:
    return pl.lit(value, dtype=_dtype(of))


def _dtype(of: ColumnType) -> pl.DataType:
    if of.kind == "decimal":
        return pl.Decimal(of.precision, of.scale)
    return _DTYPES[of.kind]


def _as(expr: pl.Expr, of: ColumnType, to: ColumnType) -> pl.Expr:
    """Return a number in a type that `common_type` gave, which holds it exactly."""
    return expr if of == to else expr.cast(_dtype(to))


def _unified(args: tuple[Expr, ...], row: Row) -> tuple[list[pl.Expr], ColumnType]:
    kinds = [type_of(a, row) for a in args]
    common = reduce(lambda one, other: common_type(one, other) or one, kinds)
    operands = [
        _settled(a, _as(_expr(a, row), kind, common), common)
        for a, kind in zip(args, kinds, strict=True)
    ]
    return operands, common


def _logic(join: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> _Compile:
    return lambda call, row: reduce(join, [_expr(a, row) for a in call.args])


def _comparison(compare: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> _Compile:
    def compiled(call: Call, row: Row) -> pl.Expr:
        (left, right), _ = _unified(call.args, row)
        return compare(left, right)

    return compiled


def _in(call: Call, row: Row) -> pl.Expr:
    kinds = [type_of(a, row) for a in call.args]
    common = reduce(lambda one, other: common_type(one, other) or one, kinds)
    constants = [a.value for a in call.args[1:] if isinstance(a, Literal)]
    values = [v for v in constants if v is not None]
    tested = _as(_expr(call.args[0], row), kinds[0], common)
    if not values:
        return pl.when(tested.is_null()).then(None).otherwise(None).cast(pl.Boolean)
    listed = pl.Series(values=values, dtype=_dtype(common), strict=False)
    hit = tested.is_in(listed.implode())
    if len(values) == len(constants):
        return hit
    return pl.when(hit).then(statement=True).otherwise(None)


def _coalesce(call: Call, row: Row) -> pl.Expr:
    operands, _ = _unified(call.args, row)
    chosen = operands[-1]
    for operand in reversed(operands[:-1]):
        chosen = pl.when(operand.is_not_null()).then(operand).otherwise(chosen)
    return chosen


def _unary(apply: Callable[[pl.Expr], pl.Expr]) -> _Compile:
    return lambda call, row: apply(_expr(call.args[0], row))


def _length(text: pl.Expr) -> pl.Expr:
    return text.str.len_chars().cast(pl.Int64)


# ── Numbers ───────────────────────────────────────────────────────────────────────────────────────


def _arithmetic(compute: Callable[[typing.Any, typing.Any], typing.Any]) -> _Compile:
    def compiled(call: Call, row: Row) -> pl.Expr:
        to = type_of(call, row)
        args = [_expr(a, row) for a in call.args]
        if to.kind == "float":
            left, right = (a.cast(pl.Float64) for a in args)
            return _finite(compute(left, right))
        if to.kind == "int":
            left, right = (a.cast(pl.Int128) for a in args)
            return _narrowed(compute(left, right))
        return pl.map_batches(args, _Exactly(compute, to), return_dtype=_dtype(to))

    return compiled


@dataclass(frozen=True, slots=True)
class _Exactly:
    """Compute on Python's decimals, pair by pair; what has no answer is NULL."""

    compute: Callable[[typing.Any, typing.Any], typing.Any]
    to: ColumnType

    def __call__(self, given: Sequence[pl.Series]) -> pl.Series:
        left, right = (s.to_list() for s in given)
        length = max(len(left), len(right)) if left and right else 0
        pairs = zip(_repeated(left, length), _repeated(right, length), strict=True)
        return pl.Series(values=[self._one(*pair) for pair in pairs], dtype=_dtype(self.to))

    def _one(self, left: Number, right: Number) -> Decimal | None:
        if left is None or right is None:
            return None
        with localcontext(_EXACT):
            try:
                return _rounded(self.compute(Decimal(left), Decimal(right)), self.to)
            except ArithmeticError:  # a division by zero
                return None


def _repeated(values: list[Number], length: int) -> list[Number]:
    return values * length if len(values) == 1 else values


def _rounded(number: Decimal, to: ColumnType) -> Decimal | None:
    """Return a number with the type's digits, rounded half up; None where it outgrows them."""
    rounded = number.quantize(Decimal(1).scaleb(-to.scale), context=_EXACT)
    return rounded if rounded.is_zero() or rounded.adjusted() < whole_digits(to) else None


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number + 0.0)


def _narrowed(number: pl.Expr) -> pl.Expr:
    return number.cast(pl.Int64, strict=False)


# ── Measures ──────────────────────────────────────────────────────────────────────────────────────


def _measure(measure: Measure, row: Row) -> pl.Expr:
    if measure.column is None:
        return pl.len().cast(pl.Int64)
    of, to = row[measure.column], type_of_measure(measure, row) or row[measure.column]
    return _MEASURES[measure.fn](pl.col(measure.column), of, to)


def _count_distinct(column: pl.Expr, _of: ColumnType, _to: ColumnType) -> pl.Expr:
    return column.drop_nulls().n_unique().cast(pl.Int64)


def _sum(column: pl.Expr, of: ColumnType, to: ColumnType) -> pl.Expr:
    if of.kind == "float":
        return _folded(column, to, math.fsum)
    if of.kind == "int":
        total = _narrowed(column.cast(pl.Int128).sum())
    elif of.precision <= _NARROW:
        total = column.cast(_dtype(to)).sum()
    else:
        return _folded(column, to, _total)
    return pl.when(column.count() > 0).then(total)


def _average(column: pl.Expr, of: ColumnType, to: ColumnType) -> pl.Expr:
    fold = math.fsum if of.kind == "float" else _total
    return _folded(column, to, lambda values: fold(values) / len(values))


def _total(values: Iterable[typing.Any]) -> Decimal:
    return sum(map(Decimal, values), Decimal())


def _folded(
    column: pl.Expr, to: ColumnType, fold: Callable[[list[typing.Any]], typing.Any]
) -> pl.Expr:
    """Fold a group's numbers exactly and round once, so that their order does not matter.

    Of no numbers it is NULL, as is what outgrows the type.
    """

    def folded(given: pl.Series) -> pl.Series:
        values = given.drop_nulls().to_list()
        with localcontext(_EXACT):
            told = _fitted(fold, values, to) if values else None
        return pl.Series(values=[told], dtype=_dtype(to))

    return column.map_batches(folded, return_dtype=_dtype(to), returns_scalar=True)


def _fitted(
    fold: Callable[[list[typing.Any]], typing.Any], values: list[typing.Any], to: ColumnType
) -> Decimal | float | None:
    try:
        number = fold(values)
    except OverflowError:
        return None
    return _rounded(number, to) if isinstance(number, Decimal) else number


_MEASURES: Mapping[str, Callable[[pl.Expr, ColumnType, ColumnType], pl.Expr]] = {
    "count": lambda column, _of, _to: column.count().cast(pl.Int64),
    "count_distinct": _count_distinct,
    "min": lambda column, _of, _to: column.min(),
    "max": lambda column, _of, _to: column.max(),
    "sum": _sum,
    "avg": _average,
}
_Compile: TypeAlias = Callable[[Call, Row], pl.Expr]
Number: TypeAlias = int | Decimal | None

_NARROW = 26
"""Digits of a decimal of which 10^12 rows can be summed in 38."""
_DTYPES: Mapping[str, pl.DataType] = {
    "text": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
}
_CALLS: Mapping[str, _Compile] = {
    "and": _logic(operator.and_),
    "or": _logic(operator.or_),
    "not": _unary(operator.invert),
    "eq": _comparison(operator.eq),
    "ne": _comparison(operator.ne),
    "lt": _comparison(operator.lt),
    "le": _comparison(operator.le),
    "gt": _comparison(operator.gt),
    "ge": _comparison(operator.ge),
    "in": _in,
    "is_null": _unary(pl.Expr.is_null),
    "add": _arithmetic(operator.add),
    "sub": _arithmetic(operator.sub),
    "mul": _arithmetic(operator.mul),
    "div": _arithmetic(operator.truediv),
    "coalesce": _coalesce,
    "lower": _unary(lambda text: text.str.to_lowercase()),
    "upper": _unary(lambda text: text.str.to_uppercase()),
    "length": _unary(_length),
}
