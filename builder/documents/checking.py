"""Tell whether a document is genuine, with nothing but public keys and a journal.

Three questions, each with its own answer: did this city say so (the signature)? does its journal
know of it, and does it still hold (the entry)? and does this file say what was said then (its
attached content, and the page laid out from it again, byte by byte)?
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from builder.documents.content import Layout, content_hash
from builder.documents.errors import (
    DocumentAltered,
    DocumentForeign,
    DocumentForged,
    DocumentOtherEdition,
    DocumentUnknown,
    DocumentUnreadable,
    DocumentVoided,
    JournalExportBroken,
)
from builder.documents.statement import Statement, read_statement
from builder.documents.typeset import edition, typeset
from builder.scenario.model import Json
from federation.audit import Report, verify_export
from federation.crypto import canonical

__all__ = [
    "Entry",
    "ExportedJournal",
    "Paper",
    "Witness",
    "check_paper",
    "check_recorded",
    "check_signed",
    "read_paper",
]

MAX_BYTES = 20 * 1024 * 1024
_MAX_CONTENT = 4 * 1024 * 1024
_MAX_ALL = 32 * 1024 * 1024
_ISSUED, _VOIDED = "document-issued", "document-voided"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a journal, as far as a check needs it."""

    kind: str
    at: str
    hash: str
    facts: Mapping[str, object]


class Witness(Protocol):
    """Whoever can say what a deployment's journal holds."""

    def entry(self, seq: int) -> Entry | None:
        """Return an entry by its number."""

    def voided(self, number: str) -> str | None:
        """Return when a document was voided (ISO 8601); None while it holds."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a PDF of ours carries."""

    raw: bytes
    content: Mapping[str, Json]
    lang: Layout
    statement: Statement
    edition: str


def read_paper(raw: bytes) -> Paper:
    """Return what a PDF of ours carries attached.

    Raises:
        DocumentUnreadable: it carries nothing of ours, or is far too large.
    """
    if len(raw) > MAX_BYTES or not raw.startswith(b"%PDF-"):
        raise DocumentUnreadable
    said = _only(raw)
    content, lang, line = said.get("content"), said.get("lang"), said.get("statement")
    if not isinstance(content, Mapping) or lang not in ("zh", "zh-en") or not isinstance(line, str):
        raise DocumentUnreadable
    made = said.get("edition")
    return Paper(
        raw, content, lang, read_statement(line), made if isinstance(made, str) else "?"
    )  # fmt: skip


def check_signed(statement: Statement, keys: Collection[str], city: str | None = None) -> None:
    """Check that one of these public keys (hex) signed a statement.

    Raises:
        DocumentForeign: it is another city's than `city`, whose keys these are.
        DocumentForged: none did.
    """
    if any(statement.is_signed_by(key) for key in keys):
        return
    if city is not None and statement.city != city:
        raise DocumentForeign(city=statement.city)
    raise DocumentForged


def check_recorded(statement: Statement, witness: Witness) -> None:
    """Check that a journal recorded the issue as the statement says, and that it still holds.

    Raises:
        DocumentUnknown: the journal knows nothing of it.
        DocumentAltered: the journal recorded something else.
        DocumentVoided: it was voided since.
    """
    entry = witness.entry(statement.seq)
    if entry is None or entry.kind != _ISSUED or entry.facts.get("number") != statement.number:
        raise DocumentUnknown(number=statement.number)
    if entry.hash != statement.entry or entry.facts.get("content") != statement.content:
        raise DocumentAltered(number=statement.number, what="SM3")
    at = witness.voided(statement.number)
    if at is not None:
        raise DocumentVoided(number=statement.number, at=at[:16].replace("T", " "))


def check_paper(paper: Paper) -> None:
    """Check that a PDF says what its statement vouches for, in its content and on its pages.

    Raises:
        DocumentAltered: it does not.
        DocumentOtherEdition: its content is genuine; another release laid its pages out.
    """
    number = paper.statement.number
    if content_hash(paper.content) != paper.statement.content:
        raise DocumentAltered(number=number, what="content / 内容")
    try:
        again = typeset(paper.content, paper.lang, paper.statement.line())
    except (KeyError, TypeError, ValueError):
        raise DocumentAltered(number=number, what="content / 内容") from None
    if again == paper.raw:
        return
    if paper.edition != edition():
        raise DocumentOtherEdition(number=number, edition=paper.edition)
    raise DocumentAltered(number=number, what="page / 版面")


class ExportedJournal:
    """A journal as carried away by `scenarist audit export`.

    Attributes:
        keys: public keys (hex) that signed its checkpoints.
        name: of the journal.
        report: what verifying it found.
    """

    def __init__(self, lines: Iterable[bytes], trusted: Collection[str] | None = None) -> None:
        """Read and verify an export.

        Raises:
            JournalExportBroken: it does not verify.
        """
        kept: Sequence[bytes] = tuple(lines)
        self.report: Report = verify_export(kept, trusted)
        if not self.report.ok:
            raise JournalExportBroken
        self.keys: set[str] = set()
        self.name = ""
        self._entries: dict[int, Entry] = {}
        self._voided: dict[str, str] = {}
        for line in kept:
            self._take(json.loads(line))

    def entry(self, seq: int) -> Entry | None:
        """Return an entry by its number."""
        return self._entries.get(seq)

    def voided(self, number: str) -> str | None:
        """Return when a document was voided."""
        return self._voided.get(number)

    def _take(self, item: Mapping[str, object]) -> None:
        if "export" in item:
            self.name = str(item.get("journal"))
        elif "checkpoint" in item:
            self.keys.add(str(item["key"]))
        elif "body" in item:
            body = json.loads(str(item["body"]))
            if body["kind"] == _ISSUED:
                facts, own = body["facts"], str(item["hash"])
                self._entries[int(body["seq"])] = Entry(_ISSUED, body["at"], own, facts)
            elif body["kind"] == _VOIDED:
                self._voided[str(body["facts"].get("number"))] = str(body["at"])


def _only(raw: bytes) -> dict[str, Json]:
    """Return the one document that a PDF carries; never unpacks more than a fixed amount."""
    found: list[dict[str, Json]] = []
    unpacked = 0
    for stream in _streams(raw):
        inflated = _inflated(stream) or b""
        unpacked += len(inflated)
        if unpacked > _MAX_ALL:
            raise DocumentUnreadable
        said = _attached((stream, inflated))
        found += [] if said is None else [said]
    if len(found) != 1:
        raise DocumentUnreadable
    return found[0]


def _streams(raw: bytes) -> Iterator[bytes]:
    """Yield what lies between ``stream`` and ``endstream``, walking through the file once."""
    at = 0
    while (begin := raw.find(b"stream", at)) >= 0 and (end := raw.find(b"endstream", begin)) >= 0:
        yield raw[begin + 6 : end].strip(b"\r\n")
        at = end + 9


def _attached(texts: Iterable[bytes]) -> dict[str, Json] | None:
    """Return the document's JSON where a stream of a PDF holds it."""
    for raw in texts:
        if b'"scenarist-document"' not in raw:
            continue
        try:
            said = json.loads(raw)
        except (ValueError, RecursionError):
            return None
        if isinstance(said, dict) and said.get("scenarist-document") == 1:
            return said if canonical(said) == raw else None
    return None


def _inflated(stream: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(stream, _MAX_CONTENT)
    except zlib.error:
        return None
