"""What the engine's values promise beside the case files."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.process import case as c
from builder.process.calendar import Calendar
from builder.process.engine import advance, correctable, find_task, fold
from builder.process.errors import EventUnknown, TaskUnknown
from builder.process.retry import MEND, wait

APPLICANT = c.Actor("citizen", None, "applicant")
STEPS = [
    {
        "id": "accept",
        "kind": "task",
        "due_days": 3,
        "visible": ["/applicant/name", "/application/note", "/application/total"],
        "actions": ["approve", "return", "correct"],
        "return_to": ["apply"],
    }
]


@pytest.fixture
def run(matter, calendar):
    """Return a function that carries out actions and gives the case."""
    scenario = matter.scenario_of(STEPS)

    def carried_out(*moves, case=c.NEW):
        for now, action in moves:
            case = advance(scenario, case, action, now, calendar).case
        return case

    return carried_out


def test_the_first_hand_in_dates_a_matter_for_good(run, matter):
    first, again = matter.at("03-02T09:00"), matter.at("03-04T09:00")
    back = c.Return(matter.officer("lead"), "accept", "apply", "unclear")
    submit = c.Submit(matter.APPLICANT, {})
    case = run((first, submit), (first, back), (again, submit))
    assert case.submitted_at == first
    assert case.updated_at == again
    assert case.applicant == matter.APPLICANT
    assert case.returned is None


def test_a_returned_matter_tells_why_and_by_whom(run, matter):
    now, who = matter.at("03-02T09:00"), matter.officer("lead")
    back = c.Return(who, "accept", "apply", " unclear ")
    case = run((now, c.Submit(matter.APPLICANT, {})), (now, back))
    assert case.returned == c.Returned("accept.1", "unclear", now, who)
    assert case.open_tasks == ()


def test_an_uncertain_due_time_stays_so_after_a_pause(run, matter):
    now, who = matter.at("2031-01-02T09:00"), matter.officer("lead")
    correct = c.Correct(who, "accept", ("/application/note",), "unclear")
    mend = c.Submit(matter.APPLICANT, {"application": {"note": "x"}})
    case = run((now, c.Submit(matter.APPLICANT, {})), (now, correct), (now, mend))
    assert not case.tasks["accept.1"].due_certain


def test_an_officer_may_ask_for_what_is_seen_and_was_typed(matter):
    assert correctable(matter.scenario_of(STEPS), "accept") == ("/application/note",)


def test_a_task_is_found_by_its_id_or_its_step(run, matter):
    now = matter.at("03-02T09:00")
    case = run((now, c.Submit(matter.APPLICANT, {})))
    assert find_task(case, "accept") is find_task(case, "accept.1") is case.tasks["accept.1"]
    with pytest.raises(TaskUnknown):
        find_task(case, "accept.2")


def failing(scenario, calendar, start, times, **failure):
    """Ask again whenever it is time and fail; return the waits and the case."""
    case = advance(scenario, c.NEW, c.Submit(APPLICANT, {}), start, calendar).case
    waits, now = [], start
    for _ in range(times):
        case = advance(scenario, case, c.Answer("ask", **failure), now, calendar).case
        waits.append(case.pending["ask"].retry_at - now)
        now = case.pending["ask"].retry_at
    return waits, case


ASKING = [{"id": "ask", "kind": "query", "query": "fund"}]


def test_a_silent_department_is_asked_often_at_first_and_seldom_later(matter, calendar):
    start = matter.at("03-02T09:00")
    waits, case = failing(matter.scenario_of(ASKING), calendar, start, 60, fault="link.unreachable")
    assert [w.seconds for w in waits[:4]] == [2, 4, 8, 8]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=10)
    assert sum(waits[:17], timedelta()) >= timedelta(minutes=2)
    pending = case.pending["ask"]
    assert (pending.attempts, pending.since, pending.fault, pending.mend) == (
        60, start, "link.unreachable", False,
    )  # fmt: skip


def test_what_a_person_must_mend_is_asked_again_slowly(matter, calendar):
    failure = {"fault": "trust.not-granted", "mend": True}
    waits, case = failing(
        matter.scenario_of(ASKING), calendar, matter.at("03-02T09:00"), 7, **failure
    )
    assert waits == [*MEND, MEND[-1], MEND[-1]]
    assert case.pending["ask"].mend


@given(attempts=st.integers(0, 200), waited=st.timedeltas(timedelta(), timedelta(days=30)),
       mend=st.booleans(), jitter=st.floats(0, 1))  # fmt: skip
def test_a_wait_is_never_nothing_and_never_for_ever(attempts, waited, mend, jitter):
    plain = wait(attempts, waited, mend=mend)
    spread = wait(attempts, waited, mend=mend, jitter=jitter)
    assert timedelta(seconds=2) <= plain <= timedelta(hours=1)
    assert abs(spread - plain) <= plain * 0.151


def test_a_question_may_be_given_up_so_that_a_person_looks_by_hand(matter, calendar):
    steps = [
        {"id": "ask", "kind": "query", "query": "fund", "give_up_days": 1},
        {"id": "look", "kind": "task"},
    ]
    scenario, start = matter.scenario_of(steps), matter.at("03-02T09:00")
    _, case = failing(scenario, calendar, start, 3, fault="link.unreachable")
    early = advance(scenario, case, c.Tick(), matter.at("03-03T17:29"), calendar)
    assert early.events == ()
    late = advance(scenario, case, c.Tick(), matter.at("03-03T17:30"), calendar)
    assert [e.kind for e in late.events] == ["query_given_up", "step_entered", "task_opened"]
    assert late.case.unanswered == {"ask"}
    assert late.case.pending == {}
    assert "fund" not in late.case.results
    assert fold(scenario, late.events, case) == late.case


def test_an_event_of_a_later_version_is_a_fault(matter):
    stored = c.Event(7, matter.at("03-02T09:00"), "completed").to_json()
    with pytest.raises(EventUnknown) as raised:
        c.Event.from_json({**stored, "kind": "delegated"})
    assert raised.value.facts == {"kind": "delegated", "seq": 7}


def test_a_clock_without_zone_is_a_mistake_of_ours(run, matter):
    naive = datetime(2026, 3, 2)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        run((naive, c.Submit(matter.APPLICANT, {})))


def test_the_platform_acts_without_an_actor(matter):
    scenario = matter.scenario_of([{"id": "ask", "kind": "query", "query": "fund"}])
    now = matter.at("03-02T09:00")
    first = advance(scenario, c.NEW, c.Submit(matter.APPLICANT, {}), now, Calendar())
    actors = [event.actor for event in first.events]
    assert actors == [matter.APPLICANT, *[None] * (len(actors) - 1)]
    later = now + timedelta(minutes=1)
    second = advance(scenario, first.case, c.Answer("ask", {}), later, Calendar())
    assert {event.actor for event in second.events} == {None}
    assert fold(scenario, second.events, first.case) == second.case
    assert second.case.status == "completed"
    assert second.case.ended_at == later
