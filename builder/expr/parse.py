"""Read SQL text into a `Tree`: sqlglot parses, a closed list decides."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from builder.expr.errors import (
    ExpressionArguments,
    ExpressionFunction,
    ExpressionRefused,
    ExpressionSyntax,
    ExpressionTooLarge,
)
from builder.expr.functions import CASTS, FUNCTIONS
from builder.expr.tree import Call, Constant, Name, Tree

__all__ = ["parse"]

_LONGEST = 4000
_DEEPEST = 40
_DIGITS = 18


@lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """Read an expression.

    >>> parse("a.b = TRUE AND a.c IS NULL").to_json()["f"]
    'and'

    Raises:
        ExpressionSyntax: it cannot be read; with the place.
        ExpressionTooLarge: longer than 4,000 characters or deeper than 40 levels.
        ExpressionRefused: a construct outside the closed list.
        ExpressionFunction, ExpressionArguments: no such function, or not with these arguments.
    """
    if len(text) > _LONGEST or _nesting(text) > _DEEPEST:
        raise ExpressionTooLarge(most=_LONGEST, deepest=_DEEPEST)
    if not text.strip() or "\x00" in text or ";" in text.replace("';'", ""):
        raise ExpressionSyntax(line=1, column=1)
    try:
        statements = sqlglot.parse(f"SELECT {text}", dialect="duckdb")
    except (ParseError, TokenError) as fault:
        raise _syntax(fault) from None
    except RecursionError:
        raise ExpressionTooLarge(most=_LONGEST, deepest=_DEEPEST) from None
    return _convert(_only(statements), 0)


def _only(statements: list[exp.Expr | None]) -> exp.Expression:
    """Return the one expression of ``SELECT <it>``; anything else is refused."""
    select = statements[0] if len(statements) == 1 else None
    if not isinstance(select, exp.Select):
        raise ExpressionSyntax(line=1, column=1)
    beyond = [k for k, v in select.args.items() if v and k not in ("expressions", "kind")]
    if beyond or len(select.expressions) != 1:
        raise _refused(beyond[0].upper().rstrip("_") if beyond else ",")
    found: exp.Expression = select.expressions[0]
    return found


def _convert(node: exp.Expression, depth: int) -> Tree:
    if depth > _DEEPEST:
        raise ExpressionTooLarge(most=_LONGEST, deepest=_DEEPEST)
    reader = _READERS.get(type(node))
    if reader is not None:
        return reader(node, depth + 1)
    name = _function_name(node)
    if name is None:
        raise _refused(node.sql(dialect="duckdb")[:40] or type(node).__name__)
    return _function(name, _arguments(node), depth + 1)


# ── One reader a construct ───────────────────────────────────────────────────────────────────────


def _column(node: exp.Expression, depth: int) -> Tree:
    del depth
    parts = [p.name for p in node.parts]  # type: ignore[attr-defined] # exp.Column
    plain = all(isinstance(p, exp.Identifier) for p in node.parts)  # type: ignore[attr-defined] # exp.Column
    if not plain or len(parts) != 2 or "*" in parts:
        raise _refused(node.sql(dialect="duckdb")[:40])
    return Name(".".join(p.lower() for p in parts))


def _literal(node: exp.Expression, depth: int) -> Tree:
    del depth
    text = str(node.this)
    if node.args.get("is_string"):
        return Constant(text)
    if text.isdigit() and len(text) <= _DIGITS:
        return Constant(int(text))
    value = Decimal(text)
    if "e" in text.lower() or len(value.as_tuple().digits) > 38:
        raise _refused(text[:40])
    return Constant(value)


def _cast(node: exp.Expression, depth: int) -> Tree:
    kind = node.args["to"].this
    wanted = _CAST_TYPES.get(kind)
    if wanted is None:
        raise _refused(node.sql(dialect="duckdb")[:40])
    inner = node.this
    if wanted == "date" and isinstance(inner, exp.Literal) and inner.is_string:
        try:
            return Constant(date.fromisoformat(inner.name))
        except ValueError:
            return Constant(None)
    return Call(CASTS[wanted], (_convert(inner, depth),))


def _fold(op: str) -> Callable[[exp.Expression, int], Tree]:
    def read(node: exp.Expression, depth: int) -> Tree:
        args: list[Tree] = []
        for side in (node.left, node.right):  # type: ignore[attr-defined] # exp.Binary
            tree = _convert(side, depth)
            is_same = isinstance(tree, Call) and tree.op == op and type(side) is type(node)
            args += tree.args if is_same and isinstance(tree, Call) else [tree]
        return Call(op, tuple(args))

    return read


def _binary(op: str) -> Callable[[exp.Expression, int], Tree]:
    def read(node: exp.Expression, depth: int) -> Tree:
        left, right = node.left, node.right  # type: ignore[attr-defined] # exp.Binary
        return Call(op, (_convert(left, depth), _convert(right, depth)))

    return read


def _unary(op: str) -> Callable[[exp.Expression, int], Tree]:
    return lambda node, depth: Call(op, (_convert(node.this, depth),))


def _is(node: exp.Expression, depth: int) -> Tree:
    inner, what = _convert(node.this, depth), node.expression
    if isinstance(what, exp.Null):
        return Call("is_null", (inner,))
    if isinstance(what, exp.Boolean):
        wanted = Call("eq", (inner, Constant(bool(what.this))))
        return Call("coalesce", (wanted, Constant(False)))
    raise _refused(node.sql(dialect="duckdb")[:40])


def _in(node: exp.Expression, depth: int) -> Tree:
    listed = node.args.get("expressions")
    if not listed or node.args.get("query") or node.args.get("unnest"):
        raise _refused("IN (SELECT …)")
    return Call("in", tuple(_convert(n, depth) for n in (node.this, *listed)))


def _between(node: exp.Expression, depth: int) -> Tree:
    value = _convert(node.this, depth)
    low, high = _convert(node.args["low"], depth), _convert(node.args["high"], depth)
    return Call("and", (Call("ge", (value, low)), Call("le", (value, high))))


def _case(node: exp.Expression, depth: int) -> Tree:
    subject = _convert(node.this, depth) if node.this else None
    args: list[Tree] = []
    for arm in node.args["ifs"]:
        test = _convert(arm.this, depth)
        args.append(Call("eq", (subject, test)) if subject is not None else test)
        args.append(_convert(arm.args["true"], depth))
    default = node.args.get("default")
    args.append(_convert(default, depth) if default is not None else Constant(None))
    return Call("case", tuple(args))


_READERS: Mapping[type[exp.Expression], Callable[[exp.Expression, int], Tree]] = {
    exp.Paren: lambda n, d: _convert(n.this, d),
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: lambda n, _: Constant(bool(n.this)),
    exp.Null: lambda _n, _d: Constant(None),
    exp.And: _fold("and"),
    exp.Or: _fold("or"),
    exp.Not: _unary("not"),
    exp.EQ: _binary("eq"),
    exp.NEQ: _binary("ne"),
    exp.LT: _binary("lt"),
    exp.LTE: _binary("le"),
    exp.GT: _binary("gt"),
    exp.GTE: _binary("ge"),
    exp.Add: _binary("add"),
    exp.Sub: _binary("sub"),
    exp.Mul: _binary("mul"),
    exp.Div: _binary("div"),
    exp.Neg: _unary("neg"),
    exp.DPipe: _fold("concat"),
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Case: _case,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.CurrentDate: lambda _n, _d: Call("today", ()),
}

_CAST_TYPES = {
    exp.DataType.Type.INT: "int",
    exp.DataType.Type.BIGINT: "int",
    exp.DataType.Type.DECIMAL: "decimal",
    exp.DataType.Type.DATE: "date",
    exp.DataType.Type.TEXT: "text",
    exp.DataType.Type.VARCHAR: "text",
}

_BY_NODE: Mapping[str, str] = {
    "Coalesce": "coalesce",
    "Lower": "lower",
    "Upper": "upper",
    "Trim": "trim",
    "Length": "length",
    "Substring": "substr",
    "StartsWith": "starts_with",
    "Contains": "contains",
    "Abs": "abs",
    "Round": "round",
    "Least": "least",
    "Greatest": "greatest",
    "Year": "year",
    "Month": "month",
    "Day": "day",
}
"""sqlglot's own node of a function → our name."""

_ORDER = ("this", "start", "length", "expression", "decimals", "expressions")


def _function_name(node: exp.Expression) -> str | None:
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return _BY_NODE.get(type(node).__name__) or (
        node.sql_name().lower() if isinstance(node, exp.Func) else None
    )


def _arguments(node: exp.Expression) -> list[exp.Expression]:
    """Return a function's arguments in the order they were written."""
    if isinstance(node, exp.Anonymous):
        return list(node.expressions)
    given: list[exp.Expression] = []
    for key, value in node.args.items():
        if key not in _ORDER and isinstance(value, exp.Expression):
            raise _refused(node.sql(dialect="duckdb")[:40])
    for key in _ORDER:
        value = node.args.get(key)
        given += value if isinstance(value, list) else [value] if value is not None else []
    return given


def _function(name: str, args: list[exp.Expression], depth: int) -> Tree:
    signature = FUNCTIONS.get(name)
    if signature is None:
        near = difflib.get_close_matches(name, FUNCTIONS, n=3, cutoff=0.3)
        raise ExpressionFunction(function=name[:40], near=near)
    if not signature.fewest <= len(args) <= signature.most:
        raise ExpressionArguments(
            function=name, fewest=signature.fewest, most=signature.most, found=len(args)
        )
    # `age` of a birth date depends on today, which is an argument of every evaluation.
    return Call(name, tuple(_convert(a, depth) for a in args))


def _nesting(text: str) -> int:
    deepest = level = 0
    for character in text:
        level += (character == "(") - (character == ")")
        deepest = max(deepest, level)
    return deepest


def _refused(construct: str) -> ExpressionRefused:
    return ExpressionRefused(construct=construct, functions=list(FUNCTIONS))


def _syntax(fault: Exception) -> ExpressionSyntax:
    found = getattr(fault, "errors", None) or [{}]
    line, column = found[0].get("line") or 1, found[0].get("col") or 1
    return ExpressionSyntax(line=line, column=max(1, column - 7 if line == 1 else column))
