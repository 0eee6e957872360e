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

from builder.process import errors
from builder.process.calendar import SHANGHAI, Calendar
from builder.process.case import (
    NEW,
    Action,
    Actor,
    Answer,
    Answers,
    Approve,
    Case,
    Correct,
    Event,
    EventKind,
    PendingQuery,
    Reject,
    Return,
    Submit,
    TaskState,
    Tick,
    Withdraw,
)
from builder.process.deadlines import Moment, moments
from builder.process.fold import FINISHED, apply_event, fold_events
from builder.process.plan import Node, Plan, plan_of
from builder.process.retry import wait
from builder.process.scope import Scope
from builder.scenario.model import (
    APPLICANT,
    APPLY,
    PARAMS,
    Branch,
    Choice,
    Issue,
    Json,
    Notify,
    Parallel,
    QueryStep,
    Scenario,
    Task,
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
    walk = _Walk(plan_of(scenario), case, now, calendar)
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


def find_task(case: Case, task: str) -> TaskState:
    """Return a task by its id, or the newest task of a step by the step's id.

    Raises:
        TaskUnknown: there is none.
    """
    if task in case.rounds:
        task = f"{task}.{case.rounds[task]}"
    if task not in case.tasks:
        raise errors.TaskUnknown(task=task)
    return case.tasks[task]


# ── Walking the tree ─────────────────────────────────────────────────────────────────────────────


class _Walk:
    """Collect the events of one action, keeping the case up with them."""

    def __init__(self, plan: Plan, case: Case, now: datetime, calendar: Calendar) -> None:
        if now.tzinfo is None:
            raise ValueError("now must be aware")
        self.plan = plan
        self.case = case
        self.now = now if case.updated_at is None else max(now, case.updated_at)
        self.calendar = calendar
        self.events: list[Event] = []

    def emit(
        self,
        kind: EventKind,
        node: str | None = None,
        actor: Actor | None = None,
        **data: Json,
    ) -> None:
        """Add an event and apply it."""
        event = Event(self.case.seq + 1, self.now, kind, actor, node, data)
        self.events.append(event)
        self.case = apply_event(self.plan, self.case, event)

    def is_finished(self, node: Node) -> bool:
        """Tell whether a step no longer holds up what comes after it."""
        return self.case.steps.get(node.id) in FINISHED

    def start(self) -> None:
        """Enter the process at its root."""
        self.enter(self.plan.root)
        self.go_on(self.plan.root)

    def enter(self, node: Node) -> None:
        """Enter a step and walk until it waits for somebody or is finished."""
        self.emit("step_entered", node.id)
        if node.is_ordered:
            self.proceed(node, 0)
            return
        match node.step:
            case Task():
                self.open_task(node.step)
            case QueryStep(query=query):
                self.emit("query_asked", node.id, query=query)
            case Notify(notice=notice):
                self.emit("notice_sent", node.id, notice=notice)
            case Issue(document=document):
                made = sum(d.document == document for d in self.case.documents.values())
                self.emit("document_issued", node.id, document=document, round=made + 1)
            case Parallel() | Choice():
                self.split(node)

    def proceed(self, ordered: Node, index: int) -> None:
        """Enter the children from `index` on until one waits."""
        for child in ordered.inner[index:]:
            self.enter(self.plan.nodes[child])
            if not self.is_finished(self.plan.nodes[child]):
                return

    def go_on(self, node: Node) -> None:
        """Walk on from a step as far as its being finished carries."""
        while self.is_finished(node):
            if node.parent is None:
                self.emit("completed")
                return
            if node.parent.is_ordered and not self.is_finished(node.parent):
                self.proceed(node.parent, node.index + 1)
            node = node.parent

    def split(self, node: Node) -> None:
        """Enter the branches of a split whose condition is met; say which are skipped."""
        taken = self.taken(node)
        for arm in node.inner:
            if arm not in taken:
                self.emit("branch_skipped", arm)
        for arm in taken:
            self.enter(self.plan.nodes[arm])

    def taken(self, node: Node) -> list[str]:
        """Return the branches to take, all judged by the answers as they stand now."""
        scope = Scope(self.plan.scenario, self.case)
        today = self.now.astimezone(SHANGHAI).date()
        arms = [self.plan.nodes[arm] for arm in node.inner]
        met = [arm.id for arm in arms if arm.when and arm.when(scope, today) is True]
        free = [arm.id for arm in arms if arm.when is None]
        if isinstance(node.step, Choice):
            return (met or free)[:1]
        return [arm.id for arm in arms if arm.id in met or arm.id in free]

    def open_task(self, task: Task) -> None:
        """Open a new task of a step, due in its working days."""
        due = None if task.due_days is None else self.calendar.due(self.now, task.due_days)
        self.emit(
            "task_opened",
            task.id,
            task=f"{task.id}.{self.case.rounds.get(task.id, 0) + 1}",
            party=task.party,
            role=task.role,
            due_at=None if due is None else due.at.isoformat(),
            due_certain=due is None or due.certain,
        )

    def close(self, task: TaskState, outcome: TaskAction, actor: Actor, **data: Json) -> None:
        """Record that a task is done."""
        self.emit("task_done", task.step, actor, task=task.id, outcome=outcome, **data)

    def cancel_tasks(self, inside: Iterable[Node]) -> None:
        """Cancel the open tasks of some steps."""
        ids = {node.id for node in inside}
        for task in self.case.open_tasks:
            if task.step in ids:
                self.emit("task_cancelled", task.step, task=task.id)

    def void(self, inside: Iterable[Node], cause: str) -> None:
        """Void the documents that some steps issued."""
        ids = {node.id for node in inside}
        for made in self.case.documents.values():
            if made.step in ids and made.voided_at is None:
                self.emit(
                    "document_voided",
                    made.step,
                    document=made.document,
                    round=made.round,
                    cause=cause,
                )

    def cancel_all(self) -> None:
        """Cancel every open task."""
        self.cancel_tasks(self.plan.nodes.values())


# ── The actions ──────────────────────────────────────────────────────────────────────────────────


def _submit(walk: _Walk, action: Submit) -> None:
    if action.task is not None:
        _say_yes(walk, Approve(action.actor, action.task, action.answers), "submit")
        return
    match walk.case.status:
        case "new":
            _check_starter(walk, action.actor)
            _hand_in(walk, action)
        case "returned":
            _check_applicant(walk, action.actor)
            _hand_in(walk, action)
        case "correcting":
            _check_applicant(walk, action.actor)
            _mend(walk, action)
        case _:
            raise errors.AlreadySubmitted


def _hand_in(walk: _Walk, action: Submit) -> None:
    _check_inside(action.answers, walk.plan.start_scopes, frozenset({APPLICANT.id, PARAMS}))
    walk.emit("submitted", APPLY, action.actor, **_brought(action))
    walk.start()


def _mend(walk: _Walk, action: Submit) -> None:
    corrections = walk.case.corrections
    builtin = frozenset({APPLICANT.id, PARAMS})
    _check_inside(action.answers, walk.plan.start_scopes, builtin)
    asked = {pointer for correction in corrections for pointer in correction.fields}
    other = _changed(walk, action.answers) - asked - walk.plan.follows
    if other:
        raise errors.FieldNotAsked(fields=sorted(other))
    tasks = [correction.task for correction in corrections]
    walk.emit("corrected", APPLY, action.actor, tasks=tasks, **_brought(action))
    for task_id in tasks:
        _resume(walk, walk.case.tasks[task_id])


def _resume(walk: _Walk, task: TaskState) -> None:
    if task.suspended_at is None or task.due_at is None:
        return
    due = walk.calendar.put_off(task.due_at, task.suspended_at, walk.now)
    certain = due.certain and task.due_certain
    walk.emit("resumed", task.step, task=task.id, due_at=due.at.isoformat(), due_certain=certain)


def _approve(walk: _Walk, action: Approve) -> None:
    _say_yes(walk, action, "approve")


def _say_yes(walk: _Walk, action: Approve, outcome: TaskAction) -> None:
    task = _open_task(walk, action.actor, action.task, outcome)
    _check_inside(action.answers, walk.plan.form_of(task.step))
    said: dict[str, Json] = {"remark": action.remark} if action.remark else {}
    walk.close(task, outcome, action.actor, answers=_plain(action.answers), **said)
    walk.go_on(walk.plan.nodes[task.step])


def _reject(walk: _Walk, action: Reject) -> None:
    task = _open_task(walk, action.actor, action.task, "reject")
    reason = _reason(action.reason)
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


def _return(walk: _Walk, action: Return) -> None:
    task = _open_task(walk, action.actor, action.task, "return")
    reason = _reason(action.reason)
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


def _correct(walk: _Walk, action: Correct) -> None:
    task = _open_task(walk, action.actor, action.task, "correct")
    reason = _reason(action.reason)
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


def _withdraw(walk: _Walk, action: Withdraw) -> None:
    _check_applicant(walk, action.actor)
    walk.cancel_all()
    walk.void(walk.plan.nodes.values(), "withdrawn")
    said: dict[str, Json] = {"reason": action.reason} if action.reason else {}
    walk.emit("withdrawn", None, action.actor, **said)


def _answer(walk: _Walk, action: Answer) -> None:
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


def _fail(walk: _Walk, pending: PendingQuery, fault: str, action: Answer) -> None:
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


def _tick(walk: _Walk, action: Tick) -> None:
    """Let happen what has come due, one after the other: each may change what comes next."""
    del action
    while (coming := moments(walk.plan, walk.case, walk.calendar)) and coming[0].at <= walk.now:
        _come_due(walk, coming)


def _come_due(walk: _Walk, coming: Sequence[Moment]) -> None:
    """Let the first moment happen; a reminder of what is late already would only confuse."""
    late = {m.name for m in coming if m.kind == "overdue" and m.at <= walk.now}
    moment = next(m for m in coming if m.kind != "remind" or m.name not in late)
    if moment.kind == "give-up":
        pending = walk.case.pending[moment.name]
        walk.emit("query_given_up", pending.step, query=pending.query, fault=pending.fault)
        walk.go_on(walk.plan.nodes[pending.step])
        return
    task = walk.case.tasks[moment.name]
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


def _escalate(walk: _Walk, task: TaskState, rung: int) -> None:
    taken = walk.plan.task(task.step).escalate[rung]
    walk.emit(
        "escalated",
        task.step,
        task=task.id,
        rung=rung,
        do=taken.do,
        role=taken.role,
        party=taken.party or task.party or walk.plan.scenario.meta.lead,
    )


# ── What must hold ───────────────────────────────────────────────────────────────────────────────


def _open_task(walk: _Walk, actor: Actor, task_id: str, action: TaskAction) -> TaskState:
    task = find_task(walk.case, task_id)
    _check_actor(walk, actor, task)
    if task.status == "done":
        raise errors.TaskDone(task=task.id, outcome=task.outcome)
    if task.status == "cancelled":
        raise errors.TaskCancelled(task=task.id)
    if action not in walk.plan.task(task.step).actions:
        raise errors.ActionNotAllowed(
            action=action, task=task.id, allowed=list(walk.plan.task(task.step).actions)
        )
    if task.status == "correcting" and action != "reject":
        raise errors.TaskCorrecting(task=task.id)
    return task


def _check_actor(walk: _Walk, actor: Actor, task: TaskState) -> None:
    if walk.plan.scenario.role(task.role).start:
        _check_applicant(walk, actor)
        return
    if task.party is not None and actor.party != task.party:
        raise errors.PartyWrong(task=task.id, party=task.party)
    if actor.role != task.role:
        raise errors.RoleWrong(task=task.id, role=task.role)


def _check_starter(walk: _Walk, actor: Actor) -> None:
    if actor.role not in {role.id for role in walk.plan.scenario.roles if role.start}:
        raise errors.StartNotAllowed(role=actor.role)


def _check_applicant(walk: _Walk, actor: Actor) -> None:
    if walk.case.applicant is None or actor.account != walk.case.applicant.account:
        raise errors.NotTheApplicant


def _check_inside(
    answers: Answers, scopes: frozenset[str], whole: frozenset[str] = frozenset()
) -> None:
    outside = [
        f"/{entity}/{name}"
        for entity, fields in answers.items()
        if entity not in whole
        for name in fields
        if f"/{entity}/{name}" not in scopes
    ]
    if outside:
        raise errors.AnswerOutsideForm(fields=outside)


def _changed(walk: _Walk, answers: Answers) -> set[str]:
    before, pointers = walk.case.answers, set(walk.plan.start_scopes)
    for entity in (APPLICANT.id, PARAMS):
        pointers |= {f"/{entity}/{name}" for name in answers.get(entity, {})}
    return {p for p in pointers if _value(before, p) != _value(answers, p)}


def _value(answers: Answers, pointer: str) -> Json:
    _, entity, name = pointer.split("/")
    return answers.get(entity, {}).get(name)


def _check_result(
    walk: _Walk, pending: PendingQuery, result: Mapping[str, Json] | None
) -> Mapping[str, Json]:
    columns = walk.plan.scenario.query(pending.query).columns
    extra = [name for name in result or {} if name not in columns]
    if result is None or extra:
        raise errors.AnswerUnexpected(step=pending.step, columns=extra)
    return dict(result)


def _reason(text: str) -> str:
    if not text.strip():
        raise errors.ReasonMissing
    return text.strip()


def _brought(action: Submit) -> dict[str, Json]:
    return {"answers": _plain(action.answers), "results": _plain(action.results)}


def _plain(answers: Answers) -> dict[str, Json]:
    return {entity: dict(fields) for entity, fields in answers.items()}


_ACTIONS = cast(
    "Mapping[type, Callable[[_Walk, Action], None]]",
    MappingProxyType(
        {
            Submit: _submit,
            Approve: _approve,
            Reject: _reject,
            Return: _return,
            Correct: _correct,
            Withdraw: _withdraw,
            Answer: _answer,
            Tick: _tick,
        }
    ),
)
