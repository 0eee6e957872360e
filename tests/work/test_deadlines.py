"""Time passes: desks are reminded, told and overruled, each once, however many workers look."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from builder.cases import commands, views
from builder.cases.errors import MayNotAct
from builder.process.calendar import SHANGHAI
from builder.scenario.load import restore
from builder.store import cases as tables
from builder.work import work_once
from federation.store import read, write

TOLD = ("reminded", "overdue", "escalated")


def told(matter) -> list[str]:
    return [e.kind for e in matter.stored.events if e.kind in TOLD]


def desk(matter) -> list[tuple[str, str, str]]:
    """Return what desks were told: notice, party, role."""
    row = tables.notice.c
    with read(matter.deployment.engine) as conn:
        rows = conn.execute(
            select(row.notice, row.party, row.role)
            .where(row.case_no == matter.case_no, row.account == "")
            .order_by(row.event)
        )
        return [tuple(r) for r in rows]


def due_of(matter):
    (task,) = matter.case.open_tasks
    return task.due_at


@pytest.fixture
def strictly(platform):
    """Return a function: a case that began with a version whose acceptance escalates.

    The lead's chief is told after one day, and has the task after two.
    """
    deployment = platform.deployments.get("s23-afterlife")
    spec = json.loads(json.dumps(deployment.current.raw, default=dict))
    accept = next(s for s in spec["process"]["steps"] if s["id"] == "accept")
    spec["roles"].append({"id": "chief", "title": {"zh": "科长", "en": "Chief"}, "party": "*"})
    accept["escalate"] = [
        {"after": 1, "do": "notify", "role": "chief"},
        {"after": 2, "do": "reassign", "role": "chief"},
    ]
    scenario = restore(spec, catalog=platform.catalog)
    with write(deployment.engine) as conn:
        conn.execute(
            insert(tables.scenario).values(
                hash=scenario.hash, version="9.9.9", spec=spec, published_at=platform.clock()
            )
        )

    def begun(matter):
        with write(deployment.engine) as conn:
            conn.execute(
                update(tables.case)
                .where(tables.case.c.case_no == matter.case_no)
                .values(scenario_hash=scenario.hash)
            )
            conn.execute(update(tables.timer).values(at=platform.clock()))
        work_once(platform, checkpoint=False)
        return matter

    return begun


def test_a_desk_is_reminded_and_told_that_a_task_is_late_once_each(platform, handed_in, clock, who):
    clock.now = due_of(handed_in).astimezone(SHANGHAI).replace(hour=9)
    at_due = due_of(handed_in)
    work_once(platform, checkpoint=False)
    before = told(handed_in)
    clock.now = at_due
    for _ in range(3):
        work_once(platform, checkpoint=False)
    assert told(handed_in) == [*before, "overdue"]
    assert desk(handed_in)[-1] == ("overdue", "civil-affairs", "officer")
    first, *_ = views.desk_notices(platform, who("officer-civil-affairs"))
    assert first.title.zh == "待办已超期：受理申请"
    assert handed_in.case_no in first.text.en
    assert views.desk_notices(platform, who("officer-police")) == ()
    clock.move(days=30)
    assert views.desk_notices(platform, who("officer-civil-affairs")) == ()


def test_a_late_task_is_told_to_the_chief_and_then_handed_to_the_chief(
    platform, handed_in, strictly, clock, who, check_whole
):
    matter = strictly(handed_in)
    clock.move(days=30)
    work_once(platform, checkpoint=False)
    assert told(matter) == ["overdue", "escalated", "escalated"]
    assert desk(matter) == [
        ("overdue", "civil-affairs", "officer"),
        ("escalated", "civil-affairs", "chief"),
        ("escalated", "civil-affairs", "chief"),
    ]
    (task,) = matter.case.open_tasks
    assert task.role == "chief"
    assert not [
        i for i in views.worklist(platform, who("officer-civil-affairs")).items
        if i.case_no == matter.case_no
    ]  # fmt: skip
    with pytest.raises(MayNotAct):
        matter.handle("accept")
    check_whole(platform)
    lines = [e.text.zh for e in views.case(platform, matter.me, matter.case_no).timeline]
    assert any("已超过办理期限" in line for line in lines)
    assert any("已督办" in line for line in lines)


def test_four_workers_at_once_tell_each_thing_once(handed_in, strictly, clock, worker):
    another = replace(handed_in, case_no="").fill()
    another.submit()
    found = [strictly(m) for m in (handed_in, another)]
    clock.move(days=30)
    together = threading.Barrier(4)

    def work(one, jobs):
        together.wait()
        for _ in range(4):
            one.scan(chores=False)
            while jobs:
                one.perform(jobs.pop(0))

    threads = [threading.Thread(target=work, args=worker()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for matter in found:
        assert told(matter) == ["overdue", "escalated", "escalated"]


def test_a_clock_that_goes_back_and_forth_tells_nothing_twice(platform, handed_in, strictly, clock):
    matter = strictly(handed_in)
    for days in (30, -29, 29, -15, 60):
        clock.move(days=days)
        work_once(platform, checkpoint=False)
    assert told(matter) == ["overdue", "escalated", "escalated"]


def test_a_task_done_in_time_tells_nothing(platform, handed_in, clock):
    handed_in.handle("accept")
    commands.withdraw(platform, handed_in.me, handed_in.case_no)
    clock.move(days=90)
    work_once(platform, checkpoint=False)
    assert told(handed_in) == []
    with read(handed_in.deployment.engine) as conn:
        assert not conn.execute(select(tables.timer)).all()


def test_a_case_of_before_the_upgrade_gets_its_times_by_itself(platform, handed_in, clock):
    """The migration leaves every running case a timer that is due at once."""
    with write(handed_in.deployment.engine) as conn:
        conn.execute(update(tables.timer).values(at=clock()))
    work_once(platform, checkpoint=False)
    assert told(handed_in) == []
    with read(handed_in.deployment.engine) as conn:
        at = conn.scalar(select(tables.timer.c.at))
    assert at is not None
    assert at > clock()
    assert at <= due_of(handed_in)
