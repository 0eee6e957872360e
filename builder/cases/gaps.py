"""Show what is owed, promised and at rest, to applicants and desks alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from builder.cases.keeping import StoredCase
from builder.cases.outline import step_title, tasks_of
from builder.cases.platform import Platform
from builder.cases.shapes import OtherLine, OwedLine, PromiseLine, RestLine
from builder.forms import Mark
from builder.process.calendar import SHANGHAI
from builder.process.case import Owed, TaskState
from builder.process.plan import plan_of
from builder.scenario.model import Scenario, Task, Text

__all__ = [
    "field_title",
    "field_titles",
    "held",
    "marks",
    "may_urge",
    "of_items",
    "others",
    "owed_lines",
    "promise_lines",
    "rest_line",
    "sees",
]


def owed_lines(
    platform: Platform, stored: StoredCase, fields: Iterable[str] | None = None
) -> tuple[OwedLine, ...]:
    """Return what is or was owed, what is still to come first; `fields` limits it to some."""
    chosen = None if fields is None else set(fields)
    found = [o for o in stored.case.owed.values() if chosen is None or o.field in chosen]
    found.sort(key=lambda owed: (not owed.is_open, owed.due_at))
    return tuple(_owed_line(platform, stored, owed) for owed in found)


def _owed_line(platform: Platform, stored: StoredCase, owed: Owed) -> OwedLine:
    scenario, deferral = stored.scenario, plan_of(stored.scenario).deferrals[owed.field]
    return OwedLine(
        field=owed.field,
        title=field_title(scenario, owed.field),
        state=owed.status,
        since=owed.since,
        due=owed.due_at,
        due_certain=owed.due_certain,
        is_overdue=owed.is_open and platform.clock() > owed.due_at,
        may_extend=owed.is_open and not owed.is_extended,
        most_days=deferral.days,
        holds=tuple(step_title(scenario, step) for step in deferral.hold),
        stalls=owed.is_open and owed.overdue_at is not None and owed.consequence == "suspend",
        settled=owed.settled_at,
        reason=owed.reason,
    )


def promise_lines(
    stored: StoredCase, fields: Iterable[str] | None = None
) -> tuple[PromiseLine, ...]:
    """Return the promises made, each with its words; `fields` limits it to some."""
    chosen, lines = None if fields is None else set(fields), []
    pledges = plan_of(stored.scenario).pledges
    for promised in stored.case.promises.values():
        if chosen is None or promised.field in chosen:
            pledge = pledges[promised.field]
            lines.append(
                PromiseLine(
                    field=promised.field,
                    title=field_title(stored.scenario, promised.field),
                    text=pledge.text,
                    consequence=pledge.consequence,
                    wording=promised.wording,
                    at=promised.at,
                    verify_by=promised.verify_at,
                    kept=promised.kept,
                    checked=promised.checked_at,
                    reason=promised.reason,
                )
            )
    return tuple(lines)


def marks(stored: StoredCase) -> dict[str, Mark]:
    """Return what is said beside answers that were left open, by pointer."""
    found: dict[str, Mark] = {}
    for owed in stored.case.owed.values():
        day = f"{owed.due_at.astimezone(SHANGHAI):%Y-%m-%d}"
        came = f"{owed.settled_at.astimezone(SHANGHAI):%Y-%m-%d}" if owed.settled_at else ""
        words = {
            "owed": ("warn", f"容缺，应在 {day} 前补交", f"Owed until {day}"),
            "given": ("good", f"已于 {came} 补交", f"Supplied on {came}"),
            "waived": ("mute", "免于补交", "Waived"),
        }.get(owed.status)
        if words is not None:
            found[owed.field] = Mark(words[0], Text(words[1], words[2]))
    for promised in stored.case.promises.values():
        tone, zh, en = {
            None: ("info", "告知承诺", "Promised instead"),
            True: ("good", "告知承诺，已核查属实", "Promised, found true"),
            False: ("bad", "告知承诺，核查不属实", "Promised, found untrue"),
        }[promised.kept]
        found[promised.field] = Mark(tone, Text(zh, en))
    return found


def rest_line(task: TaskState) -> RestLine | None:
    """Return why a task is suspended; None where it is not."""
    rest = task.suspension
    if rest is None:
        return None
    return RestLine(rest.at, rest.reason, rest.until, rest.for_owed)


def held(stored: StoredCase, step: str) -> tuple[Text, ...]:
    """Return what is owed before a step can pass."""
    deferrals = plan_of(stored.scenario).deferrals
    return tuple(
        field_title(stored.scenario, owed.field)
        for owed in stored.case.owing
        if step in deferrals[owed.field].hold
    )


def sees(stored: StoredCase, task: TaskState) -> frozenset[str] | None:
    """Return of which open answers a task's desk decides; None: all, for the lead."""
    if task.party == stored.scenario.meta.lead:
        return None
    step = stored.scenario.step(task.step)
    return frozenset(step.visible) if isinstance(step, Task) else frozenset()


def others(platform: Platform, stored: StoredCase, party: str | None) -> tuple[OtherLine, ...]:
    """Return the open tasks of other departments, for an officer of the lead."""
    if party != stored.scenario.meta.lead:
        return ()
    return tuple(
        OtherLine(
            task=task.id,
            title=step_title(stored.scenario, task.step),
            party_title=platform.city.party_title(task.party),
            state=task.status,
            due=task.due_at,
            may_urge=may_urge(platform, task),
        )
        for task in stored.case.open_tasks
        if task.party not in (None, party)
    )


def may_urge(platform: Platform, task: TaskState) -> bool:
    """Tell whether a task may be hurried now."""
    if task.status != "open" or task.party is None:
        return False
    if task.urged_at is None:
        return True
    return platform.calendar.working_days(task.urged_at, platform.clock()) > 0


def of_items(stored: StoredCase) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Return the titles of items that are done, and of those begun and not done."""
    scenario, newest = stored.scenario, {t.step: t for t in stored.case.tasks.values()}
    done: dict[str, None] = {}
    begun: dict[str, None] = {}
    for task in tasks_of(scenario):
        state = newest.get(task.id)
        if task.item is None or state is None:
            continue
        is_done = state.status == "done" and state.outcome in ("approve", "submit")
        (done if is_done else begun)[task.item] = None
    return (
        tuple(scenario.item(i).title for i in done if i not in begun),
        tuple(scenario.item(i).title for i in begun),
    )


def field_title(scenario: Scenario, pointer: str) -> Text:
    """Return what a field is called on its form."""
    for form in scenario.forms:
        control = form.control(pointer)
        if control is not None:
            return control.label
    return Text(pointer, pointer)


def field_titles(scenario: Scenario, data: Mapping[str, object]) -> Text | None:
    """Return what the fields of an event are called, in one phrase; None where it has none."""
    fields = data.get("fields") or ([data["field"]] if "field" in data else [])
    titles = [field_title(scenario, str(f)) for f in fields] if isinstance(fields, list) else []
    if not titles:
        return None
    return Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
