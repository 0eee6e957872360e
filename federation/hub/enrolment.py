"""Register departments' nodes: give out start-up kits, take nodes in, renew certificates, retire.

The city's certificate authority lies in a folder of its own; whoever holds it certifies.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from federation.audit import Entry, Journal
from federation.crypto import Signer
from federation.hub import grants as grant_store
from federation.hub import registry
from federation.hub.errors import NodeEnrolled, NodeRetired
from federation.hub.registry import ENROLLED, Registered
from federation.ledger import Catalog
from federation.link.certificates import certificate_in, issue_certificate
from federation.link.place import check_url
from federation.store import read, write
from federation.trust import Grant
from federation.trust.enrol import (
    KIT_LIFE,
    Enrolled,
    Enrolment,
    Expected,
    Kit,
    code_hash,
    open_enrolment,
)
from federation.trust.enrol_errors import EnrolmentCodeWrong, EnrolmentKeyWrong
from federation.trust.grant import new_id

__all__ = ["Admitted", "Registrar"]

_CODE_BYTES = 24


@dataclass(frozen=True, slots=True)
class Admitted:
    """A node that was just registered or renewed.

    Attributes:
        node: as it stands in the register.
        document: `Enrolled`, sealed by the hub, for the node.
        until: when its certificate ends.
    """

    node: Registered
    document: Mapping[str, object]
    until: datetime


@dataclass(frozen=True, slots=True)
class Registrar:
    """Who keeps the hub's register of nodes.

    Attributes:
        hub: the hub's name.
        engine: the hub's own store.
        signer: the hub's key.
        journal: the hub's journal, on the same store.
        catalog: the ledger.
        issuer: the case issuer's name and key.
        authority: folder of the city's certificate authority.
        clock: returns now, aware.
    """

    hub: str
    engine: Engine
    signer: Signer
    journal: Journal
    catalog: Catalog
    issuer: tuple[str, str]
    authority: Path
    clock: Callable[[], datetime]

    def kit(self, party: str, title: Mapping[str, str], *, by: str) -> dict[str, object]:
        """Return a start-up kit for a party, sealed; an earlier one is good for nothing then.

        Raises:
            NodeEnrolled: the party has a node already.
        """
        now, code = self.clock(), secrets.token_urlsafe(_CODE_BYTES)
        kit = Kit(
            party=party,
            title=title,
            hub=self.hub,
            hub_key=self.signer.public_key,
            issuer=self.issuer[0],
            issuer_key=self.issuer[1],
            authority=(self.authority / "ca.crt").read_text(encoding="ascii"),
            datasets=tuple(Expected.of(d) for d in self.catalog.of(party)),
            code=code,
            issued=now,
            expires=now + KIT_LIFE,
        )
        with write(self.engine) as conn:
            _require_room(conn, party)
            registry.invite(conn, party, code_hash(code), now, kit.expires)
            self._note(conn, "node-invited", now, by, party=party)
        return kit.seal(self.signer)

    def admit(self, sealed: Mapping[str, object], *, by: str) -> Admitted:
        """Register the node that an enrolment is about, and certify it.

        What a retired node of this party had given is asked again: a new node has given nothing.

        Raises:
            EnrolmentWrong: the file is none, or was changed.
            NodeEnrolled: the party has a node already.
            EnrolmentCodeWrong, EnrolmentCodeExpired: its kit is not good (any more).
            CertificateRequestWrong, CertificateRequestDamaged: the request is for somebody else.
            UrlWrong: the address is no ``https://host:port``.
        """
        said = open_enrolment(sealed)
        check_url(said.party, said.url)
        now = self.clock()
        certificate = self._certify(said, now)
        with write(self.engine) as conn:
            _require_room(conn, said.party)
            if said.code is None:
                raise EnrolmentCodeWrong(party=said.party)
            registry.spend_code(conn, said.party, code_hash(said.code), now)
            node = self._registered(said, certificate, now, by)
            registry.enrol(conn, node)
            facts = {"key": said.node_key, "url": said.url, "fingerprint": node.fingerprint}
            self._note(conn, "node-enrolled", now, by, party=said.party, **facts)
            self._ask_again(conn, said.party, now)
        return self._answer(node, certificate, now)

    def renew(self, sealed: Mapping[str, object], *, by: str) -> Admitted:
        """Certify a registered node anew; its address may be another one now.

        Raises:
            EnrolmentWrong: the file is none, or was changed.
            NodeUnknown, NodeRetired: there is no such node.
            EnrolmentKeyWrong: another key than the registered one sealed it.
            CertificateRequestWrong, CertificateRequestDamaged, UrlWrong: as for `admit`.
        """
        said = open_enrolment(sealed)
        check_url(said.party, said.url)
        now = self.clock()
        with read(self.engine) as conn:
            known = registry.find(conn, said.party)
        if known.is_retired:
            raise NodeRetired(party=said.party)
        if known.public_key != said.node_key:
            raise EnrolmentKeyWrong(party=said.party)
        certificate = self._certify(said, now)
        found = certificate_in(certificate)
        with write(self.engine) as conn:
            registry.move(conn, said.party, said.url, found.fingerprint, found.not_after)
            node = registry.find(conn, said.party)
            facts = {"url": said.url, "fingerprint": found.fingerprint}
            self._note(conn, "node-renewed", now, by, party=said.party, **facts)
        return self._answer(node, certificate, now)

    def retire(self, party: str, *, reason: str, by: str) -> Registered:
        """Ask a party's node never again; what it holds stays with the department.

        Raises:
            NodeUnknown, NodeRetired: there is none to retire.
        """
        now = self.clock()
        with write(self.engine) as conn:
            node = registry.retire(conn, party, by=by, reason=reason, now=now)
            lapsed = grant_store.lapse(conn, party, by, now)
            self._note(conn, "node-retired", now, by, party=party, grants=list(lapsed))
        return node

    def listed(self) -> tuple[Registered, ...]:
        """Return every node of the register, by party."""
        with read(self.engine) as conn:
            return registry.listed(conn)

    def _certify(self, said: Enrolment, now: datetime) -> str:
        identity = f"scenarist://node/{said.party}"
        return issue_certificate(self.authority, said.request, identity=identity, now=now)

    def _registered(self, said: Enrolment, certificate: str, now: datetime, by: str) -> Registered:
        found = certificate_in(certificate)
        return Registered(
            party=said.party,
            url=said.url,
            public_key=said.node_key,
            fingerprint=found.fingerprint,
            certified_until=found.not_after,
            state=ENROLLED,
            enrolled_at=now,
            enrolled_by=by,
            steward_key=said.steward_key,
        )

    def _answer(self, node: Registered, certificate: str, now: datetime) -> Admitted:
        authority = (self.authority / "ca.crt").read_text(encoding="ascii")
        enrolled = Enrolled(node.party, node.public_key, certificate, authority, now)
        return Admitted(node, enrolled.seal(self.signer), certificate_in(certificate).not_after)

    def _ask_again(self, conn: Connection, party: str, now: datetime) -> None:
        for grant in grant_store.lost(conn, party, now):
            asked = Grant(
                id=new_id(),
                hub=self.hub,
                ask=grant.ask,
                asked_by=grant.asked_by,
                asked_at=now,
            )
            grant_store.add(conn, asked)
            facts = {"party": party, "grant": asked.id, "again": grant.id}
            self._note(conn, "grant-asked", now, grant.asked_by, **facts)

    def _note(self, conn: Connection, kind: str, now: datetime, by: str, **facts: object) -> None:
        self.journal.append(conn, Entry(kind=kind, at=now, actor=by, facts=facts))


def _require_room(conn: Connection, party: str) -> None:
    known = registry.look(conn, party)
    if known is not None and not known.is_retired:
        raise NodeEnrolled(party=party)
