"""Say what a channel is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from builder.scenario.model import Json

__all__ = ["Channel", "Notice"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice on its way.

    Attributes:
        id: the same however often it is sent.
        address: an account, or ``<party>/<role>`` for a desk.
        content: what is said: case, matter, notice, to, title, text, at.
    """

    id: str
    address: str
    content: Mapping[str, Json]


class Channel(Protocol):
    """A way to people outside the house."""

    def send(self, notice: Notice) -> None:
        """Send a notice; return when it was taken.

        Raises:
            NoticeRefused: it will never be taken as it is.
            ChannelSilent: it may be sent again.
        """

    def close(self) -> None:
        """Let go of connections."""
