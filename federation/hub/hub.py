"""Hold what the city's side knows and do what it may: ask for grants, open cases, read trails."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from federation.audit import Entry, Journal
from federation.crypto import Signer
from federation.errors import Fault
from federation.hub import grants as grant_store
from federation.hub.errors import NodeUnknown
from federation.hub.issuer import IssuerClient
from federation.hub.remote import Offer, Trail, read_offer, read_trail
from federation.ledger import Catalog
from federation.link import Link, ask_json
from federation.query import CasePapers
from federation.store import write
from federation.trust import (
    Grant,
    GrantAsk,
    Policy,
    Principal,
    SubjectClaim,
    open_token,
)
from federation.trust import grant as deciding
from federation.trust.errors import GrantUnknown, NotYourDecision
from federation.trust.request import Desk

__all__ = ["Hub", "NodeEntry"]

_STEWARD = "steward"
_PAPER_LIFE = timedelta(minutes=5)
_OFFER_LIFE = timedelta(minutes=5)
_CACHED = 4096


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A node as the hub has registered it.

    Attributes:
        party: whose node.
        link: the way to it.
        public_key: the node's own key; its sealed answers are checked with it.
    """

    party: str
    link: Link
    public_key: str


@dataclass(frozen=True, slots=True)
class _Kept:
    papers: CasePapers
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
        self._desk = Desk(id, signer, clock, nonce)
        self._papers: dict[tuple[str, str, tuple[str, ...]], _Kept] = {}
        self._offers: dict[str, tuple[datetime, Offer | None]] = {}
        self._lock = threading.Lock()
