"""What reading a source costs: one record, and 1e5 rows, beside the standard library's way.

    python -m pytest tests/bench/connectors.py --benchmark-enable

One SQLite file of 1e5 payments with an index on the ID number. Ours checks the scan against ledger
and schema, opens a connection of its own, and casts every column to its ledger type; the rival
fetches Python tuples and builds a table of strings and numbers, with no check and no cast.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

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
