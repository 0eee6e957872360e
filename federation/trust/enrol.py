"""Write and read the documents by which a department's node and the hub come to know each other.

Three files travel: the hub's start-up kit (`Kit`), the node's answer (`Enrolment`), the hub's
answer to that (`Enrolled`). Each is sealed. The first two bring the key they are sealed with along:
the seal shows that nothing was changed on the way and that the sender holds the key. That it is the
right sender, two people make sure of by comparing fingerprints over the telephone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from federation.crypto import Signer, is_key, key_id, seal, sm3
from federation.errors import Fault
from federation.ledger import Dataset
from federation.trust.enrol_errors import (
    EnrolledWrong,
    EnrolmentWrong,
    KitExpired,
    KitWrong,
)
from federation.trust.errors import DocumentMalformed
from federation.trust.seal import mapping, moment, open_kind, optional_text, text

__all__ = [
    "FORMAT",
    "KIT_LIFE",
    "Enrolled",
    "Enrolment",
    "Expected",
    "ExpectedField",
    "Kit",
    "code_hash",
    "open_enrolled",
    "open_enrolment",
    "open_kit",
    "spoken",
]

FORMAT = 1
KIT_LIFE = timedelta(days=14)
_KIT, _ENROLMENT, _ENROLLED = "node-kit", "node-enrolment", "node-enrolled"


def code_hash(code: str) -> str:
    """Return what the hub keeps of a one-time code."""
    return sm3(code.encode())


def spoken(public_key: str) -> str:
    """Return a key's fingerprint as two people compare it over the telephone.

    Raises:
        ValueError: when the text is not hex.
    """
    name = key_id(public_key)
    return " ".join(name[n : n + 4] for n in range(0, len(name), 4))


@dataclass(frozen=True, slots=True)
class ExpectedField:
    """A column that a dataset must have."""

    name: str
    title: str
    type: str


@dataclass(frozen=True, slots=True)
class Expected:
    """A dataset that the ledger expects from a party."""

    id: str
    title: str
    resource: str
    subject_key: str | None
    fields: tuple[ExpectedField, ...]

    @classmethod
    def of(cls, dataset: Dataset) -> Expected:
        """Return what the ledger says of a dataset."""
        fields = (ExpectedField(f.name, f.title.zh, f.type) for f in dataset.fields)
        return cls(
            dataset.id, dataset.title.zh, dataset.resource, dataset.subject_key, tuple(fields)
        )

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "resource": self.resource,
            "subject_key": self.subject_key,
            "fields": [{"name": f.name, "title": f.title, "type": f.type} for f in self.fields],
        }


@dataclass(frozen=True, slots=True)
class Kit:
    """What a department needs to set up its node.

    Attributes:
        party: whose node.
        title: the party's name, in zh and en.
        hub: the hub's name.
        hub_key: the hub's key.
        issuer: the case issuer's name.
        issuer_key: the case issuer's key.
        authority: certificate of the city's authority, PEM.
        datasets: what the ledger expects from this party.
        code: good for one enrolment.
        issued: when it was made.
        expires: until when the code is good.
    """

    party: str
    title: Mapping[str, str]
    hub: str
    hub_key: str
    issuer: str
    issuer_key: str
    authority: str
    datasets: tuple[Expected, ...]
    code: str
    issued: datetime
    expires: datetime

    def seal(self, hub: Signer) -> dict[str, object]:
        """Return the kit, sealed by the hub."""
        body = {
            "kind": _KIT,
            "format": FORMAT,
            "party": self.party,
            "title": dict(self.title),
            "hub": self.hub,
            "hub_key": self.hub_key,
            "issuer": self.issuer,
            "issuer_key": self.issuer_key,
            "authority": self.authority,
            "datasets": [d.to_json() for d in self.datasets],
            "code": self.code,
            "issued": self.issued.isoformat(),
            "expires": self.expires.isoformat(),
        }
        return seal(body, hub)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A node that wants to be registered, or to have its certificate renewed.

    Attributes:
        party: whose node.
        node_key: its key.
        steward_key: the key its owner decides on grants with.
        url: where the hub is to reach it.
        request: certificate request, PEM.
        code: the kit's; None to renew the certificate of a node that is registered.
        at: when it was written.
    """

    party: str
    node_key: str
    steward_key: str
    url: str
    request: str
    code: str | None
    at: datetime

    def seal(self, node: Signer) -> dict[str, object]:
        """Return it, sealed by the node."""
        body = {
            "kind": _ENROLMENT,
            "format": FORMAT,
            "party": self.party,
            "node_key": self.node_key,
            "steward_key": self.steward_key,
            "url": self.url,
            "request": self.request,
            "code": self.code,
            "at": self.at.isoformat(),
        }
        return seal(body, node)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The hub's word that a node is registered, with its certificate.

    Attributes:
        party: whose node.
        node_key: the key that was registered.
        certificate: PEM.
        authority: PEM of the city's authority, or of two while one replaces another.
        at: when.
    """

    party: str
    node_key: str
    certificate: str
    authority: str
    at: datetime

    def seal(self, hub: Signer) -> dict[str, object]:
        """Return it, sealed by the hub."""
        body = {
            "kind": _ENROLLED,
            "format": FORMAT,
            "party": self.party,
            "node_key": self.node_key,
            "certificate": self.certificate,
            "authority": self.authority,
            "at": self.at.isoformat(),
        }
        return seal(body, hub)


def open_kit(sealed: Mapping[str, object], now: datetime) -> Kit:
    """Return a kit whose seal holds.

    Raises:
        KitWrong: it is none, or was changed.
        KitExpired: its code is no longer good.
    """
    body = _self_sealed(sealed, "hub_key", _KIT, KitWrong)
    try:
        title = mapping(body, "title")
        kit = Kit(
            party=text(body, "party"),
            title={"zh": text(title, "zh"), "en": text(title, "en")},
            hub=text(body, "hub"),
            hub_key=_key(body, "hub_key"),
            issuer=text(body, "issuer"),
            issuer_key=_key(body, "issuer_key"),
            authority=_pem(body, "authority"),
            datasets=tuple(_expected(d) for d in _list(body, "datasets")),
            code=text(body, "code"),
            issued=moment(body, "issued"),
            expires=moment(body, "expires"),
        )
    except DocumentMalformed as fault:
        raise KitWrong from fault
    if now >= kit.expires:
        raise KitExpired(until=kit.expires.date().isoformat())
    return kit


def open_enrolment(sealed: Mapping[str, object]) -> Enrolment:
    """Return an enrolment that holds together: sealed by the key it brings.

    Raises:
        EnrolmentWrong: it is none, or was changed.
    """
    body = _self_sealed(sealed, "node_key", _ENROLMENT, EnrolmentWrong)
    try:
        return Enrolment(
            party=text(body, "party"),
            node_key=_key(body, "node_key"),
            steward_key=_key(body, "steward_key"),
            url=text(body, "url"),
            request=_pem(body, "request"),
            code=optional_text(body, "code"),
            at=moment(body, "at"),
        )
    except DocumentMalformed as fault:
        raise EnrolmentWrong from fault


def open_enrolled(
    sealed: Mapping[str, object], hubs: Mapping[str, str], *, party: str, node_key: str
) -> Enrolled:
    """Return the hub's answer to this node.

    Raises:
        EnrolledWrong: no hub that this node knows sealed it, or it is meant for another node.
    """
    _, body = open_kind(sealed, hubs, _ENROLLED, EnrolledWrong)
    try:
        said = Enrolled(
            party=text(body, "party"),
            node_key=text(body, "node_key"),
            certificate=_pem(body, "certificate"),
            authority=_pem(body, "authority"),
            at=moment(body, "at"),
        )
    except DocumentMalformed as fault:
        raise EnrolledWrong from fault
    if body.get("format") != FORMAT or (said.party, said.node_key) != (party, node_key):
        raise EnrolledWrong
    return said


# ── parts ────────────────────────────────────────────────────────────────────────────────────────


def _self_sealed(
    sealed: Mapping[str, object], key: str, kind: str, refusal: type[Fault]
) -> Mapping[str, object]:
    """Open what brings along the key it is sealed with."""
    body = sealed.get("body")
    brought = body.get(key) if isinstance(body, dict) else None
    if not isinstance(brought, str) or not is_key(brought):
        raise refusal
    _, said = open_kind(sealed, {"sender": brought}, kind, refusal)
    if said.get("format") != FORMAT:
        raise refusal
    return said


def _key(body: Mapping[str, object], key: str) -> str:
    value = text(body, key)
    if not is_key(value):
        raise DocumentMalformed(where=f"/{key}")
    return value


def _pem(body: Mapping[str, object], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.startswith("-----BEGIN "):
        raise DocumentMalformed(where=f"/{key}")
    return value


def _list(body: Mapping[str, object], key: str) -> Iterable[Mapping[str, object]]:
    value = body.get(key)
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise DocumentMalformed(where=f"/{key}")
    return cast("list[Mapping[str, object]]", value)


def _expected(said: Mapping[str, object]) -> Expected:
    fields = _list(said, "fields")
    return Expected(
        text(said, "id"),
        text(said, "title"),
        text(said, "resource"),
        optional_text(said, "subject_key"),
        tuple(ExpectedField(text(f, "name"), text(f, "title"), text(f, "type")) for f in fields),
    )
