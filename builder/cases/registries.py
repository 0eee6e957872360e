"""Show a desk the registries of a matter (台账), and let it carry lists away.

Rows: cases in which the own department and role has or had a task. Fields: those that such a task
of that very case shows or fills; another cell of the same column stays closed. So a registry never
shows more than the task pages do, nor does a filter tell more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    cast,
    column,
    exists,
    func,
    select,
    table,
    tuple_,
    type_coerce,
)

from builder.cases.errors import ListUnknown, MayNotSee
from builder.cases.platform import Deployment, Platform
from builder.cases.words import LIST_HEADS, STATUSES
from builder.forms import told
from builder.identity import SignIn
from builder.scenario.model import Control, ListView, Scenario, Task, Text
from builder.store import cases as tables
from federation.store import instant_text, read

__all__ = [
    "MOST",
    "FilterField",
    "Registry",
    "RegistryLine",
    "RegistryRow",
    "Wanted",
    "registries",
    "registry",
    "rows_of",
]

PAGE = 50
MOST = 100_000
_COUNTED = 100_000
_CHUNK = 400
FilterKind: TypeAlias = Literal["text", "date", "choice"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asked for.

    Attributes:
        text: part of a case number.
        filters: field name → what was asked; for dates ``<name>_from`` and ``<name>_to``.
        after: cursor of the page before.
    """

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    after: str | None = None


@dataclass(frozen=True, slots=True)
class FilterField:
    """One filter of a registry: its name in the address, its kind, what it stands at."""

    name: str
    label: Text
    kind: FilterKind
    value: str
    until: str = ""
    choices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class RegistryLine:
    """A registry that a desk may open."""

    deployment: str
    list: str
    title: Text
    matter: Text


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """One case; a cell is None where it is not answered or not this desk's to see."""

    case_no: str
    submitted: datetime
    status: Text
    cells: tuple[Text | None, ...]


@dataclass(frozen=True, slots=True)
class Registry:
    """One page of a registry.

    Attributes:
        heads: titles of the columns, those of the case first.
        grades: of the columns' fields, without those of the case.
        total: how many rows there are, counted up to a limit.
        after: cursor of the next page.
    """

    deployment: str
    list: str
    title: Text
    matter: Text
    heads: tuple[Text, ...]
    grades: tuple[str, ...]
    rows: tuple[RegistryRow, ...]
    filters: tuple[FilterField, ...]
    total: int
    after: str | None


def registries(platform: Platform, who: SignIn) -> tuple[RegistryLine, ...]:
    """Return the registries of the matters in which an officer's desk has tasks.

    Raises:
        MayNotSee: an account without a department.
    """
    _party(who)
    found = []
    for deployment in platform.deployments.all():
        scenario = deployment.current
        if not _steps(scenario, who):
            continue
        matter = scenario.meta.title
        found += [RegistryLine(deployment.id, v.id, v.title, matter) for v in scenario.lists]
    return tuple(found)


def registry(
    platform: Platform,
    who: SignIn,
    deployment_id: str,
    list_id: str,
    wanted: Wanted,
    *,
    limit: int = PAGE,
) -> Registry:
    """Return one page of a registry, the newest case first.

    Raises:
        ListUnknown: there is none, or this desk has no task in its matter.
    """
    sight = _sight(platform, who, deployment_id, list_id)
    with read(sight.deployment.engine) as conn:
        total = conn.scalar(_counting(sight, wanted)) or 0
        found = list(_page(conn, sight, wanted, limit + 1))
    shown = found[:limit]
    last = shown[-1] if found[limit:] else None
    return Registry(
        deployment=sight.deployment.id,
        list=sight.view.id,
        title=sight.view.title,
        matter=sight.scenario.meta.title,
        heads=(*(LIST_HEADS[n] for n in ("case_no", "submitted", "status")), *sight.titles()),
        grades=sight.grades(),
        rows=tuple(shown),
        filters=sight.filters(wanted),
        total=total,
        after=None if last is None else f"{instant_text(last.submitted)}|{last.case_no}",
    )


def rows_of(
    platform: Platform, who: SignIn, deployment_id: str, list_id: str, wanted: Wanted
) -> Iterator[RegistryRow]:
    """Yield all rows of a registry, for carrying it away; see `registry`."""
    sight = _sight(platform, who, deployment_id, list_id)
    with read(sight.deployment.engine) as conn:
        yield from _page(conn, sight, wanted, MOST)


# ── What a desk sees ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Sight:
    """A registry through one desk's eyes.

    Attributes:
        sees: pointer → steps of the desk's own that show or fill it.
    """

    deployment: Deployment
    scenario: Scenario
    view: ListView
    party: str
    roles: tuple[str, ...]
    sees: Mapping[str, frozenset[str]]

    def pointers(self) -> tuple[str, ...]:
        """Return the columns that this desk sees in some case."""
        named = (f"/{self.view.entity}/{name}" for name in self.view.columns)
        return tuple(p for p in named if p in self.sees)

    def titles(self) -> tuple[Text, ...]:
        return tuple(told(self.scenario, p).label for p in self.pointers())

    def grades(self) -> tuple[str, ...]:
        return tuple(self.scenario.field(p).grade for p in self.pointers())

    def filters(self, wanted: Wanted) -> tuple[FilterField, ...]:
        return tuple(self._filter(name, wanted) for name in self.filter_names())

    def filter_names(self) -> tuple[str, ...]:
        return tuple(n for n in self.view.filters if f"/{self.view.entity}/{n}" in self.sees)

    def _filter(self, name: str, wanted: Wanted) -> FilterField:
        pointer = f"/{self.view.entity}/{name}"
        label, kind = told(self.scenario, pointer).label, self.filter_kind(name)
        if kind == "date":
            begin, end = (wanted.filters.get(f"{name}_{e}", "") for e in ("from", "to"))
            return FilterField(name, label, kind, begin, end)
        choices = _choices(self.scenario, pointer) if kind == "choice" else ()
        return FilterField(name, label, kind, wanted.filters.get(name, ""), choices=choices)

    def filter_kind(self, name: str) -> FilterKind:
        pointer = f"/{self.view.entity}/{name}"
        if self.scenario.field(pointer).type == "date":
            return "date"
        return "choice" if _choices(self.scenario, pointer) else "text"


def _sight(platform: Platform, who: SignIn, deployment_id: str, list_id: str) -> _Sight:
    party = _party(who)
    deployment = next((d for d in platform.deployments.all() if d.id == deployment_id), None)
    view = (
        next((v for v in deployment.current.lists if v.id == list_id), None) if deployment else None
    )
    if deployment is None or view is None:
        raise ListUnknown
    scenario = deployment.current
    steps = _steps(scenario, who)
    if not steps:
        raise ListUnknown
    sees: dict[str, set[str]] = {}
    for step in steps:
        filled = scenario.form(step.form).scopes() if step.form else frozenset()
        for pointer in (*step.visible, *filled):
            sees.setdefault(pointer, set()).add(step.id)
    roles = tuple(who.account.roles)
    return _Sight(
        deployment, scenario, view, party, roles, {p: frozenset(s) for p, s in sees.items()}
    )


def _party(who: SignIn) -> str:
    if who.account.party is None:
        raise MayNotSee
    return who.account.party


def _steps(scenario: Scenario, who: SignIn) -> tuple[Task, ...]:
    account = who.account
    return tuple(
        t for t in scenario.tasks() if t.party == account.party and t.role in account.roles
    )


def _choices(scenario: Scenario, pointer: str) -> tuple[tuple[str, Text], ...]:
    control: Control | None = next(
        (c for f in scenario.forms for c in f.controls() if c.scope == pointer), None
    )
    offered = control.options.get("choices") if control else None
    if not isinstance(offered, list):
        return ()
    pairs = [(c["value"], c["label"]) for c in offered if isinstance(c, Mapping)]
    return tuple((str(v), Text(**label)) for v, label in pairs)


# ── Asking the store ─────────────────────────────────────────────────────────────────────────────


def _mine(sight: _Sight, steps: frozenset[str] | None = None) -> ColumnElement[bool]:
    """Return the condition that the desk has a task in a case, of some steps only."""
    of = tables.task.c
    found = select(of.task).where(
        of.case_no == tables.case.c.case_no, of.party == sight.party, of.role.in_(sight.roles)
    )
    return exists(found if steps is None else found.where(of.step.in_(sorted(steps))))


def _conditions(sight: _Sight, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    yield _mine(sight)
    if wanted.text:
        yield tables.case.c.case_no.contains(wanted.text.strip().upper(), autoescape=True)
    for name in sight.filter_names():
        asked = _asked(name, sight.filter_kind(name), wanted)
        if asked is None:
            continue
        pointer = f"/{sight.view.entity}/{name}"
        record = table(f"record_{sight.view.entity}", column("case_no"), column(name))
        yield tables.case.c.case_no.in_(select(record.c.case_no).where(asked(record.c[name])))
        yield _mine(sight, sight.sees[pointer])


def _asked(name: str, kind: FilterKind, wanted: Wanted) -> Any:
    """Return the condition of one filter on its column; None where nothing was asked."""
    if kind == "date":
        begin, end = (wanted.filters.get(f"{name}_{e}", "").strip() for e in ("from", "to"))
        if not begin and not end:
            return None
        return lambda c: cast(c, String).between(begin or "0000-00-00", end or "9999-99-99")
    value = wanted.filters.get(name, "").strip()
    if not value:
        return None
    if kind == "choice":
        return lambda c: cast(c, String) == value
    return lambda c: cast(c, String).contains(value, autoescape=True)


def _counting(sight: _Sight, wanted: Wanted) -> Select[Any]:
    some = select(tables.case.c.case_no).where(*_conditions(sight, wanted)).limit(_COUNTED)
    return select(func.count()).select_from(some.subquery())


def _page(conn: Connection, sight: _Sight, wanted: Wanted, limit: int) -> Iterator[RegistryRow]:
    of = tables.case.c
    place = (type_coerce(of.submitted_at, String), of.case_no)
    query = (
        select(of.case_no, of.submitted_at, of.status, of.answers)
        .where(*_conditions(sight, wanted))
        .order_by(*(c.desc() for c in place))
        .limit(limit)
    )
    last = wanted.after.split("|") if wanted.after else []
    if len(last) == len(place):
        query = query.where(tuple_(*place) < tuple_(*last))
    result = conn.execute(query)
    while rows := result.fetchmany(_CHUNK):
        yield from _lines(conn, sight, rows)


def _lines(conn: Connection, sight: _Sight, rows: Sequence[Any]) -> Iterator[RegistryRow]:
    of = tables.task.c
    held: dict[str, set[str]] = {}
    for task in conn.execute(
        select(of.case_no, of.step).where(
            of.case_no.in_([r.case_no for r in rows]),
            of.party == sight.party,
            of.role.in_(sight.roles),
        )
    ):
        held.setdefault(task.case_no, set()).add(task.step)
    columns = [
        (sight.view.entity, p.rpartition("/")[2], sight.sees[p], told(sight.scenario, p).show)
        for p in sight.pointers()
    ]
    for row in rows:
        steps = held.get(row.case_no, set())
        cells = []
        for entity, name, seen_by, show in columns:
            value = row.answers.get(entity, {}).get(name)
            cells.append(None if value is None or seen_by.isdisjoint(steps) else show(value))
        status = STATUSES.get(row.status, Text(row.status, row.status))
        yield RegistryRow(row.case_no, row.submitted_at, status, tuple(cells))
