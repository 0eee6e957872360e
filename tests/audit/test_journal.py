"""A journal is written with the act, by many writers, and can be searched."""

import contextlib
import multiprocessing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from federation.audit import Entry, Journal, checkpoint_table, entry_table
from federation.audit.entry import GENESIS
from federation.audit.errors import JournalUnwritable, PersonalValueRefused
from federation.audit.merkle import leaf_hash
from federation.crypto import Pseudonymiser, generate_signer, sm3
from federation.store import new_metadata, open_engine, read, sqlite_url, write

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def count(kept):
    with read(kept.engine) as conn:
        return conn.scalar(select(func.count()).select_from(kept.table))


def test_an_entry_carries_its_number_and_the_hash_of_the_one_before(kept):
    first, second = kept.add(kept.note(0), kept.note(1))
    third = kept.journal.get(kept.add(kept.note(2))[0].seq)
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    with read(kept.engine) as conn:
        rows = conn.execute(select(kept.table).order_by(kept.table.c.seq)).all()
    assert [row.prev for row in rows] == [GENESIS, first.hash, second.hash]
    assert rows[0].hash == sm3(b"\x00" + rows[0].body.encode()) == first.hash
    assert leaf_hash(rows[1].body.encode()).hex() == second.hash


def test_an_entry_comes_back_as_it_was_written(kept):
    entry = Entry(
        "grant-approved", NOW, "steward-police", {"grant": "g-1", "身后": [1, {"a": None}]}
    )
    [receipt] = kept.add(entry)
    record = kept.journal.get(receipt.seq)
    assert (record.kind, record.at, record.actor, record.facts) == (
        entry.kind, entry.at, entry.actor, entry.facts,
    )  # fmt: skip
    assert record.hash == receipt.hash
    assert kept.journal.get(9) is None


def test_an_act_that_fails_leaves_no_entry_and_an_entry_that_fails_no_act(kept):
    def act(entry):
        with write(kept.engine) as conn:
            conn.exec_driver_sql("CREATE TABLE act (x)")
            kept.journal.append(conn, entry)
            if entry.kind == "fails":
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act(kept.note(0, "fails"))
    assert count(kept) == 0

    with pytest.raises(ValueError, match="time zone"):
        act(Entry("note", datetime(2026, 1, 1), "a", {}))  # noqa: DTZ001 - that is the mistake
    act(kept.note(1))
    assert count(kept) == 1


def test_nobody_can_catch_the_failure_and_keep_the_act(kept):
    def stubborn():
        with write(kept.engine) as conn:
            conn.exec_driver_sql("CREATE TABLE act (x)")
            with contextlib.suppress(TypeError):
                kept.journal.append(conn, Entry("note", NOW, "a", {"at": NOW}))

    with pytest.raises(RuntimeError, match="nothing is kept"):
        stubborn()
    with write(kept.engine) as conn:
        conn.exec_driver_sql("CREATE TABLE act (x)")


def test_a_journal_that_cannot_be_written_stops_the_act(kept):
    with write(kept.engine) as conn:
        conn.exec_driver_sql("ALTER TABLE audit_entry RENAME TO elsewhere")
    with pytest.raises(JournalUnwritable) as fault:
        kept.add(kept.note(0))
    assert fault.value.http == 503

    with write(kept.engine) as conn:
        conn.exec_driver_sql("ALTER TABLE elsewhere RENAME TO audit_entry")
    with kept.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count=20")
    with pytest.raises(JournalUnwritable) as fault:
        kept.add(*(kept.note(n, text="x" * 1000) for n in range(200)))
    assert fault.value.facts == {"reason": "store.full"}
    assert count(kept) == 0


@pytest.mark.parametrize(
    "value",
    [
        "11010119900307123X", "110101199003071234", "11010119900307123x",
        "证号110101199003071234。",
        "１１０１０１１９９００３０７１２３４",
        "13812345678", "+8613812345678", "电话:13812345678,",
        110101199003071234, 13812345678, ["a", {"b": "110101199003071234"}],
        {"13812345678": 1}, "a\n13812345678",
    ],
)  # fmt: skip
def test_a_persons_number_in_an_entry_is_a_programming_error(kept, value):
    for entry in (
        Entry("note", NOW, "hub", {"fact": value}),
        Entry("note", NOW, str(value), {}),
        Entry(str(value), NOW, "hub", {}),
    ):
        with pytest.raises(PersonalValueRefused) as error:
            kept.add(entry)
        assert "110101" not in str(error.value).replace(repr(entry.kind), "")
    assert count(kept) == 0


@pytest.mark.parametrize(
    "value",
    [
        Pseudonymiser(bytes(32)).of("110101199003071234"), sm3(b"x"), "HF20261123-0AB3XY",
        "2026-11-23T17:00:00.000000+08:00", 20261123, 1_000_000, "340104000000", 1795424400.123456,
        "123e4567-e89b-12d3-a456-426614174000", "910000000000000000", True, None, 1.5,
        "a110101199003071234b", "police.household.id_card",
    ],
)  # fmt: skip
def test_pseudonyms_hashes_moments_and_counts_are_no_persons_numbers(kept, value):
    [receipt] = kept.add(Entry("note", NOW, "hub", {"fact": value}))
    assert kept.journal.get(receipt.seq).facts == {"fact": value}


def test_entries_are_found_newest_first_by_every_condition(kept):
    kept.add(
        Entry("opened", NOW, "node", {"case": "c-1", "party": "police", "dataset": "police.a"}),
        Entry("closed", NOW + timedelta(1), "node", {"case": "c-1", "closes": 1}),
        Entry("opened", NOW + timedelta(2), "hub", {"case": "c-2", "party": "hrss"}),
        Entry("granted", NOW + timedelta(3), "hub", {"case": ["no", "text"]}),
    )

    def found(**conditions):
        return [record.seq for record in kept.journal.search(**conditions)]

    assert found() == [4, 3, 2, 1]
    assert found(kind="opened") == [3, 1]
    assert found(kind={"granted", "closed"}) == [4, 2]
    assert found(case="c-1") == [2, 1]
    assert found(party="police") == found(dataset="police.a") == [1]
    assert found(actor="hub") == [4, 3]
    assert found(since=NOW + timedelta(1)) == [4, 3, 2]
    assert found(until=NOW + timedelta(1)) == [1]
    assert found(since=NOW + timedelta(1), until=NOW + timedelta(3), actor="hub") == [3]
    assert found(limit=2) == [4, 3]
    assert found(limit=2, after=3) == [2, 1]
    assert found(case="nobody's") == []


def test_searches_use_an_index(kept):
    with read(kept.engine) as conn:
        for name in ("kind", "actor", "case", "party", "dataset"):
            query = f'SELECT seq FROM audit_entry WHERE "{name}" = ? ORDER BY seq DESC'
            plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("x",)).all()
            assert f"ix_audit_entry_{name}" in str(plan)
            assert "B-TREE" not in str(plan), "the index gives the order too"


def test_an_opened_entry_without_its_closed_one_is_known(kept):
    kept.add(*(kept.note(n, "opened") for n in range(3)))
    kept.add(kept.note(10, "closed", closes=2))
    assert [o.seq for o in kept.journal.open_without_close()] == [1, 3]
    assert [o.seq for o in kept.journal.open_without_close(NOW + timedelta(minutes=1))] == [1]
    assert [o.seq for o in kept.journal.verify().unclosed] == [1, 3]
    later = NOW + timedelta(minutes=11)
    assert [o.seq for o in kept.journal.verify(later).unclosed] == [1]
    assert kept.journal.verify().ok


@pytest.mark.parametrize("facts", [{}, {"closes": "1"}, {"closes": True}, {"closes": None}])
def test_a_closed_entry_says_what_it_closes(kept, facts):
    with pytest.raises(ValueError, match="closes"):
        kept.add(Entry("closed", NOW, "node", facts))


def test_nothing_appended_is_nothing_written(kept):
    assert kept.add() == ()
    report = kept.journal.verify()
    assert report.ok
    assert (report.entries, report.head, report.root) == (0, GENESIS, sm3(b""))


def _append(url, start, writer, times):
    metadata = new_metadata()
    table = entry_table(metadata)
    checkpoint_table(metadata)
    engine = open_engine(url)
    journal = Journal(engine, table, generate_signer())
    start.wait()
    for number in range(times):
        with write(engine) as conn:
            entry = Entry("note", NOW, f"writer-{writer}", {"number": number})
            journal.append_many(conn, [entry] * (1 + number % 3))


def test_four_writing_processes_leave_one_unbroken_chain(kept):
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(4)
    url = sqlite_url(kept.path)
    writers = [context.Process(target=_append, args=(url, start, w, 45)) for w in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
        assert writer.exitcode == 0
    report = kept.journal.verify()
    assert report.ok
    assert report.entries == 4 * 90
    for writer in range(4):
        mine = kept.journal.search(actor=f"writer-{writer}", limit=1000)
        numbers = [record.facts["number"] for record in reversed(mine)]
        assert numbers == sorted(numbers), "each writer's entries stand in its own order"
        assert len(numbers) == 90


def test_a_journal_without_a_signer_signs_nothing(kept):
    with pytest.raises(RuntimeError, match="without a signer"):
        Journal(kept.engine, kept.table).checkpoint(NOW)
