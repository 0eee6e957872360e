"""A step issues a document: event, number, hash, journal and statement in one transaction."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from proving import write_proving
from sqlalchemy import select, text

from builder.app import bring, opened, rehearsal
from builder.cases import commands, documents, keeping, views, walks
from builder.cases.commands import Wish
from builder.cases.errors import DocumentGone, DocumentLanguage, DocumentNotHere
from builder.documents import content_hash
from builder.documents.errors import DocumentVoided
from builder.documents.statement import read_statement
from builder.errors import Fault
from builder.process.engine import fold
from builder.store import cases as tables
from federation.store import read, write
from tests.documents.conftest import MATTER, codes_of, text_of


def rows_of(deployment, case_no):
    with read(deployment.engine) as conn:
        return conn.execute(
            select(tables.document)
            .where(tables.document.c.case_no == case_no)
            .order_by(tables.document.c.number)
        ).all()


def test_the_event_carries_number_and_hash_and_the_journal_the_same(finished):
    (event,) = [e for e in finished.stored.events if e.kind == "document_issued"]
    assert event.data["number"] == f"{finished.case_no}-01"
    row = next(r for r in rows_of(finished.deployment, finished.case_no) if r.event == event.seq)
    assert row.hash == event.data["hash"] == content_hash(row.content)
    said = read_statement(row.statement)
    entry = finished.deployment.journal.get(said.seq)
    assert (entry.kind, entry.hash) == ("document-issued", said.entry)
    assert entry.facts["content"] == row.hash
    assert said.is_signed_by(finished.platform.hub.signer.public_key)


def test_a_citizen_fetches_the_notice_in_both_languages_always_the_same(finished):
    number = f"{finished.case_no}-01"
    first = documents.fetch(finished.platform, finished.owner, number, "zh")
    finished.clock.now += timedelta(days=3)
    assert documents.fetch(finished.platform, finished.owner, number, "zh") == first
    said = text_of(first.pdf).replace("\n", "")
    assert "合肥市民政局" in said
    assert "办结通知书" in said
    assert "HKZX" in said or "注销登记编号" in said
    both = documents.fetch(finished.platform, finished.owner, number, "zh-en")
    assert "Notice of completion" in text_of(both.pdf)
    with pytest.raises(DocumentLanguage):
        documents.fetch(finished.platform, finished.owner, number, "en")


def test_the_receipt_is_issued_once_and_says_what_was_handed_in(finished):
    number = f"{finished.case_no}-R"
    one = documents.fetch(finished.platform, finished.owner, number, "zh")
    two = documents.fetch(finished.platform, finished.owner, number, "zh")
    assert one == two
    assert len([r for r in rows_of(finished.deployment, finished.case_no) if r.event is None]) == 1
    said = text_of(one.pdf).replace("\n", "")
    assert finished.case_no in said
    assert "收件回执" in said
    (code,) = codes_of(one.pdf)
    assert read_statement(code).number == number


def test_the_application_and_the_empty_form_are_printed(finished):
    filled = documents.application_form(finished.platform, finished.owner, finished.case_no, "zh")
    said = text_of(filled.pdf)
    assert "申请表" in said
    assert str(finished.stored.case.answers["application"]["deceased_name"]) in said
    empty = text_of(documents.blank_form(finished.platform, finished.deployment.id, "zh").pdf)
    assert "□ 是" in empty
    assert "逝者姓名" in empty
    assert str(finished.stored.case.answers["application"]["deceased_name"]) not in empty


def test_an_officer_of_the_issuing_department_may_fetch_and_it_is_written_down(finished):
    officer = finished.platform.accounts.named("officer-civil-affairs")
    number = f"{finished.case_no}-01"
    documents.fetch(finished.platform, officer, number, "zh")
    (entry, *_) = finished.deployment.journal.search(kind="document-fetched", limit=5)
    assert entry.actor == "officer-civil-affairs"
    assert entry.facts["number"] == number


@pytest.mark.parametrize("account", ["zhou-ming", "officer-police", "steward-police", "auditor"])
def test_nobody_else_may_and_it_reads_as_if_there_were_none(finished, account):
    who = finished.platform.accounts.named(account)
    for number in (f"{finished.case_no}-01", f"{finished.case_no}-R", "HF20260101-000000-01"):
        with pytest.raises(DocumentNotHere):
            documents.fetch(finished.platform, who, number, "zh")


def test_pages_of_the_owner_and_of_the_desk_list_what_was_issued(finished):
    page = views.case(finished.platform, finished.owner, finished.case_no)
    assert [d.number for d in page.documents] == [f"{finished.case_no}-01"]
    assert any("办结通知书" in e.text.zh for e in page.timeline)


def test_after_its_time_of_keeping_a_document_is_gone(finished):
    before = finished.clock.now
    finished.clock.now += timedelta(days=finished.stored.scenario.retention.cases_days + 60)
    with pytest.raises(DocumentGone):
        documents.fetch(finished.platform, finished.owner, f"{finished.case_no}-01", "zh")
    finished.clock.now = before


def test_events_fold_to_the_documents_of_the_case(finished):
    case = fold(finished.stored.scenario, finished.stored.events)
    assert list(case.documents) == ["completion.1"]
    assert case.documents["completion.1"].voided_at is None
    assert json.dumps([e.to_json() for e in finished.stored.events])


@pytest.fixture
def proving(home, tmp_path):
    """A small matter that gives a certificate and can take it back by a return."""
    return bring(home, write_proving(tmp_path), None, "designer").deployment


def test_a_return_voids_a_certificate_and_the_next_one_has_a_new_number(home, proving):
    with opened(home) as platform:
        me = platform.accounts.named("sun-lei")
        officer = platform.accounts.named("officer-civil-affairs")
        words = "#好 $x$ {params.x} **粗**"
        case_no = commands.apply_from_answers(platform, me, proving, {"/wish/words": words}).case_no
        act = partial(commands.act_with_answers, platform, officer, case_no)
        act("answer", Wish("approve"), {})
        first = documents.fetch(platform, me, f"{case_no}-01", "zh")
        assert words.replace(" ", "") in text_of(first.pdf).replace(" ", "")
        assert documents.check_pdf(platform, first.pdf).valid_until
        act("close", Wish("return", reason="再看一次", to="answer"), {})
        with pytest.raises(DocumentVoided):
            documents.check_pdf(platform, first.pdf)
        act("answer", Wish("approve"), {})
        act("close", Wish("approve"), {})
        stored = keeping.load_case(platform.deployments.of_case(case_no), case_no)
        second, voided = documents.documents_of(stored)
        assert (second.number, second.voided_at) == (f"{case_no}-01-2", None)
        assert (voided.number, voided.voided_at is None) == (f"{case_no}-01", False)
        again = documents.fetch(platform, me, second.number, "zh")
        assert documents.check_pdf(platform, again.pdf).number == second.number
        assert documents.fetch(platform, me, voided.number, "zh") == first
        journal = platform.deployments.of_case(case_no).journal
        assert not journal.verify(platform.clock()).findings


def test_where_the_journal_cannot_be_written_nothing_is_issued(demo_city):
    with rehearsal(demo_city) as (platform, clock):
        deployment = platform.deployments.get(MATTER)
        (walk,) = walks.read_walks(MATTER, "happy")
        *_, last = [i for i, s in enumerate(walk.steps) if s["do"] == "act"]
        outcome = walks.run(platform, clock, deployment.id, replace(walk, steps=walk.steps[:last]))
        assert outcome.fault is None, outcome.fault.message("en")
        before = keeping.load_case(deployment, outcome.case_no)
        step = walk.steps[last]
        doing = (
            platform, platform.accounts.named(step["as"]), outcome.case_no, step["task"],
            Wish("approve"), step["answers"],
        )  # fmt: skip
        with write(deployment.engine) as conn:
            conn.execute(text(
                "CREATE TRIGGER full BEFORE INSERT ON audit_entry WHEN NEW.kind = "
                "'document-issued' BEGIN SELECT RAISE(ABORT, 'full'); END"
            ))  # fmt: skip
        with pytest.raises(Fault):
            commands.act_with_answers(*doing)
        after = keeping.load_case(deployment, outcome.case_no)
        assert (after.version, len(after.events)) == (before.version, len(before.events))
        assert not rows_of(deployment, outcome.case_no)
        with write(deployment.engine) as conn:
            conn.execute(text("DROP TRIGGER full"))
        commands.act_with_answers(*doing)
        assert [r.number for r in rows_of(deployment, outcome.case_no)] == [f"{outcome.case_no}-01"]
