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
from pathlib import Path

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    StaticPool,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from federation.errors import Fault
from federation.store.errors import (
    StoreBusy,
    StoreDamaged,
    StoreDiskFailing,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
    StoreUrlWrong,
)
from federation.store.group import Group, require_whole

__all__ = ["exclusive", "fault_of", "open_engine", "read", "sqlite_url", "store_name", "write"]

_KINDS = ("sqlite", "postgresql")
_MODE, _GROUP = "scenarist_mode", "scenarist_group"
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BY_SQLITE: dict[int, type[Fault]] = {
    **dict.fromkeys(_BUSY, StoreBusy),
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_IOERR: StoreDiskFailing,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
    sqlite3.SQLITE_CANTOPEN: StoreMissing,
}
_BY_SQLSTATE: dict[str, type[Fault]] = {
    "08": StoreUnreachable,  # connection exceptions
    "28": StoreUnreachable,  # invalid authorization
    "3D": StoreMissing,  # no such database
    "58": StoreDiskFailing,  # the server's own input and output errors
    "57": StoreUnreachable,  # shut down, cannot connect now
    "53": StoreFull,  # disk full, out of memory, too many connections
    "25006": StoreReadOnly,
    "55P03": StoreBusy,
    "40001": StoreBusy,
    "40P01": StoreBusy,
}


def sqlite_url(path: Path) -> str:
    """Return the address of a SQLite file."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def open_engine(url: str | URL, *, create: bool = True, wait_s: float = 10.0) -> Engine:
    """Open a database by its URL.

    Args:
        url: ``sqlite:///path``, ``sqlite://`` (in memory, one thread) or ``postgresql://…``.
        create: whether a missing SQLite file is made; its folder is never made.
        wait_s: how long a writer waits for another one.

    Raises:
        StoreUrlWrong: when the URL cannot be read or names another kind of database.
        StoreMissing: when the file (``create=False``) or its folder is not there.
    """
    target = _parsed(url)
    if target.get_backend_name() == "sqlite":
        return _sqlite(target, create=create, wait_s=wait_s)
    engine = create_engine(
        target.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )
    event.listen(engine, "handle_error", _raise_fault)
    return engine


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
    with engine.connect().execution_options(**{_MODE: "write"}) as conn, conn.begin() as change:
        yield conn
        require_whole(change)


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Give a connection on one unchanging snapshot, which refuses to change anything."""
    options = {_MODE: "read", "postgresql_readonly": True}
    if engine.dialect.name != "sqlite":
        options["isolation_level"] = "REPEATABLE READ"
    with engine.connect().execution_options(**options) as conn, conn.begin():
        yield conn


def exclusive(conn: Connection, name: str) -> None:
    """Hold off other writers of the same named thing until this transaction ends.

    SQLite has one writer anyway (`write` took the lock); PostgreSQL takes an advisory lock.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def store_name(engine: Engine) -> str:
    """Return how messages call this database: its file name, or its address without a password."""
    if engine.dialect.name == "sqlite":
        return _file_name(engine.url.database)
    return engine.url.render_as_string(hide_password=True)


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
    if not in_memory and not target.query.get("uri"):
        path = Path(str(target.database))
        if not path.parent.is_dir() or path.is_dir() or not (create or path.is_file()):
            raise StoreMissing(store=path.name)
    engine = create_engine(
        target.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": wait_s, "check_same_thread": False},
        hide_parameters=True,  # rows never end up in a log
        **({"poolclass": StaticPool} if in_memory else {}),
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _raise_fault)
    if not in_memory:
        group = Group(
            engine,
            {_MODE: "write"},
            wait_s=wait_s,
            busy=lambda: StoreBusy(store=store_name(engine)),
            on_error=_raise_fault,
        )
        engine.update_execution_options(**{_GROUP: group})
    return engine


def _prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    """Take transaction control from the driver, which would begin late and commit before DDL."""
    del entry
    assert isinstance(connection, sqlite3.Connection)  # noqa: S101 - this listener is SQLite's
    connection.isolation_level = None
    try:
        for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error as error:
        fault = fault_of(error)
        if fault is None:
            raise
        file = connection.execute("PRAGMA database_list").fetchone()[2]
        raise fault(store=_file_name(file)) from error


def _begin(conn: Connection) -> None:
    mode = conn.get_execution_options().get(_MODE)
    conn.exec_driver_sql(f"PRAGMA query_only={'ON' if mode == 'read' else 'OFF'}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if mode == "write" else "BEGIN")


def _raise_fault(context: ExceptionContext) -> None:
    error, conn = context.original_exception, context.connection
    fault = fault_of(error)
    reading = conn is not None and conn.get_execution_options().get(_MODE) == "read"
    if fault is None or (reading and fault is StoreReadOnly):
        return  # a programming mistake, such as a change inside read(), stays an ordinary error
    raise fault(store=store_name(context.engine) if context.engine else "?") from error


def fault_of(error: BaseException) -> type[Fault] | None:
    """Return the Fault that names a driver's error; None when it is a programming error."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _BY_SQLITE.get(code & 0xFF)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2])
    return StoreUnreachable if type(error).__name__ == "OperationalError" else None


def _file_name(database: str | None) -> str:
    return Path(database).name if database else ":memory:"
