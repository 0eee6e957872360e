"""Apply events to a case: no condition, clock or calendar is consulted, the events say all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TypeAlias, cast

from builder.process.case import (
    Answers,
    Case,
    Correction,
    Event,
    EventKind,
    Issued,
    Owed,
    PendingQuery,
    Promised,
    Returned,
    StepState,
    Suspension,
    TaskState,
)
from builder.process.plan import Node, Plan
from builder.scenario.model import APPLICANT, APPLY, PARAMS, Issue, Json, Notify, QueryStep, Task

__all__ = ["FINISHED", "apply_event", "fold_events"]

FINISHED: frozenset[StepState | None] = frozenset({"done", "skipped", "rejected"})
"""States in which a step no longer holds up what comes after it."""

_BUILT_IN = frozenset({APPLICANT.id, PARAMS})
_Apply: TypeAlias = Callable[[Plan, Case, Event], Case]
_Steps: TypeAlias = dict[str, StepState]


def apply_event(plan: Plan, case: Case, event: Event) -> Case:
    """Return the case after one more event."""
    after = _APPLY[event.kind](plan, case, event)
    return replace(after, seq=event.seq, updated_at=event.at)


def fold_events(plan: Plan, case: Case, events: Iterable[Event]) -> Case:
    """Return the case after events, one by one; where it stands is noted once, at the end."""
    last: Event | None = None
    for last in events:
        case = _APPLY[last.kind](plan, case, last)
    return case if last is None else replace(case, seq=last.seq, updated_at=last.at)


# ── Hand-in and correction ───────────────────────────────────────────────────────────────────────


def _submitted(plan: Plan, case: Case, event: Event) -> Case:
    return replace(
        _take_in(plan.start_scopes, case, event),
        applicant=case.applicant or event.actor,
        submitted_at=case.submitted_at or event.at,
        returned=None,
    )


def _corrected(plan: Plan, case: Case, event: Event) -> Case:
    tasks = dict(case.tasks)
    for task in _strings(event, "tasks"):
        tasks[task] = replace(tasks[task], status="open", correction=None)
    return replace(_take_in(plan.start_scopes, case, event), tasks=tasks)


def _deferred(_plan: Plan, case: Case, event: Event) -> Case:
    owed = Owed(
        field=_string(event, "field"),
        since=event.at,
        due_at=datetime.fromisoformat(_string(event, "due_at")),
        due_certain=bool(event.data["due_certain"]),
        consequence="suspend" if event.data["consequence"] == "suspend" else "tell",
    )
    return replace(case, owed={**case.owed, owed.field: owed})


def _promised(_plan: Plan, case: Case, event: Event) -> Case:
    verify_at = cast("str | None", event.data["verify_at"])
    promised = Promised(
        field=_string(event, "field"),
        wording=_string(event, "wording"),
        at=event.at,
        verify_at=None if verify_at is None else datetime.fromisoformat(verify_at),
    )
    return replace(case, promises={**case.promises, promised.field: promised})


def _promise_dropped(_plan: Plan, case: Case, event: Event) -> Case:
    dropped = _strings(event, "fields")
    return replace(case, promises={p: v for p, v in case.promises.items() if p not in dropped})


def _supplemented(_plan: Plan, case: Case, event: Event) -> Case:
    given = cast("Answers", event.data["answers"])
    answers = {**case.answers, **{e: {**case.answers.get(e, {}), **f} for e, f in given.items()}}
    settled = {"settled_at": event.at, "settled_by": event.actor}
    return _owed(replace(case, answers=answers), event, status="given", **settled)


def _owed_dropped(_plan: Plan, case: Case, event: Event) -> Case:
    settled = {"settled_at": event.at, "settled_by": event.actor}
    return _owed(case, event, status="dropped", **settled)


def _owed_reminded(_plan: Plan, case: Case, event: Event) -> Case:
    return _owed(case, event, reminded_at=event.at)


def _owed_overdue(_plan: Plan, case: Case, event: Event) -> Case:
    return _owed(case, event, overdue_at=event.at)


def _owed_extended(_plan: Plan, case: Case, event: Event) -> Case:
    return _owed(
        case,
        event,
        due_at=datetime.fromisoformat(_string(event, "due_at")),
        due_certain=bool(event.data["due_certain"]),
        reason=_string(event, "reason"),
        is_extended=True,
        reminded_at=None,
        overdue_at=None,
    )


def _owed_waived(_plan: Plan, case: Case, event: Event) -> Case:
    settled = {"settled_at": event.at, "settled_by": event.actor}
    return _owed(case, event, status="waived", reason=_string(event, "reason"), **settled)


def _owed(case: Case, event: Event, **changes: object) -> Case:
    fields = _strings(event, "fields") if "fields" in event.data else (_string(event, "field"),)
    changed = {f: replace(case.owed[f], **changes) for f in fields}  # type: ignore[arg-type]  # names are Owed's
    return replace(case, owed={**case.owed, **changed})


def _awaiting_owed(_plan: Plan, case: Case, _event: Event) -> Case:
    return replace(case, waits_for_owed=True)


def _promise_due(_plan: Plan, case: Case, event: Event) -> Case:
    return _promise(case, event, told_at=event.at)


def _promise_checked(_plan: Plan, case: Case, event: Event) -> Case:
    return _promise(
        case,
        event,
        kept=bool(event.data["kept"]),
        reason=_string(event, "reason"),
        checked_at=event.at,
        checked_by=event.actor,
    )


def _promise(case: Case, event: Event, **changes: object) -> Case:
    field = _string(event, "field")
    changed = replace(case.promises[field], **changes)  # type: ignore[arg-type]  # names are Promised's
    return replace(case, promises={**case.promises, field: changed})


def _take_in(scopes: frozenset[str], case: Case, event: Event) -> Case:
    given = cast("Answers", event.data.get("answers", {}))
    results = cast("Mapping[str, Mapping[str, Json]]", event.data.get("results", {}))
    return replace(
        case,
        answers=_put(case.answers, scopes, given),
        results={**case.results, **results} if results else case.results,
    )


def _put(held: Answers, scopes: frozenset[str], given: Answers) -> Answers:
    """Put a form's values in place of all that its controls held before."""
    answers = {
        entity: {name: value for name, value in fields.items() if f"/{entity}/{name}" not in scopes}
        for entity, fields in held.items()
    }
    for entity, fields in given.items():
        keep = {} if entity in _BUILT_IN else answers.get(entity, {})
        answers[entity] = {**keep, **fields}
    return answers


# ── Steps ────────────────────────────────────────────────────────────────────────────────────────


def _step_entered(plan: Plan, case: Case, event: Event) -> Case:
    node = _node(plan, event)
    steps: _Steps = {**case.steps, node.id: "active"}
    if not node.inner and not isinstance(node.step, Task | QueryStep | Notify | Issue):
        _finish(steps, node, "done")
    return replace(case, steps=steps)


def _branch_skipped(plan: Plan, case: Case, event: Event) -> Case:
    node = _node(plan, event)
    steps = dict(case.steps)
    for inner in plan.inside(node):
        steps[inner.id] = "skipped"
    _finish(steps, node, "skipped")
    return replace(case, steps=steps)


def _finish(steps: _Steps, node: Node, state: StepState) -> None:
    """Close a step, and every step around it that was waiting for this one only."""
    steps[node.id] = state
    while (parent := node.parent) is not None and _is_through(parent, node, steps):
        steps[parent.id] = "done"
        node = parent


def _is_through(parent: Node, last_done: Node, steps: Mapping[str, StepState]) -> bool:
    if parent.is_ordered:
        return last_done.index == len(parent.inner) - 1
    return all(steps.get(arm) in FINISHED for arm in parent.inner)


# ── Tasks ────────────────────────────────────────────────────────────────────────────────────────


def _task_opened(plan: Plan, case: Case, event: Event) -> Case:
    step = _node(plan, event).id
    task_id = _string(event, "task")
    due = event.data["due_at"]
    task = TaskState(
        id=task_id,
        step=step,
        party=cast("str | None", event.data["party"]),
        role=_string(event, "role"),
        opened_at=event.at,
        due_at=None if due is None else datetime.fromisoformat(cast("str", due)),
        due_certain=bool(event.data["due_certain"]),
    )
    rounds = {**case.rounds, step: case.rounds.get(step, 0) + 1}
    return replace(case, tasks={**case.tasks, task_id: task}, rounds=rounds)


def _task_done(plan: Plan, case: Case, event: Event) -> Case:
    node = _node(plan, event)
    outcome = _string(event, "outcome")
    case = _change(
        case,
        event,
        status="done",
        correction=None,
        suspended_at=None,
        done_at=event.at,
        done_by=event.actor,
        outcome=outcome,
        suspension=None,
    )
    if outcome not in ("approve", "submit"):
        return case  # what a refusal or a return does to the steps, its own event says
    steps = dict(case.steps)
    _finish(steps, node, "done")
    return replace(_take_in(plan.form_of(node.id), case, event), steps=steps)


def _task_cancelled(_plan: Plan, case: Case, event: Event) -> Case:
    return _change(
        case, event, status="cancelled", correction=None, suspended_at=None, suspension=None
    )


def _correction_asked(_plan: Plan, case: Case, event: Event) -> Case:
    asked = Correction(
        task=_string(event, "task"),
        fields=_strings(event, "fields"),
        reason=_string(event, "reason"),
        at=event.at,
        by=event.actor,
    )
    return _change(case, event, status="correcting", correction=asked)


def _suspended(_plan: Plan, case: Case, event: Event) -> Case:
    if "why" not in event.data:  # the clock of a correction; a task that rests says why
        return _change(case, event, suspended_at=event.at)
    until = cast("str | None", event.data.get("until"))
    rest = Suspension(
        at=event.at,
        by=event.actor,
        reason=cast("str | None", event.data.get("reason")),
        until=None if until is None else datetime.fromisoformat(until),
        for_owed=event.data["for_owed"] is True,
    )
    return _change(case, event, status="suspended", suspended_at=event.at, suspension=rest)


def _resumed(_plan: Plan, case: Case, event: Event) -> Case:
    due_at = cast("str | None", event.data["due_at"])
    return _change(
        case,
        event,
        status="open",
        suspended_at=None,
        suspension=None,
        due_at=None if due_at is None else datetime.fromisoformat(due_at),
        due_certain=bool(event.data["due_certain"]),
    )


def _transferred(_plan: Plan, case: Case, event: Event) -> Case:
    return _change(
        case,
        event,
        party=_string(event, "party"),
        role=_string(event, "role"),
        assignee=event.data["account"],
    )


def _urged(_plan: Plan, case: Case, event: Event) -> Case:
    return _change(case, event, urged_at=event.at)


def _reminded(_plan: Plan, case: Case, event: Event) -> Case:
    return _change(case, event, reminded_at=event.at)


def _overdue(_plan: Plan, case: Case, event: Event) -> Case:
    return _change(case, event, overdue_at=event.at)


def _escalated(_plan: Plan, case: Case, event: Event) -> Case:
    taken: dict[str, object] = {"escalated": cast("int", event.data["rung"]) + 1}
    if event.data["do"] == "reassign":
        taken |= {"role": _string(event, "role"), "assignee": None}
    return _change(case, event, **taken)


def _change(case: Case, event: Event, **changes: object) -> Case:
    task_id = _string(event, "task")
    task = replace(case.tasks[task_id], **changes)  # type: ignore[arg-type]  # names are TaskState's
    return replace(case, tasks={**case.tasks, task_id: task})


# ── Queries and notices ──────────────────────────────────────────────────────────────────────────


def _query_asked(plan: Plan, case: Case, event: Event) -> Case:
    step = _node(plan, event).id
    asked = PendingQuery(step, _string(event, "query"), event.seq, event.at)
    return replace(case, pending={**case.pending, step: asked}, unanswered=case.unanswered - {step})


def _query_answered(plan: Plan, case: Case, event: Event) -> Case:
    node = _node(plan, event)
    steps = dict(case.steps)
    _finish(steps, node, "done")
    result = cast("Mapping[str, Json]", event.data["result"])
    return replace(
        case,
        steps=steps,
        pending={step: query for step, query in case.pending.items() if step != node.id},
        results={**case.results, _string(event, "query"): result},
    )


def _query_failed(plan: Plan, case: Case, event: Event) -> Case:
    step = _node(plan, event).id
    failed = replace(
        case.pending[step],
        attempts=case.pending[step].attempts + 1,
        retry_at=datetime.fromisoformat(_string(event, "retry_at")),
        fault=_string(event, "fault"),
        since=case.pending[step].since or event.at,
        mend=event.data.get("mend") is True,
        facts=cast("Mapping[str, Json]", event.data.get("facts", {})),
    )
    return replace(case, pending={**case.pending, step: failed})


def _query_given_up(plan: Plan, case: Case, event: Event) -> Case:
    node = _node(plan, event)
    steps = dict(case.steps)
    _finish(steps, node, "done")
    return replace(
        case,
        steps=steps,
        pending={step: query for step, query in case.pending.items() if step != node.id},
        unanswered=case.unanswered | {node.id},
    )


def _notice_sent(plan: Plan, case: Case, event: Event) -> Case:
    steps = dict(case.steps)
    _finish(steps, _node(plan, event), "done")
    return replace(case, steps=steps)


def _document_issued(plan: Plan, case: Case, event: Event) -> Case:
    node = _node(plan, event)
    steps = dict(case.steps)
    _finish(steps, node, "done")
    made = Issued(_string(event, "document"), cast("int", event.data["round"]), node.id, event.at)
    return replace(case, steps=steps, documents={**case.documents, made.id: made})


def _document_voided(_plan: Plan, case: Case, event: Event) -> Case:
    key = f"{_string(event, 'document')}.{event.data['round']}"
    voided = replace(case.documents[key], voided_at=event.at)
    return replace(case, documents={**case.documents, key: voided})


# ── Back, and the end ────────────────────────────────────────────────────────────────────────────


def _returned(plan: Plan, case: Case, event: Event) -> Case:
    to = _string(event, "to")
    case = replace(case, waits_for_owed=False)
    if to == APPLY:
        back = Returned(_string(event, "task"), _string(event, "reason"), event.at, event.actor)
        return _undo(plan.inside(plan.root), replace(case, returned=back))
    target = plan.nodes[to]
    case = _undo(plan.after(target), case)
    around: _Steps = {node.id: "active" for node in target.ancestors() if node is not target}
    return replace(case, steps={**case.steps, **around})


def _undo(nodes: Iterable[Node], case: Case) -> Case:
    """Take steps back to before they were reached; answers stay, those of queries apart."""
    steps, results, pending = dict(case.steps), dict(case.results), dict(case.pending)
    unanswered = set(case.unanswered)
    for node in nodes:
        if steps.pop(node.id, None) is not None and isinstance(node.step, QueryStep):
            results.pop(node.step.query, None)
            pending.pop(node.id, None)
            unanswered.discard(node.id)
    return replace(
        case, steps=steps, results=results, pending=pending, unanswered=frozenset(unanswered)
    )


def _rejected(plan: Plan, case: Case, event: Event) -> Case:
    if event.data["scope"] == "case":
        return _ended(plan, case, event)
    branch = plan.nodes[_string(event, "branch")]
    steps = dict(case.steps)
    steps[_node(plan, event).id] = "rejected"
    for inner in plan.inside(branch):
        steps.setdefault(inner.id, "skipped")
    for around in _node(plan, event).ancestors():
        if around is branch:
            break
        steps[around.id] = "rejected"
    _finish(steps, branch, "rejected")
    return replace(case, steps=steps)


def _ended(_plan: Plan, case: Case, event: Event) -> Case:
    """End the case. What was under way is cancelled; after a completion nothing is."""
    steps: _Steps = {
        step: "cancelled" if state == "active" else state for step, state in case.steps.items()
    }
    if event.step is not None:
        steps[event.step] = "rejected"
    nothing: Mapping[str, PendingQuery] = MappingProxyType({})
    return replace(
        case, steps=steps, pending=nothing, returned=None, ended_at=event.at, ended_by=event
    )


def _node(plan: Plan, event: Event) -> Node:
    return plan.nodes[cast("str", event.step)]


def _string(event: Event, key: str) -> str:
    return cast("str", event.data[key])


def _strings(event: Event, key: str) -> tuple[str, ...]:
    return tuple(cast("list[str]", event.data[key]))


_APPLY: Mapping[EventKind, _Apply] = MappingProxyType(
    {
        "submitted": _submitted,
        "corrected": _corrected,
        "step_entered": _step_entered,
        "branch_skipped": _branch_skipped,
        "task_opened": _task_opened,
        "task_done": _task_done,
        "task_cancelled": _task_cancelled,
        "correction_asked": _correction_asked,
        "suspended": _suspended,
        "resumed": _resumed,
        "query_asked": _query_asked,
        "query_answered": _query_answered,
        "query_failed": _query_failed,
        "query_given_up": _query_given_up,
        "reminded": _reminded,
        "overdue": _overdue,
        "escalated": _escalated,
        "notice_sent": _notice_sent,
        "document_issued": _document_issued,
        "document_voided": _document_voided,
        "returned": _returned,
        "rejected": _rejected,
        "withdrawn": _ended,
        "completed": _ended,
        "deferred": _deferred,
        "promised": _promised,
        "promise_dropped": _promise_dropped,
        "supplemented": _supplemented,
        "owed_dropped": _owed_dropped,
        "owed_reminded": _owed_reminded,
        "owed_overdue": _owed_overdue,
        "owed_extended": _owed_extended,
        "owed_waived": _owed_waived,
        "awaiting_owed": _awaiting_owed,
        "promise_due": _promise_due,
        "promise_checked": _promise_checked,
        "transferred": _transferred,
        "urged": _urged,
    }
)
