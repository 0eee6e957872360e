"""Transactions mean what they say, and every trouble of a database has a name."""

import multiprocessing
import sqlite3

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, Table, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from federation.store import new_metadata, open_engine, read, sqlite_url, store_name, write
from federation.store.errors import (
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
    StoreUrlWrong,
)

metadata = new_metadata()
thing = Table("thing", metadata, Column("id", Integer, primary_key=True), Column("name", String))
part = Table(
    "part",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thing", ForeignKey(thing.c.id)),
)


@pytest.fixture
def engine(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "store.db"), wait_s=0)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def count(engine):
    with read(engine) as conn:
        return conn.scalar(select(func.count()).select_from(thing))


def pragma(engine, name):
    with engine.connect() as conn:
        return conn.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_what_was_answered_is_on_the_disk(engine):
    assert pragma(engine, "journal_mode") == "wal"
    assert pragma(engine, "synchronous") == 2
    assert pragma(engine, "foreign_keys") == 1


def test_a_store_is_only_less_durable_where_its_address_says_so(tmp_path):
    url = sqlite_url(tmp_path / "store.db")
    engine = open_engine(f"{url}?synchronous=NORMAL")
    assert pragma(engine, "synchronous") == 1
    engine.dispose()
    with pytest.raises(StoreUrlWrong):
        open_engine(f"{url}?synchronous=OFF")


def _half(engine):
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 2})
        conn.exec_driver_sql("CREATE TABLE more (x)")
        conn.execute(insert(thing), {"id": 1})


def test_a_block_is_kept_whole_or_not_at_all(engine):
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 1})
    with pytest.raises(IntegrityError):
        _half(engine)
    assert count(engine) == 1
    with read(engine) as conn, pytest.raises(OperationalError, match="no such table"):
        conn.exec_driver_sql("SELECT * FROM more")


def _gives_up(engine):
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 1})
        conn.rollback()


def test_a_transaction_rolled_back_inside_its_block_is_never_taken_for_kept(engine):
    with pytest.raises(RuntimeError, match="nothing is kept"):
        _gives_up(engine)
    assert count(engine) == 0


def test_a_writer_holds_the_lock_from_its_first_statement(engine, tmp_path):
    other = open_engine(sqlite_url(tmp_path / "store.db"), wait_s=0)
    with write(engine) as conn:
        conn.execute(select(thing)).all()
        with pytest.raises(StoreBusy) as fault, write(other):
            pass
        assert count(other) == 0, "readers are not held off"
    assert fault.value.facts == {"store": "store.db"}
    assert fault.value.http == 503
    other.dispose()


def test_a_reader_sees_one_snapshot(engine):
    with read(engine) as before:
        assert before.scalar(select(func.count()).select_from(thing)) == 0
        with write(engine) as conn:
            conn.execute(insert(thing), {"id": 1})
        assert before.scalar(select(func.count()).select_from(thing)) == 0
    assert count(engine) == 1


def test_a_change_inside_read_is_a_programming_error(engine):
    with pytest.raises(OperationalError, match="readonly"), read(engine) as conn:
        conn.execute(insert(thing), {"id": 1})
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 1})
    assert count(engine) == 1


def test_foreign_keys_hold(engine):
    with pytest.raises(IntegrityError), write(engine) as conn:
        conn.execute(insert(part), {"id": 1, "thing": 9})


def test_an_error_never_shows_the_values_of_a_row(engine):
    with pytest.raises(IntegrityError) as error, write(engine) as conn:
        conn.execute(insert(thing), [{"id": 1, "name": "张三"}, {"id": 1, "name": "李四"}])
    assert "张三" not in str(error.value)


def test_a_missing_file_or_folder_is_named(tmp_path):
    with pytest.raises(StoreMissing) as fault:
        open_engine(sqlite_url(tmp_path / "hub.db"), create=False)
    assert fault.value.facts == {"store": "hub.db"}
    with pytest.raises(StoreMissing):
        open_engine(sqlite_url(tmp_path / "no" / "hub.db"))
    with pytest.raises(StoreMissing):
        open_engine(sqlite_url(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"this is no database at all, just text" * 50, b"\x00" * 4096])
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path, content):
    path = tmp_path / "hub.db"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged) as fault, write(open_engine(sqlite_url(path))):
        pass
    assert fault.value.facts == {"store": "hub.db"}
    assert path.read_bytes() == content


def test_a_damaged_page_is_named(engine, tmp_path):
    with write(engine) as conn:
        conn.execute(insert(thing), [{"name": "x" * 200} for _ in range(500)])
    engine.dispose()
    path = tmp_path / "store.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged):
        count(engine)


def test_a_database_that_only_reads_is_named_when_written(engine, tmp_path):
    count(engine)
    path = tmp_path / "store.db"
    reading = open_engine(f"sqlite:///file:{path}?mode=ro&uri=true", create=False)
    assert count(reading) == 0
    with pytest.raises(StoreReadOnly), write(reading) as conn:
        conn.execute(insert(thing), {"id": 1})
    reading.dispose()


def test_a_full_disk_is_named_and_nothing_is_half_written(engine):
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 1})
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count=12")
    with pytest.raises(StoreFull) as fault, write(engine) as conn:
        conn.execute(insert(thing), [{"name": "x" * 4000} for _ in range(100)])
    assert fault.value.http == 507
    assert count(engine) == 1


@pytest.mark.parametrize(
    "url", ["", "hub.db", "mysql://a/b", "oracle://x", "sqlite", "postgresql://host:port/db", "://"]
)
def test_an_address_that_cannot_be_read_is_named(url):
    with pytest.raises(StoreUrlWrong):
        open_engine(url)


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path):
    engine = open_engine(f"postgresql://city:secret@/hub?host={tmp_path}")
    with pytest.raises(StoreUnreachable) as fault, read(engine):
        pass
    assert "secret" not in str(fault.value)
    assert "city" in store_name(engine)


def test_memory_keeps_its_tables_between_blocks():
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 1})
    assert count(engine) == 1
    assert store_name(engine) == ":memory:"


def _add(url, start, times):
    engine = open_engine(url)
    start.wait()
    for _ in range(times):
        with write(engine) as conn:
            last = conn.scalar(select(func.coalesce(func.max(thing.c.id), 0)))
            conn.execute(insert(thing), {"id": last + 1})


def test_writers_in_four_processes_never_lose_a_change(engine, tmp_path):
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(4)
    url = sqlite_url(tmp_path / "store.db")
    writers = [spawn.Process(target=_add, args=(url, start, 40)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
        assert writer.exitcode == 0
    assert count(engine) == 160


def test_the_file_is_an_ordinary_sqlite_database(engine, tmp_path):
    with write(engine) as conn:
        conn.execute(insert(thing), {"id": 7})
    engine.dispose()
    with sqlite3.connect(tmp_path / "store.db") as plain:
        assert plain.execute("SELECT id FROM thing").fetchall() == [(7,)]
    plain.close()


def test_text_statements_work_as_well(engine):
    with read(engine) as conn:
        assert conn.execute(text("SELECT 1")).scalar() == 1
