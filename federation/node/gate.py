"""The one door to a department's rows: decide, record, then read.

`serve` takes a sealed fragment and the identity of the channel it came by. It believes nothing the
hub says that is not sealed by who may say it: the grant by the owner's steward, the case token and
the statement by the case issuer. It adds the filter on the subject itself, commits an ``opened``
entry before the first row is read, and lets the end of the answer leave only after the ``closed``
entry is committed. If the journal cannot be written, nothing leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from federation.audit import Entry, Receipt
from federation.errors import Fault, Findings
from federation.fragment import FRAGMENT_LIFE, Fragment, fragment_hash, read_fragment, sources
from federation.ledger import Dataset
from federation.link.arrow import END, write_stream
from federation.node import records, rows
from federation.node.errors import SourceFailed, TooManyRows
from federation.node.scope import Scope, read_scope
from federation.store import write
from federation.trust import (
    PURPOSES,
    CaseToken,
    Request,
    SealedAnswer,
    decide,
    open_statement,
    open_token,
)
from federation.trust.errors import (
    HubUnknown,
    NotGranted,
    RequestMisdirected,
    RequestReplayed,
    RequestStale,
    StatementForged,
    StatementMissing,
    TokenMissing,
)
from federation.trust.purpose import served_purpose
from federation.trust.seal import open_kind

if TYPE_CHECKING:
    import pyarrow as pa

    from federation.node.node import Node
    from federation.node.rows import Verdict

__all__ = ["Served", "serve"]

_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Served:
    """What a node answers.

    Attributes:
        receipt: the node's sealed answer: which entry of its journal, for what; for ``verify``
            also the answer itself.
        chunks: the rows as an Arrow IPC stream; its end comes only after the journal says so.
    """

    receipt: Mapping[str, object]
    chunks: Iterator[bytes]


def serve(node: Node, sealed: Mapping[str, object], peer: str) -> Served:
    """Answer one fragment, or refuse it.

    Args:
        node: the node.
        sealed: the fragment as it came.
        peer: who sent it, as the transport knows.

    Raises:
        Fault: the first thing that speaks against it; the refusal is in the journal.
        JournalUnwritable: nothing was read, because nothing could be recorded.
    """
    now = node.clock()
    known = _Known(fragment_hash(sealed))
    try:
        admitted = _admit(node, sealed, peer, now, known)
    except Fault as refusal:
        _record_refusal(node, known, refusal, peer, now)
        raise
    return _answer(node, admitted)


@dataclass(slots=True)
class _Known:
    """What is known of a request so far, for the entry should it be refused."""

    hash: str
    fragment: Fragment | None = None
    token: CaseToken | None = None


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A request that may be answered; its opened entry is committed."""

    fragment: Fragment
    hash: str
    token: CaseToken
    scope: Scope
    dataset: Dataset
    opened: Receipt
    facts: Mapping[str, object] = field(repr=False)


# ── admission ────────────────────────────────────────────────────────────────────────────────────


def _admit(
    node: Node, sealed: Mapping[str, object], peer: str, now: datetime, known: _Known
) -> _Admitted:
    fragment = _open_fragment(node, sealed, peer, now)
    known.fragment = fragment
    served_purpose(fragment.purpose)
    token = _open_papers(node, fragment, now)
    known.token = token
    scope = read_scope(fragment.scan, fragment.purpose)
    dataset = node.offered(scope.dataset)
    if dataset is None:
        raise NotGranted(purpose=fragment.purpose, dataset=scope.dataset, party=node.party)
    scope.check_types(dataset)
    facts = _facts(node, known, scope)
    digests = {key: node.pseudonyms.of(key) for key in (token.key, token.applicant)}
    with write(node.engine) as conn:
        records.remember(conn, fragment.caller, fragment.nonce, token.case, now)
        records.check_rate(conn, node.policy, fragment.caller, token.case, now)
        records.check_running(conn, token.case)
        kept = records.kept_grant(conn, fragment.grant, node.config.stewards, node.party)
        request = Request(
            hub=fragment.caller,
            purpose=fragment.purpose,
            dataset=dataset.id,
            uses=scope.uses(token.applicant),
            token=token,
            used=kept.used if kept else 0,
        )
        grant = kept.grant if kept else None
        decide(request, grant, node.policy, node.catalog, now).require()
        records.pin(conn, token, digests, node.policy.subjects_per_case, now)
        records.count_use(conn, fragment.grant)
        entry = Entry("opened", now, node.named(fragment.principal.account), facts)
        opened = node.journal.append(conn, entry)
    return _Admitted(fragment, known.hash, token, scope, dataset, opened, facts)


def _open_fragment(node: Node, sealed: Mapping[str, object], peer: str, now: datetime) -> Fragment:
    """Return a fragment that a trusted hub sealed for this node, now."""
    hub, body = open_kind(sealed, node.config.hubs, "fragment", HubUnknown)
    fragment = read_fragment(body)
    if (fragment.caller, fragment.party, peer) != (hub, node.party, hub):
        raise RequestMisdirected
    is_timely = fragment.issued - _SKEW <= now < fragment.expires
    if not is_timely or fragment.expires > fragment.issued + FRAGMENT_LIFE:
        raise RequestStale
    return fragment


def _open_papers(node: Node, fragment: Fragment, now: datetime) -> CaseToken:
    """Return the case token, after it and the statement that the case runs were checked."""
    if fragment.token is None:
        raise TokenMissing(purpose=fragment.purpose)
    token = open_token(fragment.token, node.config.issuers, now)
    if fragment.statement is None:
        raise StatementMissing
    statement = open_statement(fragment.statement, node.config.issuers, token.case, now)
    if statement.issuer != token.issuer:
        raise StatementForged
    return token


def _facts(node: Node, known: _Known, scope: Scope) -> dict[str, object]:
    """Return what the journal says about a request: names, ids and pseudonyms, no values."""
    fragment, token = known.fragment, known.token
    assert fragment is not None  # noqa: S101 - both were just opened
    assert token is not None  # noqa: S101
    return {
        "party": node.party,
        "dataset": scope.dataset,
        "case": node.named(token.case),
        "fields": list(scope.columns()),
        "shown": sorted({column for _, column in scope.shown}),
        "purpose": fragment.purpose,
        "grant": node.named(fragment.grant),
        "hub": fragment.caller,
        "asked_by_party": node.named(fragment.principal.party or ""),
        "subject": node.named(token.subject),
        "person": node.pseudonyms.of(token.key),
        "relation": node.named(token.relation),
        "query": node.named(fragment.query),
        "fragment": known.hash,
        "token": node.named(token.id),
    }


def _record_refusal(node: Node, known: _Known, refusal: Fault, peer: str, now: datetime) -> None:
    """Enter a refusal; what the sender chose freely is named only where it is plain."""
    fragment, token = known.fragment, known.token
    reasons = refusal.findings if isinstance(refusal, Findings) else (refusal,)
    codes = [r.code for r in reasons]
    facts: dict[str, object] = {
        "party": node.party,
        "fragment": known.hash,
        "peer": node.named(peer),
        "reasons": codes,
    }
    if fragment is not None:
        facts["hub"] = fragment.caller
        facts["grant"] = node.named(fragment.grant)
        facts["purpose"] = fragment.purpose if fragment.purpose in PURPOSES else "?"
        facts["dataset"] = next(
            (s.resource for s in sources(fragment.scan.relation) if node.offered(s.resource)), "?"
        )
    if token is not None:
        facts |= {"case": node.named(token.case), "subject": node.named(token.subject)}
    actor = node.named(fragment.principal.account) if fragment is not None else "?"
    is_timely = not {RequestMisdirected.code, RequestStale.code}.intersection(codes)
    with write(node.engine) as conn:
        if fragment is not None and is_timely:
            with suppress(RequestReplayed):
                case = token.case if token is not None else None
                records.remember(conn, fragment.caller, fragment.nonce, case, now)
        node.journal.append(conn, Entry("refused", now, actor, facts))


# ── the answer ───────────────────────────────────────────────────────────────────────────────────


def _answer(node: Node, admitted: _Admitted) -> Served:
    entry = f"{node.party}#{admitted.opened.seq}"
    try:
        table, verdict = _read(node, admitted)
    except TooManyRows:
        _close(node, admitted, "refused", cause=TooManyRows.code)
        raise
    except Exception as error:
        cause = error.code if isinstance(error, Fault) else type(error).__name__
        _close(node, admitted, "failed", cause=cause)
        raise SourceFailed(party=node.party, entry=entry) from error
    answer = SealedAnswer(
        party=node.party,
        entry=entry,
        fragment=admitted.hash,
        token=admitted.token.id,
        case=admitted.token.case,
        subject=admitted.token.subject,
        purpose=admitted.fragment.purpose,
        dataset=admitted.dataset.id,
        at=node.clock(),
        applicant_columns=admitted.scope.applicant_columns(admitted.token.applicant),
        answer=verdict.answer if verdict else None,
        reference=verdict.reference if verdict else None,
    )
    is_empty = not verdict.answer if verdict else table.num_rows == 0
    outcome = "empty" if is_empty else "answered"
    return Served(answer.seal(node.signer), _Stream(node, admitted, table, outcome))


def _read(node: Node, admitted: _Admitted) -> tuple[pa.Table, Verdict | None]:
    """Read the one subject's rows, then apply the question to them here."""
    record = rows.read_record(node, admitted.dataset, admitted.token.key, admitted.scope.columns())
    table = rows.apply(record, admitted.scope)
    if table.num_rows > node.policy.max_rows:
        raise TooManyRows(limit=node.policy.max_rows)
    if admitted.fragment.purpose != "verify":
        return table, None
    verdict = rows.verdict(table)
    return verdict.table(), verdict


class _Stream:
    """The rows as they leave; the end-of-stream mark follows the ``closed`` entry, never before."""

    def __init__(self, node: Node, admitted: _Admitted, table: pa.Table, outcome: str) -> None:
        self._node = node
        self._admitted = admitted
        self._rows = table.num_rows
        self._outcome = outcome
        self._pieces = write_stream(table.schema, table.to_batches())
        self._size_bytes = 0
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self._size_bytes += len(piece)
        if piece == END:
            self._end(self._outcome)
        return piece

    def close(self) -> None:
        """Record an answer that was not taken to its end."""
        if not self._is_closed:
            self._end("aborted")

    def _end(self, outcome: str) -> None:
        self._is_closed = True
        _close(self._node, self._admitted, outcome, count=self._rows, size_bytes=self._size_bytes)


def _close(
    node: Node,
    admitted: _Admitted,
    outcome: str,
    *,
    count: int = 0,
    size_bytes: int = 0,
    cause: str | None = None,
) -> None:
    facts: dict[str, object] = {
        "closes": admitted.opened.seq,
        **{name: admitted.facts[name] for name in ("party", "dataset", "case")},
        "outcome": outcome,
        "rows": count,
        "bytes": size_bytes,
    }
    if cause is not None:
        facts["cause"] = cause
    actor = node.named(admitted.fragment.principal.account)
    with write(node.engine) as conn:
        node.journal.append(conn, Entry("closed", node.clock(), actor, facts))
