"""Working days: holidays and make-up days count as announced, a stopped clock stands still."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from builder.errors import Findings
from builder.process import case as c
from builder.process.calendar import SHANGHAI, Calendar, load_calendar
from builder.process.engine import advance
from builder.process.errors import CalendarUnreadable

SHIPPED = Path(__file__).parents[2] / "specs" / "calendar" / "cn.json"

moments = st.datetimes(  # hypothesis wants naive bounds
    datetime(2023, 1, 1),  # noqa: DTZ001
    datetime(2026, 6, 1),  # noqa: DTZ001
    timezones=st.just(SHANGHAI),
)


def days_left(calendar, now, due):
    """Count working days to a due time; negative when past."""
    if now.date() <= due.date():
        return calendar.working_days(now, due)
    return -calendar.working_days(due, now)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        ("2026-03-02", True),  # a Monday
        ("2026-03-07", False),  # a Saturday
        ("2025-10-01", False),  # National Day
        ("2025-10-08", False),  # the last day of the holiday
        ("2025-10-11", True),  # a Saturday made up for it
        ("2025-01-26", True),  # a Sunday made up for Spring Festival
        ("2031-10-01", True),  # not announced yet: a Wednesday
    ],
)
def test_a_day_is_as_announced(day, is_working, calendar):
    assert calendar.is_working(date.fromisoformat(day)) is is_working


def test_the_day_of_opening_does_not_count(matter, calendar):
    assert calendar.due(matter.at("03-02T00:01"), 1).at == matter.at("03-03T17:30")
    assert calendar.due(matter.at("03-02T23:59"), 1).at == matter.at("03-03T17:30")
    assert calendar.due(matter.at("03-06T10:00"), 1).at == matter.at("03-09T17:30")


def test_no_working_days_means_by_the_end_of_this_one_or_the_next(matter, calendar):
    assert calendar.due(matter.at("03-06T10:00"), 0).at == matter.at("03-06T17:30")
    assert calendar.due(matter.at("03-07T10:00"), 0).at == matter.at("03-09T17:30")


def test_a_moment_elsewhere_is_a_day_in_shanghai(calendar, matter):
    evening_in_london = datetime.fromisoformat("2026-03-02T20:00+00:00")
    assert calendar.due(evening_in_london, 0).at == matter.at("03-03T17:30")


def test_what_is_not_announced_is_marked_not_guessed(matter, calendar):
    assert calendar.due(matter.at("2026-03-02T09:00"), 3).certain
    assert not calendar.due(matter.at("2031-01-01T09:00"), 3).certain
    told = Calendar({date(2031, 1, 2): False}, frozenset({2031}))
    assert told.due(matter.at("2031-01-01T09:00"), 1).certain
    assert told.due(matter.at("2031-01-01T09:00"), 1).at == matter.at("2031-01-03T17:30")


def test_a_task_says_when_its_due_time_is_not_certain(matter, calendar):
    scenario = matter.scenario_of([{"id": "accept", "kind": "task", "due_days": 3}])
    submit = c.Submit(matter.APPLICANT, {})
    at = matter.at("2031-01-01T09:00")
    task = advance(scenario, c.NEW, submit, at, calendar).case.tasks["accept.1"]
    assert not task.due_certain


def test_a_local_exception_holds_over_the_library(matter):
    flood = Calendar({date(2026, 3, 3): False, date(2026, 3, 7): True}, day_ends=time(17))
    assert flood.due(matter.at("03-02T09:00"), 1).at == matter.at("03-04T17:00")
    assert flood.due(matter.at("03-06T09:00"), 1).at == matter.at("03-07T17:00")


@given(start=moments, days=st.integers(0, 60))
def test_a_due_time_lies_that_many_working_days_ahead(start, days):
    calendar = Calendar()
    due = calendar.due(start, days)
    assert calendar.is_working(due.at.date())
    assert due.at.timetz() == time(17, 30, tzinfo=SHANGHAI)
    if days:
        assert calendar.working_days(start, due.at) == days


@given(
    opened=moments,
    days=st.integers(0, 30),
    until=st.timedeltas(timedelta(0), timedelta(days=60)),
    gap=st.timedeltas(timedelta(0), timedelta(days=60)),
)
def test_a_stopped_clock_does_not_run(opened, days, until, gap):
    calendar = Calendar()
    due = calendar.due(opened, days).at
    stopped, went_on = opened + until, opened + until + gap
    assume(went_on.year <= 2026)
    later = calendar.put_off(due, stopped, went_on).at
    assert days_left(calendar, went_on, later) == days_left(calendar, stopped, due)
    assert later >= due


@given(
    days=st.integers(1, 10),
    asked=st.timedeltas(timedelta(0), timedelta(days=20)),
    mended=st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_while_a_correction_is_asked_the_task_never_becomes_overdue(days, asked, mended, matter):
    calendar = Calendar()
    actions = ["approve", "correct"]
    task = {"id": "accept", "kind": "task", "due_days": days, "actions": actions}
    scenario = matter.restored([{**task, "visible": ["/application/note"]}])
    now = matter.at("03-02T09:00")
    case = advance(scenario, c.NEW, c.Submit(matter.APPLICANT, {}), now, calendar).case
    who = matter.officer("lead")
    correct = c.Correct(who, "accept", ("/application/note",), "unclear")
    case = advance(scenario, case, correct, now + asked, calendar).case
    before = case.tasks["accept.1"]
    assert not before.is_overdue(now + asked + mended)
    answer = c.Submit(matter.APPLICANT, {"application": {"note": "x"}})
    case = advance(scenario, case, answer, now + asked + mended, calendar).case
    after = case.tasks["accept.1"]
    assert days_left(calendar, now + asked + mended, after.due_at) == days_left(
        calendar, now + asked, before.due_at
    )


def test_the_shipped_table_loads():
    assert load_calendar(SHIPPED).day_ends == time(17, 30)


def test_a_table_of_exceptions_is_read(tmp_path):
    path = tmp_path / "cn.json"
    days = [{"date": "2031-01-02", "working": False}, {"date": "2031-01-04", "working": True}]
    path.write_text(json.dumps({"years": [2031], "days": days, "day_ends": "17:00"}), "utf-8")
    table = load_calendar(path)
    assert table.knows(date(2031, 5, 5))
    assert not table.is_working(date(2031, 1, 2))
    assert table.is_working(date(2031, 1, 4))
    assert table.day_ends == time(17)


def test_a_broken_table_is_told_everything_that_is_wrong(tmp_path):
    path = tmp_path / "cn.json"
    day = {"date": "2031-01-02", "working": False}
    doc = {
        "years": [2031, "2032"],
        "days": [day, day, {"date": "2031-02-30", "working": True}, {"date": "2031-01-03"}, 7],
        "day_ends": "late",
        "holidays": [],
    }
    path.write_text(json.dumps(doc), "utf-8")
    with pytest.raises(Findings) as raised:
        load_calendar(path)
    assert sorted((f.code, f.where) for f in raised.value.findings) == [
        ("process.calendar-date-twice", "/days/1"),
        ("process.calendar-entry-broken", "/day_ends"),
        ("process.calendar-entry-broken", "/days/2"),
        ("process.calendar-entry-broken", "/days/3"),
        ("process.calendar-entry-broken", "/days/4"),
        ("process.calendar-entry-broken", "/holidays"),
        ("process.calendar-entry-broken", "/years/1"),
    ]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"days": {}}', '{"years": 5}'])
def test_a_table_that_is_none_is_a_fault(tmp_path, text):
    path = tmp_path / "cn.json"
    path.write_text(text, "utf-8")
    with pytest.raises((Findings, CalendarUnreadable)):
        load_calendar(path)


def test_a_table_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(CalendarUnreadable):
        load_calendar(tmp_path / "nowhere.json")
