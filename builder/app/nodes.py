"""Reach the city's nodes: over HTTPS where they run apart, in this process where they do not.

An embedded node is opened when it is first asked; nobody is called at the start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from builder.app.places import HUB, has_keys
from builder.app.stores import open_store
from builder.errors import Fault
from federation.audit import Journal
from federation.hub import NodeEntry
from federation.hub.registry import Registered, listed
from federation.ledger import Catalog
from federation.link import InProcessLink, Link
from federation.link.breaker import Breaker
from federation.node import Node
from federation.node.tables import node_entry
from federation.store import node_tree, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["CityNodes", "RegisteredKeys", "https_link"]


def https_link(party: str, url: str, home: Path, identity: str) -> Link:
    """Return the way to a program that runs apart; one that keeps failing is left alone a while."""
    from federation.link.https import HttpsLink
    from federation.link.tls import Tls

    return Breaker(HttpsLink(party, url, Tls.at(home), identity=identity))


class CityNodes:
    """The nodes that the hub has registered, retired ones apart."""

    def __init__(
        self,
        home: Path,
        registered: Iterable[Registered],
        catalog: Catalog,
        clock: Callable[[], datetime],
        *,
        all_embedded: bool = False,
    ) -> None:
        """Open nothing yet.

        Args:
            home: the city's folder; embedded nodes lie in ``nodes/<party>``.
            registered: the hub's register.
            catalog: the ledger, for embedded nodes.
            clock: returns now, aware.
            all_embedded: run even those that run apart in this process, for a rehearsal on a copy
                of a city whose nodes all have their folders here.
        """
        self._home = home
        self._nodes = {n.party: n for n in registered if not n.is_retired}
        self._catalog = catalog
        self._clock = clock
        self._all_embedded = all_embedded
        self._open: dict[str, Node] = {}
        self._lock = threading.Lock()

    def entries(self) -> Iterator[NodeEntry]:
        """Yield each node as the hub asks it."""
        yield from map(self.entry, self._nodes.values())

    def entry(self, node: Registered) -> NodeEntry:
        """Return a node as the hub asks it."""
        return NodeEntry(node.party, self._link(node), node.public_key, node.url)

    def journals(self) -> dict[str, Journal]:
        """Return the embedded nodes' journals, for verifying where hub and nodes share a machine.

        A node that runs apart verifies its own: `Hub.verify_journal`.
        """
        embedded = [n.party for n in self._nodes.values() if self._is_embedded(n)]
        return {f"node:{party}": LazyJournal(self, party) for party in embedded}

    def node(self, party: str) -> Node:
        """Return a node, opened if needed."""
        with self._lock:
            if party not in self._open:
                folder = self._home / "nodes" / party
                has_keys(folder, "node")
                open_store(folder / "node.db", node_tree).dispose()
                self._open[party] = Node.open(folder, clock=self._clock, catalog=self._catalog)
            return self._open[party]

    def close(self) -> None:
        """Close every node that was opened."""
        for node in self._open.values():
            node.close()

    def _is_embedded(self, node: Registered) -> bool:
        return node.url is None or self._all_embedded

    def _link(self, node: Registered) -> Link:
        if node.url is None or self._all_embedded:
            return InProcessLink(node.party, self._app(node.party), peer=HUB)
        return https_link(node.party, node.url, self._home, node.identity)

    def _app(self, party: str) -> WSGIApplication:
        def ask(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            try:
                node = self.node(party)
            except Fault as fault:
                raise OSError(fault.code) from fault  # to the hub, a node that is down
            return node.app(environ, start)

        return ask


class RegisteredKeys(Mapping[str, str]):
    """Party → key of each node in the hub's register that is not retired, as of every look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _now(self) -> dict[str, str]:
        with read(self._engine) as conn:
            return {n.party: n.public_key for n in listed(conn) if not n.is_retired}

    def __getitem__(self, party: str) -> str:
        return self._now()[party]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def items(self) -> ItemsView[str, str]:
        """Return them all, of one look."""
        return self._now().items()

    def values(self) -> ValuesView[str]:
        """Return the keys, of one look."""
        return self._now().values()


class LazyJournal(Journal):
    """A node's journal, opened with its node."""

    def __init__(self, nodes: CityNodes, party: str) -> None:
        self._nodes = nodes
        self._party = party
        self._ready = False

    def __getattribute__(self, name: str) -> object:
        if name.startswith("__") or object.__getattribute__(self, "_ready"):
            return object.__getattribute__(self, name)
        nodes = object.__getattribute__(self, "_nodes")
        node = nodes.node(object.__getattribute__(self, "_party"))
        object.__setattr__(self, "_ready", True)
        Journal.__init__(self, node.engine, node_entry, node.signer, name=f"node:{node.party}")
        return object.__getattribute__(self, name)
