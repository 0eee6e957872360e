"""Hold local accounts: argon2 passwords, a pause after repeated mistakes, a sealed sign-in ticket.

The ticket is sealed with the *identity* key, which is not the hub's: the case issuer opens a case
only for a person who really signed in.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row

from builder.identity.errors import AccountLocked, AccountUnknown, SignInRefused
from builder.store import hub_metadata
from federation.crypto import Signer
from federation.store import Instant, Json, read, write
from federation.trust import Principal, sign_in_ticket

__all__ = ["Account", "LocalAccounts", "SignIn", "account_table"]

_TRIES = 5
_PAUSE = timedelta(minutes=10)

account_table = Table(
    "account",
    hub_metadata,
    Column("account", String(64), primary_key=True),
    Column("name", Json, nullable=False),
    Column("party", String(64), nullable=True),
    Column("roles", Json, nullable=False),
    Column("person", Json, nullable=False),
    Column("password", String(256), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("paused_until", Instant, nullable=True),
    Column("created_at", Instant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in.

    Attributes:
        account: the sign-in name.
        name: what to call the person, zh and en.
        party: the department worked for; None for a citizen.
        roles: role ids, e.g. ``("officer",)``.
        person: facts known from the identity provider: ``name``, ``id_card``, ``phone``.
    """

    account: str
    name: Mapping[str, str]
    party: str | None
    roles: tuple[str, ...]
    person: Mapping[str, str]

    @property
    def principal(self) -> Principal:
        """Return who this is for the platform."""
        return Principal(
            account=self.account,
            name=self.person.get("name") or self.name["zh"],
            party=self.party,
            roles=self.roles,
            person_key=self.person.get("id_card"),
        )


@dataclass(frozen=True, slots=True)
class SignIn:
    """A successful sign-in: who, and the sealed ticket that proves it to the case issuer."""

    account: Account
    ticket: Mapping[str, object]


class LocalAccounts:
    """Accounts kept in the hub's own store; a city replaces them by its single sign-on."""

    def __init__(self, engine: Engine, signer: Signer, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._signer = signer
        self._clock = clock
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

    @cached_property
    def _nobody(self) -> str:
        """What a password is compared with where there is no account."""
        return self._hasher.hash("nobody")

    def add(self, accounts: Iterable[Account], password: str) -> None:
        """Add accounts that share an initial password; those that exist are left alone."""
        hashed = self._hasher.hash(password)
        now = self._clock()
        with write(self._engine) as conn:
            known = set(conn.scalars(select(account_table.c.account)))
            rows = [_row(a, hashed, now) for a in accounts if a.account not in known]
            if rows:
                conn.execute(insert(account_table), rows)

    def sign_in(self, account: str, password: str, *, ticket_hours: int = 12) -> SignIn:
        """Check a password and return the account with its sealed ticket.

        Raises:
            SignInRefused: no such account, wrong password, or inactive.
            AccountLocked: five wrong passwords in a row, for ten minutes.
        """
        now = self._clock()
        row = self._find(account)
        if row is not None and row.paused_until and row.paused_until > now:
            raise AccountLocked(minutes=-(-(row.paused_until - now).seconds // 60))
        if not self._matches(row, password) or row is None or not row.active:
            self._count_failure(row, now)
            raise SignInRefused
        if row.failures:
            self._set_failures(account, 0, None)
        found = _account(row)
        return SignIn(found, self._ticket(found, now, ticket_hours))

    def load(self, account: str, conn: Connection | None = None) -> Account | None:
        """Return the account if it exists and is active; `conn` reads the same store already."""
        row = self._find(account) if conn is None else _row_of(conn, account)
        return _account(row) if row is not None and row.active else None

    def named(self, account: str, *, ticket_hours: int = 12) -> SignIn:
        """Return an account without a password: for the operator's own command line.

        Raises:
            AccountUnknown: with the nearest names.
        """
        found = self.load(account)
        if found is None:
            names = [a.account for a in self.all()]
            near = difflib.get_close_matches(account, names, n=3, cutoff=0.0)
            raise AccountUnknown(account=account, nearest=near)
        return SignIn(found, self._ticket(found, self._clock(), ticket_hours))

    def all(self) -> tuple[Account, ...]:
        """Return every active account, in the order they were added."""
        query = (
            select(account_table)
            .where(account_table.c.active)
            .order_by(account_table.c.created_at, account_table.c.account)
        )
        with read(self._engine) as conn:
            return tuple(_account(row) for row in conn.execute(query))

    def _ticket(self, found: Account, now: datetime, hours: int) -> Mapping[str, object]:
        return sign_in_ticket(found.principal, now, now + timedelta(hours=hours), self._signer)

    def _find(self, account: str) -> Row[tuple[object, ...]] | None:
        with read(self._engine) as conn:
            return _row_of(conn, account)

    def _matches(self, row: Row[tuple[object, ...]] | None, password: str) -> bool:
        """Take the same time whether the account exists or not."""
        nobody = self._nobody  # made by the first sign-in of a process, whoever it is
        try:
            self._hasher.verify(row.password if row is not None else nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return row is not None

    def _count_failure(self, row: Row[tuple[object, ...]] | None, now: datetime) -> None:
        if row is None:
            return
        failures = row.failures + 1
        pause = now + _PAUSE if failures % _TRIES == 0 else None
        self._set_failures(row.account, failures, pause)

    def _set_failures(self, account: str, failures: int, pause: datetime | None) -> None:
        with write(self._engine) as conn:
            conn.execute(
                update(account_table)
                .where(account_table.c.account == account)
                .values(failures=failures, paused_until=pause)
            )


def _row_of(conn: Connection, account: str) -> Row[tuple[object, ...]] | None:
    return conn.execute(
        select(account_table).where(account_table.c.account == account)
    ).one_or_none()


def _row(account: Account, password: str, now: datetime) -> dict[str, object]:
    return {
        "account": account.account,
        "name": dict(account.name),
        "party": account.party,
        "roles": list(account.roles),
        "person": dict(account.person),
        "password": password,
        "active": True,
        "failures": 0,
        "paused_until": None,
        "created_at": now,
    }


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(row.account, row.name, row.party, tuple(row.roles), row.person)
