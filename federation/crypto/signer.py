"""Sign and verify with SM2, whichever engine does it."""

from __future__ import annotations

import base64
import binascii
from typing import Protocol, runtime_checkable

from federation.crypto.digest import sm3
from federation.crypto.selection import select_engine
from federation.crypto.sm2 import Engine, KeyPair, is_public_key, is_signature

__all__ = ["Signer", "Sm2Signer", "generate_signer", "is_key", "key_id", "verify"]


@runtime_checkable
class Signer(Protocol):
    """Whoever holds a private key: a file today, a card or a city's crypto platform later."""

    @property
    def key_id(self) -> str:
        """The short name of the public key: 32 hex digits."""

    @property
    def public_key(self) -> str:
        """The public point in hex, ``04`` first."""

    def sign(self, data: bytes) -> str:
        """Return the signature: base64 of r‖s."""


class Sm2Signer:
    """Sign with a key pair held in memory; safe to share between threads."""

    __slots__ = ("_sign", "key_id", "public_key")

    def __init__(self, pair: KeyPair, engine: Engine | None = None) -> None:
        self.public_key = pair.public.hex()
        self.key_id = key_id(self.public_key)
        self._sign = (engine or select_engine()).signing(pair)

    def sign(self, data: bytes) -> str:
        """Return the signature of SM2 with SM3 and the default user id: base64 of r‖s."""
        return base64.b64encode(self._sign(data)).decode()


def generate_signer() -> Sm2Signer:
    """Return a signer with a new key that is kept nowhere, for tests and one-time use."""
    engine = select_engine()
    return Sm2Signer(engine.generate(), engine)


def key_id(public_key: str) -> str:
    """Return the short name of a public key: the first half of the SM3 of its point.

    Raises:
        ValueError: when the text is not hex.
    """
    return sm3(bytes.fromhex(public_key))[:32]


def is_key(public_key: str) -> bool:
    """Tell whether a text is the hex of a point on the SM2 curve."""
    try:
        return is_public_key(bytes.fromhex(public_key))
    except ValueError:
        return False


def verify(public_key: str, data: bytes, signature: str) -> bool:
    """Tell whether a signature belongs to the data; anything malformed is simply no signature."""
    if not is_key(public_key):
        return False
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    if not is_signature(raw) or base64.b64encode(raw).decode() != signature:
        return False
    return select_engine().verify(bytes.fromhex(public_key), data, raw)
