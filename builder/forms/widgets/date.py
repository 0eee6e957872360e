"""A calendar day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random

from builder.forms.chars import narrow
from builder.forms.errors import DateTooEarly, DateTooLate, NotADate
from builder.forms.question import Question
from builder.forms.widget import Around, Look, Widget, option_schema, same
from builder.scenario.model import Json, Text, ValueType

__all__ = ["WIDGET", "Day", "spoken"]

_LIMIT: Json = {
    "type": "string",
    "pattern": r"^(today|\d{4}-\d{2}-\d{2}|/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*)$",
    "description": "today, a day, or the pointer of a field that holds one",
}
_WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{4})(\d\d)(\d\d)"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Day(Widget):
    """An input for a day, with the browser's calendar unless the option turns it off.

    >>> q = Question("d", "date", Text("日期", "Date"), "form.day", type="date")
    >>> WIDGET.parse(["２０２６年１１月３日"], q), WIDGET.parse(["2026/11/3"], q)
    ('2026-11-03', '2026-11-03')
    """

    kind = "date"
    types = frozenset[ValueType]({"date"})
    options = option_schema(
        min=_LIMIT,
        max=_LIMIT,
        picker={"type": "boolean"},
        autocomplete={"enum": ["bday", "off"]},
    )

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the day in ISO form.

        Raises:
            NotADate: it is none, or the calendar does not have it.
        """
        found = _WRITTEN.fullmatch(narrow(raw[0]))
        if found is None:
            raise NotADate(question)
        year, month, day = (int(part) for part in found.groups() if part is not None)
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            raise NotADate(question) from None

    def validate(self, value: Json, question: Question, around: Around) -> None:
        """Check that the day is neither too early nor too late."""
        try:
            day = date.fromisoformat(str(value))
        except ValueError:
            raise NotADate(question) from None
        first, last = (_limit(question.word(name), around) for name in ("min", "max"))
        if first and day < first[0]:
            raise DateTooEarly(question, limit=first[1])
        if last and day > last[0]:
            raise DateTooLate(question, limit=last[1])

    def look(self, question: Question) -> Look:
        """Return a calendar input, or one for digits."""
        picker = question.flag("picker", default=True)
        return Look(
            width="w12",
            type="date" if picker else "text",
            inputmode="" if picker else "numeric",
            autocomplete=question.word("autocomplete", "off"),
        )

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return the day as it is written in each language."""
        try:
            return spoken(date.fromisoformat(str(value)))
        except ValueError:
            return same(str(value))

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that there is one, and not which."""
        return same("****-**-**")

    def example(self, question: Question, chance: Random, around: Around) -> Json:
        """Return a day between the limits, of the last years where there are none."""
        first, last = (_limit(question.word(name), around) for name in ("min", "max"))
        high = last[0] if last else max(around.today, first[0] if first else around.today)
        low = first[0] if first else high - timedelta(days=1000)
        return (low + timedelta(days=chance.randint(0, max((high - low).days, 0)))).isoformat()


def spoken(day: date) -> Text:
    """Return a day as people write it.

    >>> spoken(date(2026, 11, 3))
    Text(zh='2026年11月3日', en='3 November 2026')
    """
    return Text(
        f"{day.year}年{day.month}月{day.day}日", f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    )


def _limit(written: str, around: Around) -> tuple[date, Text] | None:
    if not written:
        return None
    if written == "today":
        return around.today, Text("今天", "today")
    if not written.startswith("/"):
        day = date.fromisoformat(written)
        return day, spoken(day)
    other = around.scope.get(written[1:].replace("/", "."))
    label = around.labels.get(written, same(written))
    if not isinstance(other, date):
        return None
    return other, Text(f"“{label.zh}”", f"“{label.en}”")


WIDGET = Day()
