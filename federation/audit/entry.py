"""Say what an audit entry is, and keep personal numbers out of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.audit.errors import PersonalValueRefused
from federation.crypto import canonical
from federation.store import instant_text

__all__ = ["CLOSED", "GENESIS", "OPENED", "Entry", "Receipt", "Record", "body_of", "columns_of"]

OPENED, CLOSED = "opened", "closed"
GENESIS = "0" * 64
"""What the first entry names as the hash before it."""

_LINKS = ("case", "party", "dataset")
_EDGE = r"(?<![0-9A-Za-z]){}(?![0-9A-Za-z])"
_ID_NUMBER = _EDGE.format(
    r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
)
_PHONE = _EDGE.format(r"(?:\+?86)?1[3-9]\d{9}")
_PERSONAL = re.compile(f"{_ID_NUMBER}|{_PHONE}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, to be written down.

    Attributes:
        kind: kebab-case, e.g. ``"grant-approved"``; ``"opened"`` before the first row leaves a
            node, ``"closed"`` after the last one.
        at: when, with its time zone.
        actor: who, as an account, a node or a program; never a person's name or number.
        facts: JSON. Texts under ``case``, ``party`` and ``dataset`` can be searched for; a
            ``closed`` entry names the number of its opened one under ``closes``. People appear as
            pseudonyms only (`federation.crypto.Pseudonymiser`).
    """

    kind: str
    at: datetime
    actor: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an entry stands: its number (from 1) and its hash."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it was stored."""

    seq: int
    at: datetime
    kind: str
    actor: str
    facts: Mapping[str, object]
    hash: str


def body_of(entry: Entry, seq: int, prev: str) -> str:
    """Return the canonical JSON that the hash covers: everything about the entry.

    Raises:
        PersonalValueRefused: when a text or number in it looks like an ID or phone number.
        ValueError: when a ``closed`` entry does not say what it closes.
    """
    _impersonal(entry)
    if entry.kind == CLOSED and not _is_number(entry.facts.get("closes")):
        raise ValueError("a closed entry names the opened one: facts['closes'] = its seq")
    body = {
        "seq": seq,
        "prev": prev,
        "at": instant_text(entry.at),
        "kind": entry.kind,
        "actor": entry.actor,
        "facts": entry.facts,
    }
    return canonical(body).decode()


def columns_of(body: Mapping[str, object]) -> dict[str, str | int | None]:
    """Return the searchable columns that follow from a parsed body."""
    facts = body.get("facts")
    known = facts if isinstance(facts, Mapping) else {}
    columns: dict[str, str | int | None] = {}
    for name in ("at", "kind", "actor"):
        value = body.get(name)
        columns[name] = value if isinstance(value, str) else None
    for name in _LINKS:
        value = known.get(name)
        columns[name] = value if isinstance(value, str) else None
    closes = known.get("closes")
    columns["closes"] = closes if _is_number(closes) else None
    return columns


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _impersonal(entry: Entry) -> None:
    for text in _texts([entry.kind, entry.actor, entry.facts]):
        if _PERSONAL.search(unicodedata.normalize("NFKC", text)):
            raise PersonalValueRefused(
                f"a fact of the {entry.kind!r} entry looks like an ID or phone number; "
                "write its pseudonym instead"
            )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif _is_number(value):
        yield str(value)
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield str(key)
            yield from _texts(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _texts(below)
