"""What small archives hold, and a disk without room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
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
