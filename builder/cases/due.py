"""Keep what is due in one deployment's store from being done twice at once: claims that run out.

Three things come due by themselves: a question to be asked (`ask`), a moment of a case (`tick`), a
message to be sent (`send`). Who does one claims it first, by one conditional UPDATE, for a time;
what a worker claimed that died is due again when its claim has run out. A claim only keeps work
from being done twice: that its *outcome* is taken once is the business of the case's version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)

from builder.store import cases as tables
from federation.store import read, write

__all__ = [
    "HOLD",
    "Held",
    "Kind",
    "claim",
    "confirm",
    "due",
    "give_back",
    "lanes",
    "put_off",
    "set_timer",
]

Kind: TypeAlias = Literal["ask", "tick", "send"]

HOLD = timedelta(seconds=30)
"""How long a claim holds, unless it is confirmed again."""

_FAR = timedelta(minutes=10)
"""A claim that runs longer than any does was made by a clock that has been set back since."""


@dataclass(frozen=True, slots=True)
class Held:
    """Something due, and by whom it is held.

    Attributes:
        key: the row's key: case and step; case; message id.
        lane: whose slowness it may suffer: the party asked, the channel; empty for ticks.
        holder: names one claim of one worker; empty while nobody holds it.
    """

    kind: Kind
    key: tuple[str, ...]
    lane: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where one kind of due things stands."""

    table: Table
    key: tuple[str, ...]
    at: str
    lane: str | None

    def place(self, key: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        return tuple(self.table.c[name] == value for name, value in zip(self.key, key, strict=True))

    def moment(self) -> Column[datetime]:
        return self.table.c[self.at]


_SHAPES: Mapping[Kind, _Shape] = MappingProxyType(
    {
        "ask": _Shape(tables.pending_query, ("case_no", "step"), "retry_at", "party"),
        "tick": _Shape(tables.timer, ("case_no",), "at", None),
        "send": _Shape(tables.outbox, ("id",), "next_at", "channel"),
    }
)


def lanes(engine: Engine, kind: Kind, now: datetime) -> tuple[str, ...]:
    """Return whose things are due: parties, channels; an empty word where there are no lanes."""
    shape = _SHAPES[kind]
    column = shape.table.c[shape.lane] if shape.lane else None
    with read(engine) as conn:
        if column is None:
            found = conn.scalar(select(shape.moment()).where(*_is_due(shape, now)).limit(1))
            return () if found is None else ("",)
        return tuple(
            lane or ""
            for lane in conn.scalars(select(column).where(*_is_due(shape, now)).distinct())
        )


def due(
    engine: Engine,
    kind: Kind,
    now: datetime,
    *,
    lane: str | None = None,
    case_no: str | None = None,
    limit: int = 100,
) -> tuple[Held, ...]:
    """Return what is due and nobody's, the longest due first."""
    shape = _SHAPES[kind]
    columns = [shape.table.c[name] for name in shape.key]
    lane_column = shape.table.c[shape.lane] if shape.lane else None
    query = select(*columns, *([] if lane_column is None else [lane_column]))
    query = query.where(*_is_due(shape, now)).order_by(shape.moment()).limit(limit)
    if lane is not None and lane_column is not None:
        query = query.where(lane_column == lane if lane else or_(lane_column.is_(None)))
    if case_no is not None:
        query = query.where(shape.table.c.case_no == case_no)
    with read(engine) as conn:
        rows = [tuple(row) for row in conn.execute(query)]
    width = len(columns)
    return tuple(Held(kind, row[:width], (row[width:] or ("",))[0] or "") for row in rows)


def claim(
    engine: Engine,
    found: Collection[Held],
    now: datetime,
    holder: Callable[[], str],
    hold: timedelta = HOLD,
) -> tuple[Held, ...]:
    """Take what is still due and nobody's; return it held, each under a name of its own."""
    if not found:
        return ()
    with write(engine) as conn:
        return tuple(
            replace(held, holder=name)
            for held in sorted(found, key=lambda h: h.key)  # one order: nobody waits in a circle
            if _taken(conn, held, now, (name := holder()), hold)
        )


def confirm(engine: Engine, held: Held, now: datetime, hold: timedelta = HOLD) -> bool:
    """Hold on to a claim; False when it has run out and somebody else has it, or it is done."""
    shape = _SHAPES[held.kind]
    with write(engine) as conn:
        changed = conn.execute(
            update(shape.table)
            .where(*shape.place(held.key), shape.table.c.claimed_by == held.holder)
            .values(claimed_until=now + hold)
        )
    return changed.rowcount == 1


def give_back(engine: Engine, held: Held) -> None:
    """Let others do it at once; nothing happens when it is not held any more."""
    shape = _SHAPES[held.kind]
    with write(engine) as conn:
        conn.execute(
            update(shape.table)
            .where(*shape.place(held.key), shape.table.c.claimed_by == held.holder)
            .values(claimed_by=None, claimed_until=None)
        )


def put_off(engine: Engine, held: Held, until: datetime, fault: str | None = None) -> None:
    """Do it later; with a fault it counts as one more attempt."""
    shape = _SHAPES[held.kind]
    failed = {} if fault is None else {"fault": fault, "attempts": shape.table.c.attempts + 1}
    with write(engine) as conn:
        conn.execute(
            update(shape.table)
            .where(*shape.place(held.key), shape.table.c.claimed_by == held.holder)
            .values(
                {
                    shape.at: until,
                    "claimed_by": None,
                    "claimed_until": None,
                    **failed,
                }
            )
        )


def set_timer(conn: Connection, case_no: str, at: datetime | None) -> None:
    """Note when to look at a case again though nobody acts; None: never."""
    timer = tables.timer.c
    if at is None:
        conn.execute(delete(tables.timer).where(timer.case_no == case_no))
        return
    values = {"at": at, "attempts": 0, "fault": None, "claimed_by": None, "claimed_until": None}
    changed = conn.execute(update(tables.timer).where(timer.case_no == case_no).values(**values))
    if changed.rowcount == 0:
        conn.execute(insert(tables.timer).values(case_no=case_no, **values))


def _taken(conn: Connection, held: Held, now: datetime, holder: str, hold: timedelta) -> bool:
    shape = _SHAPES[held.kind]
    changed = conn.execute(
        update(shape.table)
        .where(*shape.place(held.key), *_is_due(shape, now))
        .values(claimed_by=holder, claimed_until=now + hold)
    )
    return changed.rowcount == 1


def _is_due(shape: _Shape, now: datetime) -> tuple[ColumnElement[bool], ...]:
    until = shape.table.c.claimed_until
    nobodys = or_(until.is_(None), until <= now, until > now + _FAR)
    found: tuple[ColumnElement[bool], ...] = (shape.moment() <= now, nobodys)
    if shape.table is tables.outbox:
        found = (shape.table.c.state == "waiting", *found)
    return found
