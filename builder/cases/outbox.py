"""Write down what others must still be told, in the transaction that makes it true.

A row stays until it is done. Its id follows from what it says, so that it is one message however
often it is sent; who receives it can tell a repetition by the id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Update, insert, select, update

from builder.cases.due import Held
from builder.cases.platform import Deployment, Platform
from builder.errors import Fault
from builder.process.retry import wait
from builder.scenario.model import Json, Scenario
from builder.store import cases as tables
from federation.crypto import canonical, sm3
from federation.store import read, write

__all__ = [
    "CLOSE",
    "Message",
    "channels",
    "close_later",
    "close_now",
    "dead",
    "done",
    "load",
    "post",
    "retry_later",
    "spread",
]

CLOSE = "close"
"""The channel on which a case that ended is closed at the issuer and at the nodes."""

_UNTOLD_FOR = timedelta(days=3)
"""Nodes that could not be told for so long have learnt it by themselves."""


@dataclass(frozen=True, slots=True)
class Message:
    """One row of an outbox.

    Attributes:
        id: the same for the same message, always.
        address: whom, in the channel's own terms.
    """

    id: str
    case_no: str
    channel: str
    address: str
    payload: Mapping[str, Json]
    attempts: int
    made_at: datetime


def channels(platform: Platform) -> tuple[str, ...]:
    """Return the outside channels that this city sends notices through."""
    settings = platform.settings
    named = (("webhook", settings.notice_webhook), ("smtp", settings.smtp_host))
    return tuple(channel for channel, place in named if place)


def post(
    conn: Connection,
    case_no: str,
    channel: str,
    address: str,
    payload: Mapping[str, Json],
    now: datetime,
    *,
    about: Sequence[Json],
) -> None:
    """Write a message; one that is about the same, on the same channel, is written once.

    Args:
        conn: the transaction that makes it true.
        case_no: of which case.
        channel: how it goes out.
        address: whom.
        payload: what is said.
        now: when.
        about: what makes this message different from every other of the case.
    """
    key = sm3(canonical([case_no, channel, *about]))
    known = select(tables.outbox.c.id).where(tables.outbox.c.id == key)
    if conn.scalar(known) is not None:
        return
    conn.execute(
        insert(tables.outbox).values(
            id=key,
            case_no=case_no,
            channel=channel,
            address=address,
            payload=dict(payload),
            state="waiting",
            attempts=0,
            made_at=now,
            next_at=now,
        )
    )


def close_later(
    conn: Connection, platform: Platform, scenario: Scenario, case_no: str, now: datetime
) -> None:
    """Write down that a case has ended and must be closed at the issuer and at the nodes."""
    parties = {
        found.party
        for d in scenario.datasets
        if (found := platform.catalog.find(d.dataset)) is not None
    }
    post(conn, case_no, CLOSE, "", {"parties": sorted(parties)}, now, about=())


def close_now(platform: Platform, deployment: Deployment, message: Message, held: Held) -> None:
    """Close a case at the issuer, tell the nodes; what could not be told is told later.

    Raises:
        Fault: the issuer could not be asked; the message still waits.
    """
    said = message.payload.get("parties")
    parties = [p for p in said if isinstance(p, str)] if isinstance(said, list) else []
    known = [p for p in parties if p in platform.hub.nodes]
    untold = list(platform.hub.close_case(message.case_no, known))
    now = platform.clock()
    if not untold or now - message.made_at > _UNTOLD_FOR:
        done(deployment, held, now)
        return
    with write(deployment.engine) as conn:
        conn.execute(
            update(tables.outbox)
            .where(tables.outbox.c.id == message.id)
            .values(payload={"parties": untold})
        )
    retry_later(platform, deployment, message, held, "link.unreachable")


def spread(
    deployment: Deployment, message: Message, accounts: Sequence[str], held: Held, now: datetime
) -> None:
    """Turn a message to a desk into one for each of its people; done once, all or none."""
    with write(deployment.engine) as conn:
        for account in accounts:
            post(
                conn,
                message.case_no,
                message.channel,
                account,
                message.payload,
                now,
                about=(message.id, account),
            )
        conn.execute(_finished(held, "done", now, None))


def load(deployment: Deployment, key: str) -> Message | None:
    """Return a message that still waits."""
    row_of = tables.outbox.c
    with read(deployment.engine) as conn:
        row = conn.execute(
            select(tables.outbox).where(row_of.id == key, row_of.state == "waiting")
        ).one_or_none()
    if row is None:
        return None
    return Message(
        row.id, row.case_no, row.channel, row.address, row.payload, row.attempts, row.made_at
    )


def done(deployment: Deployment, held: Held, now: datetime) -> None:
    """Note that a message was taken."""
    _finish(deployment, held, "done", now, None)


def dead(deployment: Deployment, held: Held, now: datetime, fault: Fault) -> None:
    """Lay a message aside that was refused for good; it stays to be seen."""
    _finish(deployment, held, "dead", now, fault.code)


def retry_later(
    platform: Platform, deployment: Deployment, message: Message, held: Held, fault: str
) -> None:
    """Send a message again later, seldom when it has failed often."""
    now = platform.clock()
    jitter = platform.random_bytes(1)[0] / 255
    pause = wait(message.attempts, now - message.made_at, mend=False, jitter=jitter)
    with write(deployment.engine) as conn:
        conn.execute(
            update(tables.outbox)
            .where(tables.outbox.c.id == message.id, tables.outbox.c.claimed_by == held.holder)
            .values(
                attempts=message.attempts + 1,
                next_at=now + pause,
                fault=fault,
                claimed_by=None,
                claimed_until=None,
            )
        )


def _finish(
    deployment: Deployment, held: Held, state: str, now: datetime, fault: str | None
) -> None:
    with write(deployment.engine) as conn:
        conn.execute(_finished(held, state, now, fault))


def _finished(held: Held, state: str, now: datetime, fault: str | None) -> Update:
    return (
        update(tables.outbox)
        .where(tables.outbox.c.id == held.key[0])
        .values(
            state=state,
            done_at=now,
            fault=fault,
            attempts=tables.outbox.c.attempts + 1,
            claimed_by=None,
            claimed_until=None,
        )
    )
