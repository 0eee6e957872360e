"""Take a SQLite file's write lock among processes that want it too, each in its time.

SQLite lets whoever asks at the right moment have it, and asks ever more seldom: a busy process
would keep it, and others wait for seconds. Here who waits stands at the door, which is a lock on
the file's folder, and asks every millisecond; who comes next waits for the door first.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["take_write_lock"]

_ASK_S = 0.001
_COURTESY_S = 0.1  # one who stands at the door for longer waits for somebody else's program


def take_write_lock(raw: sqlite3.Connection, file: Path, wait_s: float) -> bool:
    """Begin a writing transaction; False when others held the file for as long as we wait.

    Raises:
        sqlite3.Error: for any trouble but a busy file.
    """
    until = time.monotonic() + wait_s
    polite_until = min(until, time.monotonic() + _COURTESY_S)
    with _door(file.parent) as door:
        stands_there = False
        while True:
            stands_there = stands_there or _is_free(door)
            now = time.monotonic()
            if (stands_there or now >= polite_until) and _begins(raw):
                return True
            if now >= until:
                return False
            time.sleep(_ASK_S)


@contextmanager
def _door(folder: Path) -> Iterator[int | None]:
    try:
        door = os.open(folder, os.O_RDONLY)
    except OSError:  # as below
        yield None
        return
    try:
        yield door
    finally:
        os.close(door)  # gives its lock back as well


def _is_free(door: int | None) -> bool:
    if door is None:
        return True
    try:
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without such locks: the write lock alone decides
        return True
    return True


def _begins(raw: sqlite3.Connection) -> bool:
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if (error.sqlite_errorcode & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return False
        raise
    return True
