"""Approve before use (事前审批): a grant is asked by a hub and given by the data owner's steward.

The approval is sealed with the *owner's* steward key and kept at the owner's node, which checks the
seal against its own trust list: a hub with only its own key can ask, and make nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal, TypeAlias, cast, get_args

from federation.crypto import Signer, seal
from federation.trust.errors import (
    DocumentMalformed,
    GrantForged,
    GrantPeriodWrong,
    GrantStateWrong,
    GrantWidened,
    PurposeUnknown,
)
from federation.trust.position import POSITIONS, is_covered
from federation.trust.purpose import PURPOSES
from federation.trust.seal import (
    Trusted,
    count,
    mapping,
    moment,
    open_kind,
    optional_text,
    text,
    texts,
)

__all__ = [
    "Grant",
    "GrantAsk",
    "GrantState",
    "Revocation",
    "Uses",
    "approve",
    "ask",
    "new_id",
    "open_grant",
    "open_refusal",
    "open_revocation",
    "read_grant",
    "refuse",
    "revoke",
    "settle",
]

GrantState: TypeAlias = Literal["asked", "approved", "refused", "revoked", "expired"]
Uses: TypeAlias = Mapping[str, tuple[str, ...]]
"""Column of the dataset → positions it may take."""

_STATES = get_args(GrantState)
_GRANT, _REVOKED, _REFUSED = "grant", "grant-revoked", "grant-refused"


@dataclass(frozen=True, slots=True)
class GrantAsk:
    """What a hub asks of a data owner.

    Attributes:
        grantee: the party for whose matter the data are used.
        owner: the party that owns the dataset.
        purpose: purpose id.
        dataset: dataset id.
        uses: column → positions.
        reason: why, in a person's words.
        valid_from: from when.
        valid_to: until when.
        scenario: hash of the one scenario it is bound to; None for any.
        max_uses: how often it may be used; None for no limit.
    """

    grantee: str
    owner: str
    purpose: str
    dataset: str
    uses: Uses
    reason: str
    valid_from: datetime
    valid_to: datetime
    scenario: str | None = None
    max_uses: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant in any of its states; the fields of `GrantAsk` and who did what when.

    Attributes:
        id: made by the hub when it asked.
        hub: the hub that asked, and the only one that may use it.
        ask: what is (or was) asked; after approval, what was given.
        asked_by: account of who asked.
        asked_at: when.
        state: as last decided; see `state_at` for expiry.
        decided_by: account of the owner's steward.
        decided_at: when.
        remark: what the steward wrote.
    """

    id: str
    hub: str
    ask: GrantAsk
    asked_by: str
    asked_at: datetime
    state: GrantState = "asked"
    decided_by: str | None = None
    decided_at: datetime | None = None
    remark: str | None = None

    def state_at(self, now: datetime) -> GrantState:
        """Return the state with expiry taken into account."""
        ended = self.state in ("asked", "approved") and now >= self.ask.valid_to
        return "expired" if ended else self.state

    def to_json(self) -> dict[str, object]:
        """Return the grant as JSON, without any seal."""
        return {
            **_body(self),
            "state": self.state,
            "decided_by": self.decided_by,
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "remark": self.remark,
        }


@dataclass(frozen=True, slots=True)
class Revocation:
    """A steward's word that a grant no longer holds, or is not given."""

    grant: str
    owner: str
    by: str
    at: datetime
    remark: str | None
    refused: bool = False


def new_id() -> str:
    """Return an id for a grant; in groups of four, so that none looks like a person's number."""
    return f"G{'-'.join(secrets.token_hex(2) for _ in range(3))}"


def ask(wanted: GrantAsk, *, id: str, hub: str, by: str, now: datetime) -> Grant:  # noqa: A002 - the field's name
    """Return a grant in state ``asked``.

    Raises:
        PurposeUnknown: no such purpose.
        GrantPeriodWrong: it would end before it begins, or has ended.
        DocumentMalformed: no column, an unknown position, or no reason.
    """
    if wanted.purpose not in PURPOSES:
        raise PurposeUnknown(purpose=wanted.purpose, known=tuple(PURPOSES))
    _check_period(wanted.valid_from, wanted.valid_to, now)
    if not wanted.reason.strip():
        raise DocumentMalformed(where="/reason")
    _read_uses({c: list(p) for c, p in wanted.uses.items()})
    return Grant(id=id, hub=hub, ask=wanted, asked_by=by, asked_at=now)


def approve(
    grant: Grant,
    steward: Signer,
    *,
    by: str,
    now: datetime,
    remark: str | None = None,
    narrowed: GrantAsk | None = None,
) -> tuple[Grant, dict[str, object]]:
    """Give a grant that was asked, as asked or narrower, sealed by the owner's steward.

    Raises:
        GrantStateWrong: it is not waiting for a decision.
        GrantWidened: `narrowed` gives more than was asked.
        GrantPeriodWrong: it would end before it begins, or has ended.
    """
    _check_waiting(grant, now)
    given = narrowed or grant.ask
    if not _is_narrower(given, grant.ask):
        raise GrantWidened(grant=grant.id)
    _check_period(given.valid_from, given.valid_to, now)
    approved = replace(
        grant, ask=given, state="approved", decided_by=by, decided_at=now, remark=remark
    )
    body = {"kind": _GRANT, **_body(approved), "by": by, "at": now.isoformat(), "remark": remark}
    return approved, seal(body, steward)


def refuse(
    grant: Grant, steward: Signer, *, by: str, now: datetime, remark: str
) -> tuple[Grant, dict[str, object]]:
    """Refuse a grant that was asked, with the reason, sealed by the owner's steward."""
    _check_waiting(grant, now)
    refused = replace(grant, state="refused", decided_by=by, decided_at=now, remark=remark)
    return refused, seal(_decision(_REFUSED, grant, by, now, remark), steward)


def revoke(
    grant: Grant, steward: Signer, *, by: str, now: datetime, remark: str
) -> tuple[Grant, dict[str, object]]:
    """Take back a grant that was given, sealed by the owner's steward; binds the next call."""
    if grant.state != "approved":
        raise GrantStateWrong(grant=grant.id, state=grant.state)
    revoked = replace(grant, state="revoked", decided_by=by, decided_at=now, remark=remark)
    return revoked, seal(_decision(_REVOKED, grant, by, now, remark), steward)


def open_grant(sealed: Mapping[str, object], stewards: Trusted, owner: str) -> Grant:
    """Return a grant that a trusted steward of this owner sealed.

    Raises:
        GrantForged: sealed by no steward this list trusts, changed since, or about another owner.
        DocumentMalformed: the seal holds but the content is no grant.
    """
    _, body = open_kind(sealed, stewards, _GRANT, GrantForged)
    if text(body, "owner") != owner:
        raise GrantForged
    return replace(
        read_grant(body),
        state="approved",
        decided_by=text(body, "by"),
        decided_at=moment(body, "at"),
        remark=optional_text(body, "remark"),
    )


def read_grant(said: Mapping[str, object]) -> Grant:
    """Return a grant from what `Grant.to_json` gives; who asks whom is for the caller to believe.

    Raises:
        DocumentMalformed: it is no grant.
    """
    state = said.get("state", "asked")
    if state not in _STATES:
        raise DocumentMalformed(where="/state")
    decided = said.get("decided_at")
    return Grant(
        id=text(said, "id"),
        hub=text(said, "hub"),
        ask=GrantAsk(
            grantee=text(said, "grantee"),
            owner=text(said, "owner"),
            purpose=text(said, "purpose"),
            dataset=text(said, "dataset"),
            uses=_read_uses(mapping(said, "uses")),
            reason=text(said, "reason"),
            valid_from=moment(said, "valid_from"),
            valid_to=moment(said, "valid_to"),
            scenario=optional_text(said, "scenario"),
            max_uses=count(said, "max_uses"),
        ),
        asked_by=text(said, "asked_by"),
        asked_at=moment(said, "asked_at"),
        state=cast("GrantState", state),
        decided_by=optional_text(said, "decided_by"),
        decided_at=None if decided is None else moment(said, "decided_at"),
        remark=optional_text(said, "remark"),
    )


def open_revocation(sealed: Mapping[str, object], stewards: Trusted, owner: str) -> Revocation:
    """Return a revocation that a trusted steward of this owner sealed.

    Raises:
        GrantForged: sealed by no steward this list trusts, changed since, or about another owner.
    """
    return _open_word(sealed, stewards, owner, _REVOKED)


def open_refusal(sealed: Mapping[str, object], stewards: Trusted, owner: str) -> Revocation:
    """Return a refusal that a trusted steward of this owner sealed; raises as the others."""
    return _open_word(sealed, stewards, owner, _REFUSED)


def settle(grant: Grant, said: Revocation | Grant, now: datetime) -> Grant:
    """Return a grant as its owner decided on it, from a decision whose seal was opened.

    Raises:
        GrantStateWrong: it is not waiting for this decision.
        GrantWidened: more was given than was asked.
    """
    if isinstance(said, Grant):
        _check_waiting(grant, now)
        if said.hub != grant.hub or not _is_narrower(said.ask, grant.ask):
            raise GrantWidened(grant=grant.id)
        return replace(
            grant,
            ask=said.ask,
            state="approved",
            decided_by=said.decided_by,
            decided_at=said.decided_at,
            remark=said.remark,
        )
    if said.refused:
        _check_waiting(grant, now)
    elif grant.state != "approved":
        raise GrantStateWrong(grant=grant.id, state=grant.state)
    return replace(
        grant,
        state="refused" if said.refused else "revoked",
        decided_by=said.by,
        decided_at=said.at,
        remark=said.remark,
    )


def _open_word(
    sealed: Mapping[str, object], stewards: Trusted, owner: str, kind: str
) -> Revocation:
    _, body = open_kind(sealed, stewards, kind, GrantForged)
    if text(body, "owner") != owner:
        raise GrantForged
    return Revocation(
        text(body, "id"),
        owner,
        text(body, "by"),
        moment(body, "at"),
        optional_text(body, "remark"),
        refused=kind == _REFUSED,
    )


def _body(grant: Grant) -> dict[str, object]:
    given = grant.ask
    return {
        "id": grant.id,
        "hub": grant.hub,
        "grantee": given.grantee,
        "owner": given.owner,
        "purpose": given.purpose,
        "dataset": given.dataset,
        "uses": {column: list(positions) for column, positions in given.uses.items()},
        "scenario": given.scenario,
        "valid_from": given.valid_from.isoformat(),
        "valid_to": given.valid_to.isoformat(),
        "max_uses": given.max_uses,
        "reason": given.reason,
        "asked_by": grant.asked_by,
        "asked_at": grant.asked_at.isoformat(),
    }


def _decision(kind: str, grant: Grant, by: str, now: datetime, remark: str) -> dict[str, object]:
    if not remark.strip():
        raise DocumentMalformed(where="/remark")
    return {
        "kind": kind,
        "id": grant.id,
        "owner": grant.ask.owner,
        "by": by,
        "at": now.isoformat(),
        "remark": remark,
    }


def _check_waiting(grant: Grant, now: datetime) -> None:
    state = grant.state_at(now)
    if state != "asked":
        raise GrantStateWrong(grant=grant.id, state=state)


def _check_period(start: datetime, end: datetime, now: datetime) -> None:
    if not start < end or end <= now:
        raise GrantPeriodWrong


def _is_narrower(given: GrantAsk, asked: GrantAsk) -> bool:
    same = ("grantee", "owner", "purpose", "dataset")
    return (
        all(getattr(given, name) == getattr(asked, name) for name in same)
        and asked.scenario in (None, given.scenario)
        and asked.valid_from <= given.valid_from
        and given.valid_to <= asked.valid_to
        and _is_at_most(given.max_uses, asked.max_uses)
        and all(
            is_covered(position, asked.uses.get(column, ()))
            for column, positions in given.uses.items()
            for position in positions
        )
    )


def _is_at_most(given: int | None, asked: int | None) -> bool:
    return asked is None or (given is not None and given <= asked)


def _read_uses(uses: Mapping[str, object]) -> Uses:
    if not uses:
        raise DocumentMalformed(where="/uses")
    read = {column: texts(uses, column) for column in uses}
    if not all(read.values()) or not {p for ps in read.values() for p in ps} <= set(POSITIONS):
        raise DocumentMalformed(where="/uses")
    return MappingProxyType(read)
