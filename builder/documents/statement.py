"""Say in one short line what was issued, so that anyone can check it: the content of the QR code.

``SCN1|city|deployment|number|content|seq|entry|time|signature``: content and entry are SM3 hashes
and the signature is r‖s of SM2, all base64url without padding; seq and entry name the entry of the
deployment's journal that recorded the issue; time is ISO 8601 to the second. The signature covers
all that stands before it and is made with the key that signs the journal's checkpoints: whoever has
that public key can tell a genuine line from a forged one, on paper, years later.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from builder.documents.errors import DocumentUnreadable
from federation.crypto import Signer, verify

__all__ = ["Statement", "case_of", "find_statement", "read_statement", "sign_statement"]

_MARK = "SCN1"
_LINE = re.compile(
    r"SCN1\|[0-9]{6}\|[0-9a-z/-]{3,96}\|[0-9A-Z-]{8,48}\|[\w-]{43}\|[0-9]{1,12}\|[\w-]{43}"
    r"\|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d\|[\w-]{86}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a QR code says.

    Attributes:
        city: code of the city, six digits.
        deployment: ``<county>/<scenario>``; its journal is ``case:<deployment>``.
        number: of the document; begins with the case number.
        content: SM3 of the content, hex.
        seq: number of the journal's entry.
        entry: hash of that entry, hex.
        at: when it was issued, ISO 8601.
        signature: base64 of r‖s, as `federation.crypto` writes it; empty before signing.
    """

    city: str
    deployment: str
    number: str
    content: str
    seq: int
    entry: str
    at: str
    signature: str = ""

    @property
    def journal(self) -> str:
        """Return the name of the journal that holds the entry."""
        return f"case:{self.deployment}"

    @property
    def case_no(self) -> str:
        """Return the case's number."""
        return case_of(self.number)

    def body(self) -> str:
        """Return what the signature covers."""
        hashes = (_short(bytes.fromhex(self.content)), _short(bytes.fromhex(self.entry)))
        return "|".join(
            (_MARK, self.city, self.deployment, self.number, hashes[0], str(self.seq), hashes[1],
             self.at)
        )  # fmt: skip

    def line(self) -> str:
        """Return the whole line, as the QR code carries it."""
        return f"{self.body()}|{_short(base64.b64decode(self.signature))}"

    def is_signed_by(self, public_key: str) -> bool:
        """Tell whether a key (hex) signed this."""
        return verify(public_key, self.body().encode(), self.signature)


def sign_statement(statement: Statement, signer: Signer) -> Statement:
    """Return the statement, signed."""
    signature = signer.sign(statement.body().encode())
    return Statement(
        statement.city, statement.deployment, statement.number, statement.content,
        statement.seq, statement.entry, statement.at, signature,
    )  # fmt: skip


def find_statement(text: str) -> Statement:
    """Return the one statement in a text that somebody pasted, blanks and line breaks apart.

    Raises:
        DocumentUnreadable: there is none, or there are several that differ.
    """
    found = {m.group() for m in _LINE.finditer(re.sub(r"\s+", "", text[:20_000]))}
    if len(found) != 1:
        raise DocumentUnreadable
    return read_statement(found.pop())


def read_statement(line: str) -> Statement:
    """Read a line back.

    Raises:
        DocumentUnreadable: it is none of ours.
    """
    if not _LINE.fullmatch(line):
        raise DocumentUnreadable
    _, city, deployment, number, content, seq, entry, at, signature = line.split("|")
    try:
        datetime.fromisoformat(at)
        return Statement(
            city, deployment, number, _long(content).hex(), int(seq), _long(entry).hex(), at,
            base64.b64encode(_long(signature)).decode(),
        )  # fmt: skip
    except (ValueError, binascii.Error):
        raise DocumentUnreadable from None


def case_of(number: str) -> str:
    """Return the case number that a document's number begins with.

    >>> case_of("HF20261130-ABC123-01-2")
    'HF20261130-ABC123'
    """
    return "-".join(number.split("-")[:2])


def _short(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _long(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
