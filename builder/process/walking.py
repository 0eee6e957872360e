"""Walk a case's process: collect the events of one action, keeping the case up with them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from builder.process import errors
from builder.process.calendar import SHANGHAI, Calendar
from builder.process.case import Actor, Answers, Case, Event, EventKind, TaskState
from builder.process.fold import FINISHED, apply_event
from builder.process.plan import Node, Plan
from builder.process.scope import Scope
from builder.scenario.model import (
    APPLICANT,
    PARAMS,
    Choice,
    Issue,
    Json,
    Notify,
    Parallel,
    QueryStep,
    Task,
    TaskAction,
)

__all__ = [
    "Walk",
    "changed",
    "check_actor",
    "check_applicant",
    "check_inside",
    "check_starter",
    "find_task",
    "given",
    "open_task",
    "plain",
    "value_at",
]


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


class Walk:
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
                self.complete()
                return
            if node.parent.is_ordered and not self.is_finished(node.parent):
                self.proceed(node.parent, node.index + 1)
            node = node.parent

    def complete(self) -> None:
        """End the case well, or say that only what is owed is missing."""
        if not self.case.owing:
            self.emit("completed")
        elif not self.case.waits_for_owed:
            self.emit("awaiting_owed", fields=[owed.field for owed in self.case.owing])

    def settle_owed(self) -> None:
        """Let go on what rested, or waited to end, for what is owed no more."""
        for task in self.case.open_tasks:
            rest = task.suspension
            if rest is None or not rest.for_owed:
                continue
            if not (self.case.is_stalled if rest.by is None else self.case.owing):
                self.resume(task, rested=True)
        if self.case.waits_for_owed and not self.case.owing:
            self.complete()

    def stall(self, task: TaskState) -> None:
        """Let a desk's task rest because something owed is late."""
        if task.status == "open" and task.party is not None:
            self.emit("suspended", task.step, task=task.id, why="owed", for_owed=True)

    def resume(self, task: TaskState, actor: Actor | None = None, **said: Json) -> None:
        """Let a clock that stood still run on, with as many working days left as before."""
        due_at, certain = task.due_at, task.due_certain
        if due_at is not None and task.suspended_at is not None:
            due = self.calendar.put_off(due_at, task.suspended_at, self.now)
            due_at, certain = due.at, due.certain and certain
        self.emit(
            "resumed",
            task.step,
            actor,
            task=task.id,
            due_at=None if due_at is None else due_at.isoformat(),
            due_certain=certain,
            **said,
        )

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
        if self.case.is_stalled:
            self.stall(find_task(self.case, task.id))

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


# ── What must hold ───────────────────────────────────────────────────────────────────────────────


def open_task(walk: Walk, actor: Actor, task_id: str, action: TaskAction) -> TaskState:
    """Return a task on which this may be done now; raises its Fault otherwise."""
    task = find_task(walk.case, task_id)
    check_actor(walk, actor, task, anybody=action == "transfer")
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
    if task.status == "suspended" and action != "reject":
        raise errors.TaskSuspended(task=task.id)
    return task


def check_actor(walk: Walk, actor: Actor, task: TaskState, *, anybody: bool = False) -> None:
    """Refuse who is not of the task's desk; `anybody` of it may take over another's task."""
    if walk.plan.scenario.role(task.role).start:
        check_applicant(walk, actor)
        return
    if task.party is not None and actor.party != task.party:
        raise errors.PartyWrong(task=task.id, party=task.party)
    if actor.role != task.role:
        raise errors.RoleWrong(task=task.id, role=task.role)
    if task.assignee not in (None, actor.account) and not anybody:
        raise errors.AssigneeWrong(task=task.id)


def check_starter(walk: Walk, actor: Actor) -> None:
    """Refuse who may not begin the matter."""
    if actor.role not in {role.id for role in walk.plan.scenario.roles if role.start}:
        raise errors.StartNotAllowed(role=actor.role)


def check_applicant(walk: Walk, actor: Actor) -> None:
    """Refuse everybody but the applicant."""
    if walk.case.applicant is None or actor.account != walk.case.applicant.account:
        raise errors.NotTheApplicant


def check_inside(
    answers: Answers, scopes: frozenset[str], whole: frozenset[str] = frozenset()
) -> None:
    """Refuse values for fields that a form does not fill."""
    outside = [
        f"/{entity}/{name}"
        for entity, fields in answers.items()
        if entity not in whole
        for name in fields
        if f"/{entity}/{name}" not in scopes
    ]
    if outside:
        raise errors.AnswerOutsideForm(fields=outside)


def changed(walk: Walk, answers: Answers) -> set[str]:
    """Return the pointers whose value a hand-in changes."""
    before, pointers = walk.case.answers, set(walk.plan.start_scopes)
    for entity in (APPLICANT.id, PARAMS):
        pointers |= {f"/{entity}/{name}" for name in answers.get(entity, {})}
    return {p for p in pointers if value_at(before, p) != value_at(answers, p)}


def value_at(answers: Answers, pointer: str) -> Json:
    """Return the value at ``/entity/field``; None where there is none."""
    _, entity, name = pointer.split("/")
    return answers.get(entity, {}).get(name)


def given(text: str) -> str:
    """Return a reason; refuse a blank one."""
    if not text.strip():
        raise errors.ReasonMissing
    return text.strip()


def plain(answers: Answers) -> dict[str, Json]:
    """Return answers as JSON."""
    return {entity: dict(fields) for entity, fields in answers.items()}
