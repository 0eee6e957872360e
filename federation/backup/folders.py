"""Bring an archive's files and stores back into a new folder: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from federation.backup.errors import BackupOfAnother, RestoreTaken, RestoreUnwritable
from federation.backup.manifest import FileKept, StoreKept
from federation.backup.reading import Archive
from federation.backup.stores import StorePart, restoring
from federation.backup.writing import part_name, settle

__all__ = ["Filling", "new_folder", "require_kind", "restore_files", "restore_stores"]

_FOLDER, _STORES = 0o700, "stores/"

Filling = Callable[[StoreKept], StorePart]
"""Returns where a store is to be filled."""


def require_kind(archive: Archive, wanted: str, file: str) -> None:
    """Refuse an archive of something else; raises `BackupOfAnother`."""
    if archive.manifest.of != wanted:
        raise BackupOfAnother(file=file, found=archive.manifest.of, wanted=wanted)


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes its real name at the end of the block, or vanishes.

    Raises:
        RestoreTaken: there is something under the name already.
        RestoreUnwritable: it cannot be written.
    """
    scratch = folder.with_name(f"{folder.name}.restoring")
    try:
        if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
            raise RestoreTaken(folder=folder.name)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True, mode=_FOLDER)
        yield scratch
        if folder.exists():
            folder.rmdir()
        scratch.replace(folder)
        settle(folder.parent)
    except OSError as error:
        raise RestoreUnwritable(folder=folder.name, problem=error.strerror or "?") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def restore_files(archive: Archive, folder: Path) -> None:
    """Write every plain file, with its permission bits, safe on the disk."""
    owners = {
        part_name(f.path, n): f for f in archive.manifest.files for n in range(1, f.parts + 1)
    }
    for name, data in archive.members():
        if name in owners:
            _append(folder, owners.pop(name), data)
        if not owners:
            return  # the files stand before the rows


def restore_stores(
    archive: Archive,
    place: Filling,
    file: str,
    filled: Callable[[StorePart], object] = lambda _part: None,
) -> list[StorePart]:
    """Fill every store; return them in the archive's order.

    Args:
        archive: was checked.
        place: says where a store goes.
        file: what messages call the archive.
        filled: told of each store that is committed, so that it can be taken back.
    """
    parts = {s.name: place(s) for s in archive.manifest.stores}
    waiting = dict(parts)
    rows = (m for m in archive.members() if m[0].startswith(_STORES))
    for owner, members in groupby(rows, key=_owner):
        part = waiting.pop(owner)
        _fill(archive, part, members, file)
        filled(part)
    for part in waiting.values():  # stores without a single row
        _fill(archive, part, (), file)
        filled(part)
    return list(parts.values())


def _owner(member: tuple[str, bytes]) -> str:
    return member[0].removeprefix(_STORES).rsplit("/", 2)[0]


def _fill(
    archive: Archive, part: StorePart, members: Iterable[tuple[str, bytes]], file: str
) -> None:
    kept = archive.manifest.store(part.name)
    assert kept is not None  # noqa: S101 - the parts were made from the list of stores
    with restoring(part, kept, file) as filling:
        for name, data in members:
            filling.add(name, data)


def _append(folder: Path, kept: FileKept, data: bytes) -> None:
    path = folder / kept.path
    _make_folders(folder, path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(kept.mode & 0o777 | 0o600)


def _make_folders(root: Path, folder: Path) -> None:
    for part in (*reversed(folder.relative_to(root).parents), folder.relative_to(root)):
        (root / part).mkdir(mode=_FOLDER, exist_ok=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
