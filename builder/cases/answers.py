"""Turn answers between their two shapes, and into what expressions read.

Stored and travelling: nested JSON, ``{"entity": {"field": value}}``. In forms: flat, by pointer
``"/entity/field"``. In expressions: by name ``"entity.field"``, with dates and decimals as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from builder.expr import Value
from builder.process.scope import typed
from builder.scenario.model import PARAMS, Json, Scenario, ValueType

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
        types = _types(scenario, entity)
        for name, value in record.items():
            if name in types:
                values[f"{entity}.{name}"] = typed(value, types[name])
    for query, row in results.items():
        columns = scenario.query(query).columns
        for name, value in row.items():
            values[f"{query}.{name}"] = typed(value, columns.get(name) or "text")
    return values


def _types(scenario: Scenario, entity: str) -> dict[str, ValueType]:
    if entity == PARAMS:
        return {p.id: p.type for p in scenario.parameters}
    return {name: f.type for name, f in scenario.entity(entity).fields.items()}
