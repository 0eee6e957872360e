"""A store's rows leave and come back as they are, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing

import pytest
from archives import NOW
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text, insert, select, text

from builder.store import case_metadata
from builder.store.trees import case_tree, hub_tree
from federation.audit import Entry, Journal
from federation.backup import Moment, StorePart, holding
from federation.errors import Fault
from federation.store import (
    drift,
    migrate,
    newest,
    node_tree,
    open_engine,
    read,
    revision,
    sqlite_url,
    write,
)
from federation.store.backup import dump, emptied, filling, load, tables_at
from federation.store.errors import (
    RowsRefused,
    RowsUnreadable,
    StoreBusy,
    StoreNewer,
    StoreTaken,
)
from federation.trust.issuer_store import issuer_tree

TREES = [hub_tree, case_tree, node_tree, issuer_tree]
ENDED = {"session"}  # since their address is kept everybody signs in once more
ODD = "身后“一件事”\r\n\t\u2028'\"\\ 😀 \x85"


@pytest.fixture
def store(tmp_path):
    """Return a function that opens a file's store, brought up to a revision."""
    opened = []

    def make(name, tree=case_tree, to="head"):
        engine = open_engine(sqlite_url(tmp_path / f"{name}.db"))
        opened.append(engine)
        if to is not None:
            migrate(engine, tree, to)
        return engine

    yield make
    for engine in opened:
        engine.dispose()


def value(column, number):
    """Return a value that its column can hold, different for each number."""
    if column.foreign_keys:
        column = next(iter(column.foreign_keys)).column
    match str(column.type).split("(")[0]:
        case "INTEGER" | "BIGINT":
            return number
        case "BOOLEAN":
            return number % 2 == 0
        case "TEXT":
            return f"{ODD}{number}"
        case "BLOB":
            return bytes(range(256)) + bytes([number])
    size = getattr(column.type, "length", None) or 64
    return f"{number:04d} {column.name} 一{ODD}"[:size]


def fill(engine, tree, rows=7, revision_=None):
    with write(engine) as conn:
        for table in tables_at(tree, revision_ or newest(tree)):
            for number in range(1, rows + 1):
                given_ = {c.name: value(c, number) for c in table.columns}
                conn.execute(insert(table).values(**given_))


def dumped(engine, tree, at=None):
    with read(engine) as conn:
        return list(dump(conn, tree, at or newest(tree), block_bytes=2000))


def pour(blocks, engine, tree, at=None):
    at = at or newest(tree)
    columns = {t.name: [c.name for c in t.columns] for t in tables_at(tree, at)}
    with filling(engine, tree, at) as conn:
        for block in blocks:
            assert load(conn, tree, at, block.table, columns[block.table], block.data) == block.rows


@pytest.mark.parametrize("tree", TREES, ids=lambda t: t.name)
def test_every_table_of_every_tree_comes_back(store, tree):
    old, new = store("old", tree), store("new", tree, None)
    fill(old, tree)
    blocks = dumped(old, tree)
    assert {b.table for b in blocks} == {t.name for t in tables_at(tree, newest(tree))}
    pour(blocks, new, tree)
    assert dumped(new, tree) == blocks
    assert drift(new, tree) == []


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("tree", TREES, ids=lambda t: t.name)
def test_a_store_goes_to_postgresql_and_back_byte_by_byte(store, tree, postgres_server):
    first, last = store("first", tree), store("last", tree, None)
    fill(first, tree)
    middle = open_engine(postgres_server.url_of(postgres_server.database()))
    try:
        blocks = dumped(first, tree)
        pour(blocks, middle, tree)
        assert dumped(middle, tree) == blocks
        assert drift(middle, tree) == []
        pour(dumped(middle, tree), last, tree)
        assert dumped(last, tree) == blocks
        with pytest.raises(StoreTaken):
            pour(blocks, middle, tree)
        assert dumped(middle, tree) == blocks
        emptied(middle, tree)
        pour(blocks, middle, tree)
    finally:
        middle.dispose()


@pytest.mark.slow
@pytest.mark.postgres
def test_numbers_that_postgresql_gives_follow_those_that_came_back(store, postgres_server):
    first = store("first")
    fill(first, case_tree)
    middle = open_engine(postgres_server.url_of(postgres_server.database()))
    try:
        pour(dumped(first, case_tree), middle, case_tree)
        use = case_metadata.tables["use"]
        columns = {c.name: "x" for c in use.columns if c.name not in ("id", "at", "fields")}
        with write(middle) as conn:
            number = conn.scalar(
                insert(use).values(**columns, at=NOW, fields=[]).returning(use.c.id)
            )
        assert number == 8
    finally:
        middle.dispose()


@pytest.mark.slow
@pytest.mark.postgres
def test_a_row_that_postgresql_refuses_leaves_nothing_there(store, postgres_server):
    first = store("first")
    fill(first, case_tree)
    with write(first) as conn:
        conn.execute(text("UPDATE draft SET form = 'a' || char(0) || 'b' WHERE version = 5"))
    middle = open_engine(postgres_server.url_of(postgres_server.database()))
    try:
        with pytest.raises(RowsRefused):
            pour(dumped(first, case_tree), middle, case_tree)
        assert revision(middle, case_tree) is None
    finally:
        middle.dispose()


@pytest.mark.parametrize("tree", [t for t in TREES if newest(t) > "0001"], ids=lambda t: t.name)
def test_an_older_store_is_brought_up_when_it_comes_back(store, tree):
    old, new = store("old", tree, "0001"), store("new", tree, None)
    fill(old, tree, revision_="0001")
    blocks = dumped(old, tree, "0001")
    pour(blocks, new, tree, "0001")
    assert revision(new, tree) == newest(tree)
    assert drift(new, tree) == []
    with read(new) as conn:
        for table in tables_at(tree, "0001"):
            if table.name in {t.name for t in tables_at(tree, newest(tree))}:
                kept = 0 if table.name in ENDED else 7
                assert len(conn.execute(text(f'SELECT 1 FROM "{table.name}"')).all()) == kept


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("tree", [t for t in TREES if newest(t) > "0001"], ids=lambda t: t.name)
def test_an_older_store_is_brought_up_on_postgresql(store, tree, postgres_server):
    old = store("old", tree, "0001")
    fill(old, tree, revision_="0001")
    middle = open_engine(postgres_server.url_of(postgres_server.database()))
    try:
        pour(dumped(old, tree, "0001"), middle, tree, "0001")
        assert revision(middle, tree) == newest(tree)
        assert drift(middle, tree) == []
    finally:
        middle.dispose()


def test_a_later_schema_is_named_as_such(store):
    engine = store("a", case_tree, None)
    with pytest.raises(StoreNewer):
        pour([], engine, case_tree, "9999")
    assert revision(engine, case_tree) is None


def test_rows_that_are_not_the_tables_are_refused(store):
    engine = store("a", case_tree, None)
    at = newest(case_tree)
    columns = [c.name for c in next(t for t in tables_at(case_tree, at) if t.name == "use").columns]
    for table, names, data in (
        ("nothing", columns, b"[]\n"),
        ("use", columns[1:], b"[]\n"),
        ("use", columns, b"[1, 2]\n"),
        ("use", columns, b"{}\n"),
        ("use", columns, b"not json\n"),
        ("use", columns, b"[" + b",".join([b"null"] * len(columns)) + b"]\n"),
        ("use", columns, b"[" + b",".join([b'{"base64": "?"}'] * len(columns)) + b"]\n"),
    ):
        with pytest.raises(RowsRefused), filling(engine, case_tree, at) as conn:
            load(conn, case_tree, at, table, names, data)
        assert revision(engine, case_tree) is None


def test_a_row_whose_bytes_are_no_text_ends_the_dump_by_name(store, tmp_path):
    engine = store("a")
    fill(engine, case_tree)
    with closing(sqlite3.connect(tmp_path / "a.db")) as raw, raw:
        raw.execute("UPDATE draft SET form = CAST(X'fffe' AS TEXT) WHERE version = 2")
    with pytest.raises(RowsUnreadable) as found:
        dumped(engine, case_tree)
    assert found.value.facts["table"] == "draft"
    assert "fffe" not in str(found.value)


def test_a_dump_shows_one_moment_whatever_is_written_meanwhile(store):
    engine = store("a")
    fill(engine, case_tree, rows=50)
    with read(engine) as conn:
        blocks = dump(conn, case_tree, newest(case_tree), block_bytes=500)
        taken = [next(blocks)]
        with write(engine) as other:
            other.execute(text("DELETE FROM task"))
        taken += blocks
    assert sum(b.rows for b in taken if b.table == "task") == 50


def test_a_store_is_held_only_while_the_moment_lasts(store, tmp_path):
    engine = store("a")
    part = StorePart("case/x", engine, case_tree, "case:x", "")
    impatient = open_engine(sqlite_url(tmp_path / "a.db"), wait_s=0)
    try:
        with holding([part]), pytest.raises(StoreBusy), write(impatient):
            pass
        with write(impatient):
            pass
    finally:
        impatient.dispose()


def test_a_snapshot_knows_where_the_journal_ends(store):
    engine = store("a")
    part = StorePart("case/x", engine, case_tree, "case:x", "")
    journal = Journal(engine, case_metadata.tables["audit_entry"], name="case:x")
    with ExitStack() as stack:
        assert Moment(stack).snapshot(part).entries == 0
    with write(engine) as conn:
        receipt = journal.append(conn, Entry("deployed", NOW, "designer", {}))
    with ExitStack() as stack:
        shot = Moment(stack).snapshot(part)
        assert (shot.entries, shot.head) == (1, receipt.hash)


def test_an_empty_database_is_no_store(store):
    engine = store("a", case_tree, None)
    part = StorePart("case/x", engine, case_tree, "case:x", "")
    with ExitStack() as stack, pytest.raises(Fault) as found:
        Moment(stack).snapshot(part)
    assert found.value.code == "store.missing"


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))),
            st.one_of(st.none(), st.binary()),
        ),
        unique_by=lambda row: row[0],
        max_size=20,
    )
)
def test_any_value_survives_its_line(rows):
    from sqlalchemy import MetaData

    from federation.store.backup import _blocks, _rows

    table = Table(
        "odd",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("said", Text),
        Column("raw", LargeBinary),
        Column("short", String(4)),
    )
    engine = open_engine("sqlite://")
    with write(engine) as conn:
        table.create(conn)
        if rows:
            conn.execute(insert(table), [{"id": i, "said": s, "raw": r} for i, s, r in rows])
        blocks = list(_blocks(conn, table, 100))
        back = [row for b in blocks for row in _rows(table, b.data)]
        kept = [tuple(r) for r in conn.execute(select(table).order_by(table.c.id))]
    engine.dispose()
    assert back == kept
