"""One silent department delays its own branch and nothing else, and is noticed when it is back."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from builder.cases import governance, settling
from builder.work import work_once, work_until
from federation.store import write

FRAGMENT = "/v1/fragment"
OTHERS = {"pension_check", "household_check", "medical_check"}


@pytest.fixture
def at_work(platform):
    """Run a real worker, queue, threads and all, for the length of a block."""
    stop, started = threading.Event(), threading.Event()
    found = []

    def ready(worker):
        found.append(worker)
        started.set()

    thread = threading.Thread(
        target=work_until, args=(platform, stop), kwargs={"threads": 6, "ready": ready}
    )

    def start():
        thread.start()
        assert started.wait(30)
        return found[0]

    yield start
    stop.set()
    if found:
        found[0].nudge.set()
    if thread.ident:
        thread.join(60)
        assert not thread.is_alive()


def until(condition, what: str, tries: int = 600) -> None:
    """Wait for something that threads bring about."""
    ticking = threading.Event()
    for _ in range(tries):
        if condition():
            return
        ticking.wait(0.05)
    raise AssertionError(what)


def test_a_slow_department_holds_up_neither_other_branches_nor_other_cases(
    platform, line, cases, matter, clock, at_work, check_whole
):
    fund, medical = line("housing-fund"), line("medical-insurance")
    fund.cut()
    slow = cases(6)  # more than one lane's width
    fund.mend()
    medical.cut()
    quick = matter.fill(fund_requested=False)
    quick.submit()
    quick.handle("accept", "verify-death")
    fund.hold()
    clock.move(minutes=1)
    at_work()
    assert fund.entered.acquire(timeout=30)
    quick.handle("verify-cremation")
    assert list(quick.case.pending) == ["ask-medical"]
    medical.mend()
    clock.move(seconds=10)
    until(lambda: not quick.case.pending, "the quick one is answered meanwhile")
    assert all(list(m.case.pending) == ["ask-fund"] for m in slow)
    fund.let_go()
    for _ in range(3):
        clock.move(minutes=1)
        until(lambda: not any(m.case.pending for m in slow), "the slow ones are answered", 60)
    check_whole(platform)


def test_who_acts_does_not_wait_for_a_slow_department(line, matter):
    fund = line("housing-fund")
    fund.cut()
    matter.fill().submit()
    matter.handle("accept", "verify-death")
    fund.mend()
    fund.hold()
    matter.handle("verify-cremation")
    assert list(matter.case.pending) == ["ask-fund"]
    assert set(matter.case.results) >= OTHERS
    fund.let_go()
    until(lambda: not matter.case.pending, "its answer is taken when it comes")
    assert fund.asked[FRAGMENT] == 1


def test_a_case_goes_on_by_itself_when_its_department_is_back(
    platform, line, cases, clock, at_work, check_whole
):
    fund = line("housing-fund")
    fund.cut()
    waiting = cases(2)
    at_work()
    clock.move(seconds=3)
    until(lambda: all(m.case.pending["ask-fund"].attempts > 1 for m in waiting), "asked anew")
    clock.move(minutes=30)  # they are asked seldom by now
    until(lambda: all(m.case.pending["ask-fund"].attempts > 2 for m in waiting), "asked anew")
    assert all(
        m.case.pending["ask-fund"].retry_at - clock() > timedelta(minutes=1) for m in waiting
    )
    fund.mend()  # nobody moves the clock: it is the look at its health that finds it
    until(lambda: not any(m.case.pending for m in waiting), "the cases go on")
    assert all("pay-fund" in m.open_steps for m in waiting)
    check_whole(platform)


def test_one_answer_wakes_all_that_wait_for_the_same_department(platform, line, cases, clock):
    fund = line("housing-fund")
    fund.cut()
    first, second = cases(2)
    deployment = first.deployment
    clock.move(minutes=10)
    work_once(platform, checkpoint=False)
    fund.mend()
    assert first.case.pending["ask-fund"].retry_at > clock()
    assert settling.ask_now(platform, deployment, first.case_no) == 0  # it was tried just now
    clock.move(seconds=4)
    assert settling.ask_now(platform, deployment, first.case_no) == 1
    assert not first.case.pending
    work_once(platform, checkpoint=False)
    assert not second.case.pending


def test_a_refusal_waits_for_a_person_and_is_asked_seldom(platform, who, matter, clock):
    (grant,) = [
        g
        for g in platform.hub.grants(owner="housing-fund")
        if g.ask.purpose == "verify" and g.state == "approved"
    ]
    platform.hub.revoke_grant(
        grant.id, platform.steward_signer("housing-fund"),
        who("steward-housing-fund").account.principal, remark="测试收回",
    )  # fmt: skip
    matter.fill().ask_departments()
    pending = matter.case.pending["ask-fund"]
    assert pending.mend
    assert pending.retry_at - clock() > timedelta(seconds=40)
    clock.move(seconds=30)
    assert work_once(platform, checkpoint=False) == 0
    assert matter.case.pending["ask-fund"].attempts == 1
    wanted = platform.hub.request_grant(grant.ask, who("designer").account.principal)
    governance.decide_grant(
        platform, who("steward-housing-fund"), wanted.id, "approve", "同意",
        platform.steward_signer("housing-fund"),
    )  # fmt: skip
    work_once(platform, checkpoint=False)
    assert not matter.case.pending


@contextmanager
def full_disk(engine):
    """Let a store grow no more, and let every event need more room."""
    with write(engine) as conn:
        conn.exec_driver_sql("CREATE TABLE ballast (weight BLOB)")
        conn.exec_driver_sql(
            "CREATE TRIGGER grow BEFORE INSERT ON event "
            "BEGIN INSERT INTO ballast VALUES (zeroblob(1000000)); END"
        )
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()

    def limit(connection, _):
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    event.listen(engine, "connect", limit)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", limit)
        engine.dispose()
        with write(engine) as conn:
            conn.exec_driver_sql("DROP TRIGGER grow")
            conn.exec_driver_sql("DROP TABLE ballast")


def test_a_store_in_trouble_is_left_alone_and_then_work_goes_on(
    platform, line, cases, clock, worker
):
    line("housing-fund").cut()
    (waiting,) = cases(1)
    line("housing-fund").mend()
    clock.move(minutes=1)
    one, jobs = worker()
    one.scan(chores=False)
    (job,) = [j for j in jobs if j.kind == "ask"]
    with full_disk(waiting.deployment.engine):
        one.perform(job)
        assert one.is_paused()
    assert waiting.case.pending
    clock.move(minutes=1)
    work_once(platform, checkpoint=False)
    assert not waiting.case.pending
