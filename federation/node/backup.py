"""Save one department's node and bring it back: its keys, policy, settings, grants and journal.

The department's own databases are not part of it: they have their own backups. Where one of them is
a SQLite file in the node's folder, it can be taken along.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from federation.backup import (
    ArchiveWriter,
    Manifest,
    Restored,
    StoreKept,
    StorePart,
    Written,
    is_safe,
    plain_files,
    restore_single,
    save_single,
)
from federation.crypto import KeyStore
from federation.errors import Fault
from federation.node.config import NodeConfig, load_config
from federation.store import node_tree, open_engine, sqlite_url

__all__ = ["add_node", "add_sources", "back_up_node", "node_part", "restore_node"]

_KIND = "node"
_STORE = "node.db"
_FOLDERS = ("catalog", "keys", "ledger", "policy", "secrets", "stewards", "tls")


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

    def add(writer: ArchiveWriter) -> None:
        add_node(writer, folder)
        add_sources(writer, folder, config, wanted=with_sources)

    return save_single(
        target,
        Manifest(_KIND, config.party, program, "", "", (), (), (), with_keys),
        signer,
        node_part(folder, config.party, signer.public_key),
        add,
        at=clock(),
        passphrase=passphrase,
    )


def restore_node(
    source: Path,
    folder: Path,
    *,
    clock: Callable[[], datetime],
    passphrase: bytes | None = None,
    expected: str | None = None,
    keep_broken: bool = False,
) -> Restored:
    """Bring a node back into a new folder; see `federation.backup.restore_single`."""
    return restore_single(
        source,
        folder,
        _KIND,
        lambda scratch, kept: node_part(
            scratch, kept.name.rpartition("/")[2], _key(kept), create=True
        ),
        clock=clock,
        passphrase=passphrase,
        expected=expected,
        keep_broken=keep_broken,
    )


def node_part(folder: Path, party: str, key: str, *, create: bool = False) -> StorePart:
    """Return a node's store as a backup addresses it."""
    engine = open_engine(sqlite_url(folder / _STORE), create=create)
    return StorePart(f"node/{party}", engine, node_tree, f"node:{party}", key)


def add_node(writer: ArchiveWriter, folder: Path, *, below: str = "") -> None:
    """Add the files that make a node what it is: settings, policy, ledger, keys, certificates.

    Those that `NODE.toml` names go along wherever they lie in the folder; a `NODE.toml` that cannot
    be read is saved as it is.
    """
    for path, source in plain_files(folder, _FOLDERS):
        writer.add_file(f"{below}{path}", source)
    with suppress(Fault):
        for path, secret in _named(load_config(folder)):
            file = folder / path
            if is_safe(path) and file.is_file():
                writer.add_file(f"{below}{path}", file, secret=secret)
            elif secret:
                writer.left_out[f"{below}{path}"] = "secret elsewhere"


def _named(config: NodeConfig) -> Iterator[tuple[str, bool]]:
    """Yield the files a configuration names, and whether each is a secret."""
    yield config.policy, False
    if config.catalog is not None:
        yield config.catalog, False
    for source in config.sources.values():
        for option in source.options.values():
            if isinstance(option, Mapping) and isinstance(file := option.get("file"), str):
                yield file, True


def add_sources(
    writer: ArchiveWriter, folder: Path, config: NodeConfig, *, wanted: bool, below: str = ""
) -> None:
    """Add the department's own databases that are files; name those that stay where they are."""
    for name, source in config.sources.items():
        path = str(source.options.get("path", ""))
        place = folder / path
        if not is_safe(path) or not place.exists():
            if source.kind != "sqlite":
                writer.left_out[f"{below}{name}"] = f"source ({source.kind})"
        elif not wanted:
            writer.left_out[f"{below}{name}"] = f"source ({source.kind})"
        elif source.kind == "sqlite":
            _add_database(writer, f"{below}{path}", place)
        else:
            for file in [place] if place.is_file() else sorted(place.rglob("*")):
                if file.is_file():
                    writer.add_file(f"{below}{file.relative_to(folder).as_posix()}", file)


def _add_database(writer: ArchiveWriter, path: str, database: Path) -> None:
    """Copy a database through SQLite's own backup, which others may write meanwhile."""
    with tempfile.TemporaryDirectory(prefix="scenarist-") as folder:
        copy = Path(folder) / database.name
        with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
        writer.add_file(path, copy)


def _key(kept: StoreKept) -> str:
    return kept.journal.key if kept.journal else ""
