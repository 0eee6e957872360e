"""Hold a node's own databases open. Only the gate reads rows from here; others count and look."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from federation.errors import Fault
from federation.node.config import Binding, SourceConfig

if TYPE_CHECKING:
    from connectors.base import Connector

__all__ = ["Sources"]


class Sources:
    """A node's sources, each opened when it is first needed and kept open."""

    def __init__(self, configured: Mapping[str, SourceConfig], folder: Path) -> None:
        self._configured = configured
        self._folder = folder
        self._open: dict[str, Connector] = {}
        self._lock = threading.Lock()

    def connector(self, binding: Binding) -> Connector:
        """Return the connector of a binding's source; faults of opening it pass through."""
        with self._lock:
            held = self._open.get(binding.source)
            if held is None:
                held = self._opened(self._configured[binding.source])
                self._open[binding.source] = held
            return held

    def columns(self, binding: Binding) -> tuple[str, ...] | None:
        """Return the names of a resource's columns; None where it cannot be read."""
        try:
            return tuple(self.connector(binding).schema(binding.resource).names)
        except Fault:
            return None

    def rows(self, binding: Binding) -> int | None:
        """Return how many rows a resource has; None where it cannot be read."""
        try:
            return self.connector(binding).probe(binding.resource).rows
        except Fault:
            return None

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            for held in self._open.values():
                held.close()
            self._open.clear()

    def _opened(self, source: SourceConfig) -> Connector:
        from connectors.registry import open_connector

        options = dict(source.options)
        path = options.get("path")
        if isinstance(path, str):
            options["path"] = str(self._folder / path)
        return open_connector(source.kind, options)
