"""Name what a database's driver reports."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Engine, ExceptionContext

from federation.errors import Fault
from federation.store.errors import (
    StoreBusy,
    StoreCrowded,
    StoreDamaged,
    StoreDiskFailing,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
)

__all__ = ["MODE", "SCHEMA", "fault_of", "file_name", "raise_fault", "store_name"]

MODE, SCHEMA = "scenarist_mode", "scenarist_schema"
"""Execution options: whether a connection reads or writes, and in which schema of a database."""

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
    "53": StoreFull,  # disk full, out of memory
    "53300": StoreCrowded,  # too many connections
    "57014": StoreBusy,  # a statement took too long
    "25006": StoreReadOnly,
    "55P03": StoreBusy,
    "40001": StoreBusy,
    "40P01": StoreBusy,
}


def fault_of(error: BaseException) -> type[Fault] | None:
    """Return the Fault that names a driver's error; None when it is a programming error."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _BY_SQLITE.get(code & 0xFF)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2])
    return StoreUnreachable if type(error).__name__ == "OperationalError" else None


def store_name(engine: Engine) -> str:
    """Return how messages call this database: its file name, or its address without a password."""
    if engine.dialect.name == "sqlite":
        return file_name(engine.url.database)
    schema = engine.get_execution_options().get(SCHEMA)
    url = engine.url.update_query_dict({"schema": schema}) if schema else engine.url
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def raise_fault(context: ExceptionContext) -> None:
    """Listen to SQLAlchemy's ``handle_error``: raise the Fault that names a trouble."""
    if context.is_pre_ping:
        return  # the pool makes a new connection
    error, conn = context.original_exception, context.connection
    fault = fault_of(error)
    reading = conn is not None and conn.get_execution_options().get(MODE) == "read"
    if fault is None or (reading and fault is StoreReadOnly):
        return  # a programming mistake, such as a change inside read(), stays an ordinary error
    raise fault(store=store_name(context.engine) if context.engine else "?") from error


def file_name(database: str | None) -> str:
    """Return how messages call a SQLite file."""
    return Path(database).name if database else ":memory:"
