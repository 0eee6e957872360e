"""Carry a journal away as lines of JSON, and verify it with nothing but the lines.

The first line names the journal, the last one says how many entries there are. Between them each
entry is ``{"body", "hash", "seq"}``, where the hash is SM3 over a zero byte and the body's text,
and each checkpoint follows the entry it ends with.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from federation.audit.chain import Chain, Checkpoint, Report, Stored
from federation.audit.errors import ExportLineChanged, ExportUnfinished
from federation.crypto import canonical

__all__ = [
    "export_checkpoint",
    "export_end",
    "export_entry",
    "export_header",
    "verify_export",
]

_FORMAT = "scenarist-audit/1"


def export_header(journal: str) -> bytes:
    """Return the first line."""
    return _line({"export": _FORMAT, "journal": journal})


def export_entry(row: Stored) -> bytes:
    """Return an entry's line; bytes that are no text show as such and will not verify."""
    body, own = row.body.decode(errors="replace"), row.hash.decode(errors="replace")
    return _line({"seq": row.seq, "body": body, "hash": own})


def export_checkpoint(point: Checkpoint) -> bytes:
    """Return a checkpoint's line."""
    return _line({"checkpoint": point.body(), "key": point.key, "signature": point.signature})


def export_end(entries: int) -> bytes:
    """Return the last line."""
    return _line({"entries": entries})


def verify_export(lines: Iterable[bytes], trusted: Collection[str] | None = None) -> Report:
    """Verify an export, away from the database it came from.

    Args:
        lines: as written, each with its line end.
        trusted: public keys (hex) that may have signed checkpoints; None believes any key, and
            `Report.keys` names it.
    """
    chain = Chain()
    journal: object = None
    announced: object = None
    for number, line in enumerate(lines, start=1):
        item = _parsed(line)
        if number == 1 and item is not None and item.get("export") == _FORMAT:
            journal = item.get("journal")
        elif item is None or journal is None or announced is not None:
            chain.find(ExportLineChanged(line=number))
        elif set(item) == {"entries"}:
            announced = item["entries"]
        elif (row := _entry(item)) is not None:
            chain.entry(row)
        elif (point := _checkpoint(item)) is not None and point.journal == journal:
            chain.checkpoint(point, None, trusted)
        else:
            chain.find(ExportLineChanged(line=number))
    report = chain.report()
    if announced != report.entries:
        expected = announced if isinstance(announced, int) else "?"
        chain.find(ExportUnfinished(expected=expected, found=report.entries))
        report = chain.report()
    return report


def _line(item: Mapping[str, object]) -> bytes:
    return canonical(item) + b"\n"


def _parsed(line: bytes) -> dict[str, object] | None:
    """Return the object of a line that is byte for byte what an export writes."""
    try:
        item = json.loads(line)
        return item if isinstance(item, dict) and _line(item) == line else None
    except (ValueError, TypeError, RecursionError):
        return None


def _entry(item: Mapping[str, object]) -> Stored | None:
    seq, body, own = item.get("seq"), item.get("body"), item.get("hash")
    if set(item) != {"seq", "body", "hash"} or not isinstance(seq, int):
        return None
    if not isinstance(body, str) or not isinstance(own, str):
        return None
    return Stored(seq, body.encode(), _prev(body).encode(), own.encode(), columns=None)


def _prev(body: str) -> str:
    """Return what an entry says of the one before it; the body's own hash vouches for it."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return str(parsed.get("prev")) if isinstance(parsed, dict) else ""


def _checkpoint(item: Mapping[str, object]) -> Checkpoint | None:
    body, key, signature = item.get("checkpoint"), item.get("key"), item.get("signature")
    if not (isinstance(body, dict) and isinstance(key, str) and isinstance(signature, str)):
        return None
    try:
        point = Checkpoint(
            journal=str(body["journal"]),
            size=int(body["size"]),
            root=str(body["root"]),
            head=str(body["head"]),
            at=str(body["at"]),
            key=key,
            signature=signature,
        )
    except (KeyError, TypeError, ValueError):
        return None
    return point if point.body() == body else None
