"""Remember who is signed in: the cookie holds a random number, the store holds who it is.

The sign-in ticket stays on this side: it names the person's ID number, which no cookie carries.
A sign-in ends after a set time in any case, and earlier when nothing was done for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, String, Table, Text, delete, insert, select, update
from sqlalchemy.engine import Row

from builder.identity.accounts import LocalAccounts, SignIn
from builder.identity.errors import SignInEnded
from builder.identity.tokens import token_table
from builder.store import hub_metadata
from federation.crypto import sm3
from federation.store import Instant, Json, read, write

__all__ = ["Door", "Entered", "Sessions", "session_table"]

_ID_LENGTH = 16
_TOUCH_EVERY = timedelta(minutes=1)
"""A page that is read writes at most so often: reading must stay cheap."""

session_table = Table(
    "session",
    hub_metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account", String(64), nullable=False, index=True),
    Column("ticket", Json, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("last_at", Instant, nullable=False, comment="when something was last done, by minutes"),
    Column("device", String(120), nullable=False, comment="browser and system, as it calls itself"),
    Column("address", String(64), nullable=False),
    Column("via", String(16), nullable=False, comment="password or sso"),
    Column("sso_subject", String(256), nullable=True, comment="at the identity provider"),
    Column("sso_sid", String(256), nullable=True, comment="the provider's own session"),
    Column("id_token", Text, nullable=True, comment="given back to the provider at sign-out"),
)


@dataclass(frozen=True, slots=True)
class Door:
    """How somebody came in.

    Attributes:
        device: browser and system in a few words, as the browser calls itself.
        address: whence.
        via: ``password`` or ``sso``.
        subject, sid, id_token: what the identity provider said, where it vouched.
    """

    device: str = ""
    address: str = ""
    via: str = "password"
    subject: str | None = None
    sid: str | None = None
    id_token: str | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """One sign-in that still holds, as its owner sees it.

    Attributes:
        id: names it on the page; it opens nothing.
    """

    id: str
    begun_at: datetime
    last_at: datetime
    expires_at: datetime
    door: Door
    is_this: bool


class Sessions:
    """Sign-ins that still hold."""

    def __init__(
        self,
        engine: Engine,
        accounts: LocalAccounts,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        hours: int = 12,
        idle_minutes: int = 60,
    ) -> None:
        self._engine = engine
        self._accounts = accounts
        self._clock = clock
        self._random_bytes = random_bytes
        self._life = timedelta(hours=hours)
        self._idle = timedelta(minutes=idle_minutes)

    def begin(self, sign_in: SignIn, door: Door | None = None) -> str:
        """Keep a sign-in and return the secret for the cookie; ended ones are cleared away."""
        token = self._random_bytes(24).hex()
        now, door = self._clock(), door or Door()
        with write(self._engine) as conn:
            conn.execute(
                delete(session_table).where(
                    (session_table.c.expires_at <= now)
                    | (session_table.c.last_at <= now - self._idle)
                )
            )
            conn.execute(
                insert(session_table).values(
                    token_hash=_hash(token),
                    account=sign_in.account.account,
                    ticket=dict(sign_in.ticket),
                    begun_at=now,
                    expires_at=now + self._life,
                    last_at=now,
                    device=door.device[:120],
                    address=door.address[:64],
                    via=door.via,
                    sso_subject=door.subject,
                    sso_sid=door.sid,
                    id_token=door.id_token,
                )
            )
        return token

    def find(self, token: str) -> SignIn | None:
        """Return who this is, or None when the sign-in has ended or the account is closed."""
        now = self._clock()
        with read(self._engine) as conn:
            row = conn.execute(
                select(session_table).where(
                    session_table.c.token_hash == _hash(token),
                    session_table.c.expires_at > now,
                    session_table.c.last_at > now - self._idle,
                )
            ).one_or_none()
            if row is None:
                return None
            account = self._accounts.load(row.account, conn)
        if account is None:
            return None
        if now - row.last_at >= _TOUCH_EVERY:
            self._touch(row.token_hash, now)
        return SignIn(account, row.ticket)

    def end(self, token: str) -> None:
        """Forget a sign-in."""
        with write(self._engine) as conn:
            conn.execute(delete(session_table).where(session_table.c.token_hash == _hash(token)))

    def id_token(self, token: str) -> str | None:
        """Return what the identity provider sealed at this sign-in; None where it did not."""
        with read(self._engine) as conn:
            return conn.scalar(
                select(session_table.c.id_token).where(session_table.c.token_hash == _hash(token))
            )

    def end_vouched(self, subject: str | None, sid: str | None) -> int:
        """End what the identity provider says is over; return how many sign-ins ended.

        Args:
            subject: all of this person's sign-ins, unless a session is named.
            sid: this session of the provider only.
        """
        column = session_table.c
        which = column.sso_sid == sid if sid is not None else column.sso_subject == subject
        if sid is not None and subject is not None:
            which = which & (column.sso_subject == subject)
        with write(self._engine) as conn:
            return int(conn.execute(delete(session_table).where(which)).rowcount)

    def of(self, account: str, token: str = "") -> tuple[Entered, ...]:
        """Return an account's sign-ins that still hold, the last used first.

        Args:
            account: whose.
            token: the secret of the one that asks, which is marked.
        """
        now = self._clock()
        query = (
            select(session_table)
            .where(
                session_table.c.account == account,
                session_table.c.expires_at > now,
                session_table.c.last_at > now - self._idle,
            )
            .order_by(session_table.c.last_at.desc(), session_table.c.token_hash)
        )
        with read(self._engine) as conn:
            return tuple(_entered(row, _hash(token)) for row in conn.execute(query))

    def end_one(self, account: str, id_: str) -> None:
        """End one sign-in of an account; raises `SignInEnded` when it holds no longer."""
        column = session_table.c
        mine = column.token_hash.startswith(id_, autoescape=True)
        with write(self._engine) as conn:
            gone = (
                conn.execute(delete(session_table).where(column.account == account, mine))
                if len(id_) == _ID_LENGTH
                else None
            )
        if gone is None or not gone.rowcount:
            raise SignInEnded

    def end_all(self, account: str, *, but: str = "") -> int:
        """End every sign-in of an account, `but` the one of this secret; return how many ended.

        Its programs' tokens end as well.
        """
        with write(self._engine) as conn:
            conn.execute(delete(token_table).where(token_table.c.account == account))
            gone = conn.execute(
                delete(session_table).where(
                    session_table.c.account == account, session_table.c.token_hash != _hash(but)
                )
            )
        return int(gone.rowcount)

    def _touch(self, token_hash: str, now: datetime) -> None:
        with write(self._engine) as conn:
            conn.execute(
                update(session_table)
                .where(session_table.c.token_hash == token_hash)
                .values(last_at=now)
            )


def _entered(row: Row[tuple[object, ...]], this: str) -> Entered:
    return Entered(
        row.token_hash[:_ID_LENGTH],
        row.begun_at,
        row.last_at,
        row.expires_at,
        Door(row.device, row.address, row.via),
        is_this=row.token_hash == this,
    )


def _hash(token: str) -> str:
    return sm3(token.encode())
