"""Say what an officer wants to do with a task, as the engine's action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

from builder.cases.answers import Flat, nested
from builder.cases.passing import target
from builder.process.case import (
    Action,
    Actor,
    Approve,
    Correct,
    Extend,
    Reject,
    Resume,
    Return,
    Submit,
    Suspend,
    TaskState,
    Transfer,
    Urge,
    Verify,
    Waive,
)
from builder.scenario.model import APPLY

__all__ = ["KNOWN", "Wish", "action_of"]

_Make: TypeAlias = Callable[["Wish", Actor, str, Flat], Action]


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to do with a task.

    Attributes:
        action: ``approve``, ``reject``, ``return``, ``correct``, ``submit``; ``suspend``,
            ``resume``, ``transfer``, ``urge``; ``extend``, ``waive``, ``verify``.
        reason: needed by all but approve, submit, resume and urge.
        to: the step to return to; the desk to transfer to, as `passing.target` reads it; the other
            department's task to urge.
        fields: pointers to correct; the one to extend, waive or verify.
        until: the day on which a suspended task goes on.
        for_owed: a suspended task goes on once nothing is owed.
        days: working days to extend by; None: as many as at first.
        kept: what was found about a promise.
    """

    action: str
    reason: str | None = None
    to: str | None = None
    fields: tuple[str, ...] = ()
    until: date | None = None
    for_owed: bool = False
    days: int | None = None
    kept: bool = True

    @property
    def why(self) -> str:
        """Return the reason, blank where none is given."""
        return (self.reason or "").strip()

    @property
    def field(self) -> str:
        """Return the one field it is about; blank where it is about none."""
        return self.fields[0] if self.fields else ""


def action_of(wish: Wish, task: TaskState, actor: Actor, final: Flat) -> Action | None:
    """Return the action; None where there is none of this name."""
    make = _MAKE.get(wish.action)
    return None if make is None else make(wish, actor, task.id, final)


def _transfer(wish: Wish, actor: Actor, task: str, _: Flat) -> Action:
    party, role, account = target(wish.to or "")
    return Transfer(actor, task, party, role, wish.why, account)


_MAKE: Mapping[str, _Make] = MappingProxyType(
    {
        "approve": lambda w, a, t, f: Approve(a, t, nested(f), w.why or None),
        "submit": lambda _, a, t, f: Submit(a, nested(f), task=t),
        "reject": lambda w, a, t, _: Reject(a, t, w.why),
        "return": lambda w, a, t, _: Return(a, t, w.to or APPLY, w.why),
        "correct": lambda w, a, t, _: Correct(a, t, w.fields, w.why),
        "suspend": lambda w, a, t, _: Suspend(a, t, w.why, w.until, w.for_owed),
        "resume": lambda w, a, t, _: Resume(a, t, w.why or None),
        "transfer": _transfer,
        "urge": lambda w, a, _, __: Urge(a, w.to or ""),
        "extend": lambda w, a, t, _: Extend(a, t, w.field, w.why, w.days),
        "waive": lambda w, a, t, _: Waive(a, t, w.field, w.why),
        "verify": lambda w, a, t, _: Verify(a, t, w.field, w.kept, w.why),
    }
)

KNOWN = tuple(_MAKE)
"""The names of all actions of an officer."""
