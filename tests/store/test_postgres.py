"""The same store on a real PostgreSQL server."""

import multiprocessing
from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, Integer, Table, insert, select
from sqlalchemy.exc import InternalError

from federation.audit import Entry, Journal, checkpoint_table, entry_table
from federation.crypto import generate_signer
from federation.store import (
    Instant,
    Json,
    Tree,
    downgrade,
    drift,
    migrate,
    new_metadata,
    open_engine,
    read,
    write,
)
from federation.store.errors import StoreNewer, StoreUnreachable
from federation.store.revise import revise

pytestmark = pytest.mark.postgres
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
metadata = new_metadata()
matter = Table(
    "matter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, index=True),
    Column("doc", Json),
)
journal_table = entry_table(metadata)
checkpoint_table(metadata)


@pytest.fixture
def engine(postgres):
    engine = open_engine(postgres)
    yield engine
    metadata.drop_all(engine)
    with write(engine) as conn:
        conn.exec_driver_sql("DROP TABLE IF EXISTS city_schema")
    engine.dispose()


def test_one_schema_serves_both_databases(engine, tmp_path):
    tree = Tree("city", metadata, tmp_path / "versions")
    revise(tree, "everything")
    migrate(engine, tree)
    assert drift(engine, tree) == []
    with write(engine) as conn:
        conn.execute(insert(matter), {"id": 1, "at": NOW, "doc": {"zh": "身后"}})
    with read(engine) as conn:
        assert conn.execute(select(matter)).one() == (1, NOW, {"zh": "身后"})
    with write(engine) as conn:
        conn.exec_driver_sql("UPDATE city_schema SET version_num = '0009'")
    with pytest.raises(StoreNewer):
        migrate(engine, tree)
    with write(engine) as conn:
        conn.exec_driver_sql("UPDATE city_schema SET version_num = '0001'")
    downgrade(engine, tree)


def test_a_reader_changes_nothing(engine):
    metadata.create_all(engine)
    with pytest.raises(InternalError, match="read-only"), read(engine) as conn:
        conn.execute(insert(matter), {"id": 1})


def test_a_missing_database_or_server_is_named(postgres):
    for url in (postgres.replace("/postgres?", "/nowhere?"), postgres.replace("host=", "host=/no")):
        with pytest.raises(StoreUnreachable), read(open_engine(url)):
            pass


def _append(url, start, times):
    engine = open_engine(url)
    journal = Journal(engine, journal_table)
    start.wait()
    for number in range(times):
        with write(engine) as conn:
            journal.append(conn, Entry("note", NOW, "test", {"number": number}))


def test_the_journal_of_four_writing_processes_verifies(engine, postgres):
    metadata.create_all(engine)
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    writers = [context.Process(target=_append, args=(postgres, start, 25)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
        assert writer.exitcode == 0
    journal = Journal(engine, journal_table, generate_signer())
    journal.checkpoint(NOW)
    report = journal.verify()
    assert report.ok
    assert report.entries == report.signed == 100
    with write(engine) as conn:
        conn.execute(journal_table.update().where(journal_table.c.seq == 50).values(actor="x"))
    assert [f.facts for f in journal.verify().findings] == [{"seq": 50, "field": "actor"}]
