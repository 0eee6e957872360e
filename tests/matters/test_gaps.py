"""What is owed, promised, at rest, passed on and hurried, as a matter's people do it."""

from __future__ import annotations

import re
from datetime import timedelta

import pypdfium2
import pytest
from sqlalchemy import select

from builder.cases import commands, documents, views
from builder.cases.commands import Wish
from builder.identity import Account
from builder.process.errors import AssigneeWrong, NothingOwed, SupplementReturned, UrgedToday
from builder.store import cases as tables
from federation.store import read

NUMBER = "/application/kin_proof_no"
ZHOU = {
    "deceased_name": "周德福",
    "deceased_id": "340100193602209096",
    "relation": "grandchild",
    "kin_proof": "household_book",
    "kin_proof_no": None,
    "kin_proof_no~later": True,
    "death_certificate_no": "SW3401009000004",
    "death_date": "2026-10-09",
    "death_place": "home",
    "cremated": False,
}


@pytest.fixture
def owing(matter):
    """The matter of somebody whose kinship is not registered, its proof to come later."""
    matter.applicant = "zhou-ming"
    matter.fill(**ZHOU).submit()
    return matter


def told(matter, notice):
    column = tables.notice.c
    with read(matter.deployment.engine) as conn:
        rows = conn.execute(select(column.account, column.party).where(column.notice == notice))
        return sorted(r.account or r.party for r in rows)


def test_the_receipt_says_what_is_owed_and_stays_the_same(owing):
    receipt = views.receipt(owing.platform, owing.me, owing.case_no)
    assert [(line.field, line.state) for line in receipt.owed] == [(NUMBER, "owed")]
    commands.supplement_with_answers(owing.platform, owing.me, owing.case_no, {NUMBER: "1"})
    again = views.receipt(owing.platform, owing.me, owing.case_no)
    assert again.seal == receipt.seal
    assert again.owed[0].state == "given"


def test_the_printed_receipt_says_what_is_owed_and_what_was_promised(matter):
    matter.applicant = "zhou-ming"
    promised = {"cremated": True, "cremation_no~promise": True, "cremation_date": "2026-10-12"}
    matter.fill(**{**ZHOU, **promised}).submit()
    pdf = documents.fetch(matter.platform, matter.me, f"{matter.case_no}-R", "zh").pdf
    said = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded()
    assert re.search(r"以后补交\s+材料编号（最晚\s?2026\s?年", said)
    assert re.search(r"书面承诺代替\s+火化证明编号", said)


def test_an_officer_sees_what_is_owed_and_when_it_came(owing, who):
    officer = who("officer-civil-affairs")

    def row():
        seen = views.task(owing.platform, officer, owing.case_no, "review-kinship")
        rows = [r for s in seen.visible.sections for r in s.rows if r.pointer == NUMBER]
        return rows[0], seen

    before, task = row()
    assert before.value is None
    assert before.mark.text.zh.startswith("容缺，应在")
    assert task.may_decide
    commands.supplement_with_answers(owing.platform, owing.me, owing.case_no, {NUMBER: "42"})
    after, _ = row()
    assert after.value.zh == "42"
    assert "补交" in after.mark.text.zh
    assert told(owing, "supplemented") == ["civil-affairs"]


def test_a_correction_under_way_keeps_what_is_supplied_meanwhile(owing, who):
    wish = Wish("correct", "请核对。", fields=("/application/relation",))
    officer = who("officer-civil-affairs")
    commands.act_with_answers(owing.platform, officer, owing.case_no, "review-kinship", wish, {})
    commands.reopen(owing.platform, owing.me, owing.case_no)
    commands.supplement_with_answers(owing.platform, owing.me, owing.case_no, {NUMBER: "42"})
    owing.submit()
    assert owing.case.answers["application"]["kin_proof_no"] == "42"
    assert owing.case.owed[NUMBER].status == "given"


def test_a_returned_matter_takes_what_is_owed_with_its_new_hand_in(owing, who):
    officer = who("officer-civil-affairs")
    review = {f"/kinship_review/{k}": "x" for k in ("document_no", "finding")}
    review["/kinship_review/document"] = "household_book"
    platform, case_no = owing.platform, owing.case_no
    act = commands.act_with_answers
    act(platform, officer, case_no, "review-kinship", Wish("approve"), review)
    act(platform, officer, case_no, "accept", Wish("return", "请核对。", to="apply"), {})
    with pytest.raises(SupplementReturned):
        commands.supplement_with_answers(platform, owing.me, case_no, {NUMBER: "42"})
    commands.reopen(platform, owing.me, case_no)
    owing.submit()
    assert owing.case.owed[NUMBER].status == "owed"
    commands.supplement_with_answers(platform, owing.me, case_no, {NUMBER: "42"})
    with pytest.raises(NothingOwed):
        commands.owed_page(platform, owing.me, case_no)


def test_an_applicant_hurries_a_task_once_a_working_day(handed_in):
    commands.urge(handed_in.platform, handed_in.me, handed_in.case_no, "accept")
    assert told(handed_in, "urged") == ["civil-affairs"]
    with pytest.raises(UrgedToday):
        commands.urge(handed_in.platform, handed_in.me, handed_in.case_no, "accept")
    page = views.case(handed_in.platform, handed_in.me, handed_in.case_no)
    assert not any(line.urge for line in page.parties)


def test_a_matter_taken_back_names_what_is_finished_and_tells_who_did_it(matter):
    matter.fill().ask_departments().handle("cancel-household")
    commands.withdraw(matter.platform, matter.me, matter.case_no, "另行申请")
    page = views.case(matter.platform, matter.me, matter.case_no)
    assert [t.zh for t in page.finished] == ["死亡证明", "火化证明", "户口注销"]
    assert "住房公积金提取" in [t.zh for t in page.unfinished]
    assert told(matter, "withdrawn") == ["civil-affairs", "health", "police"]
    assert matter.case.answers["household_result"]["cancel_no"]


@pytest.fixture
def colleague(platform, who):
    """A second officer of Health."""
    new = Account(
        "officer-health-2", {"zh": "钱工", "en": "Qian"}, "health", ("officer",), {"name": "钱工"}
    )
    platform.accounts.add([new], "hefei-2026")
    return who("officer-health-2")


def test_a_task_passed_to_one_person_is_in_that_persons_list_only(matter, who, colleague):
    matter.fill().ask_departments()
    officer, platform = who("officer-health"), matter.platform

    def mine(reader, **more):
        return {i.task for i in views.worklist(platform, reader, **more).items}

    task = views.task(platform, officer, matter.case_no, "settle-hospital")
    choices = [c.id for c in task.transfer_to]
    assert "health/officer/officer-health-2" in choices
    assert "medical-insurance/officer" in choices
    wish = Wish("transfer", "由其经办。", to="health/officer/officer-health-2")
    act = commands.act_with_answers
    act(platform, officer, matter.case_no, "settle-hospital", wish, {})
    assert "settle-hospital.1" not in mine(officer)
    assert "settle-hospital.1" in mine(colleague)
    assert "settle-hospital.1" in mine(officer, text=matter.case_no)
    with pytest.raises(AssigneeWrong):
        matter.handle("settle-hospital")
    seen = views.task(platform, officer, matter.case_no, "settle-hospital")
    assert seen.actions == ("transfer",)
    back = Wish("transfer", "收回。", to="health/officer")
    act(platform, officer, matter.case_no, "settle-hospital", back, {})
    matter.handle("settle-hospital")


def test_a_suspended_task_has_a_list_of_its_own_and_no_overdue(matter, who, monkeypatch):
    matter.fill().ask_departments()
    officer, platform = who("officer-housing-fund"), matter.platform
    rest = Wish("suspend", "账户冻结。")
    commands.act_with_answers(platform, officer, matter.case_no, "pay-fund", rest, {})
    found = views.worklist(platform, officer, state="suspended")
    assert [i.task for i in found.items] == ["pay-fund.1"]
    assert found.counts["suspended"] == 1
    late = platform.clock() + timedelta(days=60)
    monkeypatch.setattr(platform, "clock", lambda: late)
    assert views.worklist(platform, officer, state="overdue").counts["overdue"] == 0
    page = views.case(platform, matter.me, matter.case_no)
    [line] = [p for p in page.parties if p.party == "housing-fund"]
    assert line.state == "suspended"
