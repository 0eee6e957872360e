"""Write values as the one text that is hashed, signed and stored."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["canonical"]


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a value: sorted keys, no spaces, UTF-8.

    Two equal values give equal bytes, and ``canonical(json.loads(b)) == b``. Numbers keep Python's
    shortest spelling. Mappings of any kind and tuples are taken; dates and Decimals are not,
    because their spelling is the caller's decision.

    >>> canonical({"b": [1, 2.5, None], "a": "身后"}).decode()
    '{"a":"身后","b":[1,2.5,null]}'

    Raises:
        TypeError: for a key that is not text or a value that JSON does not have.
        ValueError: for a float that is not finite, half a surrogate pair, or endless nesting.
    """
    _keys_are_text(value)
    return _ENCODER.encode(value).encode()


def _keys_are_text(value: object) -> None:
    """Refuse what json would silently turn into text: two different keys must stay different."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if not isinstance(key, str):
                raise TypeError(f"a key must be text, not {type(key).__name__}")
            _keys_are_text(below)
    elif isinstance(value, list | tuple):
        for below in value:
            _keys_are_text(below)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"JSON has no {type(value).__name__}: write it as text or number first")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_plain
)
