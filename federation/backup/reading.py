"""Read an archive: first every byte of it against its sums and signature, then its content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from federation.backup import packing, sealing
from federation.backup.errors import (
    BackupDamaged,
    BackupForeign,
    BackupIncomplete,
    BackupMismatch,
    BackupSwapped,
    BackupUnreadable,
    PassphraseNeeded,
    PassphraseUnusable,
    PassphraseWrong,
)
from federation.backup.manifest import (
    MANIFEST,
    Manifest,
    MemberKept,
    member_of,
    read_manifest,
)
from federation.backup.packing import PackBroken, Unpacking
from federation.backup.sealing import Opening, SealBroken, WrongPassphrase
from federation.backup.tar import Member, Source, TarBroken, TarEnds, read_tar
from federation.backup.writing import part_name
from federation.crypto import sm3

__all__ = ["LEAST_PASSPHRASE", "Archive", "open_archive", "read_passphrase"]

LEAST_PASSPHRASE = 12
_TAR_MAGIC = slice(257, 262)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive every byte of which was checked.

    Attributes:
        manifest: what it holds.
        digest: SM3 of its signed list of contents.
    """

    manifest: Manifest
    digest: str
    _path: Path
    _passphrase: bytes | None

    def members(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of every member, each compared with the list again."""
        known = {m.name: m for m in self.manifest.members}
        for member in _members(self._path, self._passphrase):
            if member.name == MANIFEST:
                continue
            if known.get(member.name) != member_of(member.name, member.data):
                raise BackupDamaged(file=self._path.name, place=member.name)
            yield member.name, member.data


def open_archive(
    path: Path, *, passphrase: bytes | None = None, expected: str | None = None
) -> Archive:
    """Read an archive to its end and check all of it.

    Args:
        path: the file.
        passphrase: for an encrypted one.
        expected: the hash of its list of contents, as it was written down.

    Raises:
        BackupUnreadable, BackupForeign: it cannot be read, or is none.
        PassphraseNeeded, PassphraseWrong: it is encrypted.
        BackupIncomplete, BackupDamaged, BackupMismatch, BackupUnsigned: not as it was written.
        BackupNewer: a later release wrote it.
        BackupPathUnsafe: it names files outside of its folder.
        BackupSwapped: it is another one than `expected`.
    """
    found: list[MemberKept] = []
    signed: Member | None = None
    moments: set[int] = set()
    for member in _members(path, passphrase):
        if signed is not None:
            raise BackupMismatch(file=path.name, member=member.name[:200])
        moments.add(member.at)
        if member.name == MANIFEST:
            signed = member
        else:
            found.append(member_of(member.name, member.data))
    if signed is None:
        raise BackupIncomplete(file=path.name)
    manifest = read_manifest(signed.data, path.name)
    if len(moments) > 1:
        raise BackupDamaged(file=path.name, place="header")
    _compare(manifest, found, path.name)
    digest = sm3(signed.data)
    if expected is not None and expected.strip().lower() != digest:
        raise BackupSwapped(file=path.name, found=digest, expected=expected.strip()[:64])
    return Archive(manifest, digest, path, passphrase)


def read_passphrase(path: Path) -> bytes:
    """Return the passphrase in a file: its first line, all of the file's bytes but the line end.

    Raises:
        PassphraseUnusable: it cannot be read, is too short, or has more than one line.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise PassphraseUnusable(
            file=path.name, problem=error.strerror or "?", least=LEAST_PASSPHRASE
        ) from None
    passphrase = text.removesuffix(b"\n").removesuffix(b"\r")
    if len(passphrase) < LEAST_PASSPHRASE or b"\n" in passphrase:
        problem = f"{len(passphrase)} B, {passphrase.count(bytes([10])) + 1} L"
        raise PassphraseUnusable(file=path.name, problem=problem, least=LEAST_PASSPHRASE)
    return passphrase


def _compare(manifest: Manifest, found: list[MemberKept], file: str) -> None:
    """Hold the list of contents against the contents, and against itself."""
    listed = list(manifest.members)
    for said, seen in zip(listed, found, strict=False):
        if said.name != seen.name:
            raise BackupMismatch(file=file, member=seen.name[:200])
        if said != seen:
            raise BackupDamaged(file=file, place=said.name)
    if len(listed) != len(found):
        longer = max(listed, found, key=len)
        raise BackupMismatch(file=file, member=longer[min(len(listed), len(found))].name[:200])
    files = {part_name(f.path, n) for f in manifest.files for n in range(1, f.parts + 1)}
    for name in files ^ {m.name for m in listed if not m.name.startswith("stores/")}:
        raise BackupMismatch(file=file, member=name)
    stores = tuple(f"stores/{s.name}/{t.name}/" for s in manifest.stores for t in s.tables)
    for member in listed:
        if member.name.startswith("stores/") and not member.name.startswith(stores):
            raise BackupMismatch(file=file, member=member.name)


def _members(path: Path, passphrase: bytes | None) -> Iterator[Member]:
    with _named_troubles(path), path.open("rb") as file:
        yield from read_tar(_unwrapped(file, path, passphrase))


def _unwrapped(file: BinaryIO, path: Path, passphrase: bytes | None) -> Source:
    source: Source = file
    head = file.read(512)
    file.seek(0)
    if head.startswith(sealing.MAGIC):
        if passphrase is None:
            raise PassphraseNeeded(file=path.name)
        source = Opening(file, passphrase)
        inner = source.peek(512)
    else:
        inner = head
    if inner.startswith(packing.MAGIC):
        return Unpacking(source)
    if source is file and inner[_TAR_MAGIC] != b"ustar":
        raise BackupForeign(file=path.name) if inner else BackupIncomplete(file=path.name)
    return source


@contextmanager
def _named_troubles(path: Path) -> Iterator[None]:
    try:
        yield
    except WrongPassphrase:
        raise PassphraseWrong(file=path.name) from None
    except TarEnds:
        raise BackupIncomplete(file=path.name) from None
    except (TarBroken, PackBroken, SealBroken) as error:
        place = {TarBroken: "tar", PackBroken: "zst", SealBroken: "SM4-GCM"}[type(error)]
        raise BackupDamaged(file=path.name, place=place) from None
    except OSError as error:
        raise BackupUnreadable(file=path.name, problem=error.strerror or "?") from error
