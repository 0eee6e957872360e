"""Run a scenario's own walks: who does what, and what must be seen. Each is a test.

A walk goes through the same commands and views as the pages. Its clock stands still but for
`later`, so it runs on a rehearsal copy of the city and never touches a real case.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import jsonschema
from sqlalchemy import select

from builder.cases import commands, due, gaps, keeping, settling, views
from builder.cases.answers import pick
from builder.cases.commands import Wish
from builder.cases.errors import WalkFailed, WalkUnreadable
from builder.cases.local import local_files
from builder.cases.platform import Deployment, Platform
from builder.cases.waiting import waiting
from builder.errors import Fault
from builder.forms.journey import assess
from builder.identity import SignIn
from builder.process.calendar import Calendar
from builder.process.case import TaskState
from builder.scenario.model import Json, Text
from builder.store import cases as tables
from federation.hub import NodeEntry
from federation.link import Reply
from federation.link.errors import LinkUnreachable
from federation.store import read, resource

__all__ = ["Outcome", "Walk", "WalkClock", "read_walks", "run"]

_ROUNDS = 20
_MORNING = time(9, 30)


@dataclass(slots=True)
class WalkClock:
    """A clock that moves only when told."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the moment it stands at."""
        return self.now


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk as its file says it."""

    id: str
    title: Text
    start: datetime
    steps: tuple[Mapping[str, Any], ...]
    folder: Path | None = None
    """Where files that its answers name are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a walk; `fault` says what was not as expected."""

    walk: str
    title: Text
    steps: int
    case_no: str | None
    fault: Fault | None


@dataclass(slots=True)
class _Course:
    """A walk under way."""

    platform: Platform
    clock: WalkClock
    deployment: str
    walk: Walk
    case_no: str = ""
    number: int = 0
    doing: str = ""
    errors: tuple[str, ...] = ()
    last: Fault | None = None
    begun: datetime = field(init=False)
    cut: dict[str, NodeEntry] = field(default_factory=dict)
    """Nodes that are down, as they were reached before."""


def read_walks(scenario: str | Path, only: str | None = None) -> tuple[Walk, ...]:
    """Return a scenario's walks by id; `scenario` is its folder, or the id of one that ships.

    Raises:
        WalkUnreadable: a file that is no walk, or no walk of that id.
    """
    home = scenario if isinstance(scenario, Path) else resource(f"specs/scenarios/{scenario}")
    folder = home / "walks"
    found = tuple(_read(path) for path in sorted(folder.glob("*.json")))
    chosen = tuple(w for w in found if only in (None, w.id))
    if not chosen:
        raise WalkUnreadable(walk=only or home.name, problem=", ".join(w.id for w in found) or "—")
    return chosen


def run(platform: Platform, clock: WalkClock, deployment: str, walk: Walk) -> Outcome:
    """Run one walk; the outcome carries the first thing that was not as expected."""
    course = _Course(platform, clock, deployment, walk)
    clock.now = _begin(platform.calendar, clock.now, walk.start)
    course.begun = clock.now
    try:
        for number, step in enumerate(walk.steps, start=1):
            course.number = number
            course.doing = " ".join(
                str(step[k]) for k in ("as", "do", "page", "task", "action", "party") if k in step
            )
            _take(course, step)
    except Fault as fault:
        return Outcome(walk.id, walk.title, course.number, course.case_no or None, fault)
    finally:
        platform.hub.nodes = {**platform.hub.nodes, **course.cut}
    return Outcome(walk.id, walk.title, course.number, course.case_no or None, None)


def _begin(calendar: Calendar, now: datetime, start: datetime) -> datetime:
    """Return when a walk begins: not before now, for grants hold from when they were given on.

    Where its own start is past, on the morning of the next working day, so that days can be counted
    alike whenever it runs.
    """
    return start if now <= start else _morning(calendar, now, 1)


def _morning(calendar: Calendar, now: datetime, days: int) -> datetime:
    """Return half past nine on the n-th working day after today."""
    return datetime.combine(calendar.due(now, days).at.date(), _MORNING, now.tzinfo)


def _take(course: _Course, step: Mapping[str, Any]) -> None:
    course.clock.now += timedelta(hours=step.get("later", 0))
    expect: Mapping[str, Any] = step.get("expect", {})
    course.errors = _NO_ERRORS
    who = course.platform.accounts.named(step["as"]) if "as" in step else None
    fault = _done(course, who, step)
    if fault is not None and "fault" not in expect:
        raise fault
    course.last = fault
    if course.errors and "page_errors" not in expect:
        _must(course, "page_errors", [], list(course.errors))
    for name, wanted in expect.items():
        _EXPECT[name](course, who, step, wanted)


def _done(course: _Course, who: SignIn | None, step: Mapping[str, Any]) -> Fault | None:
    try:
        if who is None:
            _BY_ITSELF[step["do"]](course, step)
        else:
            _DO[step["do"]](course, who, step)
    except Fault as fault:
        return fault
    return None


# ── Doing ────────────────────────────────────────────────────────────────────────────────────────


def _open(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    platform = course.platform
    if not course.case_no:
        course.case_no = commands.open_draft(platform, who, course.deployment).case_no
    else:
        deployment = platform.deployments.of_case(course.case_no)
        if keeping.load_draft(deployment, course.case_no) is None:
            commands.reopen(platform, who, course.case_no)
    views.page(platform, who, course.case_no, step.get("page"))


def _fill(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    saved = commands.save_answers(
        course.platform, who, course.case_no, step["page"], _answers(course, step)
    )
    course.case_no = saved.case_no
    course.errors = tuple(str(e["code"]) for e in saved.errors)


def _answers(course: _Course, step: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a step's answers; ``{"file": "name"}`` is a file beside the walk."""
    answers: Mapping[str, Any] = step.get("answers", {})
    folder = course.walk.folder
    return answers if folder is None else local_files(answers, folder, inside=True)


def _submit(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    del step
    first = commands.submit(course.platform, who, course.case_no)
    again = commands.submit(course.platform, who, course.case_no)
    _must(course, "receipt", first.seal, again.seal)


def _act(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    days = step.get("days")
    until = None
    if step["action"] == "suspend" and days is not None:
        until = _morning(course.platform.calendar, course.clock.now, days).date()
    wish = Wish(
        step["action"],
        step.get("reason"),
        step.get("to"),
        tuple(step.get("fields", ())),
        until=until,
        for_owed=step.get("for_owed", False),
        days=days,
        kept=step.get("kept", True),
    )
    answers = _answers(course, step)
    commands.act_with_answers(course.platform, who, course.case_no, step["task"], wish, answers)


def _withdraw(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    commands.withdraw(course.platform, who, course.case_no, step["reason"])


def _supplement(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    commands.supplement_with_answers(course.platform, who, course.case_no, step["answers"])


def _urge(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    commands.urge(course.platform, who, course.case_no, step["task"])


def _wait(course: _Course, step: Mapping[str, Any]) -> None:
    """Let happen what has come due by now: reminders, lateness, questions asked again."""
    platform, engine = course.platform, _deployment(course).engine
    course.clock.now += timedelta(minutes=step.get("minutes", 0))
    if "days" in step:
        course.clock.now = _morning(platform.calendar, course.clock.now, step["days"])
    for _ in range(_ROUNDS):
        now = platform.clock()
        found = due.due(engine, "tick", now, case_no=course.case_no)
        held = due.claim(engine, found, now, lambda: f"walk:{platform.random_bytes(8).hex()}")
        moved = [settling.tick_claimed(platform, _deployment(course), one) for one in held]
        if not any(moved):
            break
    settling.settle(platform, _deployment(course), course.case_no)


def _node(course: _Course, step: Mapping[str, Any]) -> None:
    """Take a department's node away, or bring it back."""
    hub, party = course.platform.hub, step["party"]
    if step["state"] == "down" and party not in course.cut:
        course.cut[party] = hub.nodes[party]
        hub.nodes = {**hub.nodes, party: replace(hub.nodes[party], link=_Cut(party))}
    elif step["state"] == "up" and party in course.cut:
        hub.nodes = {**hub.nodes, party: course.cut.pop(party)}


@dataclass(frozen=True, slots=True)
class _Cut:
    """The way to a node that is down."""

    party: str

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        """Reach nobody."""
        del method, path, body, timeout_s
        raise LinkUnreachable(party=self.party)


def _see(course: _Course, who: SignIn, step: Mapping[str, Any]) -> None:
    if "task" in step:
        views.task(course.platform, who, course.case_no, step["task"])
    else:
        views.case(course.platform, who, course.case_no)


_NO_ERRORS: tuple[str, ...] = ()

_DO: Mapping[str, Callable[[_Course, SignIn, Mapping[str, Any]], None]] = {
    "open": _open,
    "fill": _fill,
    "submit": _submit,
    "act": _act,
    "supplement": _supplement,
    "urge": _urge,
    "withdraw": _withdraw,
    "see": _see,
}

_BY_ITSELF: Mapping[str, Callable[[_Course, Mapping[str, Any]], None]] = {
    "wait": _wait,
    "node": _node,
}


# ── Seeing ───────────────────────────────────────────────────────────────────────────────────────


def _page_state(
    course: _Course, who: SignIn, page: str
) -> tuple[dict[str, Json], set[str], set[str]]:
    """Return a draft page's values, the pointers it asks for, and those that were fetched."""
    platform = course.platform
    deployment, draft = commands.own_draft(platform, who, course.case_no)
    filling = commands.filling_of(platform, deployment, who, draft)
    state = assess(filling.form, filling.answers, filling.today, filling.known())
    controls = [c.question for c in filling.form.page(page).controls() if c.question.pointer]
    shown = {q.pointer for q in controls if q.id in state.shown and q.pointer}
    return dict(state.values), shown, set(filling.provenance)


def _sees_errors(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    _must(course, "page_errors", sorted(wanted), sorted(course.errors))


def _sees_prefilled(
    course: _Course, who: SignIn, step: Mapping[str, Any], wanted: Mapping[str, Json]
) -> None:
    values, _, fetched = _page_state(course, who, step["page"])
    found = {p: values.get(p) if p in fetched else None for p in wanted}
    _must(course, "prefilled", dict(wanted), found)


def _sees_shown(course: _Course, who: SignIn, step: Mapping[str, Any], wanted: list[str]) -> None:
    _, shown, _ = _page_state(course, who, step["page"])
    _must(course, "shown", wanted, [p for p in wanted if p in shown])


def _sees_hidden(course: _Course, who: SignIn, step: Mapping[str, Any], wanted: list[str]) -> None:
    _, shown, _ = _page_state(course, who, step["page"])
    _must(course, "hidden", wanted, [p for p in wanted if p not in shown])


def _sees_tasks(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    _must(course, "tasks_open", wanted, [t for t in wanted if t in _open_steps(course)])


def _sees_no_tasks(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    _must(course, "tasks_absent", wanted, [t for t in wanted if t not in _open_steps(course)])


def _sees_status(course: _Course, _: object, __: Mapping[str, Any], wanted: str) -> None:
    stored = _stored(course)
    _must(course, "status", wanted, stored.case.status if stored else "draft")


def _sees_only(course: _Course, who: SignIn, step: Mapping[str, Any], wanted: list[str]) -> None:
    shown = views.task(course.platform, who, course.case_no, step["task"]).visible
    found = [r.pointer for s in shown.sections for r in s.rows if r.value is not None]
    _must(course, "visible_only", sorted(wanted), sorted(found))


def _sees_recorded(
    course: _Course, _: object, __: Mapping[str, Any], wanted: Mapping[str, Json]
) -> None:
    stored = _stored(course)
    answers = stored.case.answers if stored else {}
    _must(course, "recorded", dict(wanted), {p: pick(answers, p) for p in wanted})


def _sees_uses(
    course: _Course, _: object, __: Mapping[str, Any], wanted: list[Mapping[str, Any]]
) -> None:
    deployment = course.platform.deployments.of_case(course.case_no)
    found: dict[str, set[str]] = {}
    for use in keeping.read_uses(deployment, course.case_no):
        fields = found.setdefault(f"{use.purpose} {use.dataset}", set())
        fields |= {f.rpartition(".")[2] for f in use.fields}
    expected = {f"{w['purpose']} {w['dataset']}": set(w["fields"]) for w in wanted}
    _must(course, "uses", sorted(expected), sorted(found))
    for name, fields in expected.items():
        _must(course, f"uses {name}", sorted(fields), sorted(fields & found[name]))


def _sees_owed(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    stored = _stored(course)
    owing = [o.field for o in stored.case.owing] if stored else []
    _must(course, "owed", sorted(wanted), sorted(owing))


def _sees_promised(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    stored = _stored(course)
    _must(course, "promised", sorted(wanted), sorted(stored.case.promises if stored else ()))


def _newest(course: _Course) -> dict[str, TaskState]:
    stored = _stored(course)
    return {t.step: t for t in stored.case.tasks.values()} if stored else {}


def _sees_states(
    course: _Course, _: object, __: Mapping[str, Any], wanted: Mapping[str, str]
) -> None:
    tasks = _newest(course)
    found = {step: tasks[step].status if step in tasks else None for step in wanted}
    _must(course, "task_states", dict(wanted), found)


def _sees_due(course: _Course, _: object, __: Mapping[str, Any], wanted: Mapping[str, int]) -> None:
    """In how many working days since the walk began a task, or something owed, is due."""
    tasks, stored = _newest(course), _stored(course)
    days: dict[str, datetime | None] = {step: task.due_at for step, task in tasks.items()}
    days |= {o.field: o.due_at for o in stored.case.owed.values()} if stored else {}
    count = course.platform.calendar.working_days
    found = {name: count(course.begun, at) if (at := days.get(name)) else None for name in wanted}
    _must(course, "due", dict(wanted), found)


def _sees_desk(
    course: _Course, _: object, __: Mapping[str, Any], wanted: Mapping[str, str]
) -> None:
    tasks = _newest(course)
    found = {s: f"{tasks[s].party}/{tasks[s].role}" if s in tasks else None for s in wanted}
    _must(course, "desk", dict(wanted), found)


def _sees_told(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    """Every notice given so far for this case, as ``who:notice``, contains these."""
    column = tables.notice.c
    query = select(column.account, column.party, column.role, column.notice)
    with read(_deployment(course).engine) as conn:
        rows = conn.execute(query.where(column.case_no == course.case_no)).all()
    told = {f"{r.account or f'{r.party}/{r.role}'}:{r.notice}" for r in rows}
    _must(course, "told", sorted(wanted), sorted(set(wanted) & told))


def _sees_silent(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    stored = _stored(course)
    silent = {w.party for w in waiting(course.platform, stored)} if stored else set()
    _must(course, "silent", sorted(wanted), sorted(silent))


def _sees_finished(course: _Course, _: object, __: Mapping[str, Any], wanted: list[str]) -> None:
    stored = _stored(course)
    done = gaps.of_items(stored)[0] if stored else ()
    titles = [stored.scenario.item(i).title.zh for i in wanted] if stored else []
    _must(course, "finished", sorted(titles), sorted(t.zh for t in done))


def _sees_fault(course: _Course, _: object, __: Mapping[str, Any], wanted: str) -> None:
    _must(course, "fault", wanted, course.last.code if course.last else None)


_EXPECT: Mapping[str, Callable[[_Course, Any, Mapping[str, Any], Any], None]] = {
    "page_errors": _sees_errors,
    "prefilled": _sees_prefilled,
    "shown": _sees_shown,
    "hidden": _sees_hidden,
    "tasks_open": _sees_tasks,
    "tasks_absent": _sees_no_tasks,
    "status": _sees_status,
    "visible_only": _sees_only,
    "recorded": _sees_recorded,
    "uses": _sees_uses,
    "fault": _sees_fault,
    "owed": _sees_owed,
    "promised": _sees_promised,
    "task_states": _sees_states,
    "due": _sees_due,
    "desk": _sees_desk,
    "told": _sees_told,
    "silent": _sees_silent,
    "finished": _sees_finished,
}


def _deployment(course: _Course) -> Deployment:
    return course.platform.deployments.of_case(course.case_no)


def _stored(course: _Course) -> keeping.StoredCase | None:
    return keeping.load_case(_deployment(course), course.case_no)


def _open_steps(course: _Course) -> set[str]:
    stored = _stored(course)
    return {t.step for t in stored.case.open_tasks} if stored else set()


def _must(course: _Course, what: str, expected: object, found: object) -> None:
    if expected != found:
        raise WalkFailed(
            walk=course.walk.id,
            step=course.number,
            doing=f"{course.doing}: {what}",
            expected=_brief(expected),
            found=_brief(found),
        )


def _brief(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:300]


def _read(path: Path) -> Walk:
    try:
        doc = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise WalkUnreadable(walk=path.name, problem=str(fault)) from None
    schema = json.loads(resource("specs/schema/walk.schema.json").read_text(encoding="utf-8"))
    for error in _findings(schema, doc):
        raise WalkUnreadable(walk=path.name, problem=error)
    start = datetime.fromisoformat(doc["start"])
    return Walk(doc["id"], Text(**doc["title"]), start, tuple(doc["steps"]), path.parent)


def _findings(schema: Mapping[str, Any], doc: object) -> Iterator[str]:
    for error in jsonschema.Draft202012Validator(schema).iter_errors(doc):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:120]}"
