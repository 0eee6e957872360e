"""Write an archive under a name of its own until it is whole and on the disk."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from federation.backup.errors import (
    BackupBlocked,
    BackupDiskFull,
    BackupExists,
    BackupUnwritable,
)
from federation.backup.manifest import (
    MANIFEST,
    FileKept,
    Manifest,
    MemberKept,
    StoreKept,
    member_of,
    seal_manifest,
)
from federation.backup.packing import Packing
from federation.backup.sealing import Sealing
from federation.backup.tar import Sink, TarWriter
from federation.crypto import Signer, sm3
from federation.store import instant_text

__all__ = ["ArchiveWriter", "Written", "archive"]

_PART_BYTES = 4 * 1024 * 1024
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_KEY_SUFFIXES = (".pem", ".secret", ".key")


@dataclass(frozen=True, slots=True)
class Written:
    """An archive that lies whole on the disk.

    Attributes:
        manifest: what it holds.
        digest: SM3 of the signed list of contents, to be written down away from the archive.
        bytes: the size of the file.
    """

    manifest: Manifest
    digest: str
    bytes: int


@dataclass(slots=True)
class ArchiveWriter:
    """Add files and rows to an archive; made by `archive`."""

    tar: TarWriter
    with_keys: bool
    files: list[FileKept] = field(default_factory=list)
    members: list[MemberKept] = field(default_factory=list)
    stores: list[StoreKept] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    written: Written | None = None

    def add(self, name: str, data: bytes) -> None:
        """Write one member."""
        self.tar.add(name, data)
        self.members.append(member_of(name, data))

    def add_file(self, path: str, source: Path, *, secret: bool = False) -> None:
        """Write a file, once; a private key or secret only where keys are wanted.

        Raises:
            BackupBlocked: it cannot be read.
        """
        if any(f.path == path for f in self.files):
            return
        if not self.with_keys and (secret or is_secret(path)):
            self.left_out[path] = "key"
            return
        size = parts = 0
        try:
            with source.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode & 0o777
                while (data := file.read(_PART_BYTES)) or not parts:
                    parts += 1
                    size += len(data)
                    self.add(part_name(path, parts), data)
        except OSError as error:
            if error.filename != str(source) and error.errno in _NO_ROOM:
                raise
            raise BackupBlocked(file=path, problem=error.strerror or "?") from error
        self.files.append(FileKept(path, mode, size, parts))


def is_secret(path: str) -> bool:
    """Tell whether a file of this name is a private key or a secret."""
    name = PurePosixPath(path)
    return name.suffix in _KEY_SUFFIXES or bool({"keys", "secrets"} & set(name.parts[:-1]))


def part_name(path: str, part: int) -> str:
    """Return the member that holds a part of a file; the first has the file's own name."""
    return f"files/{path}" if part == 1 else f"parts/{path}/{part:06d}"


@contextmanager
def archive(
    target: Path,
    manifest: Manifest,
    signer: Signer,
    *,
    at: datetime,
    passphrase: bytes | None,
) -> Iterator[ArchiveWriter]:
    """Give a writer; at the end of the block its list of contents is signed and the file appears.

    Until then it lies beside it as ``.<name>.<random>.partial``; when anything fails it is removed.

    Args:
        target: the file; ``.zst`` at its end compresses it.
        manifest: what is known before; its lists are filled in.
        signer: signs the list of contents.
        at: the moment members carry.
        passphrase: encrypts the archive.

    Raises:
        BackupExists: there is such a file.
        BackupDiskFull, BackupUnwritable: it cannot be written.
    """
    if target.exists() or target.is_symlink():
        raise BackupExists(file=target.name)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    with _named_troubles(target), _scratch(draft) as file:
        sink = _stack(file, passphrase, packed=target.suffix == ".zst")
        writer = ArchiveWriter(TarWriter(sink, int(at.timestamp())), manifest.has_keys)
        yield writer
        whole = replace(
            manifest,
            taken_at=instant_text(at),
            signer=signer.public_key,
            files=tuple(writer.files),
            stores=tuple(writer.stores),
            members=tuple(writer.members),
            left_out=writer.left_out,
        )
        signed = seal_manifest(whole, signer)
        writer.tar.add(MANIFEST, signed)
        writer.tar.end()
        sink.close()
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
        if target.exists():
            raise BackupExists(file=target.name)
        draft.replace(target)
        settle(target.parent)
        writer.written = Written(whole, sm3(signed), size)


def settle(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class _Bottom:
    """The file itself, which is closed by who opened it."""

    def __init__(self, file: BinaryIO) -> None:
        self.write: Callable[[bytes], object] = file.write

    def close(self) -> None:
        pass


def _stack(file: BinaryIO, passphrase: bytes | None, *, packed: bool) -> Sink:
    sink: Sink = _Bottom(file)
    if passphrase is not None:
        sink = Sealing(sink, passphrase)
    return Packing(sink) if packed else sink


@contextmanager
def _scratch(draft: Path) -> Iterator[BinaryIO]:
    """Give a new file that only this user can read; remove it unless it was renamed."""
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _named_troubles(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise BackupDiskFull(file=target.name) from error
        raise BackupUnwritable(file=target.name, problem=error.strerror or "?") from error
