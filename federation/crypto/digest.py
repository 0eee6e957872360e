"""Hash with SM3 (GB/T 32905), keyed by HMAC where the input could be guessed."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC

__all__ = ["Pseudonymiser", "hmac_sm3", "sm3", "sm3_bytes"]


def sm3(data: bytes) -> str:
    """Return the SM3 hash as 64 hex digits.

    >>> sm3(b"abc")
    '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0'
    """
    return sm3_bytes(data).hex()


def sm3_bytes(data: bytes) -> bytes:
    """Return the SM3 hash as 32 bytes."""
    return Hash.hash(SM3(), data)


def hmac_sm3(key: bytes, data: bytes) -> str:
    """Return the HMAC-SM3 as 64 hex digits."""
    mac = HMAC(key, SM3())
    mac.update(data)
    return mac.finalize().hex()


class Pseudonymiser:
    """Turn personal values into stable names that only the holder of the key can recompute.

    A plain hash of an 18-digit number can be enumerated; a keyed one cannot. Use one key per
    purpose, so that the names of two purposes do not meet.
    """

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a pseudonym key has at least 16 bytes")
        self._keyed = HMAC(key, SM3())

    def of(self, value: str) -> str:
        """Return the pseudonym of a value, 64 hex digits; case and outer blanks do not matter."""
        mac = self._keyed.copy()
        mac.update(value.strip().upper().encode())
        return mac.finalize().hex()
