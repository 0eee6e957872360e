"""Count how often somebody asks, over all web processes of one machine.

The counts are in a small SQLite file beside the city's (``limits.db``), not forced to the disk, so
that a count costs microseconds (docs/benchmarks.md); the file may be deleted at any time. A city
served by several machines counts on each; the pause after wrong passwords is in the hub's store and
holds everywhere.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, g, request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from builder.identity import place_of
from builder.web.bearer import is_for_programs
from builder.web.errors import TooMany

__all__ = ["FILE_NAME", "FileStorage", "Limits", "add_limits"]

FILE_NAME = "limits.db"
_UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OF_ENDPOINT: Final = {
    "api.begin_token": "sign_in",
    "auth.sign_in_post": "sign_in",
    "documents.check_post": "checks",
    "sso.back_channel": "provider",
    "sso.callback": "sign_in",
    "sso.start": "sign_in",
}
_WAIT_S = 2.0
_SWEEP_EVERY = 500
_MAKE = (
    "CREATE TABLE IF NOT EXISTS hits "
    "(name TEXT PRIMARY KEY, hits INTEGER NOT NULL, until REAL NOT NULL) WITHOUT ROWID"
)
_ADD = (
    "INSERT INTO hits VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET "
    "hits = CASE WHEN until <= ?4 THEN ?2 ELSE hits + ?2 END, "
    "until = CASE WHEN until <= ?4 THEN ?3 ELSE until END RETURNING hits"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often is still a person.

    Attributes:
        sign_in: tries to sign in, per address.
        posts: everything else that changes something, per account; per address for visitors.
        searches: pages asked for with words to search, per account or address.
        uploads: posts that carry files, per account or address.
        programs: what programs read, per account or address.
        checks: documents checked on the public page, per account or address.
        provider: what the identity provider tells, per address: many people leave at once.
    """

    sign_in: str = "20 per minute"
    posts: str = "120 per minute"
    searches: str = "60 per minute"
    uploads: str = "60 per minute"
    programs: str = "1200 per minute"
    checks: str = "30 per minute"
    provider: str = "600 per minute"


class FileStorage(Storage):
    """Counts in a file that every process of this machine shares."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        """Open or make the file."""
        super().__init__()
        self._path = path
        self._local = threading.local()
        self._added = 0
        self.check()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what goes wrong with such a file."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count and return it; one that ran out begins anew."""
        now = time.time()
        self._added += 1
        if self._added % _SWEEP_EVERY == 0:
            self._conn.execute("DELETE FROM hits WHERE until <= ?", (now,))
        (found,) = self._conn.execute(_ADD, (key, amount, now + expiry, now)).fetchone()
        return int(found)

    def get(self, key: str) -> int:
        """Return a count."""
        row = self._row(key)
        return 0 if row is None else int(row[0])

    def get_expiry(self, key: str) -> float:
        """Return when a count ends, in seconds of the epoch."""
        row = self._row(key)
        return time.time() if row is None else float(row[1])

    def check(self) -> bool:
        """Tell whether the file can be used."""
        try:
            return bool(self._conn.execute("SELECT 1").fetchone())
        except sqlite3.Error:
            return False

    def reset(self) -> int | None:
        """Forget every count."""
        return self._conn.execute("DELETE FROM hits").rowcount

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._conn.execute("DELETE FROM hits WHERE name = ?", (key,))

    @property
    def _conn(self) -> sqlite3.Connection:
        """Return this thread's connection, in autocommit: each count is one statement."""
        conn: sqlite3.Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
            for said in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", _MAKE):
                conn.execute(said)
            self._local.conn = conn
        return conn

    def _row(self, key: str) -> tuple[int, float] | None:
        found: tuple[int, float] | None = self._conn.execute(
            "SELECT hits, until FROM hits WHERE name = ? AND until > ?", (key, time.time())
        ).fetchone()
        return found


class _Counter:
    """Count by name; where the file fails, this process counts alone."""

    def __init__(self, path: Path) -> None:
        self._alone = FixedWindowRateLimiter(MemoryStorage())
        self._shared = self._alone
        with suppress(sqlite3.Error):
            self._shared = FixedWindowRateLimiter(FileStorage(path))

    def hit(self, item: RateLimitItem, *name: str) -> bool:
        """Count once; False: that was too often."""
        try:
            return self._shared.hit(item, *name)
        except sqlite3.Error:
            return self._alone.hit(item, *name)

    def rest_s(self, item: RateLimitItem, *name: str) -> int:
        """Return in how many seconds the count begins anew."""
        try:
            ends = self._shared.get_window_stats(item, *name).reset_time
        except sqlite3.Error:
            ends = self._alone.get_window_stats(item, *name).reset_time
        return max(1, math.ceil(ends - time.time()))


def add_limits(app: Flask, home: Path, limits: Limits) -> None:
    """Count requests before they do anything.

    Args:
        app: the application.
        home: the city's folder.
        limits: how often.
    """
    counter = _Counter(home / FILE_NAME)
    items = {name: parse(getattr(limits, name)) for name in Limits.__slots__}

    def count() -> None:
        kind = _kind()
        if kind is not None and not counter.hit(items[kind], kind, _reader(kind)):
            g.rest_s = counter.rest_s(items[kind], kind, _reader(kind))
            raise TooMany

    app.before_request(count)


def _kind() -> str | None:
    """Return what a request counts as; None: not at all."""
    if request.endpoint in _OF_ENDPOINT:
        return _OF_ENDPOINT[request.endpoint]
    if request.method not in _UNSAFE:
        if is_for_programs():
            return "programs"
        return "searches" if request.args.get("q", "").strip() else None
    return "uploads" if request.mimetype == "multipart/form-data" else "posts"


def _reader(kind: str) -> str:
    if kind != "sign_in" and g.get("who"):
        return f"account {g.who.account.account}"
    return f"address {place_of(request.remote_addr)}"
