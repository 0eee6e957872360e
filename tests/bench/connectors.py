"""What reading a source costs: one record, and all rows, beside the plain way to get them.

    python -m pytest tests/bench/connectors.py --benchmark-enable

A PostgreSQL table and Parquet, CSV and Excel files of 1e6 payments (Excel 5e4) stand beside ADBC
bare, psycopg and Polars, which check and cast nothing: CSV comes to them as text or as they guess.

One SQLite file of 1e5 payments with an index on the ID number. Ours checks the scan against ledger
and schema, opens a connection of its own, and casts every column to its ledger type; the rival
fetches Python tuples and builds a table of strings and numbers, with no check and no cast.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import polars as pl
import psycopg
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi
from openpyxl import Workbook

from connectors.base import Connector
from connectors.registry import open_connector
from connectors.scan import (
    Aggregate,
    Call,
    Column,
    Filter,
    Literal,
    Measure,
    Named,
    Project,
    Relation,
    Scan,
    Source,
)
from federation.ledger import Catalog, Dataset, Field, Grade, Search, Text

ROWS = 100_000
TYPES = {"id_card": "text", "name": "text", "paid": "decimal(12,2)", "day": "date", "n": "int"}
PAYMENT = Source("payment")
ONE = Filter(PAYMENT, Call("eq", (Column("id_card"), Literal("id-050000", "text"))))
TOTALS = Aggregate(PAYMENT, ("day",), (Measure("rows", "count"), Measure("paid", "sum", "paid")))
COUNTS = Aggregate(PAYMENT, ("day",), (Measure("rows", "count"),))
TWO = Project(PAYMENT, (Named("id_card", Column("id_card")), Named("n", Column("n"))))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bench") / "payments.db"
    with closing(sqlite3.connect(made)) as db:
        db.execute(
            "CREATE TABLE payment"
            " (id_card TEXT PRIMARY KEY, name TEXT, paid TEXT, day TEXT, n INTEGER)"
        )
        db.executemany(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?)",
            (
                (f"id-{n:06d}", f"张{n}", f"{n}.25", f"2024-01-{n % 28 + 1:02d}", n)
                for n in range(ROWS)
            ),
        )
        db.commit()
    return made


@pytest.fixture(scope="module", params=["adbc", "stdlib"])
def connector(request: pytest.FixtureRequest, path: Path) -> Iterator[Connector]:
    with closing(open_connector("sqlite", {"path": path, "driver": request.param})) as opened:
        yield opened


def _read(connector: Connector, relation: Relation) -> pa.Table:
    return connector.run(Scan(relation), TYPES).read_all()


def test_one_record_by_its_index(benchmark, connector):
    assert benchmark(_read, connector, ONE).num_rows == 1


def test_all_rows_and_columns(benchmark, connector):
    assert benchmark(_read, connector, PAYMENT).num_rows == ROWS


def test_two_columns(benchmark, connector):
    assert benchmark(_read, connector, TWO).num_rows == ROWS


def test_counts_by_day_in_the_source(benchmark, connector):
    assert benchmark(_read, connector, COUNTS).num_rows == 28


def test_exact_sums_by_day_in_the_engine(benchmark, connector):
    assert benchmark(_read, connector, TOTALS).num_rows == 28


def _fetched(path: Path, sql: str) -> pa.Table:
    with closing(sqlite3.connect(path)) as db:
        cursor = db.execute(sql)
        names = [column[0] for column in cursor.description]
        columns = zip(*cursor.fetchall(), strict=True)
        return pa.table([pa.array(values) for values in columns], names=names)


def test_rival_all_rows_and_columns(benchmark, path):
    assert benchmark(_fetched, path, "SELECT * FROM payment").num_rows == ROWS


def test_rival_two_columns(benchmark, path):
    assert benchmark(_fetched, path, "SELECT id_card, n FROM payment").num_rows == ROWS


def test_rival_one_record(benchmark, path):
    sql = "SELECT * FROM payment WHERE id_card = 'id-050000'"
    assert benchmark(_fetched, path, sql).num_rows == 1


# ── PostgreSQL and files ──────────────────────────────────────────────────────────────────────────

MANY = 1_000_000
CELLS = 50_000
MIDDLE = "id-0500000"
ONE_OF_MANY = Filter(PAYMENT, Call("eq", (Column("id_card"), Literal(MIDDLE, "text"))))
FEW_COLUMNS = Project(PAYMENT, (Named("id_card", Column("id_card")), Named("n", Column("n"))))


def _frame(rows: int) -> pl.DataFrame:
    n = pl.int_range(rows, eager=True).alias("n")
    return n.to_frame().select(
        ("id-" + pl.col("n").cast(pl.String).str.zfill(7)).alias("id_card"),
        ("张" + pl.col("n").cast(pl.String)).alias("name"),
        (pl.col("n").cast(pl.Decimal(12, 2)) + pl.lit(Decimal("0.25"))).alias("paid"),
        (pl.date(2024, 1, 1) + pl.duration(days=pl.col("n") % 28)).alias("day"),
        pl.col("n"),
    )


@pytest.fixture(scope="module")
def database(postgres_server):
    name = postgres_server.database()
    with psycopg.connect(postgres_server.url_of(name), autocommit=True) as db:
        db.execute(
            "CREATE TABLE payment AS SELECT 'id-' || lpad(n::text, 7, '0') AS id_card,"
            " '张' || n AS name, (n + 0.25)::numeric(12,2) AS paid,"
            " date '2024-01-01' + (n % 28)::int AS day, n::bigint AS n"
            f" FROM generate_series(0, {MANY - 1}) n"
        )
        db.execute("CREATE INDEX ON payment (id_card)")
        db.execute("VACUUM ANALYZE payment")
    return name


@pytest.fixture(scope="module")
def served(postgres_server, database):
    with closing(open_connector("postgresql", postgres_server.options(database))) as opened:
        yield opened


@pytest.fixture(scope="module")
def adbc(postgres_server, database):
    with dbapi.connect(postgres_server.url_of(database), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    frame = _frame(MANY)
    for kind in ("parquet", "csv"):
        (made / kind).mkdir()
    frame.write_parquet(made / "parquet" / "payment.parquet", row_group_size=100_000)
    frame.write_csv(made / "csv" / "payment.csv")
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(frame.columns)
    for row in frame.head(CELLS).iter_rows():
        sheet.append(row)
    (made / "excel").mkdir()
    book.save(made / "excel" / "payment.xlsx")
    return made


@pytest.fixture(scope="module", params=["parquet", "csv"])
def files(request: pytest.FixtureRequest, folder: Path) -> Iterator[Connector]:
    with closing(open_connector("files", {"path": folder / request.param})) as opened:
        yield opened


def _thrice(benchmark, call, *arguments):
    return benchmark.pedantic(call, args=arguments, rounds=3, warmup_rounds=1)


@pytest.mark.postgres
def test_postgresql_one_record_by_its_index(benchmark, served):
    assert benchmark(_read, served, ONE_OF_MANY).num_rows == 1


@pytest.mark.postgres
def test_postgresql_1e6_rows_all_columns(benchmark, served):
    assert _thrice(benchmark, _read, served, PAYMENT).num_rows == MANY


@pytest.mark.postgres
def test_postgresql_1e6_rows_two_columns(benchmark, served):
    assert _thrice(benchmark, _read, served, FEW_COLUMNS).num_rows == MANY


@pytest.mark.postgres
def test_postgresql_1e6_rows_counted_by_day_in_the_server(benchmark, served):
    assert _thrice(benchmark, _read, served, COUNTS).num_rows == 28


def _by_adbc(connection, sql: str, *constants: str) -> pa.Table:
    with connection.cursor() as cursor:
        cursor.execute(sql, constants or None)
        return cursor.fetch_arrow_table()


@pytest.mark.postgres
def test_rival_adbc_1e6_rows_all_columns(benchmark, adbc):
    assert _thrice(benchmark, _by_adbc, adbc, "SELECT * FROM payment").num_rows == MANY


@pytest.mark.postgres
def test_rival_adbc_one_record(benchmark, adbc):
    sql = "SELECT * FROM payment WHERE id_card = $1"
    assert benchmark(_by_adbc, adbc, sql, MIDDLE).num_rows == 1


@pytest.mark.postgres
def test_rival_psycopg_1e6_rows_all_columns(benchmark, postgres_server, database):
    with psycopg.connect(postgres_server.url_of(database), autocommit=True) as db:

        def fetched() -> pa.Table:
            cursor = db.execute("SELECT * FROM payment", binary=True)
            names = [c.name for c in cursor.description]
            return pa.table([pa.array(c) for c in zip(*cursor.fetchall(), strict=True)], names)

        assert benchmark.pedantic(fetched, rounds=1).num_rows == MANY


def test_files_one_record(benchmark, files):
    assert _thrice(benchmark, _read, files, ONE_OF_MANY).num_rows == 1


def test_files_1e6_rows_all_columns(benchmark, files):
    assert _thrice(benchmark, _read, files, PAYMENT).num_rows == MANY


def test_files_5e4_rows_of_excel(benchmark, folder):
    with closing(open_connector("files", {"path": folder / "excel"})) as opened:
        assert _thrice(benchmark, _read, opened, PAYMENT).num_rows == CELLS


RIVALS = {
    "parquet": lambda f: pl.read_parquet(f / "parquet" / "payment.parquet"),
    "csv, guessed": lambda f: pl.read_csv(f / "csv" / "payment.csv", try_parse_dates=True),
    "csv, text": lambda f: pl.read_csv(f / "csv" / "payment.csv", infer_schema=False),
}


@pytest.mark.parametrize("kind", RIVALS)
def test_rival_polars_1e6_rows_all_columns(benchmark, folder, kind):
    assert _thrice(benchmark, RIVALS[kind], folder).height == MANY


def test_rival_polars_5e4_rows_of_excel(benchmark, folder):
    path = folder / "excel" / "payment.xlsx"
    assert _thrice(benchmark, pl.read_excel, path).height == CELLS


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_rival_polars_one_record(benchmark, folder, kind):
    def found() -> pl.DataFrame:
        path = folder / kind / f"payment.{kind}"
        scan = pl.scan_parquet(path) if kind == "parquet" else pl.scan_csv(path)
        return scan.filter(pl.col("id_card") == MIDDLE).collect()

    assert _thrice(benchmark, found).height == 1


# ── Ledger ────────────────────────────────────────────────────────────────────────────────────────

WORDS = [
    *(
        "人口",
        "身份证",
        "号码",
        "出生",
        "日期",
        "户籍",
        "地址",
        "单位",
        "名称",
        "信用",
        "代码",
        "登记",
    ),
    *("机关", "金额", "状态", "公积金", "账户"),
]


@pytest.fixture(scope="module")
def ledger() -> Catalog:
    """Return a catalogue of 1e5 fields, the plan's number."""
    text = Text("释义", "definition")
    names = [f"{a}{b}{c}{d}" for a in WORDS for b in WORDS for c in WORDS for d in WORDS]
    fields = [
        Field(f"f_{n}", Text(names[n % len(names)], f"field {n}"), "text", "业务记录", Grade.L2,
              False, text)
        for n in range(100_000)
    ]  # fmt: skip
    return Catalog(
        [
            Dataset(f"p.t{k}", "p", Text("表", "table"), text, (text, text, text, text), f"t{k}",
                    "有条件", Grade.L2, "daily", tuple(fields[k : k + 50]))
            for k in range(0, len(fields), 50)
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def index(ledger: Catalog) -> Search:
    search = Search(ledger)
    search.find("人口")
    return search


def test_an_index_of_1e5_fields_is_made(benchmark, ledger):
    benchmark.pedantic(lambda: Search(ledger).find("人口"), rounds=2)


@pytest.mark.parametrize("text", ["户籍", "公积金账户", "人口 金额"])
def test_1e5_fields_are_searched(benchmark, index, text):
    assert benchmark(index.find, text)
