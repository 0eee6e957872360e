"""Build the demo city's department databases from recipes: a SQLite file a party, the same always.

The files lie in ``<home>/nodes/<party>/source.db``. A file is written beside the old one and takes
its place when it is whole, so a failed build leaves the city as it was.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from builder.deploy.errors import SourceBusy
from builder.deploy.recipe import Columns, load_recipe, merge
from builder.deploy.rows import FilledTable, fill
from federation.ledger import Catalog, Dataset, load_catalog
from federation.store import resource

__all__ = [
    "SOURCE_FILE",
    "CityReport",
    "SourceReport",
    "build_city",
    "ledger_columns",
    "source_path",
]

SOURCE_FILE = "source.db"

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(party, done, all)`` when a party's database is in its place."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One party's database.

    Attributes:
        rows: dataset id → rows.
        planted: how many of all rows stand in recipes as they are.
    """

    party: str
    path: Path
    rows: Mapping[str, int]
    planted: int


@dataclass(frozen=True, slots=True)
class CityReport:
    """What was built."""

    sources: tuple[SourceReport, ...]
    scale: int
    seconds: float

    @property
    def rows(self) -> int:
        """Return the rows of all databases."""
        return sum(n for source in self.sources for n in source.rows.values())


def source_path(home: Path, party: str) -> Path:
    """Return where a party's demo database lies."""
    return home / "nodes" / party / SOURCE_FILE


def ledger_columns(catalog: Catalog) -> Columns:
    """Return what recipes may fill: dataset id → column → ledger type."""
    return {d.id: {f.name: f.type for f in d.fields} for d in catalog.datasets.values()}


def build_city(
    home: Path, scale: int = 1, progress: Progress | None = None, catalog: Catalog | None = None
) -> CityReport:
    """Write every party's database; existing ones are replaced.

    Args:
        home: the city's home folder.
        scale: 1 gives about ten thousand rows in a main table; 10 ten times as many.
        progress: told of each finished database.
        catalog: the ledger; None for the one that ships.

    Raises:
        RecipeUnreadable, RecipeNameUnknown, Findings: a recipe is wrong.
        SourceBusy: a file cannot be written.
    """
    begun = time.monotonic()
    ledger = catalog or load_catalog()
    columns = ledger_columns(ledger)
    recipe = merge(
        load_recipe(resource("specs/city/recipe.json"), columns),
        [load_recipe(path, columns) for path in _scenario_recipes()],
    )
    parties = list(dict.fromkeys(ledger.get(t.dataset).party for t in recipe.tables))
    in_turn = sorted(recipe.tables, key=lambda t: parties.index(ledger.get(t.dataset).party))
    filled = fill(replace(recipe, tables=tuple(in_turn)), columns, scale)
    by_party = groupby(filled, key=lambda t: ledger.get(t.dataset).party)
    sources: list[SourceReport] = []
    for party, tables in by_party:
        sources.append(_write(source_path(home, party), party, tables, ledger))
        if progress:
            progress(party, len(sources), len(parties))
    return CityReport(tuple(sources), scale, time.monotonic() - begun)


def _scenario_recipes() -> Iterator[Path]:
    yield from sorted(resource("specs/scenarios").glob("*/recipe.json"))


def _write(path: Path, party: str, tables: Iterable[FilledTable], ledger: Catalog) -> SourceReport:
    scratch = path.with_suffix(".new")
    rows: dict[str, int] = {}
    planted = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.unlink(missing_ok=True)
        with closing(sqlite3.connect(scratch, isolation_level=None)) as conn:
            conn.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            conn.execute("BEGIN")
            for table in tables:
                _insert(conn, ledger.get(table.dataset), table)
                rows[table.dataset] = table.frame.height
                planted += table.planted
            conn.execute("COMMIT")
        scratch.replace(path)
    except (OSError, sqlite3.Error):
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise SourceBusy(party=party) from None
    return SourceReport(party, path, rows, planted)


def _insert(conn: sqlite3.Connection, dataset: Dataset, table: FilledTable) -> None:
    columns = ", ".join(f'"{f.name}" {_sql_type(f.type)}' for f in dataset.fields)
    conn.execute(f'CREATE TABLE "{dataset.resource}" ({columns})')
    marks = ", ".join("?" * len(dataset.fields))
    conn.executemany(f'INSERT INTO "{dataset.resource}" VALUES ({marks})', table.frame.iter_rows())
    if dataset.subject_key:
        name = f"{dataset.resource}_by_subject"
        conn.execute(f'CREATE INDEX "{name}" ON "{dataset.resource}" ("{dataset.subject_key}")')


def _sql_type(ledger_type: str) -> str:
    """Return the SQLite type; amounts stay text, since SQLite has no exact decimals."""
    return "INTEGER" if ledger_type in ("int", "bool") else "TEXT"
