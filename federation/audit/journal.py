"""Append to a journal, search it, sign checkpoints, verify every byte."""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    Table,
    Text,
    cast,
    exists,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from federation.audit.chain import Chain, Checkpoint, Open, Report, Stored
from federation.audit.entry import GENESIS, OPENED, Entry, Receipt, Record, body_of, columns_of
from federation.audit.errors import JournalBroken, JournalUnwritable
from federation.audit.export import export_checkpoint, export_end, export_entry, export_header
from federation.audit.merkle import Edge, leaf_hash
from federation.crypto import Signer, canonical
from federation.errors import Fact, Fault
from federation.store import exclusive, instant_text, read, write

__all__ = ["Journal"]

_COLUMNS = ("at", "kind", "actor", "case", "party", "dataset", "closes")
_SIGNED = ("root", "head", "at", "key", "signature")
_PAGE = 2000


class Journal:
    """An append-only list of entries, each carrying the hash of the one before it.

    Args:
        engine: the database that keeps it.
        table: made by `entry_table`.
        signer: who signs checkpoints; None for a journal that is only written or read here.
        name: what checkpoints call it, so that one journal cannot stand in for another.
        checkpoints: made by `checkpoint_table`; by default the one on the same metadata.
    """

    def __init__(
        self,
        engine: Engine,
        table: Table,
        signer: Signer | None = None,
        *,
        name: str = "audit",
        checkpoints: Table | None = None,
    ) -> None:
        self._engine = engine
        self._table = table
        self._signer = signer
        self._name = name
        found = table.metadata.tables.get("audit_checkpoint")
        self._checkpoints = checkpoints if checkpoints is not None else found

    def append(self, conn: Connection, entry: Entry) -> Receipt:
        """Write one entry inside the caller's transaction; see `append_many`."""
        return self.append_many(conn, (entry,))[0]

    def append_many(self, conn: Connection, entries: Sequence[Entry]) -> tuple[Receipt, ...]:
        """Write entries inside the caller's transaction, which should come from `store.write`.

        When it fails, the transaction is rolled back before the error is raised: nobody can catch
        it and still commit the act without its trace.

        Raises:
            JournalUnwritable: when the database does not take them.
            PersonalValueRefused: a programming error, when a fact looks like a person's number.
        """
        try:
            return self._append(conn, entries)
        except BaseException as error:
            conn.rollback()
            if isinstance(error, Fault):
                raise JournalUnwritable(reason=error.code) from error
            if isinstance(error, SQLAlchemyError):
                raise JournalUnwritable(reason="store.failed") from error
            raise

    def checkpoint(self, now: datetime) -> Checkpoint | None:
        """Sign what was appended since the last checkpoint; None when nothing was ever appended.

        Only the new entries are read, and they are verified first.

        Raises:
            JournalBroken: when they do not verify.
            RuntimeError: a programming error, when this journal has no signer.
        """
        signer, table = self._signer, self._checkpoints
        if signer is None or table is None:
            raise RuntimeError("this journal was opened without a signer or a checkpoint table")
        with write(self._engine) as conn:
            chain, last = self._resumed(conn)
            for row in self._stored(conn, after=chain.position):
                chain.entry(row)
            report = chain.report()
            if report.findings:
                raise JournalBroken(seq=_place(report.findings[0]))
            if report.entries == (0 if last is None else last.size):
                return last
            unsigned = Checkpoint(
                journal=self._name,
                size=report.entries,
                root=report.root,
                head=report.head,
                at=instant_text(now),
                key=signer.public_key,
                signature="",
            )
            point = replace(unsigned, signature=signer.sign(canonical(unsigned.body())))
            peaks = [peak.hex() for peak in chain.edge.peaks]
            conn.execute(insert(table).values(_row_of(point, now, peaks)))
            return point

    def verify(
        self,
        now: datetime | None = None,
        *,
        trusted: Collection[str] = (),
        witnessed: Iterable[Checkpoint] = (),
        grace: timedelta = timedelta(minutes=10),
    ) -> Report:
        """Read every byte of the journal and say what is not as it was written.

        Args:
            now: leaves out opened entries younger than `grace`, which may still be running.
            trusted: public keys (hex) that may have signed checkpoints, beside our own signer's;
                with neither, any key is believed and `Report.keys` names it.
            witnessed: checkpoints that others kept; they show a tail that was cut off together
                with our own checkpoints.
            grace: how long an opened entry may stay open.
        """
        own = () if self._signer is None else (self._signer.public_key,)
        known = {*own, *trusted} or None
        chain = Chain()
        with read(self._engine) as conn:
            ours = ((point, peaks) for point, peaks in self._points(conn))
            others = ((point, None) for point in sorted(witnessed, key=lambda p: p.size))
            points = heapq.merge(ours, others, key=lambda pair: pair[0].size)
            due = next(points, None)
            for row in self._stored(conn, after=None):
                chain.entry(row)
                while due is not None and due[0].size <= chain.position:
                    chain.checkpoint(*due, known)
                    due = next(points, None)
            while due is not None:
                chain.checkpoint(*due, known)
                due = next(points, None)
        return chain.report(None if now is None else now - grace)

    def open_without_close(self, before: datetime | None = None) -> tuple[Open, ...]:
        """Return opened entries (older than `before`) that no closed entry refers to."""
        with read(self._engine) as conn:
            return self._unclosed(conn, before)

    def search(
        self,
        *,
        kind: str | Collection[str] | None = None,
        case: str | None = None,
        party: str | None = None,
        dataset: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        after: int | None = None,
    ) -> tuple[Record, ...]:
        """Return entries that meet every given condition, newest first.

        Args:
            kind: one kind, or any of several.
            case: the text under ``case`` of its facts; `party` and `dataset` likewise.
            party: see `case`.
            dataset: see `case`.
            actor: who did it.
            since: from this moment on.
            until: before this moment.
            limit: how many at most.
            after: the number of the last entry of the page before; its successors follow.
        """
        column = self._table.c
        query = select(column.seq, column.body, column.hash).order_by(column.seq.desc())
        for name, value in (("case", case), ("party", party), ("dataset", dataset)):
            if value is not None:
                query = query.where(column[name] == value)
        if kind is not None:
            query = query.where(column.kind.in_([kind] if isinstance(kind, str) else list(kind)))
        if actor is not None:
            query = query.where(column.actor == actor)
        if since is not None:
            query = query.where(column["at"] >= since)
        if until is not None:
            query = query.where(column["at"] < until)
        if after is not None:
            query = query.where(column.seq < after)
        with read(self._engine) as conn:
            return tuple(_record(*row) for row in conn.execute(query.limit(limit)))

    def get(self, seq: int) -> Record | None:
        """Return one entry by its number."""
        column = self._table.c
        query = select(column.seq, column.body, column.hash).where(column.seq == seq)
        with read(self._engine) as conn:
            row = conn.execute(query).first()
        return None if row is None else _record(*row)

    def export(self) -> Iterator[bytes]:
        """Yield the journal as lines of canonical JSON; `verify_export` reads them anywhere."""
        count = 0
        with read(self._engine) as conn:
            yield export_header(self._name)
            points = self._points(conn)
            due = next(points, None)
            for row in self._stored(conn, after=None):
                count += 1
                yield export_entry(row)
                while due is not None and due[0].size <= row.seq:
                    yield export_checkpoint(due[0])
                    due = next(points, None)
        yield export_end(count)

    def _append(self, conn: Connection, entries: Sequence[Entry]) -> tuple[Receipt, ...]:
        exclusive(conn, self._table.name)
        column = self._table.c
        last = conn.execute(
            select(column.seq, column.hash).order_by(column.seq.desc()).limit(1)
        ).first()
        seq, prev = (0, GENESIS) if last is None else (last.seq, last.hash)
        rows, receipts = [], []
        for entry in entries:
            seq += 1
            body = body_of(entry, seq, prev)
            own = leaf_hash(body.encode()).hex()
            columns = columns_of({"kind": entry.kind, "actor": entry.actor, "facts": entry.facts})
            links = {"seq": seq, "body": body, "prev": prev, "hash": own}
            rows.append({**columns, **links, "at": entry.at})
            receipts.append(Receipt(seq, own))
            prev = own
        if rows:
            conn.execute(insert(self._table), rows)
        return tuple(receipts)

    def _resumed(self, conn: Connection) -> tuple[Chain, Checkpoint | None]:
        """Return a walk that begins where the last checkpoint ended, that one checked again."""
        last = next(self._points(conn, last=True), None)
        if last is None:
            return Chain(), None
        point, peaks = last
        try:
            edge = Edge(point.size, [bytes.fromhex(peak) for peak in peaks])
        except ValueError:
            raise JournalBroken(seq=point.size) from None
        chain = Chain(edge, point.head.encode(), point.size)
        chain.checkpoint(point, None, None)
        return chain, point

    def _points(
        self, conn: Connection, *, last: bool = False
    ) -> Iterator[tuple[Checkpoint, list[str]]]:
        table = self._checkpoints
        if table is None:
            return
        raw = [_bytes_of(conn, table.c[name]) for name in ("peaks", *_SIGNED)]
        order = table.c.size.desc() if last else table.c.size
        for size, peaks, *signed in conn.execute(select(table.c.size, *raw).order_by(order)):
            texts = (value.decode(errors="replace") for value in signed)
            yield (
                Checkpoint(journal=self._name, size=size, **dict(zip(_SIGNED, texts, strict=True))),
                _peaks(peaks),
            )

    def _stored(self, conn: Connection, after: int | None) -> Iterator[Stored]:
        """Yield entries as bytes, page by page, so that no damage can hide behind a decoder."""
        column = self._table.c
        raw = [_bytes_of(conn, column[name]) for name in ("body", "prev", "hash", *_COLUMNS)]
        query = select(column.seq, *raw).order_by(column.seq).limit(_PAGE)
        while True:
            page = conn.execute(query if after is None else query.where(column.seq > after)).all()
            for seq, body, prev, own, *columns in page:
                yield Stored(seq, body, prev, own, dict(zip(_COLUMNS, columns, strict=True)))
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def _unclosed(self, conn: Connection, before: datetime | None) -> tuple[Open, ...]:
        opened, closed = self._table.alias("opened"), self._table.alias("closed")
        query = (
            select(opened.c.seq, opened.c["at"])
            .where(opened.c.kind == OPENED)
            .where(~exists().where(closed.c.closes == opened.c.seq))
            .order_by(opened.c.seq)
        )
        if before is not None:
            query = query.where(opened.c["at"] < before)
        return tuple(Open(seq, at) for seq, at in conn.execute(query))


def _bytes_of(conn: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    if conn.dialect.name == "sqlite":
        return cast(column, LargeBinary)
    return func.convert_to(cast(column, Text), "UTF8")


def _peaks(stored: bytes) -> list[str]:
    """Return the stored edge; what is no list of texts is an edge that matches nothing."""
    try:
        peaks = json.loads(stored)
    except ValueError:
        return []
    return [str(peak) for peak in peaks] if isinstance(peaks, list) else []


def _record(seq: int, stored: str, own: str) -> Record:
    body = json.loads(stored)
    return Record(
        seq=seq,
        at=datetime.fromisoformat(body["at"]),
        kind=body["kind"],
        actor=body["actor"],
        facts=body["facts"],
        hash=own,
    )


def _row_of(point: Checkpoint, at: datetime, peaks: list[str]) -> dict[str, object]:
    return {
        "size": point.size,
        "at": at,
        "root": point.root,
        "head": point.head,
        "peaks": peaks,
        "key": point.key,
        "signature": point.signature,
    }


def _place(finding: Fault) -> Fact:
    return finding.facts.get("seq", finding.facts.get("first"))
