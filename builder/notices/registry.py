"""List the kinds of channels; a new one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from builder.notices import smtp, webhook
from builder.notices.channel import Channel
from builder.store.settings import Settings
from federation.crypto import KeyStore

__all__ = ["KINDS", "open_channels"]

KINDS: Mapping[str, Callable[[Settings, KeyStore], Channel | None]] = {
    smtp.NAME: smtp.open_smtp,
    webhook.NAME: webhook.open_webhook,
}


def open_channels(settings: Settings, keys: KeyStore) -> dict[str, Channel]:
    """Return the channels that the settings name, by kind."""
    opened = ((name, kind(settings, keys)) for name, kind in KINDS.items())
    return {name: channel for name, channel in opened if channel is not None}
