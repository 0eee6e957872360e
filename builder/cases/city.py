"""Know the city's parties and counties by id, as pages call them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.scenario.model import Text

__all__ = ["City", "County", "Party", "read_city"]


@dataclass(frozen=True, slots=True)
class Party:
    """A department of the city."""

    id: str
    title: Text


@dataclass(frozen=True, slots=True)
class County:
    """A county, district or county-level city, by its code."""

    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class City:
    """The city: its own code and name, its counties, its parties."""

    code: str
    title: Text
    counties: Mapping[str, County]
    parties: Mapping[str, Party]

    def party_title(self, party: str | None) -> Text:
        """Return what a party is called; its id where the city does not know it."""
        known = self.parties.get(party or "")
        return known.title if known else Text(party or "—", party or "—")

    def county_title(self, code: str) -> Text:
        """Return what a county (or the city itself) is called."""
        if code == self.code:
            return self.title
        known = self.counties.get(code)
        return known.title if known else Text(code, code)

    def county_code(self, name: str) -> str | None:
        """Return the code for a code or a name; None where it is not unique."""
        if name in (self.code, self.title.zh, self.title.en):
            return self.code
        if name in self.counties:
            return name
        hits = [
            c.code
            for c in self.counties.values()
            if name and (c.title.zh.startswith(name) or c.title.en.lower() == name.lower())
        ]
        return hits[0] if len(hits) == 1 else None

    def near(self, name: str) -> tuple[str, ...]:
        """Return the nearest county names."""
        names = [c.title.zh for c in self.counties.values()]
        return tuple(difflib.get_close_matches(name, names, n=3, cutoff=0.0))


def read_city(path: Path) -> City:
    """Read `specs/city/city.json`."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    city = raw["city"]
    return City(
        code=city["code"],
        title=_text(city["title"]),
        counties={c["code"]: County(c["code"], _text(c["title"])) for c in raw["counties"]},
        parties={p["id"]: Party(p["id"], _text(p["title"])) for p in raw["parties"]},
    )


def _text(pair: Mapping[str, str]) -> Text:
    return Text(pair["zh"], pair["en"])
