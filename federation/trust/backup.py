"""Save a case issuer that has a machine of its own, and bring it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from federation.backup import (
    ArchiveWriter,
    Manifest,
    Restored,
    StorePart,
    Written,
    plain_files,
    restore_single,
    save_single,
)
from federation.crypto import KeyStore
from federation.store import open_engine, sqlite_url
from federation.trust.issuer_store import issuer_tree

__all__ = ["back_up_issuer", "issuer_part", "restore_issuer"]

_KIND = "issuer"
_FOLDERS = ("keys", "secrets", "tls")


def back_up_issuer(
    folder: Path,
    name: str,
    target: Path,
    *,
    program: str,
    clock: Callable[[], datetime],
    passphrase: bytes | None = None,
    with_keys: bool = True,
) -> Written:
    """Save an issuer, which may be running.

    Args:
        folder: the issuer's folder.
        name: what it calls itself.
        target: the archive; ``.zst`` at its end packs it.
        program: the release that writes it.
        clock: returns now, aware.
        passphrase: encrypts the archive.
        with_keys: False leaves private keys out: the archive can be verified, but not act.

    Raises:
        Fault: of store, keys or `federation.backup.errors`, as they say.
    """
    signer = KeyStore(folder / "keys").signer("issuer", create=False)

    def add(writer: ArchiveWriter) -> None:
        for path, source in plain_files(folder, _FOLDERS):
            writer.add_file(path, source)

    return save_single(
        target,
        Manifest(_KIND, name, program, "", "", (), (), (), with_keys),
        signer,
        issuer_part(folder, f"issuer:{name}", signer.public_key),
        add,
        at=clock(),
        passphrase=passphrase,
    )


def restore_issuer(
    source: Path,
    folder: Path,
    *,
    clock: Callable[[], datetime],
    passphrase: bytes | None = None,
    expected: str | None = None,
    keep_broken: bool = False,
) -> Restored:
    """Bring an issuer back into a new folder; see `federation.backup.restore_single`."""
    return restore_single(
        source,
        folder,
        _KIND,
        lambda scratch, kept: issuer_part(
            scratch,
            kept.journal.name if kept.journal else "",
            kept.journal.key if kept.journal else "",
            create=True,
        ),
        clock=clock,
        passphrase=passphrase,
        expected=expected,
        keep_broken=keep_broken,
    )


def issuer_part(folder: Path, journal: str, key: str, *, create: bool = False) -> StorePart:
    """Return an issuer's store as a backup addresses it."""
    engine = open_engine(sqlite_url(folder / "issuer.db"), create=create)
    return StorePart("issuer", engine, issuer_tree, journal, key)
