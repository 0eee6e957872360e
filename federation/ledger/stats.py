"""Count the ledger against the plan's targets, and say how each number is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from federation.ledger.catalog import Catalog

__all__ = ["FIELDS", "ROWS", "Stats", "Target", "count"]


@dataclass(frozen=True, slots=True)
class Target:
    """A number of the action plan 2024-2025."""

    row: str
    at_least: int


FIELDS = Target("T01", 100_000)
ROWS = Target("T02", 50_000_000_000)


@dataclass(frozen=True, slots=True)
class Stats:
    """What the ledger holds now.

    Attributes:
        levels: number of entries at L1 … L5.
        rows: rows by how they are known (``exact``, ``metadata``, ``estimate``).
        uncounted: datasets whose rows nobody has counted.
        grades: fields by grade.
        parties: fields by party.
    """

    levels: Mapping[str, int]
    rows: Mapping[str, int]
    uncounted: int
    grades: Mapping[str, int]
    parties: Mapping[str, int]
    fields_target: Target = FIELDS
    rows_target: Target = ROWS


def count(catalog: Catalog) -> Stats:
    """Count a catalogue."""
    paths: list[set[tuple[str, ...]]] = [set(), set(), set()]
    rows: Counter[str] = Counter()
    grades: Counter[str] = Counter()
    parties: Counter[str] = Counter()
    for dataset in catalog.datasets.values():
        titles = tuple(p.zh for p in dataset.path)
        for depth, seen in enumerate(paths, start=1):
            seen.add(titles[:depth])
        if dataset.rows:
            rows[dataset.rows.known] += dataset.rows.count
        parties[dataset.party] += len(dataset.fields)
        grades.update(str(f.grade) for f in dataset.fields)
    levels = {f"L{i}": len(seen) for i, seen in enumerate(paths, start=1)}
    levels["L4"] = len(catalog.datasets)
    levels["L5"] = sum(grades.values())
    uncounted = sum(d.rows is None for d in catalog.datasets.values())
    return Stats(levels, dict(rows), uncounted, dict(sorted(grades.items())), dict(parties))
