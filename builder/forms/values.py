"""Turn answers from their JSON spelling into what expressions read, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from builder.expr import Value
from builder.scenario.lists import lines_of
from builder.scenario.model import Json, ValueType

__all__ = ["from_value", "has_type", "to_value"]

_JSON_TYPES: Mapping[ValueType, type | tuple[type, ...]] = {
    "text": str,
    "int": int,
    "decimal": str,
    "bool": bool,
    "date": str,
    "timestamp": str,
    "list": (list, tuple),
    "object": Mapping,
}


def has_type(value: Json, kind: ValueType) -> bool:
    """Tell whether an answer is of its field's JSON type."""
    return isinstance(value, _JSON_TYPES[kind]) and isinstance(value, bool) == (kind == "bool")


def to_value(answer: Json, kind: ValueType) -> Value:
    """Return an answer as a typed value; None for anything that is not one of its type.

    >>> to_value("2026-11-23", "date")
    datetime.date(2026, 11, 23)
    >>> to_value("later", "date") is None
    True
    """
    if isinstance(answer, str):
        return _read(answer, kind)
    if kind == "list":
        return lines_of(answer)
    if kind == "bool":
        return answer if isinstance(answer, bool) else None
    if isinstance(answer, int) and not isinstance(answer, bool):
        return answer if kind == "int" else Decimal(answer) if kind == "decimal" else None
    return None


def _read(text: str, kind: ValueType) -> Value:
    try:
        match kind:
            case "text":
                return text
            case "date":
                return date.fromisoformat(text)
            case "timestamp":
                return datetime.fromisoformat(text)
            case "decimal":
                return _finite(Decimal(text))
            case _:
                return None
    except (ValueError, InvalidOperation):
        return None


def from_value(value: Value, kind: ValueType) -> Json:
    """Return a typed value in the JSON spelling of a field's type; None where it does not fit.

    >>> from_value(Decimal("12.50"), "decimal")
    '12.50'
    """
    if value is None or kind in ("list", "object"):
        return None
    if kind == "text":
        return _words(value)
    if isinstance(value, bool) or kind == "bool":
        return value if isinstance(value, bool) and kind == "bool" else None
    if isinstance(value, int | Decimal):
        return _number(value, kind)
    if isinstance(value, date):
        return _moment(value, kind)
    return None


def _number(value: int | Decimal, kind: ValueType) -> Json:
    if kind == "int":
        return int(value) if value == int(value) else None
    return f"{Decimal(value):f}" if kind == "decimal" else None


def _moment(value: date, kind: ValueType) -> Json:
    if kind == "timestamp":
        return value.isoformat() if isinstance(value, datetime) else None
    day = value.date() if isinstance(value, datetime) else value
    return day.isoformat() if kind == "date" else None


def _finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None


def _words(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
