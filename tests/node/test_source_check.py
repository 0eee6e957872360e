"""A bureau sees whether its sources are what the ledger says, before anybody asks the node."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from connectors.conformance.laws import Broken
from connectors.conformance.own import OWN_LAWS, reads_the_same_again, take_sample
from connectors.faults import SourceTableUnknown, SourceValue
from connectors.registry import open_connector
from federation.ledger import Catalog, Dataset, Field, Grade, Text
from federation.node import Binding, NodeConfig, SourceConfig
from federation.node.source_check import Checkup, check_sources
from federation.node.source_faults import ColumnMissing, SourceMoving

SECRET = "341221199001011234"
WORD = Text("词", "word")
FIELDS = {
    "id_card": ("公民身份号码", "ID number", "text"),
    "capacity_kva": ("用电容量(kVA)", "capacity (kVA)", "decimal(9,2)"),
    "opened_on": ("开户日期", "opened on", "date"),
    "is_active": ("是否在用", "active", "bool"),
    "meters": ("表计数", "meters", "int"),
    "updated_at": ("更新时间", "updated at", "timestamp"),
}
HEADER = ", ".join(FIELDS)
ROWS = [
    (f"34122119900101{n:04d}", f"{n}.25", f"2024-01-{n % 28 + 1:02d}", n % 2, n, "2024-02-29 08:00")
    for n in range(1, 300)
]
ROWS[7] = (ROWS[7][0], *[None] * 5)


def _catalog(*tables: str) -> Catalog:
    fields = tuple(
        Field(name, Text(zh, en), of, "业务", Grade.L2, False, WORD)
        for name, (zh, en, of) in FIELDS.items()
    )
    return Catalog(
        [
            Dataset(f"power.{table}", "power", WORD, WORD, (WORD,) * 4, table, "有条件", Grade.L2,
                    "daily", fields, subject_key="id_card")
            for table in tables
        ]
    )  # fmt: skip


def _config(sources: Mapping[str, SourceConfig], **bound: tuple[str, str]) -> NodeConfig:
    datasets = {f"power.{table}": Binding(*where) for table, where in bound.items()}
    return NodeConfig("power", {}, {}, {}, sources, datasets)


def _sqlite(path: Path, *statements: str, rows: object = ROWS) -> Path:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        if not statements:
            db.execute(f"CREATE TABLE account ({HEADER})")
        marks = ", ".join("?" * len(FIELDS))
        db.executemany(f"INSERT INTO account VALUES ({marks})", rows)
        db.commit()
    return path


def _checked(folder: Path, source: SourceConfig, **more: int) -> Checkup:
    config = _config({"main": source}, account=("main", "account"))
    return check_sources(config, folder, _catalog("account"), **more)


def _csv(folder: Path) -> None:
    rows = [["" if v is None else str(v) for v in row] for row in ROWS]
    lines = [HEADER.replace(" ", ""), *map(",".join, rows)]
    (folder / "account.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


SOUND: Mapping[str, tuple[Callable[[Path], object], SourceConfig]] = {
    "sqlite": (lambda f: _sqlite(f / "a.db"), SourceConfig("sqlite", {"path": "a.db"})),
    "files": (_csv, SourceConfig("files", {"path": "."})),
}


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.parametrize("rows", [100_000, 10])
def test_a_sound_source_passes_with_every_law(tmp_path, kind, rows):
    make, source = SOUND[kind]
    make(tmp_path)
    checkup = _checked(tmp_path, source, rows=rows)
    (report,) = checkup.datasets
    assert checkup.findings == ()
    assert checkup.is_sound
    assert report.rows == len(ROWS)
    assert report.checked_rows == min(rows, len(ROWS))
    assert report.lookup_ms is not None
    assert [law.is_kept for law in report.laws] == [True] * (1 + len(OWN_LAWS))


@pytest.mark.slow
@pytest.mark.postgres
def test_a_servers_tables_pass_with_every_law(tmp_path, postgres_server, monkeypatch):
    database = postgres_server.database()
    with psycopg.connect(postgres_server.url_of(database)) as db:
        db.execute(
            "CREATE TABLE account (id_card char(18) PRIMARY KEY, capacity_kva numeric(9,2),"
            " opened_on date, is_active boolean, meters int, updated_at timestamptz)"
        )
        for n in range(10):
            db.cursor().executemany(
                "INSERT INTO account VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    (
                        f"{int(r[0]) + n * 1000}",
                        *r[1:3],
                        None if r[3] is None else bool(r[3]),
                        *r[4:],
                    )
                    for r in ROWS
                ],
            )
    monkeypatch.setenv("PG_PASSWORD", postgres_server.password)
    options = postgres_server.options(database, password={"env": "PG_PASSWORD"})
    checkup = _checked(tmp_path, SourceConfig("postgresql", options))
    assert checkup.findings == ()
    assert checkup.datasets[0].rows == 10 * len(ROWS)
    assert len(checkup.datasets[0].laws) == 1 + len(OWN_LAWS)


def test_a_missing_column_is_named_with_those_that_are_like_it(tmp_path):
    columns = HEADER.replace("capacity_kva", '"用电容量（KVA）"').replace("meters", "meter_count")
    _sqlite(tmp_path / "a.db", f"CREATE TABLE account ({columns})")
    checkup = _checked(tmp_path, SourceConfig("sqlite", {"path": "a.db"}))
    capacity, meters = checkup.findings
    assert isinstance(capacity, ColumnMissing)
    assert capacity.message("zh") == "源表“account”缺“用电容量(kVA)”（capacity_kva）。"
    assert capacity.facts["near"] == ("“用电容量（KVA）” 1.00",)
    assert capacity.where == "/datasets/power.account"
    assert "meter_count" in str(meters.facts["near"])
    assert not checkup.is_sound
    assert checkup.datasets[0].laws  # what is there was tried all the same


def test_every_column_with_a_wrong_value_is_named_and_no_value_shown(tmp_path):
    wrong = [(f"{SECRET}", f"{SECRET}x", "29.02.2024", 2, 1, "2024-02-29 08:00")]
    _sqlite(tmp_path / "a.db", rows=[*ROWS, *wrong])
    checkup = _checked(tmp_path, SourceConfig("sqlite", {"path": "a.db"}))
    assert {type(f) for f in checkup.findings} == {SourceValue}
    found = {f.facts["column"] for f in checkup.findings}
    assert found == {"capacity_kva", "opened_on", "is_active"}
    assert SECRET not in json.dumps(checkup.to_json("zh"), ensure_ascii=False)
    assert all(law.is_kept for law in checkup.datasets[0].laws)


def test_a_source_that_cannot_be_opened_is_named_and_the_others_are_looked_at(tmp_path):
    _sqlite(tmp_path / "a.db")
    sources = {
        "gone": SourceConfig("sqlite", {"path": "b.db"}),
        "main": SourceConfig("sqlite", {"path": "a.db"}),
        "secret": SourceConfig("postgresql", {"password": {"env": "NO_SUCH_VARIABLE"}}),
    }
    bound = {"lost": ("gone", "lost"), "account": ("main", "account"), "other": ("main", "acount")}
    config = _config(sources, **bound)
    checkup = check_sources(config, tmp_path, _catalog(*bound))
    assert [s.name for s in checkup.sources if s.findings] == ["gone", "secret"]
    assert [f.where for f in checkup.findings] == [
        "/sources/gone",
        "/sources/secret",
        "/datasets/power.other",
    ]
    absent = checkup.findings[-1]
    assert isinstance(absent, SourceTableUnknown)
    assert absent.facts["near"] == ("account",)


def test_an_empty_table_passes(tmp_path):
    _sqlite(tmp_path / "a.db", rows=[])
    checkup = _checked(tmp_path, SourceConfig("sqlite", {"path": "a.db"}))
    assert checkup.is_sound
    assert checkup.datasets[0].rows == 0
    assert checkup.datasets[0].lookup_ms is None


def test_looking_changes_no_byte(tmp_path):
    path = _sqlite(tmp_path / "a.db")
    before = hashlib.sha256(path.read_bytes()).digest()
    _checked(tmp_path, SourceConfig("sqlite", {"path": "a.db"}))
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]


def test_rows_that_change_meanwhile_are_told_from_a_broken_law(tmp_path):
    count = "(SELECT abs(random()) % 1000000)"  # a view whose rows are never the same
    columns = HEADER.replace("meters", f"{count} AS meters")
    _sqlite(
        tmp_path / "a.db",
        f"CREATE TABLE account ({HEADER})",
        f"CREATE VIEW moving AS SELECT {columns} FROM account",
    )
    config = _config({"main": SourceConfig("sqlite", {"path": "a.db"})}, account=("main", "moving"))
    checkup = check_sources(config, tmp_path, _catalog("account"))
    assert [type(f) for f in checkup.findings] == [SourceMoving]


class Wrong:
    """A source that answers one kind of question wrongly."""

    def __init__(self, connector, law):
        self._connector = connector
        self._law = law

    def run(self, scan, types):
        import pyarrow as pa

        table = self._connector.run(scan, types).read_all()
        if self._law in str(scan.to_json()) and table.num_rows:
            table = table.slice(0, table.num_rows - 1)
        return pa.RecordBatchReader.from_batches(table.schema, table.to_batches())


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["is_null", "eq", "order", "aggregate", "limit", "project"])
def test_a_source_that_answers_wrongly_breaks_a_law(tmp_path, asked):
    _sqlite(tmp_path / "a.db")
    types = {name: of for name, (_, _, of) in FIELDS.items()}
    with closing(open_connector("sqlite", {"path": tmp_path / "a.db"})) as connector:
        for most in (1000, 100):
            sample = take_sample(connector, "account", types, len(ROWS), most)
            assert sample.rows.num_rows == (len(ROWS) if most == 1000 else 20)
            for law in (reads_the_same_again, *OWN_LAWS):
                law(sample)
        lying = take_sample(Wrong(connector, f"'{asked}'"), "account", types, len(ROWS), 1000)
        broken = []
        for law in (reads_the_same_again, *OWN_LAWS):
            try:
                law(lying)
            except Broken:
                broken.append(law)
        assert broken
