"""List what was told to a person or to a desk, newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    String,
    and_,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from builder.cases.platform import Platform
from builder.cases.shapes import NoticeLine
from builder.identity import SignIn
from builder.scenario.model import Text
from builder.store import cases as tables
from federation.store import instant_text, read, write

__all__ = ["Inbox", "inbox", "mark_read", "unread"]

_MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of notices."""

    lines: tuple[NoticeLine, ...]
    after: str | None = None
    """Cursor of the next page; None at the end."""


def inbox(platform: Platform, who: SignIn, *, after: str | None = None, limit: int = 50) -> Inbox:
    """Return what was told to a person, and to the desks of the person's department and roles.

    Args:
        platform: the city.
        who: whose notices.
        after: cursor of the page before.
        limit: how many at most.
    """
    column = tables.notice.c
    place = (type_coerce(column["at"], String), column.case_no, column.id)
    query = select(tables.notice).where(_told(who)).order_by(*(c.desc() for c in place))
    last = _last(after)
    if last is not None:
        query = query.where(tuple_(*place) < tuple_(*last))
    found: list[Row[Any]] = []
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            found += conn.execute(query.limit(limit + 1)).all()
    found.sort(key=_place, reverse=True)
    shown = found[:limit]
    lines = tuple(
        NoticeLine(r.case_no, Text(**r.title), Text(**r.text), r.at, r.read_at) for r in shown
    )
    more = "|".join(map(str, _place(shown[-1]))) if len(found) > limit else None
    return Inbox(lines, more)


def unread(platform: Platform, who: SignIn) -> int:
    """Return how many of them nobody has marked as read; at most 100 of each matter are counted.

    A notice to a desk is read when one of its officers has read it: the desk shares its post.
    """
    column = tables.notice.c
    some = select(column.id).where(_told(who), column.read_at.is_(None)).limit(_MOST_COUNTED)
    found = 0
    for deployment in platform.deployments.all():
        with read(deployment.engine) as conn:
            found += int(conn.scalar(select(func.count()).select_from(some.subquery())) or 0)
    return found


def mark_read(platform: Platform, who: SignIn, case_no: str | None = None) -> None:
    """Mark what a person and the person's desk were told as read.

    Args:
        platform: the city.
        who: whose.
        case_no: only of this case; one that is not theirs has nothing of theirs. None: everything.
    """
    column = tables.notice.c
    which = [_told(who), column.read_at.is_(None)]
    if case_no is not None:
        which.append(column.case_no == case_no)
    now = platform.clock()
    for deployment in platform.deployments.all():
        with write(deployment.engine) as conn:
            conn.execute(update(tables.notice).where(*which).values(read_at=now))


def _told(who: SignIn) -> ColumnElement[bool]:
    column, account = tables.notice.c, who.account
    own = and_(column.account == account.account, column.party.is_(None))
    if account.party is None:
        return own
    desk = and_(column.party == account.party, column.role.in_(account.roles))
    return or_(own, desk)


def _last(after: str | None) -> tuple[str, str, int] | None:
    match after.split("|") if after else []:
        case [at, case_no, number] if number.isdigit():
            return at, case_no, int(number)
        case _:
            return None


def _place(row: Row[Any]) -> tuple[str, str, int]:
    return instant_text(row.at), row.case_no, row.id
