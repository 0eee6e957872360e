"""Bring an archive's files and stores back into a new folder: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from federation.backup.errors import BackupOfAnother, RestoreTaken, RestoreUnwritable
from federation.backup.manifest import FileKept
from federation.backup.reading import Archive
from federation.backup.stores import Restoring, StorePart, restoring
from federation.backup.writing import part_name, settle

__all__ = ["Filling", "new_folder", "require_kind", "restore_files", "restore_stores"]

_FOLDER, _STORES = 0o700, "stores/"

Filling = Callable[[str], StorePart]
"""Returns where a store of that name is to be filled."""


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


def restore_stores(archive: Archive, place: Filling, file: str) -> list[StorePart]:
    """Fill every store; return them in the archive's order."""
    known = {s.name: place(s.name) for s in archive.manifest.stores}
    waiting = dict.fromkeys(known)
    with ExitStack() as stack:
        current: Restoring | None = None
        for name, data in archive.members():
            if not name.startswith(_STORES):
                continue
            owner = name.removeprefix(_STORES).rsplit("/", 2)[0]
            if current is None or current.kept.name != owner:
                stack.close()
                waiting.pop(owner)
                current = _begin(stack, archive, known[owner], file)
            current.add(name, data)
    for owner in waiting:  # stores without a single row
        with ExitStack() as stack:
            _begin(stack, archive, known[owner], file)
    return list(known.values())


def _begin(stack: ExitStack, archive: Archive, part: StorePart, file: str) -> Restoring:
    kept = archive.manifest.store(part.name)
    assert kept is not None  # noqa: S101 - the parts were made from the list of stores
    return stack.enter_context(restoring(part, kept, file))


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
