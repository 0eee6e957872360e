"""What small archives hold, and a disk without room."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=8)))
FILES = {
    "a.toml": b"city = 'hefei'\n",
    "keys/hub.pem": b"-----BEGIN-----\n" * 40,
    "empty.json": b"",
}
PASSPHRASE = b"three words and a number 7"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def draw(seed: int) -> Random:
    """Return the same numbers every time."""
    return Random(seed)  # noqa: S311 - nothing is kept secret with these


def noise(seed: int, size: int) -> bytes:
    """Return bytes that cannot be compressed."""
    return draw(seed).randbytes(size)


NOTED = ("restored", "backup-taken")
"""Kinds of entries that saving and restoring add to journals."""


def rows_of(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every SQLite store of a city, as the files hold them.

    Without sign-ins, which are not saved, and without what saving and restoring write down.
    """
    found = {}
    for file in sorted([*home.rglob("hub.db"), *home.rglob("issuer.db"), *home.rglob("node.db"),
                        *home.rglob("case.db")]):  # fmt: skip
        with closing(sqlite3.connect(file)) as store:
            names = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                if name == "session":
                    continue
                kept = f" WHERE kind NOT IN {NOTED}" if name == "audit_entry" else ""
                rows = store.execute(f'SELECT * FROM "{name}"{kept} ').fetchall()
                found[f"{file.relative_to(home)}:{name}"] = sorted(rows, key=repr)
    return found
