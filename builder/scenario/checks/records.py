"""Check entities, parameters, retention: schemas that hold, grades as high as the ledger's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import jsonschema_rs

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import Ground, value_type
from builder.scenario.model import Entity, EntityField, Json, Parameter
from builder.scenario.names import nearest
from builder.scenario.source import escaped
from federation.ledger.catalog import Catalog, Grade

__all__ = ["entities", "field_accepts", "ledger", "parameters", "retention"]

_INSIDE = "#/$defs/"


def entities(ground: Ground) -> Iterator[Fault]:
    """Every field's schema is valid JSON Schema 2020-12 and stays inside its entity."""
    for i, entity in enumerate(ground.scenario.entities):
        at = f"/entities/{i}/schema"
        outside = list(_refs_outside(entity.schema, at))
        yield from outside
        if not outside:
            yield from _broken(entity, at)
        yield from _required(entity, at)


def _refs_outside(value: Json, where: str) -> Iterator[Fault]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("$ref", "$dynamicRef") and isinstance(inner, str):
                if not inner.startswith(_INSIDE):
                    yield errors.RefOutside(where=where + escaped(key), ref=inner[:80])
            else:
                yield from _refs_outside(inner, where + escaped(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _refs_outside(inner, f"{where}/{index}")


def _broken(entity: Entity, at: str) -> Iterator[Fault]:
    for name, field in entity.fields.items():
        problem = _schema_problem(field, entity)
        if problem is not None:
            where = f"{at}/properties{escaped(name)}"
            yield errors.FieldSchemaBroken(where=where, field=name, rule=problem)


def _schema_problem(field: EntityField, entity: Entity) -> str | None:
    try:
        jsonschema_rs.Draft202012Validator(_standalone(field, entity))
    except jsonschema_rs.ValidationError as problem:
        return "/".join(str(part) for part in problem.instance_path) or "schema"
    except (ValueError, jsonschema_rs.ReferencingError):
        return "$ref"
    return None


def _standalone(field: EntityField, entity: Entity) -> dict[str, Json]:
    return {**field.schema, "$defs": entity.schema.get("$defs", {})}


def _required(entity: Entity, at: str) -> Iterator[Fault]:
    required = entity.schema.get("required")
    for k, name in enumerate(required if isinstance(required, list) else ()):
        if isinstance(name, str) and name not in entity.fields:
            near = nearest(name, entity.fields)
            yield errors.FieldUnknown(where=f"{at}/required/{k}", field=name, known=near)


def field_accepts(entity: Entity, field: EntityField, value: Json) -> bool:
    """Tell whether a field's schema accepts a value; True where the schema itself is broken."""
    if _schema_problem(field, entity) is not None or list(_refs_outside(entity.schema, "")):
        return True
    return jsonschema_rs.Draft202012Validator(_standalone(field, entity)).is_valid(value)


def ledger(ground: Ground) -> Iterator[Fault]:
    """A field with a ledger id has a type that holds the ledger's and at least its grade."""
    if ground.catalog is None:
        return
    known = _field_ids(ground.catalog)
    for i, entity in enumerate(ground.scenario.entities):
        for name, field in entity.fields.items():
            if field.ledger is not None:
                where = f"/entities/{i}/schema/properties{escaped(name)}/x-field"
                yield from _against(ground.catalog, known, where, field)


def _against(
    catalog: Catalog, known: frozenset[str], where: str, field: EntityField
) -> Iterator[Fault]:
    if field.ledger not in known:
        near = nearest(field.ledger or "", known)
        yield errors.LedgerFieldUnknown(where=f"{where}/ledger", field=field.ledger, known=near)
        return
    entry = catalog.field(field.ledger or "")
    if field.grade in {g.value for g in Grade} and Grade(field.grade) < entry.grade:
        yield errors.GradeBelowLedger(
            where=f"{where}/grade", grade=field.grade, ledger_grade=entry.grade.value
        )
    if value_type(entry.type) not in (field.type, None):
        yield errors.TypeDiffersFromLedger(where=where, type=field.type, ledger_type=entry.type)


@lru_cache(maxsize=8)
def _field_ids(catalog: Catalog) -> frozenset[str]:
    return frozenset(
        f"{dataset.id}.{field.name}"
        for dataset in catalog.datasets.values()
        for field in dataset.fields
    )


_DEFAULTS: Mapping[str, Mapping[str, Json]] = {
    "text": {"type": "string"},
    "int": {"type": "integer"},
    "decimal": {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "list": {"type": "array"},
}


def parameters(ground: Ground) -> Iterator[Fault]:
    """A parameter's default is of its type."""
    for i, parameter in enumerate(ground.scenario.parameters):
        if not _is_default(parameter):
            yield errors.DefaultTypeDiffers(
                where=f"/parameters/{i}/default", parameter=parameter.id, type=parameter.type
            )


def _is_default(parameter: Parameter) -> bool:
    schema = _DEFAULTS.get(parameter.type)
    if schema is None or parameter.default is None:
        return True
    return jsonschema_rs.Draft202012Validator(dict(schema)).is_valid(parameter.default)


def retention(ground: Ground) -> Iterator[Fault]:
    """Drafts are not kept longer than cases."""
    kept = ground.scenario.retention
    if kept.drafts_days > kept.cases_days > 0:
        yield errors.RetentionOrder(where="/retention/drafts_days")
