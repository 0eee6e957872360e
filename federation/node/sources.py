"""Hold a node's own databases open. Only the gate reads rows from here; others count and look.

Secrets come in here and go no further: a connector gets them, nobody else sees them.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from federation.errors import Fault
from federation.node.config import SECRETS, Binding, SourceConfig
from federation.node.errors import SecretEmpty, SecretMissing, SecretOutside, SecretShared

if TYPE_CHECKING:
    from connectors.base import Connector

__all__ = ["Sources"]

_PATHS = ("path", "sslrootcert", "sslcert", "sslkey")
"""Options that are paths; relative ones are below the node's folder."""
_OTHERS = stat.S_IWGRP | stat.S_IRWXO
_MOST_BYTES = 4096


class Sources:
    """A node's sources, each opened when it is first needed and kept open."""

    def __init__(self, configured: Mapping[str, SourceConfig], folder: Path) -> None:
        self._configured = configured
        self._folder = folder
        self._open: dict[str, Connector] = {}
        self._locks = {name: threading.Lock() for name in configured}

    def connector(self, binding: Binding) -> Connector:
        """Return the connector of a binding's source; faults of opening it pass through.

        A source that takes its time does not keep the others waiting.
        """
        with self._locks[binding.source]:
            held = self._open.get(binding.source)
            if held is None:
                held = self.opened(binding.source)
                self._open[binding.source] = held
            return held

    def opened(self, name: str) -> Connector:
        """Open a configured source anew; the caller closes it.

        Raises:
            SecretMissing, SecretEmpty, SecretShared, SecretOutside: of a secret it needs.
            Fault: ``source.*`` when it cannot be opened.
        """
        from connectors.registry import open_connector

        source = self._configured[name]
        options = dict(source.options)
        for option in _PATHS:
            said = options.get(option)
            if isinstance(said, str):
                options[option] = str(self._folder / said)
        for option in SECRETS:
            reference = options.get(option)
            if isinstance(reference, Mapping):
                options[option] = _secret(reference, self._folder)
        return open_connector(source.kind, options)

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
        for name, lock in self._locks.items():
            with lock:
                held = self._open.pop(name, None)
                if held is not None:
                    held.close()


def _secret(reference: Mapping[str, object], folder: Path) -> str:
    """Return what a reference leads to."""
    if "env" in reference:
        place = str(reference["env"])
        found = os.environ.get(place)
        if found is None:
            raise SecretMissing(place=place)
        return _fit(found.encode("utf-8", "surrogateescape"), place)
    place = str(reference["file"])
    path = Path(os.path.normpath(folder / place))
    if not Path(place).is_absolute() and not path.is_relative_to(os.path.normpath(folder)):
        raise SecretOutside(place=place)
    return _fit(_kept(path, place), place)


def _kept(path: Path, place: str) -> bytes:
    """Return the bytes of a file that nobody else may read; looked at once it is open."""
    try:
        file = path.open("rb")
    except OSError:
        raise SecretMissing(place=place) from None
    with closing(file):
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise SecretMissing(place=place)
        if os.name == "posix" and mode & _OTHERS:
            raise SecretShared(place=place)
        return file.read(_MOST_BYTES + 1)


def _fit(content: bytes, place: str) -> str:
    try:
        secret = content.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        secret = ""
    if not secret or len(content) > _MOST_BYTES or not secret.isprintable():
        raise SecretEmpty(place=place)
    return secret
