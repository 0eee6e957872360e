"""Let programs sign in: bearer tokens, kept as a hash, with an end, a scope and an owner.

A token carries no more than its account may do; its sign-in ticket lasts as long as the token, and
stays on this side. An account that is closed ends its tokens, because it is read at every use.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, String, Table, delete, insert, select, update
from sqlalchemy.engine import Row

from builder.identity.accounts import LocalAccounts, SignIn
from builder.store import hub_metadata
from federation.crypto import sm3
from federation.store import Instant, Json, read, write

__all__ = ["MOST_TOKENS", "IssuedToken", "Token", "Tokens", "token_table"]

_PREFIX = "sct_"
MOST_TOKENS = 50
"""How many tokens one account may hold; the oldest gives way."""

_USED_EVERY = timedelta(minutes=10)

token_table = Table(
    "api_token",
    hub_metadata,
    Column("id", String(16), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account", String(64), nullable=False, index=True),
    Column("title", String(80), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("ticket", Json, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant, nullable=True),
    comment="programs' sign-ins; the token itself is known to its owner only",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it in a list; never its secret.

    Attributes:
        used_at: when it was last used, to ten minutes.
    """

    id: str
    title: str
    scopes: tuple[str, ...]
    begun_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh token: the one time its secret is shown."""

    id: str
    token: str
    title: str
    scopes: tuple[str, ...]
    expires_at: datetime


class Tokens:
    """Tokens that still hold."""

    def __init__(
        self,
        engine: Engine,
        accounts: LocalAccounts,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._engine = engine
        self._accounts = accounts
        self._clock = clock
        self._random_bytes = random_bytes

    def issue(
        self, sign_in: SignIn, scopes: Sequence[str], title: str, *, hours: int
    ) -> IssuedToken:
        """Keep a token for someone who just signed in; ended ones are cleared away.

        Args:
            sign_in: with a ticket that lasts as long as the token shall.
            scopes: what it may be used for.
            title: what its owner calls it.
            hours: how long it holds.
        """
        token, name = _PREFIX + self._random_bytes(24).hex(), self._random_bytes(8).hex()
        now = self._clock()
        expires = now + timedelta(hours=hours)
        account = sign_in.account.account
        with write(self._engine) as conn:
            conn.execute(delete(token_table).where(token_table.c.expires_at <= now))
            held = conn.scalars(
                select(token_table.c.id)
                .where(token_table.c.account == account)
                .order_by(token_table.c.begun_at, token_table.c.id)
            ).all()
            gone = held[: max(0, len(held) - MOST_TOKENS + 1)]
            conn.execute(delete(token_table).where(token_table.c.id.in_(gone)))
            conn.execute(
                insert(token_table).values(
                    id=name,
                    token_hash=_hash(token),
                    account=account,
                    title=title,
                    scopes=list(scopes),
                    ticket=dict(sign_in.ticket),
                    begun_at=now,
                    expires_at=expires,
                )
            )
        return IssuedToken(name, token, title, tuple(scopes), expires)

    def find(self, token: str) -> tuple[SignIn, Token] | None:
        """Return whose token this is, or None when it has ended or the account is closed."""
        if not token.startswith(_PREFIX):
            return None
        hashed, now = _hash(token), self._clock()
        with read(self._engine) as conn:
            row = conn.execute(
                select(token_table).where(
                    token_table.c.token_hash == hashed, token_table.c.expires_at > now
                )
            ).one_or_none()
            if row is None or not hmac.compare_digest(row.token_hash, hashed):
                return None
            account = self._accounts.load(row.account, conn)
        if account is None:
            return None
        if row.used_at is None or now - row.used_at > _USED_EVERY:
            with write(self._engine) as conn:
                used = update(token_table).where(token_table.c.id == row.id)
                conn.execute(used.values(used_at=now))
        return SignIn(account, row.ticket), _token(row)

    def of(self, account: str) -> tuple[Token, ...]:
        """Return an account's tokens that still hold, the newest first."""
        with read(self._engine) as conn:
            rows = conn.execute(
                select(token_table)
                .where(token_table.c.account == account, token_table.c.expires_at > self._clock())
                .order_by(token_table.c.begun_at.desc(), token_table.c.id.desc())
            ).all()
        return tuple(_token(r) for r in rows)

    def revoke(self, account: str, token_id: str) -> bool:
        """End one of an account's own tokens; False where it has none of this id."""
        with write(self._engine) as conn:
            gone = conn.execute(
                delete(token_table).where(
                    token_table.c.id == token_id, token_table.c.account == account
                )
            )
        return gone.rowcount == 1


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(row.id, row.title, tuple(row.scopes), row.begun_at, row.expires_at, row.used_at)


def _hash(token: str) -> str:
    return sm3(token.encode("utf-8", "surrogatepass"))
