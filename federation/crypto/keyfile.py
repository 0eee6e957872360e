"""Read and write SM2 private keys as PKCS#8 PEM, as OpenSSL 3 and Tongsuo do (RFC 5208, 5915)."""

from __future__ import annotations

import base64
import re
import textwrap
from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from federation.crypto.sm2 import KeyPair, is_public_key, is_secret

__all__ = ["NotSm2", "pair_from_pem", "pair_to_pem"]

_BEGIN, _END = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
_PEM = re.compile(rf"\s*{_BEGIN}\s+([A-Za-z0-9+/=\s]+){_END}\s*".encode())


class NotSm2(ValueError):
    """The file holds a private key, but of another algorithm or curve."""


@asn1.sequence
class _Algorithm:
    algorithm: ObjectIdentifier
    curve: ObjectIdentifier


@asn1.sequence
class _PrivateKey:
    version: int
    algorithm: asn1.TLV
    key: bytes


@asn1.sequence
class _Sm2PrivateKey:
    version: int
    algorithm: _Algorithm
    key: bytes


@asn1.sequence
class _EcPrivateKey:
    version: int
    secret: bytes
    curve: Annotated[ObjectIdentifier | None, asn1.Explicit(0)]
    public: Annotated[asn1.BitString | None, asn1.Explicit(1)]


_EC = ObjectIdentifier("1.2.840.10045.2.1")
_SM2 = ObjectIdentifier("1.2.156.10197.1.301")


def pair_to_pem(pair: KeyPair) -> bytes:
    """Return the PKCS#8 PEM of a key pair, unencrypted, with its public point."""
    point = asn1.BitString(pair.public, 0)
    inner = asn1.encode_der(_EcPrivateKey(version=1, secret=pair.secret, curve=None, public=point))
    algorithm = _Algorithm(algorithm=_EC, curve=_SM2)
    outer = asn1.encode_der(_Sm2PrivateKey(version=0, algorithm=algorithm, key=inner))
    lines = textwrap.wrap(base64.b64encode(outer).decode(), 64)
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def pair_from_pem(pem: bytes) -> KeyPair:
    """Return the key pair of a PKCS#8 PEM.

    Raises:
        NotSm2: when it is a private key of another kind.
        ValueError: when it is no such file, or its numbers are no key of the curve.
    """
    match = _PEM.fullmatch(pem)
    if match is None:
        raise ValueError("no PKCS#8 PEM")
    outer = asn1.decode_der(_PrivateKey, base64.b64decode(match[1]))
    if not _is_sm2(outer.algorithm):
        raise NotSm2("a private key of another kind")
    inner = asn1.decode_der(_EcPrivateKey, outer.key)
    if not is_secret(inner.secret):
        raise ValueError("the private number is out of range")
    public = inner.public.as_bytes() if inner.public else _derived(inner.secret)
    if not is_public_key(public):
        raise ValueError("the public point is not on the curve")
    return KeyPair(inner.secret, public)


def _derived(secret: bytes) -> bytes:
    from federation.crypto.libraries.pure import PureEngine

    return PureEngine().public(secret)


def _is_sm2(algorithm: asn1.TLV) -> bool:
    try:
        found = algorithm.parse(_Algorithm)
    except ValueError:
        return False
    return (found.algorithm, found.curve) == (_EC, _SM2)
