"""Keep files under the SM3 of their bytes, whole or not at all.

``<root>/ab/abcd…``: who has the name can prove the content. A file is written under a name
of its own, hashed on the way, flushed, and renamed when the row that speaks of it is about to be
committed; a rename is all or nothing. What no row speaks of is swept.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.hashes import SM3, Hash

from builder.uploads.errors import UploadTooLarge, UploadUnwritable

__all__ = ["Folder", "Incoming", "said_size", "sweep_incoming"]

_HASH = re.compile(r"[0-9a-f]{64}")
_CHUNK = 256 * 1024
_STALE_S = 3600.0


class Incoming:
    """A file on its way in: written piece by piece, hashed as it comes, never in memory.

    It behaves as the stream that a form parser writes to. `discard` it in any case; what `Folder`
    has taken over by then stays.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, name: str = "") -> None:
        """Open a file of its own in `folder`.

        Args:
            folder: where; made if missing.
            limit_bytes: how many bytes are taken at most.
            name: what messages call it.

        Raises:
            UploadUnwritable: the folder cannot be written.
        """
        self.name = name
        self.limit_bytes = limit_bytes
        self.size_bytes = 0
        self.path = folder / f"{os.getpid()}-{secrets.token_hex(8)}.part"
        self._hash = Hash(SM3())
        self._digest: str | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UploadUnwritable from error
        self._file: IO[bytes] = os.fdopen(handle, "w+b", buffering=0)

    def write(self, data: bytes) -> int:
        """Take a piece.

        Raises:
            UploadTooLarge: it is more than is taken.
            UploadUnwritable: the disk does not take it.
        """
        self.size_bytes += len(data)
        if self.size_bytes > self.limit_bytes:
            raise UploadTooLarge(file=self.name, limit=said_size(self.limit_bytes))
        self._hash.update(data)
        try:
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            raise UploadUnwritable from error
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """Return bytes from where the stream stands."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a place, as parsers do when they are done."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where the stream stands."""
        return self._file.tell()

    def take(self, source: IO[bytes]) -> None:
        """Take a whole stream; raises as `write`."""
        while piece := source.read(_CHUNK):
            self.write(piece)

    @property
    def sm3(self) -> str:
        """Return the hash of all that was written; nothing can be written afterwards."""
        if self._digest is None:
            self._digest = self._hash.finalize().hex()
        return self._digest

    def settle(self) -> None:
        """Let what was written survive a power cut.

        Raises:
            UploadUnwritable: the disk does not take it.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UploadUnwritable from error

    def discard(self) -> None:
        """Close it, and delete it unless it was taken over."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    close = discard


class Folder:
    """The files of one deployment."""

    def __init__(self, root: Path) -> None:
        """Name the folder; it is made when the first file comes."""
        self.root = root

    @property
    def incoming(self) -> Path:
        """Return where files on their way in are written: on the same disk."""
        return self.root / "incoming"

    @property
    def previews(self) -> Path:
        """Return where pictures of files are kept; they can be made anew at any time."""
        return self.root / "previews"

    def path(self, sm3: str) -> Path:
        """Return where a file is, or would be."""
        if not _HASH.fullmatch(sm3):
            raise ValueError("not an SM3 hash")
        return self.root / "files" / sm3[:2] / sm3

    def keep(self, incoming: Incoming) -> None:
        """Take over a file that was settled; nothing happens where the same bytes are there.

        Raises:
            UploadUnwritable: the disk does not take it.
        """
        target = self.path(incoming.sm3)
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not target.exists():
                try:
                    incoming.path.replace(target)
                except OSError:  # another disk: a copy beside it, then the rename
                    scratch = target.with_suffix(f".{secrets.token_hex(4)}")
                    with incoming.path.open("rb") as source, scratch.open("xb") as copy:
                        shutil.copyfileobj(source, copy, _CHUNK)
                        copy.flush()
                        os.fsync(copy.fileno())
                    scratch.replace(target)
                _settle(target.parent)
        except OSError as error:
            raise UploadUnwritable from error

    def put_aside(self, sm3: str) -> Path | None:
        """Take a file out of its place, to be destroyed or put back; None where there is none."""
        self.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = self.incoming / f"{secrets.token_hex(8)}.part"
        try:
            self.path(sm3).replace(aside)
        except FileNotFoundError:
            return None
        return aside

    def put_back(self, aside: Path, sm3: str) -> None:
        """Put a file back in its place."""
        aside.replace(self.path(sm3))

    def drop(self, sm3: str) -> None:
        """Destroy a file and what was made from it."""
        self.path(sm3).unlink(missing_ok=True)
        for made in self.previews.glob(f"{sm3}-*"):
            made.unlink(missing_ok=True)

    def held(self) -> Iterator[str]:
        """Yield the hashes of all files that are there."""
        for path in sorted((self.root / "files").glob("??/*")):
            if _HASH.fullmatch(path.name):
                yield path.name
            elif time.time() - path.stat().st_mtime > _STALE_S:  # a copy that was cut short
                path.unlink(missing_ok=True)


def sweep_incoming(folder: Path) -> int:
    """Delete what a killed process left on its way in; return how many files."""
    gone = 0
    for path in folder.glob("*.part"):
        try:
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()
                gone += 1
        except FileNotFoundError:
            continue
    return gone


def said_size(size_bytes: int) -> str:
    """Return a size as people read it.

    >>> said_size(512), said_size(20 * 1024 * 1024), said_size(1_500_000)
    ('512 B', '20 MB', '1.4 MB')
    """
    size = float(size_bytes)
    for unit in ("B", "KB", "MB"):
        if size < 1024 or unit == "MB":
            return f"{size:.1f}".removesuffix(".0") + f" {unit}"
        size /= 1024
    raise AssertionError


def _settle(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
