"""Find the files of a resource below one folder, and never outside it."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connectors.check import near
from connectors.faults import SourceMissing, SourceTableUnknown, SourceUnreadable
from connectors.files.faults import (
    FileAmbiguous,
    FileChanged,
    FileLocked,
    FileOutside,
    FileTooBig,
)

__all__ = ["FORMATS", "Folder", "steady"]

FORMATS = {
    ".parquet": "Parquet",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".xlsx": "Excel",
    ".arrow": "Arrow",
    ".arrows": "Arrow",
    ".feather": "Arrow",
    ".ipc": "Arrow",
}
"""Ending → format."""
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Folder:
    """The one folder that a source may read.

    Attributes:
        path: where it is.
        max_bytes: the largest file that is read.
    """

    path: Path
    max_bytes: int

    @property
    def name(self) -> str:
        """The folder's name in faults."""
        return self.path.name or str(self.path)

    def resources(self) -> tuple[str, ...]:
        """Return what can be read: names without ending where one file has them, else with it.

        Raises:
            SourceMissing, SourceUnreadable: of the folder.
        """
        files = self._files()
        stems = Counter(map(_stem, files))
        return tuple(sorted(file if stems[_stem(file)] > 1 else _stem(file) for file in files))

    def find(self, resource: str) -> tuple[Path, ...]:
        """Return the files of a resource: one by its name, or several by ``*``, sorted.

        Raises:
            FileOutside: it leads out of the folder.
            FileAmbiguous: several files have the name.
            SourceTableUnknown: there is none.
            SourceMissing, SourceUnreadable: of the folder.
        """
        parts = resource.replace("\\", "/").split("/") if os.name == "nt" else resource.split("/")
        if ".." in parts or not parts[0] or Path(resource).is_absolute() or "\0" in resource:
            raise FileOutside(table=resource, source=self.name)
        files = self._files()
        if resource in files:
            found = [resource]
        else:
            found = [file for file in files if _stem(file) == resource]
            if len(found) > 1:
                raise FileAmbiguous(source=self.name, table=resource, near=sorted(found)[:5])
        if not found and any(mark in resource for mark in "*?["):
            found = [file for file in files if Path(file).match(resource) and _level(file, parts)]
        if not found:
            self._refuse_link(resource)
            raise SourceTableUnknown(
                source=self.name, table=resource, near=near(resource, self.resources())
            )
        return tuple(self.path / file for file in sorted(found))

    def _files(self) -> list[str]:
        """Return the paths of all files below, relative to the folder, none led to by a link out.

        Raises:
            SourceMissing, SourceUnreadable: of the folder.
        """
        if not self.path.is_dir():
            raise SourceMissing(source=self.name)
        if not os.access(self.path, os.R_OK | os.X_OK):
            raise SourceUnreadable(source=self.name)
        root = self.path.resolve()
        found: list[str] = []
        for folder, below, names in os.walk(self.path):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                is_table = path.suffix.lower() in FORMATS and not name.startswith((".", "~$"))
                if is_table and path.is_file() and path.resolve().is_relative_to(root):
                    found.append(path.relative_to(self.path).as_posix())
        return found

    def _refuse_link(self, resource: str) -> None:
        """Raise the fault of a link that leads outside, which a listing passes over."""
        for suffix in ("", *FORMATS):
            path = self.path / f"{resource}{suffix}"
            if path.exists() and not path.resolve().is_relative_to(self.path.resolve()):
                raise FileOutside(table=resource, source=self.name)


@contextmanager
def steady(path: Path, max_bytes: int) -> Iterator[None]:
    """Hold a file while it is read, and make sure that it is the same at the end.

    Raises:
        FileChanged: it was written, replaced or deleted meanwhile.
        FileLocked: somebody writes it.
        FileTooBig: it is larger than may be.
        SourceMissing, SourceUnreadable: it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise SourceMissing(source=path.name) from None
    except PermissionError as error:
        if getattr(error, "winerror", None) == _SHARING:
            raise FileLocked(file=path.name) from None
        raise SourceUnreadable(source=path.name) from None
    except OSError:
        raise SourceUnreadable(source=path.name) from None
    try:
        _lock(descriptor, path.name)
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise SourceUnreadable(source=path.name)
        if before.st_size > max_bytes:
            raise FileTooBig(file=path.name, limit=max_bytes // _MB)
        try:
            yield
        except Exception:
            _compare(path, before)  # a fault of reading may only be that the file changed
            raise
        _compare(path, before)
    finally:
        os.close(descriptor)


_SHARING = 32
"""Windows: the file is in use by another program."""


def _lock(descriptor: int, name: str) -> None:
    """Take a shared lock where writers take exclusive ones; never wait for it."""
    try:
        import fcntl
    except ImportError:  # Windows locks by itself
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileLocked(file=name) from None
    except OSError:  # a file system without locks
        return


def _compare(path: Path, before: os.stat_result) -> None:
    try:
        after = path.stat()
    except OSError:
        raise FileChanged(file=path.name) from None
    if _identity(after) != _identity(before):
        raise FileChanged(file=path.name) from None


def _identity(of: os.stat_result) -> tuple[int, int, int, int]:
    return of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns


def _stem(file: str) -> str:
    return file[: -len(Path(file).suffix)]


def _level(file: str, parts: list[str]) -> bool:
    return file.count("/") == len(parts) - 1
