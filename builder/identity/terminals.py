"""Keep the calls of public terminals for an attendant, and name what a card reader must do.

A terminal's ID-card reader is not ours: whoever brings one implements `CardReader` and signs the
person in with what it returns. Nothing in Scenarist reads cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Column, Engine, Integer, String, Table, insert, select, update

from builder.store import hub_metadata
from federation.store import Instant, read, write

__all__ = ["Call", "Card", "CardReader", "answer", "call", "call_table", "waiting"]

call_table = Table(
    "kiosk_call",
    hub_metadata,
    Column("id", Integer, primary_key=True),
    Column("terminal", String(24), nullable=False, comment="as its sticker says; may be empty"),
    Column("called_at", Instant, nullable=False),
    Column("answered_at", Instant, nullable=True, index=True),
    Column("answered_by", String(64), nullable=True),
    comment="kiosks that call for an attendant",
)


@dataclass(frozen=True, slots=True)
class Card:
    """What an ID-card reader read from the chip of a card that lies on it.

    Attributes:
        name: as the chip has it.
        id_card: 18 characters, GB 11643.
        proof: what the reader's maker signs, for whoever checks it; empty where it signs nothing.
    """

    name: str
    id_card: str
    proof: bytes = b""


class CardReader(Protocol):
    """An ID-card reader beside a kiosk."""

    def read(self, timeout_s: float) -> Card | None:
        """Wait for a card and return what its chip holds; None where none came in time."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A terminal that calls."""

    id: int
    terminal: str
    called_at: datetime


def call(engine: Engine, terminal: str, now: datetime) -> None:
    """Note that a terminal calls; one that calls already is not noted twice."""
    column = call_table.c
    open_call = select(column.id).where(column.terminal == terminal, column.answered_at.is_(None))
    with write(engine) as conn:
        if conn.scalar(open_call) is None:
            conn.execute(insert(call_table).values(terminal=terminal, called_at=now))


def waiting(engine: Engine) -> tuple[Call, ...]:
    """Return the calls nobody has answered, the oldest first."""
    column = call_table.c
    query = select(column.id, column.terminal, column.called_at).where(column.answered_at.is_(None))
    with read(engine) as conn:
        rows = conn.execute(query.order_by(column.called_at, column.id)).all()
    return tuple(Call(row.id, row.terminal, row.called_at) for row in rows)


def answer(engine: Engine, call_id: int, account: str, now: datetime) -> None:
    """Note who goes; a call that was answered meanwhile stays with whoever was first."""
    column = call_table.c
    with write(engine) as conn:
        conn.execute(
            update(call_table)
            .where(column.id == call_id, column.answered_at.is_(None))
            .values(answered_at=now, answered_by=account)
        )
