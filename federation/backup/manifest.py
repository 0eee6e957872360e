"""Say what an archive holds, under the signature of whose archive it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from federation.backup.errors import (
    BackupDamaged,
    BackupMismatch,
    BackupNewer,
    BackupPathUnsafe,
    BackupUnsigned,
)
from federation.crypto import Signer, canonical, key_id, open_sealed, seal, sm3
from federation.crypto.errors import EnvelopeMalformed, SignatureWrong, SignerUntrusted

__all__ = [
    "FORMAT",
    "MANIFEST",
    "FileKept",
    "JournalKept",
    "Manifest",
    "MemberKept",
    "StoreKept",
    "TableKept",
    "is_safe",
    "member_of",
    "read_manifest",
    "seal_manifest",
]

MANIFEST = "manifest.json"
FORMAT = 1
_KIND = "scenarist-backup"


@dataclass(frozen=True, slots=True)
class MemberKept:
    """One member of the archive, with its sums."""

    name: str
    size: int
    sm3: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TableKept:
    """A table: its columns in order, and how many rows."""

    name: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class JournalKept:
    """A journal as it stood: its name, how many entries, the last one's hash, and whose key signs.

    `intact` says whether every byte verified when the backup was taken.
    """

    name: str
    entries: int
    head: str
    key: str
    intact: bool


@dataclass(frozen=True, slots=True)
class StoreKept:
    """A store: the name of its schema's tree, the revision it stood at, its tables, its journal."""

    name: str
    tree: str
    revision: str
    tables: tuple[TableKept, ...]
    journal: JournalKept | None

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(t.rows for t in self.tables)


@dataclass(frozen=True, slots=True)
class FileKept:
    """A file below the folder, with its permission bits; `parts` members hold it."""

    path: str
    mode: int
    size: int
    parts: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds.

    Attributes:
        of: ``city``, ``node`` or ``issuer``.
        name: which one.
        program: the release that wrote it.
        taken_at: the moment of its snapshots, ISO 8601.
        signer: the public key that signed, hex.
        stores: in the order their snapshots were taken.
        files: plain files.
        members: every member of the archive but this list.
        has_keys: whether private keys are in it.
        left_out: what was not saved, and why.
        facts: what else the one that restores must know.
    """

    of: str
    name: str
    program: str
    taken_at: str
    signer: str
    stores: tuple[StoreKept, ...]
    files: tuple[FileKept, ...]
    members: tuple[MemberKept, ...]
    has_keys: bool
    left_out: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def store(self, name: str) -> StoreKept | None:
        """Return a store by name."""
        return next((s for s in self.stores if s.name == name), None)


def member_of(name: str, data: bytes) -> MemberKept:
    """Return a member's record."""
    return MemberKept(name, len(data), sm3(data), hashlib.sha256(data).hexdigest())


def is_safe(path: str) -> bool:
    """Tell whether a name stays below the folder it is put into, on every system."""
    parts = PurePosixPath(path).parts
    plain = bool(parts) and "/".join(parts) == path and not set("\\:\0") & set(path)
    return plain and not path.startswith("/") and not {".", ".."} & set(parts)


def seal_manifest(manifest: Manifest, signer: Signer) -> bytes:
    """Return the member that holds the list of contents, signed."""
    return canonical(seal({"kind": _KIND, "format": FORMAT, **asdict(manifest)}, signer))


def read_manifest(data: bytes, file: str) -> Manifest:
    """Return a list of contents whose signature holds and whose names are safe.

    It is signed by whoever wrote it: that it is the one you expect, only its hash can say.

    Raises:
        BackupDamaged, BackupUnsigned: it is not what was signed.
        BackupNewer: a later release wrote it.
        BackupPathUnsafe: it names a file outside of its folder.
        BackupMismatch: it contradicts itself.
    """
    try:
        document = json.loads(data)
        body = document["body"]
        found, signer = body["format"], str(body["signer"])
        is_ours = body["kind"] == _KIND and isinstance(found, int)
        trusted = {key_id(signer): signer}
    except (ValueError, LookupError, TypeError, RecursionError):
        raise BackupDamaged(file=file, place=MANIFEST) from None
    if not is_ours:
        raise BackupDamaged(file=file, place=MANIFEST)
    try:
        open_sealed(document, trusted)
    except (EnvelopeMalformed, SignatureWrong, SignerUntrusted):
        raise BackupUnsigned(file=file) from None
    if found != FORMAT:
        raise BackupNewer(file=file, found=found, known=FORMAT)
    if canonical(document) != data:
        raise BackupDamaged(file=file, place=MANIFEST)
    try:
        manifest = _parsed(body)
    except (ValueError, LookupError, TypeError):
        raise BackupMismatch(file=file, member=MANIFEST) from None
    _refuse_unsafe(manifest, file)
    return manifest


def _parsed(body: Mapping[str, Any]) -> Manifest:
    return Manifest(
        of=str(body["of"]),
        name=str(body["name"]),
        program=str(body["program"]),
        taken_at=str(body["taken_at"]),
        signer=str(body["signer"]),
        stores=tuple(_store(s) for s in body["stores"]),
        files=tuple(FileKept(**f) for f in body["files"]),
        members=tuple(MemberKept(**m) for m in body["members"]),
        has_keys=bool(body["has_keys"]),
        left_out={str(k): str(v) for k, v in body["left_out"].items()},
        facts={str(k): str(v) for k, v in body["facts"].items()},
    )


def _store(said: Mapping[str, Any]) -> StoreKept:
    journal = said["journal"]
    return StoreKept(
        name=str(said["name"]),
        tree=str(said["tree"]),
        revision=str(said["revision"]),
        tables=tuple(
            TableKept(str(t["name"]), tuple(map(str, t["columns"])), int(t["rows"]))
            for t in said["tables"]
        ),
        journal=None if journal is None else JournalKept(**journal),
    )


def _refuse_unsafe(manifest: Manifest, file: str) -> None:
    names = [m.name for m in manifest.members]
    paths = [f.path for f in manifest.files]
    stores = [s.name for s in manifest.stores]
    for name in (*names, *paths, *stores):
        if not is_safe(name):
            raise BackupPathUnsafe(file=file, member=name[:200])
    for listed in (names, paths, stores):
        twice = {n for n in listed if listed.count(n) > 1} if len(set(listed)) < len(listed) else ()
        if twice:
            raise BackupMismatch(file=file, member=sorted(twice)[0])
