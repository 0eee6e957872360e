"""The hub's one door: every question, from a page, a job or a program, goes through `execute`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from federation.audit import Entry, Receipt
from federation.errors import Fault, Findings
from federation.fragment import FRAGMENT_LIFE, Asker, Fragment, fragment_hash
from federation.link import RECEIPT
from federation.link.errors import LinkGarbled
from federation.query.errors import SubjectMissing
from federation.query.flow import positions
from federation.query.parse import parse
from federation.query.question import Answer, CasePapers, Platform, Question, Use
from federation.query.resolve import Resolved, resolve
from federation.query.rewrite import to_scan
from federation.trust import Grant, Principal, Request, SealedAnswer, decide, open_answer
from federation.trust.purpose import served_purpose

if TYPE_CHECKING:
    from federation.link.arrow import Rows

__all__ = ["execute"]


def execute(hub: Platform, principal: Principal, question: Question) -> Answer:
    """Ask one question of one department and return its answer.

    The question is decided here with every reason in plain words, then again, by other code and by
    the owner's own policy, at the node.

    Raises:
        Fault: `federation.query.errors` where the question cannot be read;
            `federation.trust.errors` (or `Findings` of them) where it is refused, here or at the
            node; `federation.link.errors` where the node cannot be reached or its answer broke
            off.
        JournalUnwritable: nothing was asked, because nothing could be recorded.
    """
    prepared = _prepare(hub, principal, question)
    opened = _record(hub, "opened", principal, prepared.facts)
    try:
        rows, answer = _ask(hub, prepared, question)
    except Fault as fault:
        codes = [f.code for f in fault.findings] if isinstance(fault, Findings) else [fault.code]
        outcome = {"outcome": "failed", "reasons": codes, "rows": 0, "bytes": 0}
        _record_end(hub, principal, prepared, opened, outcome)
        raise
    is_empty = not answer.answer if question.purpose == "verify" else rows.table.num_rows == 0
    outcome = {
        "outcome": "empty" if is_empty else "answered",
        "rows": rows.table.num_rows,
        "bytes": rows.size_bytes,
        "entry": answer.entry,
    }
    _record_end(hub, principal, prepared, opened, outcome)
    use = Use(
        at=answer.at,
        node=answer.party,
        dataset=answer.dataset,
        fields=prepared.resolved.field_ids,
        subject=answer.subject,
        purpose=answer.purpose,
        grant=prepared.grant.id,
        asked_by=principal.account,
        outcome="empty" if is_empty else "answered",
        rows=rows.table.num_rows,
        entry=answer.entry,
    )
    return Answer(rows.table, (use,), _receipt(rows, use.node))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A question that the hub allows, sealed and ready to go."""

    resolved: Resolved
    papers: CasePapers
    grant: Grant
    sealed: Mapping[str, object]
    hash: str
    facts: Mapping[str, object]


# ── before ───────────────────────────────────────────────────────────────────────────────────────


def _prepare(hub: Platform, principal: Principal, question: Question) -> _Prepared:
    served_purpose(question.purpose)
    resolved = resolve(parse(question.sql), question, hub.catalog)
    if not question.case or not question.subject:
        raise SubjectMissing(purpose=question.purpose)
    papers = hub.papers(question.case, question.subject, resolved.field_ids)
    now = hub.clock()
    grant = _allowed_by(hub, principal, question, resolved, papers)
    query = resolved.hash(question.purpose)
    fragment = Fragment(
        scan=to_scan(resolved),
        purpose=question.purpose,
        grant=grant.id,
        caller=hub.id,
        party=resolved.dataset.party,
        principal=Asker(principal.account, principal.party),
        query=query,
        nonce=hub.nonce(),
        issued=now,
        expires=now + FRAGMENT_LIFE,
        token=papers.sealed_token,
        statement=papers.statement,
    )
    sealed = fragment.seal(hub.signer)
    digest = fragment_hash(sealed)
    facts = {
        **_facts(question, resolved),
        "grant": grant.id,
        "query": query,
        "fragment": digest,
        "token": papers.token.id,
    }
    return _Prepared(resolved, papers, grant, sealed, digest, facts)


def _allowed_by(
    hub: Platform,
    principal: Principal,
    question: Question,
    resolved: Resolved,
    papers: CasePapers,
) -> Grant:
    """Return the grant that allows a question; record and raise every reason where none does."""
    dataset, token, now = resolved.dataset, papers.token, hub.clock()
    grant = hub.grant_for(dataset.id, question.purpose, token.scenario, question.grant)
    request = Request(
        hub=hub.id,
        purpose=question.purpose,
        dataset=dataset.id,
        uses=positions(resolved, question.purpose, token.applicant),
        token=token,
    )
    decision = decide(request, grant, hub.policy(dataset.party), hub.catalog, now)
    if not decision.allowed:  # the owner may have changed the policy since it was last offered
        policy = hub.policy(dataset.party, fresh=True)
        decision = decide(request, grant, policy, hub.catalog, now)
    if decision.allowed and grant is not None:
        return grant
    reasons = [r.code for r in decision.reasons]
    _record(hub, "refused", principal, {**_facts(question, resolved), "reasons": reasons})
    hub.link(dataset.party)  # a retired node is named before what it had once given
    decision.require()
    raise AssertionError("a decision without a grant is never allowed")  # pragma: no cover


def _facts(question: Question, resolved: Resolved) -> dict[str, object]:
    return {
        "case": question.case,
        "subject": question.subject,
        "party": resolved.dataset.party,
        "dataset": resolved.dataset.id,
        "fields": list(resolved.columns),
        "purpose": question.purpose,
    }


# ── the exchange ─────────────────────────────────────────────────────────────────────────────────


def _ask(hub: Platform, prepared: _Prepared, question: Question) -> tuple[Rows, SealedAnswer]:
    """Send the fragment; return the rows and what the node sealed about them."""
    from federation.link.arrow import ask_rows

    party = prepared.resolved.dataset.party
    link = hub.link(party)
    rows = ask_rows(link, "/v1/fragment", prepared.sealed, timeout_s=question.timeout_s)
    answer = open_answer(_receipt(rows, party), {party: hub.node_key(party)})
    said = (answer.fragment, answer.token, answer.dataset, answer.purpose)
    meant = (
        prepared.hash,
        prepared.papers.token.id,
        prepared.resolved.dataset.id,
        question.purpose,
    )
    if said != meant or not _is_as_asked(rows, answer, prepared.resolved, question.purpose):
        raise LinkGarbled(party=party)
    return rows, answer


def _receipt(rows: Rows, party: str) -> Mapping[str, object]:
    try:
        receipt = json.loads(base64.b64decode(rows.headers.get(RECEIPT, ""), validate=True))
    except (ValueError, binascii.Error, RecursionError):
        receipt = None
    if not isinstance(receipt, dict):
        raise LinkGarbled(party=party)
    return cast("Mapping[str, object]", receipt)


def _is_as_asked(rows: Rows, answer: SealedAnswer, resolved: Resolved, purpose: str) -> bool:
    """Say whether the rows have the agreed columns and types, and agree with the seal."""
    from connectors.scan import arrow_type

    if purpose == "verify":
        sealed = [{"answer": answer.answer, "reference": answer.reference}]
        return isinstance(answer.answer, bool) and rows.table.to_pylist() == sealed
    types = {f.name: f.type for f in resolved.dataset.fields}
    wanted = [(name, arrow_type(types[column])) for name, column in resolved.shown]
    return [(f.name, f.type) for f in rows.table.schema] == wanted


# ── the hub's journal ────────────────────────────────────────────────────────────────────────────


def _record(hub: Platform, kind: str, principal: Principal, facts: Mapping[str, object]) -> Receipt:
    with hub.writing() as conn:
        return hub.journal.append(conn, Entry(kind, hub.clock(), principal.account, facts))


def _record_end(
    hub: Platform,
    principal: Principal,
    prepared: _Prepared,
    opened: Receipt,
    outcome: Mapping[str, object],
) -> None:
    facts = {
        "closes": opened.seq,
        **{name: prepared.facts[name] for name in ("case", "party", "dataset")},
        **outcome,
    }
    _record(hub, "closed", principal, facts)
