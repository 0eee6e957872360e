"""What happens by itself: reminders, due times, escalation; each once, however clocks jump."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.process import case as c
from builder.process.deadlines import next_moment
from builder.process.engine import advance, fold
from builder.process.errors import RoleWrong

STEPS = [
    {
        "id": "review",
        "kind": "task",
        "due_days": 3,
        "visible": ["/application/note"],
        "actions": ["approve", "return", "correct"],
        "return_to": ["apply"],
        "escalate": [
            {"after": 1, "do": "notify", "role": "chief"},
            {"after": 2, "do": "reassign", "role": "chief"},
        ],
    }
]
# handed in on Monday 2 March 2026: due on Thursday the 5th at 17:30, the 7th and 8th are days off


@pytest.fixture(scope="module")
def scenario(matter):
    return matter.scenario_of(STEPS)


@pytest.fixture
def handed_in(matter, scenario, calendar):
    submit = c.Submit(matter.APPLICANT, {"application": {"note": "x"}})
    return advance(scenario, c.NEW, submit, matter.at("03-02T09:00"), calendar).case


@pytest.fixture
def tick(scenario, calendar):
    """Return a function: the kinds of events that a look at the clock leads to, and the case."""

    def look(case, now):
        outcome = advance(scenario, case, c.Tick(), now, calendar)
        assert fold(scenario, outcome.events, case) == outcome.case
        return [e.kind for e in outcome.events], outcome.case

    return look


def test_a_task_reminds_is_late_and_escalates_each_at_its_time(
    matter, scenario, calendar, handed_in, tick
):
    case, seen = handed_in, []
    while (at := next_moment(scenario, case, calendar)) is not None:
        assert tick(case, at - timedelta(seconds=1))[0] == []
        kinds, case = tick(case, at)
        seen.append((at, *kinds))
    assert seen == [
        (matter.at("03-04T09:00"), "reminded"),
        (matter.at("03-05T17:30"), "overdue"),
        (matter.at("03-06T17:30"), "escalated"),
        (matter.at("03-09T17:30"), "escalated"),
    ]
    task = case.tasks["review.1"]
    assert (task.role, task.party, task.escalated) == ("chief", "lead", 2)
    assert tick(case, matter.at("04-30T09:00"))[0] == []


def test_a_clock_that_jumps_forward_lets_all_happen_once_but_no_belated_reminder(
    matter, handed_in, tick
):
    far = matter.at("05-01T09:00")
    kinds, case = tick(handed_in, far)
    assert kinds == ["overdue", "escalated", "escalated"]
    assert tick(case, far + timedelta(days=9))[0] == []


@given(hours=st.lists(st.integers(-300, 900), max_size=12))
def test_however_the_clock_jumps_nothing_happens_twice(hours, matter, scenario, calendar):
    submit = c.Submit(matter.APPLICANT, {})
    start = matter.at("03-02T09:00")
    first = advance(scenario, c.NEW, submit, start, calendar)
    case, events = first.case, list(first.events)
    for hour in hours:
        outcome = advance(scenario, case, c.Tick(), start + timedelta(hours=hour), calendar)
        case, events = outcome.case, [*events, *outcome.events]
    told = [(e.kind, e.data.get("rung")) for e in events if e.kind in TOLD]
    assert len(told) == len(set(told))
    assert told == sorted(told, key=ORDER.index)
    stored = [c.Event.from_json(json.loads(json.dumps(e.to_json()))) for e in events]
    assert fold(scenario, stored) == case
    last = max(hours, default=0)
    if last >= 24 * 8:
        assert case.tasks["review.1"].escalated == 2


TOLD = ("reminded", "overdue", "escalated")
ORDER = [("reminded", None), ("overdue", None), ("escalated", 0), ("escalated", 1)]


def test_a_reassigned_task_is_done_by_the_other_role_only(
    matter, scenario, calendar, handed_in, tick
):
    _, case = tick(handed_in, matter.at("03-10T09:00"))
    now = matter.at("03-10T10:00")
    with pytest.raises(RoleWrong):
        advance(scenario, case, c.Approve(matter.officer("lead"), "review"), now, calendar)
    chief = c.Actor("chief", "lead", "chief")
    assert advance(scenario, case, c.Approve(chief, "review"), now, calendar).case.is_ended


def test_while_the_clock_of_a_task_stands_still_nothing_comes_due(
    matter, scenario, calendar, handed_in, tick
):
    correct = c.Correct(matter.officer("lead"), "review", ("/application/note",), "unclear")
    asked = advance(scenario, handed_in, correct, matter.at("03-03T10:00"), calendar).case
    assert next_moment(scenario, asked, calendar) is None
    assert tick(asked, matter.at("04-01T09:00"))[0] == []
    mend = c.Submit(matter.APPLICANT, {"application": {"note": "y"}})
    again = advance(scenario, asked, mend, matter.at("03-10T10:00"), calendar).case
    assert tick(again, matter.at("03-10T11:00"))[0] == []
    assert next_moment(scenario, again, calendar) == matter.at("03-11T09:00")


def test_a_task_that_is_due_at_once_has_no_reminder(matter, calendar):
    scenario = matter.scenario_of([{"id": "now", "kind": "task", "due_days": 1}])
    submit = c.Submit(matter.APPLICANT, {})
    case = advance(scenario, c.NEW, submit, matter.at("03-02T10:00"), calendar).case
    assert next_moment(scenario, case, calendar) == matter.at("03-03T17:30")


def test_a_reminder_can_be_earlier_or_not_at_all(matter, calendar):
    def first(**task):
        made = matter.scenario_of([{"id": "one", "kind": "task", "due_days": 9, **task}])
        submit = c.Submit(matter.APPLICANT, {})
        case = advance(made, c.NEW, submit, matter.at("03-02T10:00"), calendar).case
        return next_moment(made, case, calendar)

    assert first() == matter.at("03-12T09:00")
    assert first(remind=5) == matter.at("03-06T09:00")
    assert first(remind=0) == matter.at("03-13T09:00")
    assert first(remind=None) == matter.at("03-13T17:30")


def test_a_case_of_before_that_knows_no_reminders_goes_on(matter, calendar):
    """Events of the first release carry neither `mend` nor anything about deadlines."""
    steps = [{"id": "ask", "kind": "query", "query": "fund"}, *STEPS]
    scenario = matter.scenario_of(steps)
    now = matter.at("03-02T09:00").isoformat()
    old = [
        ("submitted", {"account": "citizen", "party": None, "role": "applicant"}, "apply",
         {"answers": {}, "results": {}}),
        ("step_entered", None, "root", {}),
        ("step_entered", None, "ask", {}),
        ("query_asked", None, "ask", {"query": "fund"}),
        ("query_failed", None, "ask",
         {"query": "fund", "fault": "link.unreachable", "retry_at": now}),
        ("query_answered", None, "ask", {"query": "fund", "result": {"answer": True}}),
        ("step_entered", None, "review", {}),
        ("task_opened", None, "review",
         {"task": "review.1", "party": "lead", "role": "officer",
          "due_at": "2026-03-05T17:30:00+08:00", "due_certain": True}),
    ]  # fmt: skip
    events = [
        c.Event.from_json(
            {"seq": n, "at": now, "kind": kind, "actor": actor, "step": step, "data": data}
        )
        for n, (kind, actor, step, data) in enumerate(old, start=1)
    ]
    case = fold(scenario, events)
    outcome = advance(scenario, case, c.Tick(), matter.at("03-20T09:00"), calendar)
    assert [e.kind for e in outcome.events] == ["overdue", "escalated", "escalated"]
