"""Hold a case: the events that made it, the actions that may be tried, the state they fold to.

A case changes only by events. `builder.process.engine.step` turns an action into events,
`builder.process.engine.fold` turns events into a `Case`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias, cast, get_args

from builder.process.errors import EventUnknown
from builder.scenario.model import Json

__all__ = [
    "NEW",
    "Action",
    "Actor",
    "Answer",
    "Answers",
    "Approve",
    "Case",
    "CaseStatus",
    "Correct",
    "Correction",
    "Event",
    "EventKind",
    "Extend",
    "Issued",
    "Left",
    "Owed",
    "PendingQuery",
    "Promised",
    "Reject",
    "Resume",
    "Return",
    "Returned",
    "StepState",
    "Submit",
    "Supplement",
    "Suspend",
    "Suspension",
    "TaskState",
    "TaskStatus",
    "Tick",
    "Transfer",
    "Urge",
    "Verify",
    "Waive",
    "Withdraw",
]

Answers: TypeAlias = Mapping[str, Mapping[str, Json]]
"""Values by entity and field."""

EventKind: TypeAlias = Literal[
    "submitted",
    "step_entered",
    "branch_skipped",
    "task_opened",
    "task_done",
    "task_cancelled",
    "query_asked",
    "query_answered",
    "query_failed",
    "query_given_up",
    "notice_sent",
    "document_issued",
    "document_voided",
    "returned",
    "correction_asked",
    "corrected",
    "suspended",
    "resumed",
    "reminded",
    "overdue",
    "escalated",
    "rejected",
    "withdrawn",
    "completed",
    "deferred",
    "promised",
    "promise_dropped",
    "supplemented",
    "owed_dropped",
    "owed_reminded",
    "owed_overdue",
    "owed_extended",
    "owed_waived",
    "awaiting_owed",
    "promise_due",
    "promise_checked",
    "transferred",
    "urged",
]
Left: TypeAlias = Literal["later", "promise"]
"""How a required answer was left open: to come later (容缺), or promised instead (告知承诺)."""

CaseStatus: TypeAlias = Literal[
    "new",
    "running",
    "correcting",
    "suspended",
    "owing",
    "returned",
    "completed",
    "rejected",
    "withdrawn",
]
TaskStatus: TypeAlias = Literal["open", "correcting", "suspended", "done", "cancelled"]
StepState: TypeAlias = Literal["active", "done", "skipped", "rejected", "cancelled"]
"""A step not in `Case.steps` waits for its turn."""

_KINDS = frozenset(get_args(EventKind))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, for which party (None for citizens), in which role."""

    account: str
    party: str | None
    role: str

    def to_json(self) -> dict[str, Json]:
        """Return the actor as JSON."""
        return {"account": self.account, "party": self.party, "role": self.role}

    @classmethod
    def from_json(cls, doc: Mapping[str, str | None]) -> Actor:
        """Read an actor back."""
        return cls(cast("str", doc["account"]), doc["party"], cast("str", doc["role"]))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a case; docs/process.md lists the `data` of each kind.

    Attributes:
        seq: 1, 2, 3 … within the case.
        actor: None where the engine drew the consequence itself.
        step: id of the step (or branch) concerned.
    """

    seq: int
    at: datetime
    kind: EventKind
    actor: Actor | None = None
    step: str | None = None
    data: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return the event as JSON, time as ISO 8601 with offset."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "kind": self.kind,
            "actor": None if self.actor is None else self.actor.to_json(),
            "step": self.step,
            "data": dict(self.data),
        }

    @classmethod
    def from_json(cls, doc: Mapping[str, Json]) -> Event:
        """Read an event back.

        Raises:
            EventUnknown: the kind is none of this version's.
        """
        kind = doc["kind"]
        if kind not in _KINDS:
            raise EventUnknown(kind=str(kind), seq=cast("int", doc["seq"]))
        actor = cast("Mapping[str, str | None] | None", doc["actor"])
        return cls(
            cast("int", doc["seq"]),
            datetime.fromisoformat(cast("str", doc["at"])),
            cast("EventKind", kind),
            None if actor is None else Actor.from_json(actor),
            cast("str | None", doc["step"]),
            cast("Mapping[str, Json]", doc["data"]),
        )


# ── Actions ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand in: the matter at first, again after a return, or what a correction asked for.

    Attributes:
        answers: all values of the form in question; they replace what it held before.
        results: answers of queries fetched while filling, by query id, for conditions.
        task: for an applicant's or officer's own task with action ``submit``.
        left: required answers left open, by pointer: to come later, or promised instead.
    """

    actor: Actor
    answers: Answers
    results: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    task: str | None = None
    left: Mapping[str, Left] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Approve:
    """Say yes to a task, with the values of its form.

    `task` in this and the other actions: a task id, or a step id for that step's newest task.
    """

    actor: Actor
    task: str
    answers: Answers = field(default_factory=dict)
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Say no: ends the case or the branch, as the step's ``on_reject`` says."""

    actor: Actor
    task: str
    reason: str


@dataclass(frozen=True, slots=True)
class Return:
    """Send back to an earlier step, or to the applicant (``apply``)."""

    actor: Actor
    task: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Correct:
    """Ask the applicant to correct named fields; this task's clock stands still meanwhile."""

    actor: Actor
    task: str
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Supplement:
    """The applicant supplies some or all of what is owed, at any time while the case runs.

    Attributes:
        answers: the owed values, and computed ones that follow from them.
    """

    actor: Actor
    answers: Answers


@dataclass(frozen=True, slots=True)
class Extend:
    """Give more time for an owed answer, once.

    Attributes:
        days: working days from its due day, or from today where that is past; None: as many as the
            spec gave at first, which is also the most.
    """

    actor: Actor
    task: str
    field: str
    reason: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Waive:
    """Do without an owed answer."""

    actor: Actor
    task: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verify:
    """Record whether a promise was found to be true; what follows people decide."""

    actor: Actor
    task: str
    field: str
    kept: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Suspend:
    """Let a task rest, its clock standing still.

    Attributes:
        until: the day on whose morning it goes on by itself.
        for_owed: it goes on by itself once nothing is owed any more.
    """

    actor: Actor
    task: str
    reason: str
    until: date | None = None
    for_owed: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Let a suspended task go on."""

    actor: Actor
    task: str
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pass a task on: to a person or role of the same party, or to a party the step allows.

    Attributes:
        account: the one person who is to act; None: anybody of the role.
    """

    actor: Actor
    task: str
    party: str
    role: str
    reason: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Urge:
    """Remind a desk of a task: by the applicant, or an officer of the lead; once a working day."""

    actor: Actor
    task: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The applicant takes the matter back."""

    actor: Actor
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query step's question brought: a row, or a fault's code.

    Attributes:
        step: the query step.
        result: column → value; ``{}`` where there is no row.
        fault: code of the fault; then `result` is None.
        asked: `PendingQuery.asked` of the question this answers; a late answer to an older question
            of the same step is refused. None: not checked.
        mend: with a fault: a person must mend what made the department refuse; asked again slowly.
        jitter: 0 to 1, drawn by the caller: spreads the next attempts of many questions.
        facts: the fault's facts, for the words in which people read it.
    """

    step: str
    result: Mapping[str, Json] | None = None
    fault: str | None = None
    asked: int | None = None
    mend: bool = False
    jitter: float = 0.5
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: reminders, due times and escalations whose moment has come."""


Action: TypeAlias = (
    Submit
    | Approve
    | Reject
    | Return
    | Correct
    | Supplement
    | Extend
    | Waive
    | Verify
    | Suspend
    | Resume
    | Transfer
    | Urge
    | Withdraw
    | Answer
    | Tick
)


# ── State ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Correction:
    """What an officer asked the applicant to mend."""

    task: str
    fields: tuple[str, ...]
    reason: str
    at: datetime
    by: Actor | None


@dataclass(frozen=True, slots=True)
class Returned:
    """A matter sent back to the applicant: why, by whom."""

    task: str
    reason: str
    at: datetime
    by: Actor | None


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why a task rests, and what lets it go on.

    Attributes:
        reason: None where it rests because something owed is late.
        until: the moment it goes on by itself.
        for_owed: it goes on once what is owed is settled.
        by: None where the process itself let it rest.
    """

    at: datetime
    by: Actor | None
    reason: str | None
    until: datetime | None
    for_owed: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """A required answer that is to come after the hand-in. It stays in the case for good.

    Attributes:
        field: pointer.
        status: ``dropped`` where a later hand-in no longer asks for it.
        overdue_at: when its desks were told that it is late.
        settled_by: who supplied or waived it.
        reason: why it was extended or waived.
    """

    field: str
    since: datetime
    due_at: datetime
    due_certain: bool
    consequence: Literal["tell", "suspend"]
    status: Literal["owed", "given", "waived", "dropped"] = "owed"
    is_extended: bool = False
    reminded_at: datetime | None = None
    overdue_at: datetime | None = None
    settled_at: datetime | None = None
    settled_by: Actor | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to come."""
        return self.status == "owed"


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise in place of an answer.

    Attributes:
        wording: SM3 of the words that were agreed to.
        verify_at: by when it should be looked into.
        told_at: when its desks were asked to.
        kept: what was found; None while nobody has looked.
    """

    field: str
    wording: str
    at: datetime
    verify_at: datetime | None = None
    told_at: datetime | None = None
    kept: bool | None = None
    checked_at: datetime | None = None
    checked_by: Actor | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TaskState:
    """One task of a case. A step visited again gets a new task.

    Attributes:
        id: ``<step>.<round>``, round from 1.
        due_at: end of a working day; None for no limit. While its clock stands: as it stood then.
        due_certain: False where the calendar does not yet know the year's holidays.
        suspended_at: since when the clock stands still.
        outcome: the action that closed it.
        reminded_at: when its people were reminded of the due day.
        overdue_at: when its desk was told that it is late.
        escalated: how many of its step's escalations have happened.
        assignee: the one person who is to act; None: anybody of its role.
        suspension: why it rests, while it does.
        urged_at: when somebody last asked to hurry it.
    """

    id: str
    step: str
    party: str | None
    role: str
    opened_at: datetime
    due_at: datetime | None = None
    due_certain: bool = True
    status: TaskStatus = "open"
    suspended_at: datetime | None = None
    correction: Correction | None = None
    done_at: datetime | None = None
    done_by: Actor | None = None
    outcome: str | None = None
    reminded_at: datetime | None = None
    overdue_at: datetime | None = None
    escalated: int = 0
    assignee: str | None = None
    suspension: Suspension | None = None
    urged_at: datetime | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether the time is up: for an open task now, for a done one when it was done."""
        if self.due_at is None or self.status not in ("open", "done"):
            return False
        return (self.done_at or now) > self.due_at


@dataclass(frozen=True, slots=True)
class PendingQuery:
    """A question on its way.

    Attributes:
        asked: seq of its ``query_asked`` event, which tells it from an older one of the same step.
        attempts: how often it failed.
        retry_at: not to be asked again before; None: at once.
        since: when it first failed.
        mend: a person must mend what made the department refuse.
        facts: the last fault's facts.
    """

    step: str
    query: str
    asked: int
    asked_at: datetime
    attempts: int = 0
    retry_at: datetime | None = None
    fault: str | None = None
    since: datetime | None = None
    mend: bool = False
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issued:
    """A document that was issued.

    Attributes:
        round: 1 for the first one, 2 for the one that replaces it after a return, and so on.
        voided_at: since when it no longer holds.
    """

    document: str
    round: int
    step: str
    at: datetime
    voided_at: datetime | None = None

    @property
    def id(self) -> str:
        """Return what tells it from the case's other documents."""
        return f"{self.document}.{self.round}"


@dataclass(frozen=True, slots=True)
class Case:
    """One applicant's matter: what its events fold to.

    Attributes:
        seq: of the last event.
        applicant: who handed in.
        answers: by entity and field.
        results: answers of queries, by query id.
        steps: state by step and branch id; one not yet reached is absent.
        rounds: how many tasks a step has had.
        tasks: all tasks by id, in the order of their opening.
        pending: questions on their way, by step id.
        unanswered: query steps that were given up: their people look by hand.
        documents: what was issued, by ``<document>.<round>``, those voided since included.
        returned: set while the applicant has the matter back.
        ended_by: the event that ended it.
        owed: answers left open at a hand-in, by pointer, settled ones too.
        promises: promises in place of answers, by pointer.
        waits_for_owed: all steps are over, only owed answers are missing.
    """

    seq: int = 0
    applicant: Actor | None = None
    submitted_at: datetime | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: Event | None = None
    answers: Answers = field(default_factory=dict)
    results: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    steps: Mapping[str, StepState] = field(default_factory=dict)
    rounds: Mapping[str, int] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    pending: Mapping[str, PendingQuery] = field(default_factory=dict)
    unanswered: frozenset[str] = frozenset()
    documents: Mapping[str, Issued] = field(default_factory=dict)
    returned: Returned | None = None
    owed: Mapping[str, Owed] = field(default_factory=dict)
    promises: Mapping[str, Promised] = field(default_factory=dict)
    waits_for_owed: bool = False

    @property
    def status(self) -> CaseStatus:
        """Say in one word where the case stands."""
        if self.ended_by is not None:
            return cast("CaseStatus", self.ended_by.kind)
        if self.submitted_at is None:
            return "new"
        if self.returned is not None:
            return "returned"
        if self.corrections:
            return "correcting"
        if self.waits_for_owed:
            return "owing"
        tasks = self.open_tasks
        rests = tasks and not self.pending and all(t.status == "suspended" for t in tasks)
        return "suspended" if rests else "running"

    @property
    def is_ended(self) -> bool:
        """Tell whether nothing more can happen."""
        return self.ended_by is not None

    @property
    def open_tasks(self) -> tuple[TaskState, ...]:
        """Return the tasks not done, those waiting or resting included."""
        return tuple(t for t in self.tasks.values() if t.status not in ("done", "cancelled"))

    @property
    def owing(self) -> tuple[Owed, ...]:
        """Return the answers that are still to come."""
        return tuple(o for o in self.owed.values() if o.is_open)

    @property
    def is_stalled(self) -> bool:
        """Tell whether work stands still because something owed is late."""
        return any(o.overdue_at and o.consequence == "suspend" for o in self.owing)

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """Return what the applicant is asked to mend now."""
        return tuple(t.correction for t in self.tasks.values() if t.correction is not None)


NEW = Case()
"""A case before its hand-in."""
