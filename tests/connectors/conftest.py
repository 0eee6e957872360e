"""Kits: how each kind of source is tried, one for each way its columns may be declared."""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from psycopg.sql import SQL, Identifier

from connectors.memory import MemoryConnector
from connectors.registry import open_connector


class Kit:
    """What most kinds have in common: any name, any text."""

    barred = ""

    def held(self, table: pa.Table) -> pa.Table:
        return table


class MemoryKit(Kit):
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


class SqliteKit(Kit):
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


class PostgresKit(Kit):
    """A schema of a PostgreSQL database, columns declared in one of the ways offices have them."""

    def __init__(self, name: str, server, declared: Mapping[str, str]) -> None:
        self.name = name
        self._kind = name.partition(",")[0]
        self._server = server
        self._declared = declared
        self._database = server.database()
        self._number = 0

    def make(self, tables: Mapping[str, pa.Table]):
        self._number += 1
        with psycopg.connect(self._server.url_of(self._database)) as db:
            db.execute(f"CREATE SCHEMA IF NOT EXISTS odd; CREATE SCHEMA {self._schema}")
            db.execute(f"SET search_path = {self._schema}, odd, public")
            if self._number == 1:
                db.execute(ODD)
            for name, table in tables.items():
                self._fill(db, name, table)
        options = {"schema": self._schema, "connections": 4}
        return open_connector(self._kind, self._server.options(self._database, **options))

    def fingerprint(self) -> bytes:
        told = hashlib.sha256()
        with psycopg.connect(self._server.url_of(self._database)) as db:
            names = db.execute(
                "SELECT relname, relfilenode FROM pg_class WHERE relnamespace = %s::regnamespace"
                " AND relkind = 'r' ORDER BY 1",
                [self._schema],
            ).fetchall()
            for name, number in names:
                rows = db.execute(
                    SQL("SELECT ctid, xmin, xmax, t.* FROM {}.{} t").format(
                        Identifier(self._schema), Identifier(name)
                    )
                ).fetchall()
                told.update(f"{name}{number}{rows}".encode())
        return told.digest()

    @property
    def _schema(self) -> str:
        return f"s{self._number}"

    def _fill(self, db: psycopg.Connection, name: str, table: pa.Table) -> None:
        columns = [
            SQL("{} " + self._declared[_kind(f.type)]).format(Identifier(f.name))
            for f in table.schema
        ]
        db.execute(SQL("CREATE TABLE {} ({})").format(Identifier(name), SQL(", ").join(columns)))
        kinds = [_kind(f.type) for f in table.schema]
        rows = zip(*(c.to_pylist() for c in table.columns), strict=True)
        with db.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(name))) as copy:
            for row in rows:
                copy.write_row([self._stored(v, k) for v, k in zip(row, kinds, strict=True)])

    def _stored(self, value: object, kind: str) -> object:
        declared = self._declared[kind]
        if isinstance(value, datetime) and declared in ("timestamp", "text"):
            return value.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
        if isinstance(value, float) and declared == "text":
            return repr(value)
        return value


class FilesKit(Kit):
    """A folder with a file for each table, in one of the forms in which offices hand them over."""

    barred = "/"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder
        self._number = 0
        self._write, self._options = FILES[name]

    def held(self, table: pa.Table) -> pa.Table:
        return _without_empty_texts(table) if "Excel" in self.name else table

    def make(self, tables: Mapping[str, pa.Table]):
        self._number += 1
        self._place.mkdir()
        for name, table in tables.items():
            self._write(self._place, name, table)
        return open_connector("files", {"path": str(self._place), **self._options})

    def fingerprint(self) -> bytes:
        told = hashlib.sha256()
        for path in sorted(self._place.iterdir()):
            told.update(f"{path.name} {path.stat().st_mtime_ns}".encode() + path.read_bytes())
        return told.digest()

    @property
    def _place(self) -> Path:
        return self._folder / f"files {self._number}?"


def _without_empty_texts(table: pa.Table) -> pa.Table:
    columns = [
        pa.array([None if v == "" else v for v in c.to_pylist()], c.type) for c in table.columns
    ]
    return pa.table(columns, names=table.schema.names)


def _parquet(folder: Path, name: str, table: pa.Table) -> None:
    pq.write_table(table, folder / f"{name}.parquet", row_group_size=4_000)


def _views(folder: Path, name: str, table: pa.Table) -> None:
    columns = [
        c.cast(pa.string_view()) if pa.types.is_string(c.type) else c.combine_chunks()
        for c in table.columns
    ]
    pq.write_table(pa.table(columns, names=table.schema.names), folder / f"{name}.parquet")


def _polars(folder: Path, name: str, table: pa.Table) -> None:
    pl.from_arrow(table).write_parquet(folder / f"{name}.parquet")


def _texts(folder: Path, name: str, table: pa.Table) -> None:
    columns = [_as_text(c) for c in table.columns]
    plain = pa.table(columns, names=table.schema.names)
    pq.write_table(plain, folder / f"{name}.parquet", use_dictionary=True)


def _ipc(folder: Path, name: str, table: pa.Table) -> None:
    with pa.ipc.new_file(folder / f"{name}.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=4_000)


def _stream(folder: Path, name: str, table: pa.Table) -> None:
    with pa.ipc.new_stream(folder / f"{name}.arrows", table.schema) as writer:
        writer.write_table(table, max_chunksize=4_000)


def _delimited(encoding: str, delimiter: str, suffix: str) -> Callable[[Path, str, pa.Table], None]:
    def write(folder: Path, name: str, table: pa.Table) -> None:
        lines = [[_quoted(n) for n in table.schema.names]]
        rows = zip(*(c.to_pylist() for c in table.columns), strict=True)
        lines += [["" if v is None else _quoted(_spelt(v)) for v in row] for row in rows]
        text = "".join(f"{delimiter.join(line)}\r\n" for line in lines)
        (folder / f"{name}{suffix}").write_bytes(text.encode(encoding))

    return write


def _excel(folder: Path, name: str, table: pa.Table) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(table.schema.names)
    for row in zip(*(c.to_pylist() for c in table.columns), strict=True):
        sheet.append([_cell(v) for v in row])
    for column in sheet.columns:
        for cell in column:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # what begins with = is text, too
    book.save(folder / f"{name}.xlsx")


def _cell(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
        case date() if value.year < 1901:
            return value.isoformat()
        case bool():
            return value
        case int() | Decimal() if len(Decimal(value).as_tuple().digits) > 15:
            return str(value)
        case _:
            return value


ODD = """
CREATE DOMAIN odd.word AS varchar(99); CREATE DOMAIN odd.name AS odd.word;
CREATE DOMAIN odd.whole AS bigint; CREATE DOMAIN odd.day AS date;
CREATE COLLATION odd.loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE COLLATION odd.pinyin (provider = icu, locale = 'zh-u-co-pinyin');
"""


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
_SERVED = {
    "text": "text", "int": "bigint", "float": "double precision", "decimal": "numeric(18,4)",
    "bool": "boolean", "date": "date", "timestamp": "timestamptz",
}  # fmt: skip
POSTGRES = {
    "postgresql, declared properly": _SERVED,
    "postgresql, all text": dict.fromkeys(_SERVED, "text"),
    "postgresql, other types": {
        **_SERVED, "text": "varchar(99)", "int": "numeric", "decimal": "numeric", "timestamp":
        "timestamp"},
    "postgresql, domains": {
        **_SERVED, "text": "odd.name", "int": "odd.whole", "date": "odd.day"},
    "postgresql, sorted by pinyin": {**_SERVED, "text": "text COLLATE odd.pinyin"},
    "postgresql, case ignored": {**_SERVED, "text": "text COLLATE odd.loose"},
    "opengauss, as far as it can be tried": _SERVED,
    "kingbase, as far as it can be tried": _SERVED,
}  # fmt: skip
FILES = {
    "files, Parquet": (_parquet, {}),
    "files, Parquet of string views": (_views, {}),
    "files, Parquet by Polars": (_polars, {}),
    "files, Parquet all text": (_texts, {}),
    "files, Arrow": (_ipc, {}),
    "files, Arrow stream": (_stream, {}),
    "files, CSV": (_delimited("utf-8", ",", ".csv"), {}),
    "files, CSV with mark and semicolons": (
        _delimited("utf-8-sig", ";", ".csv"), {"delimiter": ";"}),
    "files, CSV in GB18030": (_delimited("gb18030", ",", ".csv"), {"encoding": "GB18030"}),
    "files, tabs": (_delimited("utf-8", "\t", ".tsv"), {"delimiter": ";"}),
    "files, Excel": (_excel, {}),
}  # fmt: skip
MEMORY = {
    "memory, the ledger's types": lambda column: column,
    "memory, all text": _as_text,
    "memory, dictionaries": lambda column: column.combine_chunks().dictionary_encode(),
}


_SERVERS = [pytest.param(name, marks=pytest.mark.postgres) for name in POSTGRES]


@pytest.fixture(params=[*MEMORY, *SQLITE, *FILES, *_SERVERS])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Kit:
    if request.param in MEMORY:
        return MemoryKit(request.param, MEMORY[request.param])
    if request.param in SQLITE:
        return SqliteKit(request.param, tmp_path, SQLITE[request.param])
    if request.param in FILES:
        return FilesKit(request.param, tmp_path)
    server = request.getfixturevalue("postgres_server")
    return PostgresKit(request.param, server, POSTGRES[request.param])


@pytest.fixture(scope="module")
def kits(tmp_path_factory: pytest.TempPathFactory) -> list[Kit]:
    """Every kit, for laws that try many sources in one test."""
    folder = tmp_path_factory.mktemp("sources")
    return [
        *(MemoryKit(name, form) for name, form in MEMORY.items()),
        *(SqliteKit(name, _made(folder / name), declared) for name, declared in SQLITE.items()),
        *(FilesKit(name, _made(folder / name)) for name in FILES if "Excel" not in name),
    ]


@pytest.fixture(scope="module")
def servers(postgres_server) -> list[PostgresKit]:
    """A kit for each way in which a server's columns may be declared."""
    return [PostgresKit(name, postgres_server, declared) for name, declared in POSTGRES.items()]
