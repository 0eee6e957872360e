"""Filling in, two windows, coming back, handing in: nothing is lost and nothing is doubled."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from builder.cases import commands, governance, keeping, views
from builder.cases.commands import Wish
from builder.cases.errors import (
    CaseChanged,
    CaseUnknown,
    DraftChanged,
    MayNotStart,
    PageUnknown,
    TaskUnknown,
)
from builder.errors import Fault, Findings
from builder.store import cases as tables
from builder.work import work_once
from federation.store import read

MATTER = "s23-afterlife"
DECEASED, OTHER = "340100195705089073", "340100195509169084"


def _rows(matter, table) -> list:
    with read(matter.deployment.engine) as conn:
        return list(conn.execute(select(table)))


# ── once is enough ───────────────────────────────────────────────────────────────────────────────


def test_handing_in_twice_gives_the_same_receipt(matter, check_whole):
    first = matter.fill().submit()
    again = matter.submit()
    assert again == first
    assert len(_rows(matter, tables.case)) == 1
    assert len([e for e in matter.stored.events if e.kind == "submitted"]) == 1
    check_whole(matter.platform)


def test_a_receipt_can_be_read_again_and_says_the_same(handed_in):
    receipt = handed_in.submit()
    assert views.receipt(handed_in.platform, handed_in.me, handed_in.case_no) == receipt


def test_a_matter_that_is_not_complete_is_not_handed_in(matter, check_whole):
    matter.begin().save("who")
    with pytest.raises(Findings) as told:
        matter.submit()
    pages = [f.where for f in told.value.findings]
    assert pages == ["/accounts", "/promises"], pages
    assert not _rows(matter, tables.case)
    assert matter.draft is not None
    check_whole(matter.platform)


# ── two windows ──────────────────────────────────────────────────────────────────────────────────


def test_the_second_window_is_told_and_what_the_first_saved_stays(matter):
    matter.begin()
    version = matter.draft.version
    one = matter.post("who")
    two = matter.post("who", deceased_name="别的名字")
    commands.save_page(matter.platform, matter.me, matter.case_no, "who", one, version)
    before = matter.draft
    with pytest.raises(DraftChanged):
        commands.save_page(matter.platform, matter.me, matter.case_no, "who", two, version)
    assert matter.draft == before
    assert before.answers["application"]["deceased_name"] == "陈国强"


def test_handing_in_from_a_window_that_is_out_of_date_is_refused(matter):
    matter.fill()
    seen = matter.draft.version
    matter.save("accounts", contact_address="安徽省合肥市蜀山区听松路18号")
    with pytest.raises(DraftChanged):
        commands.submit(matter.platform, matter.me, matter.case_no, seen)
    assert not _rows(matter, tables.case)
    assert commands.submit(matter.platform, matter.me, matter.case_no, matter.draft.version)


def test_the_second_officer_is_told_that_somebody_acted(handed_in, who, check_whole):
    account, answers = handed_in.handling["accept"]
    seen = views.task(handed_in.platform, who(account), handed_in.case_no, "accept").version
    handed_in.handle("accept")
    handled = handed_in.stored
    with pytest.raises((CaseChanged, Fault)) as told:
        commands.act(
            handed_in.platform, who(account), handed_in.case_no, "accept",
            Wish("reject", reason="材料不全"), {}, seen,
        )  # fmt: skip
    assert told.value.http == 409
    assert handed_in.stored == handled
    assert answers["/acceptance/register_no"] == handled.case.answers["acceptance"]["register_no"]
    check_whole(handed_in.platform)


# ── save, go away, come back ─────────────────────────────────────────────────────────────────────


def test_a_draft_is_there_when_its_owner_comes_back_another_day(matter, clock, reopened):
    matter.begin().save("who")
    matter.save("death")
    before = matter.draft
    clock.move(days=3)
    back = reopened(matter)
    assert back.draft == before
    page = views.page(back.platform, back.me, back.case_no, None)
    assert page.page.id == "accounts"
    back.fill().submit()
    assert back.open_steps == {"accept"}


def test_a_case_is_there_when_the_city_is_opened_anew(handed_in, clock, reopened):
    before = handed_in.stored
    clock.move(hours=1)
    back = reopened(handed_in)
    assert back.stored.case == before.case
    assert back.stored.events == before.events
    back.handle("accept", "verify-death")
    assert "verify-cremation" in back.open_steps


def test_good_values_of_a_page_are_kept_where_others_need_mending(matter):
    matter.begin()
    post = matter.post("who", deceased_id="340100195705089070")
    saved = commands.save_page(
        matter.platform, matter.me, matter.case_no, "who", post, matter.draft.version
    )
    assert [e["code"] for e in saved.errors] == ["forms.id-checksum"]
    assert saved.next_page == "who"
    assert matter.draft.answers["application"]["deceased_name"] == "陈国强"
    assert "deceased_id" not in matter.draft.answers["application"]


def test_a_page_that_the_form_has_not_is_refused(matter):
    matter.begin()
    with pytest.raises(PageUnknown):
        commands.save_page(
            matter.platform, matter.me, matter.case_no, "nowhere", {}, matter.draft.version
        )
    assert matter.draft.version == 1


def test_a_draft_nobody_came_back_to_is_forgotten_and_its_number_leads_nowhere(matter, clock):
    matter.begin().save("who")
    days = matter.deployment.current.retention.drafts_days
    clock.move(days=days - 1)
    work_once(matter.platform)
    assert matter.draft is not None
    clock.move(days=2)
    work_once(matter.platform)
    assert matter.draft is None
    with pytest.raises(CaseUnknown):
        commands.save_answers(matter.platform, matter.me, matter.case_no, "who", {})
    kinds = [e.kind for e in matter.deployment.journal.search(case=matter.case_no)]
    assert "draft-expired" in kinds


def test_a_draft_that_its_owner_throws_away_is_gone(matter):
    matter.begin().save("who")
    commands.discard_draft(matter.platform, matter.me, matter.case_no)
    assert matter.draft is None
    assert views.my_matters(matter.platform, matter.me) == ((), ())
    assert not any("陈国强" in str(row) for row in _rows(matter, tables.audit_entry))


# ── a mistyped subject ───────────────────────────────────────────────────────────────────────────


def test_correcting_a_mistyped_id_number_moves_the_draft_and_keeps_the_trail(matter, check_whole):
    matter.begin().save("who", deceased_name="吴秀兰", deceased_id=OTHER)
    former = matter.case_no
    uses = keeping.read_uses(matter.deployment, former)
    matter.save("who", deceased_id=DECEASED)
    assert matter.case_no != former
    assert keeping.load_draft(matter.deployment, former) is None
    assert matter.draft.former == (former,)
    assert matter.draft.answers["application"]["relation"] == "child"
    moved = keeping.read_uses(matter.deployment, matter.case_no)
    assert moved[: len(uses)] == uses
    assert uses
    kinds = [e.kind for e in matter.deployment.journal.search(case=matter.case_no)]
    assert "draft-moved" in kinds
    issued = matter.platform.journals["issuer"].search(case=former)
    assert "case-closed" in {e.kind for e in issued}
    matter.fill().submit()
    traced = {line.case_no for line in governance.trace(matter.platform, matter.case_no).lines}
    assert traced >= {former, matter.case_no}
    with pytest.raises(CaseUnknown):
        views.page(matter.platform, matter.me, former, None)
    check_whole(matter.platform)


def test_after_the_number_moved_nothing_of_the_first_person_is_left_in_the_form(matter):
    matter.begin().save("who")
    assert matter.draft.answers["application"]["death_certificate_no"] == "SW3401009000001"
    matter.save("who", deceased_name="吴秀兰", deceased_id=OTHER)
    left = str(matter.draft.answers) + str(matter.draft.provenance) + str(matter.draft.fetched)
    assert "SW3401009000001" not in left
    assert "HFHH2026900001" not in left


def test_an_answer_file_that_is_refused_leaves_no_draft_behind(matter, answers):
    wrong = {**answers, "/application/payee_account": "6200000000000000019"}
    with pytest.raises(Findings):
        commands.apply_from_answers(matter.platform, matter.me, MATTER, wrong)
    assert not _rows(matter, tables.draft)
    assert not _rows(matter, tables.case)


# ── whose ────────────────────────────────────────────────────────────────────────────────────────


def _said(ask) -> tuple[str, str, int]:
    with pytest.raises(Fault) as told:
        ask()
    return told.value.code, told.value.message("zh"), told.value.http


def test_another_citizens_draft_reads_exactly_like_one_that_is_not_there(matter, who):
    matter.begin()
    stranger, number = who("sun-lei"), matter.case_no
    missing = number[:-1] + ("0" if number[-1] != "0" else "1")
    doors = (
        lambda n: views.page(matter.platform, stranger, n, None),
        lambda n: views.review(matter.platform, stranger, n),
        lambda n: commands.save_page(matter.platform, stranger, n, "who", {}, 1),
        lambda n: commands.submit(matter.platform, stranger, n),
        lambda n: commands.discard_draft(matter.platform, stranger, n),
    )
    for door in doors:
        theirs, none = _said(partial(door, number)), _said(partial(door, missing))
        assert theirs[1].replace(number, "*") == none[1].replace(missing, "*")
        assert (theirs[0], theirs[2]) == (none[0], none[2]) == (CaseUnknown.code, 404)


def test_another_citizens_case_reads_exactly_like_one_that_is_not_there(handed_in, who):
    stranger, number = who("sun-lei"), handed_in.case_no
    missing = number[:-1] + ("0" if number[-1] != "0" else "1")
    doors = (
        lambda n: views.case(handed_in.platform, stranger, n),
        lambda n: views.receipt(handed_in.platform, stranger, n),
        lambda n: commands.withdraw(handed_in.platform, stranger, n, "不办了"),
        lambda n: commands.reopen(handed_in.platform, stranger, n),
        lambda n: commands.submit(handed_in.platform, stranger, n),
        lambda n: commands.ask_for_case(handed_in.platform, stranger, n, "kin_check"),
    )
    for door in doors:
        theirs, none = _said(partial(door, number)), _said(partial(door, missing))
        assert theirs[1].replace(number, "*") == none[1].replace(missing, "*")
        assert (theirs[0], theirs[2]) == (none[0], none[2]) == (CaseUnknown.code, 404)


def test_another_departments_task_reads_exactly_like_one_that_is_not_there(handed_in, who):
    officer, number = who("officer-police"), handed_in.case_no
    wish = Wish("approve")
    doors = (
        lambda n, t: views.task(handed_in.platform, officer, n, t),
        lambda n, t: commands.act(handed_in.platform, officer, n, t, wish, {}),
        lambda n, t: commands.act_with_answers(handed_in.platform, officer, n, t, wish, {}),
    )
    for door in doors:
        theirs = _said(partial(door, number, "accept"))
        assert theirs == _said(partial(door, number, "no-such-step"))
        assert theirs == _said(partial(door, "HF20260101-000000", "accept"))
        assert theirs[0] == TaskUnknown.code


def test_officers_do_not_begin_a_citizens_matter(matter, who):
    with pytest.raises(MayNotStart):
        commands.open_draft(matter.platform, who("officer-police"), MATTER)
    assert not _rows(matter, tables.draft)


# ── one transaction ──────────────────────────────────────────────────────────────────────────────


def _break_journal(matter) -> None:
    """Take the last entry's place: the next append cannot be written."""
    with matter.deployment.engine.begin() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("ALTER TABLE audit_entry ADD CHECK (false) NOT VALID")
            return
        conn.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entry "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )


def _everything(matter) -> dict[str, list]:
    names = ("draft", "case", "event", "task", "pending_query", "use", "notice", "audit_entry")
    return {n: _rows(matter, getattr(tables, n)) for n in names}


def test_where_the_journal_cannot_be_written_nothing_is_written(matter):
    matter.fill()
    _break_journal(matter)
    before = _everything(matter)
    with pytest.raises(Fault):
        matter.submit()
    assert _everything(matter) == before
    with pytest.raises(Fault):
        matter.save("accounts", contact_address="别处")
    assert _everything(matter) == before
    with pytest.raises(Fault):
        commands.discard_draft(matter.platform, matter.me, matter.case_no)
    assert _everything(matter) == before


def test_where_the_journal_cannot_be_written_an_officers_action_does_not_happen(handed_in):
    _break_journal(handed_in)
    before = _everything(handed_in)
    with pytest.raises(Fault):
        handed_in.handle("accept")
    assert _everything(handed_in) == before
    with pytest.raises(Fault):
        commands.withdraw(handed_in.platform, handed_in.me, handed_in.case_no, "不办了")
    assert _everything(handed_in) == before


def test_events_tasks_and_audit_entry_of_an_action_come_together(handed_in):
    before = _everything(handed_in)
    handed_in.handle("accept")
    after = _everything(handed_in)
    grown = {n: len(after[n]) - len(before[n]) for n in before}
    assert grown["event"] >= 2
    assert grown["task"] == 2
    assert grown["audit_entry"] == 1
    assert grown["notice"] == 1


# ── returned, withdrawn ──────────────────────────────────────────────────────────────────────────


def test_a_returned_matter_is_reopened_once_however_often_it_is_asked(handed_in, who, check_whole):
    account, _ = handed_in.handling["accept"]
    wish = Wish("return", reason="请核对开户行", to="apply")
    commands.act_with_answers(
        handed_in.platform, who(account), handed_in.case_no, "accept", wish, {}
    )
    first = commands.reopen(handed_in.platform, handed_in.me, handed_in.case_no)
    assert commands.reopen(handed_in.platform, handed_in.me, handed_in.case_no) == first
    assert first.reason == "returned"
    handed_in.save("accounts", payee_bank="icbc")
    handed_in.submit()
    assert handed_in.case.status == "running"
    assert handed_in.case.answers["application"]["payee_bank"] == "icbc"
    check_whole(handed_in.platform)


def test_a_withdrawn_matter_is_closed_at_the_issuer_and_asks_nobody_any_more(handed_in):
    commands.withdraw(handed_in.platform, handed_in.me, handed_in.case_no, "家里另有安排")
    assert handed_in.case.status == "withdrawn"
    issued = handed_in.platform.journals["issuer"].search(case=handed_in.case_no)
    assert "case-closed" in {e.kind for e in issued}
    before = keeping.read_uses(handed_in.deployment, handed_in.case_no)
    fetched = commands.ask_for_case(
        handed_in.platform, handed_in.me, handed_in.case_no, "kin_record"
    )
    assert fetched.state == "refused"
    assert keeping.read_uses(handed_in.deployment, handed_in.case_no) == before
    with pytest.raises(Fault):
        commands.withdraw(handed_in.platform, handed_in.me, handed_in.case_no, "再撤一次")


def test_a_draft_is_kept_for_as_long_as_the_scenario_says(matter, clock):
    matter.begin()
    kept = timedelta(days=matter.deployment.current.retention.drafts_days)
    assert matter.draft.expires_at == clock() + kept
    clock.move(days=5)
    matter.save("who")
    assert matter.draft.expires_at == clock() + kept


def test_pages_that_were_good_for_the_first_person_are_looked_at_again_for_the_second(matter):
    matter.fill()
    assert matter.draft.done == ("who", "death", "accounts", "promises")
    matter.save("who", deceased_name="吴秀兰", deceased_id=OTHER)
    assert matter.draft.done == ("who",)
    assert matter.draft.answers["application"]["payee_bank"] == "hsbank"


def test_the_case_store_refuses_an_event_without_its_case(matter):
    row = {"case_no": "HF20260101-000000", "seq": 1, "at": matter.platform.clock(),
           "kind": "submitted", "actor": None, "step": None, "data": {}}  # fmt: skip
    with pytest.raises(IntegrityError), matter.deployment.engine.begin() as conn:
        conn.execute(insert(tables.event).values(**row))
    with matter.deployment.engine.begin() as conn:
        conn.execute(delete(tables.event))
