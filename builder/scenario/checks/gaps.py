"""Check what may be left open, promised or passed on (容缺, 告知承诺, 转办)."""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import ControlPlace, Ground, controls, process_places
from builder.scenario.model import Deferral, Task
from builder.scenario.names import nearest

__all__ = ["open_answers", "transfers"]


def open_answers(ground: Ground) -> Iterator[Fault]:
    """Only what the applicant must type can be owed or promised, and holds up real tasks."""
    tasks = [p.step.id for p in process_places(ground.scenario) if isinstance(p.step, Task)]
    for place in controls(ground.scenario):
        offered = {"deferrable": place.control.deferrable, "promise": place.control.promise}
        for key in (key for key, offer in offered.items() if offer is not None):
            yield from _offer(ground, place, key)
        if place.control.deferrable is not None:
            yield from _deferral(f"{place.where}/deferrable", place.control.deferrable, tasks)


def _offer(ground: Ground, place: ControlPlace, key: str) -> Iterator[Fault]:
    control, where = place.control, f"{place.where}/{key}"
    start = ground.start_form()
    if start is None:
        return  # said by another check
    if place.form.id != start.id:
        yield errors.DeferNotApplicants(where=where, control=control.id, key=key)
        return
    if control.scope is None or control.compute is not None:
        yield errors.DeferNotTyped(where=where, control=control.id, key=key)
        return
    if not control.required and control.required_when is None:
        yield errors.DeferNotRequired(where=where, control=control.id, key=key)
    if control.scope in {subject.key for subject in ground.scenario.subjects}:
        yield errors.DeferSubject(where=where, scope=control.scope, key=key)


def _deferral(where: str, deferral: Deferral, tasks: list[str]) -> Iterator[Fault]:
    for i, step in enumerate(deferral.hold):
        if step not in tasks:
            yield errors.HoldUnknown(
                where=f"{where}/hold/{i}", step=step, known=nearest(step, tasks)
            )
    if deferral.remind is not None and 0 < deferral.days <= deferral.remind:
        yield errors.DeferRemindEarly(where=where, days=deferral.days, remind=deferral.remind)


def transfers(ground: Ground) -> Iterator[Fault]:
    """A task is passed on to parties of the matter that have somebody who may act."""
    parties = ground.scenario.meta.parties
    able = {role.party for role in ground.scenario.roles if not role.start}
    for place in process_places(ground.scenario):
        task = place.step
        if not isinstance(task, Task):
            continue
        if task.transfer_to and "transfer" not in task.actions:
            yield errors.TransferUnused(where=f"{place.where}/transfer_to", task=task.id)
        for i, party in enumerate(task.transfer_to):
            if party not in parties or party == task.party or not {party, "*"} & able:
                yield errors.TransferWrong(
                    where=f"{place.where}/transfer_to/{i}", task=task.id, party=party
                )
