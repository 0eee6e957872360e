"""SM2 by gmalg, in pure Python: slow and not constant in time, but it runs on every processor.

Meant where no compiled engine has a wheel (ARM): approvals and checkpoints, not every event. The
hashing inside is `cryptography`'s, so that long documents cost no more than elsewhere.
"""

from __future__ import annotations

from gmalg.base import Hash
from gmalg.ellipticcurve import ECDLP
from gmalg.sm2 import SM2Core

from federation.crypto.digest import sm3_bytes
from federation.crypto.sm2 import USER_ID, A, B, G, KeyPair, N, P, Sign

__all__ = ["PureEngine"]


class PureEngine:
    """Sign and verify with gmalg, naming the default user id."""

    name = "gmalg"

    def generate(self) -> KeyPair:
        """Draw a new key pair."""
        secret, (x, y) = _core().generate_keypair()
        return KeyPair(_bytes(secret), b"\x04" + _bytes(x) + _bytes(y))

    def public(self, secret: bytes) -> bytes:
        """Return the public point of a private key, for key files that do not carry it."""
        x, y = _core().generate_pk(int.from_bytes(secret, "big"))
        return b"\x04" + _bytes(x) + _bytes(y)

    def signing(self, pair: KeyPair) -> Sign:
        """Return a function that signs with this key."""
        secret, point = int.from_bytes(pair.secret, "big"), _point(pair.public)

        def sign(data: bytes) -> bytes:
            r, s = _core().sign(data, secret, USER_ID, point)
            return _bytes(r) + _bytes(s)

        return sign

    def verify(self, public: bytes, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature belongs to the data."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        return bool(_core().verify(data, r, s, USER_ID, _point(public)))


class _Sm3(Hash):
    """The hash of `cryptography` in gmalg's shape."""

    def __init__(self) -> None:
        self._data = bytearray()

    @classmethod
    def hash_length(cls) -> int:
        return 32

    def reset(self) -> None:
        self._data.clear()

    def update(self, data: bytes) -> None:
        self._data.extend(data)

    def value(self) -> bytes:
        return sm3_bytes(bytes(self._data))


def _core() -> SM2Core:
    """Return a fresh calculator: its hash keeps state, which two threads must not share."""
    return SM2Core(ECDLP(P, A, B, G, N), _Sm3())


def _point(public: bytes) -> tuple[int, int]:
    return int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")
