"""Look after what could not be told: see it, send it again, and forget what went out long ago."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from builder.cases.outbox import CLOSE
from builder.cases.platform import Deployment, Platform
from builder.scenario.model import Text
from builder.store import cases as tables
from federation.store import read, write

__all__ = ["Undelivered", "count_undelivered", "forget_sent", "send_again", "undelivered"]

_LATE: Final = timedelta(hours=1)
_DEAD_KEPT: Final = timedelta(days=180)
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that was laid aside, or waits for longer than an hour.

    Attributes:
        address: an account, or ``<party>/<role>`` for a desk; never a mail address.
        state: ``dead`` or ``waiting``.
        fault: code of what was wrong last.
    """

    id: str
    deployment: str
    matter: Text
    case_no: str
    channel: str
    address: str
    state: str
    attempts: int
    made_at: datetime
    fault: str | None


def undelivered(
    platform: Platform, counties: Collection[str] | None = None
) -> tuple[Undelivered, ...]:
    """Return what could not be told, the newest first, 200 for each matter at most.

    Args:
        platform: the city.
        counties: codes of the counties whose matters are looked at; None: all.
    """
    column, now = tables.outbox.c, platform.clock()
    query = (
        select(tables.outbox)
        .where(_is_stuck(now), column.channel != CLOSE)
        .order_by(column.made_at.desc())
        .limit(_MOST)
    )
    found: list[Undelivered] = []
    for deployment in platform.deployments.all():
        if counties is not None and deployment.county not in counties:
            continue
        with read(deployment.engine) as conn:
            rows = conn.execute(query).all()
        found += [
            Undelivered(
                r.id,
                deployment.id,
                deployment.current.meta.title,
                r.case_no,
                r.channel,
                r.address,
                r.state,
                r.attempts,
                r.made_at,
                r.fault,
            )
            for r in rows
        ]
    found.sort(key=lambda u: u.made_at, reverse=True)
    return tuple(found)


def count_undelivered(platform: Platform) -> tuple[int, int]:
    """Return how many messages were laid aside, and how many wait for longer than an hour."""
    column, now = tables.outbox.c, platform.clock()
    dead = late = 0
    for deployment in platform.deployments.all():
        query = (
            select(column.state, func.count())
            .where(_is_stuck(now), column.channel != CLOSE)
            .group_by(column.state)
        )
        with read(deployment.engine) as conn:
            counts = {state: int(n) for state, n in conn.execute(query)}
        dead += counts.get("dead", 0)
        late += counts.get("waiting", 0)
    return dead, late


def send_again(
    platform: Platform, ids: Collection[str] | None = None, counties: Collection[str] | None = None
) -> int:
    """Let what was laid aside go out again, at once, under its old id; return how many.

    Args:
        platform: the city.
        ids: of which messages; None: of all.
        counties: codes of the counties whose matters are looked at; None: all.
    """
    column, now = tables.outbox.c, platform.clock()
    which = [_is_stuck(now), column.channel != CLOSE]
    if ids is not None:
        which.append(column.id.in_(list(ids)))
    again = 0
    for deployment in platform.deployments.all():
        if counties is None or deployment.county in counties:
            with write(deployment.engine) as conn:
                changed = conn.execute(
                    update(tables.outbox)
                    .where(*which)
                    .values(state="waiting", next_at=now, done_at=None, made_at=now, attempts=0)
                )
            again += changed.rowcount
    return again


def forget_sent(platform: Platform, deployment: Deployment) -> int:
    """Delete messages that went out longer ago than the settings say; return how many.

    What was laid aside stays for half a year: somebody should see it.
    """
    column, now = tables.outbox.c, platform.clock()
    kept = timedelta(days=platform.settings.notice_keep_days)
    with write(deployment.engine) as conn:
        gone = conn.execute(
            delete(tables.outbox).where(
                or_(
                    and_(column.state == "done", column.done_at < now - kept),
                    and_(column.state == "dead", column.done_at < now - _DEAD_KEPT),
                )
            )
        )
    return gone.rowcount


def _is_stuck(now: datetime) -> ColumnElement[bool]:
    column = tables.outbox.c
    return or_(
        column.state == "dead",
        and_(column.state == "waiting", column.attempts > 0, column.made_at < now - _LATE),
    )
