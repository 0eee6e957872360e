"""Rows and scans that have it in them: whatever differs between engines, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

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
    Named,
    Order,
    OrderKey,
    Project,
    Relation,
    Source,
    sources,
)
from connectors.types import arrow_type

__all__ = [
    "EVERYONE",
    "PEOPLE",
    "PLACES",
    "SCANS",
    "TABLES",
    "TYPES",
    "call",
    "integer",
    "named",
    "text",
    "types_of",
]

TYPES: Mapping[str, str] = {
    "id": "text",
    "name": "text",
    "age": "int",
    "balance": "decimal(18,4)",
    "weight": "float",
    "alive": "bool",
    "born": "date",
    "seen": "timestamp",
    "nothing": "text",
    "place": "text",
    "title": "text",
    "rank": "int",
}
"""Ledger types of `PEOPLE` and `PLACES`."""


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> pa.Table:
    arrays = [
        pa.array([row[number] for row in rows], arrow_type(TYPES[name]))
        for number, name in enumerate(columns)
    ]
    return pa.table(arrays, names=list(columns))


def _at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 2, day, hour, 30, 0, 250_000, tzinfo=UTC)


_MOST, _BIG = 2**63 - 1, Decimal("99999999999999.9999")
PEOPLE = _table(
    ["id", "name", "age", "balance", "weight", "alive", "born", "seen", "nothing", "place"],
    [
        ("1", "张三", 30, Decimal("10.5000"), 61.5, True, date(1994, 2, 28), _at(29), None, "a"),
        ("2", "李四", None, Decimal("0.0000"), -0.5, False, date(1900, 1, 1), _at(1), None, "b"),
        ("3", "zhang", 0, None, None, None, None, None, None, None),
        ("4", "Zhang", -7, Decimal("-10.5000"), 0.0, True, date(2024, 2, 29), _at(2), None, "a"),
        ("5", "ZHANG", 7, Decimal("0.0001"), 1e300, False, date(9999, 12, 31), _at(3), None, "A"),
        ("6", "", _MOST, _BIG, 2.5, True, date(1994, 2, 28), _at(29, 16), None, "c"),
        ("7", " 张三", -_MOST, -_BIG, 0.25, None, date(1970, 1, 1), _at(29), None, "a "),
        ("8", None, 30, Decimal("10.5000"), 61.5, False, None, _at(4), None, "b"),
        ("9", "é\u0301ß𠮷", 2, Decimal("2.2500"), -2.5, True, date(1, 1, 1), _at(5), None, "é"),
        ("10", 'O\'Neil "x"; --', 3, Decimal("3.0000"), 3.0, False, None, None, None, "a"),
    ],
)
"""Ten people: NULLs in every column but one, a column of NULLs, largest and smallest numbers, text
that differs in case, blanks, composition and plane, times on both sides of midnight in Shanghai."""

PLACES = _table(
    ["place", "title", "rank"],
    [("a", "甲", 1), ("A", "大甲", 1), ("b", "乙", None), ("d", "丁", 4), (None, "无", 5)],
)


def text(value: str | None) -> Literal:
    """Return a constant text."""
    return Literal(value, "text")


def integer(value: int | None) -> Literal:
    """Return a constant int."""
    return Literal(value, "int")


def _dec(value: str) -> Literal:
    return Literal(Decimal(value), "decimal(18,4)")


def call(op: str, *args: Expr | str) -> Call:
    """Return a call; a plain string names a column."""
    return Call(op, tuple(Column(a) if isinstance(a, str) else a for a in args))


EVERYONE = Source("people")
_DAY, _TIME = Literal(date(1994, 2, 28), "date"), Literal(_at(29), "timestamp")
_IS_X = call("eq", "nothing", text("x"))
_PREDICATES: Mapping[str, Expr] = {
    "text equal": call("eq", "name", text("张三")),
    "text of another case": call("eq", "name", text("zhang")),
    "text before": call("lt", "name", text("Zhang")),
    "text with quotes": call("eq", "name", text("O'Neil \"x\"; --")),
    "text listed": call("in", "name", text("张三"), text(""), text("é\u0301ß𠮷")),
    "text listed with NULL": call("in", "name", text("张三"), text(None)),
    "text not listed with NULL": call("not", call("in", "name", text("张三"), text(None))),
    "listed NULL only": call("is_null", call("in", "age", integer(None))),
    "equal to NULL": call("eq", "age", integer(None)),
    "not equal": call("ne", "age", integer(30)),
    "not of an equality": call("not", call("eq", "age", integer(30))),
    "largest int": call("ge", "age", integer(_MOST)),
    "int beside decimal": call("gt", "age", _dec("2.5000")),
    "decimal equal": call("eq", "balance", _dec("10.5000")),
    "decimal of another scale": call("le", "balance", Literal(Decimal("0.00010"), "decimal(9,5)")),
    "large decimal": call("ge", "balance", Literal(_BIG, "decimal(18,4)")),
    "decimal beside int": call("in", "balance", integer(0), integer(3)),
    "float": call("lt", "weight", Literal(0.0, "float")),
    "float beside int": call("ge", "weight", integer(3)),
    "day": call("le", "born", _DAY),
    "days listed": call("in", "born", _DAY, Literal(date(2024, 2, 29), "date")),
    "time": call("ge", "seen", _TIME),
    "bool": call("eq", "alive", Literal(value=True, type="bool")),
    "bool column": Column("alive"),
    "not a bool column": call("not", "alive"),
    "NULL": Literal(None, "bool"),
    "TRUE": Literal(value=True, type="bool"),
    "missing": call("is_null", "seen"),
    "present": call("not", call("is_null", "balance")),
    "NULL and FALSE": call("not", call("and", _IS_X, call("eq", "id", text("x")))),
    "NULL or TRUE": call("or", _IS_X, call("eq", "id", text("1"))),
    "all sorts at once": call(
        "and",
        call("ne", "id", text("1")),
        call("or", call("gt", "age", integer(1)), call("is_null", "age")),
        call("lt", call("length", "name"), integer(6)),
        call("lt", "balance", _dec("5.0000")),
    ),
    "computed": call("gt", call("mul", "balance", integer(2)), _dec("20.0000")),
    "long list": call("in", "id", *(text(str(n)) for n in range(3, 900))),
}  # fmt: skip

_EXPRESSIONS: Mapping[str, Expr] = {
    "sum of ints that outgrows": call("add", "age", integer(1)),
    "difference": call("sub", "age", integer(2)),
    "product that outgrows": call("mul", "age", integer(3)),
    "quotient of ints": call("div", integer(100), "age"),
    "quotient by zero": call("div", "balance", integer(0)),
    "quotient of zeros": call("div", integer(0), integer(0)),
    "sum of decimals": call("add", "balance", _dec("0.0001")),
    "product of decimals": call("mul", "balance", _dec("1.1111")),
    "quotient of decimals": call("div", "balance", _dec("3.0000")),
    "float sum": call("add", "weight", "weight"),
    "float quotient by zero": call("div", "weight", Literal(0.0, "float")),
    "float that outgrows": call("mul", "weight", Literal(1e300, "float")),
    "lower": call("lower", "name"),
    "upper": call("upper", "name"),
    "length": call("length", "name"),
    "first that is there": call("coalesce", "age", integer(0)),
    "first of int and decimal": call("coalesce", "balance", "age", integer(0)),
    "constant": text("常量"),
    "no constant": Literal(None, "date"),
    "truth": call("eq", "name", text("张三")),
    "missing": call("is_null", "nothing"),
}


def named(*names: str) -> tuple[Named, ...]:
    """Return columns under their own names."""
    return tuple(Named(n, Column(n)) for n in names)


def _scans() -> Iterator[tuple[str, Relation]]:
    yield "everything", EVERYONE
    yield "nothing kept", Filter(EVERYONE, call("eq", "id", text("none")))
    for name, predicate in _PREDICATES.items():
        yield f"filter: {name}", Project(Filter(EVERYONE, predicate), named("id"))
        yield f"filter, count: {name}", _counted(Filter(EVERYONE, predicate))
    for name, expr in _EXPRESSIONS.items():
        yield f"project: {name}", Project(EVERYONE, (*named("id"), Named("told", expr)))
    yield "constants only", Project(EVERYONE, (Named("one", integer(1)),))
    for keys in ((), ("place",), ("born",), ("alive", "place"), ("balance",)):
        yield f"aggregate by {keys}", _aggregated(EVERYONE, keys)
        yield (
            f"aggregate of nothing by {keys}",
            _aggregated(Filter(EVERYONE, call("eq", "id", text("none"))), keys),
        )
        if keys:
            yield f"distinct {keys}", Aggregate(EVERYONE, keys, ())
    for column in ("name", "age", "balance", "weight", "born", "seen", "alive"):
        for descending in (False, True):
            ordered = Order(EVERYONE, (OrderKey(column, descending), OrderKey("id")))
            listed = Project(Limit(ordered, 4, 3), named("id", column))
            yield f"order by {column}, descending {descending}", listed
    by_age = Order(EVERYONE, (OrderKey("age"), OrderKey("id")))
    yield "limit of a limit", Limit(Limit(by_age, 6, 1), 3, 2)
    yield "filter of a limit", Filter(Limit(by_age, 6), call("is_null", "balance"))
    yield "limit to nothing", Limit(by_age, 0)
    yield "limit beyond", Limit(by_age, 100, 8)
    yield from _joins()
    having = call("gt", "rows", integer(1))
    yield "filter of groups", Filter(_aggregated(EVERYONE, ("place",)), having)
    yield "groups of groups", _counted(_aggregated(EVERYONE, ("place",)))


def _counted(relation: Relation) -> Relation:
    return Aggregate(relation, (), (Measure("rows", "count"),))


def _aggregated(relation: Relation, keys: tuple[str, ...]) -> Relation:
    measures = [Measure("rows", "count")]
    for column in ("name", "age", "balance", "weight", "born", "seen", "nothing"):
        measures += [
            Measure(f"count_{column}", "count", column),
            Measure(f"distinct_{column}", "count_distinct", column),
            Measure(f"min_{column}", "min", column),
            Measure(f"max_{column}", "max", column),
        ]
    for column in ("age", "balance", "weight"):
        measures += [
            Measure(f"sum_{column}", "sum", column),
            Measure(f"avg_{column}", "avg", column),
        ]
    return Aggregate(relation, keys, tuple(measures))


def _joins() -> Iterator[tuple[str, Relation]]:
    people = Project(EVERYONE, (*named("id", "age"), Named("at", Column("place"))))
    places = Source("places")
    for kind in ("inner", "left"):
        joined = Join(people, places, kind, (("at", "place"),))
        yield f"{kind} join", joined
        yield f"{kind} join, counted", _counted(joined)
        yield f"{kind} join, filtered", Filter(joined, call("is_null", "rank"))
    ranked = Project(places, named("title", "rank"))
    yield "join on int", Join(people, ranked, "inner", (("age", "rank"),))
    other = Project(EVERYONE, (Named("id_2", Column("id")), Named("place_2", Column("place"))))
    yield "join with itself", Join(people, other, "inner", (("at", "place_2"),))
    groups = Aggregate(EVERYONE, ("place",), (Measure("rows", "count"),))
    renamed = Project(groups, (Named("at", Column("place")), Named("rows", Column("rows"))))
    yield "join of groups", Join(renamed, places, "left", (("at", "place"),))
    twice = (("at", "place"), ("age", "rank"))
    yield "join on two", Join(people, places, "inner", twice)


TABLES: Mapping[str, pa.Table] = {"people": PEOPLE, "places": PLACES}

SCANS: Mapping[str, Relation] = dict(_scans())
"""One scan for each thing that can go wrong; each must give what the local engine gives."""


def types_of(relation: Relation) -> dict[str, str]:
    """Return the ledger's types of the tables a relation reads."""
    read = {s.resource for s in sources(relation)}
    return {c: TYPES[c] for r, table in TABLES.items() if r in read for c in table.schema.names}
