"""Turn the values that pages show into JSON, and their types into JSON Schema: one walk, no drift.

A frozen dataclass becomes an object with all its fields, nothing else allowed; `Text` becomes the
reader's language; a moment is RFC 3339. What a view shows is thereby what the interface gives.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypeAlias, get_args, get_origin

from builder.errors import Lang
from builder.forms import PageModel
from builder.scenario.model import Text

__all__ = ["FormField", "FormShown", "JsonSchema", "Shapes", "page_of", "plain"]

JsonSchema: TypeAlias = dict[str, Any]

_PLAIN: Mapping[object, JsonSchema] = {
    str: {"type": "string"},
    Text: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    datetime: {"type": "string", "format": "date-time"},
    object: {},
    Any: {},
}


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of an officer's form, as it stands."""

    pointer: str
    label: Text
    hint: Text | None
    widget: str
    required: bool
    asked: bool
    locked: bool
    value: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FormShown:
    """An officer's form. Its schema in the document is ``answers.<county>.<scenario>.<form>``."""

    form: str
    title: Text
    fields: tuple[FormField, ...]


class Shapes:
    """The JSON Schemas of the values met so far, by name."""

    def __init__(self) -> None:
        self.known: dict[str, JsonSchema] = {}

    def of(self, kind: Any) -> JsonSchema:
        """Return the schema of a type; classes are gathered in `known` and referred to."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if kind is PageModel:
            return self.of(FormShown)
        if kind in (None, types.NoneType):
            return {"type": "null"}
        if dataclasses.is_dataclass(kind):
            return self._object(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"enum": [e.value for e in kind]}
        return self._generic(kind)

    def _generic(self, kind: Any) -> JsonSchema:
        origin, inner = get_origin(kind), get_args(kind)
        if origin is Literal:
            return {"enum": list(inner)}
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(i) for i in inner]}
        if origin is tuple and Ellipsis not in inner:
            parts = [self.of(i) for i in inner]
            return {
                "type": "array", "prefixItems": parts,
                "minItems": len(parts), "maxItems": len(parts),
            }  # fmt: skip
        if origin in (tuple, list, Sequence):
            return {"type": "array", "items": self.of(inner[0])}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        return {}  # a JSON value of any kind

    def _object(self, kind: Any) -> JsonSchema:
        name = kind.__name__
        if name not in self.known:
            self.known[name] = {}  # it may hold itself
            hints = typing.get_type_hints(kind)
            fields = [f.name for f in dataclasses.fields(kind)]
            self.known[name] = closed({f: self.of(hints[f]) for f in fields})
            self.known[name]["description"] = (kind.__doc__ or name).partition("\n")[0]
        return {"$ref": f"#/components/schemas/{name}"}

    def page(self, kind: type) -> JsonSchema:
        """Return the schema of one page of a list."""
        name = f"{kind.__name__}Page"
        items = {"type": "array", "items": self.of(kind)}
        self.known[name] = closed({"items": items, "next": {"type": ["string", "null"]}})
        return {"$ref": f"#/components/schemas/{name}"}


def closed(properties: Mapping[str, JsonSchema], optional: Sequence[str] = ()) -> JsonSchema:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [p for p in properties if p not in optional],
        "additionalProperties": False,
    }


def plain(value: object, lang: Lang) -> Any:
    """Return a value as JSON, in the reader's language."""
    found: Any
    match value:
        case Text():
            found = getattr(value, lang)
        case PageModel():
            found = plain(_form(value), lang)
        case datetime():
            found = value.isoformat()
        case Enum():
            found = value.value
        case None | str() | int():
            found = value
        case Mapping():
            found = {str(k): plain(v, lang) for k, v in value.items()}
        case Sequence():
            found = [plain(v, lang) for v in value]
        case _:
            names = [f.name for f in dataclasses.fields(value)]  # type: ignore[arg-type] # nothing else is shown
            found = {name: plain(getattr(value, name), lang) for name in names}
    return found


def page_of(items: Sequence[object], following: str | None, lang: Lang) -> JsonSchema:
    """Return one page of a list."""
    return {"items": [plain(i, lang) for i in items], "next": following}


def _form(page: PageModel) -> FormShown:
    compiled = page.form
    return FormShown(
        form=compiled.id,
        title=compiled.form.title,
        fields=tuple(
            FormField(
                pointer=f.question.pointer,
                label=f.question.label,
                hint=f.question.hint,
                widget=f.question.kind,
                required=f.question.required,
                asked=f.shown,
                locked=f.locked,
                value=f.raw,
            )
            for section in page.sections
            for f in section.fields
            if f.question.pointer is not None
        ),
    )
