"""Act on a task as an officer, or take one's own matter back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from sqlalchemy import Connection, delete

from builder.cases import filing, keeping
from builder.cases.answers import Flat
from builder.cases.errors import ActionNotAllowed, CaseChanged
from builder.cases.files import add_to_task, refuse_waiting
from builder.cases.filling import problems_json
from builder.cases.keeping import StoredCase
from builder.cases.local import taken_in
from builder.cases.moving import advance_case
from builder.cases.platform import Deployment, Platform
from builder.cases.settling import ask_now, settle
from builder.cases.whose import officer_filling, officers_task, own_case, starting_actor
from builder.cases.wishes import KNOWN, Wish, action_of
from builder.errors import Fault, Findings
from builder.identity import SignIn
from builder.process.case import Actor, TaskState, Urge, Withdraw
from builder.scenario.model import Task
from builder.store import cases as tables
from federation.store import write

__all__ = [
    "Wish",
    "act",
    "act_with_answers",
    "ask_again",
    "ask_again_for_own",
    "urge",
    "withdraw",
]


def act(
    platform: Platform,
    who: SignIn,
    case_no: str,
    task_id: str,
    wish: Wish,
    post: Mapping[str, Sequence[str]],
    version: int | None = None,
    refused: Mapping[str, Fault] | None = None,
) -> tuple[Mapping[str, object], ...]:
    """Act on a task with what its form posted.

    `refused` says by control which file that came with the form was not taken.

    Returns:
        What the form refuses, as in `Saved.errors`; empty when the action was done.

    Raises:
        TaskUnknown, MayNotAct: not this officer's task.
        CaseChanged: somebody acted since `version`.
        ProcessFault: the action may not be done now.
    """
    deployment, stored, task = officers_task(platform, who, case_no, task_id)
    form = officer_filling(platform, deployment, stored, task, who)
    if form is None or wish.action not in ("approve", "submit"):
        _act(platform, deployment, who, stored, task, wish, {}, version)
        return ()
    parsed = form.parse(form.form.form.pages[0].id, post, refused)
    if parsed.problems:
        return problems_json(parsed.problems)
    _act(platform, deployment, who, stored, task, wish, form.final(parsed.answers), version)
    return ()


def act_with_answers(
    platform: Platform,
    who: SignIn,
    case_no: str,
    task_id: str,
    wish: Wish,
    answers: Flat,
    version: int | None = None,
) -> None:
    """Act on a task with answers by pointer, as the command line and walks do.

    Raises:
        Findings: what the step's form refuses.
        Fault: as `act`.
    """
    deployment, stored, task = officers_task(platform, who, case_no, task_id)
    form = officer_filling(platform, deployment, stored, task, who)
    final: Flat = {}
    if form is not None and wish.action in ("approve", "submit"):
        answers = taken_in(
            answers,
            form.form.controls(),
            lambda control, incoming, name: add_to_task(
                platform, who, case_no, task_id, control, incoming, name
            ),
            filing.folder_of(platform, deployment).incoming,
        )
        form = officer_filling(platform, deployment, stored, task, who) or form
        parsed = form.take(form.form.form.pages[0].id, answers)
        if parsed.problems:
            raise Findings(parsed.problems_as_faults(), where=f"/{task.step}")
        final = form.final(parsed.answers)
    _act(platform, deployment, who, stored, task, wish, final, version)


def urge(platform: Platform, who: SignIn, case_no: str, task_id: str) -> None:
    """Ask a department to hurry with one's own case, once a working day for each task.

    Raises:
        CaseUnknown: not this person's case.
        ProcessFault: asked today already, or nobody works at it now.
    """
    deployment, stored = own_case(platform, who, case_no)
    action = Urge(starting_actor(who, stored.scenario), task_id)
    advance_case(platform, deployment, stored, action, "case-urged", who, task=task_id)


def withdraw(platform: Platform, who: SignIn, case_no: str, reason: str | None = None) -> None:
    """Take one's own matter back.

    Raises:
        CaseUnknown: not this person's case.
        ProcessFault: it has ended.
    """
    deployment, stored = own_case(platform, who, case_no)
    action = Withdraw(starting_actor(who, stored.scenario), reason or None)
    advance_case(platform, deployment, stored, action, "case-withdrawn", who)
    with write(deployment.engine) as conn:
        conn.execute(delete(tables.draft).where(tables.draft.c.case_no == case_no))
    platform.soon(lambda: settle(platform, deployment, case_no))


def ask_again(
    platform: Platform, who: SignIn, case_no: str, task_id: str
) -> Literal["answered", "silent", "resting"]:
    """Ask the departments that have not answered a question of this case once more, now.

    Returns:
        ``answered``: all have answered by now; ``silent``: some have not; ``resting``: they were
        asked only seconds ago and are left alone.

    Raises:
        TaskUnknown, MayNotAct: not this officer's task.
    """
    deployment, _, _ = officers_task(platform, who, case_no, task_id)
    return _asked_again(platform, deployment, case_no)


def ask_again_for_own(
    platform: Platform, who: SignIn, case_no: str
) -> Literal["answered", "silent", "resting"]:
    """Do what `ask_again` does, for one's own case.

    Raises:
        CaseUnknown: not this person's case.
    """
    deployment, _ = own_case(platform, who, case_no)
    return _asked_again(platform, deployment, case_no)


def _asked_again(
    platform: Platform, deployment: Deployment, case_no: str
) -> Literal["answered", "silent", "resting"]:
    asked = ask_now(platform, deployment, case_no)
    stored = keeping.load_case(deployment, case_no)
    if stored is None or not any(p.fault for p in stored.case.pending.values()):
        return "answered"
    return "silent" if asked else "resting"


def _act(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    stored: StoredCase,
    task: TaskState,
    wish: Wish,
    final: Flat,
    version: int | None,
) -> None:
    if version is not None and version != stored.version:
        raise CaseChanged
    actor = Actor(who.account.account, who.account.party, task.role)
    action = action_of(wish, task, actor, final)
    if action is None:
        step = stored.scenario.step(task.step)
        known = step.actions if isinstance(step, Task) else KNOWN
        raise ActionNotAllowed(action=wish.action, known=known)
    named = filing.named_in(final, stored.scenario)
    refuse_waiting(platform, deployment, stored.case_no, named)

    def hand_in(conn: Connection) -> None:
        if named:
            now = platform.clock()
            filing.hand_in(conn, stored.case_no, who.account.account, named, now)

    advance_case(
        platform,
        deployment,
        stored,
        action,
        "case-acted",
        who,
        also=hand_in,
        step=task.step,
        did=wish.action,
    )
    platform.soon(lambda: settle(platform, deployment, stored.case_no))
