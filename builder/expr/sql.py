"""Write a tree for an engine, so that it answers what `evaluate` would, or say that it cannot.

What an engine can is a table, `builder.expr.engines`: for each operator and kind of argument, SQL
in which ``:a`` stands for an argument. What is not in the table is not pushed down, nor is a type
that the engine does not have. Nothing written here fails on a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from sqlglot import exp, parse_one

from builder.expr.check import ExprType, check, type_of
from builder.expr.engines import ENGINES, Dialect, Engine
from builder.expr.errors import ExpressionNotPushed
from builder.expr.evaluate import compile_tree
from builder.expr.functions import FUNCTIONS, OPERATORS
from builder.expr.tree import Call, Constant, Name, Tree, Value, names

__all__ = ["to_sql"]

_LARGEST = 20_000
"""Most nodes of SQL: some entries name an argument twice, and nested that multiplies."""

_FOLDED_LEFT = frozenset({"add", "mul", "concat"})
_CASTS = frozenset({"cast_int", "cast_decimal", "cast_date", "cast_text"})
_NUMERIC = frozenset({"add", "sub", "mul", "div", "neg", "abs", "round"})


def to_sql(
    tree: Tree,
    dialect: Dialect,
    types: Mapping[str, ExprType],
    today: date,
    engines: Mapping[Dialect, Engine] = ENGINES,
) -> exp.Expr:
    """Return an expression over columns ``entity.field``, as an SQL tree of a dialect.

    >>> to_sql(Call("lower", (Name("a.b"),)), "sqlite", {"a.b": "text"}, date.min).sql("sqlite")
    'LOWER("a"."b")'

    Raises:
        Findings: it does not type.
        ExpressionNotPushed: a part of it has no equal in this engine.
    """
    check(tree, types)
    return _Writer(dialect, engines[dialect], types, today).write(_folded(tree, today), "text")


def _folded(tree: Tree, today: date) -> Tree:
    """Compute what depends on no row: an engine that folds constants may fail on a dead branch."""
    if not isinstance(tree, Call):
        return tree
    if not names(tree):
        return Constant(compile_tree(tree)({}, today))
    return Call(tree.op, tuple(_folded(arg, today) for arg in tree.args), tree.at)


@dataclass(frozen=True, slots=True)
class _Writer:
    dialect: Dialect
    engine: Engine
    types: Mapping[str, ExprType]
    today: date

    def write(self, tree: Tree, wanted: ExprType) -> exp.Expr:
        """Return SQL; `wanted` is the type that a bare NULL takes."""
        kind = self._type(tree)
        if kind == "null":  # NULL whatever the row
            return self._literal(None, wanted)
        if kind not in self.engine.types:
            raise ExpressionNotPushed(part=kind, dialect=self.dialect)
        match tree:
            case Constant(value=value):
                return self._literal(value, wanted)
            case Name(name=name):
                entity, _, column = name.partition(".")
                return exp.column(column, entity, quoted=True)
            case Call(op=op, args=args) if op in _FOLDED_LEFT and len(args) > 2:
                return self.write(Call(op, (Call(op, args[:-1]), args[-1])), wanted)
            case Call():
                return self._sized(_SHAPES.get(tree.op, _Writer.entry)(self, tree))

    def _type(self, tree: Tree) -> ExprType:
        return type_of(tree, self.types)

    def _common(self, args: Sequence[Tree]) -> ExprType:
        """Return the one type of arguments that are of one kind; text where all are NULL."""
        found = {self._type(arg) for arg in args} - {"null"}
        return "decimal" if "decimal" in found else next(iter(sorted(found)), "text")

    def _part(self, tree: Tree, wanted: ExprType) -> exp.Expr:
        made = self.write(tree, wanted)
        return made if isinstance(made, exp.Column | exp.Paren) else exp.paren(made, copy=False)

    def _collated(self, tree: Tree, wanted: ExprType) -> exp.Expr:
        """Return a side of a comparison: text goes by code points, whatever the column says."""
        made, collation = self._part(tree, wanted), self.engine.collation
        if wanted != "text" or collation is None:
            return made
        name = exp.to_identifier(collation, quoted=True)
        return exp.paren(exp.Collate(this=made, expression=name), copy=False)

    def _sized(self, made: exp.Expr) -> exp.Expr:
        if sum(1 for _ in made.walk()) > _LARGEST:
            raise ExpressionNotPushed(part="…", dialect=self.dialect)
        return made

    # ── What every engine writes alike ───────────────────────────────────────────────────────────

    def joined(self, call: Call) -> exp.Expr:
        """Return AND or OR."""
        join = exp.and_ if call.op == "and" else exp.or_
        return join(*(self._part(arg, "bool") for arg in call.args), copy=False)

    def case(self, call: Call) -> exp.Expr:
        """Return CASE."""
        tests, values = call.args[0:-1:2], call.args[1:-1:2]
        kind, made = self._common([*values, call.args[-1]]), exp.Case()
        for test, value in zip(tests, values, strict=True):
            made = made.when(self._part(test, "bool"), self._part(value, kind), copy=False)
        return made.else_(self._part(call.args[-1], kind), copy=False)

    def coalesce(self, call: Call) -> exp.Expr:
        """Return COALESCE."""
        first, *rest = (self._part(arg, self._common(call.args)) for arg in call.args)
        return exp.Coalesce(this=first, expressions=rest) if rest else first

    def in_(self, call: Call) -> exp.Expr:
        """Return IN."""
        kind = self._common(call.args)
        rest = [self._part(arg, kind) for arg in call.args[1:]]
        return exp.In(this=self._collated(call.args[0], kind), expressions=rest)

    def between(self, call: Call) -> exp.Expr:
        """Return BETWEEN."""
        kind = self._common(call.args)
        value, low, high = (self._collated(arg, kind) for arg in call.args)
        return exp.Between(this=value, low=low, high=high)

    def is_null(self, call: Call) -> exp.Expr:
        """Return IS NULL."""
        return exp.Is(this=self._part(call.args[0], "text"), expression=exp.Null())

    def comparison(self, call: Call) -> exp.Expr:
        """Return a comparison."""
        kind = self._common(call.args)
        return self._filled(call.op, [self._collated(arg, kind) for arg in call.args])

    def best(self, call: Call) -> exp.Expr:
        """Return the least or greatest, two by two."""
        kind = self._common(call.args)
        made, *rest = (self._collated(arg, kind) for arg in call.args)
        for other in rest:
            made = exp.paren(self._filled(call.op, [made, other]), copy=False)
        return made

    # ── The table ────────────────────────────────────────────────────────────────────────────────

    def entry(self, call: Call) -> exp.Expr:
        """Return what the table says."""
        kind = self._common(call.args[:1] if call.op in _CASTS else call.args)
        signature = FUNCTIONS.get(call.op) or OPERATORS[call.op]
        parts = [
            self._part(arg, _wanted(signature.args[min(at, len(signature.args) - 1)], kind))
            for at, arg in enumerate(call.args)
        ]
        if call.op in ("cast_decimal", "round"):
            return self._filled(f"{call.op} {kind}", parts[:1], **_digits(call))
        if call.op == "substr" and len(parts) == 2:
            return self._filled("substr open", parts)
        by_kind = call.op in _CASTS or call.op in _NUMERIC
        return self._filled(f"{call.op} {kind}" if by_kind else call.op, parts)

    def _filled(self, entry: str, parts: Sequence[exp.Expr], **digits: int) -> exp.Expr:
        """Return an entry of the table with its arguments in their places."""
        sql = self.engine.entries.get(entry)
        if sql is None:
            raise ExpressionNotPushed(part=entry, dialect=self.dialect)
        for name, digit in digits.items():
            sql = sql.replace(f":{name}", str(digit))
        values = {**dict(zip("abc", parts, strict=False)), "t": self._literal(self.today, "date")}

        def put(node: exp.Expr) -> exp.Expr:
            return values[node.name].copy() if isinstance(node, exp.Placeholder) else node

        return _parsed(sql, self.dialect).copy().transform(put, copy=False)

    def _literal(self, value: Value, wanted: ExprType) -> exp.Expr:  # noqa: PLR0911 - one a type
        match value:
            case bool():
                return exp.Boolean(this=value)
            case int():
                return exp.cast(exp.Literal.number(value), "bigint")
            case Decimal():
                return exp.cast(exp.Literal.number(f"{value:f}"), "decimal(24, 6)")
            case str():
                return exp.Literal.string(value)
            case datetime():
                return exp.cast(exp.Literal.string(value.isoformat()), "timestamptz")
            case date():
                return self._day(value)
            case _:
                return exp.cast(exp.Null(), self.engine.types.get(wanted, "text"))

    def _day(self, value: date) -> exp.Expr:
        text = exp.Literal.string(value.isoformat())
        return text if self.dialect == "sqlite" else exp.cast(text, "date")


def _wanted(argument: str, kind: ExprType) -> ExprType:
    """Return the type that NULL takes as an argument of a signature."""
    match argument:
        case "text" | "int" | "bool" | "date":
            return argument
        case "number" | "same":
            return kind
        case _:
            return "text"


def _digits(call: Call) -> Mapping[str, int]:
    """Return the digits and places that a decimal result has."""
    given = [arg.value for arg in call.args[1:] if isinstance(arg, Constant)]
    whole = [value for value in given if isinstance(value, int)]
    if call.op == "cast_decimal":
        return {"digits": whole[0], "places": whole[1]}
    places = whole[0] if whole else 0
    return {"digits": _WHOLE_DIGITS + places, "places": places}


_WHOLE_DIGITS = 18


@lru_cache(maxsize=1024)
def _parsed(sql: str, dialect: Dialect) -> exp.Expr:
    return parse_one(sql, dialect=dialect)


_SHAPES = {
    "and": _Writer.joined,
    "or": _Writer.joined,
    "case": _Writer.case,
    "coalesce": _Writer.coalesce,
    "in": _Writer.in_,
    "between": _Writer.between,
    "is_null": _Writer.is_null,
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _Writer.comparison),
    **dict.fromkeys(("least", "greatest"), _Writer.best),
}
