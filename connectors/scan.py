"""State what one source is asked: a closed relational algebra over typed columns, as JSON.

A `Scan` is data, never SQL text: each kind of connector compiles it to its own dialect. The grammar
is closed on both sides: `Scan.from_json` refuses every key, operator and type it does not know, so
that what a node checks is all that a source will be asked.

Semantics, the same for every kind: SQL's three-valued logic; NULLs sort last; division by zero gives
NULL; text compares by code point; `length` counts code points; decimals are exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

from connectors.errors import Fault

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
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
    "ScanMalformed",
    "ScanTooLarge",
    "ScanTypeUnknown",
    "Source",
    "Value",
    "arrow_type",
    "columns",
    "is_type",
    "sources",
]

Value: TypeAlias = str | int | Decimal | bool | date | datetime | float | None

OPERATORS: Final[Mapping[str, tuple[int, int]]] = {
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
"""Operator → fewest and most arguments. ``in`` takes the tested value, then the list."""

_MEASURES = ("count", "count_distinct", "sum", "min", "max", "avg")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESOURCE = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?")
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")
_PLAIN = ("text", "int", "float", "bool", "date", "timestamp")
_DEEPEST = 32
_MOST_NODES = 4096


class ScanMalformed(Fault):
    """A scan outside the closed grammar."""

    code = "scan.malformed"
    zh = "取数描述不符合约定:{problem}。"
    en = "The scan is outside the agreed grammar: {problem}."
    next_zh = "请核对标出的位置。"
    next_en = "Check the place that is named."


class ScanTooLarge(Fault):
    """A scan that is too deep or too big to check."""

    code = "scan.too-large"
    zh = "取数描述过大或嵌套过深(最多 {most} 个节点、{deepest} 层)。"
    en = "The scan is too large or too deep (at most {most} nodes, {deepest} levels)."
    next_zh = "请拆分后再试。"
    next_en = "Split it up and try again."


class ScanTypeUnknown(Fault):
    """A column type the ledger does not have."""

    code = "scan.type-unknown"
    zh = "没有数据类型“{type}”。"
    en = "There is no column type “{type}”."
    next_zh = "可用:text、int、decimal(p,s)、float、bool、date、timestamp。"
    next_en = "Use text, int, decimal(p,s), float, bool, date or timestamp."


# ── Expressions ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the relation below."""

    name: str

    def to_json(self) -> dict[str, object]:
        """Return the expression as JSON."""
        return {"column": self.name}


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant of a ledger type; None is NULL of that type."""

    value: Value
    type: str

    def to_json(self) -> dict[str, object]:
        """Return the constant as JSON: exact, dates and decimals as text."""
        return {"literal": _plain(self.value), "type": self.type}


@dataclass(frozen=True, slots=True)
class Call:
    """An operator of `OPERATORS` on its arguments."""

    op: str
    args: tuple[Expr, ...]

    def to_json(self) -> dict[str, object]:
        """Return the expression as JSON."""
        return {"call": self.op, "args": [a.to_json() for a in self.args]}


Expr: TypeAlias = Column | Literal | Call


# ── Relations ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Named:
    """An expression under a name."""

    name: str
    expr: Expr

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"name": self.name, "expr": self.expr.to_json()}


@dataclass(frozen=True, slots=True)
class Source:
    """A resource of the source, or a dataset id before the node resolved it."""

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
    """These expressions, and nothing else of the rows."""

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
    """An equi-join of two relations of the same source; their column names are disjoint."""

    left: Relation
    right: Relation
    kind: OneOf["inner", "left"]
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
    """One aggregate; `column` is None for ``count`` of rows."""

    name: str
    fn: OneOf["count", "count_distinct", "sum", "min", "max", "avg"]
    column: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"name": self.name, "fn": self.fn, "column": self.column}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row per combination of keys; without keys, exactly one row."""

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
    """A column to sort by; NULLs always last."""

    column: str
    descending: bool = False

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"column": self.column, "descending": self.descending}


@dataclass(frozen=True, slots=True)
class Order:
    """The rows in order."""

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
    """At most `count` rows after `offset`."""

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
    """What one source is asked."""

    relation: Relation

    def to_json(self) -> dict[str, object]:
        """Return the scan as JSON, in the closed grammar."""
        return self.relation.to_json()

    @classmethod
    def from_json(cls, doc: object) -> Scan:
        """Read a scan, refusing everything outside the grammar.

        Raises:
            ScanMalformed: with the JSON pointer of the place.
            ScanTooLarge: more than 4,096 nodes or 32 levels.
            ScanTypeUnknown: a literal of a type the ledger does not have.
        """
        return cls(_Reader().relation(doc, "", 0))


def sources(relation: Relation) -> Iterator[Source]:
    """Yield every source of a relation, left to right."""
    match relation:
        case Source():
            yield relation
        case Join(left=left, right=right):
            yield from sources(left)
            yield from sources(right)
        case _:
            yield from sources(relation.input)


def columns(expr: Expr) -> Iterator[str]:
    """Yield every column an expression reads, in order of appearance, repeats included."""
    match expr:
        case Column(name=name):
            yield name
        case Call(args=args):
            for arg in args:
                yield from columns(arg)


def is_type(name: str) -> bool:
    """Say whether a text names a ledger type."""
    found = _DECIMAL.fullmatch(name)
    return name in _PLAIN or (
        found is not None and 1 <= int(found[1]) <= 38 and int(found[2]) <= int(found[1])
    )


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a ledger type; timestamps are microseconds in UTC.

    Raises:
        ScanTypeUnknown: no such type.
    """
    import pyarrow as pa

    if not is_type(name):
        raise ScanTypeUnknown(type=name)
    if found := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(found[1]), int(found[2]))
    return {
        "text": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }[name]


def _plain(value: Value) -> object:
    if isinstance(value, date):  # and datetime
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value


class _Reader:
    """Read one document; counts what it has read."""

    def __init__(self) -> None:
        self._left = _MOST_NODES

    def relation(self, doc: object, at: str, depth: int) -> Relation:
        """Read a relation at a JSON pointer."""
        self._count(depth, at)
        op = doc.get("op") if isinstance(doc, dict) else None
        read = getattr(self, f"_{op}", None) if op in _RELATIONS else None
        if read is None:
            raise ScanMalformed(problem="op", where=at)
        fields = _fields(doc, _RELATIONS[str(op)], at)
        found: Relation = read(fields, at, depth + 1)
        return found

    def expr(self, doc: object, at: str, depth: int) -> Expr:
        """Read an expression at a JSON pointer."""
        self._count(depth, at)
        if isinstance(doc, dict) and "column" in doc:
            return Column(_name(_fields(doc, ("column",), at)["column"], f"{at}/column"))
        if isinstance(doc, dict) and "literal" in doc:
            return _literal(_fields(doc, ("literal", "type"), at), at)
        fields = _fields(doc, ("call", "args"), at)
        op, args = fields["call"], fields["args"]
        if not isinstance(op, str) or op not in OPERATORS or not isinstance(args, list):
            raise ScanMalformed(problem="call", where=at)
        fewest, most = OPERATORS[op]
        if not fewest <= len(args) <= most:
            raise ScanMalformed(problem=f"{op}: {len(args)} args", where=f"{at}/args")
        return Call(
            op, tuple(self.expr(a, f"{at}/args/{i}", depth + 1) for i, a in enumerate(args))
        )

    def _count(self, depth: int, at: str) -> None:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise ScanTooLarge(most=_MOST_NODES, deepest=_DEEPEST, where=at[:200])

    def _source(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        del depth
        resource = fields["resource"]
        if not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
            raise ScanMalformed(problem="resource", where=f"{at}/resource")
        return Source(resource)

    def _filter(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        below = self.relation(fields["input"], f"{at}/input", depth)
        return Filter(below, self.expr(fields["predicate"], f"{at}/predicate", depth))

    def _project(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        below = self.relation(fields["input"], f"{at}/input", depth)
        named = []
        for i, doc in enumerate(_items(fields["columns"], f"{at}/columns", fewest=1)):
            here = f"{at}/columns/{i}"
            item = _fields(doc, ("name", "expr"), here)
            name = _name(item["name"], f"{here}/name")
            named.append(Named(name, self.expr(item["expr"], f"{here}/expr", depth)))
        _distinct([n.name for n in named], f"{at}/columns")
        return Project(below, tuple(named))

    def _join(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        kind = fields["kind"]
        if kind != "inner" and kind != "left":  # noqa: PLR1714 - narrows the type
            raise ScanMalformed(problem="kind", where=f"{at}/kind")
        pairs = []
        for i, pair in enumerate(_items(fields["on"], f"{at}/on", fewest=1)):
            here = f"{at}/on/{i}"
            if not isinstance(pair, list) or len(pair) != 2:
                raise ScanMalformed(problem="on", where=here)
            pairs.append((_name(pair[0], here), _name(pair[1], here)))
        left = self.relation(fields["left"], f"{at}/left", depth)
        right = self.relation(fields["right"], f"{at}/right", depth)
        return Join(left, right, kind, tuple(pairs))

    def _aggregate(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        below = self.relation(fields["input"], f"{at}/input", depth)
        keys = tuple(_name(k, f"{at}/keys") for k in _items(fields["keys"], f"{at}/keys"))
        measures = tuple(
            _measure(doc, f"{at}/measures/{i}")
            for i, doc in enumerate(_items(fields["measures"], f"{at}/measures"))
        )
        if not keys and not measures:
            raise ScanMalformed(problem="measures", where=at)
        _distinct([*keys, *(m.name for m in measures)], at)
        return Aggregate(below, keys, measures)

    def _order(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        below = self.relation(fields["input"], f"{at}/input", depth)
        keys = []
        for i, doc in enumerate(_items(fields["keys"], f"{at}/keys", fewest=1)):
            item = _fields(doc, ("column", "descending"), f"{at}/keys/{i}")
            descending = item["descending"]
            if not isinstance(descending, bool):
                raise ScanMalformed(problem="descending", where=f"{at}/keys/{i}")
            keys.append(OrderKey(_name(item["column"], f"{at}/keys/{i}"), descending))
        return Order(below, tuple(keys))

    def _limit(self, fields: Mapping[str, object], at: str, depth: int) -> Relation:
        below = self.relation(fields["input"], f"{at}/input", depth)
        count, offset = fields["count"], fields["offset"]
        for value, name in ((count, "count"), (offset, "offset")):
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
                raise ScanMalformed(problem=name, where=f"{at}/{name}")
        assert isinstance(count, int)  # noqa: S101 - tested above
        assert isinstance(offset, int)  # noqa: S101 - tested above
        return Limit(below, count, offset)


_RELATIONS: Mapping[str, tuple[str, ...]] = {
    "source": ("op", "resource"),
    "filter": ("op", "input", "predicate"),
    "project": ("op", "input", "columns"),
    "join": ("op", "left", "right", "kind", "on"),
    "aggregate": ("op", "input", "keys", "measures"),
    "order": ("op", "input", "keys"),
    "limit": ("op", "input", "count", "offset"),
}


def _fields(doc: object, names: Sequence[str], at: str) -> Mapping[str, object]:
    if not isinstance(doc, dict) or set(doc) != set(names):
        raise ScanMalformed(problem=f"keys ≠ {', '.join(names)}", where=at)
    return doc


def _items(doc: object, at: str, *, fewest: int = 0) -> list[object]:
    if not isinstance(doc, list) or len(doc) < fewest:
        raise ScanMalformed(problem="list", where=at)
    return doc


def _name(doc: object, at: str) -> str:
    if not isinstance(doc, str) or not _NAME.fullmatch(doc):
        raise ScanMalformed(problem="name", where=at)
    return doc


def _distinct(names: Sequence[str], at: str) -> None:
    if len(set(names)) != len(names):
        raise ScanMalformed(problem="names repeat", where=at)


def _measure(doc: object, at: str) -> Measure:
    item = _fields(doc, ("name", "fn", "column"), at)
    fn, column = item["fn"], item["column"]
    if fn not in _MEASURES or (column is None and fn != "count"):
        raise ScanMalformed(problem="fn", where=at)
    name = _name(item["name"], f"{at}/name")
    return Measure(name, fn, None if column is None else _name(column, f"{at}/column"))  # type: ignore[arg-type] # tested above


def _literal(item: Mapping[str, object], at: str) -> Literal:
    kind = item["type"]
    if not isinstance(kind, str) or not is_type(kind):
        raise ScanTypeUnknown(type=str(kind)[:40], where=f"{at}/type")
    return Literal(_value(item["literal"], kind, f"{at}/literal"), kind)


def _value(raw: object, kind: str, at: str) -> Value:
    """Return a constant in the Python type of its ledger type."""
    if raw is None:
        return None
    wanted = {"int": (int,), "bool": (bool,), "float": (int, float)}.get(kind, (str,))
    if not isinstance(raw, wanted) or (isinstance(raw, bool) and kind != "bool"):
        raise ScanMalformed(problem=f"literal ≠ {kind}", where=at)
    try:
        match kind:
            case "date":
                return date.fromisoformat(str(raw))
            case "timestamp":
                moment = datetime.fromisoformat(str(raw))
                if moment.tzinfo is None:
                    raise ScanMalformed(problem="timestamp without offset", where=at)
                return moment
            case "text" | "int" | "bool" | "float":
                return raw  # type: ignore[return-value] # its type was tested above
            case _:
                return _exact(str(raw))
    except (ValueError, InvalidOperation):
        raise ScanMalformed(problem=f"literal ≠ {kind}", where=at) from None


def _exact(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise InvalidOperation
    return value
