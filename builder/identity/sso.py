"""Lead what the city's identity provider vouches for to an account of this house.

Default deny: whoever has no account stays outside, unless the settings let newcomers in as
citizens. Nobody becomes an officer by a claim: roles and party are taken over for accounts that an
administrator made for a department, and only where the settings name the claims.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Engine, String, Table, delete, insert, select

from builder.identity.accounts import Account, LocalAccounts, SignIn
from builder.identity.oidc import OidcConfig, Provider, Vouched
from builder.identity.roles import CITIZEN, ROLES
from builder.identity.sso_errors import SsoNoAccount, SsoStateUnknown
from builder.store import hub_metadata
from builder.store.settings import Settings
from federation.crypto import sm3
from federation.store import Instant, read, write

__all__ = ["Begun", "Claims", "SingleSignOn", "flow_table", "link_table", "open_sso"]

_FLOW_LIFE: Final = timedelta(minutes=10)
_ID_CARD: Final = re.compile(r"[0-9]{17}[0-9X]")
_PHONE: Final = re.compile(r"1[0-9]{10}")
_EMAIL: Final = re.compile(r"[^@\s<>\",;:\\]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,63}")

link_table = Table(
    "sso_link",
    hub_metadata,
    Column("subject_hash", String(64), primary_key=True, comment="SM3 of issuer and subject"),
    Column("issuer", String(256), nullable=False),
    Column("account", String(64), nullable=False, index=True),
    Column("linked_at", Instant, nullable=False),
    comment="which account goes with whom at the identity provider",
)

flow_table = Table(
    "sso_flow",
    hub_metadata,
    Column("state_hash", String(64), primary_key=True),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("wanted", String(1024), nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    comment="sign-ins on their way to the identity provider and back; each is used once",
)


@dataclass(frozen=True, slots=True)
class Claims:
    """How the provider's words become ours.

    Attributes:
        names: our word (account, name, party, roles, id_card, phone, email) → its claim.
        roles: its word for a role → ours; empty: the words are ours.
        parties: ids of the city's parties; others are not taken over.
        newcomers: True: people without an account come in as citizens.
    """

    names: Mapping[str, str]
    roles: Mapping[str, str]
    parties: Collection[str]
    newcomers: bool

    def text(self, claims: Mapping[str, Any], word: str) -> str | None:
        """Return a claim that is a text of use; None where it is not named or not given."""
        said = claims.get(self.names.get(word, ""))
        return said.strip()[:120] if isinstance(said, str) and said.strip() else None

    def held(self, claims: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Return the roles that the provider gives; None where roles are not its business."""
        if "roles" not in self.names:
            return None
        said = claims.get(self.names["roles"])
        words = said.replace(",", " ").split() if isinstance(said, str) else said
        if not isinstance(words, list):
            return ()
        ours = (self.roles.get(w) if self.roles else w for w in words if isinstance(w, str))
        return tuple(dict.fromkeys(r for r in ours if r in ROLES))

    def person(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """Return what is known of a citizen, as far as it has the shape it should have."""
        found = {"name": self.text(claims, "name")}
        card, phone = self.text(claims, "id_card"), self.text(claims, "phone")
        found["id_card"] = card.upper() if card and _ID_CARD.fullmatch(card.upper()) else None
        phone = (phone or "").removeprefix("+86").strip()
        found["phone"] = phone if _PHONE.fullmatch(phone) else None
        return {k: v for k, v in found.items() if v}

    def email(self, claims: Mapping[str, Any]) -> str | None:
        """Return the address that notices go to."""
        said = self.text(claims, "email")
        return said if said and _EMAIL.fullmatch(said) else None


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in on its way: what comes back with it, and the page wanted afterwards."""

    state: str
    nonce: str
    verifier: str
    wanted: str


class SingleSignOn:
    """One city's single sign-on: flows under way, and who goes with which account."""

    def __init__(
        self,
        provider: Provider,
        claims: Claims,
        engine: Engine,
        accounts: LocalAccounts,
        clock: Callable[[], datetime],
    ) -> None:
        self.provider = provider
        self._claims = claims
        self._engine = engine
        self._accounts = accounts
        self._clock = clock

    # ── the way there and back ─────────────────────────────────────────────────────────────────

    def begin(self, wanted: str) -> Begun:
        """Write down that somebody sets out; those that never came back are cleared away."""
        begun = Begun(
            secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), wanted
        )
        now = self._clock()
        with write(self._engine) as conn:
            conn.execute(delete(flow_table).where(flow_table.c.expires_at <= now))
            conn.execute(
                insert(flow_table).values(
                    state_hash=sm3(begun.state.encode()),
                    nonce=begun.nonce,
                    verifier=begun.verifier,
                    wanted=wanted[:1024],
                    expires_at=now + _FLOW_LIFE,
                )
            )
        return begun

    def come_back(self, state: str, expected: str) -> Begun:
        """Return what belongs to an answer, once: a second one finds nothing.

        Args:
            state: as the answer names it.
            expected: as this browser remembers it.

        Raises:
            SsoStateUnknown: not begun in this browser, used already, or too long ago.
        """
        if not state or not secrets.compare_digest(state.encode(), expected.encode()):
            raise SsoStateUnknown
        key = sm3(state.encode())
        with write(self._engine) as conn:
            row = conn.execute(
                select(flow_table).where(
                    flow_table.c.state_hash == key, flow_table.c.expires_at > self._clock()
                )
            ).one_or_none()
            gone = conn.execute(delete(flow_table).where(flow_table.c.state_hash == key))
        if row is None or not gone.rowcount:
            raise SsoStateUnknown
        return Begun(state, row.nonce, row.verifier, row.wanted)

    # ── who it is here ─────────────────────────────────────────────────────────────────────────

    def enter(self, vouched: Vouched) -> SignIn:
        """Return the account of whom the provider vouches for, brought up to date, with its ticket.

        Raises:
            SsoNoAccount: there is none, it is closed, or it goes with somebody else there.
        """
        key = self._key(vouched.subject)
        with read(self._engine) as conn:
            linked = conn.scalar(
                select(link_table.c.account).where(link_table.c.subject_hash == key)
            )
        found = self._accounts.load(linked) if linked else self._first_time(vouched, key)
        if found is None:
            raise SsoNoAccount
        fresh = self._updated(found, vouched.claims)
        if fresh != found:
            self._accounts.update(fresh)
        return self._accounts.named(fresh.account)

    def _first_time(self, vouched: Vouched, key: str) -> Account | None:
        found = self._known(vouched.claims) or self._newcomer(vouched, key)
        if found is None:
            return None
        with write(self._engine) as conn:
            if self._is_linked(conn, found.account):
                return None
            conn.execute(
                insert(link_table).values(
                    subject_hash=key,
                    issuer=self.provider.config.issuer[:256],
                    account=found.account,
                    linked_at=self._clock(),
                )
            )
        return found

    def _known(self, claims: Mapping[str, Any]) -> Account | None:
        """Return the account a claim names, or the one citizen with the same ID number."""
        named = self._claims.text(claims, "account")
        if named and (found := self._accounts.load(named)) is not None:
            return found
        card = self._claims.person(claims).get("id_card")
        if card is None:
            return None
        same = [
            a
            for a in self._accounts.all()
            if a.party is None and CITIZEN in a.roles and a.person.get("id_card") == card
        ]
        return same[0] if len(same) == 1 else None

    def _newcomer(self, vouched: Vouched, key: str) -> Account | None:
        """Make a citizen's account, where the settings let newcomers in and the name is free."""
        if not self._claims.newcomers:
            return None
        person = self._claims.person(vouched.claims)
        name = person.get("name") or "—"
        new = Account(f"c-{key[:16]}", {"zh": name, "en": name}, None, (CITIZEN,), person)
        self._accounts.add([new], None)
        return self._accounts.load(new.account)

    def _updated(self, account: Account, claims: Mapping[str, Any]) -> Account:
        """Return an account as the provider describes it now."""
        name = self._claims.text(claims, "name")
        fresh = replace(account, email=self._claims.email(claims) or account.email)
        if account.party is None:
            person = {**account.person, **self._claims.person(claims)}
            return replace(fresh, person=person, name=_named(account, name))
        roles = self._claims.held(claims)
        if roles == ():
            raise SsoNoAccount  # the provider has taken every role away
        party = self._claims.text(claims, "party")
        return replace(
            fresh,
            roles=roles or account.roles,
            party=party if party in self._claims.parties else account.party,
        )

    def _is_linked(self, conn: Connection, account: str) -> bool:
        query = select(link_table.c.account).where(link_table.c.account == account)
        return conn.scalar(query.limit(1)) is not None

    def _key(self, subject: str) -> str:
        return sm3(f"{self.provider.config.issuer}\n{subject}".encode())


def open_sso(
    settings: Settings,
    parties: Collection[str],
    engine: Engine,
    accounts: LocalAccounts,
    clock: Callable[[], datetime],
) -> SingleSignOn | None:
    """Return the single sign-on of a city; None where it has none. Nothing is fetched yet.

    Raises:
        SecretLost, SecretOpen: the secret shared with the provider is not where the settings say.
    """
    if not settings.oidc_issuer:
        return None
    claims = Claims(
        settings.oidc_claims,
        settings.oidc_roles,
        parties,
        newcomers=settings.oidc_newcomers == "citizens",
    )
    provider = Provider(OidcConfig.of(settings), clock)
    return SingleSignOn(provider, claims, engine, accounts, clock)


def _named(account: Account, name: str | None) -> Mapping[str, str]:
    """Return what to call a citizen; a Chinese name stands for both languages when it is new."""
    return account.name if name in (None, account.name["zh"]) else {"zh": name, "en": name}
