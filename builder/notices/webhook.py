"""Post notices as JSON to one address, signed with HMAC-SM3.

``Idempotency-Key`` carries the id, ``Scenarist-Signature`` the HMAC-SM3 of the body as hex. 2xx
means taken; 408, 425, 429 and 5xx mean later; every other status means never.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import urllib3

from builder.notices.channel import Notice
from builder.notices.errors import ChannelSilent, NoticeRefused
from builder.store.settings import Settings
from federation.crypto import KeyStore, canonical, hmac_sm3

__all__ = ["NAME", "SECRET", "Webhook", "open_webhook"]

NAME = "webhook"
SECRET = "webhook"  # noqa: S105 - the name of the key file
_TIMEOUT = urllib3.Timeout(connect=3.0, read=7.0)
_LATER = frozenset({408, 425, 429})


class Webhook:
    """A channel to one HTTP address. Threads may share it."""

    def __init__(self, url: str, secret: bytes) -> None:
        """Connect when the first notice is sent.

        Args:
            url: http or https.
            secret: the key both sides hold.
        """
        self._url = url
        self._secret = secret
        self._host = urlsplit(url).hostname or "?"
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    def send(self, notice: Notice) -> None:
        """Send a notice; see `Channel.send`."""
        body = canonical({"id": notice.id, "address": notice.address, **notice.content})
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": notice.id,
            "Scenarist-Signature": hmac_sm3(self._secret, body),
        }
        try:
            reply = self._pool.request(
                "POST", self._url, body=body, headers=headers, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            problem = type(error).__name__
            raise ChannelSilent(channel=NAME, host=self._host, problem=problem) from None
        if 200 <= reply.status < 300:
            return
        if reply.status >= 500 or reply.status in _LATER:
            raise ChannelSilent(channel=NAME, host=self._host, problem=f"HTTP {reply.status}")
        raise NoticeRefused(channel=NAME, host=self._host, status=reply.status)

    def close(self) -> None:
        """Let go of connections."""
        self._pool.clear()


def open_webhook(settings: Settings, keys: KeyStore) -> Webhook | None:
    """Return the webhook of the settings; None where there is none."""
    if not settings.notice_webhook:
        return None
    return Webhook(settings.notice_webhook, keys.secret(SECRET))
