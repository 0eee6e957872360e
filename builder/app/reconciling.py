"""Say how hub and nodes differ after one of them was restored to an earlier day.

A backup brings one machine back in time; the others go on from where they were. Uses of data that
happened after the backup really happened, and their owners' journals say so. `reconcile` only
looks; `tell_again` takes the owners' decisions to a node that has forgotten them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from builder.cases.platform import Deployment, Platform, case_ref_table
from builder.errors import Fault
from builder.store import cases as tables
from federation.audit import CLOSED, OPENED, Journal, Record
from federation.backup import RESTORED
from federation.hub.remote import TrailEntry
from federation.hub.tables import grant_table
from federation.link import ask_json
from federation.link.errors import LinkUnreachable
from federation.store import read

__all__ = ["Difference", "LaterUse", "last_restored", "reconcile", "tell_again"]

_PAGE = 500
_AT_ONCE = 500
_SKEW = timedelta(minutes=5)
_DOORS = {"approved": "/v1/grant", "revoked": "/v1/revoke"}
_STATES = {"grant-approved": "approved", "grant-revoked": "revoked"}


@dataclass(frozen=True, slots=True)
class LaterUse:
    """A use of data that one side recorded and the other does not know."""

    party: str
    entry: int
    at: datetime
    case_no: str
    dataset: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Difference:
    """How hub, issuer and nodes differ since a moment.

    Attributes:
        since: the moment.
        unknown_here: uses that nodes recorded and the hub does not know: it was restored.
        unknown_there: uses that the hub recorded and the node does not know: it was restored.
        ended_elsewhere: cases that run here and have ended at the issuer or at a node.
        lost: cases that the issuer opened and the hub does not know.
        grants: grant → what its node says, where the hub says otherwise.
        silent: parties whose nodes did not answer.
    """

    since: datetime
    unknown_here: tuple[LaterUse, ...]
    unknown_there: tuple[LaterUse, ...]
    ended_elsewhere: tuple[str, ...]
    lost: tuple[str, ...]
    grants: Mapping[str, str]
    silent: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing differs, as far as all nodes answered."""
        found = (self.unknown_here, self.unknown_there, self.ended_elsewhere, self.lost)
        return not (any(found) or self.grants or self.silent)


def last_restored(platform: Platform) -> datetime | None:
    """Return the moment of the backup that the hub was last restored from; None for never."""
    found = platform.journal.search(kind=RESTORED, limit=1)
    try:
        return datetime.fromisoformat(str(found[0].facts["taken_at"])) if found else None
    except (KeyError, ValueError):
        return None


def reconcile(platform: Platform, since: datetime) -> Difference:
    """Compare what the hub and every node recorded since a moment.

    Args:
        platform: the city; nodes are asked through their links, wherever they are.
        since: usually the moment of the backup; a few minutes before it are looked at too.
    """
    begin = since - _SKEW
    mine = _asked(platform.journal, begin)
    here: list[LaterUse] = []
    there: list[LaterUse] = []
    ended: set[str] = set()
    grants: dict[str, str] = {}
    silent: list[str] = []
    for party in platform.hub.nodes:
        try:
            trail = list(_trail(platform, party, begin))
        except Fault:
            silent.append(party)
            continue
        theirs = {_text(e.facts, "fragment"): e for e in trail if _is_use(e, platform.hub.id)}
        ours = {f: use for f, use in mine.items() if use.party == party}
        here += [_use(party, e) for f, e in theirs.items() if f not in ours and e.at >= since]
        there += [u for f, u in ours.items() if f not in theirs and u.entry and u.at >= since]
        ended |= {_text(e.facts, "case") for e in trail if e.kind == "case-closed"}
        grants |= _grants(platform, trail)
    issuer = platform.journals.get("issuer")
    if issuer is not None:
        ended |= {_text(e.facts, "case") for e in _entries(issuer, "case-closed", begin)}
    return Difference(
        since=since,
        unknown_here=tuple(sorted(here, key=lambda u: (u.at, u.party, u.entry))),
        unknown_there=tuple(sorted(there, key=lambda u: (u.at, u.party, u.entry))),
        ended_elsewhere=tuple(sorted(_running(platform, ended))),
        lost=tuple(sorted(_lost(platform, issuer, since))),
        grants=grants,
        silent=tuple(silent),
    )


# ── What each side wrote down ────────────────────────────────────────────────────────────────────


def _asked(journal: Journal, since: datetime) -> dict[str, LaterUse]:
    """Return fragment → the use as the hub's journal has it; entry 0 where no answer came."""
    opened = {e.seq: e for e in _entries(journal, OPENED, since)}
    entries = {
        e.facts.get("closes"): _number(_text(e.facts, "entry"))
        for e in _entries(journal, CLOSED, since)
    }
    return {
        _text(e.facts, "fragment"): LaterUse(
            party=_text(e.facts, "party"),
            entry=entries.get(seq, 0),
            at=e.at,
            case_no=_text(e.facts, "case"),
            dataset=_text(e.facts, "dataset"),
            purpose=_text(e.facts, "purpose"),
        )
        for seq, e in opened.items()
    }


def _trail(platform: Platform, party: str, since: datetime) -> Iterator[TrailEntry]:
    after = None
    while True:
        page = platform.hub.trail(party, after=after, limit=_PAGE)
        for entry in page:
            if entry.at < since:
                return
            yield entry
        if len(page) < _PAGE:
            return
        after = page[-1].seq


def _entries(journal: Journal, kind: str, since: datetime) -> Iterator[Record]:
    after = None
    while True:
        page = journal.search(kind=kind, since=since, after=after, limit=_PAGE)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].seq


def _is_use(entry: TrailEntry, hub: str) -> bool:
    return entry.kind == OPENED and entry.facts.get("hub") == hub


def _use(party: str, entry: TrailEntry) -> LaterUse:
    facts = entry.facts
    return LaterUse(
        party,
        entry.seq,
        entry.at,
        _text(facts, "case"),
        _text(facts, "dataset"),
        _text(facts, "purpose"),
    )


def _grants(platform: Platform, trail: Iterable[TrailEntry]) -> dict[str, str]:
    """Return grants whose last word at the node is not the hub's; the trail is newest first."""
    found: dict[str, str] = {}
    for entry in trail:
        state, grant = _STATES.get(entry.kind), _text(entry.facts, "grant")
        if state is not None and grant not in found:
            found[grant] = state
    return {grant: state for grant, state in found.items() if _state(platform, grant) != state}


def _state(platform: Platform, grant: str) -> str:
    try:
        return platform.hub.grant(grant).state
    except Fault:
        return ""


# ── Cases ────────────────────────────────────────────────────────────────────────────────────────


def _running(platform: Platform, cases: set[str]) -> Iterator[str]:
    """Yield those of the cases that still run in a case store of this hub."""
    for deployment in platform.deployments.all():
        for some in _slices(cases):
            yield from _alive(deployment, some)


def _alive(deployment: Deployment, cases: list[str]) -> Iterator[str]:
    draft, case = tables.draft, tables.case
    with read(deployment.engine) as conn:
        yield from conn.scalars(select(draft.c.case_no).where(draft.c.case_no.in_(cases))).all()
        query = select(case.c.case_no).where(case.c.case_no.in_(cases), case.c.ended_at.is_(None))
        yield from conn.scalars(query).all()


def _lost(platform: Platform, issuer: Journal | None, since: datetime) -> Iterator[str]:
    """Yield the cases that the issuer opened since and the hub does not know."""
    if issuer is None:
        return
    opened = {_text(e.facts, "case") for e in _entries(issuer, "case-opened", since)}
    table = case_ref_table
    for some in _slices(opened):
        with read(platform.hub_engine) as conn:
            query = select(table.c.case_no).where(table.c.case_no.in_(some))
            known = set(conn.scalars(query))
        yield from set(some) - known


def _slices(cases: set[str]) -> Iterator[list[str]]:
    ordered = sorted(c for c in cases if c)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _text(facts: Mapping[str, object], key: str) -> str:
    value = facts.get(key)
    return value if isinstance(value, str) else ""


def _number(entry: str) -> int:
    tail = entry.rpartition("#")[2]
    return int(tail) if tail.isdecimal() else 0


# ── The owners' decisions ────────────────────────────────────────────────────────────────────────


def tell_again(platform: Platform, party: str) -> tuple[str, ...]:
    """Take every decision of an owner's stewards to the owner's node again.

    A node that was restored knows no grant given since, and none taken back. What it knows already
    changes nothing.

    Returns:
        The grants it did not accept.

    Raises:
        LinkUnreachable: the node is down.
        NodeUnknown: there is no such node.
    """
    link = platform.hub.link(party)
    refused = []
    for grant, state, sealed in _decisions(platform, party):
        try:
            ask_json(link, _DOORS[state], sealed)
        except LinkUnreachable:
            raise
        except Fault:
            refused.append(grant)
    return tuple(refused)


def _decisions(platform: Platform, party: str) -> list[tuple[str, str, Mapping[str, object]]]:
    table = grant_table
    query = (
        select(table.c.id, table.c.state, table.c.sealed)
        .where(table.c.owner == party, table.c.sealed.is_not(None), table.c.state.in_(_DOORS))
        .order_by(table.c.asked_at, table.c.id)
    )
    with read(platform.hub_engine) as conn:
        return [(row.id, row.state, row.sealed) for row in conn.execute(query)]
