"""Turn the part of a scan that a SQL source can do with equal answers into one SELECT.

`split` walks a planned relation from its sources up and pushes what the dialect vouches for; what
remains is run by `connectors.engine` over the rows that come. SQL is built as a sqlglot AST only:
names are quoted identifiers, constants are bound parameters, and no text of a caller is ever part
of a statement.

A column is *exact* when the source finds its raw values equal just when the ledger's type would,
and *ordered* when it also sorts them so. Only exact columns are compared, grouped or joined in the
source, and only ordered ones sorted. A value that is not what the ledger says may go unseen when
the source has filtered its row out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sqlglot import exp

from connectors.check import Leaf, conjuncts
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
)
from connectors.types import ColumnType, Value, parse_type

__all__ = ["PUSHES", "Dialect", "Query", "SqlColumn", "as_it_is", "split"]

Sql: TypeAlias = "exp.Expr"

PUSHES = frozenset({"filter", "project", "join", "aggregate", "order", "limit"})
"""What a SQL source can be vouched for; see `connectors.base.Capabilities`."""


def as_it_is(sql: Sql) -> Sql:
    """Return an expression unchanged."""
    return sql


def _any(_value: Value) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column of a relation inside a statement.

    Attributes:
        sql: how it is read there.
        type: its ledger type.
        table: the resource it comes from.
        name: its name there; faults name it so.
        is_exact: whether the source may compare it.
        transfer: how it is read so that nothing is lost on the way out.
        read: what stands for it wherever it is used.
        equal: how it is written where it is tested for equality, grouped or joined.
        order: how it is written where it is sorted, text by code point; None where the source
            would sort it otherwise than the ledger.
        family: columns of one family can be compared with one another.
        takes: whether a constant can be compared with it in the source.
        constant: how such a constant is written, if not as the dialect does.
        narrows: whether, though not exact, it is at least equal there whenever it is here; then
            rows are found by it, and compared again here.
    """

    sql: Sql
    type: ColumnType
    table: str
    name: str
    is_exact: bool
    transfer: Callable[[Sql], Sql]
    read: Callable[[Sql], Sql] = as_it_is
    equal: Callable[[Sql], Sql] = as_it_is
    order: Callable[[Sql], Sql] | None = as_it_is
    family: str = ""
    takes: Callable[[Value], bool] = _any
    constant: Callable[[Sql], Sql] | None = None
    narrows: bool = False


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a SQL source is vouched for.

    Attributes:
        name: sqlglot's name of it.
        exact: ledger kinds whose constants can be bound and compared.
        schema: where its tables are; None where they need no more than their names.
        constant: how a bound constant of a type is written.
        pushes: parts of a scan that it does.
    """

    name: str
    exact: frozenset[str]
    schema: str | None = None
    constant: Callable[[Sql, ColumnType], Sql] = lambda sql, _of: sql
    pushes: frozenset[str] = PUSHES


@dataclass(frozen=True, slots=True)
class Query:
    """One statement, the constants bound to it, and what its columns are.

    Attributes:
        tree: the SELECT.
        parameters: name → value, for ``:name`` in the statement.
        columns: name in the answer → what it is, in order.
    """

    tree: exp.Select
    parameters: Mapping[str, Value]
    columns: Mapping[str, SqlColumn]

    def sql(self, dialect: Dialect) -> str:
        """Return the statement."""
        return self.tree.sql(dialect=dialect.name, comments=False)


def split(
    relation: Relation,
    tables: Mapping[str, Mapping[str, SqlColumn]],
    leaves: Mapping[str, Leaf],
    dialect: Dialect,
) -> tuple[Relation | None, Mapping[str, tuple[Leaf, Query]]]:
    """Divide a relation between the source and the engine.

    Args:
        relation: the relation of a plan.
        tables: label → column → how the source reads it.
        leaves: label → what is read there.
        dialect: what the source is vouched for.

    Returns:
        What is left for the engine, over labels; None where the one query is the whole answer. And
        label → what the query under that label gives, and the query.
    """
    splitter = _Splitter(tables, leaves, dialect)
    rest = splitter.relation(relation)
    if isinstance(rest, _Part):
        label = splitter.keep(rest)
        return None, {label: splitter.kept[label]}
    return rest, splitter.kept


@dataclass(frozen=True, slots=True)
class _Part:
    """A relation that is a SELECT so far without its list.

    Attributes:
        select: FROM, WHERE, GROUP BY, LIMIT.
        columns: name → column, those of the relation.
        is_open: whether a WHERE may still be added.
        order: the order its rows are in, and still count in.
    """

    select: exp.Select
    columns: Mapping[str, SqlColumn]
    is_open: bool = True
    is_limited: bool = False
    order: tuple[tuple[SqlColumn, bool], ...] = ()


@dataclass(slots=True)
class _Splitter:
    tables: Mapping[str, Mapping[str, SqlColumn]]
    leaves: Mapping[str, Leaf]
    dialect: Dialect
    kept: dict[str, tuple[Leaf, Query]] = field(default_factory=dict)
    _parameters: dict[str, Value] = field(default_factory=dict)
    _names: int = 0

    def relation(self, relation: Relation) -> _Part | Relation:
        """Return a part where the source can do it all, else what is left for the engine."""
        match relation:
            case Source(resource=label):
                return self._source(label)
            case Join():
                return self._join(relation)
            case Filter():
                return self._filter(relation)
        below = self.relation(relation.input)
        if isinstance(below, _Part):
            done = self._over(relation, below)
            if done is not None:
                return done
            below = Source(self.keep(below))
        return replace(relation, input=below)

    def keep(self, part: _Part) -> str:
        """Note a part as a query of its own and return its label."""
        label = f"#q{len(self.kept)}"
        row = {name: column.type for name, column in part.columns.items()}
        origins = {name: (column.table, column.name) for name, column in part.columns.items()}
        resource = next((table for table, _ in origins.values()), "")
        self.kept[label] = (Leaf(resource, row, origins), self._query(part))
        return label

    def _source(self, label: str) -> _Part:
        alias = self._name("t")
        resource = self.leaves[label].resource
        schema = self.dialect.schema
        table = exp.Table(
            this=_quoted(resource),
            db=None if schema is None else _quoted(schema),
            alias=exp.TableAlias(this=_quoted(alias)),
        )
        columns = {
            name: replace(column, sql=column.read(_column(alias, column.name)))
            for name, column in self.tables[label].items()
        }
        return _Part(exp.Select().from_(table), columns)

    def _over(self, relation: Project | Aggregate | Order | Limit, below: _Part) -> _Part | None:
        """Return the relation over a part; None where that is for the engine."""
        pushes = self.dialect.pushes
        match relation:
            case Project():
                return _renamed(relation, below) if "project" in pushes else None
            case Aggregate():
                return self._aggregate(relation, below) if "aggregate" in pushes else None
            case Order():
                return self._order(relation, below) if "order" in pushes else None
            case Limit():
                return self._limit(relation, below) if "limit" in pushes else None

    def _order(self, relation: Order, below: _Part) -> _Part | None:
        if not all(_is_ordered(below.columns[k.column]) for k in relation.keys):
            return None
        below = self._nested(below) if below.is_limited else below
        order = tuple((below.columns[k.column], k.descending) for k in relation.keys)
        return replace(below, order=order)

    def _limit(self, relation: Limit, below: _Part) -> _Part | None:
        if below.is_limited:
            return None
        select = self._ordered(below).limit(relation.count).offset(relation.offset)
        return replace(below, select=select, is_open=False, is_limited=True)

    def _filter(self, relation: Filter) -> _Part | Relation:
        below = self.relation(relation.input)
        if not isinstance(below, _Part):
            return replace(relation, input=below)
        parts = conjuncts(relation.predicate)
        is_pushed = "filter" in self.dialect.pushes
        pushed = [p for p in parts if is_pushed and self._is_pushable(p, below.columns)]
        asked = [p for p in parts if p in pushed or (is_pushed and _is_narrow(p, below.columns))]
        if asked:
            below = below if below.is_open else self._nested(below)
            tests = [self._test(p, below.columns) for p in asked]
            below = replace(below, select=below.select.where(_balanced(exp.And, tests)))
        rest = tuple(p for p in parts if p not in pushed)
        if not rest:
            return replace(below, order=())
        predicate = rest[0] if len(rest) == 1 else Call("and", rest)
        return Filter(Source(self.keep(replace(below, order=()))), predicate)

    def _join(self, relation: Join) -> _Part | Relation:
        left, right = self.relation(relation.left), self.relation(relation.right)
        is_pushed = "join" in self.dialect.pushes
        if is_pushed and isinstance(left, _Part) and isinstance(right, _Part):
            pairs = [(left.columns[m], right.columns[t]) for m, t in relation.on]
            if all(_is_joinable(m, t) for m, t in pairs):
                return self._joined(relation, left, right)
        sides = [Source(self.keep(s)) if isinstance(s, _Part) else s for s in (left, right)]
        return replace(relation, left=sides[0], right=sides[1])

    def _joined(self, relation: Join, left: _Part, right: _Part) -> _Part:
        table, mine = self._inside(left)
        other, theirs = self._inside(right)
        equal = [
            exp.EQ(this=_equated(mine[m]), expression=_equated(theirs[t])) for m, t in relation.on
        ]
        kind = "LEFT" if relation.kind == "left" else "INNER"
        select = exp.Select().from_(table).join(other, on=_balanced(exp.And, equal), join_type=kind)
        return _Part(select, {**mine, **theirs})

    def _aggregate(self, relation: Aggregate, below: _Part) -> _Part | None:
        columns = below.columns
        if not all(columns[k].is_exact for k in relation.keys):
            return None
        if not all(_is_measurable(m, columns) for m in relation.measures):
            return None
        below = below if below.is_open else self._nested(below)
        columns = below.columns
        select = below.select
        if relation.keys:
            select = select.group_by(*(_equated(columns[k]) for k in relation.keys))
        found = {k: columns[k] for k in relation.keys}
        found |= {m.name: self._measure(m, columns) for m in relation.measures}
        return _Part(select, found, is_open=False)

    def _measure(self, measure: Measure, columns: Mapping[str, SqlColumn]) -> SqlColumn:
        if measure.column is None:
            return _counted(exp.Count(this=exp.Star()), measure.name)
        of = columns[measure.column]
        if measure.fn == "count":
            return _counted(exp.Count(this=of.sql.copy()), measure.name)
        if measure.fn == "count_distinct":
            distinct = exp.Distinct(expressions=[_equated(of)])
            return _counted(exp.Count(this=distinct), measure.name)
        fold = exp.Min if measure.fn == "min" else exp.Max
        return replace(of, sql=fold(this=_sorted(of)))

    # ── Expressions ───────────────────────────────────────────────────────────────────────────────

    def _is_pushable(self, expr: Expr, columns: Mapping[str, SqlColumn]) -> bool:
        if not isinstance(expr, Call):
            return False
        if expr.op in ("and", "or", "not"):
            return all(self._is_pushable(a, columns) for a in expr.args)
        if expr.op == "is_null":
            return isinstance(expr.args[0], Column)
        return self._is_comparable(expr, columns)

    def _is_comparable(self, expr: Call, columns: Mapping[str, SqlColumn]) -> bool:
        """Say whether the source compares these operands as the ledger would."""
        read = [columns[a.name] for a in expr.args if isinstance(a, Column)]
        constants = [a for a in expr.args if isinstance(a, Literal)]
        if len(read) + len(constants) < len(expr.args) or not read:
            return False
        if expr.op not in _EQUATED and not (expr.op in _ORDERED and all(map(_is_ordered, read))):
            return False
        if not all(column.is_exact and column.family == read[0].family for column in read):
            return False
        kinds = {c.type.kind for c in read} | {parse_type(c.type).kind for c in constants}
        values = [c.value for c in constants if c.value is not None]
        is_bound = len(kinds) == 1 and (not constants or kinds <= self.dialect.exact)
        return is_bound and all(column.takes(value) for column in read for value in values)

    def _test(self, expr: Expr, columns: Mapping[str, SqlColumn]) -> Sql:
        assert isinstance(expr, Call)  # noqa: S101 - what is_pushable lets through
        if expr.op in ("and", "or"):
            join = exp.And if expr.op == "and" else exp.Or
            return _balanced(join, [self._test(a, columns) for a in expr.args])
        if expr.op == "not":
            return exp.Not(this=exp.Paren(this=self._test(expr.args[0], columns)))
        if expr.op == "is_null":
            tested = expr.args[0]
            assert isinstance(tested, Column)  # noqa: S101 - what is_pushable lets through
            return exp.Is(this=columns[tested.name].sql.copy(), expression=exp.Null())
        return self._comparison(expr, columns)

    def _comparison(self, expr: Call, columns: Mapping[str, SqlColumn]) -> Sql:
        read = [columns[a.name] for a in expr.args if isinstance(a, Column)]
        write = _equated if expr.op in _EQUATED else _sorted
        operands = [
            write(columns[a.name]) if isinstance(a, Column) else self._constant(a, read[0])
            for a in expr.args
        ]
        if expr.op == "in":
            return exp.In(this=operands[0], expressions=operands[1:])
        return {**_EQUATED, **_ORDERED}[expr.op](this=operands[0], expression=operands[1])

    def _constant(self, expr: Expr, beside: SqlColumn) -> Sql:
        assert isinstance(expr, Literal)  # noqa: S101 - what is_comparable lets through
        if expr.value is None:
            return exp.Null()
        name = f"p{len(self._parameters)}"
        self._parameters[name] = expr.value
        bound = exp.Placeholder(this=name)
        if beside.constant is not None:
            return beside.constant(bound)
        return self.dialect.constant(bound, parse_type(expr.type))

    # ── Statements ────────────────────────────────────────────────────────────────────────────────

    def _nested(self, part: _Part) -> _Part:
        """Return a part as FROM of a new one; its order no longer counts."""
        table, columns = self._inside(part)
        return _Part(exp.Select().from_(table), columns)

    def _inside(self, part: _Part) -> tuple[exp.Subquery, dict[str, SqlColumn]]:
        alias = self._name("q")
        listed: list[Sql] = []
        columns: dict[str, SqlColumn] = {}
        for number, (name, column) in enumerate(part.columns.items()):
            inner = f"c{number}"
            listed.append(exp.alias_(column.sql.copy(), inner, quoted=True))
            columns[name] = replace(column, sql=_column(alias, inner))
        inside = part.select.copy().select(*listed)
        return inside.subquery(_quoted(alias)), columns

    def _ordered(self, part: _Part) -> exp.Select:
        keys = [
            exp.Ordered(this=_sorted(column), desc=descending, nulls_first=False)
            for column, descending in part.order
        ]
        return part.select.order_by(*keys) if keys else part.select.copy()

    def _query(self, part: _Part) -> Query:
        select = part.select.copy() if part.is_limited else self._ordered(part)
        listed = [
            exp.alias_(column.transfer(column.sql.copy()), f"c{number}", quoted=True)
            for number, column in enumerate(part.columns.values())
        ]
        tree = select.select(*listed)
        bound = {p.name for p in tree.find_all(exp.Placeholder)}
        parameters = {name: v for name, v in self._parameters.items() if name in bound}
        return Query(tree, parameters, part.columns)

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"


_EQUATED: Mapping[str, type[exp.Expression]] = {"eq": exp.EQ, "ne": exp.NEQ, "in": exp.In}
_ORDERED: Mapping[str, type[exp.Expression]] = {
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
}
_INT = parse_type("int")


def _renamed(relation: Project, below: _Part) -> _Part | None:
    columns: dict[str, SqlColumn] = {}
    for named in relation.columns:
        if not isinstance(named.expr, Column):
            return None
        columns[named.name] = below.columns[named.expr.name]
    return replace(below, columns=columns)


def _is_measurable(measure: Measure, columns: Mapping[str, SqlColumn]) -> bool:
    if measure.column is None or measure.fn == "count":
        return True
    column = columns[measure.column]
    if measure.fn == "count_distinct":
        return column.is_exact
    return measure.fn in ("min", "max") and _is_ordered(column)


def _is_narrow(expr: Expr, columns: Mapping[str, SqlColumn]) -> bool:
    """Say whether rows can be found by an equality that must be tested again."""
    if not isinstance(expr, Call) or expr.op not in ("eq", "in"):
        return False
    tested, *constants = expr.args
    if not isinstance(tested, Column) or not columns[tested.name].narrows:
        return False
    column = columns[tested.name]
    values = [c.value for c in constants if isinstance(c, Literal) and c.value is not None]
    return len(values) == len(constants) and all(map(column.takes, values))


def _is_ordered(column: SqlColumn) -> bool:
    return column.is_exact and column.order is not None


def _is_joinable(mine: SqlColumn, theirs: SqlColumn) -> bool:
    is_like = mine.type == theirs.type and mine.family == theirs.family
    return mine.is_exact and theirs.is_exact and is_like


def _equated(column: SqlColumn) -> Sql:
    return column.equal(column.sql.copy())


def _sorted(column: SqlColumn) -> Sql:
    assert column.order is not None  # noqa: S101 - what is_ordered lets through
    return column.order(column.sql.copy())


def _counted(sql: Sql, name: str) -> SqlColumn:
    return SqlColumn(sql, _INT, "", name, is_exact=True, transfer=as_it_is, family="number")


def _balanced(join: type[exp.Connector], tests: Sequence[Sql]) -> Sql:
    """Join tests as a balanced tree, so that a long list does not become a deep nest."""
    if len(tests) == 1:
        return tests[0]
    half = len(tests) // 2
    sides = [exp.Paren(this=_balanced(join, part)) for part in (tests[:half], tests[half:])]
    return join(this=sides[0], expression=sides[1])


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _column(table: str, name: str) -> exp.Column:
    return exp.Column(this=_quoted(name), table=_quoted(table))
