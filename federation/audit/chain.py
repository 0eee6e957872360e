"""Walk a journal entry by entry and say exactly what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from federation.audit.entry import GENESIS, OPENED, columns_of
from federation.audit.errors import (
    CheckpointForged,
    CheckpointMismatch,
    CheckpointUntrusted,
    EntriesMissing,
    EntryChanged,
    EntryMisplaced,
)
from federation.audit.merkle import Edge, leaf_hash
from federation.crypto import canonical, key_id, verify
from federation.errors import Fault, Lang

__all__ = ["Chain", "Checkpoint", "Open", "Report", "Stored"]

_KIND = "audit-checkpoint"
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a signer vouched for: the first `size` entries have this root and head.

    Attributes:
        journal: the journal's name.
        size: how many entries.
        root: the Merkle root, hex.
        head: the hash of the last entry, hex.
        at: when it was signed, as stored.
        key: the signer's public key, hex.
        signature: base64 of r‖s over `signed`.
    """

    journal: str
    size: int
    root: str
    head: str
    at: str
    key: str
    signature: str

    def body(self) -> dict[str, object]:
        """Return what the signature covers."""
        return {
            "kind": _KIND,
            "journal": self.journal,
            "size": self.size,
            "root": self.root,
            "head": self.head,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as its bytes lie in the table; `columns` is None where only the body is known."""

    seq: int
    body: bytes
    prev: bytes
    hash: bytes
    columns: Mapping[str, bytes | None] | None


@dataclass(frozen=True, slots=True)
class Open:
    """An opened entry without its closed one: rows may have left, and nobody said how it ended."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found.

    Attributes:
        entries: how many entries were read.
        head: the hash of the last one.
        root: the Merkle root over all.
        checkpoints: how many checkpoints were checked.
        signed: how many entries the last checkpoint covers; the tail beyond it could be cut off
            without a trace.
        keys: ids of the keys that signed.
        findings: what is wrong, each naming its entry; the first hundred.
        found: how many things are wrong.
        unclosed: opened entries whose end was not recorded; not wrong in itself.
    """

    entries: int
    head: str
    root: str
    checkpoints: int
    signed: int
    keys: tuple[str, ...]
    findings: tuple[Fault, ...]
    found: int
    unclosed: tuple[Open, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every byte is as it was written."""
        return self.found == 0

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the report as one JSON document."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "head": self.head,
            "root": self.root,
            "checkpoints": self.checkpoints,
            "signed": self.signed,
            "keys": list(self.keys),
            "found": self.found,
            "findings": [finding.to_json(lang) for finding in self.findings],
            "unclosed": [{"seq": o.seq, "at": o.at.isoformat()} for o in self.unclosed],
        }


@dataclass(slots=True)
class Chain:
    """The state of a walk along a journal.

    Attributes:
        edge: the tree over the entries read so far, the last one not yet in it.
        head: the hash of the last entry in the tree, hex.
        position: the number of the last entry read.
        findings: what is wrong so far, the first hundred.
        found: how many things are wrong.
        checkpoints: how many were compared.
        signed: how many entries the last of them covers.
        keys: ids of the keys that signed them.
        opened: number and moment of opened entries that are not closed so far.
    """

    edge: Edge = field(default_factory=Edge)
    head: bytes = GENESIS.encode()
    position: int = 0
    findings: list[Fault] = field(default_factory=list)
    found: int = 0
    checkpoints: int = 0
    signed: int = 0
    keys: set[str] = field(default_factory=set)
    opened: dict[int, datetime] = field(default_factory=dict)
    _last: tuple[bytes, bytes] | None = None
    _diverged: bool = False

    def entry(self, row: Stored) -> None:
        """Take the next entry in order of their numbers."""
        self._settle(row.prev)
        leaf = leaf_hash(row.body)
        follows = row.seq == self.position + 1
        if row.seq > self.position + 1:
            self.find(EntriesMissing(first=self.position + 1, last=row.seq - 1))
        if leaf.hex().encode() == row.hash:
            self._examine(row, follows=follows)
        self._last = (leaf, row.hash)
        self.position = row.seq

    def checkpoint(
        self, point: Checkpoint, peaks: Sequence[str] | None, trusted: Collection[str] | None
    ) -> None:
        """Hold the entries read so far against a checkpoint of that size.

        Args:
            point: the checkpoint.
            peaks: the tree's edge as stored beside it; None where it is not stored.
            trusted: public keys (hex) that may sign; None believes any key and only names it.
        """
        self.checkpoints += 1
        self._settle(point.head.encode())
        if not verify(point.key, canonical(point.body()), point.signature):
            self.find(CheckpointForged(seq=point.size))
            return
        name = key_id(point.key)
        self.keys.add(name)
        if trusted is not None and point.key not in trusted:
            self.find(CheckpointUntrusted(seq=point.size, key=name))
            return
        self.signed = max(self.signed, point.size)
        if point.size > self.position:
            self.find(EntriesMissing(first=self.position + 1, last=point.size))
            self.position = point.size
            self._diverged = True
        elif not self._diverged:
            self._compare(point, peaks)

    def report(self, before: datetime | None = None) -> Report:
        """End the walk; opened entries since `before` may still be running and are left out."""
        self._settle(None)
        return Report(
            entries=self.edge.size,
            head=self.head.decode(),
            root=self.edge.root().hex(),
            checkpoints=self.checkpoints,
            signed=self.signed,
            keys=tuple(sorted(self.keys)),
            findings=tuple(self.findings),
            found=self.found,
            unclosed=tuple(
                Open(seq, at) for seq, at in self.opened.items() if before is None or at < before
            ),
        )

    def _settle(self, witness: bytes | None) -> None:
        """Put the last entry into the tree; where body and hash disagree, a witness decides.

        The witness is what comes after it and repeats its hash: the next entry or a checkpoint.
        """
        if self._last is None:
            return
        leaf, stored = self._last
        self._last = None
        if leaf.hex().encode() != stored:
            changed = "body / hash"
            if witness == leaf.hex().encode():
                changed = "hash"
            elif witness == stored and (genuine := _hash(stored)):
                changed, leaf = "body", genuine
            self.find(EntryChanged(seq=self.position, field=changed))
        self.edge.append(leaf)
        self.head = leaf.hex().encode()

    def _examine(self, row: Stored, *, follows: bool) -> None:
        """Compare an entry whose body carries its own hash with its place and its columns."""
        body = _parsed(row.body)
        if body is None:
            self.find(EntryChanged(seq=row.seq, field="body"))
            return
        prev = str(body.get("prev")).encode()
        if row.prev != prev:
            self.find(EntryChanged(seq=row.seq, field="prev"))
        if body.get("seq") != row.seq or row.seq <= self.position:
            self.find(EntryMisplaced(seq=row.seq, field="seq"))
        elif follows and prev != self.head:
            self.find(EntryMisplaced(seq=row.seq, field="prev"))
        columns = columns_of(body)
        self._pair(row.seq, columns)
        if row.columns is not None:
            for name, value in columns.items():
                if row.columns[name] != (None if value is None else str(value).encode()):
                    self.find(EntryChanged(seq=row.seq, field=name))

    def _pair(self, seq: int, columns: Mapping[str, object]) -> None:
        """Keep the opened entries that still wait for their closed one."""
        if columns["kind"] == OPENED and (at := _moment(columns["at"])):
            self.opened[seq] = at
        elif isinstance(closes := columns["closes"], int):
            self.opened.pop(closes, None)

    def _compare(self, point: Checkpoint, peaks: Sequence[str] | None) -> None:
        """Compare the tree with what was signed; only the first difference tells anything."""
        differs = None
        if self.head != point.head.encode():
            differs = "head"
        elif self.edge.root().hex() != point.root:
            differs = "root"
        if differs is not None:
            self._diverged = True
            self.find(CheckpointMismatch(seq=point.size, field=differs))
        elif peaks is not None and list(peaks) != [peak.hex() for peak in self.edge.peaks]:
            self.find(CheckpointMismatch(seq=point.size, field="peaks"))

    def find(self, finding: Fault) -> None:
        """Note what is wrong; only the first hundred are kept."""
        self.found += 1
        if len(self.findings) < _SHOWN:
            self.findings.append(finding)


def _hash(text: bytes) -> bytes | None:
    try:
        return bytes.fromhex(text.decode())
    except ValueError:
        return None


def _moment(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _parsed(body: bytes) -> Mapping[str, object] | None:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
