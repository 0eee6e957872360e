"""What saving and restoring a city with very many matters takes, beside copying its files.

    PYTHONPATH=tests/support python -P tests/bench/backup.py HOME [--postgresql URL]

HOME was filled by `fill.py`; nobody uses it meanwhile. Each archive is written, checked and
restored, and deleted again; the rival is SQLite's own backup of every store, packed by tar, and
its way back, which proves nothing. Megabytes are those of the stores' files.
"""

import argparse
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from builder.app.backup import back_up, check_backup, restore_city

STORES = ("hub.db", "issuer.db", "node.db", "case.db")
PASSPHRASE = b"a passphrase for measuring"


def silent(_zh: str, _en: str) -> None:
    """Say nothing."""


def stores_of(home: Path) -> list[Path]:
    """Return the files of all stores."""
    return sorted(p for p in home.rglob("*.db") if p.name in STORES)


def megabytes(files: list[Path]) -> float:
    """Return how large files are, what waits in their logs included."""
    return (
        sum(
            Path(f"{f}{tail}").stat().st_size
            for f in files
            for tail in ("", "-wal")
            if Path(f"{f}{tail}").exists()
        )
        / 1e6
    )


def line(what: str, size: float, took: float, made: Path | None = None) -> None:
    """Print one result."""
    out = f"{made.stat().st_size / 1e6:8.0f} MB" if made is not None else " " * 11
    sys.stdout.write(f"{what:<44}{took:8.1f} s {size / took:8.0f} MB/s {out}\n")
    sys.stdout.flush()


def timed(step: Callable[[], object]) -> float:
    """Return how long a step took, in seconds."""
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


@contextmanager
def emptied(folder: Path) -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ours(home: Path, work: Path, size: float, name: str, passphrase: bytes | None) -> None:
    """Measure one form of archive."""
    file = work / name
    how = name + (", encrypted" if passphrase else "")
    took = timed(lambda: back_up(home, file, say=silent, passphrase=passphrase))
    line(f"backup {how}", size, took, file)
    line(f"restore --check {how}", size, timed(lambda: check_backup(file, passphrase=passphrase)))
    with emptied(work / "back") as back:
        took = timed(lambda: restore_city(file, back, say=silent, passphrase=passphrase))
        line(f"restore {how}", size, took)
    file.unlink()


def moved(home: Path, work: Path, size: float, url: str) -> None:
    """Measure the way to PostgreSQL, and back to SQLite."""
    there, again = work / "a.tar.zst", work / "b.tar.zst"
    back_up(home, there, say=silent)
    with emptied(work / "pg") as pg:
        took = timed(lambda: restore_city(there, pg, say=silent, hub_url=url))
        line("restore onto PostgreSQL", size, took)
        line("backup from PostgreSQL", size, timed(lambda: back_up(pg, again, say=silent)), again)


def rival(home: Path, work: Path, size: float, mode: str) -> None:
    """Measure SQLite's own backup and tar; nothing is summed, signed or verified."""
    file, copies = work / "rival.tar", work / "copies"

    def save() -> None:
        with emptied(copies):
            for store in stores_of(home):
                copy = copies / store.relative_to(home)
                copy.parent.mkdir(parents=True, exist_ok=True)
                with closing(sqlite3.connect(store)) as old, closing(sqlite3.connect(copy)) as new:
                    old.backup(new)
            with tarfile.open(file, f"w{mode}", **({"compresslevel": 1} if mode else {})) as tar:
                tar.add(copies, ".")

    def restore() -> None:
        with tarfile.open(file, f"r{mode}") as tar:
            tar.extractall(work / "back", filter="data")

    line(f"rival: sqlite3 .backup + tar{mode}", size, timed(save), file)
    with emptied(work / "back"):
        line(f"rival: tar -x{mode}", size, timed(restore))
    file.unlink()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--postgresql", default="", help="address of an empty database")
    asked = parser.parse_args()
    size = megabytes(stores_of(asked.home))
    sys.stdout.write(f"{len(stores_of(asked.home))} stores, {size:.0f} MB\n")
    with tempfile.TemporaryDirectory(dir=asked.home.parent) as folder:
        work = Path(folder)
        ours(asked.home, work, size, "city.tar", None)
        ours(asked.home, work, size, "city.tar.zst", None)
        ours(asked.home, work, size, "city.tar.zst", PASSPHRASE)
        for mode in ("", ":gz"):
            rival(asked.home, work, size, mode)
        if asked.postgresql:
            moved(asked.home, work, size, asked.postgresql)


if __name__ == "__main__":
    main()
