"""Describe `scenario.json` as JSON Schema 2020-12, for editors and for `load`.

The document is made from the registries: step kinds from `model.STEP_KINDS`, widgets from the kinds
handed in. ``python -m builder.scenario.schema`` writes it to specs/schema/scenario.schema.json; a
test fails while the file is stale.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast, get_args

from builder.scenario.model import KIOSK_PAGES, STEP_KINDS, Json, TaskAction, WidgetKind
from builder.scenario.names import KEBAB, SNAKE

__all__ = ["document", "main"]

SPEC = "1.0"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS = ("平台", "系统", "应用", "采购", "工程")
GRADES = ("L1", "L2", "L3", "L4", "important", "core")
PURPOSES = ("case", "verify")
CHANNELS = ("web", "mobile", "kiosk", "counter", "assistant")
FIELD_TYPES = ("string", "integer", "boolean", "array", "object")
PARAMETER_TYPES = ("text", "int", "decimal", "bool", "date", "list")

_Schema = dict[str, Json]

_DAYS: Mapping[str, Json] = {"type": "integer", "minimum": 0, "maximum": 3650}


def document(kinds: Iterable[WidgetKind] = ()) -> _Schema:
    """Return the JSON Schema of a scenario.

    Args:
        kinds: the widget kinds there are; without any, a control may name any widget.
    """
    known = sorted(kinds, key=lambda kind: kind.id)
    return {
        "$schema": DIALECT,
        "title": "Scenarist scenario, spec 1.0",
        **_object(
            {
                "$schema": {"type": "string"},
                "spec": {"const": SPEC},
                "scenario": _ref("meta"),
                "parameters": _list("parameter"),
                "datasets": _list("dataset"),
                "subjects": _list("subject", at_least=1),
                "entities": _list("entity", at_least=1),
                "forms": _list("form", at_least=1),
                "process": _ref("process"),
                "queries": _list("query"),
                "roles": _list("role", at_least=1),
                "lists": _list("list"),
                "channels": _list("channel", at_least=1),
                "notices": _list("notice"),
                "documents": _list("document"),
                "retention": _ref("retention"),
            },
            optional=("$schema", "documents"),
        ),
        "$defs": {**_words(), **_head(), **_records(), **_forms(known), **_steps(), **_rest()},
    }


def main(target: Path | None = None) -> None:
    """Write the schema file from the registries.

    The widget registry lives on a floor above; this command reaches up to it by name, the room
    itself never does.
    """
    registry = importlib.import_module("builder.forms.widgets")
    kinds = cast("Mapping[str, WidgetKind]", registry.kinds())
    path = target or Path(__file__).parents[2] / "specs" / "schema" / "scenario.schema.json"
    path.write_text(rendered(kinds.values()), encoding="utf-8")
    sys.stdout.write(f"{path.name}\n")


def rendered(kinds: Iterable[WidgetKind]) -> str:
    """Return the schema file's text."""
    return json.dumps(document(kinds), ensure_ascii=False, indent=2) + "\n"


# ── Words ────────────────────────────────────────────────────────────────────────────────────────


def _words() -> _Schema:
    return {
        "text": _object({"zh": _wording(), "en": _wording()}),
        "kebab": {"type": "string", "pattern": KEBAB, "maxLength": 64},
        "snake": {"type": "string", "pattern": SNAKE, "maxLength": 64},
        "pointer": {"type": "string", "pattern": r"^/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$"},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$"},
        "plan-row": {"type": "string", "pattern": r"^[A-Z]\d{2}$"},
        "ledger-dataset": {"type": "string", "pattern": r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"},
        "ledger-field": {
            "type": "string",
            "pattern": r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        },
        "name-path": {"type": "string", "pattern": r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"},
        "expression": {"type": "string", "minLength": 1, "maxLength": 2000, "pattern": r"\S"},
    }


def _head() -> _Schema:
    return {
        "meta": _object(
            {
                "id": _ref("kebab"),
                "version": _ref("version"),
                "kind": {"enum": list(KINDS)},
                "title": _ref("text"),
                "summary": _ref("text"),
                "domain": _ref("text"),
                "lead": _ref("kebab"),
                "partners": _items(_ref("kebab"), unique=True),
                "legal_basis": _list("legal-basis", at_least=1),
                "items": _list("item"),
                "plan_rows": _items(_ref("plan-row"), unique=True),
            }
        ),
        "legal-basis": _object(
            {"id": _ref("kebab"), "title": _ref("text"), "url": {"type": "string"}},
            optional=("url",),
        ),
        "item": _object(
            {"id": _ref("kebab"), "title": _ref("text"), "party": _ref("kebab")},
        ),
        "parameter": _object(
            {
                "id": _ref("snake"),
                "type": {"enum": list(PARAMETER_TYPES)},
                "title": _ref("text"),
                "default": {},
                "hint": _ref("text"),
            },
            optional=("default", "hint"),
        ),
        "dataset": _object(
            {
                "id": _ref("snake"),
                "dataset": _ref("ledger-dataset"),
                "purposes": _items({"enum": list(PURPOSES)}, at_least=1, unique=True),
                "fields": _items(_ref("snake"), at_least=1, unique=True),
                "legal_basis": _ref("kebab"),
            },
            optional=("legal_basis",),
        ),
        "subject": _object(
            {
                "id": _ref("kebab"),
                "kind": {"enum": ["person", "enterprise"]},
                "key": {"type": "string", "pattern": r"^(@applicant|/[a-z0-9_]+/[a-z0-9_]+)$"},
                "title": _ref("text"),
                "relation": _object(
                    {"to": _ref("kebab"), "verified_by": _ref("snake"), "title": _ref("text")},
                    optional=("title",),
                ),
                "legal_basis": _ref("kebab"),
            },
            optional=("relation", "legal_basis"),
        ),
    }


def _records() -> _Schema:
    return {
        "entity": _object(
            {"id": _ref("snake"), "title": _ref("text"), "schema": _ref("entity-schema")}
        ),
        "entity-schema": _object(
            {
                "$schema": {"const": DIALECT},
                "$defs": {"type": "object"},
                "$comment": {"type": "string"},
                "title": {"type": "string"},
                "description": {"type": "string"},
                "type": {"const": "object"},
                "properties": {
                    "type": "object",
                    "propertyNames": _ref("snake"),
                    "additionalProperties": _ref("field"),
                    "minProperties": 1,
                },
                "required": {"type": "array", "items": {"type": "string"}},
            },
            optional=("$schema", "$defs", "$comment", "title", "description", "required"),
        ),
        "field": {
            "type": "object",
            "properties": {
                "type": {"enum": list(FIELD_TYPES)},
                "x-title": _ref("text"),
                "x-field": _object(
                    {
                        "ledger": _ref("ledger-field"),
                        "grade": {"enum": list(GRADES)},
                        "dictionary": _ref("snake"),
                        "key": {"type": "boolean"},
                    },
                    optional=("ledger", "grade", "dictionary", "key"),
                ),
            },
            "required": ["type"],
        },
    }


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────


def _forms(kinds: list[WidgetKind]) -> _Schema:
    control = _object(
        {
            "id": _ref("kebab"),
            "widget": {"enum": [kind.id for kind in kinds]} if kinds else _ref("kebab"),
            "scope": _ref("pointer"),
            "label": _ref("text"),
            "hint": _ref("text"),
            "required": {"type": "boolean"},
            "required_when": _maybe("expression"),
            "when": _maybe("expression"),
            "compute": _maybe("expression"),
            "prefill": _maybe("prefill"),
            "options": {"type": "object"},
            "columns": _list("column", at_least=1),
            "deferrable": _ref("deferral"),
            "promise": _ref("pledge"),
        },
        optional=(
            "scope",
            "hint",
            "required",
            "required_when",
            "when",
            "compute",
            "prefill",
            "options",
            "columns",
            "deferrable",
            "promise",
        ),
    )
    column = _object(
        {
            "id": _ref("kebab"),
            "widget": {"enum": [k.id for k in kinds if k.in_rows]} if kinds else _ref("kebab"),
            "scope": {"type": "string", "pattern": r"^/row/[a-z][a-z0-9_]*$"},
            "label": _ref("text"),
            "hint": _ref("text"),
            "required": {"type": "boolean"},
            "required_when": _maybe("expression"),
            "options": {"type": "object"},
        },
        optional=("hint", "required", "required_when", "options"),
    )
    options: list[Json] = [
        _when("widget", kind.id, {"properties": {"options": _options(kind)}}) for kind in kinds
    ]
    if options:
        control["allOf"] = column["allOf"] = options
    return {
        "form": _object(
            {"id": _ref("kebab"), "title": _ref("text"), "pages": _list("page", at_least=1)}
        ),
        "page": _part({"sections": _list("section", at_least=1)}),
        "section": _part({"controls": _list("control", at_least=1)}),
        "control": control,
        "column": column,
        "prefill": _object(
            {"query": _ref("snake"), "column": _ref("snake"), "locked": {"type": "boolean"}},
            optional=("locked",),
        ),
        "deferral": _object(
            {
                "days": {**_DAYS, "minimum": 1},
                "remind": {"if": {"type": "null"}, "else": _DAYS},
                "hold": _items(_ref("kebab"), at_least=1, unique=True),
                "consequence": {"enum": ["tell", "suspend"]},
            },
            optional=("remind", "hold", "consequence"),
        ),
        "pledge": _object(
            {
                "text": _ref("text"),
                "consequence": _ref("text"),
                "verify_days": {**_DAYS, "minimum": 1},
            },
            optional=("verify_days",),
        ),
    }


def _part(inner: _Schema) -> _Schema:
    head: _Schema = {
        "id": _ref("kebab"),
        "title": _ref("text"),
        "intro": _maybe("text"),
        "when": _maybe("expression"),
    }
    return _object(head | inner, optional=("intro", "when"))


def _options(kind: WidgetKind) -> _Schema:
    schema = {key: value for key, value in kind.options.items() if key not in ("$schema", "$id")}
    if schema.get("additionalProperties") is False:
        schema.setdefault("properties", {})  # so that the validator names the keys it refuses
    return cast("_Schema", json.loads(json.dumps(schema, default=dict)))


# ── Process ──────────────────────────────────────────────────────────────────────────────────────


def _steps() -> _Schema:
    shapes = {
        "sequence": _step({"steps": _list("step", at_least=1)}),
        "parallel": _step({"branches": _list("branch", at_least=2)}),
        "choice": _step({"branches": _list("branch", at_least=1)}),
        "task": _task(),
        "query": _step({"query": _ref("snake"), "give_up_days": _DAYS}, optional=("give_up_days",)),
        "notify": _step({"notice": _ref("kebab")}),
        "issue": _step({"document": _ref("kebab")}),
    }
    root = _step({"form": _ref("kebab"), "steps": _list("step", at_least=1)}, optional=("form",))
    return {
        "process": {**root, "properties": {**_properties(root), "kind": {"const": "sequence"}}},
        "step": {
            "type": "object",
            "required": ["id", "kind"],
            "properties": {"id": _ref("kebab"), "kind": {"enum": list(STEP_KINDS)}},
            "allOf": [_when("kind", kind, _ref(f"step-{kind}")) for kind in STEP_KINDS],
        },
        "branch": _object(
            {
                "id": _ref("kebab"),
                "title": _maybe("text"),
                "when": _maybe("expression"),
                "steps": _list("step"),
            },
            optional=("title", "when"),
        ),
        "escalation": _object(
            {
                "after": _DAYS,
                "do": {"enum": ["notify", "reassign"]},
                "role": _ref("kebab"),
                "party": _ref("kebab"),
            },
            optional=("party",),
        ),
        **{f"step-{kind}": shapes[kind] for kind in STEP_KINDS},
    }


def _task() -> _Schema:
    return _step(
        {
            "title": _ref("text"),
            "item": _ref("kebab"),
            "party": _ref("kebab"),
            "role": _ref("kebab"),
            "form": _ref("kebab"),
            "visible": _items(_ref("pointer"), unique=True),
            "due_days": _DAYS,
            "remind": {"if": {"type": "null"}, "else": _DAYS},
            "escalate": _items(_ref("escalation"), at_least=1),
            "actions": _items({"enum": list(get_args(TaskAction))}, at_least=1, unique=True),
            "return_to": _items(_ref("kebab"), unique=True),
            "on_reject": {"enum": ["case", "branch"]},
            "transfer_to": _items(_ref("kebab"), at_least=1, unique=True),
        },
        optional=(
            "item",
            "party",
            "form",
            "visible",
            "due_days",
            "remind",
            "escalate",
            "return_to",
            "on_reject",
            "transfer_to",
        ),
        titled=True,
    )


def _step(own: _Schema, *, optional: tuple[str, ...] = (), titled: bool = False) -> _Schema:
    head: _Schema = {"id": _ref("kebab"), "kind": {}, "title": _maybe("text")}
    return _object(head | own, optional=optional if titled else (*optional, "title"))


# ── The rest ─────────────────────────────────────────────────────────────────────────────────────


def _rest() -> _Schema:
    days: _Schema = {"type": "integer", "minimum": 1, "maximum": 36500}
    return {
        "query": _object(
            {
                "id": _ref("snake"),
                "title": _ref("text"),
                "purpose": {"enum": list(PURPOSES)},
                "subject": _ref("kebab"),
                "sql": {"type": "string", "minLength": 1, "maxLength": 4000},
                "params": {
                    "type": "object",
                    "propertyNames": _ref("snake"),
                    "additionalProperties": _ref("name-path"),
                },
            },
            optional=("params",),
        ),
        "role": _object(
            {
                "id": _ref("kebab"),
                "title": _ref("text"),
                "start": {"type": "boolean"},
                "party": {"type": "string", "pattern": rf"^\*$|{KEBAB}"},
            },
            optional=("start", "party"),
        ),
        "list": _object(
            {
                "id": _ref("kebab"),
                "title": _ref("text"),
                "entity": _ref("snake"),
                "columns": _items(_ref("snake"), at_least=1, unique=True),
                "filters": _items(_ref("snake"), unique=True),
            },
            optional=("filters",),
        ),
        "channel": _object(
            {
                "id": {"enum": list(CHANNELS)},
                "title": _ref("text"),
                "pages": _items({"enum": list(KIOSK_PAGES)}, at_least=1, unique=True),
                "idle_s": {"type": "integer", "minimum": 30, "maximum": 600},
            },
            optional=("title", "pages", "idle_s"),
        ),
        "notice": _object(
            {
                "id": _ref("kebab"),
                "to": _ref("kebab"),
                "title": _ref("text"),
                "text": _ref("text"),
            }
        ),
        "document": _object(
            {
                "id": _ref("kebab"),
                "kind": {"enum": ["certificate", "notice"]},
                "title": _ref("text"),
                "party": _ref("kebab"),
                "languages": _items({"enum": ["zh", "zh-en"]}, at_least=1, unique=True),
                "fields": _items(_ref("pointer"), at_least=1, unique=True),
                "body": _ref("text"),
                "valid_days": days,
                "template": {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,64}\.docx$"},
            },
            optional=("party", "languages", "fields", "body", "valid_days", "template"),
        ),
        "retention": _object({"cases_days": days, "drafts_days": days, "basis": _ref("text")}),
    }


# ── Grammar ──────────────────────────────────────────────────────────────────────────────────────


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _maybe(name: str) -> _Schema:
    return {"if": {"type": "null"}, "else": _ref(name)}


def _wording() -> _Schema:
    return {"type": "string", "minLength": 1, "maxLength": 4000, "pattern": r"\S"}


def _object(properties: _Schema, *, optional: tuple[str, ...] = ()) -> _Schema:
    return {
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "required": [key for key in properties if key not in optional],
        "additionalProperties": False,
    }


def _properties(schema: _Schema) -> _Schema:
    return cast("_Schema", schema["properties"])


def _list(name: str, *, at_least: int = 0) -> _Schema:
    return _items(_ref(name), at_least=at_least)


def _items(item: _Schema, *, at_least: int = 0, unique: bool = False) -> _Schema:
    schema: _Schema = {"type": "array", "items": item}
    if at_least:
        schema["minItems"] = at_least
    if unique:
        schema["uniqueItems"] = True
    return schema


def _when(key: str, value: str, then: _Schema) -> _Schema:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


if __name__ == "__main__":
    main()
