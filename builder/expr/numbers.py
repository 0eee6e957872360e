"""Compute with numbers as every engine can: 18 digits before the point and 6 behind it.

A decimal result is rounded half away from zero to six places; a result out of range is NULL, and so
is a division by zero. `numbers` in `expr.js` is the twin.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeAlias, TypeGuard

from builder.expr.tree import Value

__all__ = [
    "EXACT",
    "arithmetic",
    "divide",
    "is_number",
    "is_whole",
    "negate",
    "round_to",
    "to_decimal",
    "to_int",
    "to_text",
]

Number: TypeAlias = int | Decimal
_Apply: TypeAlias = Callable[..., Value]

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_PLACES = 6
_SIX = Decimal(1).scaleb(-_PLACES)
_LIMIT = 10**18
_INT_TEXT = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL_TEXT = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")


def is_number(value: Value) -> TypeGuard[Number]:
    """Tell whether a value is a number; TRUE is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_whole(value: Value) -> TypeGuard[int]:
    """Tell whether a value is a whole number by type."""
    return isinstance(value, int) and not isinstance(value, bool)


def arithmetic(
    whole: Callable[[int, int], int], exact: Callable[[Decimal, Decimal], Decimal]
) -> _Apply:
    """Return an operator of two or more numbers, computed from the left."""

    def two(left: Value, right: Value) -> Value:
        if type(left) is int and type(right) is int:
            return _int(whole(left, right))
        if not (is_number(left) and is_number(right)):
            return None
        a, b = _decimal(left), _decimal(right)
        return None if a is None or b is None else _fixed(exact(a, b))

    def apply(*values: Value) -> Value:
        found = two(values[0], values[1])
        for value in values[2:]:
            found = two(found, value)
        return found

    return apply


def divide(left: Value, right: Value) -> Value:
    """Return the quotient to six places, without zeros at the end."""
    if not (is_number(left) and is_number(right)):
        return None
    a, b = _decimal(left), _decimal(right)
    if a is None or not b:
        return None
    found = _fixed(EXACT.divide(a, b))
    return None if found is None else _trimmed(found)


def negate(value: Value) -> Value:
    """Return a number with the other sign; zero has none."""
    if not is_number(value):
        return None
    return -value if isinstance(value, int) else EXACT.minus(value)


def round_to(value: Value, places: Value = 0) -> Value:
    """Round half away from zero to `places` digits behind the point, 0 to 6."""
    if not is_number(value) or not is_whole(places) or not 0 <= places <= _PLACES:
        return None
    exact = _ranged(value)
    return None if exact is None else _bounded(_quantized(exact, places))


def to_int(value: Value) -> Value:
    """Cast to a whole number: decimals are rounded, text is digits with a sign."""
    match value:
        case bool():
            return None
        case int():
            return _int(value)
        case Decimal():
            exact = _ranged(value)
            return None if exact is None else _int(int(_quantized(exact, 0)))
        case str() if _INT_TEXT.fullmatch(value):
            return int(value)
        case _:
            return None


def to_decimal(value: Value, digits: Value, places: Value) -> Value:
    """Cast to a decimal of so many digits, `places` of them behind the point."""
    if not (is_whole(digits) and is_whole(places)):
        return None
    if isinstance(value, str):
        value = Decimal(value) if _DECIMAL_TEXT.fullmatch(value) else None
    if not is_number(value):
        return None
    exact = _ranged(value)
    if exact is None:
        return None
    found = _quantized(exact, places)
    return _bounded(found) if found.copy_abs() < Decimal(10) ** (digits - places) else None


def to_text(value: Number) -> str | None:
    """Cast to text: six places at most, no exponent, no zeros at the end, no sign on zero.

    >>> to_text(Decimal("12.500")), to_text(Decimal("-0.0")), to_text(7)
    ('12.5', '0', '7')
    """
    if isinstance(value, int):
        return str(value)
    exact = _fixed(value)
    return None if exact is None else f"{_trimmed(exact):f}"


def _int(value: int) -> int | None:
    return value if -_LIMIT < value < _LIMIT else None


def _ranged(value: Number) -> Decimal | None:
    """Return a number as it is, if arithmetic can hold its whole part."""
    exact = Decimal(value)
    return exact if exact.is_finite() and exact.copy_abs() < _LIMIT else None


def _decimal(value: Number) -> Decimal | None:
    """Return a number as arithmetic takes it: six places, in range."""
    return Decimal(value) if isinstance(value, int) else _fixed(value)


def _fixed(value: Decimal) -> Decimal | None:
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_PLACES:
        value = _quantized(value, _PLACES) if value.adjusted() < _PLACES * 8 else value
    return _bounded(value)


def _bounded(value: Decimal) -> Decimal | None:
    if not value:
        return abs(value)
    return value if -_LIMIT < value < _LIMIT else None


def _quantized(value: Decimal, places: int) -> Decimal:
    return EXACT.quantize(value, Decimal(1).scaleb(-places) if places != _PLACES else _SIX)


def _trimmed(value: Decimal) -> Decimal:
    """Return an equal decimal without zeros behind the point's last digit."""
    short = value.normalize(EXACT)
    exponent = short.as_tuple().exponent
    if not short:
        return Decimal(0)
    return (
        short.quantize(Decimal(1), context=EXACT)
        if isinstance(exponent, int) and exponent > 0
        else short
    )
