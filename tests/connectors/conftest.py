"""Kits: how each kind of source is tried, one for each way its columns may be declared."""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from connectors.memory import MemoryConnector
from connectors.registry import open_connector


class MemoryKit:
    """Arrow tables, in the ledger's types or all as text."""

    def __init__(self, name: str, form: Callable[[pa.Array], pa.Array]) -> None:
        self.name = name
        self._form = form
        self._made: dict[str, pa.Table] = {}

    def make(self, tables: Mapping[str, pa.Table]) -> MemoryConnector:
        self._made = {
            name: pa.table([self._form(c) for c in table.columns], names=table.schema.names)
            for name, table in tables.items()
        }
        return MemoryConnector(self._made)

    def fingerprint(self) -> bytes:
        told = hashlib.sha256()
        for name, table in self._made.items():
            told.update(f"{name}{table.to_pylist()}".encode())
        return told.digest()


class SqliteKit:
    """A SQLite file whose columns are declared in one of the ways departments declare them."""

    def __init__(self, name: str, folder: Path, declared: Mapping[str, str]) -> None:
        self.name = name
        self._driver = "stdlib" if "standard library" in name else "adbc"
        self._folder = folder
        self._declared = declared
        self._number = 0

    @property
    def path(self) -> Path:
        return self._folder / f"source {self._number}?.db"

    def make(self, tables: Mapping[str, pa.Table]):
        self._number += 1
        db = sqlite3.connect(self.path)
        for name, table in tables.items():
            self._fill(db, name, table)
        db.commit()
        db.close()
        options = {"path": str(self.path), "batch_rows": 3_000, "driver": self._driver}
        return open_connector("sqlite", options)

    def fingerprint(self) -> bytes:
        return hashlib.sha256(self.path.read_bytes()).digest()

    def _fill(self, db: sqlite3.Connection, name: str, table: pa.Table) -> None:
        columns = [f"{_quoted(f.name)} {self._declared[_kind(f.type)]}" for f in table.schema]
        db.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(columns)})")
        marks = ", ".join("?" * table.num_columns)
        kinds = [_kind(f.type) for f in table.schema]
        rows = [
            [self._stored(v, k) for v, k in zip(row.values(), kinds, strict=True)]
            for row in table.to_pylist()
        ]
        db.executemany(f"INSERT INTO {_quoted(name)} VALUES ({marks})", rows)

    def _stored(self, value: object, kind: str) -> object:
        is_text = self._declared[kind].startswith("TEXT")
        match value:
            case bool():
                return str(value).lower() if is_text else int(value)
            case Decimal():
                return str(value)
            case datetime():
                local = value.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
                return local.isoformat(" ") if is_text else value.astimezone(UTC).isoformat()
            case date():
                return value.isoformat()
            case float() if is_text:
                return repr(value)
            case _:
                return value


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _kind(of: pa.DataType) -> str:
    for kind, is_kind in {
        "text": pa.types.is_string,
        "int": pa.types.is_integer,
        "float": pa.types.is_floating,
        "decimal": pa.types.is_decimal,
        "bool": pa.types.is_boolean,
        "date": pa.types.is_date,
        "timestamp": pa.types.is_timestamp,
    }.items():
        if is_kind(of):
            return kind
    raise TypeError(of)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    values = [None if v is None else _spelt(v) for v in column.to_pylist()]
    return pa.array(values, pa.string_view())


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_PROPER = {
    "text": "TEXT", "int": "INTEGER", "float": "REAL", "decimal": "TEXT", "bool": "BOOLEAN",
    "date": "DATE", "timestamp": "DATETIME",
}  # fmt: skip
_NOCASE = {**_PROPER, "text": "TEXT COLLATE NOCASE", "date": "TEXT COLLATE RTRIM"}
SQLITE = {
    "sqlite, declared properly": _PROPER,
    "sqlite, other collations": _NOCASE,
    "sqlite, all text": dict.fromkeys(_PROPER, "TEXT"),
    "sqlite, nothing declared": dict.fromkeys(_PROPER, ""),
    "sqlite, standard library": _PROPER,
    "sqlite, standard library, nothing declared": dict.fromkeys(_PROPER, ""),
    "sqlite, odd types": {**_PROPER, "text": "BLOB", "int": "BIGINT", "float": "DOUBLE"},
}
MEMORY = {
    "memory, the ledger's types": lambda column: column,
    "memory, all text": _as_text,
    "memory, dictionaries": lambda column: column.combine_chunks().dictionary_encode(),
}


@pytest.fixture(params=[*MEMORY, *SQLITE])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> MemoryKit | SqliteKit:
    if request.param in MEMORY:
        return MemoryKit(request.param, MEMORY[request.param])
    return SqliteKit(request.param, tmp_path, SQLITE[request.param])


@pytest.fixture(scope="module")
def kits(tmp_path_factory: pytest.TempPathFactory) -> list[MemoryKit | SqliteKit]:
    """Every kit, for laws that try many sources in one test."""
    folder = tmp_path_factory.mktemp("sources")
    return [
        *(MemoryKit(name, form) for name, form in MEMORY.items()),
        *(SqliteKit(name, _made(folder / name), declared) for name, declared in SQLITE.items()),
    ]
