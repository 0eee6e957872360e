"""Compute a tree: compiled once to closures, three-valued, exact. `expr.js` is its twin."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from builder.expr import dates, identity, numbers, texts
from builder.expr.parse import parse
from builder.expr.tree import Call, Constant, Name, Tree, Value

__all__ = ["Run", "Scope", "compile_tree", "evaluate", "kind_of"]

Scope: TypeAlias = Mapping[str, Value]
Run: TypeAlias = Callable[[Scope, date], Value]
_Apply: TypeAlias = Callable[..., Value]
_Test: TypeAlias = Callable[[Any, Any], bool]
"""A comparison of two values of one kind."""


def evaluate(tree: Tree | str, scope: Scope, today: date) -> Value:
    """Compute an expression over typed values; a name that is not there is NULL.

    >>> evaluate("a.n / 0", {"a.n": 1}, date(2026, 1, 1)) is None
    True
    """
    return compile_tree(parse(tree) if isinstance(tree, str) else tree)(scope, today)


@lru_cache(maxsize=4096)
def compile_tree(tree: Tree) -> Run:
    """Return a function of scope and today that computes the tree."""
    return _compile(tree)


def _compile(tree: Tree) -> Run:  # noqa: PLR0911 - one return a kind of node
    match tree:
        case Constant(value=value):
            return lambda _scope, _today: value
        case Name(name=name):
            return lambda scope, _today: scope.get(name)
        case Call(op="today"):
            return lambda _scope, today: today
        case Call(op="age", args=(born,)):
            return _age(_compile(born))
        case Call(op=op, args=args) if op in _COMPARE:
            return _comparison(_COMPARE[op], *args)
        case Call(op=op, args=args) if op in _LAZY:
            return _LAZY[op](tuple(map(_compile, args)))
        case Call(op=op, args=args):
            return _call(_APPLY[op], tuple(map(_compile, args)))


def _call(apply: _Apply, parts: tuple[Run, ...]) -> Run:
    if len(parts) == 1:
        one = parts[0]
        return lambda scope, today: apply(one(scope, today))
    if len(parts) == 2:
        left, right = parts
        return lambda scope, today: apply(left(scope, today), right(scope, today))
    return lambda scope, today: apply(*[part(scope, today) for part in parts])


# ── What need not compute all its arguments ──────────────────────────────────────────────────────


def _conjunction(parts: tuple[Run, ...]) -> Run:
    def run(scope: Scope, today: date) -> Value:
        unknown = False
        for part in parts:
            value = part(scope, today)
            if value is False:
                return False
            if value is not True:
                unknown = True
        return None if unknown else True

    return run


def _disjunction(parts: tuple[Run, ...]) -> Run:
    def run(scope: Scope, today: date) -> Value:
        unknown = False
        for part in parts:
            value = part(scope, today)
            if value is True:
                return True
            if value is not False:
                unknown = True
        return None if unknown else False

    return run


def _case(parts: tuple[Run, ...]) -> Run:
    arms, default = list(zip(parts[0:-1:2], parts[1:-1:2], strict=True)), parts[-1]

    def run(scope: Scope, today: date) -> Value:
        for test, value in arms:
            if test(scope, today) is True:
                return value(scope, today)
        return default(scope, today)

    return run


def _coalesce(parts: tuple[Run, ...]) -> Run:
    def run(scope: Scope, today: date) -> Value:
        for part in parts:
            value = part(scope, today)
            if value is not None:
                return value
        return None

    return run


def _age(part: Run) -> Run:
    return lambda scope, today: dates.age(part(scope, today), today)


_LAZY: Mapping[str, Callable[[tuple[Run, ...]], Run]] = {
    "and": _conjunction,
    "or": _disjunction,
    "case": _case,
    "coalesce": _coalesce,
}

# ── Comparison ───────────────────────────────────────────────────────────────────────────────────

_KINDS: Mapping[type, str] = {
    str: "text",
    bool: "bool",
    int: "number",
    Decimal: "number",
    date: "date",
    datetime: "timestamp",
}


def kind_of(value: Value) -> str:
    """Return what kind of value this is; int and decimal are one kind, ``number``.

    Anything that is no value of the language, a float or an infinite decimal, is ``null``.
    """
    kind = _KINDS.get(type(value), "null")
    if kind == "number" and isinstance(value, Decimal) and not value.is_finite():
        return "null"
    return kind


_COMPARE: Mapping[str, _Test] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def _compared(test: _Test, left: Value, right: Value) -> Value:
    """Compare two values of one kind; anything else is NULL."""
    kind = kind_of(left)
    if kind == "null" or kind != kind_of(right):
        return None
    if isinstance(left, datetime) and isinstance(right, datetime):
        return test(dates.instant(left), dates.instant(right))
    return test(left, right)


def _comparison(test: _Test, left: Tree, right: Tree) -> Run:
    """Return a comparison; that of a name with text or TRUE, the usual one, takes the short way."""
    if isinstance(left, Name) and isinstance(right, Constant):
        name, constant, kind = left.name, right.value, type(right.value)
        if kind in (str, bool):

            def short(scope: Scope, _today: date) -> Value:
                value = scope.get(name)
                return test(value, constant) if type(value) is kind else None

            return short
    one, other = _compile(left), _compile(right)
    return lambda scope, today: _compared(test, one(scope, today), other(scope, today))


def _in(value: Value, *listed: Value) -> Value:
    unknown = False
    for item in listed:
        found = _compared(operator.eq, value, item)
        if found is True:
            return True
        unknown = unknown or found is None
    return None if unknown else False


def _between(value: Value, low: Value, high: Value) -> Value:
    above, below = _compared(operator.ge, value, low), _compared(operator.le, value, high)
    if above is False or below is False:
        return False
    return None if above is None or below is None else True


def _best(better: _Test) -> _Apply:
    """Return the least or greatest of what is not NULL; NULL where kinds are mixed."""

    def apply(*values: Value) -> Value:
        best: Value = None
        for value in values:
            if value is None:
                continue
            if best is None:
                best = value if kind_of(value) != "null" else None
                continue
            found = _compared(better, value, best)
            if found is None:
                return None
            if found:
                best = value
        return best

    return apply


# ── The rest ─────────────────────────────────────────────────────────────────────────────────────


def _to_text(value: Value) -> Value:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return numbers.to_text(value)
        case datetime():
            return None
        case date():
            return value.isoformat()
        case _:
            return value


def _magnitude(value: Value) -> Value:
    return numbers.negate(value) if numbers.is_number(value) and value < 0 else _number(value)


def _number(value: Value) -> Value:
    return value if numbers.is_number(value) else None


_APPLY: Mapping[str, _Apply] = {
    "not": lambda v: not v if isinstance(v, bool) else None,
    "between": _between,
    "in": _in,
    "is_null": lambda v: v is None,
    "is_true": lambda v: v is True,
    "is_false": lambda v: v is False,
    "add": numbers.arithmetic(operator.add, numbers.EXACT.add),
    "sub": numbers.arithmetic(operator.sub, numbers.EXACT.subtract),
    "mul": numbers.arithmetic(operator.mul, numbers.EXACT.multiply),
    "div": numbers.divide,
    "neg": numbers.negate,
    "abs": _magnitude,
    "round": numbers.round_to,
    "concat": texts.concat,
    "lower": texts.lower,
    "upper": texts.upper,
    "trim": texts.trim,
    "length": texts.length,
    "substr": texts.substr,
    "starts_with": texts.starts_with,
    "contains": texts.contains,
    "least": _best(operator.lt),
    "greatest": _best(operator.gt),
    "year": lambda v: dates.part(v, "year"),
    "month": lambda v: dates.part(v, "month"),
    "day": lambda v: dates.part(v, "day"),
    "days_between": dates.days_between,
    "add_days": dates.add_days,
    "add_months": dates.add_months,
    "cast_int": numbers.to_int,
    "cast_decimal": numbers.to_decimal,
    "cast_date": dates.to_date,
    "cast_text": _to_text,
    "id_valid": identity.id_valid,
    "id_birth_date": identity.id_birth_date,
    "id_sex": identity.id_sex,
    "credit_code_valid": identity.credit_code_valid,
}
