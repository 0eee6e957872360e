"""Compute with calendar days, years 1 to 9999; moments are read in Asia/Shanghai."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta
from typing import TypeGuard
from zoneinfo import ZoneInfo

from builder.expr.numbers import is_whole
from builder.expr.tree import Value

__all__ = ["add_days", "add_months", "age", "days_between", "instant", "is_day", "part", "to_date"]

_ZONE = ZoneInfo("Asia/Shanghai")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DAYS, _LAST_YEAR = 4_000_000, 9999


def is_day(value: Value) -> TypeGuard[date]:
    """Tell whether a value is a day; a moment is none."""
    return isinstance(value, date) and not isinstance(value, datetime)


def instant(value: datetime) -> datetime:
    """Return a moment that can be compared; without an offset it is Shanghai's time."""
    return value.replace(tzinfo=_ZONE) if value.tzinfo is None else value


def part(value: Value, name: str) -> Value:
    """Return a day's ``year``, ``month`` or ``day``."""
    return getattr(value, name) if is_day(value) else None


def days_between(start: Value, end: Value) -> Value:
    """Return the days from `start` to `end`, below zero where `end` is earlier."""
    return (end - start).days if is_day(start) and is_day(end) else None


def add_days(start: Value, days: Value) -> Value:
    """Return a day so many days later; NULL outside the calendar."""
    if not is_day(start) or not is_whole(days) or abs(days) > _MOST_DAYS:
        return None
    try:
        return start + timedelta(days=days)
    except OverflowError:
        return None


def add_months(start: Value, months: Value) -> Value:
    """Return a day so many months later; one the month does not have becomes its last.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    if not is_day(start) or not is_whole(months):
        return None
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= _LAST_YEAR:
        return None
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def age(born: Value, today: date) -> Value:
    """Return full years, NULL before birth; 29 February counts as 1 March in common years."""
    if not is_day(born) or born > today:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def to_date(value: Value) -> Value:
    """Cast to a day: ISO text, or a moment's day in Shanghai."""
    if isinstance(value, datetime):
        return _day_of(value)
    if isinstance(value, str):
        return _read(value)
    return value if is_day(value) else None


def _day_of(moment: datetime) -> date | None:
    try:
        return instant(moment).astimezone(_ZONE).date()
    except OverflowError:
        return None


def _read(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
