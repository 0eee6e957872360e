"""Save one department's node and bring it back: its keys, policy, settings, grants and journal.

The department's own databases are not part of it: they have their own backups. Where one of them is
a SQLite file in the node's folder, it can be taken along.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from federation.backup import (
    Archive,
    ArchiveWriter,
    Manifest,
    StorePart,
    Written,
    archive,
    new_folder,
    note,
    open_archive,
    prove,
    require_kind,
    restore_files,
    restore_stores,
    save,
    snapshot,
)
from federation.crypto import KeyStore
from federation.node.config import NodeConfig, load_config
from federation.store import node_tree, open_engine, sqlite_url

__all__ = [
    "Restored",
    "add_sources",
    "back_up_node",
    "node_files",
    "node_part",
    "restore_node",
]

_STORE = "node.db"
_KINDS = (".toml", ".json")
_FOLDERS = ("catalog", "keys", "policy", "secrets", "tls")


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


def back_up_node(
    folder: Path,
    target: Path,
    *,
    program: str,
    clock: Callable[[], datetime],
    passphrase: bytes | None = None,
    with_keys: bool = True,
    with_sources: bool = False,
) -> Written:
    """Save a node, which may be running.

    Args:
        folder: the node's folder.
        target: the archive; ``.zst`` at its end packs it.
        program: the release that writes it.
        clock: returns now, aware.
        passphrase: encrypts the archive.
        with_keys: False leaves private keys out: the archive can be verified, but not act.
        with_sources: take SQLite databases of the department along that lie in the folder.

    Raises:
        ConfigMissing, ConfigUnreadable, Findings: the node's configuration cannot be read.
        Fault: of store, keys or `federation.backup.errors`, as they say.
    """
    config = load_config(folder)
    signer = KeyStore(folder / "keys").signer("node", create=False)
    part = node_part(folder, config.party, signer.public_key)
    at = clock()
    manifest = Manifest("node", config.party, program, "", "", (), (), (), with_keys)
    try:
        with archive(target, manifest, signer, at=at, passphrase=passphrase) as writer:
            for path, source in node_files(folder):
                writer.add_file(path, source)
            add_sources(writer, folder, config, wanted=with_sources)
            with ExitStack() as stack:
                save(writer, snapshot(stack, part), at)
    finally:
        part.engine.dispose()
    assert writer.written is not None  # noqa: S101 - set at the end of the block
    return writer.written


def restore_node(
    source: Path,
    folder: Path,
    *,
    clock: Callable[[], datetime],
    passphrase: bytes | None = None,
    expected: str | None = None,
    keep_broken: bool = False,
) -> Restored:
    """Bring a node back into a new folder, its journal proven; nothing is left when it fails.

    Args:
        source: the archive.
        folder: must be missing or empty.
        clock: returns now, aware.
        passphrase: what it was encrypted under.
        expected: the hash of its list of contents, as it was written down.
        keep_broken: accept a journal that was broken when it was saved.

    Raises:
        Fault: of `federation.backup.errors`, as they say.
    """
    saved = open_archive(source, passphrase=passphrase, expected=expected)
    require_kind(saved, "node", source.name)
    now = clock()
    opened: list[Engine] = []

    def place(name: str) -> StorePart:
        kept = saved.manifest.store(name)
        journal = kept.journal if kept else None
        part = node_part(scratch, saved.manifest.name, journal.key if journal else "", create=True)
        opened.append(part.engine)
        return part

    with new_folder(folder) as scratch:
        try:
            restore_files(saved, scratch)
            entries = _restore_stores(saved, place, source, now, keep_broken=keep_broken)
        finally:
            for engine in opened:
                engine.dispose()
    return Restored(saved.manifest, saved.digest, entries)


def node_part(folder: Path, party: str, key: str, *, create: bool = False) -> StorePart:
    """Return a node's store as a backup addresses it."""
    engine = open_engine(sqlite_url(folder / _STORE), create=create)
    return StorePart(f"node/{party}", engine, node_tree, f"node:{party}", key)


def node_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that make a node what it is: settings, policy, ledger, keys, certificates."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in _KINDS:
            yield path.name, path
        elif path.is_dir() and path.name in _FOLDERS:
            for file in sorted(p for p in path.rglob("*") if p.is_file()):
                yield file.relative_to(folder).as_posix(), file


def add_sources(
    writer: ArchiveWriter, folder: Path, config: NodeConfig, *, wanted: bool, below: str = ""
) -> None:
    """Add the department's own SQLite files; name those sources that stay where they are."""
    for name, source in config.sources.items():
        file = folder / str(source.options.get("path", ""))
        inside = source.kind == "sqlite" and file.is_file() and ".." not in file.parts
        if inside and wanted and file.is_relative_to(folder):
            _add_database(writer, f"{below}{file.relative_to(folder).as_posix()}", file)
        elif inside or source.kind != "sqlite":
            writer.left_out[f"{below}{name}"] = f"source ({source.kind})"


def _add_database(writer: ArchiveWriter, path: str, database: Path) -> None:
    """Copy a database through SQLite's own backup, which others may write meanwhile."""
    with tempfile.TemporaryDirectory(prefix="scenarist-") as folder:
        copy = Path(folder) / database.name
        with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
        writer.add_file(path, copy)


def _restore_stores(
    saved: Archive,
    place: Callable[[str], StorePart],
    source: Path,
    now: datetime,
    *,
    keep_broken: bool,
) -> dict[str, int]:
    entries = {}
    for part in restore_stores(saved, place, source.name):
        kept = saved.manifest.store(part.name)
        assert kept is not None  # noqa: S101 - the parts came from the list of stores
        entries[part.journal] = prove(part, kept, now, keep_broken=keep_broken)
        note(part, saved, now)
    return entries
