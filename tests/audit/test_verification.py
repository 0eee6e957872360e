"""Whatever is changed in a journal, verification names the entry and the field."""

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from federation.audit import Journal, verify_export
from federation.audit.errors import JournalBroken
from federation.crypto import generate_signer, sm3
from federation.store import canonical, read, write

COLUMNS = ("at", "kind", "actor", "case", "party", "dataset", "closes", "body", "prev", "hash")
SIZE = 9


@pytest.fixture
def full(kept):
    """Nine entries; checkpoints at 4 and 8, the ninth not yet signed."""
    for start, end in ((0, 4), (4, 8), (8, 9)):
        kept.add(*(_entry(kept, number) for number in range(start, end)))
        if end < SIZE:
            kept.journal.checkpoint(kept.now + timedelta(hours=end))
    assert kept.journal.verify().ok
    return kept


def _entry(kept, number):
    links = {"case": f"案-{number}", "party": "police", "dataset": "police.household"}
    if number % 2:
        return kept.note(number, "closed", closes=number, **links)
    return kept.note(number, "opened", **links)


def findings(kept, **options):
    report = kept.journal.verify(**options)
    assert report.ok == (report.found == 0)
    return [(fault.code, dict(fault.facts)) for fault in report.findings]


def run(kept, *statements):
    with write(kept.engine) as conn:
        for statement in statements:
            conn.execute(statement)


def stored(kept):
    with read(kept.engine) as conn:
        return [dict(r._mapping) for r in conn.execute(select(kept.table).order_by("seq"))]


def flip(path, row, column, place, mask):
    """Change one byte of one stored value on the disk, whatever text or non-text it then is."""
    table, key, seq = row
    with sqlite3.connect(path) as raw:
        kind, value = raw.execute(
            f'SELECT typeof("{column}"), CAST("{column}" AS BLOB) FROM {table} WHERE {key} = ?',
            (seq,),
        ).fetchone()
        changed = bytearray(value)
        changed[place % len(changed)] ^= mask
        store = f'UPDATE {table} SET "{column}" = CAST(? AS {kind}) WHERE {key} = ?'
        raw.execute(store, (bytes(changed), seq))
        now = raw.execute(
            f'SELECT CAST("{column}" AS BLOB) FROM {table} WHERE {key} = ?', (seq,)
        ).fetchone()[0]
    raw.close()
    return value, now


def restore(path, row, column, value):
    table, key, seq = row
    with sqlite3.connect(path) as raw:
        kind = "integer" if column == "closes" else "text"
        raw.execute(
            f'UPDATE {table} SET "{column}" = CAST(? AS {kind}) WHERE {key} = ?', (value, seq)
        )
    raw.close()


@given(
    seq=st.integers(1, SIZE),
    column=st.sampled_from(COLUMNS),
    place=st.integers(0, 400),
    mask=st.integers(1, 255),
)
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_changed_byte_is_named_with_its_entry_and_field(full, seq, column, place, mask):
    if column == "closes" and seq % 2 == 1:
        column = "body"  # opened entries close nothing
    before, now = flip(full.path, ("audit_entry", "seq", seq), column, place, mask)
    try:
        if before == now:  # an integer column may not take the byte
            return
        expected = column
        if seq == SIZE and column in {"body", "hash"}:
            expected = "body / hash"  # nothing after it says which half is genuine
        assert findings(full) == [("audit.entry-changed", {"seq": seq, "field": expected})]
    finally:
        restore(full.path, ("audit_entry", "seq", seq), column, before)


@given(
    size=st.sampled_from([4, 8]),
    column=st.sampled_from(["at", "root", "head", "key", "signature"]),
    place=st.integers(0, 200),
    mask=st.integers(1, 255),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_changed_byte_of_a_checkpoint_is_named(full, size, column, place, mask):
    before, now = flip(full.path, ("audit_checkpoint", "size", size), column, place, mask)
    try:
        assert before != now
        assert findings(full) == [("audit.checkpoint-forged", {"seq": size})]
    finally:
        restore(full.path, ("audit_checkpoint", "size", size), column, before)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_value_that_becomes_null_is_named(full, column):
    if column in {"case", "party", "dataset", "closes"}:
        run(full, update(full.table).where(full.table.c.seq == 2).values({column: None}))
        assert findings(full) == [("audit.entry-changed", {"seq": 2, "field": column})]


def test_a_value_where_there_was_none_is_named(full):
    run(full, update(full.table).where(full.table.c.seq == 1).values(closes=7))
    assert findings(full) == [("audit.entry-changed", {"seq": 1, "field": "closes"})]


def test_removed_entries_are_named(full):
    run(full, delete(full.table).where(full.table.c.seq.in_([2, 3])))
    assert findings(full)[0] == ("audit.entries-missing", {"first": 2, "last": 3})


def test_a_removed_beginning_is_named(full):
    run(full, delete(full.table).where(full.table.c.seq == 1))
    assert findings(full)[0] == ("audit.entries-missing", {"first": 1, "last": 1})


def test_a_cut_tail_is_named_by_the_checkpoint(full):
    run(full, delete(full.table).where(full.table.c.seq > 6))
    assert findings(full) == [("audit.entries-missing", {"first": 7, "last": 8})]
    run(full, delete(full.table))
    assert findings(full)[0] == ("audit.entries-missing", {"first": 1, "last": 4})


def test_a_tail_cut_together_with_its_checkpoint_is_named_by_whoever_kept_it(full):
    point = full.journal.checkpoint(full.now)
    run(
        full,
        delete(full.table).where(full.table.c.seq > 4),
        delete(full.checkpoints).where(full.checkpoints.c.size > 4),
    )
    assert findings(full) == []
    assert full.journal.verify().signed == 4
    assert findings(full, witnessed=[point]) == [("audit.entries-missing", {"first": 5, "last": 9})]


def test_the_report_says_how_far_checkpoints_reach(full):
    report = full.journal.verify()
    assert (report.entries, report.signed, report.checkpoints) == (9, 8, 2)
    assert report.keys == (full.signer.key_id,)
    document = json.loads(canonical(report.to_json("en")))
    assert document["ok"] is True
    assert document["signed"] == 8


def test_exchanged_entries_are_named(full):
    seq = full.table.c.seq
    run(
        full,
        update(full.table).where(seq == 5).values(seq=99),
        update(full.table).where(seq == 6).values(seq=5),
        update(full.table).where(seq == 99).values(seq=6),
    )
    named = findings(full)
    assert ("audit.entry-misplaced", {"seq": 5, "field": "seq"}) in named
    assert ("audit.entry-misplaced", {"seq": 6, "field": "seq"}) in named


def test_an_inserted_entry_is_named(full):
    rows = stored(full)
    forged = json.loads(rows[4]["body"]) | {"actor": "nobody"}
    body = canonical(forged).decode()
    forged_row = rows[4] | {
        "actor": "nobody", "body": body, "hash": sm3(b"\x00" + body.encode()),
    }  # fmt: skip
    moved = [row | {"seq": row["seq"] + 1} for row in rows[4:]]
    run(full, delete(full.table).where(full.table.c.seq > 4))
    run(full, *(full.table.insert().values(row) for row in [forged_row, *moved]))
    named = findings(full)
    assert named[0] == ("audit.entry-misplaced", {"seq": 6, "field": "seq"})
    assert ("audit.checkpoint-mismatch", {"seq": 8, "field": "head"}) in named


def test_an_entry_before_the_first_is_named(full):
    run(full, full.table.insert().values(stored(full)[0] | {"seq": 0}))
    assert findings(full)[0] == ("audit.entry-misplaced", {"seq": 0, "field": "seq"})


def rewritten(rows, start, change):
    """What a patient forger does: change an entry and compute every later hash anew."""
    prev = rows[start]["prev"]
    for row in rows[start:]:
        body = json.loads(row["body"]) | {"prev": prev}
        if row is rows[start]:
            body |= change
        text = canonical(body).decode()
        prev = sm3(b"\x00" + text.encode())
        yield row | {"body": text, "prev": body["prev"], "hash": prev, "actor": body["actor"]}


def test_a_history_rewritten_with_all_its_hashes_is_named_by_the_checkpoint(full):
    rows = stored(full)
    forged = list(rewritten(rows, 5, {"actor": "somebody else"}))
    run(full, *(update(full.table).where(full.table.c.seq == r["seq"]).values(r) for r in forged))
    assert findings(full) == [("audit.checkpoint-mismatch", {"seq": 8, "field": "head"})]


def test_one_entry_rewritten_with_its_hash_is_named_by_the_next(full):
    [forged, *_] = rewritten(stored(full), 5, {"actor": "somebody else"})
    run(full, update(full.table).where(full.table.c.seq == 6).values(forged))
    assert ("audit.entry-misplaced", {"seq": 7, "field": "prev"}) in findings(full)


def test_a_forgers_own_checkpoints_are_not_believed(full):
    forger = Journal(full.engine, full.table, generate_signer())
    run(full, delete(full.checkpoints))
    forger.checkpoint(full.now)
    [(code, facts)] = findings(full)
    assert code == "audit.checkpoint-untrusted"
    assert facts["seq"] == 9
    trusted = [forger._signer.public_key]
    assert findings(full, trusted=trusted) == [], "an old key may be vouched for"
    reader = Journal(full.engine, full.table)
    assert reader.verify().ok
    assert reader.verify().keys != (full.signer.key_id,), "the keys are named to be compared"


def test_one_journal_cannot_stand_in_for_another(full):
    other = Journal(full.engine, full.table, full.signer, name="node-police")
    assert {fault.code for fault in other.verify().findings} == {"audit.checkpoint-forged"}


def test_the_edge_stored_beside_a_checkpoint_is_checked(full):
    size = full.checkpoints.c.size
    run(full, update(full.checkpoints).where(size == 8).values(peaks=["00" * 32]))
    assert findings(full) == [("audit.checkpoint-mismatch", {"seq": 8, "field": "peaks"})]
    full.add(full.note(20))
    with pytest.raises(JournalBroken):
        full.journal.checkpoint(full.now)
    run(full, update(full.checkpoints).where(size == 8).values(peaks=["zz"]))
    with pytest.raises(JournalBroken):
        full.journal.checkpoint(full.now)


def test_a_checkpoint_signs_only_what_verifies(full):
    run(full, update(full.table).where(full.table.c.seq == 9).values(actor="x"))
    with pytest.raises(JournalBroken) as fault:
        full.journal.checkpoint(full.now)
    assert fault.value.facts == {"seq": 9}


def test_a_checkpoint_of_nothing_new_is_the_last_one(full):
    last = full.journal.checkpoint(full.now)
    assert last.size == 9
    assert full.journal.checkpoint(full.now + timedelta(1)) == last


def test_a_checkpoint_of_an_empty_journal_is_none(kept):
    assert kept.journal.checkpoint(kept.now) is None


def test_checkpoints_one_by_one_agree_with_one_over_all(kept):
    for number in range(20):
        kept.add(kept.note(number))
        kept.journal.checkpoint(kept.now)
    report = kept.journal.verify()
    assert report.ok
    assert (report.entries, report.checkpoints, report.signed) == (20, 20, 20)


def test_a_thousand_damages_are_counted_and_a_hundred_shown(kept):
    kept.add(*(kept.note(number) for number in range(1000)))
    run(kept, update(kept.table).values(kind="x"))
    report = kept.journal.verify()
    assert report.found == 1000
    assert len(report.findings) == 100


def test_an_export_verifies_away_from_its_database(full):
    full.journal.checkpoint(full.now)
    lines = list(full.journal.export())
    report = verify_export(lines, {full.signer.public_key})
    assert report.ok
    here = full.journal.verify()
    assert (report.entries, report.head, report.root) == (here.entries, here.head, here.root)
    assert report.signed == report.entries == 9
    assert verify_export(lines).keys == (full.signer.key_id,)
    assert not verify_export(lines, {generate_signer().public_key}).ok


@given(place=st.integers(0, 10**6), mask=st.integers(1, 255))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_byte_of_an_export_can_be_changed(full, place, mask):
    whole = bytearray(b"".join(full.journal.export()))
    place %= len(whole)
    whole[place] ^= mask
    lines = bytes(whole).splitlines(keepends=True)
    report = verify_export(lines, {full.signer.public_key})
    assert not report.ok


@pytest.mark.parametrize("end", range(1, 13))
def test_an_export_that_breaks_off_is_named(full, end):
    lines = list(full.journal.export())
    assert len(lines) == 13
    report = verify_export(lines[: end - 1], {full.signer.public_key})
    assert "audit.export-unfinished" in [fault.code for fault in report.findings]


def test_lines_that_are_no_export_are_named(full):
    lines = list(full.journal.export())
    for wrong in ([], [b""], [b"\xff\n"], [b"[1]\n"], lines[1:], [b"hello\n", *lines]):
        assert not verify_export(wrong).ok
    twice = verify_export([*lines, *lines])
    assert "audit.export-line-changed" in [fault.code for fault in twice.findings]
    spaced = [lines[0], lines[1].replace(b'","', b'", "'), *lines[2:]]
    assert verify_export(spaced).findings[0].facts == {"line": 2}


def test_a_damaged_journal_can_still_be_exported_and_shows_it(full):
    flip(full.path, ("audit_entry", "seq", 3), "body", 30, 0xFF)
    report = verify_export(full.journal.export(), {full.signer.public_key})
    assert ("audit.entry-changed", {"seq": 3, "field": "body"}) in [
        (fault.code, dict(fault.facts)) for fault in report.findings
    ]


def test_findings_speak_both_languages(full):
    run(full, update(full.table).where(full.table.c.seq == 2).values(actor="x"))
    [finding] = full.journal.verify().findings
    assert "第 2 条" in finding.message("zh")
    assert "actor" in finding.message("en")
    assert replace(full.journal.verify(), unclosed=()).to_json("zh")["findings"]
