"""Let a task rest and go on, pass it to others, hurry it (挂起, 恢复, 转办, 催办)."""

from __future__ import annotations

from datetime import datetime

from builder.process import errors
from builder.process.calendar import SHANGHAI
from builder.process.case import Resume, Suspend, Transfer, Urge
from builder.process.walking import Walk, check_actor, check_applicant, find_task, given, open_task
from builder.scenario.model import Scenario

__all__ = ["is_desk", "resume", "suspend", "transfer", "urge"]


def suspend(walk: Walk, action: Suspend) -> None:
    """Let a task rest: to a day, until nothing is owed, or until somebody lets it go on."""
    task = open_task(walk, action.actor, action.task, "suspend")
    reason = given(action.reason)
    until = None
    if action.until is not None:
        until = datetime.combine(action.until, walk.calendar.day_begins, SHANGHAI)
        if until <= walk.now:
            raise errors.SuspendUntilPast
    if action.for_owed and not walk.case.owing:
        raise errors.NothingOwed
    walk.emit(
        "suspended",
        task.step,
        action.actor,
        task=task.id,
        why="officer",
        reason=reason,
        until=None if until is None else until.isoformat(),
        for_owed=action.for_owed,
    )


def resume(walk: Walk, action: Resume) -> None:
    """Let a task go on, whatever it rested for."""
    task = find_task(walk.case, action.task)
    check_actor(walk, action.actor, task)
    if task.status != "suspended":
        raise errors.NotSuspended(task=task.id)
    said = {"remark": action.remark} if action.remark else {}
    walk.resume(task, action.actor, rested=True, **said)


def transfer(walk: Walk, action: Transfer) -> None:
    """Pass a task on; its clock runs on."""
    task = open_task(walk, action.actor, action.task, "transfer")
    reason = given(action.reason)
    allowed = (task.party, walk.plan.task(task.step).party, *walk.plan.task(task.step).transfer_to)
    to = (action.party, action.role, action.account)
    may = action.party in allowed and is_desk(walk.plan.scenario, action.party, action.role)
    if not may or to == (task.party, task.role, task.assignee):
        raise errors.TransferTargetWrong(task=task.id)
    walk.emit(
        "transferred",
        task.step,
        action.actor,
        task=task.id,
        from_party=task.party,
        from_role=task.role,
        from_account=task.assignee,
        party=action.party,
        role=action.role,
        account=action.account,
        reason=reason,
    )


def is_desk(scenario: Scenario, party: str, role: str) -> bool:
    """Tell whether a party has people in a role that may act."""
    return any(r.id == role and not r.start and r.party in ("*", party) for r in scenario.roles)


def urge(walk: Walk, action: Urge) -> None:
    """Ask a desk to hurry, once a working day."""
    task = find_task(walk.case, action.task)
    if action.actor.party is None or action.actor.party != walk.plan.scenario.meta.lead:
        check_applicant(walk, action.actor)
    if task.status != "open" or task.party is None:
        raise errors.UrgeNothing
    if task.urged_at is not None and not walk.calendar.working_days(task.urged_at, walk.now):
        raise errors.UrgedToday
    walk.emit("urged", task.step, action.actor, task=task.id, party=task.party, role=task.role)
