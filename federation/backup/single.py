"""Save and bring back a folder that has one store: a node's, an issuer's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from federation.backup.folders import new_folder, require_kind, restore_files, restore_stores
from federation.backup.manifest import Manifest, StoreKept
from federation.backup.reading import Archive, open_archive
from federation.backup.stores import Moment, StorePart, note, prove, save
from federation.backup.writing import ArchiveWriter, Written, archive
from federation.crypto import Signer

__all__ = ["Restored", "plain_files", "prove_all", "restore_single", "save_single"]

_KINDS = (".toml", ".json")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back.

    Attributes:
        manifest: what the archive held.
        digest: SM3 of its signed list of contents.
        entries: journal → how many entries were verified.
    """

    manifest: Manifest
    digest: str
    entries: dict[str, int]


def save_single(
    target: Path,
    manifest: Manifest,
    signer: Signer,
    part: StorePart,
    add: Callable[[ArchiveWriter], None],
    *,
    at: datetime,
    passphrase: bytes | None,
) -> Written:
    """Write an archive of one store and of the files that `add` adds; the store may be in use.

    Raises:
        Fault: of stores and `federation.backup.errors`, as they say.
    """
    try:
        with archive(target, manifest, signer, at=at, passphrase=passphrase) as writer:
            add(writer)
            with ExitStack() as stack:
                save(writer, Moment(stack).snapshot(part), at)
    finally:
        part.engine.dispose()
    assert writer.written is not None  # noqa: S101 - set at the end of the block
    return writer.written


def restore_single(
    source: Path,
    folder: Path,
    kind: str,
    place: Callable[[Path, StoreKept], StorePart],
    *,
    clock: Callable[[], datetime],
    passphrase: bytes | None = None,
    expected: str | None = None,
    keep_broken: bool = False,
) -> Restored:
    """Bring such a folder back, its journal proven; nothing is left when it fails.

    Args:
        source: the archive.
        folder: must be missing or empty.
        kind: what the archive must hold.
        place: says where the store lies in the folder.
        clock: returns now, aware.
        passphrase: what it was encrypted under.
        expected: the hash of its list of contents, as it was written down.
        keep_broken: accept a journal that was broken when it was saved.

    Raises:
        Fault: of stores and `federation.backup.errors`, as they say.
    """
    saved = open_archive(source, passphrase=passphrase, expected=expected)
    require_kind(saved, kind, source.name)
    with new_folder(folder) as scratch, ExitStack() as stack:

        def placed(kept: StoreKept) -> StorePart:
            part = place(scratch, kept)
            stack.callback(part.engine.dispose)
            return part

        restore_files(saved, scratch)
        parts = restore_stores(saved, placed, source.name)
        entries = prove_all(saved, parts, clock(), keep_broken=keep_broken)
    return Restored(saved.manifest, saved.digest, entries)


def prove_all(
    saved: Archive, parts: list[StorePart], now: datetime, *, keep_broken: bool
) -> dict[str, int]:
    """Verify every restored journal and write into each that it was restored.

    Returns:
        Journal → how many entries were verified.
    """
    entries = {}
    for part in parts:
        kept = saved.manifest.store(part.name)
        assert kept is not None  # noqa: S101 - the parts came from the list of stores
        entries[part.journal] = prove(part, kept, now, keep_broken=keep_broken)
        note(part, saved, now)
    return entries


def plain_files(folder: Path, folders: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yield a folder's own settings, and everything in those of its folders that are named."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in _KINDS:
            yield path.name, path
        elif path.is_dir() and path.name in folders:
            for file in sorted(p for p in path.rglob("*") if p.is_file()):
                yield file.relative_to(folder).as_posix(), file
