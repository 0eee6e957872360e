"""Encrypt an archive under a passphrase, in pieces, so that no piece can be moved, cut or changed.

The key comes from the passphrase by scrypt (RFC 7914) with a salt of its own; each piece of a
mebibyte is sealed with SM4-GCM under its number and whether it is the last (Hoang, Reyhanitabar,
Rogaway, Vizár 2015: the STREAM construction), so a cut or reordered file does not open.
"""

from __future__ import annotations

import secrets
from hmac import compare_digest

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from federation.backup.tar import Sink, Source
from federation.crypto import hmac_sm3, sm4_gcm_decrypt, sm4_gcm_encrypt
from federation.crypto.errors import CipherRefused

__all__ = ["MAGIC", "Opening", "SealBroken", "Sealing", "WrongPassphrase"]

MAGIC = b"SCENARIST-SM4-1\n"
_SALT, _CHECK, _NONCE, _TAG = 16, 16, 12, 16
_PIECE = 1024 * 1024
_COST = 2**17
"""scrypt's N: 128 MiB and about a third of a second for each guess."""


class WrongPassphrase(Exception):
    """The passphrase is not the one the file was sealed under, or its head is damaged."""


class SealBroken(Exception):
    """A piece does not open: changed, moved, or cut off."""


class Sealing:
    """Take plain bytes, give sealed pieces to a sink."""

    def __init__(self, sink: Sink, passphrase: bytes) -> None:
        salt = secrets.token_bytes(_SALT)
        self._key, check = _derived(passphrase, salt)
        self._head = MAGIC + salt + check
        self._sink = sink
        self._held = bytearray()
        self._number = 0
        sink.write(self._head)

    def write(self, data: bytes) -> None:
        """Take bytes; a piece goes out when more than one is held."""
        self._held += data
        while len(self._held) > _PIECE:
            self._give(bytes(self._held[:_PIECE]), last=False)
            del self._held[:_PIECE]

    def close(self) -> None:
        """Seal the last piece."""
        self._give(bytes(self._held), last=True)
        self._held.clear()
        self._sink.close()

    def _give(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        sealed = sm4_gcm_encrypt(self._key, plain, self._head, nonce=nonce)
        self._sink.write(sealed[_NONCE:])
        self._number += 1


class Opening:
    """Give the plain bytes of a sealed source.

    Args:
        source: begins with the magic word.
        passphrase: what it was sealed under.

    Raises:
        WrongPassphrase, SealBroken: here or while reading.
    """

    def __init__(self, source: Source, passphrase: bytes) -> None:
        self._source = source
        self._head = source.read(len(MAGIC) + _SALT + _CHECK)
        if len(self._head) < len(MAGIC) + _SALT + _CHECK:
            raise SealBroken
        salt, check = self._head[len(MAGIC) : -_CHECK], self._head[-_CHECK:]
        self._key, known = _derived(passphrase, salt)
        if not self._head.startswith(MAGIC) or not compare_digest(known, check):
            raise WrongPassphrase
        self._open = bytearray()
        self._next = source.read(_PIECE + _TAG)
        self._number = 0
        self._ended = False

    def read(self, size: int) -> bytes:
        """Return so many bytes; fewer only at the end."""
        while len(self._open) < size and not self._ended:
            self._open += self._piece()
        given = bytes(self._open[:size])
        del self._open[:size]
        return given

    def peek(self, size: int) -> bytes:
        """Return the bytes that `read` will give, at most a piece, and keep them."""
        if not self._open and not self._ended:
            self._open += self._piece()
        return bytes(self._open[:size])

    def _piece(self) -> bytes:
        sealed, self._next = self._next, self._source.read(_PIECE + _TAG)
        self._ended = not self._next
        nonce = _nonce(self._number, last=self._ended)
        self._number += 1
        try:
            return sm4_gcm_decrypt(self._key, nonce + sealed, self._head)
        except CipherRefused:
            raise SealBroken from None


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([last])


def _derived(passphrase: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Return the key, and a mark by which a wrong passphrase is told from a damaged file."""
    secret = Scrypt(salt=salt, length=48, n=_COST, r=8, p=1).derive(passphrase)
    return secret[:16], bytes.fromhex(hmac_sm3(secret[16:], b"passphrase"))[:_CHECK]
