"""Copy a city that may be running, for a rehearsal: its files, and what is kept in PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

from builder.app.bringing import republish_cases
from builder.app.opening import open_platform
from builder.app.places import now_in_shanghai
from builder.cases.platform import Platform, deployment_table
from builder.cases.walks import WalkClock
from builder.store.opening import case_engine, hub_engine
from builder.store.settings import Settings, read_settings, write_settings
from builder.store.trees import case_tree, hub_tree
from federation.store import Tree, newest, read, require
from federation.store.backup import dump, filling, load, tables_at

__all__ = ["copy_city", "rehearsal"]

_NOT_COPIED = ("logs", "run", "postgres")
"""What belongs to running programs; a department's PostgreSQL is read where it is."""


@contextmanager
def rehearsal(home: Path) -> Iterator[tuple[Platform, WalkClock]]:
    """Open a copy of a city, with a clock that moves only when told, and throw it away after."""
    read_settings(home)
    with tempfile.TemporaryDirectory(prefix="scenarist-") as folder:
        copy = Path(folder) / "city"
        copy_city(home.resolve(), copy)
        clock = WalkClock(now_in_shanghai())
        platform = open_platform(copy, clock=clock, all_embedded=True)
        try:
            yield platform, clock
        finally:
            platform.close()


def copy_city(home: Path, copy: Path) -> None:
    """Copy a city into a folder; the copy's hub and cases are in SQLite wherever they were."""
    _copy_files(home, copy)
    settings = read_settings(home)
    if not settings.hub_url.startswith("sqlite"):
        _copy_hub(settings, copy)


def _copy_files(home: Path, copy: Path) -> None:
    """Copy the files, databases through SQLite's own backup."""
    for path in sorted(home.rglob("*")):
        target = copy / path.relative_to(home)
        if path.relative_to(home).parts[0] in _NOT_COPIED:
            continue
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif path.suffix == ".db":
            target.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(target)) as new:
                old.backup(new)
        elif not path.name.endswith(("-wal", "-shm")):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _copy_hub(settings: Settings, copy: Path) -> None:
    """Bring hub and cases out of PostgreSQL into files of the copy."""
    inside = replace(settings, home=copy, hub_url=Settings(copy).hub_url)
    write_settings(inside)
    hub = hub_engine(settings)
    try:
        with read(hub) as conn:
            rows = conn.execute(select(deployment_table)).all()
        _copy_store(hub, hub_engine(inside, create=True), hub_tree)
        for row in rows:
            store = case_engine(inside, row.id, create=True)
            _copy_store(case_engine(settings, row.id, hub=hub), store, case_tree)
    finally:
        hub.dispose()
    republish_cases(copy)


def _copy_store(source: Engine, target: Engine, tree: Tree) -> None:
    require(source, tree)
    revision = newest(tree)
    with read(source) as rows, filling(target, tree, revision) as conn:
        columns = {t.name: [c.name for c in t.columns] for t in tables_at(tree, revision)}
        for block in dump(rows, tree, revision):
            load(conn, tree, revision, block.table, columns[block.table], block.data)
    target.dispose()
