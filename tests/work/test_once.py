"""However many workers look, a thing is done once; whatever dies, it is done in the end."""

from __future__ import annotations

import os
import threading
from collections import Counter

import pytest
from sqlalchemy import select

from builder.cases import due
from builder.store import cases as tables
from builder.work import work_once
from builder.work.queue import Job, Queue
from federation.store import read
from tests.work.conftest import no_events

FRAGMENT = "/v1/fragment"


def answered(matter) -> int:
    return sum(e.kind == "query_answered" and e.step == "ask-fund" for e in matter.stored.events)


@pytest.fixture
def waiting(line, cases, clock):
    """Three cases that wait for the housing fund, which is back by now, and whose time has come."""
    fund = line("housing-fund")
    fund.cut()
    found = cases(3)
    assert all(list(m.case.pending) == ["ask-fund"] for m in found)
    fund.mend()
    fund.asked.clear()
    clock.move(minutes=1)
    return found


def test_two_workers_that_look_at_once_never_queue_the_same(waiting, worker):
    workers = [worker() for _ in range(4)]
    together = threading.Barrier(len(workers))

    def look(one):
        together.wait()
        one.scan(chores=False)

    threads = [threading.Thread(target=look, args=(one,)) for one, _ in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asked = Counter(job.args[2:] for _, jobs in workers for job in jobs if job.kind == "ask")
    assert asked == Counter({(m.case_no, "ask-fund"): 1 for m in waiting})


def test_four_workers_at_once_ask_each_question_once(platform, waiting, worker, line, check_whole):
    workers = [worker() for _ in range(4)]

    def work(one, jobs):
        for _ in range(6):
            one.scan(chores=False)
            while jobs:
                one.perform(jobs.pop(0))

    threads = [threading.Thread(target=work, args=pair) for pair in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answered(m) for m in waiting] == [1, 1, 1]
    assert line("housing-fund").asked[FRAGMENT] == len(waiting)
    assert all("pay-fund" in m.open_steps for m in waiting)
    check_whole(platform)


def test_what_a_dead_worker_held_is_done_by_another_once_the_claim_has_run_out(
    platform, waiting, worker, clock
):
    dead, jobs = worker()
    dead.scan(chores=False)
    assert len(jobs) == len(waiting)
    work_once(platform, checkpoint=False)
    assert [answered(m) for m in waiting] == [0, 0, 0]
    clock.now += due.HOLD
    work_once(platform, checkpoint=False)
    assert [answered(m) for m in waiting] == [1, 1, 1]


def test_a_dead_worker_that_comes_back_to_life_finds_its_work_done(
    platform, waiting, worker, clock, line
):
    late, jobs = worker()
    late.scan(chores=False)
    clock.now += due.HOLD
    work_once(platform, checkpoint=False)
    for job in jobs:
        late.perform(job)
    assert [answered(m) for m in waiting] == [1, 1, 1]
    assert line("housing-fund").asked[FRAGMENT] == len(waiting)


def test_an_answer_that_comes_after_another_took_over_is_taken_once(
    platform, waiting, worker, clock, line, check_whole
):
    fund = line("housing-fund")
    fund.hold()
    slow, jobs = worker()
    slow.scan(chores=False)
    thread = threading.Thread(target=slow.perform, args=(jobs[0],))
    thread.start()
    assert fund.entered.acquire(timeout=30)
    clock.now += due.HOLD  # nobody confirmed the claim meanwhile
    fund.let_go()
    work_once(platform, checkpoint=False)
    thread.join()
    assert [answered(m) for m in waiting] == [1, 1, 1]
    check_whole(platform)


def test_a_claim_that_is_confirmed_does_not_run_out(platform, waiting, worker, clock):
    slow, jobs = worker()
    slow.scan(chores=False)
    deployment, held = slow._held(jobs[0])
    clock.now += due.HOLD / 2
    assert due.confirm(deployment.engine, held, clock())
    clock.now += due.HOLD * 0.75
    work_once(platform, checkpoint=False)
    assert sum(answered(m) for m in waiting) == 2
    slow.perform(jobs[0])
    assert [answered(m) for m in waiting] == [1, 1, 1]


def test_a_crash_between_asking_and_writing_loses_nothing(platform, waiting, worker, check_whole):
    with no_events(waiting[0].deployment.engine):
        one, jobs = worker()
        one.scan(chores=False)
        for job in jobs:
            one.perform(job)
        assert [answered(m) for m in waiting] == [0, 0, 0]
    check_whole(platform)
    work_once(platform, checkpoint=False)
    assert [answered(m) for m in waiting] == [1, 1, 1]
    check_whole(platform)


def test_what_goes_wrong_in_the_program_is_left_alone_for_a_while_and_never_in_a_tight_loop(
    waiting, worker
):
    with no_events(waiting[0].deployment.engine):
        one, jobs = worker()
        one.scan(chores=False)
        first = [job for job in jobs if job.kind == "ask"]
        assert len(first) == len(waiting)
        while jobs:
            one.perform(jobs.pop(0))
        one.scan(chores=False)
        assert not [job for job in jobs if job.kind == "ask"]


def test_a_queue_file_that_is_deleted_costs_time_and_nothing_else(
    platform, waiting, worker, clock, tmp_path
):
    one, _ = worker()
    queue = Queue(tmp_path / "work.db", one.perform, threads=2)
    one.put = queue.put
    assert one.scan(chores=False) == len(waiting)
    queue.close()
    for file in tmp_path.glob("work.db*"):
        file.unlink()
    again = Queue(tmp_path / "work.db", one.perform, threads=2)
    assert list(again.drain()) == []
    again.close()
    clock.now += due.HOLD
    work_once(platform, checkpoint=False)
    assert [answered(m) for m in waiting] == [1, 1, 1]


def test_a_queue_file_that_is_no_queue_is_made_anew(tmp_path):
    (tmp_path / "work.db").write_bytes(b"not a database" * 100)
    done = threading.Event()
    queue = Queue(tmp_path / "work.db", lambda _: done.set(), threads=1)
    queue.put(Job("ask", ("a", "b"), "lane"))
    queue.start()
    assert done.wait(30)
    assert queue.stop(30)
    queue.close()


def test_the_queue_of_a_process_that_is_gone_is_forgotten(tmp_path):
    queue = Queue(tmp_path / "work.db", lambda _: None, threads=1)
    queue._huey.storage.name = queue._huey.storage.name.replace(str(os.getpid()), "9" * 9)
    queue.put(Job("ask", ("a",)))
    assert queue._huey.storage.queue_size() == 1
    other = Queue(tmp_path / "work.db", lambda _: None, threads=1)
    assert queue._huey.storage.queue_size() == 0
    queue.close()
    other.close()


def test_what_is_held_is_given_back_at_the_end(waiting, worker):
    one, jobs = worker()
    one.scan(chores=False)
    for job in jobs:
        one.give_back(job)
    with read(waiting[0].deployment.engine) as conn:
        assert set(conn.scalars(select(tables.pending_query.c.claimed_by))) == {None}


def test_a_clock_that_was_set_back_puts_nothing_off(platform, line, clock, cases):
    clock.move(hours=5)
    line("housing-fund").cut()
    (waiting,) = cases(1)
    line("housing-fund").mend()
    clock.move(hours=-4)
    assert waiting.case.pending["ask-fund"].retry_at > clock()
    work_once(platform, checkpoint=False)
    assert answered(waiting) == 1


def test_a_claim_made_by_a_clock_that_ran_ahead_is_nobodys(platform, waiting, worker, clock):
    clock.move(hours=5)
    dead, jobs = worker()
    dead.scan(chores=False)
    assert jobs
    clock.move(hours=-5)
    work_once(platform, checkpoint=False)
    assert [answered(m) for m in waiting] == [1, 1, 1]
