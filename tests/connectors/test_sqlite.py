"""SQLite is only ever read, asked in its own indexes, and every way it can fail has a name."""

import sqlite3
import subprocess
import sys
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import sql
from connectors.check import plan
from connectors.errors import Fault
from connectors.faults import (
    SourceBroken,
    SourceBusy,
    SourceMissing,
    SourceNotDatabase,
    SourceOptions,
    SourceTableUnknown,
    SourceValue,
)
from connectors.registry import open_connector
from connectors.scan import (
    Aggregate,
    Call,
    Column,
    Expr,
    Filter,
    Join,
    Limit,
    Literal,
    Measure,
    Named,
    Order,
    OrderKey,
    Project,
    Relation,
    Scan,
    Source,
)
from connectors.sqlite.affinity import DIALECT
from connectors.sqlite.drivers import DRIVERS, TroubleError
from connectors.types import parse_type

TYPES = {"id_card": "text", "name": "text", "paid": "decimal(12,2)", "day": "date", "n": "int"}
ALL = Scan(Source("payment"))
PAYMENT = (
    "CREATE TABLE payment"
    " (id_card TEXT PRIMARY KEY, name TEXT, paid DECIMAL(12,2), day TEXT, n INTEGER)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "payments.db"
    _write(made, 3)
    return made


def _write(path: Path, rows: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(PAYMENT)
        db.executemany(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?)",
            ((f"id-{n:06d}", "名" * (n % 200), n / 4, "2024-02-29", n) for n in range(rows)),
        )
        db.commit()


@pytest.fixture(params=list(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    return request.param


def _open(path: Path, **options: object):
    return open_connector("sqlite", {"path": str(path), "wait_ms": 1, **options})


def _equal(column: str, value: str) -> Expr:
    return Call("eq", (Column(column), Literal(value, "text")))


# ── Reading only ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO payment (id_card) VALUES ('x')",
        "UPDATE payment SET name = 'x'",
        "DELETE FROM payment",
        "DROP TABLE payment",
        "CREATE TABLE other (a)",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = WAL",
        "VACUUM",
    ],
)
def test_a_connection_cannot_write_even_if_a_statement_asks(path, driver, statement):
    before = path.read_bytes()
    with _open(path, driver=driver)._session() as session:
        try:
            session.rows(statement, {})
        except TroubleError:
            pass
        else:
            assert statement.startswith("PRAGMA"), "SQLite answers these and changes nothing"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_reading_leaves_no_file_beside_the_database(path):
    with closing(_open(path)) as connector:
        connector.run(ALL, TYPES).read_all()
        connector.probe("payment")
    assert list(path.parent.iterdir()) == [path]


def test_a_path_is_a_path_and_never_an_option_of_the_connection(tmp_path):
    odd = tmp_path / "a?mode=rwc&x=%2e#.db"
    _write(odd, 2)
    with closing(_open(odd)) as connector:
        assert connector.probe("payment").rows == 2
    with pytest.raises(SourceMissing):
        _open(tmp_path / "new.db?mode=rwc")
    assert list(tmp_path.iterdir()) == [odd]


def test_a_view_is_read_like_a_table(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIEW paid_out AS SELECT id_card, name FROM payment WHERE n > 0")
        db.commit()
    with closing(_open(path)) as connector:
        assert connector.resources() == ("paid_out", "payment")
        table = connector.run(Scan(Source("paid_out")), {"id_card": "text"}).read_all()
    assert table.num_rows == 2


def test_a_view_that_reaches_for_the_disk_is_not_trusted(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIEW trap AS SELECT load_extension('x.so') AS id_card")
        db.commit()
    with closing(_open(path)) as connector, pytest.raises(Fault):
        connector.run(Scan(Source("trap")), {"id_card": "text"}).read_all()


# ── Statements ────────────────────────────────────────────────────────────────────────────────────


def _queries(path: Path, relation: Relation) -> tuple[Relation | None, list[sql.Query]]:
    connector = _open(path)
    with connector._session() as session:
        made, tables = connector._planned(session, Scan(relation), TYPES)
    rest, queries = sql.split(made.relation, tables, made.leaves, DIALECT)
    return rest, [query for _, query in queries.values()]


def _either(column: str, value: str) -> Relation:
    return Filter(Source("payment"), Call("or", (_equal(column, value), _equal("id_card", "x"))))


def _text_of(query: sql.Query) -> str:
    return query.sql(DIALECT)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40))
def test_no_constant_is_ever_part_of_a_statement(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "constants.db"
    if not path.exists():
        _write(path, 3)
    _, (query,) = _queries(path, _either("name", value))
    _, (same,) = _queries(path, _either("name", "y"))
    assert _text_of(query) == _text_of(same)
    assert sorted(query.parameters.values()) == sorted([value, "x"])


def test_one_record_is_found_by_its_index(path):
    named = (Named("name", Column("name")), Named("paid", Column("paid")))
    record = Limit(Project(Filter(Source("payment"), _equal("id_card", "id-000001")), named), 10)
    rest, (query,) = _queries(path, record)
    assert rest is None
    with closing(sqlite3.connect(path)) as db:
        steps = db.execute(f"EXPLAIN QUERY PLAN {_text_of(query)}", query.parameters).fetchall()
    assert [step[3].startswith("SEARCH") for step in steps] == [True]


def _renamed(column: str, name: str) -> Relation:
    return Project(Source("payment"), (Named(name, Column(column)),))


@pytest.mark.parametrize(
    ("relation", "is_whole"),
    [
        (Filter(Source("payment"), _equal("name", "x")), True),
        (Filter(Source("payment"), Call("gt", (Column("n"), Literal(1, "int")))), True),
        (Filter(Source("payment"), Call("is_null", (Column("paid"),))), True),
        (Order(Source("payment"), (OrderKey("day"),)), True),
        (Aggregate(Source("payment"), ("name",), (Measure("rows", "count"),)), True),
        (Join(_renamed("n", "a"), _renamed("n", "b"), "inner", (("a", "b"),)), True),
        (Filter(Source("payment"), Call("gt", (Column("paid"), Literal(1, "int")))), False),
        (Order(Source("payment"), (OrderKey("paid"),)), False),
        (Aggregate(Source("payment"), ("paid",), ()), False),
        (Project(Source("payment"), (Named("a", Call("lower", (Column("name"),))),)), False),
    ],
)  # fmt: skip
def test_sqlite_does_itself_what_it_does_exactly(path, relation, is_whole):
    rest, queries = _queries(path, relation)
    assert (rest is None) == is_whole
    assert len(queries) == 1


def test_of_a_conjunction_the_safe_part_goes_down(path):
    both = Call("and", (_equal("name", "x"), Call("gt", (Column("paid"), Literal(1, "int")))))
    rest, (query,) = _queries(path, Filter(Source("payment"), both))
    assert list(query.parameters.values()) == ["x"]
    assert isinstance(rest, Filter)


def test_only_the_columns_that_are_needed_are_read(path):
    _, (query,) = _queries(path, Project(Source("payment"), (Named("x", Column("name")),)))
    assert '"paid"' not in _text_of(query)


def test_every_statement_is_one_select(path):
    for relation in (Source("payment"), Limit(Order(Source("payment"), (OrderKey("n"),)), 3)):
        _, (query,) = _queries(path, relation)
        assert _text_of(query).startswith("SELECT ")
        assert ";" not in _text_of(query)


# ── Types that drift ──────────────────────────────────────────────────────────────────────────────


def test_a_value_of_another_type_far_behind_is_named_by_its_column(path, driver):
    with closing(sqlite3.connect(path)) as db:
        db.executemany(
            "INSERT INTO payment (id_card, n) VALUES (?, ?)", ((f"{n}", n) for n in range(20_000))
        )
        db.execute("INSERT INTO payment (id_card, n) VALUES ('last', 'secret-341221')")
        db.commit()
    with closing(_open(path, driver=driver)) as connector, pytest.raises(SourceValue) as raised:
        connector.run(ALL, TYPES).read_all()
    assert raised.value.facts == {"table": "payment", "column": "n", "type": "int"}
    assert "secret" not in "".join(traceback.format_exception(raised.value))


def test_bytes_that_are_no_text_are_named_by_their_column(path, driver):
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE payment SET name = CAST(x'7365637265742dfffe' AS TEXT)")
        db.commit()
    with closing(_open(path, driver=driver)) as connector, pytest.raises(SourceValue) as raised:
        connector.run(ALL, TYPES).read_all()
    assert raised.value.facts["column"] == "name"
    assert "secret" not in "".join(traceback.format_exception(raised.value))


def test_a_renamed_column_is_named_as_the_source_has_it(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE payment SET day = 'x'")
        db.commit()
    doubled = Call("add", (Column("n"), Column("n")))
    when = Named("when", Column("day"))
    for named in ((when,), (when, Named("m", doubled))):
        scan = Scan(Project(Source("payment"), named))
        with closing(_open(path)) as connector, pytest.raises(SourceValue) as raised:
            connector.run(scan, TYPES).read_all()
        assert raised.value.facts["column"] == "day"


def test_columns_differ_by_case_as_the_ledger_writes_them(path):
    with closing(_open(path)) as connector, pytest.raises(Fault) as raised:
        connector.run(Scan(Project(Source("payment"), (Named("x", Column("NAME")),))), TYPES)
    assert "scan.column-unknown" in str(raised.value)


def test_a_type_that_the_ledger_does_not_have_is_a_mistake_of_the_caller(path):
    with closing(_open(path)) as connector, pytest.raises(ValueError, match="varchar"):
        connector.run(ALL, {"name": "varchar"})


# ── Failures ──────────────────────────────────────────────────────────────────────────────────────


def _refused(path: Path, driver: str) -> Fault:
    with pytest.raises(Fault) as raised, closing(_open(path, driver=driver)) as connector:
        connector.run(ALL, TYPES).read_all()
    assert raised.value.next_step("zh")
    assert str(path.parent) not in f"{raised.value}"
    return raised.value


def test_a_missing_file_is_named(tmp_path, driver):
    assert isinstance(_refused(tmp_path / "gone.db", driver), SourceMissing)


def test_a_folder_or_another_file_is_no_database(tmp_path, driver):
    assert isinstance(_refused(tmp_path, driver), SourceNotDatabase)
    (tmp_path / "list.xlsx").write_bytes(b"PK\3\4" + bytes(4096))
    assert isinstance(_refused(tmp_path / "list.xlsx", driver), SourceNotDatabase)


def test_an_empty_file_has_no_tables(tmp_path, driver):
    (tmp_path / "empty.db").touch()
    assert isinstance(_refused(tmp_path / "empty.db", driver), SourceTableUnknown)


def test_a_damaged_file_is_named(tmp_path, driver):
    path = tmp_path / "damaged.db"
    _write(path, 20_000)
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    assert isinstance(_refused(path, driver), SourceBroken)


def test_a_file_cut_short_is_named(tmp_path, driver):
    path = tmp_path / "cut.db"
    _write(path, 20_000)
    path.write_bytes(path.read_bytes()[: 3 * 4096])
    assert isinstance(_refused(path, driver), SourceBroken)


def test_a_file_that_breaks_while_it_is_read_never_gives_a_whole_answer(tmp_path, driver):
    path = tmp_path / "breaking.db"
    _write(path, 40_000)
    with closing(_open(path, batch_rows=100, driver=driver)) as connector:
        reader = connector.run(ALL, TYPES)
        reader.read_next_batch()
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * (size - 8192))
        with pytest.raises(SourceBroken):
            reader.read_all()


def test_a_file_that_another_program_has_locked_is_named(path, driver):
    code = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"locked"
        with pytest.raises(SourceBusy):
            _open(path, driver=driver)
        other.communicate(b"")


def test_a_file_that_is_removed_meanwhile_is_named(path):
    with closing(_open(path)) as connector:
        path.unlink()
        with pytest.raises(SourceMissing):
            connector.run(ALL, TYPES)


def test_a_reading_sees_one_state_while_others_write(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executemany("INSERT INTO payment (id_card) VALUES (?)", ((f"{n}",) for n in range(5000)))
        db.commit()
        with closing(_open(path, batch_rows=500, driver="stdlib")) as connector:
            reader = connector.run(ALL, TYPES)
            reader.read_next_batch()
            db.execute("DELETE FROM payment")
            db.commit()
            assert reader.read_all().num_rows == 5_003
            assert connector.run(ALL, TYPES).read_all().num_rows == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"path": ""},
        {"path": 7},
        {"path": "a\0b"},
        {"path": "x.db", "wait_ms": 0},
        {"path": "x.db", "wait_ms": True},
        {"path": "x.db", "batch_rows": "many"},
        {"path": "x.db", "mode": "rw"},
        {"path": "x.db", "driver": "odbc"},
    ],
)
def test_an_option_that_cannot_be_is_named(options):
    with pytest.raises(SourceOptions) as raised:
        open_connector("sqlite", options)
    assert raised.value.facts["option"] in {"path", "wait_ms", "batch_rows", "mode", "driver"}


def test_a_plan_needs_no_source_to_be_made():
    types = {name: parse_type(of) for name, of in TYPES.items()}
    made = plan(ALL, "x", {"payment": TYPES}, {"payment": types})
    assert list(made.result) == list(TYPES)
