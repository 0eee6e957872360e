"""Check a spec's shape against the JSON Schema, and say each breach in a writer's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import jsonschema_rs

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.model import Json, WidgetKind
from builder.scenario.names import as_kebab, as_snake, nearest
from builder.scenario.schema import document
from builder.scenario.source import escaped

__all__ = ["breaches"]

_Say: TypeAlias = Callable[["_Breach"], Iterator[Fault]]


class _Breach:
    """One violation, with the part of the schema it breaks."""

    def __init__(self, problem: jsonschema_rs.ValidationError, schema: Json) -> None:
        self.kind = cast("Any", problem.kind)
        self.rule = str(self.kind.name)
        self.instance = cast("Json", problem.instance)
        self.where = "".join(escaped(part) for part in problem.instance_path)
        self.path = [str(part) for part in problem.schema_path]
        self.schema = schema

    @property
    def word(self) -> str:
        """Return the definition a breached pattern belongs to: kebab, snake, pointer."""
        return self.path[1] if self.path[:1] == ["$defs"] else ""

    def parent(self) -> Mapping[str, Json]:
        """Return the schema object the breached rule stands in."""
        here: Any = self.schema
        for part in self.path[:-1]:
            here = here[int(part)] if isinstance(here, list) else here[part]
        return cast("Mapping[str, Json]", here)

    def text(self) -> str:
        """Return the instance as short text."""
        return str(self.instance)[:60]


def breaches(doc: Json, kinds: Iterable[WidgetKind] = ()) -> list[Fault]:
    """Return all that is wrong with a spec's shape, in no particular order."""
    schema = document(kinds)
    validator = jsonschema_rs.Draft202012Validator(schema)
    return [
        fault for problem in validator.iter_errors(doc) for fault in _said(_Breach(problem, schema))
    ]


def _said(breach: _Breach) -> Iterator[Fault]:
    yield from _SAY.get(breach.rule, _other)(breach)


def _required(breach: _Breach) -> Iterator[Fault]:
    yield errors.KeyMissing(where=breach.where, key=breach.kind.property)


def _unknown_key(breach: _Breach) -> Iterator[Fault]:
    known = cast("Mapping[str, Json]", breach.parent().get("properties", {}))
    for key in breach.kind.unexpected:
        yield errors.KeyUnknown(
            where=breach.where + escaped(key), key=key, known=nearest(key, known)
        )


def _type(breach: _Breach) -> Iterator[Fault]:
    expected = breach.parent().get("type", "")
    words = expected if isinstance(expected, str) else ", ".join(cast("Sequence[str]", expected))
    yield errors.TypeWrong(where=breach.where, expected=words)


def _word(breach: _Breach) -> Iterator[Fault]:
    rule = breach.parent()
    allowed = cast("Sequence[Json]", rule.get("enum", [rule.get("const")]))
    is_field_type = breach.path[:2] == ["$defs", "field"] and breach.path[-2:-1] == ["type"]
    if is_field_type and breach.instance == "number":
        yield errors.FloatRefused(where=breach.where)
        return
    known = nearest(breach.text(), [str(value) for value in allowed])
    yield errors.ValueUnknown(where=breach.where, value=breach.text(), known=known)


def _pattern(breach: _Breach) -> Iterator[Fault]:
    text = breach.text()
    match breach.word:
        case "kebab":
            yield errors.KebabExpected(where=breach.where, value=text, near=as_kebab(text))
        case "snake":
            yield errors.SnakeExpected(where=breach.where, value=text, near=as_snake(text))
        case "text" | "expression":
            yield errors.TextEmpty(where=breach.where)
        case word if word in _PATTERNS:
            yield _PATTERNS[word](where=breach.where, value=text)
        case "subject":
            yield errors.PointerMalformed(where=breach.where, value=text)
        case "role":
            yield errors.KebabExpected(where=breach.where, value=text, near=as_kebab(text))
        case _:
            yield from _other(breach)


_PATTERNS: Mapping[str, type[errors.SpecFault]] = {
    "pointer": errors.PointerMalformed,
    "version": errors.VersionMalformed,
    "plan-row": errors.PlanRowMalformed,
    "ledger-dataset": errors.LedgerIdMalformed,
    "ledger-field": errors.LedgerIdMalformed,
    "name-path": errors.NamePathMalformed,
}


def _names(breach: _Breach) -> Iterator[Fault]:
    """Say which property names are no names: the breach stands at the object that holds them."""
    name = str((getattr(breach.kind, "error", None) and breach.kind.error.instance) or "")
    yield errors.SnakeExpected(
        where=breach.where + escaped(name), value=name[:60], near=as_snake(name)
    )


def _too_few(breach: _Breach) -> Iterator[Fault]:
    yield errors.TooFew(where=breach.where, limit=breach.kind.limit)


def _too_many(breach: _Breach) -> Iterator[Fault]:
    yield errors.TooMany(where=breach.where, limit=breach.kind.limit)


def _too_short(breach: _Breach) -> Iterator[Fault]:
    yield errors.TextEmpty(where=breach.where)


def _too_long(breach: _Breach) -> Iterator[Fault]:
    yield errors.TextTooLong(where=breach.where, limit=breach.kind.limit)


def _twice(breach: _Breach) -> Iterator[Fault]:
    yield errors.EntryTwice(where=breach.where)


def _beyond(breach: _Breach) -> Iterator[Fault]:
    yield errors.NumberOutOfRange(where=breach.where, limit=breach.kind.limit)


def _other(breach: _Breach) -> Iterator[Fault]:
    yield errors.ShapeWrong(where=breach.where, rule=breach.rule)


_SAY: Mapping[str, _Say] = {
    "required": _required,
    "additionalProperties": _unknown_key,
    "type": _type,
    "enum": _word,
    "const": _word,
    "pattern": _pattern,
    "propertyNames": _names,
    "minItems": _too_few,
    "minProperties": _too_few,
    "maxItems": _too_many,
    "minLength": _too_short,
    "maxLength": _too_long,
    "uniqueItems": _twice,
    "minimum": _beyond,
    "maximum": _beyond,
}
