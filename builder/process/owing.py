"""Keep what a hand-in leaves open: answers owed (容缺), promises (承诺), and decisions about them.

Nothing owed ever vanishes: it is supplied, waived by a person, or no longer asked for. A case does
not complete before.
"""

from __future__ import annotations

from collections.abc import Mapping

from builder.process import errors
from builder.process.case import (
    Actor,
    Answers,
    Case,
    Extend,
    Left,
    Owed,
    Promised,
    Supplement,
    TaskState,
    Verify,
    Waive,
)
from builder.process.walking import (
    Walk,
    check_actor,
    check_applicant,
    check_inside,
    find_task,
    given,
    plain,
    value_at,
)
from builder.scenario.model import APPLY

__all__ = [
    "check_left",
    "extend",
    "left_before",
    "refuse_held",
    "say_left",
    "supplement",
    "verify",
    "waive",
]


def left_before(case: Case) -> dict[str, Left]:
    """Return how required answers were left open until now, those done without included."""
    left: dict[str, Left] = {
        owed.field: "later" for owed in case.owed.values() if owed.status in ("owed", "waived")
    }
    return left | dict.fromkeys(case.promises, "promise")


def check_left(walk: Walk, left: Mapping[str, Left], answers: Answers) -> None:
    """Refuse to leave open what the form does not offer, or what is answered as well."""
    offers = {"later": walk.plan.deferrals, "promise": walk.plan.pledges}
    wrong = [
        pointer
        for pointer, how in left.items()
        if pointer not in offers[how] or value_at(answers, pointer) is not None
    ]
    if wrong:
        raise errors.LeftWrong(fields=sorted(wrong))


def say_left(walk: Walk, left: Mapping[str, Left], answers: Answers, actor: Actor) -> None:
    """Record what a hand-in leaves open, supplies after all, or asks for no more."""
    came, dropped = [], []
    for owed in walk.case.owing:
        if value_at(answers, owed.field) is not None:
            came.append(owed.field)
        elif left.get(owed.field) != "later":
            dropped.append(owed.field)
    if came:
        walk.emit("supplemented", APPLY, actor, fields=came, answers={})
    if dropped:
        walk.emit("owed_dropped", APPLY, actor, fields=dropped)
    broken = [pointer for pointer in walk.case.promises if left.get(pointer) != "promise"]
    if broken:
        walk.emit("promise_dropped", APPLY, actor, fields=broken)
    for pointer, how in left.items():
        if how == "later":
            _defer(walk, pointer, actor)
        else:
            _promise(walk, pointer, actor)


def _defer(walk: Walk, pointer: str, actor: Actor) -> None:
    before = walk.case.owed.get(pointer)
    if before is not None and before.status in ("owed", "waived"):
        return
    deferral = walk.plan.deferrals[pointer]
    due = walk.calendar.due(walk.now, deferral.days)
    walk.emit(
        "deferred",
        APPLY,
        actor,
        field=pointer,
        due_at=due.at.isoformat(),
        due_certain=due.certain,
        consequence=deferral.consequence,
    )


def _promise(walk: Walk, pointer: str, actor: Actor) -> None:
    pledge, before = walk.plan.pledges[pointer], walk.case.promises.get(pointer)
    if before is not None and before.wording == pledge.wording:
        return
    days = pledge.verify_days
    verify_at = None if days is None else walk.calendar.due(walk.now, days).at.isoformat()
    walk.emit("promised", APPLY, actor, field=pointer, wording=pledge.wording, verify_at=verify_at)


def refuse_held(walk: Walk, task: TaskState) -> None:
    """Refuse to approve a step that something owed holds up."""
    held = [
        owed.field for owed in walk.case.owing if task.step in walk.plan.deferrals[owed.field].hold
    ]
    if held:
        raise errors.StillOwed(task=task.id, fields=held)


# ── Actions ──────────────────────────────────────────────────────────────────────────────────────


def supplement(walk: Walk, action: Supplement) -> None:
    """Take in what the applicant supplies; all that waited for it goes on."""
    check_applicant(walk, action.actor)
    if walk.case.returned is not None:
        raise errors.SupplementReturned
    owed = {o.field for o in walk.case.owing}
    if not owed:
        raise errors.NothingOwed
    check_inside(action.answers, frozenset(owed) | walk.plan.computed)
    fields = [pointer for pointer in owed if value_at(action.answers, pointer) is not None]
    if not fields:
        raise errors.SupplementEmpty
    answers = plain(action.answers)
    walk.emit("supplemented", APPLY, action.actor, fields=sorted(fields), answers=answers)
    walk.settle_owed()


def extend(walk: Walk, action: Extend) -> None:
    """Give more time, once."""
    owed = _decided(walk, action)
    reason = given(action.reason)
    if owed.is_extended:
        raise errors.ExtendedOnce
    most = walk.plan.deferrals[owed.field].days
    days = most if action.days is None else action.days
    if not 1 <= days <= most:
        raise errors.ExtensionWrong(most=most)
    due = walk.calendar.due(max(walk.now, owed.due_at), days)
    walk.emit(
        "owed_extended",
        find_task(walk.case, action.task).step,
        action.actor,
        field=owed.field,
        due_at=due.at.isoformat(),
        due_certain=due.certain,
        reason=reason,
    )
    walk.settle_owed()


def waive(walk: Walk, action: Waive) -> None:
    """Do without."""
    owed = _decided(walk, action)
    reason = given(action.reason)
    step = find_task(walk.case, action.task).step
    walk.emit("owed_waived", step, action.actor, field=owed.field, reason=reason)
    walk.settle_owed()


def verify(walk: Walk, action: Verify) -> None:
    """Record what was found about a promise."""
    step = _desk(walk, action.actor, action.task, action.field).step
    promised = _known(walk.case, action.field)
    reason = given(action.reason)
    if promised.kept is not None:
        raise errors.PromiseChecked
    walk.emit(
        "promise_checked", step, action.actor, field=action.field, kept=action.kept, reason=reason
    )


def _decided(walk: Walk, action: Extend | Waive) -> Owed:
    _desk(walk, action.actor, action.task, action.field)
    owed = walk.case.owed.get(action.field)
    if owed is None or not owed.is_open:
        raise errors.NotOwed
    return owed


def _desk(walk: Walk, actor: Actor, task_id: str, pointer: str) -> TaskState:
    """Return the task by which somebody may decide: it sees the field, or it is the lead's.

    A task already done counts, for often nothing else of the case is open when a decision is due.
    """
    task = find_task(walk.case, task_id)
    check_actor(walk, actor, task)
    is_leads = task.party == walk.plan.scenario.meta.lead
    if not is_leads and pointer not in walk.plan.task(task.step).visible:
        raise errors.OwedElsewhere
    return task


def _known(case: Case, pointer: str) -> Promised:
    if pointer not in case.promises:
        raise errors.NotPromised
    return case.promises[pointer]
