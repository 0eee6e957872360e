"""Check answers against the JSON Schema of their fields, in one pass of one prebuilt validator."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NoReturn, TypeAlias, cast

import jsonschema_rs

from builder.forms.errors import (
    AnswerFault,
    Cell,
    NotFitting,
    NotListed,
    PatternWrong,
    RowsWrong,
    TooFewChosen,
    TooFewRows,
    TooLarge,
    TooLong,
    TooManyChosen,
    TooManyRows,
    TooShort,
    TooSmall,
)
from builder.forms.question import Question
from builder.scenario.model import Entity, Json

__all__ = ["Validator", "form_schema", "form_validator", "nested", "violations"]

Validator: TypeAlias = jsonschema_rs.Draft202012Validator

_DECIMAL: Mapping[str, Json] = {"pattern": r"^-?\d+(\.\d+)?$"}


def form_schema(entities: Collection[Entity], pointers: Collection[str]) -> dict[str, Json]:
    """Return the JSON Schema of a form's answers, nested by entity.

    Each entity's own schema as it stands, but for ``required``: what must be answered depends on
    what is asked, and the form says so. The format ``decimal`` becomes a pattern.
    """
    used = {pointer.split("/")[1] for pointer in pointers}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            entity.id: {
                "$id": f"urn:scenarist:{entity.id.replace('_', '-')}",
                **cast(
                    "dict[str, Json]",
                    _ready({k: v for k, v in entity.schema.items() if k != "required"}),
                ),
            }
            for entity in entities
            if entity.id in used
        },
    }


def form_validator(entities: Collection[Entity], pointers: Collection[str]) -> Validator:
    """Return the validator of `form_schema`; it never looks outside for a reference."""
    return jsonschema_rs.Draft202012Validator(
        form_schema(entities, pointers), validate_formats=True, retriever=_nowhere
    )


def nested(answers: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """Return answers by entity and field, blanks left out.

    >>> nested({"/application/name": "王小明", "/application/phone": None})
    {'application': {'name': '王小明'}}
    """
    records: dict[str, dict[str, Json]] = {}
    for pointer, value in answers.items():
        if value is not None:
            _, entity, name = pointer.split("/", 2)
            records.setdefault(entity, {})[name] = value
    return records


def violations(
    validator: Validator, answers: Mapping[str, Json], questions: Mapping[str, Question]
) -> Iterator[tuple[str, AnswerFault]]:
    """Yield each pointer whose answer breaks its field's schema, with what to say."""
    record = nested(answers)
    if validator.is_valid(record):
        return
    cells: dict[str, list[Cell]] = {}
    for error in validator.iter_errors(record):
        pointer = "/" + "/".join(str(part) for part in error.instance_path[:2])
        if pointer not in questions:
            continue
        cell = _cell(questions[pointer], error.instance_path)
        if cell is None:
            yield pointer, _fault(error, questions[pointer])
        else:
            cells.setdefault(pointer, []).append(Cell(cell, _fault(error, cell)))
    for pointer, wrong in cells.items():
        yield pointer, RowsWrong(questions[pointer], wrong)


def _cell(table: Question, path: Sequence[str | int]) -> Question | None:
    """Return the question of the cell that a path leads to; None where it leads to no cell."""
    if len(path) < 4:  # entity, field, row, column
        return None
    row = path[2]
    column = next((c for c in table.columns if c.name == path[3]), None)
    if column is None or not isinstance(row, int):
        return None
    return column.cell(table, str(row), str(row + 1))


_FAULTS: Mapping[str, type[AnswerFault]] = {
    "minLength": TooShort,
    "maximum": TooLarge,
    "exclusiveMaximum": TooLarge,
    "minimum": TooSmall,
    "exclusiveMinimum": TooSmall,
    "maxItems": TooManyChosen,
    "minItems": TooFewChosen,
}
"""Keywords with one limit, and the sentence that names it."""

_ROW_FAULTS: Mapping[str, type[AnswerFault]] = {
    "maxItems": TooManyRows,
    "minItems": TooFewRows,
}
"""The same of a table."""


def _fault(error: jsonschema_rs.ValidationError, question: Question) -> AnswerFault:
    keyword, limit = error.kind.name, error.kind.as_dict().get("limit")
    example = question.options.get("example")
    if keyword == "maxLength" and isinstance(limit, int):
        return TooLong(question, limit=limit, over=len(str(error.instance)) - limit)
    limited = (_ROW_FAULTS if question.columns else _FAULTS).get(keyword)
    if limited is not None:
        return limited(question, limit=limit)
    if keyword in ("enum", "const"):
        return NotListed(question)
    if keyword == "pattern" and isinstance(example, str):
        return PatternWrong(question, example=example)
    return NotFitting(question)


def _ready(schema: Json) -> Json:
    """Return a schema with formats that only we know as what they mean."""
    if isinstance(schema, Mapping):
        ready = {key: _ready(value) for key, value in schema.items()}
        if ready.get("format") == "decimal":
            del ready["format"]
            ready["allOf"] = [*cast("list[Json]", ready.get("allOf", [])), dict(_DECIMAL)]
        return ready
    if isinstance(schema, list | tuple):
        return [_ready(value) for value in schema]
    return schema


def _nowhere(address: str) -> NoReturn:
    raise LookupError(address)
