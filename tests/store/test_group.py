"""Writers share commits, and nobody can tell but by the clock."""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, String, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from federation.audit import Entry, Journal, checkpoint_table, entry_table
from federation.audit.errors import JournalUnwritable
from federation.crypto import generate_signer
from federation.store import new_metadata, open_engine, read, sqlite_url, write
from federation.store.errors import StoreBusy, StoreFull
from federation.store.neighbours import take_write_lock

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
metadata = new_metadata()
thing = Table("thing", metadata, Column("id", Integer, primary_key=True), Column("name", String))
late = Table(
    "late",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thing", ForeignKey(thing.c.id, deferrable=True, initially="DEFERRED")),
)
journal_table = entry_table(metadata)
checkpoint_table(metadata)


class GaveUpError(Exception):
    """A block's own exception."""


def opened(path, **options):
    engine = open_engine(sqlite_url(path), **options)
    metadata.create_all(engine)
    return engine


@pytest.fixture
def engine(tmp_path):
    engine = opened(tmp_path / "store.db")
    yield engine
    engine.dispose()


@pytest.fixture
def patient(monkeypatch):
    """Let a transaction stay open for as long as somebody waits to join it."""
    monkeypatch.setattr("federation.store.group._SHORTEST_S", 600)
    monkeypatch.setattr("federation.store.group._LONGEST_S", 600)


def kept(engine):
    with read(engine) as conn:
        return set(conn.scalars(select(thing.c.id)))


def add(conn, number):
    conn.execute(insert(thing), {"id": number})


# ── One after the other, all together ────────────────────────────────────────────────────────────


def in_one_transaction(engine, blocks):
    """Run blocks in threads of their own so that all share a transaction; return the outcomes."""
    group = engine.get_execution_options()["scenarist_group"]
    outcomes = {}

    def run(name, block):
        try:
            with write(engine) as conn:
                block(conn)
            outcomes[name] = None
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            outcomes[name] = error

    def first(conn):
        for number, block in enumerate(blocks):
            threads.append(threading.Thread(target=run, args=(number, block)))
            threads[-1].start()
            while group.waiting < number + 1:
                threads[-1].join(timeout=0.001)
        add(conn, 1000)

    threads = []
    run("first", first)
    for thread in threads:
        thread.join()
    return [outcomes["first"], *(outcomes[n] for n in range(len(blocks)))]


@pytest.mark.usefixtures("patient")
def test_a_block_sees_what_the_one_before_it_did(engine):
    seen = []

    def look(conn):
        seen.append(conn.scalar(select(func.count()).select_from(thing)))
        add(conn, 100 + len(seen))

    assert in_one_transaction(engine, [look, look, look]) == [None] * 4
    assert seen == [1, 2, 3], "in the order in which they came"
    assert kept(engine) == {101, 102, 103, 1000}


@pytest.mark.usefixtures("patient")
def test_nobody_returns_before_the_commit_and_one_commit_serves_all(engine, tmp_path):
    counted = []
    raw = sqlite3.connect(tmp_path / "store.db", check_same_thread=False)

    def look(conn):
        counted.append(raw.execute("SELECT count(*) FROM thing").fetchone()[0])
        add(conn, 100 + len(counted))

    assert in_one_transaction(engine, [look] * 5) == [None] * 6
    assert counted == [0] * 5, "others see nothing until all of it is committed"
    assert len(kept(engine)) == 6
    raw.close()


@pytest.mark.usefixtures("patient")
def test_who_fails_fails_alone(engine):
    def fails(conn):
        add(conn, 1)
        raise GaveUpError

    def refused(conn):
        add(conn, 2)
        add(conn, 1000)

    def rolls_back(conn):
        add(conn, 3)
        conn.rollback()

    def half(conn):
        add(conn, 4)
        with conn.begin_nested() as inner:
            add(conn, 5)
            inner.rollback()

    outcomes = in_one_transaction(engine, [fails, refused, rolls_back, half])
    assert outcomes[0] is outcomes[4] is None
    assert isinstance(outcomes[1], GaveUpError)
    assert isinstance(outcomes[2], IntegrityError)
    assert isinstance(outcomes[3], RuntimeError)
    assert kept(engine) == {1000, 4}


@pytest.mark.usefixtures("patient")
def test_the_last_one_may_fail_and_the_others_are_kept(engine):
    def fails(conn):
        add(conn, 1)
        raise GaveUpError

    assert [type(o) for o in in_one_transaction(engine, [lambda c: add(c, 2), fails])] == [
        type(None),
        type(None),
        GaveUpError,
    ]
    assert kept(engine) == {2, 1000}


@pytest.mark.usefixtures("patient")
def test_a_commit_that_fails_fails_every_block_of_it(engine):
    def breaks_the_commit(conn):
        conn.execute(insert(late), {"id": 1, "thing": 77})

    outcomes = in_one_transaction(engine, [lambda c: add(c, 1), breaks_the_commit])
    assert all(isinstance(o, RuntimeError) for o in outcomes)
    assert len({id(o) for o in outcomes}) == 3, "each has an exception of its own"
    assert kept(engine) == set()
    with write(engine) as conn:
        add(conn, 5)
    assert kept(engine) == {5}


def test_a_full_disk_is_told_to_every_block_whose_rows_it_cost(tmp_path):
    engine = opened(tmp_path / "store.db")
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count=40")

    def add_long(number):
        try:
            with write(engine) as conn:
                conn.execute(insert(thing), {"id": number, "name": "x" * 3000})
        except StoreFull as fault:
            told.append(fault.facts)
            return None
        return number

    told = []
    with ThreadPoolExecutor(8) as pool:
        returned = {n for n in pool.map(add_long, range(100)) if n is not None}
    assert 0 < len(returned) < 100
    assert told == [{"store": "store.db"}] * (100 - len(returned))
    assert kept(engine) == returned
    engine.dispose()


@pytest.mark.usefixtures("patient")
def test_a_journal_that_cannot_be_written_takes_only_its_own_act_along(engine):
    journal = Journal(engine, journal_table)

    def fails(conn):
        add(conn, 2)
        conn.exec_driver_sql("ALTER TABLE audit_entry RENAME TO gone")
        try:
            journal.append(conn, Entry("note", NOW, "test", {"number": 2}))
        except JournalUnwritable:
            return  # caught, and yet its act is not kept

    first, *others = in_one_transaction(engine, [_noting(journal, 1), fails, _noting(journal, 3)])
    assert first is None
    assert others[0] is others[2] is None
    assert isinstance(others[1], RuntimeError)
    assert kept(engine) == {1, 3, 1000}
    assert [r.facts["number"] for r in journal.search()] == [3, 1]


def _noting(journal, number):
    def note(conn):
        add(conn, number)
        journal.append(conn, Entry("note", NOW, "test", {"number": number}))

    return note


# ── Programming errors, and waiting ──────────────────────────────────────────────────────────────


def test_a_write_inside_a_write_is_a_programming_error_and_harms_nobody(engine):
    with write(engine) as conn:
        with pytest.raises(RuntimeError, match="inside a write"), write(engine):
            pass
        add(conn, 1)
    with write(engine) as conn:
        add(conn, 2)
    assert kept(engine) == {1, 2}


def test_a_write_may_hold_another_database(engine, tmp_path):
    other = opened(tmp_path / "other.db")
    with write(engine) as conn, write(other) as more:
        add(conn, 1)
        add(more, 2)
    assert (kept(engine), kept(other)) == ({1}, {2})
    other.dispose()


def test_who_waited_too_long_is_told_and_leaves_the_queue(tmp_path):
    engine = opened(tmp_path / "store.db", wait_s=0.05)

    def waits():
        with pytest.raises(StoreBusy) as fault, write(engine):
            pass
        return fault.value.facts

    with write(engine) as conn, ThreadPoolExecutor(3) as pool:
        told = [f.result() for f in [pool.submit(waits) for _ in range(3)]]
        add(conn, 1)
    assert told == [{"store": "store.db"}] * 3
    with write(engine) as conn:
        add(conn, 2)
    assert kept(engine) == {1, 2}
    engine.dispose()


def test_another_process_is_waited_for_and_then_named(tmp_path):
    engine = opened(tmp_path / "store.db", wait_s=0.05)
    with sqlite3.connect(tmp_path / "store.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(3) as pool:
            waits = [pool.submit(_add_one, engine, n) for n in range(3)]
            assert {type(w.exception()) for w in waits} == {StoreBusy}
        other.execute("ROLLBACK")
    other.close()
    _add_one(engine, 9)
    assert kept(engine) == {9}
    engine.dispose()


def _add_one(engine, number):
    with write(engine) as conn:
        add(conn, number)


def test_who_waits_at_the_door_is_next_before_one_who_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr("federation.store.neighbours._COURTESY_S", 600)
    file = tmp_path / "store.db"
    busy, other = (
        sqlite3.connect(file, isolation_level=None, timeout=0, check_same_thread=False)
        for _ in range(2)
    )
    order = []

    def once():
        assert take_write_lock(other, file, 600)
        order.append("who waited")
        other.commit()

    assert take_write_lock(busy, file, 600)
    waiting = threading.Thread(target=once)
    waiting.start()
    door = os.open(tmp_path, os.O_RDONLY)
    while _is_free(door):
        fcntl.flock(door, fcntl.LOCK_UN)
    os.close(door)
    busy.commit()
    assert take_write_lock(busy, file, 600)
    order.append("who came back")
    busy.commit()
    waiting.join()
    assert order == ["who waited", "who came back"]
    busy.close()
    other.close()


def _is_free(door):
    try:
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────

BLOCKS = st.sampled_from(["keep", "keep", "raise", "rollback", "refused", "nested", "break-commit"])


def _attempt(engine, journal, number, kind):
    with write(engine) as conn:
        add(conn, number)
        journal.append(conn, Entry("note", NOW, "test", {"number": number}))
        if kind == "raise":
            raise GaveUpError
        if kind == "rollback":
            conn.rollback()
        if kind == "refused":
            add(conn, number)
        if kind == "nested":
            with conn.begin_nested() as inner:
                add(conn, -number)
                inner.rollback()
        if kind == "break-commit":
            conn.execute(insert(late), {"id": number, "thing": -1})
    return number


@pytest.mark.slow
@settings(max_examples=40)
@given(plans=st.lists(st.lists(BLOCKS, max_size=8), min_size=1, max_size=8))
def test_what_is_kept_is_exactly_what_returned(tmp_path_factory, plans):
    engine = opened(tmp_path_factory.mktemp("law") / "store.db")
    journal = Journal(engine, journal_table, generate_signer())
    start = threading.Barrier(len(plans))

    def run(writer, plan):
        start.wait()
        returned = set()
        for at, kind in enumerate(plan):
            try:
                returned.add(_attempt(engine, journal, 1 + writer * 100 + at, kind))
            except (GaveUpError, IntegrityError, RuntimeError):
                assert kind != "keep" or any("break-commit" in p for p in plans)
        return returned

    with ThreadPoolExecutor(len(plans)) as pool:
        returned = set().union(*pool.map(run, range(len(plans)), plans))
    assert kept(engine) == returned
    noted = [r.facts["number"] for r in journal.search(limit=1000)]
    assert sorted(noted) == sorted(returned)
    journal.checkpoint(NOW)
    report = journal.verify()
    assert report.ok
    assert report.entries == len(returned), "numbered without a gap"
    engine.dispose()


CHILD = """
import sys, threading
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_group import NOW, Entry, Journal, add, journal_table, opened, write
engine = opened(Path(sys.argv[1]))
journal = Journal(engine, journal_table)
def run(writer):
    for at in range(10**6):
        number = 1 + writer * 10**6 + at
        with write(engine) as conn:
            add(conn, number)
            journal.append(conn, Entry("note", NOW, "test", {"number": number}))
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
for writer in range(8):
    threading.Thread(target=run, args=(writer,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.slow
@pytest.mark.processes
def test_a_process_killed_in_the_midst_keeps_all_that_had_returned(tmp_path):
    path = tmp_path / "store.db"
    acknowledged = set()
    for after in (1, 40, 200):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        lines = [child.stdout.readline() for _ in range(after)]
        os.kill(child.pid, signal.SIGKILL)
        lines += child.stdout.readlines()
        child.wait()
        child.stdout.close()
        acknowledged |= {int(line) for line in lines if line.endswith(b"\n")}
        engine = opened(path)
        journal = Journal(engine, journal_table, generate_signer())
        assert acknowledged <= kept(engine)
        noted = {r.facts["number"] for r in journal.search(limit=100_000)}
        assert noted == kept(engine), "no half block"
        assert journal.verify().ok
        with write(engine) as conn:
            conn.execute(thing.delete())
            conn.execute(journal_table.delete())
        engine.dispose()
        acknowledged.clear()
