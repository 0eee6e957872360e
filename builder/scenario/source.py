"""Read a JSON file of a spec, and find the line of a pointer in it.

Stricter than `json`: a key twice in one object, a number that is not finite and half a surrogate
pair are refused, because two readers could disagree about them and a content hash could not stand.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from builder.errors import Fault, Findings
from builder.scenario.errors import (
    KeyTwice,
    NotJson,
    NumberNotFinite,
    SourceMissing,
    SourceTooDeep,
    SourceTooLarge,
    TextNotUnicode,
)
from builder.scenario.model import Json

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Source", "escaped", "read_source"]

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 100

_MAX_DIGITS = 400
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SCALAR = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+')
_SPACE = re.compile(r"\s*")
_SKIP = re.compile(r'[^"\[\]{}]+|"(?:[^"\\]|\\.)*"?')


@dataclass(frozen=True, slots=True)
class Source:
    """A JSON value and the text it was read from."""

    name: str
    text: str
    doc: Json

    def lines(self) -> Mapping[str, int]:
        """Return the line (from 1) of every pointer, that of a member being its key's."""
        return dict(_places(self.text))

    def placed(self, found: Iterable[Fault]) -> list[Fault]:
        """Return findings in the order of the file, each with its ``file_line`` among its facts.

        A place that is missing from the file gets the line of the nearest place around it.
        """
        lines = self.lines()
        placed: list[tuple[int, str, Fault]] = []
        for fault in found:
            where = near = fault.where or ""
            while near not in lines:
                near = near.rpartition("/")[0]
            facts = {**fault.facts, "file_line": lines[near]}
            placed.append((lines[near], where, type(fault)(where=fault.where, **facts)))
        return [fault for _, _, fault in sorted(placed, key=lambda p: p[:2])]


def read_source(path: Path) -> Source:
    """Read a file of a spec.

    Raises:
        SourceMissing: there is no such file, or it may not be read.
        SourceTooLarge: beyond `MAX_BYTES`.
        NotJson: it is not UTF-8 or not JSON; with line and column.
        SourceTooDeep: nested beyond `MAX_DEPTH`.
        Findings: keys twice, numbers not finite, text that is not Unicode.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceTooLarge(file=path.name, limit_bytes=MAX_BYTES)
        raw = path.read_bytes()
    except (OSError, ValueError) as problem:  # ValueError: a path with a null character
        raise SourceMissing(file=path.name) from problem
    return parse_source(path.name, raw)


def parse_source(name: str, raw: bytes) -> Source:
    """Read the bytes of a spec's file; see `read_source`."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise NotJson(file=name, line=raw[: problem.start].count(b"\n") + 1, column=1) from problem
    if _depth(text) > MAX_DEPTH:
        raise SourceTooDeep(file=name, limit=MAX_DEPTH)
    doubtful: list[str] = []
    source = Source(name, text, _loads(name, text, doubtful))
    found = [*_keys_twice(text, doubtful), *_oddities(source.doc, "")]
    if found:
        raise Findings(source.placed(found), where=name)
    return source


def escaped(token: object) -> str:
    """Return one step of a JSON pointer (RFC 6901), with its slash."""
    return "/" + str(token).replace("~", "~0").replace("/", "~1")


def _loads(name: str, text: str, doubtful: list[str]) -> Json:
    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) != len(members):
            doubtful.append(name)
        return made

    try:
        return cast("Json", json.loads(text, object_pairs_hook=pairs, parse_int=_whole))
    except json.JSONDecodeError as problem:
        raise NotJson(file=name, line=problem.lineno, column=problem.colno) from problem


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float("inf")


def _depth(text: str) -> int:
    depth = deepest = at = 0
    while at < len(text):
        skip = _SKIP.match(text, at)
        if skip is not None:
            at = skip.end()
            continue
        depth += 1 if text[at] in "[{" else -1
        deepest = max(deepest, depth)
        at += 1
    return deepest


def _keys_twice(text: str, doubtful: list[str]) -> list[Fault]:
    if not doubtful:
        return []
    seen: dict[str, int] = {}
    found: list[Fault] = []
    for pointer, line in _places(text):
        if pointer in seen:
            key = pointer.rpartition("/")[2]
            found.append(KeyTwice(where=pointer, key=key, line=line, first_line=seen[pointer]))
        seen.setdefault(pointer, line)
    return [f for f in found if not _is_below_another(f, found)]


def _is_below_another(fault: Fault, found: list[Fault]) -> bool:
    where = fault.where or ""
    return any(f is not fault and where.startswith(f"{f.where}/") for f in found)


def _oddities(value: Json, where: str) -> Iterator[Fault]:
    match value:
        case str() if not _is_unicode(value):
            yield TextNotUnicode(where=where)
        case float() if not math.isfinite(value):
            yield NumberNotFinite(where=where)
        case Mapping():
            for key, inner in value.items():
                if not _is_unicode(key):
                    yield TextNotUnicode(where=where)
                else:
                    yield from _oddities(inner, where + escaped(key))
        case list():
            for index, inner in enumerate(value):
                yield from _oddities(inner, f"{where}/{index}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


# ── Where things stand ───────────────────────────────────────────────────────────────────────────


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Yield (pointer, line) of every value of a text known to be JSON, in order."""
    starts = [match.end() for match in re.finditer(r"\n", text)]
    scan = _Scan(text, starts)
    yield "", 1
    yield from scan.value("")


class _Scan:
    """Walk a JSON text once, noting on which line things stand."""

    def __init__(self, text: str, starts: list[int]) -> None:
        self.text = text
        self.starts = starts
        self.at = 0
        self.line = 1

    def value(self, where: str) -> Iterator[tuple[str, int]]:
        """Yield the places inside the value that comes next."""
        match self.peek():
            case "{":
                yield from self.members(where)
            case "[":
                yield from self.elements(where)
            case _:
                self.take(_SCALAR)

    def members(self, where: str) -> Iterator[tuple[str, int]]:
        """Yield the places inside an object."""
        self.at += 1
        while self.peek() == '"':
            line = self.line_here()
            key = json.loads(self.take(_STRING))
            self.peek()
            self.at += 1  # the colon
            pointer = where + escaped(key)
            yield pointer, line
            yield from self.value(pointer)
            if self.peek() == ",":
                self.at += 1
        self.at += 1

    def elements(self, where: str) -> Iterator[tuple[str, int]]:
        """Yield the places inside an array."""
        self.at += 1
        index = 0
        while self.peek() != "]":
            pointer = f"{where}/{index}"
            yield pointer, self.line_here()
            yield from self.value(pointer)
            index += 1
            if self.peek() == ",":
                self.at += 1
        self.at += 1

    def peek(self) -> str:
        """Skip white space, return the next character."""
        self.take(_SPACE)
        return self.text[self.at : self.at + 1]

    def take(self, what: re.Pattern[str]) -> str:
        """Return what a pattern matches here, and pass it."""
        found = what.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()

    def line_here(self) -> int:
        """Return the number of the line the scan stands on; it only goes forward."""
        while self.line <= len(self.starts) and self.starts[self.line - 1] <= self.at:
            self.line += 1
        return self.line
