"""Let writers of one process share commits: one flush to the disk for all who wait for one.

A SQLite file takes one writer at a time, and a durable commit costs a flush. Writers come in turn,
each inside a savepoint of one transaction; who finds nobody waiting behind it commits for all. So
every block still sees what the one before it did, is kept whole or not at all, and returns only
when the disk has it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    PoolProxiedConnection,
    RootTransaction,
    StaticPool,
    create_engine,
    event,
)
from sqlalchemy.engine.interfaces import DBAPIConnection

from federation.errors import Fault
from federation.store.errors import StoreBusy
from federation.store.neighbours import take_write_lock
from federation.store.troubles import fault_of

__all__ = ["Group", "require_whole"]

_PARTS = 128
_SHARE = 10  # a transaction may stay open ten times as long as its commit takes,
_SHORTEST_S, _LONGEST_S = 0.002, 0.25  # within these bounds


@dataclass(slots=True)
class _Writer:
    """One call of `Group.write`.

    Attributes:
        until: when it gives up waiting, monotonic.
        turn: set when it may begin.
        settled: set when its transaction is on the disk, or failed.
        failed: why nothing of it is kept.
    """

    thread: int
    until: float
    turn: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)
    failed: BaseException | None = None

    @property
    def left_s(self) -> float:
        return max(0.0, self.until - time.monotonic())


@dataclass(slots=True)
class _Batch:
    """A transaction that several writers share."""

    held: PoolProxiedConnection
    raw: sqlite3.Connection
    began: float
    done: list[_Writer] = field(default_factory=list)


class Group:
    """The writers of one process on one SQLite file.

    Args:
        engine: opens the file.
        options: execution options of the connections that writers get.
        file: the file itself.
        wait_s: how long a writer waits for its turn and the write lock together.
        on_error: SQLAlchemy's ``handle_error`` listener, which names troubles.
    """

    def __init__(
        self,
        engine: Engine,
        options: dict[str, object],
        *,
        file: Path,
        wait_s: float,
        on_error: Callable[..., None],
    ) -> None:
        self._engine = engine
        self._wait_s = wait_s
        self._file = file
        self._lock = threading.Lock()
        self._waiting: deque[_Writer] = deque()
        self._running: _Writer | None = None
        self._batch: _Batch | None = None
        self._commit_s = 0.0
        self._part = _Part()
        self._parts = create_engine(
            engine.url,
            creator=lambda: cast("DBAPIConnection", self._part),
            poolclass=StaticPool,
            hide_parameters=True,
            execution_options=options,
        )
        event.listen(self._parts, "begin", lambda _conn: self._part.begin())
        event.listen(self._parts, "handle_error", on_error)

    @property
    def waiting(self) -> int:
        """How many writers wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection whose transaction is a part of the shared one.

        Raises:
            RuntimeError: a programming error, when the thread writes here already, or the block
                rolled back and went on.
        """
        writer = _Writer(threading.get_ident(), time.monotonic() + self._wait_s)
        self._take_turn(writer)
        try:
            batch = self._batch or self._begin(writer)
        except BaseException:
            self._pass_on()
            raise
        try:
            self._part.raw = batch.raw
            with self._parts.connect() as conn, conn.begin() as change:
                yield conn
                require_whole(change)
        except BaseException as error:
            self._end_part(batch, error)
            raise
        batch.done.append(writer)
        self._end_part(batch, None)
        writer.settled.wait()
        if writer.failed is not None:
            raise _again(writer.failed)

    # ── Turns ────────────────────────────────────────────────────────────────────────────────────

    def _take_turn(self, writer: _Writer) -> None:
        with self._lock:
            if self._running is None:
                self._running = writer
                return
            if self._running.thread == writer.thread:
                raise RuntimeError("this thread is inside a write on the same database already")
            self._waiting.append(writer)
        try:
            if writer.turn.wait(writer.left_s):
                return
        except BaseException:
            if not self._gives_up(writer):
                self._leave_turn()
            raise
        if self._gives_up(writer):
            raise StoreBusy(store=self._file.name)

    def _gives_up(self, writer: _Writer) -> bool:
        """Take a writer out of the queue; False when its turn has come meanwhile."""
        with self._lock:
            if writer.turn.is_set():
                return False
            self._waiting.remove(writer)
            return True

    def _hand_over(self) -> bool:
        """Give the turn to the next who waits; False when nobody does."""
        with self._lock:
            if not self._waiting:
                return False
            self._running = self._waiting.popleft()
            self._running.turn.set()
            return True

    def _pass_on(self) -> None:
        """Give the turn away, to nobody if nobody waits."""
        with self._lock:
            self._running = self._waiting.popleft() if self._waiting else None
            if self._running is not None:
                self._running.turn.set()

    def _leave_turn(self) -> None:
        """Give up a turn that was not used."""
        if self._batch is None:
            self._pass_on()
        else:
            self._end_part(self._batch, None)

    # ── The shared transaction ───────────────────────────────────────────────────────────────────

    def _begin(self, writer: _Writer) -> _Batch:
        held = self._engine.raw_connection()
        raw = cast("sqlite3.Connection", held.driver_connection)
        try:
            raw.execute("PRAGMA query_only=OFF")
            raw.execute("PRAGMA busy_timeout=0")
            is_ours = take_write_lock(raw, self._file, writer.left_s)
        except BaseException as error:
            self._give_back(held, raw)
            named = self._named(error)
            if named is error:
                raise
            raise named from error
        if not is_ours:
            self._give_back(held, raw)
            raise StoreBusy(store=self._file.name)
        self._batch = _Batch(held, raw, time.monotonic())
        return self._batch

    def _named(self, error: BaseException) -> BaseException:
        """Return the Fault that names a driver's error, or the error itself."""
        fault = fault_of(error) if isinstance(error, sqlite3.Error) else None
        return error if fault is None else fault(store=self._file.name)

    def _end_part(self, batch: _Batch, error: BaseException | None) -> None:
        """Let the next writer join, or commit for all when none waits or it has been long."""
        if not batch.raw.in_transaction:  # SQLite gave up the whole of it
            self._end(batch, error or RuntimeError("the shared transaction was rolled back"))
        elif not (self._has_room(batch) and self._hand_over()):
            self._end(batch, None)

    def _has_room(self, batch: _Batch) -> bool:
        longest = min(max(_SHARE * self._commit_s, _SHORTEST_S), _LONGEST_S)
        return len(batch.done) < _PARTS and time.monotonic() - batch.began < longest

    def _end(self, batch: _Batch, failed: BaseException | None) -> None:
        """Commit what is done, or fail it; then tell all, and let the next begin."""
        try:
            if failed is None and batch.done:
                failed = self._commit(batch)
        except BaseException as interruption:
            failed = interruption
            raise
        finally:
            self._give_back(batch.held, batch.raw)
            self._batch = None
            self._pass_on()
            for writer in batch.done:
                writer.failed = failed
                writer.settled.set()

    def _give_back(self, held: PoolProxiedConnection, raw: sqlite3.Connection) -> None:
        """Return the connection to the pool, rid of what was not committed."""
        with suppress(sqlite3.Error):
            raw.rollback()  # nothing to do after a commit
            raw.execute(f"PRAGMA busy_timeout={int(self._wait_s * 1000)}")
        if raw.in_transaction:
            held.invalidate()
        held.close()

    def _commit(self, batch: _Batch) -> BaseException | None:
        began = time.monotonic()
        try:
            batch.raw.commit()
        except sqlite3.Error as error:
            return self._named(error)
        took = time.monotonic() - began
        self._commit_s = took if not self._commit_s else (3 * self._commit_s + took) / 4
        return None


class _Part:
    """What SQLAlchemy takes for a connection: a savepoint of the transaction that is shared."""

    raw: sqlite3.Connection
    _is_open = False

    def begin(self) -> None:
        """Begin a part."""
        self.raw.execute("SAVEPOINT part")
        self._is_open = True

    def commit(self) -> None:
        """Make it belong to the whole."""
        if self._is_open:
            self._is_open = False
            self.raw.execute("RELEASE part")

    def rollback(self) -> None:
        """Undo it, and it alone."""
        if not self._is_open:
            return
        self._is_open = False
        if self.raw.in_transaction:
            try:
                self.raw.execute("ROLLBACK TO part")
                self.raw.execute("RELEASE part")
            except sqlite3.Error:
                self.raw.rollback()

    def close(self) -> None:
        """Leave the shared connection open."""
        self.rollback()

    def cursor(self) -> sqlite3.Cursor:
        """Return a cursor that writes into this part, and never outside of a transaction."""
        if self._is_open and not self.raw.in_transaction:
            raise sqlite3.OperationalError("the transaction was rolled back by the database")
        return self.raw.cursor()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def require_whole(change: RootTransaction) -> None:
    """Refuse to commit what was rolled back on the way; raises `RuntimeError`."""
    if not change.is_active:
        raise RuntimeError("the transaction was rolled back inside its block: nothing is kept")


def _again(error: BaseException) -> BaseException:
    """Return an exception of its own for one of many who share a failure."""
    if isinstance(error, Fault):
        told: BaseException = type(error)(**error.facts)  # type: ignore[arg-type] # facts come from keywords
    else:
        told = RuntimeError("the shared transaction failed: nothing is kept")
    told.__cause__ = error
    return told
