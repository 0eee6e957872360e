"""The hostile texts of tests/cases/hostile_text.json, by kind and name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent.parent / "cases" / "hostile_text.json"


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text somebody may send to do harm, or just by having such a name.

    Attributes:
        kind: ``xss formula path bidi sql markup huge control name value``.
    """

    kind: str
    name: str
    text: str

    @property
    def is_text(self) -> bool:
        """Tell whether UTF-8 can carry it."""
        return not any("\ud800" <= c <= "\udfff" for c in self.text)


def hostile_texts() -> tuple[Hostile, ...]:
    """Return all of them; long ones are written short, with how often they repeat."""
    said = json.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Hostile(s["kind"], s["name"], s["text"] * s.get("repeat", 1)) for s in said)
