"""Check a scan against the columns there are and the ledger's types, before anything is read.

`plan` gives every source of a scan its own label and the columns that are needed of it, and the
result's types. All findings come at once. Operations are typed strictly: what would compare text
with a number is refused here, so that no source's own idea of it can show.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from connectors.errors import Fault, Findings
from connectors.faults import (
    ScanColumnUnknown,
    ScanNameTaken,
    ScanTypes,
    SourceColumnUnknown,
    SourceColumnUntyped,
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
    Scan,
    Source,
    columns,
    sources,
)
from connectors.types import MAX_DIGITS, MAX_SCALE, ColumnType, parse_type

__all__ = [
    "Leaf",
    "Plan",
    "Row",
    "common_type",
    "conjuncts",
    "exposed",
    "near",
    "plan",
    "result_types",
    "type_of",
    "type_of_measure",
    "whole_digits",
]

Row: TypeAlias = Mapping[str, ColumnType]
"""The columns of a relation, in order, with their types."""

QUOTIENT_SCALE = 6
"""Fewest digits after the point of a quotient or an average of exact numbers."""

_TEXT, _INT, _FLOAT, _BOOL = (ColumnType(k) for k in ("text", "int", "float", "bool"))
_INT_DIGITS = 19
_KEYS = ("text", "int", "decimal", "date", "timestamp", "bool")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place where a scan reads.

    Attributes:
        columns: what is needed of it.
        origins: column → table and column it comes from, where these are other than they seem.
    """

    resource: str
    columns: Row
    origins: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def origin(self, name: str) -> tuple[str, str]:
        """Return the table and the column that a fault about a column names."""
        return self.origins.get(name, (self.resource, name))


@dataclass(frozen=True, slots=True)
class Plan:
    """A scan that fits.

    Attributes:
        relation: the scan's relation; each source now names a label.
        leaves: label → what is read there.
        result: the columns of the answer.
    """

    relation: Relation
    leaves: Mapping[str, Leaf]
    result: Row


def plan(
    scan: Scan,
    source: str,
    present: Mapping[str, Iterable[str]],
    types: Mapping[str, Mapping[str, ColumnType]],
) -> Plan:
    """Fit a scan to what there is.

    Args:
        scan: what is asked.
        source: the source's name, for faults.
        present: resource → the columns it has.
        types: resource → column → ledger type.

    Raises:
        Findings: a column that is not there or has no type, types that do not go together, names
            that are taken; all of it, each with its pointer into the scan.
    """
    checker = _Checker(source, {r: tuple(c) for r, c in present.items()}, types)
    result = checker.row(scan.relation, "")
    checker.whole(scan.relation, "")
    if checker.findings:
        raise Findings(checker.findings)
    pruner = _Pruner({r: exposed(row, present[r]) for r, row in types.items() if r in present})
    relation = pruner.relation(scan.relation, frozenset(result))
    return Plan(relation, pruner.leaves, result)


def exposed(typed: Row, present: Iterable[str]) -> dict[str, ColumnType]:
    """Return the columns that the ledger types and the source has, in the ledger's order."""
    there = frozenset(present)
    return {name: kind for name, kind in typed.items() if name in there}


def conjuncts(predicate: Expr) -> tuple[Expr, ...]:
    """Return the parts of which every one must be TRUE."""
    if isinstance(predicate, Call) and predicate.op == "and":
        return tuple(part for arg in predicate.args for part in conjuncts(arg))
    return (predicate,)


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three of the known names, the nearest first; the first ones if none is near."""
    names = list(known)
    found = difflib.get_close_matches(name[:200], names, n=3, cutoff=0.3)
    return tuple(found or sorted(names)[:3] or ["—"])


# ── Types ─────────────────────────────────────────────────────────────────────────────────────────


def common_type(left: ColumnType, right: ColumnType) -> ColumnType | None:
    """Return the type that holds both, exactly but for floats; None where there is none."""
    if left == right:
        return left
    if not (left.is_numeric and right.is_numeric):
        return None
    if "float" in (left.kind, right.kind):
        return _FLOAT
    scale = max(left.scale, right.scale)
    precision = max(whole_digits(left), whole_digits(right)) + scale
    return ColumnType("decimal", precision, scale) if precision <= MAX_DIGITS else None


def whole_digits(of: ColumnType) -> int:
    """Return how many digits an exact number can have before its point."""
    return _INT_DIGITS if of.kind == "int" else of.precision - of.scale


def type_of(expr: Expr, row: Row) -> ColumnType:
    """Return the type of an expression that was checked."""
    if isinstance(expr, Column):
        return row[expr.name]
    if isinstance(expr, Literal):
        return parse_type(expr.type)
    found = _type_of_call(expr.op, tuple(type_of(a, row) for a in expr.args))
    if found is None:
        raise TypeError(f"{expr.op} was not checked")
    return found


def type_of_measure(measure: Measure, row: Row) -> ColumnType | None:
    """Return the type of a measure; None where the column's type does not allow it."""
    if measure.column is None or measure.fn.startswith("count"):
        return _INT
    of = row[measure.column]
    if measure.fn in ("min", "max"):
        return None if of.kind == "bool" else of
    if not of.is_numeric:
        return None
    if of.kind == "float":
        return _FLOAT
    if measure.fn == "sum":
        return of if of.kind == "int" else ColumnType("decimal", MAX_DIGITS, of.scale)
    return _quotient(of, of)


def result_types(relation: Relation, leaves: Mapping[str, Row]) -> Row:
    """Return the columns of a relation that was checked, whose sources are labels of leaves."""
    match relation:
        case Source(resource=label):
            return leaves[label]
        case Project(input=below, columns=named):
            row = result_types(below, leaves)
            return {n.name: type_of(n.expr, row) for n in named}
        case Join(left=left, right=right):
            return {**result_types(left, leaves), **result_types(right, leaves)}
        case Aggregate(input=below, keys=keys, measures=measures):
            row = result_types(below, leaves)
            measured = {m.name: type_of_measure(m, row) or _INT for m in measures}
            return {**{k: row[k] for k in keys}, **measured}
        case Filter(input=below) | Order(input=below) | Limit(input=below):
            return result_types(below, leaves)


def _exact(precision: int, scale: int) -> ColumnType:
    return ColumnType("decimal", min(precision, MAX_DIGITS), scale)


def _quotient(left: ColumnType, right: ColumnType) -> ColumnType:
    return _exact(MAX_DIGITS, max(left.scale, right.scale, QUOTIENT_SCALE))


def _arithmetic(op: str, args: tuple[ColumnType, ...]) -> ColumnType | None:
    common = common_type(*args) if all(a.is_numeric for a in args) else None
    if common is None or common.kind == "float":
        return common
    if op == "div":
        return _quotient(*args)
    if common.kind == "int":
        return _INT
    if op == "mul":
        scale = min(sum(a.scale for a in args), MAX_SCALE)
        return _exact(sum(whole_digits(a) for a in args) + scale, scale)
    return _exact(common.precision + 1, common.scale)


def _unified(args: tuple[ColumnType, ...]) -> ColumnType | None:
    found: ColumnType | None = args[0]
    for other in args[1:]:
        found = None if found is None else common_type(found, other)
    return found


def _type_of_call(op: str, args: tuple[ColumnType, ...]) -> ColumnType | None:
    """Return the type of a call; None where the arguments are not what the operation takes."""
    if op in ("add", "sub", "mul", "div"):
        return _arithmetic(op, args)
    if op == "coalesce":
        return _unified(args)
    if not _is_taken(op, args):
        return None
    return {"lower": _TEXT, "upper": _TEXT, "length": _INT}.get(op, _BOOL)


def _is_taken(op: str, args: tuple[ColumnType, ...]) -> bool:
    if op in ("and", "or", "not"):
        return all(a.kind == "bool" for a in args)
    if op in ("lower", "upper", "length"):
        return args[0].kind == "text"
    if op in ("lt", "le", "gt", "ge") and args[0].kind == "bool":
        return False
    return all(common_type(args[0], a) is not None for a in args[1:])


# ── Checking ──────────────────────────────────────────────────────────────────────────────────────


class _Checker:
    """Walk a scan from its sources up; note what does not fit and go on."""

    def __init__(
        self,
        source: str,
        present: Mapping[str, tuple[str, ...]],
        types: Mapping[str, Mapping[str, ColumnType]],
    ) -> None:
        self.findings: list[Fault] = []
        self._source = source
        self._present = present
        self._types = types

    def row(  # noqa: PLR0911 - one for each relation
        self, relation: Relation, at: str
    ) -> dict[str, ColumnType]:
        match relation:
            case Source(resource=resource):
                return self._source_row(resource, at)
            case Filter():
                return self._filter(relation, at)
            case Project():
                return self._project(relation, at)
            case Join():
                return self._join(relation, at)
            case Aggregate():
                return self._aggregate(relation, at)
            case Order(input=below, keys=keys):
                row = self.row(below, f"{at}/input")
                for number, key in enumerate(keys):
                    self._column(key.column, row, below, f"{at}/keys/{number}/column")
                return row
            case Limit(input=below):
                return self.row(below, f"{at}/input")

    def _source_row(self, resource: str, at: str) -> dict[str, ColumnType]:
        row = exposed(self._types[resource], self._present[resource])
        if not row:
            self.findings.append(self._absent(resource, next(iter(self._types[resource]), "*"), at))
        return row

    def _filter(self, relation: Filter, at: str) -> dict[str, ColumnType]:
        row = self.row(relation.input, f"{at}/input")
        where = f"{at}/predicate"
        kind = self._expr(relation.predicate, row, relation.input, where)
        if kind is not None and kind.kind != "bool":
            self.findings.append(ScanTypes(where=where, op="filter", types=(str(kind),)))
        return row

    def _project(self, relation: Project, at: str) -> dict[str, ColumnType]:
        row = self.row(relation.input, f"{at}/input")
        found: dict[str, ColumnType] = {}
        for number, named in enumerate(relation.columns):
            where = f"{at}/columns/{number}"
            kind = self._expr(named.expr, row, relation.input, f"{where}/expr")
            self._take(found, named.name, kind or _TEXT, f"{where}/name")
        return found

    def _join(self, relation: Join, at: str) -> dict[str, ColumnType]:
        left = self.row(relation.left, f"{at}/left")
        right = self.row(relation.right, f"{at}/right")
        for number, (mine, theirs) in enumerate(relation.on):
            where = f"{at}/on/{number}"
            kinds = (
                self._column(mine, left, relation.left, f"{where}/0"),
                self._column(theirs, right, relation.right, f"{where}/1"),
            )
            if kinds[0] is not None and kinds[1] is not None:
                common = common_type(kinds[0], kinds[1])
                if common is None or common.kind not in _KEYS:
                    names = tuple(str(k) for k in kinds)
                    self.findings.append(ScanTypes(where=where, op="join", types=names))
        found = dict(left)
        for name, kind in right.items():
            self._take(found, name, kind, f"{at}/right")
        return found

    def _aggregate(self, relation: Aggregate, at: str) -> dict[str, ColumnType]:
        below = relation.input
        row = self.row(below, f"{at}/input")
        found: dict[str, ColumnType] = {}
        for number, key in enumerate(relation.keys):
            where = f"{at}/keys/{number}"
            self._take(found, key, self._column(key, row, below, where) or _TEXT, where)
        for number, measure in enumerate(relation.measures):
            where = f"{at}/measures/{number}"
            kind: ColumnType | None = _INT
            if measure.column is not None:
                of = self._column(measure.column, row, below, f"{where}/column")
                kind = _INT if of is None else type_of_measure(measure, row)
                if kind is None:
                    self.findings.append(ScanTypes(where=where, op=measure.fn, types=(str(of),)))
            self._take(found, measure.name, kind or _INT, f"{where}/name")
        return found

    def _expr(self, expr: Expr, row: Row, below: Relation, at: str) -> ColumnType | None:
        if isinstance(expr, Column):
            return self._column(expr.name, row, below, f"{at}/column")
        if isinstance(expr, Literal):
            return parse_type(expr.type)
        kinds = [
            self._expr(arg, row, below, f"{at}/args/{number}")
            for number, arg in enumerate(expr.args)
        ]
        known = tuple(k for k in kinds if k is not None)
        if len(known) < len(kinds):
            return None
        found = _type_of_call(expr.op, known)
        if found is None:
            names = tuple(dict.fromkeys(str(k) for k in known))
            self.findings.append(ScanTypes(where=at, op=expr.op, types=names))
        return found

    def _column(self, name: str, row: Row, below: Relation, at: str) -> ColumnType | None:
        if name in row:
            return row[name]
        self.findings.append(self._missing(name, row, below, at))
        return None

    def _missing(self, name: str, row: Row, below: Relation, at: str) -> Fault:
        for leaf in sources(below):
            present, typed = self._present[leaf.resource], self._types[leaf.resource]
            if name in typed and name not in present:
                return self._absent(leaf.resource, name, at)
            if name in present and name not in typed:
                return SourceColumnUntyped(
                    where=at, table=leaf.resource, column=name, near=near(name, typed)
                )
        return ScanColumnUnknown(where=at, column=name, near=near(name, row))

    def _absent(self, resource: str, name: str, at: str) -> Fault:
        return SourceColumnUnknown(
            where=at,
            source=self._source,
            table=resource,
            column=name,
            near=near(name, self._present[resource]),
        )

    def whole(self, relation: Relation, at: str) -> None:
        """Note what a lone source lacks when the answer is all its columns."""
        if isinstance(relation, Filter | Order | Limit):
            self.whole(relation.input, f"{at}/input")
        elif isinstance(relation, Source):
            present = self._present[relation.resource]
            typed = self._types[relation.resource]
            absent = [n for n in typed if n not in present] if exposed(typed, present) else []
            self.findings += [self._absent(relation.resource, n, at) for n in absent]

    def _take(self, row: dict[str, ColumnType], name: str, kind: ColumnType, at: str) -> None:
        if name in row:
            self.findings.append(ScanNameTaken(where=at, column=name))
        row[name] = kind


# ── Pruning ───────────────────────────────────────────────────────────────────────────────────────


class _Pruner:
    """Walk a scan from the answer down; label each source and note what is needed of it."""

    def __init__(self, types: Mapping[str, Mapping[str, ColumnType]]) -> None:
        self.leaves: dict[str, Leaf] = {}
        self._types = types

    def relation(  # noqa: PLR0911 - one for each relation
        self, relation: Relation, wanted: frozenset[str]
    ) -> Relation:
        match relation:
            case Source(resource=resource):
                return self._leaf(resource, wanted)
            case Filter(input=below, predicate=predicate):
                return self._over(relation, below, wanted | set(columns(predicate)))
            case Project(input=below, columns=named):
                read = frozenset(c for n in named for c in columns(n.expr))
                return self._over(relation, below, read)
            case Aggregate(input=below, keys=keys, measures=measures):
                read = frozenset(m.column for m in measures if m.column is not None)
                return self._over(relation, below, read | set(keys))
            case Order(input=below, keys=order):
                return self._over(relation, below, wanted | {k.column for k in order})
            case Limit(input=below):
                return self._over(relation, below, wanted)
            case Join(left=left, right=right, on=on):
                mine = self.relation(left, wanted | {pair[0] for pair in on})
                theirs = self.relation(right, wanted | {pair[1] for pair in on})
                return replace(relation, left=mine, right=theirs)

    def _over(
        self,
        relation: Filter | Project | Aggregate | Order | Limit,
        below: Relation,
        wanted: frozenset[str],
    ) -> Relation:
        return replace(relation, input=self.relation(below, wanted))

    def _leaf(self, resource: str, wanted: frozenset[str]) -> Source:
        typed = self._types[resource]
        read = {name: kind for name, kind in typed.items() if name in wanted}
        if not read:
            name = min(typed, key=lambda n: typed[n].kind != "text")
            read = {name: typed[name]}
        label = f"#{len(self.leaves)}"
        self.leaves[label] = Leaf(resource, read)
        return Source(label)
