"""Write and read the one shape of tar file that a backup has.

Any tar program unpacks it. Read back here it must be, byte for byte, what this program writes:
plain files, each with the header that follows from its name, size and the archive's moment, padding
of zeros, nothing after the end. So there are no links, no special files and no byte that could be
changed unnoticed.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = ["MOST_BYTES", "Sink", "Source", "TarBroken", "TarEnds", "TarWriter", "read_tar"]

MOST_BYTES = 256 * 1024 * 1024
"""The largest member that is read: all are held in memory, and ours are far smaller."""

_BLOCK = tarfile.BLOCKSIZE
_END = b"\0" * _BLOCK


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes) -> object:
        """Take all of the bytes."""

    def close(self) -> None:
        """Take note that there are no more."""


class Source(Protocol):
    """Where bytes come from."""

    def read(self, size: int) -> bytes:
        """Return so many bytes; fewer only at the end."""


class TarEnds(Exception):
    """The bytes end before the archive does."""


class TarBroken(Exception):
    """The bytes are not what `TarWriter` writes."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive."""

    name: str
    data: bytes
    at: int


class TarWriter:
    """Write members one after another.

    Args:
        sink: where the archive goes; it is not closed.
        at: the moment every member carries, in seconds since 1970.
    """

    def __init__(self, sink: Sink, at: int) -> None:
        self._sink = sink
        self._at = at
        self._written = 0

    def add(self, name: str, data: bytes) -> None:
        """Write a member."""
        self._write(_header(name, len(data), self._at))
        self._write(data)
        self._write(b"\0" * (-len(data) % _BLOCK))

    def end(self) -> None:
        """Write the end of the archive."""
        self._write(_END * 2)
        self._write(b"\0" * (-self._written % tarfile.RECORDSIZE))

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._written += len(data)


def read_tar(source: Source) -> Iterator[Member]:
    """Yield the members.

    Raises:
        TarEnds: the bytes end too early.
        TarBroken: a byte is not as `TarWriter` writes it.
    """
    read = 0
    while (head := _exactly(source, _BLOCK)) != _END:
        name, size, at = _parsed(head)
        data = _exactly(source, size)
        padding = _exactly(source, -size % _BLOCK)
        if any(padding):
            raise TarBroken(name)
        read += _BLOCK + size + len(padding)
        yield Member(name, data, at)
    rest = -(read + 2 * _BLOCK) % tarfile.RECORDSIZE
    if any(_exactly(source, _BLOCK + rest)) or source.read(1):
        raise TarBroken("end")


def _header(name: str, size: int, at: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, at, 0o600
    return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")


def _parsed(head: bytes) -> tuple[str, int, int]:
    try:
        info = tarfile.TarInfo.frombuf(head, "utf-8", "strict")
        name, size, at = info.name, info.size, int(info.mtime)
        if not 0 <= size <= MOST_BYTES or _header(name, size, at) != head:
            raise TarBroken("header")
    except (tarfile.HeaderError, ValueError) as error:
        raise TarBroken("header") from error
    return name, size, at


def _exactly(source: Source, size: int) -> bytes:
    data = source.read(size)
    if len(data) != size:
        raise TarEnds
    return data
