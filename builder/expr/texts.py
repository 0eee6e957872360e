"""Compute with text by code points, ASCII letters only where letters change. Twin in `expr.js`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from builder.expr.numbers import is_whole
from builder.expr.tree import Value

__all__ = ["concat", "contains", "length", "lower", "starts_with", "substr", "trim", "upper"]

_Apply: TypeAlias = Callable[..., Value]

_LOWER = {c: c + 32 for c in range(65, 91)}
_UPPER = {c: c - 32 for c in range(97, 123)}
_BLANKS = " \u3000"


def _text(change: Callable[..., Value]) -> _Apply:
    def apply(*values: Value) -> Value:
        return change(*values) if all(isinstance(v, str) for v in values) else None

    return apply


def substr(value: Value, start: Value, length: Value = 1 << 30) -> Value:
    """Return a part, counted in characters from 1; a start below 1 is NULL.

    >>> substr("合肥市", 1, 2)
    '合肥'
    """
    if not isinstance(value, str) or not is_whole(start) or not is_whole(length):
        return None
    if length < 0 or start < 1:
        return None
    return value[start - 1 : start - 1 + length]


concat = _text(lambda *parts: "".join(parts))
lower = _text(lambda v: v.translate(_LOWER))
upper = _text(lambda v: v.translate(_UPPER))
trim = _text(lambda v: v.strip(_BLANKS))
length = _text(len)
starts_with = _text(lambda v, head: v.startswith(head))
contains = _text(lambda v, part: part in v)
