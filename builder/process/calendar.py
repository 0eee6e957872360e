"""Count working days in Asia/Shanghai: statutory holidays, make-up days, local exceptions.

The State Council announces each year's holidays late in the year before. What the library does not
know yet is never guessed silently: such a day counts Monday to Friday and the due time says so
(`Due.certain`), until `specs/calendar/cn.json` or a newer library knows the year.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import chinese_calendar

from builder.errors import Fault, Findings
from builder.process.errors import CalendarDateTwice, CalendarEntryBroken, CalendarUnreadable

__all__ = ["SHANGHAI", "Calendar", "Due", "load_calendar"]

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY_BEGINS = time(9, 0)
DAY_ENDS = time(17, 30)

_ONE = timedelta(days=1)
_LIBRARY_YEARS = frozenset(day.year for day in chinese_calendar.holidays)
_SATURDAY = 5
_KEYS = ("years", "days", "day_begins", "day_ends")


@dataclass(frozen=True, slots=True)
class Due:
    """When a task is due, and whether the calendar knows every day on the way there."""

    at: datetime
    certain: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days of one jurisdiction.

    Attributes:
        days: exceptions to what the library says: True for a working day.
        years: years `days` covers whole, beyond the library's.
        day_ends: office hours end, local time.
        day_begins: office hours begin, local time.
    """

    days: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))
    years: frozenset[int] = frozenset()
    day_ends: time = DAY_ENDS
    day_begins: time = DAY_BEGINS

    def knows(self, day: date) -> bool:
        """Tell whether this day's kind is announced rather than assumed."""
        return day in self.days or day.year in _LIBRARY_YEARS or day.year in self.years

    def is_working(self, day: date) -> bool:
        """Tell whether offices are open; Monday to Friday where nothing is announced."""
        exception = self.days.get(day)
        if exception is not None:
            return exception
        if day.year in _LIBRARY_YEARS:
            return bool(chinese_calendar.is_workday(day))  # type: ignore[no-untyped-call]  # untyped library
        return day.weekday() < _SATURDAY

    def due(self, start: datetime, days: int) -> Due:
        """Return the end of the last of `days` working days; the first day does not count.

        Civil Code art. 201: the day on which a period begins is not counted. With 0 days, the end
        of the same working day, or of the next one where `start` falls on a day off.
        """
        return self._end_of(*self._walk(start.astimezone(SHANGHAI).date(), days))

    def before(self, due_at: datetime, days: int) -> datetime:
        """Return the beginning of the working day so many working days before a due day."""
        day = due_at.astimezone(SHANGHAI).date()
        for _ in range(days):
            day -= _ONE
            while not self.is_working(day):
                day -= _ONE
        return datetime.combine(day, self.day_begins, SHANGHAI)

    def put_off(self, due_at: datetime, stopped: datetime, went_on: datetime) -> Due:
        """Return the due time of a clock that stood still between two moments.

        `Due.certain` speaks of the days added only.
        """
        due_day = due_at.astimezone(SHANGHAI).date()
        stood = self.working_days(stopped, went_on)
        if stood == 0:
            return Due(due_at, certain=True)
        return self._end_of(*self._walk(due_day, stood))

    def working_days(self, start: datetime, end: datetime) -> int:
        """Count the working days after the day of `start` up to that of `end`; never negative."""
        day, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
        count = 0
        while day < last:
            day += _ONE
            count += self.is_working(day)
        return count

    def _walk(self, day: date, days: int) -> tuple[date, bool]:
        certain = True
        left = days
        if left == 0 and not self.is_working(day):
            left = 1
        while left > 0:
            day += _ONE
            certain = certain and self.knows(day)
            left -= self.is_working(day)
        return day, certain

    def _end_of(self, day: date, certain: bool) -> Due:
        return Due(datetime.combine(day, self.day_ends, SHANGHAI), certain)


def load_calendar(path: Path) -> Calendar:
    """Read a table of exceptions, shaped as ``specs/calendar/cn.json``.

    Raises:
        CalendarUnreadable: no such file, or not JSON.
        Findings: every entry that is wrong.
    """
    try:
        doc = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise CalendarUnreadable(file=path.name) from problem
    return _parse(doc)


def _parse(doc: object) -> Calendar:
    if not isinstance(doc, dict):
        raise Findings([CalendarEntryBroken(where="")])
    found: list[Fault] = [
        CalendarEntryBroken(where=f"/{key}")
        for key in doc
        if key not in _KEYS and not key.startswith("x-")
    ]
    years = [
        year
        for i, year in enumerate(_list(doc, "years", found))
        if _expect(type(year) is int, f"/years/{i}", found) and isinstance(year, int)
    ]
    days: dict[date, bool] = {}
    for i, entry in enumerate(_list(doc, "days", found)):
        _read_day(entry, f"/days/{i}", days, found)
    ends = _hour(doc, "day_ends", DAY_ENDS, found)
    begins = _hour(doc, "day_begins", DAY_BEGINS, found)
    if found:
        raise Findings(found)
    return Calendar(MappingProxyType(days), frozenset(years), ends, begins)


def _hour(doc: Mapping[str, object], key: str, usual: time, found: list[Fault]) -> time:
    hour = _time(doc.get(key, usual.isoformat()))
    _expect(hour is not None, f"/{key}", found)
    return hour or usual


def _read_day(entry: object, where: str, days: dict[date, bool], found: list[Fault]) -> None:
    day = _date(entry.get("date")) if isinstance(entry, dict) else None
    working = entry.get("working") if isinstance(entry, dict) else None
    if not _expect(day is not None and isinstance(working, bool), where, found) or day is None:
        return
    if day in days:
        found.append(CalendarDateTwice(where=where, date=day.isoformat()))
    days[day] = bool(working)


def _list(doc: Mapping[str, object], key: str, found: list[Fault]) -> list[object]:
    value = doc.get(key, [])
    if isinstance(value, list):
        return value
    found.append(CalendarEntryBroken(where=f"/{key}"))
    return []


def _expect(holds: bool, where: str, found: list[Fault]) -> bool:
    if not holds:
        found.append(CalendarEntryBroken(where=where))
    return holds


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _time(text: object) -> time | None:
    try:
        return time.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
