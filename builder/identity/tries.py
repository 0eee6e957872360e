"""Count wrong passwords, so that guessing is slow and nobody can shut a desk out.

Mistakes are counted by sign-in name and address together: whoever guesses from elsewhere pauses
that place, not the person at the desk. Names that no account has are counted alike, so that a pause
tells nothing. A name that is guessed at from very many places is paused for places where it never
signed in well; those where it did stay open.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from builder.identity.errors import AccountLocked
from builder.store import hub_metadata
from federation.crypto import sm3
from federation.store import Instant, read, write

__all__ = ["Tries", "place_of", "try_table"]

_TRIES = 5
_PAUSE = timedelta(minutes=10)
_MANY = 50
_MANY_WITHIN = timedelta(hours=1)
_KEPT = timedelta(days=1)
_GOOD_KEPT = timedelta(days=90)
_V6_SITE = 64

try_table = Table(
    "sign_in_try",
    hub_metadata,
    Column("name_hash", String(64), primary_key=True, comment="SM3 of the name typed"),
    Column("address", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("paused_until", Instant, nullable=True),
    Column("good_at", Instant, nullable=True, comment="when this name last signed in from there"),
    comment="wrong passwords in a row, by the name typed and the address",
)


def place_of(address: str | None) -> str:
    """Return what counts as one place: an IPv4 address, or the /64 network of an IPv6 address.

    >>> place_of("2001:db8::1:2")
    '2001:db8::/64'
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return "?"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ip_network((found, _V6_SITE), strict=False))
    return str(found)


class Tries:
    """The counts, in the hub's store: every web process sees the same."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, name: str, address: str, now: datetime) -> None:
        """Count one try before it is made; `forget` takes it back when it was a good one.

        Raises:
            AccountLocked: this name is paused from there.
        """
        key = _key(name)
        with write(self._engine) as conn:
            row = _row(conn, key, address)
            self._refuse_paused(conn, key, row, now)
            failures = (row.failures if row is not None else 0) + 1
            values = {
                "failures": failures,
                "last_at": now,
                "paused_until": now + _PAUSE if failures % _TRIES == 0 else None,
            }
            if row is None:
                conn.execute(insert(try_table).values(name_hash=key, address=address, **values))
            else:
                conn.execute(update(try_table).where(*_is(key, address)).values(**values))

    def forget(self, name: str, address: str, now: datetime) -> None:
        """Note that the right password came from there."""
        with write(self._engine) as conn:
            conn.execute(
                update(try_table)
                .where(*_is(_key(name), address))
                .values(failures=0, paused_until=None, good_at=now, last_at=now)
            )

    def clear(self, name: str) -> None:
        """Lift every pause of a name: somebody has given it a new password."""
        with write(self._engine) as conn:
            conn.execute(delete(try_table).where(try_table.c.name_hash == _key(name)))

    def forget_old(self, now: datetime) -> None:
        """Delete what is older than a day; good places of three months stay known."""
        column = try_table.c
        with write(self._engine) as conn:
            conn.execute(
                delete(try_table).where(
                    column.last_at < now - _KEPT,
                    column.good_at.is_(None) | (column.good_at < now - _GOOD_KEPT),
                )
            )

    def paused(self, name: str, now: datetime) -> int:
        """Return from how many places a name is paused."""
        column = try_table.c
        with read(self._engine) as conn:
            found = conn.scalar(
                select(func.count())
                .select_from(try_table)
                .where(column.name_hash == _key(name), column.paused_until > now)
            )
        return int(found or 0)

    def _refuse_paused(
        self, conn: Connection, key: str, row: Row[tuple[object, ...]] | None, now: datetime
    ) -> None:
        if row is not None and row.paused_until and row.paused_until > now:
            raise AccountLocked(minutes=-(-(row.paused_until - now).seconds // 60))
        if row is not None and row.good_at is not None:
            return
        column = try_table.c
        guesses = conn.scalar(
            select(func.sum(column.failures)).where(
                column.name_hash == key, column.last_at > now - _MANY_WITHIN
            )
        )
        if guesses is not None and guesses >= _MANY:
            raise AccountLocked(minutes=_MANY_WITHIN.seconds // 60)


def _key(name: str) -> str:
    return sm3(name.encode("utf-8", "replace"))


def _is(key: str, address: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return try_table.c.name_hash == key, try_table.c.address == address


def _row(conn: Connection, key: str, address: str) -> Row[tuple[object, ...]] | None:
    return conn.execute(select(try_table).where(*_is(key, address))).one_or_none()
