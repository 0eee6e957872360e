"""Carry a case forward: `step` says what an action leads to, `fold` where events lead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from builder.process.calendar import Calendar
from builder.process.case import NEW, Action, Case, Event
from builder.scenario.model import Scenario


def step(
    scenario: Scenario, case: Case, action: Action, now: datetime, calendar: Calendar
) -> tuple[Event, ...]:
    """Return the events an action leads to, all of them, to be written together."""
    raise NotImplementedError


def apply(scenario: Scenario, case: Case, event: Event) -> Case:
    """Return the case after one more event."""
    raise NotImplementedError


def fold(scenario: Scenario, events: Iterable[Event], case: Case = NEW) -> Case:
    """Return the case that events lead to."""
    for event in events:
        case = apply(scenario, case, event)
    return case
