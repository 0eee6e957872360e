"""Save a store as one moment saw it, and bring it back with its journal proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, select

from federation.audit import Entry, Journal
from federation.backup.errors import BackupMismatch, BackupNewer, JournalNotAsSaved
from federation.backup.manifest import JournalKept, StoreKept, TableKept
from federation.backup.reading import Archive
from federation.backup.writing import ArchiveWriter
from federation.store import Tree, newest, read, revision, store_name, write
from federation.store.backup import (
    dump,
    emptied,
    filling,
    hold_too,
    load,
    look_into,
    tables_at,
    unhurried,
)
from federation.store.errors import StoreMissing, StoreNewer

__all__ = [
    "RESTORED",
    "Moment",
    "Snapshot",
    "StorePart",
    "holding",
    "note",
    "prove",
    "restoring",
    "save",
]

RESTORED = "restored"
"""The kind of a journal's entry that says the journal was restored, and from what."""

_ENTRIES = "audit_entry"
_GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class StorePart:
    """A store as a backup addresses it.

    Attributes:
        name: ``hub``, ``issuer``, ``case/<county>/<scenario>``, ``node/<party>``.
        engine: where it is kept.
        tree: its schema.
        journal: what its journal's checkpoints call it.
        key: public key (hex) that signs them.
        without: tables that hold nothing worth keeping, only what the next hour forgets anyway.
    """

    name: str
    engine: Engine
    tree: Tree
    journal: str
    key: str
    without: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A store as it was when the snapshot was taken, however long it is read."""

    part: StorePart
    conn: Connection
    revision: str
    entries: int
    head: str


class Moment:
    """Take snapshots that live as long as a stack; others read and write on.

    Stores of one PostgreSQL database are seen through one connection, by one snapshot of all.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._shared: dict[int, Connection] = {}

    def snapshot(self, part: StorePart) -> Snapshot:
        """Take the snapshot of a store.

        Raises:
            StoreMissing: there is nothing of ours in the database.
            StoreNewer: a later release wrote it.
        """
        found = revision(part.engine, part.tree)
        if found is None:
            raise StoreMissing(store=store_name(part.engine))
        entries = _entries(part.tree, found)
        conn = self._connection(part.engine)
        look_into(conn, part.engine)
        last = conn.execute(
            select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc()).limit(1)
        ).first()
        seq, head = (0, _GENESIS) if last is None else (int(last.seq), str(last.hash))
        return Snapshot(part, conn, found, seq, head)

    def _connection(self, engine: Engine) -> Connection:
        if engine.dialect.name == "sqlite":
            return self._stack.enter_context(read(engine))
        shared = self._shared.get(id(engine.pool))
        if shared is None:
            shared = self._stack.enter_context(read(engine))
            unhurried(shared)
            self._shared[id(engine.pool)] = shared
        return shared


@contextmanager
def holding(parts: Iterable[StorePart]) -> Iterator[None]:
    """Keep others from writing stores for a moment, so that snapshots of several agree."""
    shared: dict[int, Connection] = {}
    with ExitStack() as stack:
        for part in parts:
            pool = id(part.engine.pool)
            if pool in shared:
                hold_too(shared[pool], part.engine)
            else:
                shared[pool] = stack.enter_context(write(part.engine))
        yield


def save(writer: ArchiveWriter, taken: Snapshot, now: datetime) -> StoreKept:
    """Write a snapshot into an archive; its journal is verified on the way.

    Raises:
        RowsUnreadable: a table cannot be read to its end.
    """
    part = taken.part
    look_into(taken.conn, part.engine)
    rows: dict[str, int] = {}
    number = 0
    for block in dump(taken.conn, part.tree, taken.revision, without=part.without):
        number = number + 1 if block.table in rows else 1
        rows[block.table] = rows.get(block.table, 0) + block.rows
        writer.add(f"stores/{part.name}/{block.table}/{number:06d}.jsonl", block.data)
    report = _journal(part, part.engine).verify(now, trusted=(part.key,))
    kept = StoreKept(
        name=part.name,
        tree=part.tree.name,
        revision=taken.revision,
        tables=tuple(
            TableKept(t.name, tuple(c.name for c in t.columns), rows.get(t.name, 0))
            for t in tables_at(part.tree, taken.revision)
            if t.name not in part.without
        ),
        journal=JournalKept(part.journal, taken.entries, taken.head, part.key, report.ok),
    )
    writer.stores.append(kept)
    return kept


@contextmanager
def restoring(part: StorePart, kept: StoreKept, file: str) -> Iterator[Restoring]:
    """Make a store's tables, let the block add its members, count the rows, bring it up.

    Raises:
        BackupNewer: a later release wrote it.
        BackupMismatch: the rows are not as many as the list of contents says.
        StoreTaken, RowsRefused: the database does not take it.
    """
    try:
        with filling(part.engine, part.tree, kept.revision) as conn:
            filler = Restoring(conn, part, kept, file)
            yield filler
            for table in kept.tables:
                if filler.rows.get(table.name, 0) != table.rows:
                    raise BackupMismatch(file=file, member=f"stores/{kept.name}/{table.name}")
    except StoreNewer as error:
        found = f"{kept.tree} {kept.revision}"
        raise BackupNewer(file=file, found=found, known=newest(part.tree)) from error


@dataclass(slots=True)
class Restoring:
    """A store that is being filled."""

    conn: Connection
    part: StorePart
    kept: StoreKept
    file: str
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, member: str, data: bytes) -> None:
        """Insert the rows of a member ``stores/<name>/<table>/<number>.jsonl``."""
        name = member.split("/")[-2]
        table = next(t for t in self.kept.tables if t.name == name)
        args = (self.part.tree, self.kept.revision, name, table.columns, data)
        self.rows[name] = self.rows.get(name, 0) + load(self.conn, *args)


def prove(part: StorePart, kept: StoreKept, now: datetime, *, keep_broken: bool = False) -> int:
    """Verify a restored journal byte by byte, and that it ends where the saved one ended.

    Returns:
        How many entries it has.

    Raises:
        JournalNotAsSaved: it is not the one that was saved, or does not verify.
    """
    journal = kept.journal
    if journal is None:
        return 0
    report = _journal(part, part.engine).verify(now, trusted=(journal.key,))
    if (report.entries, report.head) != (journal.entries, journal.head) and journal.intact:
        problem = f"{journal.entries} → {report.entries}"
        raise JournalNotAsSaved(journal=journal.name, problem=problem)
    if not report.ok and not keep_broken:
        raise JournalNotAsSaved(journal=journal.name, problem=report.findings[0].code)
    return report.entries


def undo(part: StorePart, folder: Path) -> None:
    """Take a filled store back that does not lie in the folder that is thrown away."""
    if part.engine.dialect.name == "postgresql":
        emptied(part.engine, part.tree)
        part.engine.dispose()
        return
    file = Path(str(part.engine.url.database)).absolute()
    part.engine.dispose()
    if not file.is_relative_to(folder.absolute()):
        file.unlink(missing_ok=True)


def note(part: StorePart, saved: Archive, now: datetime) -> None:
    """Write into a restored journal that it was restored, and from what.

    Whoever reads it later sees where entries may be missing: those between the two moments.
    """
    facts = {"taken_at": saved.manifest.taken_at, "manifest": saved.digest}
    entry = Entry(RESTORED, now, "operator", facts)
    with write(part.engine) as conn:
        _journal(part, part.engine).append(conn, entry)


def _journal(part: StorePart, engine: Engine) -> Journal:
    return Journal(engine, part.tree.declared().tables[_ENTRIES], name=part.journal)


def _entries(tree: Tree, found: str) -> Table:
    return next(t for t in tables_at(tree, found) if t.name == _ENTRIES)
