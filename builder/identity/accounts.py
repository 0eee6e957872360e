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
from sqlalchemy import Boolean, Column, Connection, Engine, String, Table, insert, select, update
from sqlalchemy.engine import Row

from builder.identity.errors import (
    AccountTaken,
    AccountUnknown,
    PasswordNotCurrent,
    SignInRefused,
)
from builder.identity.passwords import check_password
from builder.identity.tries import Tries
from builder.store import hub_metadata
from federation.crypto import Signer
from federation.store import Instant, Json, read, write
from federation.trust import Principal, sign_in_ticket

__all__ = ["Account", "Held", "LocalAccounts", "SignIn", "account_table"]

_NO_PASSWORD = ""
"""Kept for accounts that sign in elsewhere: nothing matches it."""

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
    Column("created_at", Instant, nullable=False),
    Column("county", String(16), nullable=True, comment="the county an administrator is bound to"),
    Column("email", String(254), nullable=True),
    Column("must_change", Boolean, nullable=False, comment="the password was set by someone else"),
    Column("password_at", Instant, nullable=True),
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
        county: code of the county whose matters an administrator looks after; None: no county's.
        email: where notices go that leave the house; None: nowhere.
        must_change: the password was set by somebody else and opens nothing but its own change.
    """

    account: str
    name: Mapping[str, str]
    party: str | None
    roles: tuple[str, ...]
    person: Mapping[str, str]
    county: str | None = None
    email: str | None = None
    must_change: bool = False

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


@dataclass(frozen=True, slots=True)
class Held:
    """An account as whoever looks after accounts sees it.

    Attributes:
        has_password: False: it signs in elsewhere only.
    """

    account: Account
    active: bool
    has_password: bool
    created_at: datetime
    password_at: datetime | None


class LocalAccounts:
    """Accounts kept in the hub's own store; a city's single sign-on leads to them as well."""

    def __init__(self, engine: Engine, signer: Signer, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._signer = signer
        self._clock = clock
        self._tries = Tries(engine)
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

    @cached_property
    def _nobody(self) -> str:
        """What a password is compared with where there is no account."""
        return self._hasher.hash("nobody")

    # ── signing in ─────────────────────────────────────────────────────────────────────────────

    def sign_in(
        self, account: str, password: str, *, address: str = "", ticket_hours: int = 12
    ) -> SignIn:
        """Check a password and return the account with its sealed ticket.

        Args:
            account: the sign-in name as typed.
            password: as typed.
            address: whence it is tried; mistakes are counted by name and address together.
            ticket_hours: how long the ticket holds.

        Raises:
            SignInRefused: no such account, wrong password, or inactive.
            AccountLocked: five wrong passwords in a row from there, for ten minutes.
        """
        now = self._clock()
        self._tries.count(account, address, now)  # before looking: parallel guesses count as well
        row = self._find(account)
        if not self._matches(row, password) or row is None or not row.active:
            raise SignInRefused
        self._tries.forget(account, address, now)
        found = _account(row)
        return SignIn(found, self._ticket(found, now, ticket_hours))

    def load(self, account: str, conn: Connection | None = None) -> Account | None:
        """Return the account if it exists and is active; `conn` reads the same store already."""
        row = self._find(account) if conn is None else _row_of(conn, account)
        return _account(row) if row is not None and row.active else None

    def named(self, account: str, *, ticket_hours: int = 12) -> SignIn:
        """Return an account without a password: for whom another door has vouched already.

        Raises:
            AccountUnknown: with the nearest names.
        """
        found = self.load(account)
        if found is None:
            raise self._unknown(account)
        return SignIn(found, self._ticket(found, self._clock(), ticket_hours))

    def all(self) -> tuple[Account, ...]:
        """Return every active account, in the order they were added."""
        return tuple(h.account for h in self.held() if h.active)

    def of_desk(self, party: str, role: str) -> tuple[Account, ...]:
        """Return the active accounts that hold a role at a party."""
        query = (
            select(account_table)
            .where(account_table.c.active, account_table.c.party == party)
            .order_by(account_table.c.account)
        )
        with read(self._engine) as conn:
            return tuple(a for a in map(_account, conn.execute(query)) if role in a.roles)

    # ── looking after accounts ─────────────────────────────────────────────────────────────────

    def add(
        self, accounts: Iterable[Account], password: str | None, *, must_change: bool = False
    ) -> None:
        """Add accounts that share an initial password; those that exist are left alone.

        Args:
            accounts: who.
            password: None: they sign in elsewhere.
            must_change: whoever uses it must choose another first.
        """
        hashed = _NO_PASSWORD if password is None else self._hasher.hash(password)
        now = self._clock()
        with write(self._engine) as conn:
            known = set(conn.scalars(select(account_table.c.account)))
            rows = [
                _row(a, hashed, now, must_change=must_change)
                for a in accounts
                if a.account not in known
            ]
            if rows:
                conn.execute(insert(account_table), rows)

    def add_new(self, account: Account, password: str | None) -> None:
        """Add one account whose first password somebody else has chosen.

        Raises:
            AccountTaken: there is one of that name, closed perhaps.
        """
        if self._find(account.account) is not None:
            raise AccountTaken(account=account.account)
        self.add([account], password, must_change=password is not None)

    def held(self) -> tuple[Held, ...]:
        """Return every account, closed ones too, in the order they were added."""
        query = select(account_table).order_by(account_table.c.created_at, account_table.c.account)
        with read(self._engine) as conn:
            return tuple(_held(row) for row in conn.execute(query))

    def look(self, account: str) -> Held:
        """Return one account, closed or not; raises `AccountUnknown`."""
        row = self._find(account)
        if row is None:
            raise self._unknown(account)
        return _held(row)

    def change_password(self, account: str, current: str, new: str) -> None:
        """Let someone choose another password.

        Raises:
            PasswordNotCurrent: the present one is not right.
            PasswordShort, PasswordLong, PasswordCommon, PasswordNamed, PasswordSame: a bad choice.
            AccountLocked: the present one was guessed at too often.
        """
        now = self._clock()
        self._tries.count(account, "password", now)
        row = self._find(account)
        if row is None or not self._matches(row, current):
            raise PasswordNotCurrent
        self._tries.forget(account, "password", now)
        check_password(new, account=account, before=current)
        self._set(account, password=self._hasher.hash(new), must_change=False, password_at=now)

    def set_password(self, account: str, password: str) -> None:
        """Give an account a password that must be changed at the next sign-in.

        Raises:
            AccountUnknown: with the nearest names.
            PasswordShort, PasswordLong, PasswordCommon, PasswordNamed: a bad choice.
        """
        self.look(account)
        check_password(password, account=account)
        self._set(
            account,
            password=self._hasher.hash(password),
            must_change=True,
            password_at=self._clock(),
        )
        self._tries.clear(account)

    def set_active(self, account: str, active: bool) -> None:
        """Close an account, or open it again; raises `AccountUnknown`."""
        self.look(account)
        self._set(account, active=active)

    def update(self, account: Account) -> None:
        """Write what is known of a person anew, the password apart; raises `AccountUnknown`."""
        self.look(account.account)
        self._set(
            account.account,
            name=dict(account.name),
            party=account.party,
            roles=list(account.roles),
            person=dict(account.person),
            county=account.county,
            email=account.email,
        )

    def forget_tries(self) -> None:
        """Delete what was counted of wrong passwords long ago."""
        self._tries.forget_old(self._clock())

    # ── inside ─────────────────────────────────────────────────────────────────────────────────

    def _unknown(self, account: str) -> AccountUnknown:
        names = [a.account for a in self.all()]
        near = difflib.get_close_matches(account, names, n=3, cutoff=0.0)
        return AccountUnknown(account=account, nearest=near)

    def _ticket(self, found: Account, now: datetime, hours: int) -> Mapping[str, object]:
        return sign_in_ticket(found.principal, now, now + timedelta(hours=hours), self._signer)

    def _find(self, account: str) -> Row[tuple[object, ...]] | None:
        with read(self._engine) as conn:
            return _row_of(conn, account)

    def _set(self, account: str, **values: object) -> None:
        with write(self._engine) as conn:
            conn.execute(
                update(account_table).where(account_table.c.account == account).values(**values)
            )

    def _matches(self, row: Row[tuple[object, ...]] | None, password: str) -> bool:
        """Take the same time whether the account exists, or has a password, or not."""
        nobody = self._nobody  # made by the first sign-in of a process, whoever it is
        known = row is not None and row.password != _NO_PASSWORD
        try:
            self._hasher.verify(row.password if row is not None and known else nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return known


def _row_of(conn: Connection, account: str) -> Row[tuple[object, ...]] | None:
    return conn.execute(
        select(account_table).where(account_table.c.account == account)
    ).one_or_none()


def _row(account: Account, password: str, now: datetime, *, must_change: bool) -> dict[str, object]:
    return {
        "account": account.account,
        "name": dict(account.name),
        "party": account.party,
        "roles": list(account.roles),
        "person": dict(account.person),
        "password": password,
        "active": True,
        "created_at": now,
        "county": account.county,
        "email": account.email,
        "must_change": must_change,
        "password_at": now,
    }


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(
        row.account,
        row.name,
        row.party,
        tuple(row.roles),
        row.person,
        row.county,
        row.email,
        row.must_change,
    )


def _held(row: Row[tuple[object, ...]]) -> Held:
    return Held(
        _account(row), row.active, row.password != _NO_PASSWORD, row.created_at, row.password_at
    )
