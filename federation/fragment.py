"""Put a question to one node into a signed envelope that only that node, once, will answer.

A fragment holds a `Scan` (a closed relational algebra, never SQL), the purpose, the grant, who
asks, and for purposes about one person's record the case token and a fresh statement that the case
runs. It is sealed with the hub's key; the node checks everything in it by its own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.scan import (
    Aggregate,
    Call,
    Column,
    Expr,
    Filter,
    Join,
    Limit,
    Literal,
    Measure,
    Named,
    Order,
    Project,
    Relation,
    Scan,
    Source,
    sources,
)
from federation.crypto import Signer, canonical, seal, sm3
from federation.errors import Fault

__all__ = [
    "FRAGMENT_LIFE",
    "Aggregate",
    "Asker",
    "Call",
    "Column",
    "Expr",
    "Filter",
    "Fragment",
    "FragmentMalformed",
    "Join",
    "Limit",
    "Literal",
    "Measure",
    "Named",
    "Order",
    "Project",
    "Relation",
    "Scan",
    "Source",
    "fragment_hash",
    "read_fragment",
    "sources",
]

FRAGMENT_LIFE = timedelta(minutes=2)
"""How long a fragment may be under way."""

_KIND = "fragment"
_KEYS = frozenset(
    {
        "kind",
        "scan",
        "purpose",
        "grant",
        "caller",
        "party",
        "principal",
        "query",
        "nonce",
        "issued",
        "expires",
        "token",
        "statement",
    }
)
_LONGEST = 256


class FragmentMalformed(Fault):
    """A fragment outside the closed grammar."""

    code = "fragment.malformed"
    http = 400
    zh = "查询请求不符合约定的格式。"
    en = "The request is outside the agreed grammar."
    next_zh = "请核对标出的位置；双方系统版本不同时请先升级。"
    next_en = "Check the place that is named; if the two systems differ in version, upgrade first."


@dataclass(frozen=True, slots=True)
class Asker:
    """Who at the hub made the call, as journals name people: account, party, never a name."""

    account: str
    party: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the asker as it travels."""
        return {"account": self.account, "party": self.party}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A question to one node.

    Attributes:
        scan: what is asked, over exactly one dataset, named by its id as the source.
        purpose: purpose id.
        grant: id of the grant it goes by.
        caller: the hub that asks.
        party: the party whose node is meant.
        principal: who made the call.
        query: SM3 of the question's text and parameters, as the hub's journal names it.
        nonce: random; good for once.
        issued: when it was sealed.
        expires: until when it is good, at most `FRAGMENT_LIFE` later.
        token: the sealed case token, for purposes ``case`` and ``verify``.
        statement: the issuer's sealed statement that the case runs.
    """

    scan: Scan
    purpose: str
    grant: str
    caller: str
    party: str
    principal: Asker
    query: str
    nonce: str
    issued: datetime
    expires: datetime
    token: Mapping[str, object] | None = None
    statement: Mapping[str, object] | None = None

    def seal(self, signer: Signer) -> dict[str, object]:
        """Return the fragment sealed with the hub's key."""
        return seal(
            {
                "kind": _KIND,
                "scan": self.scan.to_json(),
                "purpose": self.purpose,
                "grant": self.grant,
                "caller": self.caller,
                "party": self.party,
                "principal": self.principal.to_json(),
                "query": self.query,
                "nonce": self.nonce,
                "issued": self.issued.isoformat(),
                "expires": self.expires.isoformat(),
                "token": self.token,
                "statement": self.statement,
            },
            signer,
        )


def fragment_hash(sealed: Mapping[str, object]) -> str:
    """Return the name by which journals and answers call a sealed fragment: its SM3."""
    return sm3(canonical(sealed))


def read_fragment(body: Mapping[str, object]) -> Fragment:
    """Parse the body of a fragment whose seal was checked.

    Raises:
        FragmentMalformed: a key too many or too few, or a value of the wrong kind; the scan's own
            faults where the scan is outside its grammar.
    """
    if set(body) != _KEYS or body["kind"] != _KIND:
        raise FragmentMalformed(where="/")
    return Fragment(
        scan=Scan.from_json(body["scan"]),
        purpose=_text(body, "purpose"),
        grant=_text(body, "grant"),
        caller=_text(body, "caller"),
        party=_text(body, "party"),
        principal=_asker(body["principal"]),
        query=_text(body, "query"),
        nonce=_text(body, "nonce"),
        issued=_moment(body, "issued"),
        expires=_moment(body, "expires"),
        token=_sealed(body, "token"),
        statement=_sealed(body, "statement"),
    )


def _asker(value: object) -> Asker:
    if not isinstance(value, dict) or set(value) != {"account", "party"}:
        raise FragmentMalformed(where="/principal")
    party = value["party"]
    return Asker(_text(value, "account"), None if party is None else _text(value, "party"))


def _text(body: Mapping[str, object], key: str) -> str:
    value = body[key]
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise FragmentMalformed(where=f"/{key}")
    return value


def _moment(body: Mapping[str, object], key: str) -> datetime:
    try:
        at = datetime.fromisoformat(_text(body, key))
    except ValueError:
        raise FragmentMalformed(where=f"/{key}") from None
    if at.tzinfo is None:
        raise FragmentMalformed(where=f"/{key}")
    return at


def _sealed(body: Mapping[str, object], key: str) -> Mapping[str, object] | None:
    value = body[key]
    if value is None or isinstance(value, dict):
        return value
    raise FragmentMalformed(where=f"/{key}")
