"""Say when something happens to a case by itself: reminders, due times, escalation, giving up.

A moment is left once it was taken, and what was taken stands in the case, so that each comes once,
however many clocks look, and whichever way they jump.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from builder.process.calendar import Calendar
from builder.process.case import Case, PendingQuery, TaskState
from builder.process.plan import Plan, plan_of
from builder.scenario.model import QueryStep, Scenario

__all__ = ["Moment", "moments", "next_moment"]


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that happens at a time, nobody acting.

    Attributes:
        rung: which escalation of the task's step, from 0.
        name: the task's id; for ``give-up`` the query step's; for what is owed or promised the
            field's pointer.
    """

    at: datetime
    rung: int
    name: str
    kind: Literal[
        "remind",
        "overdue",
        "escalate",
        "give-up",
        "resume",
        "remind-owed",
        "overdue-owed",
        "promise-due",
    ]


def moments(plan: Plan, case: Case, calendar: Calendar) -> list[Moment]:
    """Return what has yet to happen by itself as the case stands, earliest first.

    A task whose clock stands still has none; a reminder that comes before its task, or when its
    task is late already, is left out.
    """
    if case.is_ended:
        return []
    found: list[Moment] = []
    for task in case.open_tasks:
        if task.status == "open" and task.due_at is not None:
            found += _of_task(plan, task, task.due_at, calendar)
        if task.suspension is not None and task.suspension.until is not None:
            found.append(Moment(task.suspension.until, 0, task.id, "resume"))
    if case.returned is None:
        found += _of_open_answers(plan, case, calendar)
    for pending in case.pending.values():
        found += _of_question(plan, pending, calendar)
    return sorted(found)


def next_moment(scenario: Scenario, case: Case, calendar: Calendar) -> datetime | None:
    """Return when to look at a case again though nobody acts; None: never."""
    found = moments(plan_of(scenario), case, calendar)
    return found[0].at if found else None


def _of_task(plan: Plan, task: TaskState, due_at: datetime, calendar: Calendar) -> Iterator[Moment]:
    step = plan.task(task.step)
    if task.overdue_at is None:
        yield Moment(due_at, -1, task.id, "overdue")
        if step.remind is not None and task.reminded_at is None:
            remind_at = calendar.before(due_at, step.remind)
            if remind_at > task.opened_at:
                yield Moment(remind_at, -2, task.id, "remind")
    for rung, escalation in enumerate(step.escalate):
        if rung >= task.escalated:
            at = due_at if escalation.after == 0 else calendar.due(due_at, escalation.after).at
            yield Moment(at, rung, task.id, "escalate")


def _of_open_answers(plan: Plan, case: Case, calendar: Calendar) -> Iterator[Moment]:
    """Yield what comes due of owed answers and promises; it waits while the matter is returned."""
    for owed in case.owing:
        if owed.overdue_at is not None:
            continue
        yield Moment(owed.due_at, -1, owed.field, "overdue-owed")
        remind = plan.deferrals[owed.field].remind
        if remind is not None and owed.reminded_at is None:
            remind_at = calendar.before(owed.due_at, remind)
            if remind_at > owed.since:
                yield Moment(remind_at, -2, owed.field, "remind-owed")
    for promised in case.promises.values():
        is_open = promised.kept is None and promised.told_at is None
        if promised.verify_at is not None and is_open:
            yield Moment(promised.verify_at, 0, promised.field, "promise-due")


def _of_question(plan: Plan, pending: PendingQuery, calendar: Calendar) -> Iterator[Moment]:
    step = plan.nodes[pending.step].step
    if isinstance(step, QueryStep) and step.give_up_days is not None:
        at = calendar.due(pending.asked_at, step.give_up_days).at
        yield Moment(at, 0, pending.step, "give-up")
