"""Hold what the city's side knows and do what it may: ask for grants, open cases, read trails."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from federation.audit import Entry, Journal
from federation.crypto import Signer
from federation.errors import Fault
from federation.hub import grants as grant_store
from federation.hub import registry
from federation.hub.errors import NodeRetired, NodeUnknown
from federation.hub.issuer import IssuerClient
from federation.hub.remote import (
    JournalReport,
    Offer,
    TrailEntry,
    read_offer,
    read_report,
    read_trail,
)
from federation.ledger import Catalog
from federation.link import Link, ask_json
from federation.link.errors import LinkGarbled
from federation.query import CasePapers
from federation.store import read, write
from federation.trust import (
    Grant,
    GrantAsk,
    Policy,
    Principal,
    SubjectClaim,
    open_token,
)
from federation.trust import grant as deciding
from federation.trust.decisions import open_decision
from federation.trust.errors import GrantUnknown, NotYourDecision
from federation.trust.request import Desk

__all__ = ["Hub", "NodeEntry"]

_STEWARD = "steward"
_DOORS = {"approved": "/v1/grant", "revoked": "/v1/revoke"}
"""Where a node hears of a decision; of a refusal it need not."""
_PAPER_LIFE = timedelta(minutes=5)
_POLICY_LIFE = timedelta(minutes=5)
_CACHED = 4096
_ASK_S = 10.0
_VERIFY_S = 300.0
_POLICY_S = 3.0  # without it the node decides all the same


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A node as the hub has registered it.

    Attributes:
        party: whose node.
        link: the way to it.
        public_key: the node's own key; its sealed answers are checked with it.
        url: where it is; None in this process.
    """

    party: str
    link: Link
    public_key: str
    url: str | None = None

    def is_as(self, said: registry.Registered) -> bool:
        """Tell whether this is the node that the register means."""
        return (self.url, self.public_key) == (said.url, said.public_key)


@dataclass(frozen=True, slots=True)
class _Kept:
    papers: CasePapers
    until: datetime


@dataclass(frozen=True, slots=True)
class _KeptPolicy:
    policy: Policy | None
    until: datetime


class Hub:
    """The city's side of the platform. It asks; what nodes believe is sealed by others."""

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - the hub's name in every document
        engine: Engine,
        signer: Signer,
        catalog: Catalog,
        nodes: Iterable[NodeEntry],
        issuer: IssuerClient,
        journal: Journal,
        clock: Callable[[], datetime],
        nonce: Callable[[], str] = lambda: secrets.token_urlsafe(18),
        reach: Callable[[registry.Registered], NodeEntry] | None = None,
    ) -> None:
        """Put a hub together.

        Args:
            id: the hub's name, by which nodes and issuer know its key.
            engine: the hub's own store.
            signer: the hub's key.
            catalog: the ledger.
            nodes: the registered nodes.
            issuer: the way to the case issuer.
            journal: the hub's journal, on the same store.
            clock: returns now, aware.
            nonce: draws a nonce.
            reach: gives the way to a node that was registered, or moved, since.
        """
        self.id = id
        self.signer = signer
        self.catalog = catalog
        self.journal = journal
        self.clock = clock
        self.nonce = nonce
        self.issuer = issuer
        self.nodes: dict[str, NodeEntry] = {n.party: n for n in nodes}
        self._engine = engine
        self._reach = reach
        self._desk = Desk(id, signer, clock, nonce)
        self._papers: dict[tuple[str, str, tuple[str, ...]], _Kept] = {}
        self._policies: dict[str, _KeptPolicy] = {}
        self._lock = threading.Lock()

    # ── nodes ──────────────────────────────────────────────────────────────────────────────────

    def link(self, party: str) -> Link:
        """Return the link to a party's node; raises `NodeUnknown`, `NodeRetired`."""
        return self._node(party).link

    def node_key(self, party: str) -> str:
        """Return the public key of a party's node; raises `NodeUnknown`, `NodeRetired`."""
        return self._node(party).public_key

    def offer(self, party: str) -> Offer:
        """Ask a node what it offers: datasets with row counts, and policy; never rows."""
        return read_offer(self._ask(party, "offer", {"rows": True}), party, self.catalog)

    def policy(self, party: str, *, fresh: bool = False) -> Policy | None:
        """Return the owner's policy as its node last offered it; None when it cannot say now."""
        with self._lock:
            kept = self._policies.get(party)
        if kept is not None and self.clock() < kept.until and not fresh:
            return kept.policy
        policy: Policy | None = None
        with suppress(Fault):
            said = self._ask(party, "offer", {"rows": False}, timeout_s=_POLICY_S)
            policy = read_offer(said, party, self.catalog).policy
        with self._lock:
            self._policies[party] = _KeptPolicy(policy, self.clock() + _POLICY_LIFE)
        return policy

    def trail(
        self,
        party: str,
        *,
        case: str | None = None,
        dataset: str | None = None,
        kind: str | None = None,
        after: int | None = None,
        limit: int = 200,
    ) -> tuple[TrailEntry, ...]:
        """Read entries of a node's own journal that meet every condition, newest first.

        Args:
            party: whose node.
            case: case number.
            dataset: dataset id.
            kind: ``opened``, ``closed``, ``refused``, ``grant-approved`` …
            after: number of the last entry of the page before; older ones follow.
            limit: how many at most.
        """
        args = {"case": case, "dataset": dataset, "entry": kind, "after": after, "limit": limit}
        return read_trail(self._ask(party, "trail", args), party)

    def verify_journal(self, party: str) -> JournalReport:
        """Have a node verify its own journal, byte by byte."""
        said = self._ask(party, "verify-journal", {}, timeout_s=_VERIFY_S)
        return read_report(said, party)

    def verify_issuer(self) -> JournalReport:
        """Have the case issuer verify its own journal, byte by byte."""
        return read_report(self.issuer.verify_journal(), self.issuer.name)

    def grant_uses(self, party: str) -> Mapping[str, int]:
        """Ask a node how often each of this hub's grants was used."""
        used = self._ask(party, "grants", {}).get("used")
        if not isinstance(used, dict):
            raise LinkGarbled(party=party)
        return {str(grant): count for grant, count in used.items() if isinstance(count, int)}

    def writing(self) -> AbstractContextManager[Connection]:
        """Give a connection of the hub's store that commits at the end of the block."""
        return write(self._engine)

    # ── grants ─────────────────────────────────────────────────────────────────────────────────

    def request_grant(self, wanted: GrantAsk, by: Principal) -> Grant:
        """Ask a data owner for a grant; it waits for the owner's steward.

        Raises:
            PurposeUnknown, GrantPeriodWrong, DocumentMalformed: it cannot be asked like this.
        """
        now = self.clock()
        grant = deciding.ask(wanted, id=deciding.new_id(), hub=self.id, by=by.account, now=now)
        with write(self._engine) as conn:
            grant_store.add(conn, grant)
            self._note(conn, "grant-asked", grant, by.account, now)
        return grant

    def approve_grant(
        self,
        grant: str,
        steward: Signer,
        by: Principal,
        *,
        remark: str | None = None,
        narrowed: GrantAsk | None = None,
    ) -> Grant:
        """Give a grant, as asked or narrower, with the owner's steward key; take it to the node.

        Raises:
            GrantUnknown, GrantStateWrong, GrantWidened, GrantPeriodWrong: it cannot be given.
            NotYourDecision: `by` is no steward of the owner, or asked for it.
            GrantForged: the node does not trust this steward key.
            LinkUnreachable: the node is down; nothing was changed.
        """
        asked = self._may_decide(grant, by)
        given, sealed = deciding.approve(
            asked, steward, by=by.account, now=self.clock(), remark=remark, narrowed=narrowed
        )
        return self._decided(given, sealed, by.account)

    def refuse_grant(self, grant: str, steward: Signer, by: Principal, *, remark: str) -> Grant:
        """Refuse a grant, with the reason. Raises as `approve_grant`."""
        refused, sealed = deciding.refuse(
            self._may_decide(grant, by), steward, by=by.account, now=self.clock(), remark=remark
        )
        return self._decided(refused, sealed, by.account)

    def revoke_grant(self, grant: str, steward: Signer, by: Principal, *, remark: str) -> Grant:
        """Take a grant back; it binds the next call. Raises as `approve_grant`."""
        revoked, sealed = deciding.revoke(
            self._may_decide(grant, by), steward, by=by.account, now=self.clock(), remark=remark
        )
        return self._decided(revoked, sealed, by.account)

    def take_decision(
        self, sealed: Mapping[str, object], owner: str, stewards: Mapping[str, str]
    ) -> Grant:
        """Take in what an owner's steward decided on its own machine; taken twice, it counts once.

        Args:
            sealed: one decision, in the steward's seal.
            owner: the department.
            stewards: keys its stewards decide with, as far as the hub was told.

        Raises:
            GrantForged, DecisionsWrong: none of these stewards sealed it, or it is none.
            GrantUnknown, GrantStateWrong, GrantWidened: it does not fit what was asked.
            NotYourDecision: who decided also asked, or it is another owner's grant.
            LinkUnreachable: the node is down; nothing was changed.
        """
        said = open_decision(sealed, stewards, owner)
        if isinstance(said, Grant):
            grant, by, at = said.id, said.decided_by, said.decided_at
        else:
            grant, by, at = said.grant, said.by, said.at
        asked = self.grant(grant)
        if asked.ask.owner != owner or by == asked.asked_by:
            raise NotYourDecision(grant=asked.id, party=asked.ask.owner)
        if (asked.decided_by, asked.decided_at) == (by, at):
            return asked
        return self._decided(deciding.settle(asked, said, self.clock()), sealed, by or "")

    def grant(self, grant: str) -> Grant:
        """Return a grant as the hub's list has it; raises `GrantUnknown`."""
        with read(self._engine) as conn:
            found = grant_store.find(conn, grant)
        if found is None:
            raise GrantUnknown(grant=grant)
        return found

    def grants(
        self, *, owner: str | None = None, grantee: str | None = None, dataset: str | None = None
    ) -> tuple[Grant, ...]:
        """Return the grants of the hub's list, newest request first."""
        with read(self._engine) as conn:
            return grant_store.listed(conn, owner=owner, grantee=grantee, dataset=dataset)

    def grant_for(
        self, dataset: str, purpose: str, scenario: str, grant: str | None
    ) -> Grant | None:
        """Return the grant of that id, or the best one for this use."""
        with read(self._engine) as conn:
            if grant is not None:
                return grant_store.find(conn, grant)
            return grant_store.fitting(conn, dataset, purpose, scenario, self.clock())

    # ── cases ──────────────────────────────────────────────────────────────────────────────────

    def open_case(
        self,
        case: str,
        scenario: str,
        legal_basis: Sequence[str],
        ticket: Mapping[str, object],
        subjects: Sequence[SubjectClaim],
    ) -> None:
        """Register a case with the issuer; see `IssuerClient.open_case`."""
        self.issuer.open_case(case, scenario, legal_basis, ticket, subjects)

    def declare_subject(self, case: str, subject: str, key: str) -> None:
        """Say which person or enterprise a subject is; see `IssuerClient.declare`."""
        self.issuer.declare(case, subject, key)

    def establish(self, case: str, subject: str, answer: Mapping[str, object]) -> str:
        """Show a `verify` answer's receipt as proof of the relation; return the relation."""
        relation = self.issuer.establish(case, subject, answer)
        self._forget(case)
        return relation

    def close_case(self, case: str, parties: Iterable[str] | None = None) -> tuple[str, ...]:
        """End a case at the issuer and tell the nodes; return the parties that could not be told.

        Those learn it by themselves: without a fresh statement they answer nothing for the case.
        """
        statement = self.issuer.close(case)
        self._forget(case)
        untold = []
        for party in parties if parties is not None else tuple(self.nodes):
            try:
                ask_json(self.link(party), "/v1/case-closed", statement)
            except Fault:
                untold.append(party)
        return tuple(untold)

    def papers(self, case: str, subject: str, fields: tuple[str, ...]) -> CasePapers:
        """Return a token and a statement of the last minutes, kept between questions."""
        key = (case, subject, tuple(sorted(fields)))
        now = self.clock()
        with self._lock:
            kept = self._papers.get(key)
        if kept is not None and timedelta(0) < kept.until - now <= _PAPER_LIFE:
            return kept.papers  # papers made by a clock that was set back since are no use
        sealed = self.issuer.token(case, subject, fields)
        token = open_token(sealed, {self.issuer.name: self.issuer.public_key}, now)
        papers = CasePapers(token, sealed, self.issuer.statement(case))
        with self._lock:
            if len(self._papers) >= _CACHED:
                self._papers.clear()
            self._papers[key] = _Kept(papers, min(now + _PAPER_LIFE, token.expires))
        return papers

    def _forget(self, case: str) -> None:
        with self._lock:
            for key in [k for k in self._papers if k[0] == case]:
                del self._papers[key]

    def _ask(
        self, party: str, kind: str, args: Mapping[str, object], *, timeout_s: float = _ASK_S
    ) -> Mapping[str, object]:
        document = self._desk.request(kind, party, args)
        return ask_json(self._node(party).link, f"/v1/{kind}", document, timeout_s=timeout_s)

    def _node(self, party: str) -> NodeEntry:
        """Return a node as it is registered now, by whichever process."""
        with read(self._engine) as conn:
            said = registry.look(conn, party)
        if said is not None and said.is_retired:
            raise NodeRetired(party=party)
        known = self.nodes.get(party)
        if said is None or self._reach is None or (known and known.is_as(said)):
            if known is None:
                raise NodeUnknown(party=party)
            return known
        found = self._reach(said)
        with self._lock:
            self.nodes = {**self.nodes, party: found}  # others may be going through the old one
        return found

    def _may_decide(self, grant: str, by: Principal) -> Grant:
        asked = self.grant(grant)
        is_owner = by.party == asked.ask.owner and _STEWARD in by.roles
        if not is_owner or by.account == asked.asked_by:
            raise NotYourDecision(grant=grant, party=asked.ask.owner)
        return asked

    def _decided(self, grant: Grant, sealed: Mapping[str, object], by: str) -> Grant:
        """Take the decision to the node first: what it did not accept is not entered here."""
        path = _DOORS.get(grant.state)
        if path is not None:
            ask_json(self.link(grant.ask.owner), path, sealed)
        with write(self._engine) as conn:
            grant_store.put(conn, grant, sealed)
            self._note(conn, f"grant-{grant.state}", grant, by, self.clock())
        return grant

    def _note(self, conn: Connection, kind: str, grant: Grant, account: str, now: datetime) -> None:
        facts = {
            "grant": grant.id,
            "owner": grant.ask.owner,
            "grantee": grant.ask.grantee,
            "purpose": grant.ask.purpose,
            "dataset": grant.ask.dataset,
        }
        self.journal.append(conn, Entry(kind=kind, at=now, actor=account, facts=facts))
