"""Check the channels: what a kiosk offers can be reached there; only kiosks have its options."""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import Ground
from builder.scenario.model import KIOSK, Channel

__all__ = ["kiosk"]


def kiosk(ground: Ground) -> Iterator[Fault]:
    """Only a kiosk says its pages and its patience, and its pages lead to each other."""
    for i, channel in enumerate(ground.scenario.channels):
        where = f"/channels/{i}"
        if channel.id == KIOSK:
            yield from _reachable(where, channel)
        else:
            yield from (
                errors.KioskOptionElsewhere(where=f"{where}/{key}", key=key, channel=channel.id)
                for key, value in (("pages", channel.pages), ("idle_s", channel.idle_s))
                if value not in ((), None)
            )


def _reachable(where: str, channel: Channel) -> Iterator[Fault]:
    if "withdraw" in channel.pages and "follow" not in channel.pages:
        at = f"{where}/pages/{channel.pages.index('withdraw')}"
        yield errors.KioskPageUnreachable(where=at, page="withdraw", needs="follow")
