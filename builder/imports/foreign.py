"""Read documents in the shape of an imported form as answers, and write answers back that way.

The scenario itself carries what is needed: ``x-source`` on entities, fields and columns says where
a value stands in the foreign document and how its type differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import cast

import jsonschema_rs

from builder.errors import Fault
from builder.forms import CompiledForm, compile_form, validate_all
from builder.forms.chars import line
from builder.imports.errors import (
    ForeignAlone,
    ForeignKeyUnknown,
    ForeignMissing,
    ForeignTypeWrong,
    ForeignUnmapped,
)
from builder.scenario.model import APPLY, Json, Scenario
from builder.scenario.names import nearest
from builder.scenario.source import escaped

__all__ = ["ForeignRead", "is_imported", "read_foreign", "write_foreign"]

Doc = Mapping[str, Json]
SOURCE = "x-source"

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": (int, float),
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": Mapping,
}


@dataclass(frozen=True, slots=True)
class ForeignRead:
    """A foreign document, read.

    Attributes:
        answers: what the applicant's form asks, by pointer.
        others: what other forms ask: an officer fills that in.
        findings: everything that is wrong with the document, each with its pointer into it.
    """

    answers: Mapping[str, Json]
    others: Mapping[str, Json]
    findings: tuple[Fault, ...]


@dataclass(slots=True)
class _Place:
    """What may stand at one place of the document."""

    inside: dict[str, _Place] = field(default_factory=dict)
    pointer: str = ""
    schema: Mapping[str, Json] = field(default_factory=dict)


def is_imported(scenario: Scenario) -> bool:
    """Tell whether documents in a foreign shape can be read for a scenario."""
    return any(SOURCE in f.schema for e in scenario.entities for f in e.fields.values())


def read_foreign(scenario: Scenario, doc: Json, today: date) -> ForeignRead:
    """Return a foreign document as answers, and all that is wrong with it.

    Keys that the form does not know are refused, texts of nothing but blanks count as no answer;
    everything else is judged as the form judges what is handed in.

    Raises:
        ForeignUnmapped: the scenario was not imported.
    """
    if not is_imported(scenario):
        raise ForeignUnmapped(where="/entities")
    reading = _Reading()
    if not isinstance(doc, Mapping):
        return ForeignRead({}, {}, (ForeignAlone(where=""),))
    root, objects = _mapped(scenario)
    reading.object(doc, root, "")
    for at in objects:
        if not isinstance(_at(doc, at), Mapping):
            reading.findings.append(ForeignMissing(where=at, key=at.rpartition("/")[2]))
    for place in _leaves(root):
        _needed(place, doc, "", reading)
    answers, others = _parted(scenario, reading.values)
    told = {fault.where for fault in reading.findings}
    for form_id, values in ((scenario.process.form, answers), *_officers(scenario, others)):
        for fault in _judged(scenario, form_id, values, today):
            if fault.where not in told and not any(
                (fault.where or "").startswith(f"{t}/") for t in told
            ):
                reading.findings.append(fault)
    return ForeignRead(answers, others, tuple(reading.findings))


def write_foreign(scenario: Scenario, answers: Mapping[str, Json]) -> dict[str, Json]:
    """Return answers, by pointer, as a document in the foreign shape: the inverse of reading.

    Raises:
        ForeignUnmapped: the scenario was not imported.
    """
    if not is_imported(scenario):
        raise ForeignUnmapped(where="/entities")
    doc: dict[str, Json] = {}
    for entity in scenario.entities:
        for found in entity.fields.values():
            value = answers.get(found.pointer)
            if value is not None and SOURCE in found.schema:
                _put(doc, str(_source(found.schema)["at"]), _out(value, found.schema))
    return doc


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


class _Reading:
    def __init__(self) -> None:
        self.values: dict[str, Json] = {}
        self.findings: list[Fault] = []

    def object(self, doc: Doc, place: _Place, where: str) -> None:
        """Read the members of an object."""
        for key, value in doc.items():
            at = where + escaped(key)
            inner = place.inside.get(key)
            if inner is None:
                self._unknown(key, place, at)
            elif inner.pointer:
                read = self.value(value, inner.schema, at)
                if read is not None:
                    self.values[inner.pointer] = read
            elif isinstance(value, Mapping):
                self.object(value, inner, at)
            else:
                self._type(at, "object")

    def value(self, value: Json, schema: Mapping[str, Json], where: str) -> Json:
        """Return a value as an answer; None where it counts as none, or is wrong."""
        source = _source(schema)
        if value is None and source.get("nullable") is True:
            return None
        coded = source.get("values")
        if isinstance(coded, Mapping):
            return self._code(value, coded, where)
        wanted = str(source.get("type") or schema.get("type"))
        if not _is(value, wanted):
            self._type(where, wanted)
            return None
        if isinstance(value, list):
            return self._array(value, schema, where)
        return _plain(value, wanted, schema)

    def _array(self, values: list[Json], schema: Mapping[str, Json], where: str) -> Json:
        items = cast("Mapping[str, Json]", schema.get("items") or {})
        if _source(schema).get("rows") == "plain":
            column = cast("Mapping[str, Json]", cast("Doc", items["properties"])["value"])
            plain = [self.value(v, column, f"{where}/{i}") for i, v in enumerate(values)]
            return [{"value": v} for v in plain] or None
        if isinstance(items.get("properties"), Mapping):
            return [self._row(v, items, f"{where}/{i}") for i, v in enumerate(values)] or None
        read = [self.value(v, items, f"{where}/{i}") for i, v in enumerate(values)]
        return [v for v in read if v is not None] or None

    def _row(self, value: Json, items: Mapping[str, Json], where: str) -> Json:
        if not isinstance(value, Mapping):
            self._type(where, "object")
            return {}
        root = _row_places(items)
        inner = _Reading()
        inner.object(value, root, where)
        for place in _leaves(root):
            _needed(place, value, where, inner)
        self.findings += inner.findings
        return inner.values

    def _code(self, value: Json, coded: Mapping[str, Json], where: str) -> Json:
        for code, meant in coded.items():
            same_kind = isinstance(meant, bool) == isinstance(value, bool)
            if meant == value and same_kind:
                return code
        self._type(where, " / ".join(str(v) for v in list(coded.values())[:5]))
        return None

    def _unknown(self, key: str, place: _Place, at: str) -> None:
        near = nearest(key[:80], place.inside)
        self.findings.append(ForeignKeyUnknown(where=at, key=key[:80], known=near))

    def _type(self, where: str, wanted: str) -> None:
        self.findings.append(ForeignTypeWrong(where=where, wanted=wanted))


def _plain(value: Json, wanted: str, schema: Mapping[str, Json]) -> Json:
    if wanted == "number":
        return f"{Decimal(str(value)):f}"
    if wanted == "integer":
        return int(cast("float", value))
    if isinstance(value, str) and _counts_as_none(value, schema):
        return None
    return value


def _counts_as_none(text: str, schema: Mapping[str, Json]) -> bool:
    """Tell whether a text holds nothing but blanks where the field would take them."""
    if line(text):
        return False
    own = {key: value for key, value in schema.items() if not key.startswith("x-")}
    return jsonschema_rs.Draft202012Validator(own, validate_formats=True).is_valid(text)


def _is(value: Json, wanted: str) -> bool:
    """Tell whether a value is of a JSON type; 5.0 is an integer, true is no number."""
    if isinstance(value, bool) != (wanted == "boolean"):
        return False
    if wanted == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(wanted, object))


def _needed(place: _Place, doc: Doc, where: str, reading: _Reading) -> None:
    """Find what is missing because the object it belongs to is there."""
    source = _source(place.schema)
    owner = source.get("needed_by")
    if not isinstance(owner, str) or place.pointer in reading.values:
        return
    if isinstance(_at(doc, owner), Mapping):
        at = str(source["at"])
        told = {fault.where for fault in reading.findings}
        if where + at not in told:
            reading.findings.append(ForeignMissing(where=where + at, key=at.rpartition("/")[2]))


def _judged(
    scenario: Scenario, form_id: str, values: Mapping[str, Json], today: date
) -> Iterator[Fault]:
    """Yield what the form itself finds wrong, placed in the foreign document."""
    problems = validate_all(_form(scenario, form_id), values, today)
    for problem in problems:
        fault = problem.fault
        fault.where = _foreign_place(scenario, problem.pointer)
        yield fault


def _officers(
    scenario: Scenario, others: Mapping[str, Json]
) -> Iterator[tuple[str, Mapping[str, Json]]]:
    if others:
        for form in scenario.forms:
            asked = form.scopes() & others.keys()
            if form.id != scenario.process.form and asked:
                yield form.id, {pointer: others[pointer] for pointer in asked}


def _parted(
    scenario: Scenario, values: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json]]:
    asked = scenario.form(scenario.process.form or APPLY).scopes()
    mine = {pointer: value for pointer, value in values.items() if pointer in asked}
    return mine, {pointer: value for pointer, value in values.items() if pointer not in asked}


# ── Places ───────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=64)
def _form(scenario: Scenario, form_id: str) -> CompiledForm:
    return compile_form(scenario, form_id)


@lru_cache(maxsize=64)
def _mapped(scenario: Scenario) -> tuple[_Place, tuple[str, ...]]:
    """Return what may stand where in a document, and the objects that must be there."""
    root = _Place()
    objects: list[str] = []
    for entity in scenario.entities:
        must = _source(entity.schema).get("objects")
        objects += [str(at) for at in must] if isinstance(must, list) else []
        for found in entity.fields.values():
            if SOURCE in found.schema:
                _plant(root, str(_source(found.schema)["at"]), found.pointer, found.schema)
    return root, tuple(objects)


def _row_places(items: Mapping[str, Json]) -> _Place:
    root = _Place()
    for name, schema in cast("Mapping[str, Doc]", items["properties"]).items():
        if SOURCE in schema:
            _plant(root, str(_source(schema)["at"]), name, schema)
    return root


def _plant(root: _Place, at: str, pointer: str, schema: Mapping[str, Json]) -> None:
    place = root
    for key in _keys(at):
        place = place.inside.setdefault(key, _Place())
    place.pointer, place.schema = pointer, schema


def _leaves(place: _Place) -> Iterator[_Place]:
    if place.pointer:
        yield place
    for inner in place.inside.values():
        yield from _leaves(inner)


def _foreign_place(scenario: Scenario, pointer: str) -> str:
    """Return where an answer stands in the document; of a cell, in its row."""
    parts = pointer.split("/")
    schema = scenario.field("/".join(parts[:3])).schema
    at = str(_source(schema).get("at", pointer))
    if len(parts) == 3:
        return at
    row, name = parts[3], parts[4] if len(parts) > 4 else ""
    items = cast("Mapping[str, Json]", schema.get("items") or {})
    column = cast("Mapping[str, Doc]", items.get("properties") or {}).get(name)
    if _source(schema).get("rows") == "plain" or column is None:
        return f"{at}/{row}"
    return f"{at}/{row}{_source(column).get('at', '/' + name)}"


def _source(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    found = schema.get(SOURCE)
    return found if isinstance(found, Mapping) else {}


def _keys(pointer: str) -> list[str]:
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]


def _at(doc: Json, pointer: str) -> Json:
    for key in _keys(pointer):
        doc = doc.get(key) if isinstance(doc, Mapping) else None
    return doc


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


def _out(value: Json, schema: Mapping[str, Json]) -> Json:
    source = _source(schema)
    coded = source.get("values")
    if isinstance(coded, Mapping):
        return coded.get(str(value))
    if source.get("type") == "number":
        number = Decimal(str(value))
        return int(number) if number == int(number) else float(number)
    if isinstance(value, list | tuple):
        return _out_rows(value, schema)
    return value


def _out_rows(values: list[Json] | tuple[Json, ...], schema: Mapping[str, Json]) -> Json:
    items = cast("Mapping[str, Json]", schema.get("items") or {})
    columns = cast("Mapping[str, Doc]", items.get("properties") or {})
    rows: list[Json] = []
    for value in values:
        if not isinstance(value, Mapping):
            rows.append(value)
            continue
        row: dict[str, Json] = {}
        for name, cell in value.items():
            _put(row, str(_source(columns[name])["at"]), _out(cell, columns[name]))
        rows.append(row.get("value") if _source(schema).get("rows") == "plain" else row)
    return rows


def _put(doc: dict[str, Json], pointer: str, value: Json) -> None:
    *way, last = _keys(pointer)
    for key in way:
        doc = cast("dict[str, Json]", doc.setdefault(key, {}))
    doc[last] = value
