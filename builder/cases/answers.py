"""Turn answers between their two shapes, and into what expressions read.

Stored and travelling: nested JSON, ``{"entity": {"field": value}}``. In forms: flat, by JSON pointer
``"/entity/field"``. In expressions: by name ``"entity.field"``, with dates and decimals as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from builder.expr import Value
from builder.scenario.model import Json, Scenario, ValueType

__all__ = ["Flat", "Nested", "flat", "nested", "pick", "scope"]

Flat: TypeAlias = Mapping[str, Json]
Nested: TypeAlias = Mapping[str, Mapping[str, Json]]


def flat(answers: Nested) -> dict[str, Json]:
    """Return answers by pointer."""
    return {
        f"/{entity}/{name}": value
        for entity, record in answers.items()
        for name, value in record.items()
    }


def nested(answers: Flat) -> dict[str, dict[str, Json]]:
    """Return answers by entity and field."""
    records: dict[str, dict[str, Json]] = {}
    for pointer, value in answers.items():
        _, entity, name = pointer.split("/")
        records.setdefault(entity, {})[name] = value
    return records


def pick(answers: Nested, pointer: str) -> Json:
    """Return the value at a pointer; None where there is none."""
    _, entity, name = pointer.split("/")
    return answers.get(entity, {}).get(name)


def scope(scenario: Scenario, answers: Nested, results: Nested) -> dict[str, Value]:
    """Return what expressions read: fields of entities and columns of answered queries, typed."""
    values: dict[str, Value] = {}
    for entity, record in answers.items():
        fields = scenario.entity(entity).fields
        for name, value in record.items():
            if name in fields:
                values[f"{entity}.{name}"] = _typed(value, fields[name].type)
    for query, row in results.items():
        columns = scenario.query(query).columns
        for name, value in row.items():
            values[f"{query}.{name}"] = _typed(value, columns.get(name))
    return values


def _typed(value: Json, kind: ValueType | None) -> Value:
    try:
        match value, kind:
            case str(), "date":
                return date.fromisoformat(value)
            case str(), "timestamp":
                return datetime.fromisoformat(value)
            case str(), "decimal":
                return Decimal(value)
            case bool() | int() | str() | None, _:
                return value
            case _:
                return None
    except (ValueError, InvalidOperation):
        return None
