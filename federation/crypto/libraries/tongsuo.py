"""SM2 by Tongsuo (C), through tongsuopy: the fastest, wheels for x86-64 only."""

from __future__ import annotations

from tongsuopy.crypto.asymciphers import ec
from tongsuopy.crypto.exceptions import InternalError, InvalidSignature
from tongsuopy.crypto.hashes import SM3

from federation.crypto.sm2 import KeyPair, Sign, raw_from_der, raw_to_der

__all__ = ["TongsuoEngine"]


class TongsuoEngine:
    """Sign and verify with Tongsuo; it adds Z for the default user id itself."""

    name = "tongsuopy"

    def generate(self) -> KeyPair:
        """Draw a new key pair."""
        numbers = ec.generate_private_key(ec.SM2()).private_numbers()
        x, y = numbers.public_numbers.x, numbers.public_numbers.y
        return KeyPair(
            numbers.private_value.to_bytes(32, "big"),
            b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big"),
        )

    def signing(self, pair: KeyPair) -> Sign:
        """Return a function that signs with this key."""
        number = int.from_bytes(pair.secret, "big")
        key = ec.EllipticCurvePrivateNumbers(number, _numbers(pair.public)).private_key()
        return lambda data: raw_from_der(key.sign(data, ec.ECDSA(SM3())))

    def verify(self, public: bytes, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature belongs to the data."""
        try:
            _numbers(public).public_key().verify(raw_to_der(signature), data, ec.ECDSA(SM3()))
        except (InvalidSignature, InternalError):
            return False
        return True


def _numbers(public: bytes) -> ec.EllipticCurvePublicNumbers:
    x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SM2())
