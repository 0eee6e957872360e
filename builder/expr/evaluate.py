"""Compute a tree: compiled once to closures, three-valued, exact. `expr.js` is its twin."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from functools import lru_cache
from typing import TypeAlias, TypeGuard

from builder.expr.parse import parse
from builder.expr.tree import Call, Constant, Name, Tree, Value

__all__ = ["Run", "compile_tree", "credit_code_valid", "evaluate", "id_valid", "kind_of"]

Scope: TypeAlias = Mapping[str, Value]
Run: TypeAlias = Callable[[Scope, date], Value]
_Apply: TypeAlias = Callable[..., Value]

_EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
_MOST_DIGITS = 38
_PLACES = Decimal("0.000001")
_INT = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,38}(?:\.[0-9]{0,37})?|\.[0-9]{1,38})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LAST_YEAR = 9999


def evaluate(tree: Tree | str, scope: Scope, today: date) -> Value:
    """Compute an expression over typed values; a name that is not there is NULL.

    >>> evaluate("a.n / 0", {"a.n": 1}, date(2026, 1, 1)) is None
    True
    """
    return compile_tree(parse(tree) if isinstance(tree, str) else tree)(scope, today)


@lru_cache(maxsize=4096)
def compile_tree(tree: Tree) -> Run:  # noqa: PLR0911 - one return a kind of node
    """Return a function of scope and today that computes the tree."""
    match tree:
        case Constant(value=value):
            return lambda _scope, _today: value
        case Name(name=name):
            return lambda scope, _today: scope.get(name)
        case Call(op="and", args=args):
            return _conjunction(tuple(map(compile_tree, args)), stop=False)
        case Call(op="or", args=args):
            return _conjunction(tuple(map(compile_tree, args)), stop=True)
        case Call(op="case", args=args):
            return _case(tuple(map(compile_tree, args)))
        case Call(op="coalesce", args=args):
            return _coalesce(tuple(map(compile_tree, args)))
        case Call(op="today"):
            return lambda _scope, today: today
        case Call(op="age", args=args):
            return _age(compile_tree(args[0]))
        case Call(op=op, args=args):
            return _call(_APPLY[op], tuple(map(compile_tree, args)))


def _conjunction(parts: tuple[Run, ...], *, stop: bool) -> Run:
    def run(scope: Scope, today: date) -> Value:
        unknown = False
        for part in parts:
            value = part(scope, today)
            if value is stop:
                return stop
            unknown = unknown or not isinstance(value, bool)
        return None if unknown else not stop

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
    def run(scope: Scope, today: date) -> Value:
        born = part(scope, today)
        if not _is_date(born) or born > today:
            return None
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    return run


def _call(apply: _Apply, parts: tuple[Run, ...]) -> Run:
    if len(parts) == 1:
        one = parts[0]
        return lambda scope, today: apply(one(scope, today))
    if len(parts) == 2:
        left, right = parts
        return lambda scope, today: apply(left(scope, today), right(scope, today))
    return lambda scope, today: apply(*[part(scope, today) for part in parts])


# ── Comparison ───────────────────────────────────────────────────────────────────────────────────


def kind_of(value: Value) -> str:
    """Return what kind of value this is; int and decimal are one kind, ``number``."""
    match value:
        case bool():
            return "bool"
        case int() | Decimal():
            return "number"
        case str():
            return "text"
        case datetime():
            return "timestamp"
        case date():
            return "date"
        case _:
            return "null"


def _compare(test: Callable[[Value, Value], bool]) -> _Apply:
    def apply(left: Value, right: Value) -> Value:
        kind = kind_of(left)
        if kind == "null" or kind != kind_of(right):
            return None
        return test(left, right)

    return apply


def _in(value: Value, *listed: Value) -> Value:
    found = [_equal(value, item) for item in listed]
    if True in found:
        return True
    return None if None in found else False


_equal = _compare(lambda a, b: a == b)


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────


def _is_number(value: Value) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _bounded(value: int | Decimal) -> Value:
    """Return a number, or NULL where it has more than 38 digits."""
    digits = len(str(abs(value))) if isinstance(value, int) else len(value.as_tuple().digits)
    return value if digits <= _MOST_DIGITS else None


def _arithmetic(
    whole: Callable[[int, int], int], exact: Callable[[Decimal, Decimal], Decimal]
) -> _Apply:
    def apply(left: Value, right: Value) -> Value:
        if not (_is_number(left) and _is_number(right)):
            return None
        if isinstance(left, int) and isinstance(right, int):
            return _bounded(whole(left, right))
        return _bounded(exact(_decimal(left), _decimal(right)))

    return apply


def _decimal(value: int | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)


def _divide(left: Value, right: Value) -> Value:
    if not (_is_number(left) and _is_number(right)) or right == 0:
        return None
    return _rounded(_EXACT.divide(_decimal(left), _decimal(right)), _PLACES)


def _rounded(value: Decimal, places: Decimal) -> Value:
    try:
        return _bounded(_EXACT.quantize(value, places))
    except DecimalException:
        return None


def _round(value: Value, places: Value = 0) -> Value:
    if not _is_number(value) or not isinstance(places, int) or not 0 <= places <= 10:
        return None
    return _rounded(_decimal(value), Decimal(1).scaleb(-places))


def _number(change: Callable[[int | Decimal], Value]) -> _Apply:
    return lambda value: change(value) if _is_number(value) else None


# ── Text ─────────────────────────────────────────────────────────────────────────────────────────

_LOWER = {c: c + 32 for c in range(65, 91)}
_UPPER = {c: c - 32 for c in range(97, 123)}


def _text(change: Callable[..., Value]) -> _Apply:
    def apply(*values: Value) -> Value:
        return change(*values) if all(isinstance(v, str) for v in values) else None

    return apply


def _substr(value: Value, start: Value, length: Value = 1 << 30) -> Value:
    """Count characters from 1, as SQL does; a start below 1 uses up length, as SQL does."""
    if not isinstance(value, str) or not _whole(start) or not _whole(length):
        return None
    if length < 0 or start < 1:
        return None
    return value[start - 1 : start - 1 + length]


def _whole(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


# ── Dates ────────────────────────────────────────────────────────────────────────────────────────


def _is_date(value: Value) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


def _part(name: str) -> _Apply:
    def apply(value: Value) -> Value:
        return getattr(value, name) if isinstance(value, date) else None

    return apply


def _days_between(start: Value, end: Value) -> Value:
    if not (_is_date(start) and _is_date(end)):
        return None
    return (end - start).days


def _add_days(start: Value, days: Value) -> Value:
    if not _is_date(start) or not _whole(days):
        return None
    try:
        return start + timedelta(days=days)
    except OverflowError:
        return None


def _add_months(start: Value, months: Value) -> Value:
    """Add months; a day that the month does not have becomes its last one."""
    if not _is_date(start) or not _whole(months):
        return None
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= _LAST_YEAR:
        return None
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


# ── Casts ────────────────────────────────────────────────────────────────────────────────────────


def _to_int(value: Value) -> Value:
    match value:
        case bool():
            return int(value)
        case int():
            return value
        case Decimal():
            whole = int(value.to_integral_value(ROUND_HALF_UP))
            return whole if abs(whole) < 10**18 else None
        case str() if _INT.fullmatch(value.strip(" ")):
            return int(value.strip(" "))
        case _:
            return None


def _to_decimal(value: Value) -> Value:
    match value:
        case bool():
            return None
        case int():
            return Decimal(value)
        case Decimal():
            return value
        case str() if _DECIMAL.fullmatch(value.strip(" ")):
            return _bounded(Decimal(value.strip(" ")))
        case _:
            return None


def _to_date(value: Value) -> Value:
    if isinstance(value, str) and _DATE.fullmatch(value.strip(" ")):
        try:
            return date.fromisoformat(value.strip(" "))
        except ValueError:
            return None
    return value if _is_date(value) else None


def _to_text(value: Value) -> Value:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case int():
            return str(value)
        case _:
            return value


# ── Numbers that people and enterprises carry ────────────────────────────────────────────────────

_ID = re.compile(r"[1-9][0-9]{5}(1[89]|20)[0-9]{9}[0-9X]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE = re.compile(rf"[{_CODE_ALPHABET}]{{18}}")
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def id_valid(value: Value) -> Value:
    """Check a citizen ID number by GB 11643-1999: shape, birth date and check character.

    >>> id_valid("11010519491231002X"), id_valid("110105194912310021"), id_valid(None)
    (True, False, None)
    """
    if not isinstance(value, str):
        return None
    if not _ID.fullmatch(value) or _birth(value) is None:
        return False
    total = sum(int(c) * w for c, w in zip(value, _ID_WEIGHTS, strict=False))
    return value[17] == "10X98765432"[total % 11]


def credit_code_valid(value: Value) -> Value:
    """Check a unified social credit code by GB 32100-2015: alphabet and check character.

    >>> credit_code_valid("91350100M000100Y43"), credit_code_valid("91350100M000100Y44")
    (True, False)
    """
    if not isinstance(value, str):
        return None
    if not _CODE.fullmatch(value):
        return False
    total = sum(_CODE_ALPHABET.index(c) * w for c, w in zip(value, _CODE_WEIGHTS, strict=False))
    return value[17] == _CODE_ALPHABET[(31 - total % 31) % 31]


def _birth(number: str) -> date | None:
    try:
        return date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        return None


def _id_birth_date(value: Value) -> Value:
    return _birth(value) if isinstance(value, str) and id_valid(value) else None


def _id_sex(value: Value) -> Value:
    """Return GB/T 2261.1's code, 1 male, 2 female."""
    if not isinstance(value, str) or not id_valid(value):
        return None
    return "1" if int(value[16]) % 2 else "2"


def _best(choose: Callable[[Value, Value], Value]) -> _Apply:
    """Return the least or greatest of what is not NULL; NULL where kinds are mixed."""

    def apply(*values: Value) -> Value:
        known = [v for v in values if v is not None]
        if not known or len({kind_of(v) for v in known}) > 1:
            return None
        best: Value = known[0]
        for value in known[1:]:
            best = choose(best, value)
        return best

    return apply


_APPLY: Mapping[str, _Apply] = {
    "not": lambda v: not v if isinstance(v, bool) else None,
    "eq": _equal,
    "ne": _compare(lambda a, b: a != b),
    "lt": _compare(lambda a, b: a < b),  # type: ignore[operator] # of one kind
    "le": _compare(lambda a, b: a <= b),  # type: ignore[operator] # of one kind
    "gt": _compare(lambda a, b: a > b),  # type: ignore[operator] # of one kind
    "ge": _compare(lambda a, b: a >= b),  # type: ignore[operator] # of one kind
    "in": _in,
    "is_null": lambda v: v is None,
    "add": _arithmetic(lambda a, b: a + b, _EXACT.add),
    "sub": _arithmetic(lambda a, b: a - b, _EXACT.subtract),
    "mul": _arithmetic(lambda a, b: a * b, _EXACT.multiply),
    "div": _divide,
    "neg": _number(lambda v: -v),
    "abs": _number(lambda v: -v if v < 0 else v),
    "round": _round,
    "concat": _text(lambda *parts: "".join(parts)),
    "lower": _text(lambda v: v.translate(_LOWER)),
    "upper": _text(lambda v: v.translate(_UPPER)),
    "trim": _text(lambda v: v.strip(" ")),
    "length": _text(len),
    "substr": _substr,
    "starts_with": _text(lambda v, head: v.startswith(head)),
    "contains": _text(lambda v, part: part in v),
    "least": _best(lambda a, b: b if b < a else a),  # type: ignore[operator] # of one kind
    "greatest": _best(lambda a, b: b if b > a else a),  # type: ignore[operator] # of one kind
    "year": _part("year"),
    "month": _part("month"),
    "day": _part("day"),
    "days_between": _days_between,
    "add_days": _add_days,
    "add_months": _add_months,
    "cast_int": _to_int,
    "cast_decimal": _to_decimal,
    "cast_date": _to_date,
    "cast_text": _to_text,
    "id_valid": id_valid,
    "id_birth_date": _id_birth_date,
    "id_sex": _id_sex,
    "credit_code_valid": credit_code_valid,
}
