"""Carry grants to a department's steward and decisions back as files, where no network does.

The steward's key stays on the department's machine: the hub writes what it asks (`seal_asks`), the
steward reads it there and seals each decision, and the hub takes the sealed decisions in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from federation.crypto import Signer, seal
from federation.trust.enrol_errors import AsksWrong, DecisionsWrong
from federation.trust.errors import DocumentMalformed
from federation.trust.grant import (
    Grant,
    Revocation,
    open_grant,
    open_refusal,
    open_revocation,
    read_grant,
)
from federation.trust.seal import Trusted, open_kind

__all__ = ["open_asks", "open_decision", "read_decisions", "seal_asks", "to_decisions"]

_FORMAT = 1
_ASKS, _DECISIONS = "grant-asks", "grant-decisions"


def seal_asks(grants: Sequence[Grant], owner: str, hub: Signer, now: datetime) -> dict[str, object]:
    """Return grants of one owner as a file for its steward, sealed by the hub."""
    body = {
        "kind": _ASKS,
        "format": _FORMAT,
        "owner": owner,
        "grants": [g.to_json() for g in grants],
        "at": now.isoformat(),
    }
    return seal(body, hub)


def open_asks(sealed: Mapping[str, object], hubs: Trusted, owner: str) -> tuple[Grant, ...]:
    """Return what a hub asks of this owner.

    Raises:
        AsksWrong: no hub that this node knows sealed it, or it is meant for somebody else.
    """
    hub, body = open_kind(sealed, hubs, _ASKS, AsksWrong)
    said = body.get("grants")
    if body.get("format") != _FORMAT or body.get("owner") != owner or not isinstance(said, list):
        raise AsksWrong
    try:
        grants = tuple(read_grant(cast("Mapping[str, object]", g)) for g in said)
    except (DocumentMalformed, AttributeError) as fault:
        raise AsksWrong from fault
    if any((g.hub, g.ask.owner) != (hub, owner) for g in grants):
        raise AsksWrong
    return grants


def to_decisions(owner: str, decisions: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return sealed decisions as one file."""
    return {
        "kind": _DECISIONS,
        "format": _FORMAT,
        "owner": owner,
        "decisions": [dict(d) for d in decisions],
    }


def read_decisions(said: Mapping[str, object]) -> tuple[str, tuple[Mapping[str, object], ...]]:
    """Return whose decisions a file holds, and each in its own seal.

    Raises:
        DecisionsWrong: it holds none.
    """
    owner, decisions = said.get("owner"), said.get("decisions")
    is_ours = said.get("kind") == _DECISIONS and said.get("format") == _FORMAT
    if not is_ours or not isinstance(owner, str) or not isinstance(decisions, list):
        raise DecisionsWrong
    if not decisions or not all(isinstance(d, dict) for d in decisions):
        raise DecisionsWrong
    return owner, tuple(decisions)


def open_decision(
    sealed: Mapping[str, object], stewards: Trusted, owner: str
) -> Grant | Revocation:
    """Return one decision that a steward of this owner sealed: what is given, or that it is not.

    Raises:
        GrantForged: none of these stewards sealed it, or it was changed since.
        DecisionsWrong: it is none.
    """
    body = sealed.get("body")
    match body.get("kind") if isinstance(body, dict) else None:
        case "grant":
            return open_grant(sealed, stewards, owner)
        case "grant-refused":
            return open_refusal(sealed, stewards, owner)
        case "grant-revoked":
            return open_revocation(sealed, stewards, owner)
        case _:
            raise DecisionsWrong
