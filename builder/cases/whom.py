"""Say whom an event concerns: the applicant, desks that use an answer, desks that have acted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias, cast

from builder.cases.outline import tasks_of
from builder.process.case import Case, Event
from builder.process.engine import Outcome
from builder.scenario.model import Scenario, Task

__all__ = ["Due", "notices_of"]


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to give: to a desk, or (party None) to the applicant."""

    event: Event
    name: str
    fields: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    party: str | None = None
    role: str | None = None


_Find: TypeAlias = Callable[[Scenario, Case, Event], Iterator[Due]]


def notices_of(scenario: Scenario, outcome: Outcome, event: Event) -> Iterator[Due]:
    """Yield what is to be told of one event about open answers, pauses, passing on or the end."""
    find = _FIND.get(event.kind)
    if find is not None:
        yield from find(scenario, outcome.case, event)


def _to_applicant(_: Scenario, __: Case, event: Event) -> Iterator[Due]:
    yield Due(event, event.kind, fields=_fields(event))


def _to_desks(scenario: Scenario, case: Case, event: Event) -> Iterator[Due]:
    for party, role in _desks(scenario, case, _fields(event)):
        yield Due(event, event.kind, fields=_fields(event), party=party, role=role)


def _to_both(scenario: Scenario, case: Case, event: Event) -> Iterator[Due]:
    yield from _to_applicant(scenario, case, event)
    yield from _to_desks(scenario, case, event)


def _to_lead_too(scenario: Scenario, case: Case, event: Event) -> Iterator[Due]:
    yield from _to_applicant(scenario, case, event)
    for party, role in _leads(scenario):
        yield Due(event, event.kind, fields=_fields(event), party=party, role=role)


def _checked(scenario: Scenario, case: Case, event: Event) -> Iterator[Due]:
    if event.data["kept"] is False:
        yield from _to_lead_too(scenario, case, event)


def _completed(scenario: Scenario, case: Case, event: Event) -> Iterator[Due]:
    """Yield promises nobody looked into: what is found later is the bureau's own to deal with."""
    unseen = tuple(p.field for p in case.promises.values() if p.kept is None and p.verify_at)
    if unseen:
        for party, role in _leads(scenario):
            yield Due(event, "promise_open", fields=unseen, party=party, role=role)


def _to_its_desk(_: Scenario, case: Case, event: Event) -> Iterator[Due]:
    task = case.tasks[str(event.data["task"])]
    if task.party is not None:
        yield Due(event, event.kind, steps=(task.step,), party=task.party, role=task.role)


def _suspended(_: Scenario, case: Case, event: Event) -> Iterator[Due]:
    if event.data.get("why") == "officer":
        yield Due(event, event.kind, steps=(case.tasks[str(event.data["task"])].step,))


def _resumed(scenario: Scenario, case: Case, event: Event) -> Iterator[Due]:
    if event.data.get("rested") is True and event.actor is None:
        yield from _to_its_desk(scenario, case, event)


def _withdrawn(_: Scenario, case: Case, event: Event) -> Iterator[Due]:
    """Yield the desks that have acted, each with what it had finished."""
    finished = cast("list[str]", event.data.get("finished", []))
    by_desk: dict[tuple[str, str], list[str]] = {}
    for task in (case.tasks[t] for t in finished):
        if task.party is not None:
            by_desk.setdefault((task.party, task.role), []).append(task.step)
    for (party, role), steps in by_desk.items():
        yield Due(event, event.kind, steps=tuple(dict.fromkeys(steps)), party=party, role=role)


def _desks(scenario: Scenario, case: Case, fields: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the desks that use these answers now, and the lead's."""
    found: dict[tuple[str, str], None] = {}
    for task in case.open_tasks:
        step = scenario.step(task.step)
        used = step.visible if isinstance(step, Task) else ()
        if task.party is not None and not set(fields).isdisjoint(used):
            found[task.party, task.role] = None
    return list(found | dict.fromkeys(_leads(scenario)))


def _leads(scenario: Scenario) -> list[tuple[str, str]]:
    lead = scenario.meta.lead
    own = [(t.party, t.role) for t in tasks_of(scenario) if t.party == lead]
    return [(lead, role) for _, role in own[:1]]


def _fields(event: Event) -> tuple[str, ...]:
    found = event.data.get("fields") or [event.data.get("field")]
    return tuple(str(f) for f in found) if isinstance(found, list) else ()


_FIND: Mapping[str, _Find] = MappingProxyType(
    {
        "owed_reminded": _to_applicant,
        "owed_overdue": _to_both,
        "supplemented": _to_desks,
        "owed_extended": _to_applicant,
        "owed_waived": _to_applicant,
        "awaiting_owed": _to_lead_too,
        "promise_due": _to_desks,
        "promise_checked": _checked,
        "completed": _completed,
        "transferred": _to_its_desk,
        "urged": _to_its_desk,
        "suspended": _suspended,
        "resumed": _resumed,
        "withdrawn": _withdrawn,
    }
)
