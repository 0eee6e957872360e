"""Say what all SM2 engines share: the curve, keys, signatures in both spellings (GB/T 32918)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from federation.crypto.digest import sm3_bytes

__all__ = [
    "USER_ID",
    "A",
    "B",
    "Engine",
    "G",
    "KeyPair",
    "N",
    "P",
    "Sign",
    "identity_hash",
    "is_public_key",
    "is_secret",
    "is_signature",
    "raw_from_der",
    "raw_to_der",
]

USER_ID = b"1234567812345678"
"""The signer's name that GB/T 35276 fixes where none is agreed upon."""

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
"""The curve of GB/T 32918.5: y² = x³ + Ax + B modulo P, the point G of order N."""

_SIZE = 32

Sign: TypeAlias = Callable[[bytes], bytes]
"""Sign data; 64 bytes r‖s."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key with its public point.

    Attributes:
        secret: 32 bytes, big-endian; never shown.
        public: 65 bytes, ``04 ‖ x ‖ y``.
    """

    secret: bytes = field(repr=False)
    public: bytes


class Engine(Protocol):
    """One library that does SM2 signatures with SM3 and the default user id.

    The callers have checked that points are on the curve and that numbers are in range.
    """

    @property
    def name(self) -> str:
        """The distribution's name, for the crypto page."""

    def generate(self) -> KeyPair:
        """Draw a new key pair."""

    def signing(self, pair: KeyPair) -> Sign:
        """Return a function that signs with this key; it may be called from several threads."""

    def verify(self, public: bytes, data: bytes, signature: bytes) -> bool:
        """Tell whether the 64 bytes r‖s sign the data under the 65-byte public key."""


def is_public_key(point: bytes) -> bool:
    """Tell whether 65 bytes are a point of the curve.

    The curve's cofactor is 1, so every point on it but infinity is a sound public key.
    """
    if len(point) != 1 + 2 * _SIZE or point[0] != 4:
        return False
    x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
    return x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def is_secret(secret: bytes) -> bool:
    """Tell whether 32 bytes are a private key: 1 ≤ d ≤ n-2."""
    return len(secret) == _SIZE and 1 <= int.from_bytes(secret, "big") <= N - 2


def is_signature(raw: bytes) -> bool:
    """Tell whether 64 bytes are two numbers in 1…n-1; what is not can never verify."""
    r, s = int.from_bytes(raw[:_SIZE], "big"), int.from_bytes(raw[_SIZE:], "big")
    return len(raw) == 2 * _SIZE and 1 <= r < N and 1 <= s < N and (r + s) % N != 0


def identity_hash(public: bytes) -> bytes:
    """Return Z, the hash of the default user id, the curve and the public key (32918.2, 5.5)."""
    curve = b"".join(n.to_bytes(_SIZE, "big") for n in (A, B, *G))
    length = (8 * len(USER_ID)).to_bytes(2, "big")
    return sm3_bytes(length + USER_ID + curve + public[1:])


def raw_to_der(raw: bytes) -> bytes:
    """Write r‖s as the ASN.1 sequence that libraries take (GB/T 35276, 7.3)."""
    return encode_dss_signature(
        int.from_bytes(raw[:_SIZE], "big"), int.from_bytes(raw[_SIZE:], "big")
    )


def raw_from_der(der: bytes) -> bytes:
    """Write an ASN.1 signature as 64 bytes r‖s.

    Raises:
        ValueError: when it is not exactly one DER sequence of two numbers of that size.
    """
    r, s = decode_dss_signature(der)
    try:
        return r.to_bytes(_SIZE, "big") + s.to_bytes(_SIZE, "big")
    except OverflowError as error:
        raise ValueError("a number of the signature is negative or too long") from error
