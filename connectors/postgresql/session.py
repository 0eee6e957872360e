"""Talk to a PostgreSQL server through ADBC: a few connections, each reading in its own transaction.

Every transaction is read-only and sees one state of the database. What it needs (time limits, a
search path that begins with the catalogue, plain strings) it sets for itself, so that it also holds
behind a pooler that hands a connection from one client to the next.

ADBC streams a statement without constants (COPY) and gathers one with constants first. An error in
the middle of a stream has no SQLSTATE.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from connectors.postgresql.options import PostgresOptions

__all__ = ["Pool", "Session", "Traits", "TroubleError"]

T = TypeVar("T")

_BEGIN = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SETTINGS = {
    "search_path": "pg_catalog, {schema}",
    "statement_timeout": "{timeout_ms}",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, YMD",
}
_LOCK_WAIT = {"lock_timeout": "{wait_ms}"}
_TRAITS = (
    "SELECT pg_catalog.current_setting('server_version_num'),"
    " pg_catalog.current_setting('server_encoding'),"
    " CAST(count(*) AS integer),"
    " 'a' = 'A' OR 'a' = 'a ', '' IS NOT NULL"
    " FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'"
)
_IS_ABORTED = "25P02"
"""What a sound connection says in a transaction in which something failed."""
_BATCH_BYTES = 4 << 20
_IDLE_S = 60.0


class TroubleError(Exception):
    """What the driver said went wrong: its text may hold values and goes no further.

    Attributes:
        state: SQLSTATE; empty where the driver has none.
        elapsed_s: how long the statement ran.
        is_alive: whether the connection is known to be sound all the same.
    """

    def __init__(self, text: str, state: str = "", elapsed_s: float = 0.0) -> None:
        super().__init__()
        self.text = text
        self.state = state
        self.elapsed_s = elapsed_s
        self.is_alive = False


@dataclass(frozen=True, slots=True)
class Traits:
    """What kind of server answers; asked of each connection, for servers are replaced.

    Attributes:
        version: as ``server_version_num`` has it, e.g. 150007.
        encoding: in which the database keeps text, e.g. ``UTF8``.
        is_exact: whether texts are equal only when every character is, blanks and case included.
        has_empty: whether an empty text is one, and not NULL as in Oracle's ways.
        has_lock_wait: whether waiting for locks can be limited.
    """

    version: int
    encoding: str
    is_exact: bool
    has_empty: bool
    has_lock_wait: bool


class Session:
    """One connection, with one transaction at a time."""

    def __init__(self, options: PostgresOptions) -> None:
        from adbc_driver_postgresql import dbapi

        self._options = options
        self.used_at = time.monotonic()
        self.is_spent = False
        self._connection: Any = _asked(lambda: dbapi.connect(options.uri(), autocommit=True))
        self.traits = self._traits()
        self._beginning = _beginning(options, self.traits)

    def _traits(self) -> Traits:
        try:
            ((version, encoding, waits, is_loose, has_empty),) = self.rows(_TRAITS)
        except TroubleError:
            self.close()
            raise
        return Traits(int(version), str(encoding), not is_loose, bool(has_empty), bool(waits))

    def begin(self) -> None:
        """Begin a read-only transaction.

        Raises:
            TroubleError: it failed.
        """
        self._do(self._beginning)

    def end(self) -> None:
        """End the transaction; a connection that cannot is spent."""
        try:
            self._do("ROLLBACK")
        except TroubleError:
            self.is_spent = True
        self.used_at = time.monotonic()

    def rows(self, sql: str, constants: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a statement.

        Raises:
            TroubleError: it failed.
        """

        def asked() -> list[tuple[Any, ...]]:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(sql, _bound(constants))
                return list(cursor.fetchall())

        return _asked(asked)

    def _do(self, sql: str) -> None:
        """Run statements that give no rows, at one go."""

        def asked() -> None:
            with closing(self._connection.cursor()) as cursor:
                cursor.executescript(sql)

        _asked(asked)

    def batches(self, sql: str, constants: Sequence[str]) -> Generator[pa.RecordBatch]:
        """Yield a statement's rows in batches, first one without rows, which asks the server.

        Raises:
            TroubleError: it failed.
        """
        begun = time.monotonic()
        cursor = _asked(self._connection.cursor)

        def begin() -> pa.RecordBatchReader:
            size = {"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)}
            cursor.adbc_statement.set_options(**size)
            cursor.execute(sql, _bound(constants))
            return cursor.fetch_record_batch()

        is_done = False
        try:
            reader = _asked(begin, begun)
            yield pa.RecordBatch.from_arrays(
                [pa.array([], _stored(f.type)) for f in reader.schema], names=reader.schema.names
            )
            while True:
                batch = self._next(reader, begun)
                if batch is None:
                    is_done = True
                    return
                yield pa.RecordBatch.from_arrays(
                    [c.storage if isinstance(c, pa.ExtensionArray) else c for c in batch.columns],
                    names=batch.schema.names,
                )
        finally:
            if not is_done:
                self.stop()
            with _quietly():
                cursor.close()

    def _next(self, reader: pa.RecordBatchReader, begun: float) -> pa.RecordBatch | None:
        """Return the next batch; of an error that has no SQLSTATE, whether the server lives on."""
        try:
            return _asked(lambda: next(reader, None), begun)
        except TroubleError as raised:
            trouble = raised
        try:
            self.rows("SELECT 1")
        except TroubleError as probed:
            trouble.is_alive = probed.state == _IS_ABORTED
        raise trouble

    def stop(self) -> None:
        """Ask the server to end what it does; the connection is used no more."""
        self.is_spent = True
        with _quietly():
            self._connection.adbc_cancel()

    def close(self) -> None:
        """Let go of the connection."""
        with _quietly():
            self._connection.close()


class Pool:
    """A few connections to one database, opened when needed and kept for the next reading."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._free = threading.BoundedSemaphore(options.connections)
        self._lock = threading.Lock()
        self._idle: list[Session] = []
        self._active: set[Session] = set()
        self._is_open = True

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a connection that is in a transaction of its own.

        Raises:
            TroubleError: there is none to be had.
        """
        if not self._free.acquire(timeout=self._options.wait_ms / 1000):
            raise TroubleError("", "53300")
        try:
            session = self._begun()
            try:
                yield session
            finally:
                self._give_back(session)
        finally:
            self._free.release()

    def cancel(self) -> None:
        """Ask the server to end every statement under way."""
        with self._lock:
            for session in self._active:
                session.stop()

    def close(self) -> None:
        """End what is under way and let go of all connections."""
        self._is_open = False
        self.cancel()
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _begun(self) -> Session:
        """Return a connection in a transaction; one that was lost while it lay idle is replaced."""
        kept = self._kept()
        if kept is not None:
            try:
                kept.begin()
            except TroubleError:
                kept.close()
            else:
                return self._lent(kept)
        session = Session(self._options)
        try:
            session.begin()
        except TroubleError:
            session.close()
            raise
        return self._lent(session)

    def _kept(self) -> Session | None:
        with self._lock:
            oldest = time.monotonic() - _IDLE_S
            stale = [s for s in self._idle if s.used_at < oldest]
            self._idle = [s for s in self._idle if s.used_at >= oldest]
            kept = self._idle.pop() if self._idle else None
        for session in stale:
            session.close()
        return kept

    def _lent(self, session: Session) -> Session:
        with self._lock:
            self._active.add(session)
        return session

    def _give_back(self, session: Session) -> None:
        with self._lock:
            self._active.discard(session)
        if not session.is_spent:
            session.end()
        if session.is_spent or not self._is_open:
            session.close()
            return
        with self._lock:
            self._idle.append(session)


def _beginning(options: PostgresOptions, traits: Traits) -> str:
    """Return the statements that begin a transaction as every reading needs it."""
    schema = options.schema.replace('"', '""')
    said = {
        "schema": f'"{schema}"',
        "timeout_ms": options.timeout_s * 1000,
        "wait_ms": options.wait_ms,
    }
    settings = {**_SETTINGS, **(_LOCK_WAIT if traits.has_lock_wait else {})}
    lines = [f"SET LOCAL {name} = {value.format(**said)}" for name, value in settings.items()]
    return "; ".join([_BEGIN, *lines])


def _bound(constants: Sequence[str]) -> pa.RecordBatch | None:
    """Return constants as the driver binds them fastest."""
    if not constants:
        return None
    arrays = [pa.array([constant], pa.string()) for constant in constants]
    return pa.record_batch(arrays, [str(n) for n in range(len(arrays))])


def _stored(of: pa.DataType) -> pa.DataType:
    return of.storage_type if isinstance(of, pa.BaseExtensionType) else of


def _quietly() -> suppress:
    """Ignore what the driver says of a connection that is given up."""
    from adbc_driver_manager import Error

    return suppress(Error, OSError, RuntimeError)


def _asked(call: Callable[[], T], begun: float | None = None) -> T:
    """Return what a call of the driver gives, and turn whatever it raises into `TroubleError`.

    A function and no context manager: raised here, nothing refers to the driver's own error, whose
    text may hold values.
    """
    from adbc_driver_manager import Error

    try:
        return call()
    except (Error, OSError, pa.ArrowException) as error:
        text, state = str(error), getattr(error, "sqlstate", None) or ""
    raise TroubleError(text, state, 0.0 if begun is None else time.monotonic() - begun)
