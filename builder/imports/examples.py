"""Find a text that a field takes, to show people what is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import jsonschema_rs

from builder.scenario.model import Json

__all__ = ["example_of"]

_LIKELY = (
    *("1000.00", "2026", "1", "12", "123", "1234", "12345", "123456", "100000000"),
    *("A", "AB", "ABC", "A1", "AB-123", "abc", "123456789012", "13800000000", "12-3456789"),
    *("2026-11-30", "2026-11-30T09:00:00+08:00", "09:00:00+08:00", "09:00", "202611"),
    *("340100", "230000", "192.168.0.1", "::1", "example.com", "/a", "P1D", "a/b"),
    *("3fa85f64-5717-4562-b3fc-2c963f66afa6", "张三", "皖A12345", "91340100MA2MRF2X0P"),
)
"""Texts that patterns of forms often ask for."""


def example_of(schema: Mapping[str, Json], given: Json) -> str | None:
    """Return a text that a field takes: one that its author gives, a likely one, or one built.

    None where none is found: then a person has to write it.
    """
    try:
        judge = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
    except (ValueError, jsonschema_rs.ValidationError):
        return None
    listed = given if isinstance(given, Sequence) and not isinstance(given, str) else ()
    own = [text for text in listed if isinstance(text, str)]
    pattern = schema.get("pattern")
    built = _built(pattern) if isinstance(pattern, str) else ()
    fitting = (text for text in (*own, *_LIKELY, *built) if text and judge.is_valid(text))
    return next(fitting, None)


_PIECE = re.compile(
    r"(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<escape>\\.)|(?P<dot>\.)|(?P<plain>[^\\\[\](){}|*+?^$.])"
)
_COUNT = re.compile(r"\{(\d+)(?:,\d*)?\}|[*+?]")
_SAMPLES = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}


def _built(pattern: str) -> Iterator[str]:
    """Yield texts for patterns that are a plain row of characters and sets, each repeated."""
    flat = re.sub(r"^\^|\$$", "", pattern)
    for least in (1, 0, 2):
        text = _row(re.sub(r"\(\?:|[()]", "", flat.split("|")[0]), least)
        if text is not None:
            yield text


def _row(pattern: str, least: int) -> str | None:
    at = 0
    made: list[str] = []
    while at < len(pattern) and len(made) < 200:
        piece = _PIECE.match(pattern, at)
        if piece is None:
            return None
        at = piece.end()
        count = _COUNT.match(pattern, at)
        at = count.end() if count else at
        times = 1
        if count:
            times = int(count[1]) if count[1] else 1 if count[0] == "+" else least
        made.append(_sample(piece) * min(times, 200))
    return "".join(made)


def _sample(piece: re.Match[str]) -> str:
    if piece["plain"]:
        return piece["plain"]
    if piece["dot"]:
        return "a"
    if piece["escape"]:
        letter = piece["escape"][1]
        return _SAMPLES.get(letter, letter)
    inside = piece["set"][1:-1]
    if inside.startswith("^"):
        return next((c for c in "a1-" if c not in inside), "b")
    if inside.startswith("\\"):
        return _SAMPLES.get(inside[1], inside[1])
    return inside[:1]
