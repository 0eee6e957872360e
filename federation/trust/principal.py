"""Say who asks: a person at an account, with party and roles, as the identity provider vouches.

A *sign-in ticket* is that statement sealed with the identity key, which is not the hub's: the case
issuer opens a case only for a person who really signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.crypto import Signer, seal
from federation.trust.errors import TicketExpired, TicketForged, TicketNameless
from federation.trust.seal import Trusted, moment, open_kind, text, texts

__all__ = ["Principal", "Ticket", "open_ticket", "sign_in_ticket"]

_KIND = "sign-in"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts.

    Attributes:
        account: the sign-in name; journals name people by it.
        name: the person's name, for pages; it never enters a journal or a fragment.
        party: the department worked for; None for a citizen.
        roles: role ids, e.g. ``("officer",)``.
        person_key: the person's own ID number, where the identity provider knows it.
    """

    account: str
    name: str
    party: str | None
    roles: tuple[str, ...]
    person_key: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-in that the identity provider vouches for."""

    account: str
    person_key: str
    party: str | None
    roles: tuple[str, ...]
    issued: datetime
    expires: datetime


def sign_in_ticket(
    principal: Principal, issued: datetime, expires: datetime, signer: Signer
) -> dict[str, object]:
    """Seal that this person signed in, with the identity key."""
    return seal(
        {
            "kind": _KIND,
            "account": principal.account,
            "person_key": principal.person_key,
            "party": principal.party,
            "roles": list(principal.roles),
            "issued": issued.isoformat(),
            "expires": expires.isoformat(),
        },
        signer,
    )


def open_ticket(sealed: Mapping[str, object], identities: Trusted, now: datetime) -> Ticket:
    """Return what a sign-in ticket says, after its seal and time were checked.

    Raises:
        TicketForged: sealed by nobody this list trusts, or changed since.
        TicketExpired: signed in too long ago.
        TicketNameless: the identity provider knows no ID number for this account.
    """
    _, body = open_kind(sealed, identities, _KIND, TicketForged)
    issued, expires = moment(body, "issued"), moment(body, "expires")
    if not issued <= now < expires:
        raise TicketExpired
    key = body.get("person_key")
    if not isinstance(key, str) or not key:
        raise TicketNameless
    party = body.get("party")
    return Ticket(
        account=text(body, "account"),
        person_key=key,
        party=party if isinstance(party, str) else None,
        roles=texts(body, "roles"),
        issued=issued,
        expires=expires,
    )
