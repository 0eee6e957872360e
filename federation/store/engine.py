"""Open a database, and read or write it in one transaction that means what it says.

SQLite is the default: write-ahead log, `synchronous=FULL` (what was answered is on the disk),
foreign keys on. `write` takes the write lock at its beginning, so that what it reads is what it
changes; `read` sees one snapshot and refuses to change anything. Troubles of the database come out
as Faults, whoever made the call.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast

from sqlalchemy import (
    Connection,
    Engine,
    StaticPool,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from federation.store.errors import StoreCrowded, StoreMissing, StoreUrlWrong
from federation.store.group import Group, require_whole
from federation.store.postgres import lock_name, open_postgres
from federation.store.troubles import MODE, fault_of, file_name, raise_fault, store_name

__all__ = ["exclusive", "fault_of", "open_engine", "read", "sqlite_url", "store_name", "write"]

_KINDS = ("sqlite", "postgresql")
_SYNCHRONOUS = ("FULL", "NORMAL")
_GROUP = "scenarist_group"


def sqlite_url(path: Path) -> str:
    """Return the address of a SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def open_engine(url: str | URL, *, create: bool = True, wait_s: float = 10.0) -> Engine:
    """Open a database by its URL.

    Args:
        url: ``sqlite:///path``, ``sqlite://`` (in memory, one thread) or ``postgresql://…``.
            A SQLite file opened with ``?synchronous=NORMAL`` stays whole when the machine fails,
            but may lose the last writes that were answered; for measuring, not for a city. What
            PostgreSQL's may hold says `federation.store.postgres.open_postgres`.
        create: whether a missing SQLite file is made; its folder is never made.
        wait_s: how long a writer waits for another one.

    Raises:
        StoreUrlWrong: when the URL cannot be read or names another kind of database.
        StoreMissing: when the file (``create=False``) or its folder is not there.
        StoreDriverMissing: when the driver of PostgreSQL is not installed.
    """
    target = _parsed(url)
    if target.get_backend_name() == "sqlite":
        return _sqlite(target, create=create, wait_s=wait_s)
    return open_postgres(target, wait_s=wait_s)


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose transaction holds the write lock from its first statement.

    Commits at the end of the block; any exception rolls back. What was written is on the disk when
    the block has ended. Several threads that write one SQLite file share flushes, see
    `federation.store.group`; a thread that is inside such a block must not open another on the same
    engine.

    Raises:
        StoreBusy: when others wrote for longer than we wait.
        RuntimeError: a programming error, when the block was rolled back inside, or nested.
    """
    group: Group | None = engine.get_execution_options().get(_GROUP)
    if group is not None:
        with group.write() as conn:
            yield conn
        return
    with _connected(engine).execution_options(**{MODE: "write"}) as conn, conn.begin() as change:
        yield conn
        require_whole(change)


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Give a connection on one unchanging snapshot, which refuses to change anything."""
    options = {MODE: "read", "postgresql_readonly": True}
    if engine.dialect.name != "sqlite":
        options["isolation_level"] = "REPEATABLE READ"
    with _connected(engine).execution_options(**options) as conn, conn.begin():
        yield conn


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeoutError as error:
        raise StoreCrowded(store=store_name(engine)) from error


def exclusive(conn: Connection, name: str) -> None:
    """Hold off other writers of the same named thing until this transaction ends.

    SQLite has one writer anyway (`write` took the lock); PostgreSQL takes an advisory lock.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(lock_name(conn, name), 0)))
        )


def _parsed(url: str | URL) -> URL:
    try:
        target = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreUrlWrong(kinds=_KINDS) from error
    if target.get_backend_name() not in _KINDS:
        raise StoreUrlWrong(kinds=_KINDS)
    return target


def _sqlite(target: URL, *, create: bool, wait_s: float) -> Engine:
    in_memory = target.database in (None, "", ":memory:")
    target, synchronous = _synchronous(target)
    if not in_memory and not target.query.get("uri"):
        path = Path(str(target.database))
        if not path.parent.is_dir() or path.is_dir() or not (create or path.is_file()):
            raise StoreMissing(store=path.name)
    engine = create_engine(
        target.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": wait_s, "check_same_thread": False},
        hide_parameters=True,  # rows never end up in a log
        **({"poolclass": StaticPool} if in_memory else {"max_overflow": -1}),  # threads bound it
    )
    event.listen(engine, "connect", partial(_prepare, synchronous))
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", raise_fault)
    if not in_memory:
        group = Group(
            engine,
            {MODE: "write"},
            file=_file(target),
            wait_s=wait_s,
            on_error=raise_fault,
        )
        engine.update_execution_options(**{_GROUP: group})
    return engine


def _file(target: URL) -> Path:
    return Path(str(target.database).removeprefix("file:"))


def _synchronous(target: URL) -> tuple[URL, str]:
    """Take the one setting of ours out of a SQLite address."""
    wanted = target.query.get("synchronous", "FULL")
    if wanted not in _SYNCHRONOUS:
        raise StoreUrlWrong(kinds=[f"sqlite:///…?synchronous={s}" for s in _SYNCHRONOUS])
    return target.difference_update_query(["synchronous"]), str(wanted)


def _prepare(synchronous: str, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Take transaction control from the driver, which would begin late and commit before DDL."""
    del entry
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - this listener is SQLite's
    connection.isolation_level = None
    try:
        for setting in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error as error:
        fault = fault_of(error)
        if fault is None:
            raise
        file = connection.execute("PRAGMA database_list").fetchone()[2]
        raise fault(store=file_name(file)) from error


def _begin(conn: Connection) -> None:
    mode = conn.get_execution_options().get(MODE)
    if mode == "read":  # asks nothing of the file and cannot fail: straight to the driver
        driver = cast("sqlite3.Connection", conn.connection.dbapi_connection)
        driver.execute("PRAGMA query_only=ON")
        driver.execute("BEGIN")
        return
    conn.exec_driver_sql("PRAGMA query_only=OFF")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if mode == "write" else "BEGIN")
