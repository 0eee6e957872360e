"""Say what a link is: a way to send one request to one party and read its reply as bytes."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["ARROW", "JSON", "PEER", "RECEIPT", "Link", "Reply"]

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
PEER = "scenarist.peer"
"""WSGI environ key under which the transport puts who called, as mutual TLS knows it."""
RECEIPT = "scenarist-receipt"
"""Header that carries the node's sealed answer beside the rows: base64 of its JSON."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: names in lower case.
        chunks: the body, piece by piece; raises a link Fault when it breaks off. To be read to its
            end or closed.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Generator[bytes, None, None]


class Link(Protocol):
    """A way to one party's WSGI callable, wherever it runs."""

    @property
    def party(self) -> str:
        """Who is at the other end."""

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        """Send one request and return the reply as it begins.

        Args:
            method: ``GET`` or ``POST``.
            path: absolute path.
            body: JSON, or nothing.
            timeout_s: the budget for the whole exchange, body included.

        Raises:
            LinkUnreachable: nobody is there.
            LinkTimeout: the budget is spent.
            LinkBroken: the other side failed.
        """
