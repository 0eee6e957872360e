"""Carry a case forward: `step` says what an action leads to, `fold` where events lead.

Both are pure. An action that may not be done raises its Fault before anything else happens, so
there is never half an action. docs/process.md has the meaning of every action.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import cast

from builder.process import errors, owing, pausing
from builder.process.calendar import Calendar
from builder.process.case import (
    NEW,
    Action,
    Answer,
    Approve,
    Case,
    Correct,
    Event,
    EventKind,
    Extend,
    PendingQuery,
    Reject,
    Resume,
    Return,
    Submit,
    Supplement,
    Suspend,
    TaskState,
    Tick,
    Transfer,
    Urge,
    Verify,
    Waive,
    Withdraw,
)
from builder.process.deadlines import Moment, moments
from builder.process.fold import apply_event, fold_events
from builder.process.plan import plan_of
from builder.process.retry import wait
from builder.process.walking import (
    Walk,
    changed,
    check_actor,
    check_applicant,
    check_inside,
    check_starter,
    find_task,
    given,
    open_task,
    plain,
)
from builder.scenario.model import (
    APPLICANT,
    APPLY,
    PARAMS,
    Branch,
    Json,
    Scenario,
    TaskAction,
)

__all__ = ["Outcome", "advance", "apply", "find_task", "fold", "step"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action led to: the events, and the case after them."""

    events: tuple[Event, ...]
    case: Case


def step(
    scenario: Scenario, case: Case, action: Action, now: datetime, calendar: Calendar
) -> tuple[Event, ...]:
    """Return the events an action leads to, all of them, to be written together.

    Args:
        scenario: the version the case began with.
        case: as it stands; `NEW` before the hand-in.
        action: what somebody, or the platform with a query's answer, wants to do.
        now: aware; events never lie before those already there.
        calendar: for due times.

    Raises:
        ProcessFault: the action may not be done; its class says why and what can be done instead.
    """
    return advance(scenario, case, action, now, calendar).events


def advance(
    scenario: Scenario, case: Case, action: Action, now: datetime, calendar: Calendar
) -> Outcome:
    """Do what `step` does, and return the case after the events as well."""
    walk = Walk(plan_of(scenario), case, now, calendar)
    if case.is_ended:
        raise errors.CaseEnded(status=case.status)
    if case.status == "new" and not isinstance(action, Submit):
        raise errors.NotSubmitted
    _ACTIONS[type(action)](walk, action)
    return Outcome(tuple(walk.events), walk.case)


def apply(scenario: Scenario, case: Case, event: Event) -> Case:
    """Return the case after one more event."""
    return apply_event(plan_of(scenario), case, event)


def fold(scenario: Scenario, events: Iterable[Event], case: Case = NEW) -> Case:
    """Return the case that events lead to, from `case` on."""
    return fold_events(plan_of(scenario), case, events)


# ── The actions ──────────────────────────────────────────────────────────────────────────────────


def _submit(walk: Walk, action: Submit) -> None:
    if action.task is not None:
        _say_yes(walk, Approve(action.actor, action.task, action.answers), "submit")
        return
    match walk.case.status:
        case "new":
            check_starter(walk, action.actor)
            _hand_in(walk, action)
        case "returned":
            check_applicant(walk, action.actor)
            _hand_in(walk, action)
        case "correcting":
            check_applicant(walk, action.actor)
            _mend(walk, action)
        case _:
            raise errors.AlreadySubmitted


def _hand_in(walk: Walk, action: Submit) -> None:
    check_inside(action.answers, walk.plan.start_scopes, frozenset({APPLICANT.id, PARAMS}))
    owing.check_left(walk, action.left, action.answers)
    walk.emit("submitted", APPLY, action.actor, **_brought(action))
    owing.say_left(walk, action.left, action.answers, action.actor)
    walk.start()


def _mend(walk: Walk, action: Submit) -> None:
    corrections = walk.case.corrections
    builtin = frozenset({APPLICANT.id, PARAMS})
    check_inside(action.answers, walk.plan.start_scopes, builtin)
    owing.check_left(walk, action.left, action.answers)
    asked = {pointer for correction in corrections for pointer in correction.fields}
    asked |= {owed.field for owed in walk.case.owing}
    before = owing.left_before(walk.case)
    left_anew = {p for p in {*before, *action.left} if before.get(p) != action.left.get(p)}
    other = (changed(walk, action.answers) | left_anew) - asked - walk.plan.follows
    if other:
        raise errors.FieldNotAsked(fields=sorted(other))
    tasks = [correction.task for correction in corrections]
    walk.emit("corrected", APPLY, action.actor, tasks=tasks, **_brought(action))
    owing.say_left(walk, action.left, action.answers, action.actor)
    for task_id in tasks:
        task = walk.case.tasks[task_id]
        if task.suspended_at is not None and task.due_at is not None:
            walk.resume(task)
        if walk.case.is_stalled:
            walk.stall(walk.case.tasks[task_id])
    walk.settle_owed()


def _approve(walk: Walk, action: Approve) -> None:
    _say_yes(walk, action, "approve")


def _say_yes(walk: Walk, action: Approve, outcome: TaskAction) -> None:
    task = open_task(walk, action.actor, action.task, outcome)
    check_inside(action.answers, walk.plan.form_of(task.step))
    owing.refuse_held(walk, task)
    said: dict[str, Json] = {"remark": action.remark} if action.remark else {}
    walk.close(task, outcome, action.actor, answers=plain(action.answers), **said)
    walk.go_on(walk.plan.nodes[task.step])


def _reject(walk: Walk, action: Reject) -> None:
    if walk.case.waits_for_owed:
        _reject_owing(walk, action)
        return
    task = open_task(walk, action.actor, action.task, "reject")
    reason = given(action.reason)
    node = walk.plan.nodes[task.step]
    walk.close(task, "reject", action.actor, reason=reason)
    if walk.plan.task(task.step).on_reject == "case":
        walk.cancel_all()
        walk.emit("rejected", node.id, action.actor, scope="case", task=task.id, reason=reason)
        return
    branch = next(n for n in node.ancestors() if isinstance(n.step, Branch))
    walk.emit(
        "rejected",
        node.id,
        action.actor,
        scope="branch",
        branch=branch.id,
        task=task.id,
        reason=reason,
    )
    walk.go_on(branch)


def _reject_owing(walk: Walk, action: Reject) -> None:
    """End a case in which all is done and something owed never came: the lead alone decides so."""
    task = find_task(walk.case, action.task)
    check_actor(walk, action.actor, task)
    step = walk.plan.task(task.step)
    if step.party != walk.plan.scenario.meta.lead or "reject" not in step.actions:
        raise errors.TaskDone(task=task.id, outcome=task.outcome)
    reason = given(action.reason)
    walk.emit("rejected", None, action.actor, scope="case", task=task.id, reason=reason)


def _return(walk: Walk, action: Return) -> None:
    task = open_task(walk, action.actor, action.task, "return")
    reason = given(action.reason)
    allowed = walk.plan.task(task.step).return_to
    if action.to not in allowed:
        raise errors.ReturnTargetWrong(to=action.to, allowed=list(allowed))
    target = walk.plan.root if action.to == APPLY else walk.plan.nodes[action.to]
    if action.to != APPLY and walk.case.steps.get(target.id) not in ("done", "rejected"):
        raise errors.ReturnNotVisited(to=action.to)
    walk.close(task, "return", action.actor, reason=reason, to=action.to)
    walk.cancel_tasks(walk.plan.after(target))
    walk.void(walk.plan.after(target), "returned")
    walk.emit("returned", task.step, action.actor, task=task.id, to=action.to, reason=reason)
    if action.to != APPLY:
        walk.enter(target)


def _correct(walk: Walk, action: Correct) -> None:
    task = open_task(walk, action.actor, action.task, "correct")
    reason = given(action.reason)
    fields = list(dict.fromkeys(action.fields))
    if not fields:
        raise errors.CorrectionEmpty
    may = correctable(walk.plan.scenario, task.step)
    wrong = [pointer for pointer in fields if pointer not in may]
    if wrong:
        raise errors.CorrectionFieldWrong(fields=wrong)
    walk.emit(
        "correction_asked", task.step, action.actor, task=task.id, fields=fields, reason=reason
    )
    if task.due_at is not None:
        walk.emit("suspended", task.step, task=task.id)


def correctable(scenario: Scenario, step_id: str) -> tuple[str, ...]:
    """Return the pointers a task may ask to have corrected: seen there, typed by the applicant."""
    plan = plan_of(scenario)
    typed = {c.scope for c in scenario.start_form.controls() if not c.compute}
    return tuple(pointer for pointer in plan.task(step_id).visible if pointer in typed)


def _withdraw(walk: Walk, action: Withdraw) -> None:
    check_applicant(walk, action.actor)
    walk.cancel_all()
    walk.void(walk.plan.nodes.values(), "withdrawn")
    said: dict[str, Json] = {"reason": action.reason} if action.reason else {}
    finished = [t.id for t in walk.case.tasks.values() if t.outcome in ("approve", "submit")]
    walk.emit("withdrawn", None, action.actor, finished=finished, **said)


def _answer(walk: Walk, action: Answer) -> None:
    pending = walk.case.pending.get(action.step)
    if pending is None:
        raise errors.QueryNotPending(step=action.step)
    if action.asked not in (None, pending.asked):
        raise errors.AnswerLate(step=action.step)
    if action.fault is not None:
        _fail(walk, pending, action.fault, action)
        return
    result = _check_result(walk, pending, action.result)
    walk.emit("query_answered", pending.step, query=pending.query, result=result)
    walk.go_on(walk.plan.nodes[pending.step])


def _fail(walk: Walk, pending: PendingQuery, fault: str, action: Answer) -> None:
    waited = walk.now - (pending.since or walk.now)
    again = walk.now + wait(pending.attempts, waited, mend=action.mend, jitter=action.jitter)
    walk.emit(
        "query_failed",
        pending.step,
        query=pending.query,
        fault=fault,
        retry_at=again.isoformat(),
        mend=action.mend,
        facts=dict(action.facts),
    )


def _tick(walk: Walk, action: Tick) -> None:
    """Let happen what has come due, one after the other: each may change what comes next."""
    del action
    while (coming := moments(walk.plan, walk.case, walk.calendar)) and coming[0].at <= walk.now:
        _come_due(walk, coming)


def _come_due(walk: Walk, coming: Sequence[Moment]) -> None:
    """Let the first moment happen; a reminder of what is late already would only confuse."""
    late = {m.name for m in coming if m.kind in ("overdue", "overdue-owed") and m.at <= walk.now}
    moment = next(m for m in coming if not m.kind.startswith("remind") or m.name not in late)
    if moment.kind == "give-up":
        pending = walk.case.pending[moment.name]
        walk.emit("query_given_up", pending.step, query=pending.query, fault=pending.fault)
        walk.go_on(walk.plan.nodes[pending.step])
        return
    if moment.kind in _OWED:
        _owed_moment(walk, moment)
        return
    task = walk.case.tasks[moment.name]
    if moment.kind == "resume":
        walk.resume(task, rested=True)
        return
    if moment.kind == "escalate":
        _escalate(walk, task, moment.rung)
        return
    walk.emit(
        "reminded" if moment.kind == "remind" else "overdue",
        task.step,
        task=task.id,
        due_at=None if task.due_at is None else task.due_at.isoformat(),
        party=task.party,
        role=task.role,
    )


_OWED: Mapping[str, EventKind] = MappingProxyType(
    {
        "remind-owed": "owed_reminded",
        "overdue-owed": "owed_overdue",
        "promise-due": "promise_due",
    }
)


def _owed_moment(walk: Walk, moment: Moment) -> None:
    """Remind of what is owed, tell that it is late, or that a promise should be looked into."""
    walk.emit(_OWED[moment.kind], APPLY, field=moment.name)
    if moment.kind == "overdue-owed" and walk.case.is_stalled:
        for task in walk.case.open_tasks:
            walk.stall(task)


def _escalate(walk: Walk, task: TaskState, rung: int) -> None:
    """Let a rung happen. Who took a task over keeps it where the rung's role is not theirs."""
    step = walk.plan.task(task.step)
    taken = step.escalate[rung]
    party = taken.party or step.party or walk.plan.scenario.meta.lead
    do = taken.do
    if do == "reassign" and task.party is not None and task.party != party:
        do = "notify"
    walk.emit("escalated", task.step, task=task.id, rung=rung, do=do, role=taken.role, party=party)


def _check_result(
    walk: Walk, pending: PendingQuery, result: Mapping[str, Json] | None
) -> Mapping[str, Json]:
    columns = walk.plan.scenario.query(pending.query).columns
    extra = [name for name in result or {} if name not in columns]
    if result is None or extra:
        raise errors.AnswerUnexpected(step=pending.step, columns=extra)
    return dict(result)


def _brought(action: Submit) -> dict[str, Json]:
    brought: dict[str, Json] = {
        "answers": plain(action.answers),
        "results": plain(action.results),
    }
    return brought | ({"left": dict(action.left)} if action.left else {})


_ACTIONS = cast(
    "Mapping[type, Callable[[Walk, Action], None]]",
    MappingProxyType(
        {
            Submit: _submit,
            Approve: _approve,
            Reject: _reject,
            Return: _return,
            Correct: _correct,
            Supplement: owing.supplement,
            Extend: owing.extend,
            Waive: owing.waive,
            Verify: owing.verify,
            Suspend: pausing.suspend,
            Resume: pausing.resume,
            Transfer: pausing.transfer,
            Urge: pausing.urge,
            Withdraw: _withdraw,
            Answer: _answer,
            Tick: _tick,
        }
    ),
)
