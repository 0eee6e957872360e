"""Open what others sealed: who sealed it is told by key, what kind it is by its own word.

Every sealed body carries a ``kind``, so that a seal given for one thing is never taken for another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias, cast

from federation.crypto import key_id, open_sealed
from federation.errors import Fault
from federation.trust.errors import DocumentMalformed

__all__ = [
    "Trusted",
    "count",
    "mapping",
    "moment",
    "open_kind",
    "optional_text",
    "text",
    "texts",
]

Trusted: TypeAlias = Mapping[str, str]
"""Who is trusted for one kind of statement: name → public key (hex)."""

_LONGEST = 4096


def open_kind(
    sealed: Mapping[str, object], trusted: Trusted, kind: str, refusal: type[Fault]
) -> tuple[str, Mapping[str, object]]:
    """Return who sealed a document and what it says.

    Raises:
        Fault: `refusal`, when nobody trusted sealed it, it was changed, or it is of another kind.
    """
    names = {key_id(public_key): name for name, public_key in trusted.items()}
    try:
        body = open_sealed(sealed, {key_id(k): k for k in trusted.values()})
    except Fault as fault:
        raise refusal from fault
    if body.get("kind") != kind:
        raise refusal
    return names[str(sealed["key"])], body


def text(body: Mapping[str, object], key: str) -> str:
    """Return a text of a document, or refuse the document."""
    value = body.get(key)
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise DocumentMalformed(where=f"/{key}")
    return value


def optional_text(body: Mapping[str, object], key: str) -> str | None:
    """Return a text that may be missing, or refuse the document."""
    return None if body.get(key) is None else text(body, key)


def texts(body: Mapping[str, object], key: str) -> tuple[str, ...]:
    """Return a list of texts of a document, or refuse the document."""
    value = body.get(key)
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise DocumentMalformed(where=f"/{key}")
    return tuple(value)


def moment(body: Mapping[str, object], key: str) -> datetime:
    """Return a moment with its zone, or refuse the document."""
    try:
        at = datetime.fromisoformat(text(body, key))
    except ValueError:
        raise DocumentMalformed(where=f"/{key}") from None
    if at.tzinfo is None:
        raise DocumentMalformed(where=f"/{key}")
    return at


def count(body: Mapping[str, object], key: str) -> int | None:
    """Return a whole number ≥ 0 that may be missing, or refuse the document."""
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DocumentMalformed(where=f"/{key}")
    return value


def mapping(body: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return an object of a document, or refuse the document."""
    value = body.get(key)
    if not isinstance(value, dict) or not all(isinstance(k, str) for k in value):
        raise DocumentMalformed(where=f"/{key}")
    return cast("Mapping[str, object]", value)
