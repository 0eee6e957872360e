"""What the engine's values promise beside the case files."""

from datetime import datetime, timedelta

import pytest

from builder.process import case as c
from builder.process.calendar import Calendar
from builder.process.engine import RETRY, advance, correctable, find_task, fold
from builder.process.errors import EventUnknown, TaskUnknown

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


def test_a_question_waits_longer_the_oftener_it_fails(matter, calendar):
    scenario = matter.scenario_of([{"id": "ask", "kind": "query", "query": "fund"}])
    now = matter.at("03-02T09:00")
    case = advance(scenario, c.NEW, c.Submit(matter.APPLICANT, {}), now, calendar).case
    waits = []
    for _ in range(len(RETRY) + 2):
        failed = c.Answer("ask", fault="link.unreachable")
        case = advance(scenario, case, failed, now, calendar).case
        waits.append(case.pending["ask"].retry_at - now)
    assert waits == [*RETRY, RETRY[-1], RETRY[-1]]
    assert waits == sorted(waits)
    assert case.pending["ask"].attempts == len(waits)
    assert case.pending["ask"].fault == "link.unreachable"


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
