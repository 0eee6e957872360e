"""Talk to SQLite through ADBC, or through Python's own library.

ADBC is the fast one: it builds Arrow batches in C. It carries its own copy of SQLite, though, and
two copies in one process do not see each other's POSIX locks: when one closes a file, it drops the
locks of the other (sqlite.org/howtocorrupt.html, 2.2). So a file that this very process also writes
is read with the standard library's copy, which is the one that writes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import quote

import pyarrow as pa

__all__ = ["DRIVERS", "Session", "TroubleError"]

Constants = Mapping[str, object]


class TroubleError(Exception):
    """What a driver said went wrong: its text may hold values and goes no further.

    Attributes:
        column: the column in the answer that held something of another type, if it was that.
    """

    def __init__(self, text: str, column: int | None = None) -> None:
        super().__init__()
        self.text = text
        self.column = column


class Session(Protocol):
    """One read-only connection."""

    def rows(self, sql: str, constants: Constants) -> list[tuple[object, ...]]:
        """Return all rows of a statement.

        Raises:
            TroubleError: it failed.
        """

    def batches(self, sql: str, constants: Constants, rows: int) -> Generator[pa.RecordBatch]:
        """Yield a statement's rows in batches, first one without rows, which asks SQLite.

        Raises:
            TroubleError: it failed.
        """

    def close(self) -> None:
        """Let go of the file."""


class AdbcSession:
    """A connection through ADBC."""

    def __init__(self, path: Path, wait_ms: int) -> None:
        from adbc_driver_sqlite import dbapi

        with _troubled():
            self._connection: Any = dbapi.connect(_uri(path))
        _prepare(self, wait_ms)

    def rows(self, sql: str, constants: Constants) -> list[tuple[object, ...]]:
        """Return all rows of a statement."""
        with _troubled(), closing(self._connection.cursor()) as cursor:
            cursor.execute(sql, _prefixed(constants))
            return list(cursor.fetchall())

    def batches(self, sql: str, constants: Constants, rows: int) -> Generator[pa.RecordBatch]:
        """Yield a statement's rows in batches, first one without rows."""
        with closing(self._connection.cursor()) as cursor:
            with _troubled():
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(rows)})
                cursor.execute(sql, _prefixed(constants))
                reader = cursor.fetch_record_batch()
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            while True:
                with _troubled():
                    batch = next(reader, None)
                if batch is None:
                    return
                yield batch

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class StdlibSession:
    """A connection through Python's sqlite3."""

    def __init__(self, path: Path, wait_ms: int) -> None:
        with _troubled():
            self._connection = sqlite3.connect(
                _uri(path), uri=True, isolation_level=None, check_same_thread=False
            )
        _prepare(self, wait_ms)
        self.rows("BEGIN", {})

    def rows(self, sql: str, constants: Constants) -> list[tuple[object, ...]]:
        """Return all rows of a statement."""
        with _troubled(), closing(self._connection.execute(sql, constants)) as cursor:
            return cursor.fetchall()

    def batches(self, sql: str, constants: Constants, rows: int) -> Generator[pa.RecordBatch]:
        """Yield a statement's rows in batches, first one without rows."""
        with _troubled():
            opened = self._connection.execute(sql, constants)
        with closing(opened) as cursor:
            names = [column[0] for column in cursor.description]
            types: list[pa.DataType] = [pa.null()] * len(names)
            yield _batch([()] * len(names), types, names)
            while True:
                with _troubled():
                    given = cursor.fetchmany(rows)
                if not given:
                    return
                yield _batch(list(zip(*given, strict=True)), types, names)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


DRIVERS: Mapping[str, Callable[[Path, int], Session]] = MappingProxyType(
    {"adbc": AdbcSession, "stdlib": StdlibSession}
)

_MISMATCH = re.compile(r"Type mismatch in column (\d+)|Could not decode to UTF-8 column 'c(\d+)'")


def _batch(
    columns: Sequence[Sequence[object]], types: list[pa.DataType], names: list[str]
) -> pa.RecordBatch:
    """Build a batch; a column keeps the type of its first values."""
    arrays = []
    for number, values in enumerate(columns):
        array = _array(values, types[number])
        if array is None:
            raise TroubleError("", number)
        types[number] = array.type
        arrays.append(array)
    return pa.record_batch(arrays, names=names)


def _array(values: Sequence[object], of: pa.DataType) -> pa.Array | None:
    try:
        return pa.array(values) if pa.types.is_null(of) else pa.array(values, of)
    except (pa.ArrowException, TypeError, ValueError):
        return None


def _prepare(session: Session, wait_ms: int) -> None:
    """Make a connection unable to write, or to call anything that the file's schema names."""
    try:
        for setting in ("query_only = ON", "trusted_schema = OFF", f"busy_timeout = {wait_ms:d}"):
            session.rows(f"PRAGMA {setting}", {})
    except TroubleError:
        session.close()
        raise


def _uri(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro"


def _prefixed(constants: Constants) -> dict[str, object] | None:
    return {f":{name}": value for name, value in constants.items()} or None


@contextmanager
def _troubled() -> Iterator[None]:
    """Turn whatever a driver raises into `TroubleError`."""
    from adbc_driver_manager import Error

    trouble: TroubleError | None = None
    try:
        yield
    except (Error, sqlite3.Error, OSError) as error:
        found = _MISMATCH.search(str(error))
        column = int(found[1] or found[2]) if found else None
        trouble = TroubleError(str(error), column)
    if trouble is not None:
        raise trouble from None  # the driver's own text may hold the value
