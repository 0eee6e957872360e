"""Keep what a node must remember: grants, pins, closed cases, requests it has seen.

Every function takes the caller's open transaction, so that a check and what it leads to stand or
fall together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from federation.node.tables import closed_table, grant_table, pin_table, seen_table
from federation.trust import CaseToken, Grant, Policy, Revocation, Trusted
from federation.trust.errors import (
    ApplicantSecond,
    CaseClosed,
    GrantForged,
    GrantTaken,
    RateExceeded,
    RequestReplayed,
    SubjectSecond,
)
from federation.trust.grant import open_grant

__all__ = [
    "KeptGrant",
    "check_rate",
    "check_running",
    "count_use",
    "grant_uses",
    "keep_grant",
    "kept_grant",
    "mark_closed",
    "mark_revoked",
    "pin",
    "remember",
]

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_APPLICANT = "applicant:"
"""Slot of a case's applicant; no subject id holds a colon."""


@dataclass(frozen=True, slots=True)
class KeptGrant:
    """A grant as this node keeps it, with how often it was used."""

    grant: Grant
    used: int


# ── requests seen ────────────────────────────────────────────────────────────────────────────────


def remember(
    conn: Connection,
    hub: str,
    nonce: str,
    case: str | None,
    now: datetime,
    *,
    is_read: bool = False,
) -> None:
    """Remember a request for an hour; raise `RequestReplayed` if it was seen before."""
    conn.execute(delete(seen_table).where(seen_table.c.seen_at < now - _HOUR))
    known = (seen_table.c.hub == hub) & (seen_table.c.nonce == nonce)
    if _count(conn, known):
        raise RequestReplayed
    conn.execute(
        insert(seen_table).values(hub=hub, nonce=nonce, case_no=case, is_read=is_read, seen_at=now)
    )


def check_rate(conn: Connection, policy: Policy, hub: str, case: str, now: datetime) -> None:
    """Raise `RateExceeded` where this hub, or this case, asked too often; counts this request."""
    rate = policy.rate
    by_hub = (seen_table.c.hub == hub) & ~seen_table.c.is_read
    recent = by_hub & (seen_table.c.seen_at > now - _MINUTE)
    if _count(conn, recent) > rate.per_minute:
        raise RateExceeded(limit=rate.per_minute, minutes=1)
    same_case = (seen_table.c.case_no == case) & (seen_table.c.seen_at > now - _HOUR)
    if _count(conn, same_case) > rate.per_case_hour:
        raise RateExceeded(limit=rate.per_case_hour, minutes=60)


def _count(conn: Connection, where: ColumnElement[bool]) -> int:
    return conn.scalar(select(func.count()).select_from(seen_table).where(where)) or 0


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


def check_running(conn: Connection, case: str) -> None:
    """Raise `CaseClosed` for a case this node was told is closed."""
    if conn.scalar(select(closed_table.c.case_no).where(closed_table.c.case_no == case)):
        raise CaseClosed(case=case)


def mark_closed(conn: Connection, case: str, now: datetime) -> bool:
    """Remember a case as closed; False where it was known already."""
    if conn.scalar(select(closed_table.c.case_no).where(closed_table.c.case_no == case)):
        return False
    conn.execute(insert(closed_table).values(case_no=case, closed_at=now))
    return True


def pin(
    conn: Connection,
    token: CaseToken,
    digests: Mapping[str, str],
    most_subjects: int,
    now: datetime,
) -> None:
    """Settle whom a case concerns at first use, and refuse anybody else from then on.

    The applicant is settled once. Subjects other than the applicant are settled one by one, by
    their id in the case, up to the owner's limit.

    Args:
        conn: the caller's transaction.
        token: the case token shown.
        digests: this node's pseudonyms of the applicant's and the subject's key.
        most_subjects: how many subjects, the applicant apart, a case may have here.
        now: the moment.

    Raises:
        ApplicantSecond: the case is settled on another applicant.
        SubjectSecond: the case is settled on another subject, or on as many as it may have.
    """
    rows = conn.execute(
        select(pin_table.c.slot, pin_table.c.digest).where(pin_table.c.case_no == token.case)
    )
    pinned = {row.slot: row.digest for row in rows}
    applicant, subject = digests[token.applicant], digests[token.key]
    if pinned.get(_APPLICANT, applicant) != applicant:
        raise ApplicantSecond(case=token.case)
    wanted = {_APPLICANT: applicant}
    if subject != applicant:
        if pinned.get(token.subject, subject) != subject:
            raise SubjectSecond(case=token.case)
        others = pinned.keys() - {_APPLICANT}
        if token.subject not in others and len(others) >= most_subjects:
            raise SubjectSecond(case=token.case)
        wanted[token.subject] = subject
    new = [
        {"case_no": token.case, "slot": slot, "digest": digest, "pinned_at": now}
        for slot, digest in wanted.items()
        if slot not in pinned
    ]
    if new:
        conn.execute(insert(pin_table), new)


# ── grants ───────────────────────────────────────────────────────────────────────────────────────


def keep_grant(conn: Connection, grant: Grant, sealed: Mapping[str, object], now: datetime) -> bool:
    """Keep a grant whose seal was checked; False where the same one is kept already.

    Raises:
        GrantTaken: another grant has this number, or this one was revoked.
    """
    row = conn.execute(select(grant_table).where(grant_table.c.id == grant.id)).one_or_none()
    if row is not None:
        if row.state == "approved" and row.sealed == dict(sealed):
            return False
        raise GrantTaken(grant=grant.id)
    conn.execute(
        insert(grant_table).values(
            id=grant.id,
            hub=grant.hub,
            state="approved",
            sealed=dict(sealed),
            used=0,
            received_at=now,
        )
    )
    return True


def mark_revoked(conn: Connection, revocation: Revocation, now: datetime) -> bool:
    """Revoke a grant for good, even one that has not come yet; False where it was revoked."""
    where = grant_table.c.id == revocation.grant
    state = conn.scalar(select(grant_table.c.state).where(where))
    if state == "revoked":
        return False
    if state is None:
        conn.execute(
            insert(grant_table).values(
                id=revocation.grant, state="revoked", used=0, received_at=now, revoked_at=now
            )
        )
    else:
        conn.execute(update(grant_table).where(where).values(state="revoked", revoked_at=now))
    return True


def kept_grant(conn: Connection, grant: str, stewards: Trusted, owner: str) -> KeptGrant | None:
    """Return a grant this node keeps, read from the steward's own seal, and its count of uses.

    The seal is checked at every use: a row changed in this store makes no grant, and a steward
    taken off the trust list takes the grants along.
    """
    row = conn.execute(select(grant_table).where(grant_table.c.id == grant)).one_or_none()
    if row is None or row.sealed is None:
        return None
    kept = open_grant(row.sealed, stewards, owner)
    if kept.id != grant:
        raise GrantForged
    return KeptGrant(replace(kept, state=row.state), row.used)


def count_use(conn: Connection, grant: str) -> None:
    """Count one use of a grant."""
    conn.execute(
        update(grant_table).where(grant_table.c.id == grant).values(used=grant_table.c.used + 1)
    )


def grant_uses(conn: Connection, hub: str) -> dict[str, int]:
    """Return how often each grant of a hub was used."""
    rows = conn.execute(
        select(grant_table.c.id, grant_table.c.used).where(grant_table.c.hub == hub)
    )
    return {row.id: row.used for row in rows}
