"""Describe and check the answers of a matter's forms: the same JSON Schema in both places.

Answers travel nested, ``{"entity": {"field": value}}``. A form's schema is its entities' own, with
the fields that the form asks and no others; what a question is called, when it is asked and where
its value comes from otherwise stand in its description. What must be answered depends on what is
asked: the form's own rules say so, with a pointer, when it is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NoReturn

import jsonschema_rs

from builder.cases.answers import Flat, flat
from builder.errors import Fault, Findings, Lang
from builder.forms import CompiledForm
from builder.forms.compiled import CompiledControl
from builder.forms.rules import form_schema, violations
from builder.scenario.model import Json
from builder.web.api.shapes import JsonSchema
from builder.web.api_errors import BodyMisfit

__all__ = ["answers_schema", "read_answers"]

_MANY = 80
_WHEN = {
    "zh": (
        "仅当这个条件成立时填写：{when}",
        "由系统计算，不用填写",
        "可从部门数据免填",
        "必填",
    ),
    "en": (
        "asked only where {when}",
        "computed, never typed",
        "prefilled where known",
        "required",
    ),
}


def answers_schema(form: CompiledForm, lang: Lang) -> JsonSchema:
    """Return the JSON Schema of a form's answers; null takes an answer back."""
    entities: dict[str, JsonSchema] = {}
    conditions = _conditions(form)
    nested: Any = form_schema(form.scenario.entities, list(form.by_pointer))
    for pointer, controls in form.by_pointer.items():
        _, entity, name = pointer.split("/")
        source = nested["properties"][entity]["properties"][name]
        record = entities.setdefault(
            entity, {"type": "object", "properties": {}, "additionalProperties": False}
        )
        record["properties"][name] = _field(source, controls, conditions, lang)
    title = form.form.title
    return {
        "type": "object",
        "title": title.zh if lang == "zh" else title.en,
        "properties": entities,
        "additionalProperties": False,
    }


def read_answers(form: CompiledForm, nested: Mapping[str, Any]) -> Flat:
    """Return answers by pointer.

    Raises:
        Findings: names the form does not know, values that break their field's schema.
    """
    faults = [
        *_unknown(form, nested),
        *_misfitting(form, nested),
    ]
    if faults:
        raise Findings(faults, where="/answers")
    return flat(nested)


def _unknown(form: CompiledForm, nested: Mapping[str, Any]) -> Iterator[Fault]:
    known = set(form.by_pointer)
    entities = {pointer.split("/")[1] for pointer in known}
    for entity, record in nested.items():
        if entity not in entities:
            yield BodyMisfit(rule="additionalProperties", where=_place(entity))
        elif not isinstance(record, Mapping):
            yield BodyMisfit(rule="type object", where=_place(entity))
        else:
            for name in record:
                if f"/{entity}/{name}" not in known:
                    yield BodyMisfit(rule="additionalProperties", where=_place(entity, name))


def _misfitting(form: CompiledForm, nested: Mapping[str, Any]) -> Iterator[Fault]:
    known = form.by_pointer
    sound: dict[str, Json] = {
        f"/{entity}/{name}": value
        for entity, record in nested.items()
        if isinstance(record, Mapping)
        for name, value in record.items()
        if f"/{entity}/{name}" in known
    }
    questions = {pointer: controls[0].question for pointer, controls in known.items()}
    told: set[str] = set()
    for pointer, fault in violations(_validator(form), sound, questions):
        if pointer not in told:
            told.add(pointer)
            fault.where = pointer
            yield fault


@lru_cache(maxsize=64)
def _validator(form: CompiledForm) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        answers_schema(form, "en"), validate_formats=True, retriever=_nowhere
    )


def _nowhere(address: str) -> NoReturn:
    raise LookupError(address)


def _place(*parts: str) -> str:
    return "".join(f"/{p.replace('~', '~0').replace('/', '~1')[:80]}" for p in parts)


def _field(
    source: JsonSchema,
    controls: tuple[CompiledControl, ...],
    conditions: Mapping[str, str],
    lang: Lang,
) -> JsonSchema:
    question = controls[0].question
    schema = {k: v for k, v in source.items() if not k.startswith("x-")}
    schema = _with_choices(schema, controls)
    found: JsonSchema = {"anyOf": [schema, {"type": "null"}]}
    found["title"] = getattr(question.label, lang)
    found["description"] = "; ".join(_said(controls, conditions, lang))
    if question.computed:
        found["readOnly"] = True
    return found


def _with_choices(schema: JsonSchema, controls: tuple[CompiledControl, ...]) -> JsonSchema:
    """Add the values that can be chosen, where every question of the field offers a few."""
    offered = [[o.value for o in c.question.choices] for c in controls]
    if not all(offered) or len(offered[0]) > _MANY:
        return schema
    values = sorted({v for listed in offered for v in listed})
    if schema.get("type") == "string" and "enum" not in schema:
        return {**schema, "enum": values}
    items = schema.get("items")
    if schema.get("type") == "array" and isinstance(items, Mapping) and "enum" not in items:
        return {**schema, "items": {**items, "enum": values}}
    return schema


def _said(
    controls: tuple[CompiledControl, ...], conditions: Mapping[str, str], lang: Lang
) -> Iterator[str]:
    question = controls[0].question
    when, computed, prefilled, required = _WHEN[lang]
    if question.hint is not None:
        yield getattr(question.hint, lang)
    asked = [conditions[c.question.id] for c in controls]
    if all(asked):
        yield when.format(when=" OR ".join(dict.fromkeys(asked)))
    if question.computed:
        yield computed
    if question.prefill is not None:
        yield prefilled
    if question.required:
        yield required
    if question.choices and len(question.choices) <= _MANY:
        yield ", ".join(f"{o.value} = {getattr(o.label, lang)}" for o in question.choices)


def _conditions(form: CompiledForm) -> dict[str, str]:
    """Return when each control is asked, by id, as the spec writes it; blank for always."""
    found = {}
    for page in form.form.pages:
        for section in page.sections:
            for control in section.controls:
                parts = [w for w in (page.when, section.when, control.when) if w]
                found[control.id] = (
                    " AND ".join(parts)
                    if len(parts) < 2
                    else " AND ".join(f"({part})" for part in parts)
                )
    return found
