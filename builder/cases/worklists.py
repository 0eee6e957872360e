"""List the tasks of a desk: by due time, or the newest done ones, however many there are.

Every question put to a case store follows an index in the order that is shown and stops after one
page: one question for each of the officer's roles and each state, none over all rows. What several
stores answer is merged. A cursor names the last task shown, so that a task done or opened
meanwhile moves no other one to another page.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)

from builder.cases.errors import MayNotSee
from builder.cases.outline import step_title
from builder.cases.platform import Deployment, Platform, case_ref_table
from builder.cases.shapes import WorkItem, Worklist
from builder.identity import SignIn
from builder.store import cases as tables
from federation.store import Instant, instant_text, read

__all__ = ["COUNTED", "PAGE", "worklist"]

PAGE = 50
COUNTED = 999
"""How far a desk's tasks are counted; above, a tab says that there are more."""

_STATES = ("open", "overdue", "correcting", "suspended", "done")
_FEW = 200
_NEVER = "9999-12-31T00:00:00.000000+08:00"
_NUMBER = re.compile(r"[0-9A-Z-]*")

_Place: TypeAlias = tuple[str, str, str]
"""Where a task stands: moment as stored, case number, task. A cursor is a place."""
_Found: TypeAlias = tuple[_Place, WorkItem]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a reader asked for.

    Attributes:
        text: part of a case number, upper case.
        numbers: deployment → the few numbers that `text` is part of; None where they are many, or
            nothing was searched for.
        after: the last task of the page before.
    """

    party: str
    account: str
    roles: tuple[str, ...]
    state: str
    text: str
    numbers: Mapping[str, Sequence[str]] | None
    now: datetime
    limit: int
    after: _Place | None

    @property
    def is_newest_first(self) -> bool:
        return self.state == "done"

    def values(self, role: str) -> dict[str, Any]:
        """Return what statements are filled in with."""
        at, case_no, task = self.after or ("", "", "")
        return {
            "party": self.party,
            "role": role,
            "me": self.account,
            "now": self.now,
            "text": f"%{self.text}%",
            "after_at": at,
            "after_case": case_no,
            "after_task": task,
        }


def worklist(
    platform: Platform,
    who: SignIn,
    *,
    state: str = "open",
    text: str = "",
    after: str | None = None,
    limit: int = PAGE,
) -> Worklist:
    """Return the tasks of an officer's own department and roles.

    Args:
        platform: the city.
        who: the officer.
        state: ``open``, ``overdue``, ``correcting``, ``suspended`` or ``done``.
        text: part of a case number.
        after: cursor of the page before.
        limit: how many at most.

    Raises:
        MayNotSee: an account without a department.
    """
    if who.account.party is None:
        raise MayNotSee
    wanted = text.strip().upper()
    asked = _Asked(
        party=who.account.party,
        account=who.account.account,
        roles=who.account.roles,
        state=state,
        text=wanted,
        numbers=_numbers(platform, wanted) if wanted else None,
        now=platform.clock(),
        limit=limit,
        after=_place(after),
    )
    counts = dict.fromkeys(_STATES, 0)
    found: list[Sequence[_Found]] = []
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            _count(conn, asked, counts)
            found += _items(conn, deployment, asked)
    merged = heapq.merge(*found, key=itemgetter(0), reverse=asked.is_newest_first)
    page = [hit for hit, _ in zip(merged, range(limit + 1), strict=False)]
    cursor = "|".join(page[limit - 1][0]) if len(page) > limit else None
    return Worklist(tuple(item for _, item in page[:limit]), counts, state, cursor)


# ── Counting ─────────────────────────────────────────────────────────────────────────────────────


def _count(conn: Connection, asked: _Asked, counts: dict[str, int]) -> None:
    """Add what one store has, each state counted up to one more than `COUNTED`."""
    for role in asked.roles:
        row = conn.execute(_counting(), asked.values(role)).one()
        for state in _STATES:
            counts[state] = min(COUNTED + 1, counts[state] + getattr(row, state))


@lru_cache(maxsize=1)
def _counting() -> Select[Any]:
    counted = []
    for state in _STATES:
        some: Select[Any] = select(literal_column("1").label("one")).where(*_of_desk(state))
        some = some.limit(COUNTED + 1)
        counted.append(
            select(func.count()).select_from(some.subquery()).scalar_subquery().label(state)
        )
    return select(*counted)


def _of_desk(state: str, *, whole_desk: bool = False) -> tuple[ColumnElement[bool], ...]:
    column = tables.task.c
    mine: tuple[ColumnElement[bool], ...] = (
        column.party == bindparam("party"),
        column.role == bindparam("role"),
    )
    if not whole_desk:  # a colleague's own task is found by its number
        mine = (*mine, or_(column.assignee.is_(None), column.assignee == bindparam("me")))
    if state == "overdue":
        late = column.due_at < bindparam("now", type_=Instant())
        return (*mine, column.state == "open", late)
    return (*mine, column.state == state)


# ── Listing ──────────────────────────────────────────────────────────────────────────────────────


def _items(conn: Connection, deployment: Deployment, asked: _Asked) -> Iterator[list[_Found]]:
    """Yield the first tasks behind the cursor, by role, each list in the order shown."""
    for role in asked.roles:
        if asked.numbers is None:
            rows = _in_order(conn, asked, role)
        else:
            rows = _of_numbers(conn, asked, role, asked.numbers.get(deployment.id, ()))
        found = [_item(deployment, asked, row) for row in rows]
        if asked.numbers is not None:
            found = _sorted(found, asked)
        yield found


def _in_order(conn: Connection, asked: _Asked, role: str) -> list[Row[Any]]:
    """Return one page and one task more, as the indexes give them."""
    rows: list[Row[Any]] = []
    if asked.text and not _NUMBER.fullmatch(asked.text):
        return rows
    has_text, has_after = bool(asked.text), asked.after is not None
    parts = _parts(asked)
    for part in parts:
        query = _ordered(asked.state, part, has_text=has_text, has_after=has_after)
        values = {**asked.values(role), "most": asked.limit + 1 - len(rows)}
        rows += conn.execute(query, values).all()
        if len(rows) > asked.limit:
            break
    return rows


def _parts(asked: _Asked) -> tuple[str, ...]:
    """Return the parts of a list that follow each other: tasks without a due time come last."""
    if asked.is_newest_first:
        return ("done",)
    if asked.state == "overdue":
        return ("dated",)
    if asked.after is not None and asked.after[0] == _NEVER:
        return ("undated",)
    return ("dated", "undated")


@lru_cache(maxsize=64)
def _ordered(state: str, part: str, *, has_text: bool, has_after: bool) -> Select[Any]:
    """Return the statement for one part of a list; made once, its values are filled in."""
    column = tables.task.c
    query = _tasks(state).limit(bindparam("most"))
    if has_text:
        query = query.where(column.case_no.like(bindparam("text")))
    moment = type_coerce(column.done_at if part == "done" else column.due_at, String)
    rest = (column.case_no, column.task)
    last: tuple[ColumnElement[Any], ...] = (
        bindparam("after_at"),
        bindparam("after_case"),
        bindparam("after_task"),
    )
    match part:
        case "done":
            here = tuple_(moment, *rest)
            query = query.where(here < tuple_(*last)) if has_after else query
            return query.order_by(moment.desc(), *(c.desc() for c in rest))
        case "dated":
            query = query.where(column.due_at.is_not(None))
            here = tuple_(moment, *rest)
            query = query.where(here > tuple_(*last)) if has_after else query
            return query.order_by(moment, *rest)
        case _:
            # behind a dated task all of these still come
            behind = tuple_(literal_column(f"'{_NEVER}'"), *rest) > tuple_(*last)
            query = query.where(column.due_at.is_(None))
            return (query.where(behind) if has_after else query).order_by(*rest)


@lru_cache(maxsize=16)
def _tasks(state: str, *, whole_desk: bool = False) -> Select[Any]:
    column = tables.task.c
    shown: tuple[ColumnElement[Any], ...] = (
        column.case_no, column.task, column.step, column.party, column.state,
        column.opened_at, column.due_at, column.done_at, tables.case.c.applicant,
    )  # fmt: skip
    return (
        select(*shown)
        .join(tables.case, tables.case.c.case_no == column.case_no)
        .where(*_of_desk(state, whole_desk=whole_desk))
    )


def _item(deployment: Deployment, asked: _Asked, row: Row[Any]) -> _Found:
    scenario = deployment.current
    due, done = row.due_at, row.done_at
    moment = done if asked.is_newest_first else due
    at = instant_text(moment) if moment else _NEVER
    return (at, row.case_no, row.task), WorkItem(
        case_no=row.case_no,
        task=row.task,
        deployment=deployment.id,
        title=step_title(scenario, row.step),
        matter=scenario.meta.title,
        applicant=_masked(row.applicant.get("name")),
        party=row.party,
        opened=row.opened_at,
        due=due,
        overdue=row.state == "open" and due is not None and due < asked.now,
        state=row.state,
        done_at=done,
    )


def _place(after: str | None) -> _Place | None:
    """Read a cursor; one that is none begins at the beginning."""
    match after.split("|") if after else []:
        case [at, case_no, task]:
            return at, case_no, task
        case _:
            return None


def _masked(name: object) -> str:
    return f"{name[0]}{'*' * (len(name) - 1)}" if isinstance(name, str) and name else "—"


# ── Searching ────────────────────────────────────────────────────────────────────────────────────


def _numbers(platform: Platform, text: str) -> dict[str, list[str]] | None:
    """Return the few numbers a text is part of, by deployment; None where they are many.

    The hub's list of numbers is narrow and holds all of them: looking through it costs little, and
    few tasks are then found by their number. Where the text is part of many numbers, a desk's tasks
    in their own order soon fill a page.
    """
    if not _NUMBER.fullmatch(text):
        return {}
    column = case_ref_table.c
    query = select(column.case_no, column.deployment)
    with read(platform.hub_engine) as conn:
        rows = conn.execute(query.where(column.case_no == text)).all()
        if not rows:
            part = query.where(column.case_no.like(f"%{text}%")).limit(_FEW + 1)
            rows = conn.execute(part).all()
    return _grouped((r.deployment, r.case_no) for r in rows) if len(rows) <= _FEW else None


def _of_numbers(
    conn: Connection, asked: _Asked, role: str, numbers: Sequence[str]
) -> list[Row[Any]]:
    """Return all tasks of few numbers; not in order, so that they are found by the number."""
    if not numbers:
        return []
    query = _tasks(asked.state, whole_desk=True).where(tables.task.c.case_no.in_(numbers))
    return list(conn.execute(query, asked.values(role)))


def _sorted(found: Sequence[_Found], asked: _Asked) -> list[_Found]:
    """Sort what was found by number and leave out what earlier pages showed."""
    newest, after = asked.is_newest_first, asked.after
    ordered = sorted(found, key=itemgetter(0), reverse=newest)
    if after is None:
        return ordered
    return [f for f in ordered if (f[0] < after if newest else f[0] > after)]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
