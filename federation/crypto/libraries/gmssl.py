"""SM2 by GmSSL (C), through gmssl-pyx: wheels for x86-64 only."""

from __future__ import annotations

import gmssl_pyx.gmsslext as gmssl

from federation.crypto.sm2 import KeyPair, Sign, raw_from_der, raw_to_der

__all__ = ["GmsslEngine"]


class GmsslEngine:
    """Sign and verify with GmSSL; it adds Z for the default user id itself."""

    name = "gmssl-pyx"

    def generate(self) -> KeyPair:
        """Draw a new key pair."""
        public, secret = gmssl.sm2_key_generate()
        return KeyPair(secret, b"\x04" + public)

    def signing(self, pair: KeyPair) -> Sign:
        """Return a function that signs with this key."""
        secret, public = pair.secret, pair.public[1:]
        return lambda data: raw_from_der(gmssl.sm2_sign(secret, public, data))

    def verify(self, public: bytes, data: bytes, signature: bytes) -> bool:
        """Tell whether the signature belongs to the data."""
        try:
            return bool(gmssl.sm2_verify(public[1:], data, raw_to_der(signature)))
        except gmssl.GmsslInnerError:
            return False
