"""Encrypt with SM4 in Galois/counter mode (GB/T 32907, GB/T 36624, RFC 8998)."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB, GCM

from federation.crypto.errors import CipherRefused

__all__ = ["sm4_block", "sm4_gcm_decrypt", "sm4_gcm_encrypt"]

_KEY, _NONCE, _TAG = 16, 12, 16


def sm4_gcm_encrypt(
    key: bytes, plain: bytes, context: bytes = b"", *, nonce: bytes | None = None
) -> bytes:
    """Return nonce, ciphertext and tag in one piece.

    Args:
        key: 16 bytes.
        plain: what to hide.
        context: what must be the same when it is opened; it is bound, not hidden.
        nonce: 12 bytes for a published vector; leave it out otherwise: a fresh one is drawn, and
            a repeated one would give the key stream away.
    """
    fresh = secrets.token_bytes(_NONCE) if nonce is None else nonce
    sealing = Cipher(SM4(_checked(key)), GCM(fresh)).encryptor()
    sealing.authenticate_additional_data(context)
    return fresh + sealing.update(plain) + sealing.finalize() + sealing.tag


def sm4_gcm_decrypt(key: bytes, sealed: bytes, context: bytes = b"") -> bytes:
    """Return what `sm4_gcm_encrypt` hid.

    Raises:
        CipherRefused: when a byte was changed, or key or context are not those of the sealing.
    """
    if len(sealed) < _NONCE + _TAG:
        raise CipherRefused
    nonce, hidden, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
    opening = Cipher(SM4(_checked(key)), GCM(nonce, tag)).decryptor()
    opening.authenticate_additional_data(context)
    try:
        return opening.update(hidden) + opening.finalize()
    except InvalidTag:
        raise CipherRefused from None


def sm4_block(key: bytes, block: bytes) -> bytes:
    """Encrypt one block of 16 bytes, as the standard's example does; for the self-test only."""
    one = Cipher(SM4(key), ECB()).encryptor()  # noqa: S305 - a single block is what is tested
    return one.update(block) + one.finalize()


def _checked(key: bytes) -> bytes:
    if len(key) != _KEY:
        raise ValueError("an SM4 key has 16 bytes")
    return key
