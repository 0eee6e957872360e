"""Check the process: every branch can be taken, every task has a way on, order never decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from builder import expr
from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.documents import names_of
from builder.scenario.checks.expressions import names_in, parsed
from builder.scenario.checks.ground import Ground, StepPlace, process_places
from builder.scenario.model import (
    APPLY,
    Branch,
    Choice,
    Escalation,
    Issue,
    Parallel,
    QueryStep,
    Sequence,
    Step,
    Task,
    branches,
    steps,
)
from builder.scenario.names import nearest

__all__ = ["returns", "side_by_side", "splits", "tasks"]

_ANY_DAY = date(2000, 1, 1)


def splits(ground: Ground) -> Iterator[Fault]:
    """Every branch of a split can be taken by some case."""
    for place in process_places(ground.scenario):
        if isinstance(place.step, Choice):
            yield from _else_branches(place.where, place.step)
            yield from _shadowed(place.where, place.step)
        if isinstance(place.step, Parallel):
            for i, branch in enumerate(place.step.branches):
                if not branch.steps:
                    where = f"{place.where}/branches/{i}/steps"
                    yield errors.BranchEmpty(where=where, branch=branch.id)
        if isinstance(place.step, Branch) and _is_never(place.step):
            yield errors.BranchNever(where=f"{place.where}/when", branch=place.step.id)


def _else_branches(where: str, choice: Choice) -> Iterator[Fault]:
    free = [i for i, branch in enumerate(choice.branches) if branch.when is None]
    for i in free[:-1] if len(free) > 1 else ():
        yield errors.ElseTwice(where=f"{where}/branches/{i}", step=choice.id)
    last = len(choice.branches) - 1
    if len(free) == 1 and free[0] != last:
        branch = choice.branches[free[0]].id
        yield errors.ElseNotLast(where=f"{where}/branches/{free[0]}", branch=branch)


def _shadowed(where: str, choice: Choice) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for i, branch in enumerate(choice.branches):
        condition = " ".join((branch.when or "").lower().split())
        if condition and condition in seen:
            yield errors.BranchShadowed(
                where=f"{where}/branches/{i}/when", branch=branch.id, earlier=seen[condition]
            )
        seen.setdefault(condition, branch.id)


def _is_never(branch: Branch) -> bool:
    tree = None if branch.when is None else parsed(branch.when)
    if tree is None or isinstance(tree, Fault) or expr.names(tree):
        return False
    return expr.evaluate(tree, {}, _ANY_DAY) is not True


def tasks(ground: Ground) -> Iterator[Fault]:
    """Every task can be finished well, by people of the right party, and offers what it can do."""
    for place in process_places(ground.scenario):
        if isinstance(place.step, Task):
            yield from _way_on(ground, place.where, place.step)
            yield from _party(ground, place.where, place.step)
            yield from _refusal(place, place.step)
            yield from _correction(ground, place.where, place.step)
            yield from _lateness(ground, place.where, place.step)


def _way_on(ground: Ground, where: str, task: Task) -> Iterator[Fault]:
    actions = f"{where}/actions"
    if not {"approve", "submit"} & set(task.actions):
        yield errors.TaskHasNoYes(where=actions, task=task.id)
    other = [action for action in task.actions if action != "submit"]
    if task.role in ground.start_roles() and other:
        yield errors.ApplicantTaskActions(where=actions, task=task.id, actions=other)


def _party(ground: Ground, where: str, task: Task) -> Iterator[Fault]:
    is_applicants = task.role in ground.start_roles()
    if task.party is None:
        if not is_applicants:
            yield errors.TaskPartyMissing(where=f"{where}/party", task=task.id)
        return
    if is_applicants:
        yield errors.TaskPartyOfApplicant(where=f"{where}/party", task=task.id)
        return
    role = next((r for r in ground.scenario.roles if r.id == task.role), None)
    if role is not None and role.party not in ("*", task.party):
        yield errors.PartyOutsideRole(where=f"{where}/party", role=role.id, party=task.party)


def _refusal(place: StepPlace, task: Task) -> Iterator[Fault]:
    is_inside = any(isinstance(around, Branch) for around in place.around)
    if task.on_reject == "branch" and not is_inside:
        yield errors.RejectOutsideBranch(where=f"{place.where}/on_reject", task=task.id)


def _correction(ground: Ground, where: str, task: Task) -> Iterator[Fault]:
    start = ground.start_form()
    if "correct" not in task.actions or start is None:
        return
    typed = {control.scope for control in start.controls() if control.compute is None}
    if typed.isdisjoint(task.visible):
        yield errors.CorrectNothing(where=f"{where}/visible", task=task.id)


def _lateness(ground: Ground, where: str, task: Task) -> Iterator[Fault]:
    """A task that can be late escalates upwards, step by step, to people who may act."""
    if task.escalate and task.due_days is None:
        yield errors.EscalationWithoutDue(where=f"{where}/escalate", task=task.id)
    before = -1
    for i, rung in enumerate(task.escalate):
        at = f"{where}/escalate/{i}"
        if rung.after < before:
            yield errors.EscalationOrder(where=f"{at}/after", task=task.id)
        before = rung.after
        if rung.do == "reassign" and (task.party is None or rung.party not in (None, task.party)):
            yield errors.ReassignedOutside(where=at, task=task.id)
        elif rung.role in ground.start_roles():
            yield errors.EscalationToApplicant(where=f"{at}/role", task=task.id, role=rung.role)
        else:
            yield from _desk(ground, at, rung, task)


def _desk(ground: Ground, at: str, rung: Escalation, task: Task) -> Iterator[Fault]:
    party = rung.party or task.party or ground.scenario.meta.lead
    role = next((r for r in ground.scenario.roles if r.id == rung.role), None)
    if role is not None and role.party not in ("*", party):
        yield errors.PartyOutsideRole(where=f"{at}/role", role=role.id, party=party)


def returns(ground: Ground) -> Iterator[Fault]:
    """A task returns only where it may, to tasks that come before it on its way."""
    places = {place.step.id: place for place in process_places(ground.scenario)}
    order = {step_id: i for i, step_id in enumerate(places)}
    for place in places.values():
        task = place.step
        if not isinstance(task, Task):
            continue
        if "return" in task.actions and not task.return_to:
            yield errors.ReturnToMissing(where=f"{place.where}/return_to", task=task.id)
        if task.return_to and "return" not in task.actions:
            yield errors.ReturnToUnused(where=f"{place.where}/return_to", task=task.id)
        earlier = [
            p.step.id
            for p in places.values()
            if isinstance(p.step, Task)
            and order[p.step.id] < order[task.id]
            and _is_on_the_way(p, place)
        ]
        for k, target in enumerate(task.return_to):
            where = f"{place.where}/return_to/{k}"
            if target != APPLY and target not in places:
                near = nearest(target, [*earlier, APPLY])
                yield errors.StepUnknown(where=where, step=target, known=near)
            elif target not in (APPLY, *earlier):
                yield errors.ReturnNotEarlier(where=where, step=target, task=task.id)


def _is_on_the_way(earlier: StepPlace, later: StepPlace) -> bool:
    shared = [a for a, b in zip(earlier.around, later.around, strict=False) if a is b]
    return isinstance(shared[-1], Sequence | Branch)


# ── Side by side ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Effects:
    """What one branch of a parallel step writes and reads, in names of expressions."""

    where: str
    branch: Branch
    writes: frozenset[str]
    reads: frozenset[str]


def side_by_side(ground: Ground) -> Iterator[Fault]:
    """Nothing hangs on which of two parallel branches is quicker."""
    for place in process_places(ground.scenario):
        if not isinstance(place.step, Parallel):
            continue
        arms = [
            _effects(ground, f"{place.where}/branches/{i}", branch)
            for i, branch in enumerate(place.step.branches)
        ]
        for one, other in combinations(arms, 2):
            for name in sorted(one.writes & other.writes):
                yield errors.ParallelWrites(
                    where=other.where, branch=one.branch.id, other=other.branch.id, name=name
                )
            for reader, writer in ((one, other), (other, one)):
                for name in sorted(reader.reads & writer.writes):
                    yield errors.ParallelReads(
                        where=reader.where,
                        branch=reader.branch.id,
                        other=writer.branch.id,
                        name=name,
                    )


def _effects(ground: Ground, where: str, branch: Branch) -> _Effects:
    writes: set[str] = set()
    reads = {
        name
        for arm in branches(branch)
        if arm is not branch and arm.when is not None
        for name in names_in(arm.when)
    }
    for step in steps(branch):
        writes |= _writes(ground, step)
        if isinstance(step, QueryStep) and (query := ground.query(step.query)) is not None:
            reads |= set(query.params.values())
        if isinstance(step, Issue):
            issued = (d for d in ground.scenario.documents if d.id == step.document)
            reads |= {name for document in issued for name in names_of(document)}
    return _Effects(where, branch, frozenset(writes), frozenset(reads))


def _writes(ground: Ground, step: Step) -> set[str]:
    match step:
        case Task(form=str() as form_id):
            forms = [form for form in ground.scenario.forms if form.id == form_id]
            return {p.strip("/").replace("/", ".") for form in forms for p in form.scopes()}
        case QueryStep(query=query_id) if (query := ground.query(query_id)) is not None:
            return {f"{query_id}.{column}" for column in query.columns}
        case Issue(document=document):
            return {f"documents.{document}"}
        case _:
            return set()
