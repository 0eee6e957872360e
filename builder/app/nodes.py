"""Keep the nodes that live in this process, each opened when it is first asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from builder.app.places import HUB, NODES, has_keys, read_file
from builder.app.stores import open_store
from builder.errors import Fault
from builder.store.errors import CityFileUnreadable
from federation.audit import Journal
from federation.crypto import is_key
from federation.hub import NodeEntry
from federation.ledger import Catalog
from federation.link import InProcessLink
from federation.node import Node
from federation.node.tables import node_entry
from federation.store import node_tree

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["EmbeddedNodes"]


class EmbeddedNodes:
    """The nodes that live in this process, each opened when it is first asked."""

    def __init__(self, home: Path, catalog: Catalog, clock: Callable[[], datetime]) -> None:
        self._folder = home / "nodes"
        self._catalog = catalog
        self._clock = clock
        self._open: dict[str, Node] = {}
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        self.keys: Mapping[str, str] = read_file(home / NODES)
        if not isinstance(self.keys, dict) or not all(
            isinstance(k, str) and is_key(k) for k in self.keys.values()
        ):
            raise CityFileUnreadable(file=NODES)

    def entries(self) -> Iterator[NodeEntry]:
        """Yield each node as the hub registers it."""
        for party, key in self.keys.items():
            yield NodeEntry(party, InProcessLink(party, self._app(party), peer=HUB), key)

    def journals(self) -> dict[str, Journal]:
        """Return the nodes' journals, for verifying where hub and nodes share a machine."""
        return {f"node:{party}": LazyJournal(self, party) for party in self.keys}

    def node(self, party: str) -> Node:
        """Return a node, opened if needed."""
        with self._lock:
            if party not in self._open:
                folder = self._folder / party
                has_keys(folder, "node")
                open_store(folder / "node.db", node_tree).dispose()
                self._open[party] = Node.open(folder, clock=self._clock, catalog=self._catalog)
            return self._open[party]

    def close(self) -> None:
        """Close every node that was opened."""
        for node in self._open.values():
            node.close()

    def _app(self, party: str) -> WSGIApplication:
        def ask(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            try:
                node = self.node(party)
            except Fault as fault:
                raise OSError(fault.code) from fault  # to the hub, a node that is down
            return node.app(environ, start)

        return ask


class LazyJournal(Journal):
    """A node's journal, opened with its node."""

    def __init__(self, nodes: EmbeddedNodes, party: str) -> None:
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
