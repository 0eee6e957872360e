"""Remember who is signed in: the cookie holds a random number, the store holds who it is.

The sign-in ticket stays on this side: it names the person's ID number, which no cookie carries.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, String, Table, delete, insert, select

from builder.identity.accounts import LocalAccounts, SignIn
from builder.store import hub_metadata
from federation.crypto import sm3
from federation.store import Instant, Json, read, write

__all__ = ["Sessions", "session_table"]

session_table = Table(
    "session",
    hub_metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account", String(64), nullable=False, index=True),
    Column("ticket", Json, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)


class Sessions:
    """Sign-ins that still hold."""

    def __init__(
        self,
        engine: Engine,
        accounts: LocalAccounts,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        hours: int = 12,
    ) -> None:
        self._engine = engine
        self._accounts = accounts
        self._clock = clock
        self._random_bytes = random_bytes
        self._life = timedelta(hours=hours)

    def begin(self, sign_in: SignIn) -> str:
        """Keep a sign-in and return the secret for the cookie; ended ones are cleared away."""
        token = self._random_bytes(24).hex()
        now = self._clock()
        with write(self._engine) as conn:
            conn.execute(delete(session_table).where(session_table.c.expires_at <= now))
            conn.execute(
                insert(session_table).values(
                    token_hash=_hash(token),
                    account=sign_in.account.account,
                    ticket=dict(sign_in.ticket),
                    begun_at=now,
                    expires_at=now + self._life,
                )
            )
        return token

    def find(self, token: str) -> SignIn | None:
        """Return who this is, or None when the sign-in has ended or the account is closed."""
        with read(self._engine) as conn:
            row = conn.execute(
                select(session_table).where(
                    session_table.c.token_hash == _hash(token),
                    session_table.c.expires_at > self._clock(),
                )
            ).one_or_none()
            if row is None:
                return None
            account = self._accounts.load(row.account, conn)
        return SignIn(account, row.ticket) if account else None

    def end(self, token: str) -> None:
        """Forget a sign-in."""
        with write(self._engine) as conn:
            conn.execute(delete(session_table).where(session_table.c.token_hash == _hash(token)))


def _hash(token: str) -> str:
    return sm3(token.encode())
