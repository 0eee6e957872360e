"""Seal a control request to a node or to the issuer, and check one that came in.

Each request says its kind, who sends it to whom, when, and a nonce, so that it can neither be taken
for another nor be used twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.crypto import Signer, seal
from federation.trust.errors import HubUnknown, RequestMisdirected, RequestStale
from federation.trust.seal import Trusted, mapping, moment, open_kind, text

__all__ = ["REQUEST_LIFE", "Desk", "Incoming", "open_request"]

REQUEST_LIFE = timedelta(minutes=5)
"""How old a request may be; its nonce is remembered as long."""

_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a hub writes its requests: its name, key, clock and source of nonces."""

    hub: str
    signer: Signer
    clock: Callable[[], datetime]
    nonce: Callable[[], str]

    def request(self, kind: str, to: str, args: Mapping[str, object]) -> dict[str, object]:
        """Return a sealed request of this kind."""
        return seal(
            {
                "kind": kind,
                "from": self.hub,
                "to": to,
                "args": dict(args),
                "at": self.clock().isoformat(),
                "nonce": self.nonce(),
            },
            self.signer,
        )


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request whose seal, address and time were checked; its nonce is for the store to check."""

    hub: str
    args: Mapping[str, object]
    nonce: str
    expires: datetime


def open_request(
    sealed: Mapping[str, object], hubs: Trusted, *, kind: str, to: str, peer: str, now: datetime
) -> Incoming:
    """Return what a hub asks.

    Raises:
        HubUnknown: sealed by no hub this list trusts, changed since, or of another kind.
        RequestMisdirected: meant for somebody else, or come by somebody else's channel.
        RequestStale: too old, or from the future.
    """
    name, body = open_kind(sealed, hubs, kind, HubUnknown)
    if text(body, "from") != name or text(body, "to") != to or peer != name:
        raise RequestMisdirected
    at = moment(body, "at")
    if not at - _SKEW <= now < at + REQUEST_LIFE:
        raise RequestStale
    return Incoming(name, mapping(body, "args"), text(body, "nonce"), at + REQUEST_LIFE)
