"""Lay a JSON Schema open: references followed, ``allOf`` joined, conditions gathered.

Reads 2020-12 and what draft-07 calls otherwise (``definitions``, ``dependencies``). Every keyword
keeps its pointer into the source, so that the report can say what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import jsonschema_rs

from builder.errors import Fault
from builder.imports.errors import RefNowhere, SchemaWrong
from builder.imports.report import Account
from builder.scenario.model import Json
from builder.scenario.source import escaped

__all__ = ["Condition", "Node", "Tree"]

Schema = Mapping[str, Json]

_NOTES = frozenset(
    {
        *("title", "description", "default", "examples", "readOnly", "writeOnly", "deprecated"),
        *("$comment", "$id", "$schema", "$anchor"),
    }
)
_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Condition:
    """``if``/``then``/``else``, or a dependency said the same way."""

    where: str
    test: Schema
    then: Schema | None
    otherwise: Schema | None


@dataclass(slots=True)
class Node:
    """One schema laid open.

    Attributes:
        words: keyword → value; of several the strictest.
        places: keyword → pointers it came from.
        properties: name → schemas (with pointers) that all apply.
        required: name → pointer.
        more: assertions that could not be joined into one keyword; all apply.
        followed: pointers of the definitions it was put together from.
    """

    where: str
    words: dict[str, Json] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    properties: dict[str, list[tuple[Schema, str]]] = field(default_factory=dict)
    required: dict[str, str] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    more: list[Schema] = field(default_factory=list)
    followed: set[str] = field(default_factory=set)

    def text(self, key: str) -> str:
        """Return a keyword that is a text; blank for none."""
        found = self.words.get(key)
        return found.strip() if isinstance(found, str) else ""

    def types(self) -> tuple[str, ...]:
        """Return its types as the source names them."""
        found = self.words.get("type")
        named = found if isinstance(found, list) else [found]
        return tuple(name for name in named if isinstance(name, str))


class Tree:
    """A schema file, laid open piece by piece."""

    def __init__(self, root: Schema, where: str, account: Account) -> None:
        self.root = root
        self.at = where
        self.account = account
        self.faults: list[Fault] = []
        self.visited: dict[str, Schema] = {}

    def open(self, *schemas: tuple[Json, str]) -> Node | None:
        """Return schemas that all apply as one node; None where it leads back into itself."""
        node = Node(schemas[0][1])
        try:
            for schema, where in schemas:
                self._into(node, schema, where, ())
        except _Loop:
            return None
        return node

    def _into(self, node: Node, schema: Json, where: str, way: tuple[str, ...]) -> None:
        if not isinstance(schema, Mapping):
            return
        if len(way) > _DEPTH:
            raise _Loop
        for key, value in schema.items():
            if key not in ("$ref", "allOf"):
                self._word(node, key, value, where, schema)
        for index, part in enumerate(cast("list[Json]", schema.get("allOf") or [])):
            self._into(node, part, f"{where}/allOf/{index}", (*way, where))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            self._follow(node, reference, where, way)

    def _follow(self, node: Node, reference: str, where: str, way: tuple[str, ...]) -> None:
        target = self.resolve(reference)
        if target is None:
            self.faults.append(RefNowhere(where=f"{where}/$ref", ref=reference[:80]))
            return
        at = self.at + reference[1:]
        if at in way:
            raise _Loop
        self.account.carried(f"{where}/$ref")
        self.visited[at] = target
        node.followed.add(at)
        self._into(node, target, at, (*way, at))

    def resolve(self, reference: str) -> Schema | None:
        """Return what a reference inside the file leads to; None for nothing."""
        if not reference.startswith("#"):
            return None
        found: Json = self.root
        for token in reference[1:].split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found if isinstance(found, Mapping) else None

    def _word(self, node: Node, key: str, value: Json, where: str, schema: Schema) -> None:
        at = where + escaped(key)
        match key:
            case "properties" if isinstance(value, Mapping):
                for name, inner in value.items():
                    place = at + escaped(name)
                    node.properties.setdefault(name, []).append((cast("Schema", inner), place))
            case "required" if isinstance(value, list):
                for name in value:
                    node.required.setdefault(str(name), at)
                self.account.carried(at)
            case "if":
                then, other = schema.get("then"), schema.get("else")
                node.conditions.append(
                    Condition(
                        where,
                        _schema(value) or {},
                        _schema(then),
                        _schema(other),
                    )
                )
            case "then" | "else" | "$defs" | "definitions":
                pass
            case "dependentRequired" | "dependentSchemas" | "dependencies":
                self._depends(node, value, at)
            case _:
                self._join(node, key, value, at)

    def _depends(self, node: Node, value: Json, at: str) -> None:
        for name, then in value.items() if isinstance(value, Mapping) else ():
            wanted = {"required": then} if isinstance(then, list) else then
            test: Schema = {"required": [name]}
            place = at + escaped(name)
            node.conditions.append(Condition(place, test, _schema(wanted), None))
        self.account.carried(at)

    def _join(self, node: Node, key: str, value: Json, at: str) -> None:
        if key in node.words and key in _NOTES:
            if key not in ("$comment", "$id", "$schema", "$anchor"):
                self.account.changed(
                    at,
                    "引用处另有写法，以那里为准。",
                    "Said otherwise where it is used; that stands.",
                )
            return
        if key == "pattern" and not _compiles(value):
            self.faults.append(SchemaWrong(where=at, rule="pattern"))
            return
        node.places.setdefault(key, []).append(at)
        if key not in node.words or node.words[key] == value:
            node.words[key] = value
        elif key in _STRICTEST:
            node.words[key] = _STRICTEST[key](node.words[key], value)
        elif key == "enum":
            known, other = cast("list[Json]", node.words[key]), cast("list[Json]", value)
            node.words[key] = [one for one in known if one in other]
        else:
            node.more.append({key: value})


class _Loop(Exception):
    """A reference that leads back into itself."""


def _schema(value: Json) -> Schema | None:
    return value if isinstance(value, Mapping) else None


def _compiles(pattern: Json) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (ValueError, jsonschema_rs.ValidationError):
        return False
    return True


def _most(one: Json, other: Json) -> Json:
    return max(cast("float", one), cast("float", other))


def _least(one: Json, other: Json) -> Json:
    return min(cast("float", one), cast("float", other))


_STRICTEST = {
    "minLength": _most,
    "minItems": _most,
    "minimum": _most,
    "exclusiveMinimum": _most,
    "maxLength": _least,
    "maxItems": _least,
    "maximum": _least,
    "exclusiveMaximum": _least,
}
