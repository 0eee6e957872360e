"""Turn answers from their JSON spelling into what expressions read, and back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from builder.expr import Value
from builder.scenario.model import Json, ValueType

__all__ = ["from_value", "to_value"]


def to_value(answer: Json, kind: ValueType) -> Value:
    """Return an answer as a typed value; None for anything that is not one of its type.

    >>> to_value("2026-11-23", "date")
    datetime.date(2026, 11, 23)
    >>> to_value("later", "date") is None
    True
    """
    try:
        match kind, answer:
            case "date", str():
                return date.fromisoformat(answer)
            case "timestamp", str():
                return datetime.fromisoformat(answer)
            case "decimal", str():
                return _finite(Decimal(answer))
            case "int" | "decimal", bool():
                return None
            case ("int", int()) | ("bool", bool()) | ("text", str()):
                return answer
            case "decimal", int():
                return Decimal(answer)
            case _:
                return None
    except (ValueError, InvalidOperation):
        return None


def from_value(value: Value, kind: ValueType) -> Json:
    """Return a typed value in the JSON spelling of a field's type; None where it does not fit.

    >>> from_value(Decimal("12.50"), "decimal")
    '12.50'
    """
    match kind, value:
        case "timestamp", datetime():
            return value.isoformat()
        case "date", datetime():
            return value.date().isoformat()
        case "date", date():
            return value.isoformat()
        case ("bool", bool()) | ("text", str()):
            return value
        case "int" | "decimal", bool():
            return None
        case "int", int():
            return value
        case "int", Decimal():
            return int(value) if value == value.to_integral_value() else None
        case "decimal", int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case "text", _:
            return None if value is None else _words(value)
        case _:
            return None


def _finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None


def _words(value: bool | int | Decimal | date) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
