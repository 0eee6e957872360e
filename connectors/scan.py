"""Say what one source is asked: a closed relational algebra that is JSON, never SQL.

A `Scan` is a tree of relations over sources, with expressions inside. It has no subqueries, no
functions beyond `OPERATORS`, and no text that any engine would parse. `Scan.from_json` is the only
way in from outside: it refuses whatever the grammar does not have, with every finding and its JSON
pointer. What the parts mean (three-valued logic, decimals, where NULL sorts) is said here once and
holds for every kind of source:

- Text compares by code point; equality is exact, no case folding and no trimming.
- A filter keeps rows for which its predicate is TRUE; NULL keeps nothing.
- Division by zero and a number that outgrows its type give NULL, never an error.
- Sums and averages are computed exactly and rounded once, floats too: the order of rows does not
  matter.
- Order puts NULL last, in both directions.
- Aggregation takes NULL as one group; without keys it gives one row, even of nothing.
- A join never matches NULL with NULL; its result is the left columns, then the right ones, and no
  name may be in both.
"""

from __future__ import annotations

import re
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from connectors.errors import Fault, Findings
from connectors.faults import (
    ScanDepth,
    ScanKey,
    ScanLiteral,
    ScanNameTaken,
    ScanNameWrong,
    ScanOperator,
    ScanShape,
    ScanSize,
)
from connectors.types import Value, arrow_type, fit, from_wire, is_type, parse_type, to_wire

__all__ = [
    "FNS",
    "JOINS",
    "MAX_DEPTH",
    "MAX_PARTS",
    "OPERATORS",
    "Aggregate",
    "Call",
    "Column",
    "Expr",
    "Filter",
    "Join",
    "Limit",
    "Literal",
    "Measure",
    "Named",
    "Order",
    "OrderKey",
    "Project",
    "Relation",
    "Scan",
    "Source",
    "Value",
    "arrow_type",
    "columns",
    "inputs",
    "is_type",
    "sources",
]

Fn: TypeAlias = typing.Literal["count", "count_distinct", "sum", "min", "max", "avg"]
JoinKind: TypeAlias = typing.Literal["inner", "left"]

MAX_DEPTH = 32
"""Levels of nesting, relations and expressions together."""
MAX_PARTS = 4096
"""Relations, expressions, names and keys, together."""

OPERATORS: Mapping[str, tuple[int, int]] = {
    "and": (2, 64),
    "or": (2, 64),
    "not": (1, 1),
    "eq": (2, 2),
    "ne": (2, 2),
    "lt": (2, 2),
    "le": (2, 2),
    "gt": (2, 2),
    "ge": (2, 2),
    "in": (2, 1001),
    "is_null": (1, 1),
    "add": (2, 2),
    "sub": (2, 2),
    "mul": (2, 2),
    "div": (2, 2),
    "coalesce": (1, 16),
    "lower": (1, 1),
    "upper": (1, 1),
    "length": (1, 1),
}
"""Every operation, with the fewest and most arguments it takes. The arguments of ``in`` after the
first are constants."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_RESOURCE = re.compile(rf"{_NAME.pattern}(\.{_NAME.pattern})?", re.ASCII)
FNS: tuple[Fn, ...] = typing.get_args(Fn)
JOINS: tuple[JoinKind, ...] = typing.get_args(JoinKind)


# ── Expressions ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the relation below."""

    name: str

    def to_json(self) -> dict[str, object]:
        """Return the expression as JSON."""
        return {"column": self.name}


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant of a ledger type, given in the one form that type has.

    Raises:
        ValueError: when value and type do not belong together.
    """

    value: Value
    type: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", fit(self.value, parse_type(self.type)))

    def to_json(self) -> dict[str, object]:
        """Return the expression as JSON."""
        return {"literal": to_wire(self.value, parse_type(self.type)), "type": self.type}


@dataclass(frozen=True, slots=True)
class Call:
    """One of the operations in `OPERATORS`."""

    op: str
    args: tuple[Expr, ...]

    def to_json(self) -> dict[str, object]:
        """Return the expression as JSON."""
        return {"call": self.op, "args": [a.to_json() for a in self.args]}


Expr: TypeAlias = Column | Literal | Call


@dataclass(frozen=True, slots=True)
class Named:
    """An expression under the name its column gets."""

    name: str
    expr: Expr

    def to_json(self) -> dict[str, object]:
        """Return the pair as JSON."""
        return {"name": self.name, "expr": self.expr.to_json()}


# ── Relations ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Source:
    """A resource of the source, with the columns the ledger gives a type."""

    resource: str

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {"op": "source", "resource": self.resource}


@dataclass(frozen=True, slots=True)
class Filter:
    """The rows for which the predicate is TRUE."""

    input: Relation
    predicate: Expr

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {
            "op": "filter",
            "input": self.input.to_json(),
            "predicate": self.predicate.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Project:
    """The columns, in this order, computed row by row."""

    input: Relation
    columns: tuple[Named, ...]

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {
            "op": "project",
            "input": self.input.to_json(),
            "columns": [c.to_json() for c in self.columns],
        }


@dataclass(frozen=True, slots=True)
class Join:
    """Rows of both sides whose key columns are equal; a left join keeps unmatched left rows."""

    left: Relation
    right: Relation
    kind: JoinKind
    on: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {
            "op": "join",
            "left": self.left.to_json(),
            "right": self.right.to_json(),
            "kind": self.kind,
            "on": [list(pair) for pair in self.on],
        }


@dataclass(frozen=True, slots=True)
class Measure:
    """What is computed of each group; ``count`` without a column counts rows."""

    name: str
    fn: Fn
    column: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the measure as JSON."""
        return {"name": self.name, "fn": self.fn, "column": self.column}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row for each combination of keys: the keys, then the measures."""

    input: Relation
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {
            "op": "aggregate",
            "input": self.input.to_json(),
            "keys": list(self.keys),
            "measures": [m.to_json() for m in self.measures],
        }


@dataclass(frozen=True, slots=True)
class OrderKey:
    """A column to order by; NULL comes last either way."""

    column: str
    descending: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the key as JSON."""
        return {"column": self.column, "descending": self.descending}


@dataclass(frozen=True, slots=True)
class Order:
    """The rows in order; rows with equal keys come in any order."""

    input: Relation
    keys: tuple[OrderKey, ...]

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {
            "op": "order",
            "input": self.input.to_json(),
            "keys": [k.to_json() for k in self.keys],
        }


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` rows after the first `offset`."""

    input: Relation
    count: int
    offset: int = 0

    def to_json(self) -> dict[str, object]:
        """Return the relation as JSON."""
        return {
            "op": "limit",
            "input": self.input.to_json(),
            "count": self.count,
            "offset": self.offset,
        }


Relation: TypeAlias = Source | Filter | Project | Join | Aggregate | Order | Limit


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole question to one source."""

    relation: Relation

    def to_json(self) -> dict[str, object]:
        """Return the scan as JSON, as `specs/schema/scan.schema.json` describes it."""
        return self.relation.to_json()

    @classmethod
    def from_json(cls, document: object) -> Scan:
        """Read a scan that came from outside.

        Raises:
            Findings: everything outside the grammar, each with its JSON pointer.
        """
        reader = _Reader()
        relation = reader.relation(document)
        if reader.findings or relation is None:
            raise Findings(reader.findings)
        return cls(relation)


def sources(relation: Relation) -> Iterator[Source]:
    """Yield every source of a relation, from left to right."""
    if isinstance(relation, Source):
        yield relation
    for below in inputs(relation):
        yield from sources(below)


def columns(expr: Expr) -> Iterator[str]:
    """Yield the name of every column an expression reads, repeats included."""
    if isinstance(expr, Column):
        yield expr.name
    elif isinstance(expr, Call):
        for arg in expr.args:
            yield from columns(arg)


def inputs(relation: Relation) -> tuple[Relation, ...]:
    """Return the relations directly below."""
    if isinstance(relation, Source):
        return ()
    if isinstance(relation, Join):
        return (relation.left, relation.right)
    return (relation.input,)


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────


class _Reader:
    """Read one document; notes findings and goes on, so that all are named at once."""

    def __init__(self) -> None:
        self.findings: list[Fault] = []
        self._parts = 0

    def relation(self, document: object) -> Relation | None:
        return self._relation(document, "", 1)

    def _relation(self, value: object, at: str, depth: int) -> Relation | None:
        if not self._enter(at, depth):
            return None
        if not isinstance(value, dict):
            self._note(ScanShape(where=at, expected="object"))
            return None
        kind = value.get("op")
        read = _RELATIONS.get(kind) if isinstance(kind, str) else None
        if read is None:
            known = tuple(_RELATIONS)
            self._note(ScanOperator(where=f"{at}/op", name=_shown(kind), known=known))
            return None
        keys, build = read
        found = self._object(value, at, ("op", *keys))
        return None if found is None else build(self, found, at, depth + 1)

    def source(self, found: Found, at: str, _depth: int) -> Source | None:
        resource = self._name(found["resource"], f"{at}/resource", _RESOURCE)
        return None if resource is None else Source(resource)

    def filter(self, found: Found, at: str, depth: int) -> Filter | None:
        below = self._relation(found["input"], f"{at}/input", depth)
        predicate = self._expr(found["predicate"], f"{at}/predicate", depth)
        return None if below is None or predicate is None else Filter(below, predicate)

    def project(self, found: Found, at: str, depth: int) -> Project | None:
        below = self._relation(found["input"], f"{at}/input", depth)

        def named(value: object, where: str) -> Named | None:
            pair = self._object(value, where, ("name", "expr"))
            if pair is None:
                return None
            name = self._name(pair["name"], f"{where}/name")
            expr = self._expr(pair["expr"], f"{where}/expr", depth)
            return None if name is None or expr is None else Named(name, expr)

        given = self._list(found["columns"], f"{at}/columns", named)
        self._distinct((c.name for c in given or ()), f"{at}/columns")
        return None if below is None or given is None else Project(below, given)

    def join(self, found: Found, at: str, depth: int) -> Join | None:
        left = self._relation(found["left"], f"{at}/left", depth)
        right = self._relation(found["right"], f"{at}/right", depth)
        kind = self._one_of(found["kind"], f"{at}/kind", JOINS)

        def pair(value: object, where: str) -> tuple[str, str] | None:
            if not isinstance(value, list) or len(value) != 2:
                self._note(ScanShape(where=where, expected="[left, right]"))
                return None
            names = (self._name(value[0], f"{where}/0"), self._name(value[1], f"{where}/1"))
            return None if names[0] is None or names[1] is None else (names[0], names[1])

        on = self._list(found["on"], f"{at}/on", pair)
        if left is None or right is None or kind is None or on is None:
            return None
        return Join(left, right, kind, on)

    def aggregate(self, found: Found, at: str, depth: int) -> Aggregate | None:
        below = self._relation(found["input"], f"{at}/input", depth)
        keys = self._list(found["keys"], f"{at}/keys", self._name, fewest=0)
        measures = self._list(found["measures"], f"{at}/measures", self._measure, fewest=0)
        if keys == () and measures == ():
            self._note(ScanShape(where=at, expected="keys, measures"))
            return None
        self._distinct((*(keys or ()), *(m.name for m in measures or ())), at)
        if below is None or keys is None or measures is None:
            return None
        return Aggregate(below, keys, measures)

    def order(self, found: Found, at: str, depth: int) -> Order | None:
        below = self._relation(found["input"], f"{at}/input", depth)
        keys = self._list(found["keys"], f"{at}/keys", self._sort_key)
        return None if below is None or keys is None else Order(below, keys)

    def limit(self, found: Found, at: str, depth: int) -> Limit | None:
        below = self._relation(found["input"], f"{at}/input", depth)
        count = self._number(found["count"], f"{at}/count")
        offset = self._number(found["offset"], f"{at}/offset")
        if below is None or count is None or offset is None:
            return None
        return Limit(below, count, offset)

    def _measure(self, value: object, at: str) -> Measure | None:
        found = self._object(value, at, ("name", "fn", "column"))
        if found is None:
            return None
        name = self._name(found["name"], f"{at}/name")
        fn = self._one_of(found["fn"], f"{at}/fn", FNS)
        column = None
        if found["column"] is not None:
            column = self._name(found["column"], f"{at}/column")
        elif fn is not None and fn != "count":
            self._note(ScanShape(where=f"{at}/column", expected="column"))
            return None
        return None if name is None or fn is None else Measure(name, fn, column)

    def _sort_key(self, value: object, at: str) -> OrderKey | None:
        found = self._object(value, at, ("column", "descending"))
        if found is None:
            return None
        column = self._name(found["column"], f"{at}/column")
        if not isinstance(found["descending"], bool):
            self._note(ScanShape(where=f"{at}/descending", expected="true, false"))
            return None
        return None if column is None else OrderKey(column, found["descending"])

    def _expr(self, value: object, at: str, depth: int) -> Expr | None:
        if not self._enter(at, depth):
            return None
        if not isinstance(value, dict):
            self._note(ScanShape(where=at, expected="object"))
            return None
        if "column" in value:
            found = self._object(value, at, ("column",))
            name = None if found is None else self._name(found["column"], f"{at}/column")
            return None if name is None else Column(name)
        if "literal" in value:
            return self._literal(value, at)
        return self._call(value, at, depth)

    def _literal(self, value: object, at: str) -> Literal | None:
        found = self._object(value, at, ("literal", "type"))
        if found is None:
            return None
        kind = found["type"]
        try:
            of = parse_type(kind) if isinstance(kind, str) else None
        except ValueError:
            of = None
        if of is None:
            self._note(ScanOperator(where=f"{at}/type", name=_shown(kind), known=_TYPES))
            return None
        try:
            return Literal(from_wire(found["literal"], of), str(of))
        except ValueError:
            self._note(ScanLiteral(where=f"{at}/literal", type=str(of)))
            return None

    def _call(self, value: object, at: str, depth: int) -> Call | None:
        found = self._object(value, at, ("call", "args"))
        op = None if found is None else self._one_of(found["call"], f"{at}/call", tuple(OPERATORS))
        if found is None or op is None:
            return None
        fewest, most = OPERATORS[op]

        def argument(value: object, where: str) -> Expr | None:
            return self._expr(value, where, depth + 1)

        args: tuple[Expr, ...] | None = self._list(
            found["args"], f"{at}/args", argument, fewest=fewest, most=most
        )
        if args is None:
            return None
        if op == "in" and not all(isinstance(a, Literal) for a in args[1:]):
            self._note(ScanShape(where=f"{at}/args", expected="literal"))
            return None
        return Call(op, args)

    def _name(self, value: object, at: str, form: re.Pattern[str] = _NAME) -> str | None:
        self._parts += 1
        if isinstance(value, str) and form.fullmatch(value):
            return value
        self._note(ScanNameWrong(where=at))
        return None

    def _distinct(self, names: Iterable[str], at: str) -> None:
        for name, times in Counter(names).items():
            if times > 1:
                self._note(ScanNameTaken(where=at, column=name))

    def _number(self, value: object, at: str) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
            return value
        self._note(ScanShape(where=at, expected="0, 1, 2, …"))
        return None

    def _one_of(self, value: object, at: str, known: tuple[T, ...]) -> T | None:
        for one in known:
            if value == one:
                return one
        self._note(ScanOperator(where=at, name=_shown(value), known=known))
        return None

    def _list(
        self,
        value: object,
        at: str,
        read: Callable[[object, str], V | None],
        *,
        fewest: int = 1,
        most: int = MAX_PARTS,
    ) -> tuple[V, ...] | None:
        if not isinstance(value, list) or not fewest <= len(value) <= most:
            expected = f"[{fewest}]" if fewest == most else f"[{fewest}, …]"
            self._note(ScanShape(where=at, expected=expected))
            return None
        found: list[V] = []
        for number, one in enumerate(value):
            if self._parts > MAX_PARTS:
                return None
            item = read(one, f"{at}/{number}")
            if item is not None:
                found.append(item)
        return tuple(found) if len(found) == len(value) else None

    def _object(self, value: object, at: str, keys: tuple[str, ...]) -> Found | None:
        if not isinstance(value, dict):
            self._note(ScanShape(where=at, expected="object"))
            return None
        extra = tuple(_shown(k) for k in value if k not in keys)[:8]
        missing = tuple(k for k in keys if k not in value)
        if extra or missing:
            self._note(ScanKey(where=at, extra=extra, missing=missing))
            return None
        return value

    def _enter(self, at: str, depth: int) -> bool:
        self._parts += 1
        if depth > MAX_DEPTH:
            self._note(ScanDepth(where=at, limit=MAX_DEPTH))
            return False
        if self._parts == MAX_PARTS + 1:
            self._note(ScanSize(where="/", limit=MAX_PARTS))
        return self._parts <= MAX_PARTS

    def _note(self, fault: Fault) -> None:
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(fault)


T = typing.TypeVar("T", bound=str)
V = typing.TypeVar("V")
Found: TypeAlias = Mapping[str, object]
Build: TypeAlias = Callable[[_Reader, Found, str, int], "Relation | None"]

_MOST_FINDINGS = 100
_TYPES = ("text", "int", "decimal(p,s)", "float", "bool", "date", "timestamp")
_RELATIONS: Mapping[str, tuple[tuple[str, ...], Build]] = {
    "source": (("resource",), _Reader.source),
    "filter": (("input", "predicate"), _Reader.filter),
    "project": (("input", "columns"), _Reader.project),
    "join": (("left", "right", "kind", "on"), _Reader.join),
    "aggregate": (("input", "keys", "measures"), _Reader.aggregate),
    "order": (("input", "keys"), _Reader.order),
    "limit": (("input", "count", "offset"), _Reader.limit),
}


def _shown(value: object) -> str:
    """Return what may be shown of something unexpected: visible text, cut short; else its kind."""
    if isinstance(value, str) and value.isprintable():
        return value[:40]
    return type(value).__name__
