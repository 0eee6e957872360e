"""Serve a node over HTTP: a plain WSGI callable, so that a bureau runs no web application.

Every request comes from a hub, sealed, or carries somebody else's seal (a steward's grant, the
issuer's word that a case is closed). Rows leave by ``/v1/fragment`` only, through the gate.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from werkzeug.wrappers import Request, Response

from federation.audit import Entry, Record
from federation.crypto import canonical
from federation.link import ARROW, RECEIPT
from federation.link.service import json_answer, peer_of, read_document, service
from federation.node import gate, records
from federation.store import write
from federation.trust.errors import DocumentMalformed, HubUnknown, StatementForged
from federation.trust.grant import open_grant, open_revocation
from federation.trust.request import Incoming, open_request
from federation.trust.seal import count, optional_text
from federation.trust.token import read_statement

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from federation.node.node import Node

__all__ = ["node_service"]

_MOST_ENTRIES = 1000


def node_service(node: Node) -> WSGIApplication:
    """Return the node's WSGI callable.

    Routes: ``POST /v1/fragment`` (rows), ``/v1/grant`` and ``/v1/revoke`` (the steward's word),
    ``/v1/case-closed`` (the issuer's word), ``/v1/offer``, ``/v1/grants``, ``/v1/trail`` and
    ``/v1/verify-journal`` (a trusted hub asks about the node itself), ``GET /v1/health``.
    """
    doors = _Doors(node)
    return service(
        node.party,
        {
            ("POST", "/v1/fragment"): doors.fragment,
            ("POST", "/v1/grant"): doors.grant,
            ("POST", "/v1/revoke"): doors.revoke,
            ("POST", "/v1/case-closed"): doors.case_closed,
            ("POST", "/v1/offer"): doors.asked("offer", doors.offer),
            ("POST", "/v1/grants"): doors.asked("grants", doors.grants),
            ("POST", "/v1/trail"): doors.asked("trail", doors.trail),
            ("POST", "/v1/verify-journal"): doors.asked("verify-journal", doors.verify),
            ("GET", "/v1/health"): doors.health,
        },
    )


class _Doors:
    """The node's handlers."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def fragment(self, request: Request) -> Response:
        """Answer a fragment with rows, as an Arrow IPC stream."""
        served = gate.serve(self._node, read_document(request), peer_of(request))
        receipt = base64.b64encode(canonical(served.receipt)).decode()
        return Response(
            served.chunks, content_type=ARROW, headers={RECEIPT: receipt}, direct_passthrough=True
        )

    def grant(self, request: Request) -> Response:
        """Keep a grant that the owner's steward sealed."""
        node, now = self._node, self._node.clock()
        peer = self._peer(request)
        sealed = read_document(request)
        grant = open_grant(sealed, node.config.stewards, node.party)
        if grant.hub not in node.config.hubs:
            raise HubUnknown
        if node.offered(grant.ask.dataset) is None:
            raise DocumentMalformed(where="/dataset")
        with write(node.engine) as conn:
            if records.keep_grant(conn, grant, sealed, now):
                facts = {
                    "party": node.party,
                    "grant": node.named(grant.id),
                    "hub": grant.hub,
                    "grantee": node.named(grant.ask.grantee),
                    "dataset": grant.ask.dataset,
                    "purpose": grant.ask.purpose,
                    "peer": peer,
                }
                actor = node.named(grant.decided_by or "")
                node.journal.append(conn, Entry("grant-approved", now, actor, facts))
        return json_answer({"grant": grant.id, "state": "approved"})

    def revoke(self, request: Request) -> Response:
        """Take a grant back, on the steward's sealed word; binds the next call."""
        node, now = self._node, self._node.clock()
        peer = self._peer(request)
        revocation = open_revocation(read_document(request), node.config.stewards, node.party)
        with write(node.engine) as conn:
            if records.mark_revoked(conn, revocation, now):
                facts = {
                    "party": node.party,
                    "grant": node.named(revocation.grant),
                    "peer": peer,
                }
                entry = Entry("grant-revoked", now, node.named(revocation.by), facts)
                node.journal.append(conn, entry)
        return json_answer({"grant": revocation.grant, "state": "revoked"})

    def case_closed(self, request: Request) -> Response:
        """Remember that a case has ended, on the issuer's sealed word."""
        node, now = self._node, self._node.clock()
        peer = self._peer(request)
        statement = read_statement(read_document(request), node.config.issuers)
        if statement.running:
            raise StatementForged
        with write(node.engine) as conn:
            if records.mark_closed(conn, statement.case, now):
                facts = {"party": node.party, "case": node.named(statement.case), "peer": peer}
                entry = Entry("case-closed", now, node.named(statement.issuer), facts)
                node.journal.append(conn, entry)
        return json_answer({"case": statement.case, "state": "closed"})

    def asked(
        self, kind: str, answer: Callable[[Incoming], Mapping[str, object]]
    ) -> Callable[[Request], Response]:
        """Return a handler for a question about the node itself; only a trusted hub may ask."""

        def handle(request: Request) -> Response:
            node, now = self._node, self._node.clock()
            incoming = open_request(
                read_document(request),
                node.config.hubs,
                kind=kind,
                to=node.party,
                peer=peer_of(request),
                now=now,
            )
            with write(node.engine) as conn:
                records.remember(conn, incoming.hub, incoming.nonce, None, now, is_read=True)
            return json_answer(answer(incoming))

        return handle

    def offer(self, incoming: Incoming) -> Mapping[str, object]:
        """Say which datasets are here, how many rows each has, and what the owner permits."""
        node, counts = self._node, incoming.args.get("rows") is True
        return {
            "party": node.party,
            "datasets": [
                {"id": dataset, "rows": node.sources.rows(binding) if counts else None}
                for dataset, binding in node.config.datasets.items()
            ],
            "policy": node.policy.to_json(),
        }

    def grants(self, incoming: Incoming) -> Mapping[str, object]:
        """Say how often each grant of this hub was used."""
        with write(self._node.engine) as conn:
            return {"party": self._node.party, "used": records.grant_uses(conn, incoming.hub)}

    def trail(self, incoming: Incoming) -> Mapping[str, object]:
        """Read entries of the node's own journal, newest first."""
        args, node = incoming.args, self._node
        case = optional_text(args, "case")
        limit = count(args, "limit")
        found = node.journal.search(
            case=None if case is None else node.named(case),
            dataset=optional_text(args, "dataset"),
            kind=optional_text(args, "entry"),
            after=count(args, "after"),
            limit=min(_MOST_ENTRIES, 200 if limit is None else limit),
        )
        return {"party": node.party, "entries": [_entry(record) for record in found]}

    def verify(self, incoming: Incoming) -> Mapping[str, object]:
        """Verify the node's own journal, byte by byte."""
        del incoming
        node = self._node
        return {"party": node.party, "report": node.journal.verify(node.clock()).to_json()}

    def health(self, request: Request) -> Response:
        """Say that the node is up, and what its clock shows."""
        del request
        now = self._node.clock().isoformat()
        return json_answer({"party": self._node.party, "running": True, "now": now})

    def _peer(self, request: Request) -> str:
        """Return who calls; only hubs on the trust list may bring others' sealed words."""
        peer = peer_of(request)
        if peer not in self._node.config.hubs:
            raise HubUnknown
        return peer


def _entry(record: Record) -> dict[str, object]:
    return {
        "seq": record.seq,
        "at": record.at.isoformat(),
        "kind": record.kind,
        "actor": record.actor,
        "facts": cast("dict[str, object]", record.facts),
        "hash": record.hash,
    }
