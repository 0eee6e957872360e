"""A scan means the same to every kind: what a plain interpreter, row by row, takes it to mean."""
# ruff: noqa: C901, PLR0911 - an interpreter is one match over everything there is

import math
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cmp_to_key

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from connectors.check import Row, common_type, plan, type_of, type_of_measure
from connectors.errors import Findings
from connectors.scan import (
    FNS,
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
    Scan,
    Source,
)
from connectors.types import ColumnType, Value, arrow_type, parse_type

P = {"t": "text", "u": "text", "i": "int", "j": "int", "m": "decimal(9,2)", "k": "decimal(12,4)",
     "f": "float", "b": "bool", "d": "date", "s": "timestamp"}  # fmt: skip
Q = {"qt": "text", "qi": "int", "qm": "decimal(9,2)", "qd": "date", "qs": "timestamp"}
TABLES: Mapping[str, Mapping[str, str]] = {"p": P, "q": Q}
TYPES = {**P, **Q}
MANY = Context(prec=400, rounding=ROUND_HALF_UP)

# ── The interpreter ───────────────────────────────────────────────────────────────────────────────

Rows = list[dict[str, Value]]
Tables = Mapping[str, Rows]


class Plain:
    """Interpret a scan over lists of dicts, with nothing but Python's own values."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def run(self, relation: Relation) -> tuple[dict[str, ColumnType], Rows]:
        match relation:
            case Source(resource=name):
                return {c: parse_type(t) for c, t in TABLES[name].items()}, self.tables[name]
            case Join():
                return self._join(relation)
        row, rows = self.run(relation.input)
        match relation:
            case Filter(predicate=predicate):
                return row, [r for r in rows if evaluate(predicate, row, r) is True]
            case Project(columns=named):
                types = {n.name: type_of(n.expr, row) for n in named}
                made = [
                    {n.name: as_type(evaluate(n.expr, row, r), types[n.name]) for n in named}
                    for r in rows
                ]
                return types, made
            case Order(keys=keys):
                return row, sorted(rows, key=cmp_to_key(lambda a, b: _order(a, b, keys)))
            case Limit(count=count, offset=offset):
                return row, rows[offset : offset + count]
            case Aggregate(keys=names, measures=measures):
                return _aggregate(names, measures, row, rows)

    def _join(self, relation: Join) -> tuple[dict[str, ColumnType], Rows]:
        left, lefts = self.run(relation.left)
        right, rights = self.run(relation.right)
        joined: Rows = []
        for one in lefts:
            hits = [r for r in rights if all(_equal(one[a], r[b]) for a, b in relation.on)]
            if not hits and relation.kind == "left":
                hits = [dict.fromkeys(right)]
            joined += [{**one, **hit} for hit in hits]
        return {**left, **right}, joined


def _equal(one: Value, other: Value) -> bool:
    return one is not None and other is not None and one == other


def _order(one: dict[str, Value], other: dict[str, Value], keys: tuple[OrderKey, ...]) -> int:
    for key in keys:
        a, b = one[key.column], other[key.column]
        if a is None or b is None:
            told = (a is None) - (b is None)
        else:
            told = ((a > b) - (a < b)) * (-1 if key.descending else 1)
        if told:
            return told
    return 0


def _aggregate(
    names: tuple[str, ...], measures: tuple[Measure, ...], row: Row, rows: Rows
) -> tuple[dict[str, ColumnType], Rows]:
    groups: dict[tuple[Value, ...], Rows] = {} if names else {(): []}
    for one in rows:
        groups.setdefault(tuple(one[n] for n in names), []).append(one)
    types = {n: row[n] for n in names} | {
        m.name: type_of_measure(m, row) or parse_type("int") for m in measures
    }
    made = [
        {
            **dict(zip(names, key, strict=True)),
            **{m.name: _measure(m, row, group, types[m.name]) for m in measures},
        }
        for key, group in groups.items()
    ]
    return types, made


def _measure(measure: Measure, row: Row, group: Rows, to: ColumnType) -> Value:
    if measure.column is None:
        return len(group)
    values = [r[measure.column] for r in group if r[measure.column] is not None]
    if measure.fn == "count":
        return len(values)
    if measure.fn == "count_distinct":
        return len(set(values))
    if not values:
        return None
    if measure.fn in ("min", "max"):
        return (min if measure.fn == "min" else max)(values)
    if row[measure.column].kind == "float":
        total = math.fsum(values)
        return _finite(total if measure.fn == "sum" else total / len(values))
    total = sum((Decimal(v) for v in values), Decimal())
    exact = total if measure.fn == "sum" else MANY.divide(total, Decimal(len(values)))
    return as_type(exact, to)


def evaluate(expr: Expr, row: Row, values: Mapping[str, Value]) -> Value:
    if isinstance(expr, Column):
        return values[expr.name]
    if isinstance(expr, Literal):
        return expr.value
    args = [evaluate(a, row, values) for a in expr.args]
    match expr.op:
        case "and":
            return False if False in args else None if None in args else True
        case "or":
            return True if True in args else None if None in args else False
        case "is_null":
            return args[0] is None
        case "coalesce":
            to = type_of(expr, row)
            return as_type(next((a for a in args if a is not None), None), to)
        case "in":
            types = [type_of(a, row) for a in expr.args]
            told = [
                _compared("eq", args[0], a, types[0], t)
                for a, t in zip(args[1:], types[1:], strict=True)
            ]
            return True if True in told else None if None in told else False
    if None in args:
        return None
    if expr.op in ("add", "sub", "mul", "div"):
        return _computed(expr.op, *args, type_of(expr, row))
    unary: Mapping[str, Callable[[Value], Value]] = {
        "not": lambda a: not a, "lower": str.lower, "upper": str.upper, "length": len,
    }  # fmt: skip
    if expr.op in unary:
        return unary[expr.op](args[0])
    return _compared(expr.op, *args, *(type_of(a, row) for a in expr.args))


def _compared(op: str, a: Value, b: Value, of: ColumnType, other: ColumnType) -> bool | None:
    if a is None or b is None:
        return None
    common = common_type(of, other)
    if common is not None and common.kind == "float":
        a, b = float(a), float(b)
    told = {"eq": a == b, "ne": a != b}
    if op in told:
        return told[op]
    return {"lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b}[op]


def _computed(op: str, a: Value, b: Value, to: ColumnType) -> Value:
    try:
        if to.kind == "float":
            x, y = float(a), float(b)
            return _finite({"add": x + y, "sub": x - y, "mul": x * y}[op] if op != "div" else x / y)
        x, y = Decimal(a), Decimal(b)
        apply = {"add": MANY.add, "sub": MANY.subtract, "mul": MANY.multiply, "div": MANY.divide}
        return as_type(apply[op](x, y), to)
    except ArithmeticError:
        return None


def _finite(number: float) -> float | None:
    return number + 0.0 if math.isfinite(number) else None


def as_type(value: Value, to: ColumnType) -> Value:
    if value is None or to.kind not in ("int", "decimal", "float"):
        return value
    if to.kind == "float":
        return float(value)
    if to.kind == "int":
        return int(value) if -(2**63) <= value < 2**63 else None
    rounded = MANY.quantize(Decimal(value), Decimal(1).scaleb(-to.scale))
    return rounded if abs(rounded) < Decimal(10) ** (to.precision - to.scale) else None


# ── What is tried ─────────────────────────────────────────────────────────────────────────────────

WORDS = [
    "",
    "a",
    "A",
    "b",
    "ab",
    " a",
    "a ",
    "张三",
    "张",
    "é",
    "e\u0301",
    "𠮷",
    "1",
    "01",
    "10",
    "9",
]
DAYS = [date(1, 1, 1), *(date(2024, 2, 26) + timedelta(n) for n in range(6))]
TIMES = [datetime(2024, 2, 28, 15, 57 + n, tzinfo=UTC) for n in range(3)]
TIMES += [datetime(2024, 2, 28, 16, n, 0, n, tzinfo=UTC) for n in range(3)]
POOLS: Mapping[str, st.SearchStrategy[Value]] = {
    "text": st.sampled_from(WORDS),
    "int": st.sampled_from([0, 1, -1, 2, 3, 7, 10, 10**9, 2**63 - 1, -(2**63)]),
    "decimal": st.integers(-30, 30).map(lambda n: Decimal(n) / 4) | st.just(Decimal("99999.99")),
    "float": st.integers(-12, 12).map(lambda n: n / 4) | st.sampled_from([1e300, -1e300]),
    "bool": st.booleans(),
    "date": st.sampled_from(DAYS),
    "timestamp": st.sampled_from(TIMES),
}
NUMBERS = ("int", "decimal", "float")
TESTS = ["and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "in", "is_null"]


def values_of(name: str) -> st.SearchStrategy[Value]:
    of = parse_type(name)
    if of.kind != "decimal":
        return POOLS[of.kind]
    return POOLS["decimal"].map(lambda d: d.quantize(Decimal(1).scaleb(-of.scale)))


def tables() -> st.SearchStrategy[Tables]:
    def rows(types: Mapping[str, str]) -> st.SearchStrategy[Rows]:
        row = {c: st.none() | values_of(t) for c, t in types.items()}
        return st.lists(st.fixed_dictionaries(row), max_size=8)

    return st.fixed_dictionaries({name: rows(types) for name, types in TABLES.items()})


class Writer:
    """Write a scan by drawing one choice after the other."""

    def __init__(self, draw) -> None:
        self.draw = draw
        self.names = 0

    def scan(self) -> Relation:
        name = self.draw(st.sampled_from(["p", "q"]))
        relation, row = self._source(name), self._row(name)
        for _ in range(self.draw(st.integers(0, 4))):
            step = self.draw(
                st.sampled_from(
                    [self.filter, self.filter, self.project, self.aggregate, self.join, self.limit]
                )
            )
            relation, row = step(relation, row)
        return relation

    def filter(self, relation: Relation, row: Row) -> tuple[Relation, Row]:
        return Filter(relation, self.expr(row, "bool", 3)), row

    def project(self, relation: Relation, row: Row) -> tuple[Relation, Row]:
        made: dict[str, Expr] = {}
        for _ in range(self.draw(st.integers(1, 4))):
            kind = self.draw(st.sampled_from(["keep", "keep", *POOLS]))
            expr = Column(self._any(row)) if kind == "keep" else self.expr(row, kind, 3)
            made[self.fresh()] = expr
        types = {n: type_of(e, row) for n, e in made.items()}
        return Project(relation, tuple(Named(n, e) for n, e in made.items())), types

    def aggregate(self, relation: Relation, row: Row) -> tuple[Relation, Row]:
        keys = tuple(self.draw(st.lists(st.sampled_from(list(row)), max_size=2, unique=True)))
        measures = []
        for _ in range(self.draw(st.integers(0 if keys else 1, 3))):
            fn = self.draw(st.sampled_from(FNS))
            column = self._any(row)
            measure = Measure(self.fresh(), fn, column)
            if type_of_measure(measure, row) is None:
                measure = Measure(measure.name, "count", self.draw(st.sampled_from([None, column])))
            measures.append(measure)
        types = {k: row[k] for k in keys}
        types |= {m.name: type_of_measure(m, row) or parse_type("int") for m in measures}
        return Aggregate(relation, keys, tuple(measures)), types

    def join(self, relation: Relation, row: Row) -> tuple[Relation, Row]:
        name = self.draw(st.sampled_from(["p", "q"]))
        other = self._row(name)
        pairs = [
            (mine, theirs)
            for mine, of in row.items()
            for theirs, kind in other.items()
            if (c := common_type(of, kind)) is not None and c.kind != "float"
        ]
        if not pairs:
            return relation, row
        on = self.draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=2, unique=True))
        fresh = {c: self.fresh() for c in other}
        right = Project(self._source(name), tuple(Named(fresh[c], Column(c)) for c in other))
        kind = self.draw(st.sampled_from(["inner", "left"]))
        joined = Join(relation, right, kind, tuple((m, fresh[t]) for m, t in on))
        return joined, {**row, **{fresh[c]: of for c, of in other.items()}}

    def limit(self, relation: Relation, row: Row) -> tuple[Relation, Row]:
        """Order by every column, so that which rows a limit keeps is settled."""
        columns = self.draw(st.permutations(list(row)))
        keys = tuple(OrderKey(c, self.draw(st.booleans())) for c in columns)
        count, offset = self.draw(st.integers(0, 6)), self.draw(st.integers(0, 2))
        return Limit(Order(relation, keys), count, offset), row

    def expr(self, row: Row, kind: str, depth: int) -> Expr:
        columns = [c for c, of in row.items() if of.kind == kind]
        if columns and (depth == 0 or self.draw(st.booleans())):
            return Column(self.draw(st.sampled_from(columns)))
        if depth == 0 or self.draw(st.integers(0, 3)) == 0:
            return self.constant(kind)
        return self._call(row, kind, depth - 1)

    def constant(self, kind: str) -> Literal:
        name = (
            self.draw(st.sampled_from(["decimal(9,2)", "decimal(8,3)"]))
            if kind == "decimal"
            else kind
        )
        return Literal(self.draw(st.none() | values_of(name)), name)

    def _call(self, row: Row, kind: str, depth: int) -> Expr:
        def sub(of: str) -> Expr:
            return self.expr(row, of, depth)

        if kind == "bool" and self.draw(st.integers(0, 3)):
            return self._test(sub)
        if kind == "text" and self.draw(st.booleans()):
            return Call(self.draw(st.sampled_from(["lower", "upper"])), (sub("text"),))
        if kind in NUMBERS and self.draw(st.integers(0, 3)):
            if kind == "int" and self.draw(st.booleans()):
                return Call("length", (sub("text"),))
            ops = ["add", "sub", "mul"] if kind == "int" else ["add", "sub", "mul", "div"]
            other = self.draw(st.sampled_from([kind, "int"]))
            return Call(self.draw(st.sampled_from(ops)), (sub(kind), sub(other)))
        return Call("coalesce", (sub(kind), sub(kind)))

    def _test(self, sub: Callable[[str], Expr]) -> Expr:
        op = self.draw(st.sampled_from(TESTS))
        if op in ("and", "or"):
            return Call(op, tuple(sub("bool") for _ in range(self.draw(st.integers(2, 3)))))
        if op == "not":
            return Call(op, (sub("bool"),))
        is_bool_taken = op in ("eq", "ne", "in", "is_null")
        kind = self.draw(st.sampled_from([k for k in POOLS if k != "bool" or is_bool_taken]))
        if op == "is_null":
            return Call(op, (sub(kind),))
        if op == "in":
            constants = tuple(self.constant(kind) for _ in range(self.draw(st.integers(1, 3))))
            return Call(op, (sub(kind), *constants))
        other = self.draw(st.sampled_from(NUMBERS)) if kind in NUMBERS else kind
        return Call(op, (sub(kind), sub(other)))

    def fresh(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def _any(self, row: Row) -> str:
        return self.draw(st.sampled_from(list(row)))

    def _source(self, name: str) -> Relation:
        return Project(Source(name), tuple(Named(c, Column(c)) for c in TABLES[name]))

    def _row(self, name: str) -> dict[str, ColumnType]:
        return {c: parse_type(t) for c, t in TABLES[name].items()}


@st.composite
def relations(draw) -> Relation:
    try:
        return Writer(draw).scan()
    except TypeError:  # numbers with more digits than any type holds
        assume(condition=False)
        raise


# ── The law ───────────────────────────────────────────────────────────────────────────────────────


def _means_the_same(kits, tables: Tables, relation: Relation) -> None:
    typed = {r: {c: parse_type(t) for c, t in types.items()} for r, types in TABLES.items()}
    try:
        plan(Scan(relation), "x", TABLES, typed)
    except Findings:
        assume(condition=False)
    row, rows = Plain(tables).run(relation)
    arrow = {
        name: pa.table(
            {c: pa.array([r[c] for r in tables[name]], arrow_type(t)) for c, t in types.items()}
        )
        for name, types in TABLES.items()
    }
    for kit in kits:
        with closing(kit.make(arrow)) as connector:
            told = connector.run(Scan(relation), TYPES).read_all()
        assert told.schema.names == list(row), kit.name
        assert [arrow_type(of) for of in row.values()] == told.schema.types, kit.name
        assert Counter(map(_shown, told.to_pylist())) == Counter(map(_shown, rows)), kit.name


def _shown(row: Mapping[str, Value]) -> tuple[Value, ...]:
    return tuple(row.values())


def _plain(kits):
    return [
        k for k in kits if k.name in ("memory, the ledger's types", "sqlite, declared properly")
    ]


FOUND = {
    "a constant before a column": Call("coalesce", (Literal(0.0, "float"), Column("f"))),
    "NULL before a column": Call("coalesce", (Literal(None, "float"), Column("f"))),
    "constants only": Call("coalesce", (Literal(None, "float"), Literal(None, "int"))),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_once_found_different_stays_the_same(kits, name):
    """Each was drawn once, and Polars did not repeat a constant for every row."""
    row = dict.fromkeys(P)
    for one in (Literal(None, "int"), Literal(0, "int"), Column("i")):
        relation = Filter(Source("p"), Call("eq", (one, FOUND[name])))
        for value in (None, 0.0, 1.5):
            rows = [{**row, "f": value, "i": n} for n in range(8)]
            _means_the_same(
                kits, {"p": rows, "q": []}, Project(relation, (Named("i", Column("i")),))
            )


def test_floats_are_summed_exactly_in_whatever_order(kits):
    row = dict.fromkeys(P)
    rows = [{**row, "f": f} for f in (1e300, 0.25, -1e300, 0.1, 0.1, 0.1)]
    measures = (Measure("total", "sum", "f"), Measure("mean", "avg", "f"))
    for turned in range(len(rows)):
        turning = {"p": rows[turned:] + rows[:turned], "q": []}
        _means_the_same(_plain(kits), turning, Aggregate(Source("p"), (), measures))


QUIET = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(tables=tables(), relation=relations(), other=st.integers(0))
def test_a_scan_means_the_same_to_every_kind(kits, tables, relation, other):
    plain = [
        k for k in kits if k.name in ("memory, the ledger's types", "sqlite, declared properly")
    ]
    drawn = kits[other % len(kits)]
    _means_the_same([*plain, drawn], tables, relation)


@pytest.mark.postgres
def test_groups_of_short_texts_are_the_same_to_every_server(servers):
    """Drawn once: PostgreSQL groups by the very expression that is listed."""
    rows = [{**dict.fromkeys(P), "t": t, "f": f} for t in ("a", "b", None) for f in (1.5, None)]
    for keys in (("t",), ("f",), ("t", "f", "m")):
        _means_the_same(servers, {"p": rows, "q": []}, Aggregate(Source("p"), keys, ()))


@pytest.mark.postgres
@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(tables=tables(), relation=relations(), other=st.integers(0))
def test_a_scan_means_the_same_to_every_server(servers, tables, relation, other):
    _means_the_same([servers[0], servers[other % len(servers)]], tables, relation)


@pytest.mark.prove
@pytest.mark.postgres
@pytest.mark.timeout(3600)
@settings(max_examples=2_000, deadline=None, suppress_health_check=QUIET)
@given(tables=tables(), relation=relations(), other=st.integers(0))
def test_a_scan_means_the_same_to_every_server_at_length(servers, tables, relation, other):
    _means_the_same([servers[0], servers[other % len(servers)]], tables, relation)


@pytest.mark.prove
@pytest.mark.timeout(3600)
@settings(max_examples=5_000, deadline=None, suppress_health_check=QUIET)
@given(tables=tables(), relation=relations(), other=st.integers(0))
def test_a_scan_means_the_same_to_every_kind_at_length(kits, tables, relation, other):
    _means_the_same([*_plain(kits), kits[other % len(kits)]], tables, relation)
