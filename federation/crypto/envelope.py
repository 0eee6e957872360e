"""Seal a JSON body with a signature, and open what a trusted signer sealed."""

from __future__ import annotations

from collections.abc import Mapping

from federation.crypto.errors import EnvelopeMalformed, SignatureWrong, SignerUntrusted
from federation.crypto.signer import Signer, verify
from federation.store import canonical

__all__ = ["open_sealed", "seal"]

_PARTS = {"body", "key", "sig"}


def seal(body: Mapping[str, object], signer: Signer) -> dict[str, object]:
    """Return ``{"body", "key", "sig"}``; the signature covers the body's canonical JSON.

    A body should say what kind of thing it is, so that a seal given for one kind is no seal for
    another.
    """
    return {"body": dict(body), "key": signer.key_id, "sig": signer.sign(canonical(body))}


def open_sealed(doc: object, trusted: Mapping[str, str]) -> Mapping[str, object]:
    """Return the body of a sealed document.

    Args:
        doc: the parsed JSON, from anywhere.
        trusted: key id → public key (hex).

    Raises:
        EnvelopeMalformed: when it is not such a document.
        SignerUntrusted: when the key is not among the trusted ones.
        SignatureWrong: when the signature does not belong to the body.
    """
    if not isinstance(doc, Mapping) or set(doc) != _PARTS:
        raise EnvelopeMalformed
    body, key, signature = doc["body"], doc["key"], doc["sig"]
    if not (isinstance(body, Mapping) and isinstance(key, str) and isinstance(signature, str)):
        raise EnvelopeMalformed
    if key not in trusted:
        raise SignerUntrusted
    if not verify(trusted[key], _signed(body), signature):
        raise SignatureWrong
    return body


def _signed(body: Mapping[str, object]) -> bytes:
    try:
        return canonical(body)
    except (TypeError, ValueError, RecursionError):
        raise EnvelopeMalformed from None
