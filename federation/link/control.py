"""Exchange JSON over a link: one document there, one back, a refusal as the Fault it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, cast

from federation.crypto import canonical
from federation.errors import Fact, Fault, Findings, catalogue
from federation.link.base import JSON, Link, Reply
from federation.link.errors import LinkGarbled, LinkRefused

__all__ = ["LIMIT_BYTES", "ask_json", "fetch_json", "raise_refusal", "read_fault"]

LIMIT_BYTES = 8 * 1024 * 1024
"""Size of the longest JSON answer that is read."""

_LONGEST_FACT = 500


def ask_json(
    link: Link, path: str, document: Mapping[str, object], *, timeout_s: float = 10.0
) -> Mapping[str, object]:
    """Post a document and return the one that comes back.

    Raises:
        Fault: the refusal of the other side, as the same class it raised there.
        LinkGarbled: when what came back is no JSON object.
    """
    reply = link.send("POST", path, canonical(document), timeout_s=timeout_s)
    return _document(link, reply)


def fetch_json(link: Link, path: str, *, timeout_s: float = 10.0) -> Mapping[str, object]:
    """Get a document. Raises as `ask_json`."""
    return _document(link, link.send("GET", path, b"", timeout_s=timeout_s))


def raise_refusal(link: Link, reply: Reply) -> None:
    """Do nothing for an answer; raise the Fault that a refusal carries."""
    if reply.status < 400:
        return
    raise read_fault(_read(link, reply), link.party)


def _document(link: Link, reply: Reply) -> Mapping[str, object]:
    raise_refusal(link, reply)
    return _read(link, reply)


def _read(link: Link, reply: Reply) -> Mapping[str, Any]:
    if reply.headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise LinkGarbled(party=link.party)
    try:
        document = json.loads(_body(link, reply))
    except (ValueError, RecursionError):
        raise LinkGarbled(party=link.party) from None
    if not isinstance(document, dict):
        raise LinkGarbled(party=link.party)
    return cast("dict[str, Any]", document)


def _body(link: Link, reply: Reply) -> bytes:
    body = bytearray()
    with closing(reply.chunks) as chunks:
        for chunk in chunks:
            body += chunk
            if len(body) > LIMIT_BYTES:
                raise LinkGarbled(party=link.party)
    return bytes(body)


def read_fault(document: Mapping[str, Any], party: str) -> Fault:
    """Return the Fault a document describes: the same class, where this release knows its code.

    The texts are our own; only the facts are theirs, and those are kept short.
    """
    code, found = document.get("code"), document.get("findings")
    if (
        code == Findings.code
        and isinstance(found, list)
        and all(isinstance(f, dict) for f in found)
    ):
        return Findings([read_fault(f, party) for f in found])
    cls = next((f for f in catalogue() if f.code == code), None)
    if not isinstance(code, str) or cls is None or cls is Findings:
        return LinkRefused(party=party, refusal=str(code)[:_LONGEST_FACT])
    where = document.get("where")
    try:
        fault = cls(where=where if isinstance(where, str) else None, **_facts(document))
        _ = [fault.message("zh"), fault.message("en"), fault.next_step("zh"), fault.next_step("en")]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return LinkRefused(party=party, refusal=code)
    return fault


def _facts(document: Mapping[str, Any]) -> dict[str, Fact]:
    facts = document.get("facts")
    if not isinstance(facts, dict):
        return {}
    return {str(k): _short(v) for k, v in facts.items() if str(k) != "where"}


def _short(value: object) -> Fact:
    if isinstance(value, str):
        return value[:_LONGEST_FACT]
    if isinstance(value, int | float | bool | None):
        return value
    if isinstance(value, Sequence):
        return [str(v)[:_LONGEST_FACT] for v in value]
    raise TypeError("a fact is text, a number, or a list of texts")
