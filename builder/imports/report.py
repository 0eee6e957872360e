"""Say what became of every keyword of an imported form: carried, changed or lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from builder.scenario.model import Json, Text
from builder.scenario.source import escaped

__all__ = ["Account", "Fate", "Line", "Report"]

Fate = Literal["carried", "changed", "lost"]
_ORDER: Mapping[Fate, int] = {"lost": 0, "changed": 1, "carried": 2}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one keyword.

    Attributes:
        where: JSON pointer into the source (for a sheet, ``/sheet/row/column``).
    """

    where: str
    fate: Fate
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All lines, what is lost first; `decide` is what a person has to decide or write."""

    lines: tuple[Line, ...]
    decide: tuple[Text, ...] = ()

    def of(self, fate: Fate) -> tuple[Line, ...]:
        """Return the lines of one fate."""
        return tuple(line for line in self.lines if line.fate == fate)

    def to_json(self) -> dict[str, object]:
        """Return ``{"carried": n, "changed": […], "lost": […], "decide": […]}``."""
        told = {
            fate: [
                {
                    "where": line.where,
                    "why": None if line.why is None else {"zh": line.why.zh, "en": line.why.en},
                }
                for line in self.of(fate)
            ]
            for fate in ("changed", "lost")
        }
        decide = [{"zh": text.zh, "en": text.en} for text in self.decide]
        carried = [line.where for line in self.of("carried")]
        return {"carried": carried, **told, "decide": decide}


class Account:
    """Keeps what became of each keyword while a form is read. The worst fate of a place stands."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._trees: dict[str, Line] = {}

    def carried(self, *places: str) -> None:
        """Note keywords that the draft says as they were."""
        for where in places:
            self._note(self._lines, Line(where, "carried"))

    def changed(self, where: str, zh: str, en: str) -> None:
        """Note a keyword that the draft says otherwise."""
        self._note(self._lines, Line(where, "changed", Text(zh, en)))

    def lost(self, where: str, zh: str, en: str) -> None:
        """Note a keyword that the draft cannot say."""
        self._note(self._lines, Line(where, "lost", Text(zh, en)))

    def tree(self, where: str, fate: Fate, zh: str = "", en: str = "") -> None:
        """Note a keyword and everything under it."""
        self._note(self._trees, Line(where, fate, Text(zh, en) if zh else None))

    def settle(self, keywords: Iterable[str], decide: Iterable[Text] = ()) -> Report:
        """Return the report over all keywords of the source; what nobody noted is lost."""
        unknown = Text("此处的关键字不认识，没有带过来。", "A keyword that is not known here.")
        lines = dict(self._lines)
        for where in keywords:
            if where not in lines:
                lines[where] = self._above(where) or Line(where, "lost", unknown)
        for where, line in self._trees.items():
            if line.fate != "carried":
                lines.setdefault(where, line)
        ordered = sorted(lines.values(), key=lambda line: (_ORDER[line.fate], line.where))
        return Report(tuple(ordered), tuple(decide))

    def _above(self, where: str) -> Line | None:
        place = where
        while place:
            found = self._trees.get(place)
            if found is not None:
                return Line(where, found.fate, found.why)
            place = place.rpartition("/")[0]
        return None

    @staticmethod
    def _note(lines: dict[str, Line], line: Line) -> None:
        known = lines.get(line.where)
        if known is None or _ORDER[line.fate] < _ORDER[known.fate]:
            lines[line.where] = line


_SUBSCHEMAS = ("properties", "patternProperties", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_ONE = (
    *("items", "if", "then", "else", "not", "contains", "additionalProperties", "propertyNames"),
    *("unevaluatedProperties", "unevaluatedItems", "additionalItems"),
)
_NO_KEYWORDS = frozenset({"$defs", "definitions", *_SUBSCHEMAS, *_LISTS})


def keywords(schema: Json, where: str) -> Iterator[str]:
    """Yield the pointers of a schema's keywords; definitions are their own schemas."""
    if not isinstance(schema, Mapping):
        return
    for key, value in schema.items():
        at = where + escaped(key)
        if key in _SUBSCHEMAS and isinstance(value, Mapping):
            for name, inner in value.items():
                yield from keywords(inner, at + escaped(name))
        elif key in _LISTS and isinstance(value, list):
            for index, inner in enumerate(value):
                yield from keywords(inner, f"{at}/{index}")
        elif key in _ONE and isinstance(value, Mapping):
            yield from keywords(value, at)
        elif key not in _NO_KEYWORDS:
            yield at
