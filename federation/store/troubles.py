"""Name what a database's driver reports."""

from __future__ import annotations

import sqlite3

from federation.errors import Fault
from federation.store.errors import (
    StoreBusy,
    StoreDamaged,
    StoreDiskFailing,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
)

__all__ = ["fault_of"]

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


def fault_of(error: BaseException) -> type[Fault] | None:
    """Return the Fault that names a driver's error; None when it is a programming error."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _BY_SQLITE.get(code & 0xFF)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2])
    return StoreUnreachable if type(error).__name__ == "OperationalError" else None
