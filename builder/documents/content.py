"""Hold what a document says, apart from how it is laid out: the thing that is hashed and kept.

All text is a pair of languages; which of them is printed is a question of layout. The same content
always gives the same JSON, so that its hash names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias

from builder.scenario.model import Json, Text
from federation.crypto import canonical, sm3

__all__ = [
    "Block",
    "Bullets",
    "Content",
    "Facts",
    "Item",
    "Kind",
    "Layout",
    "Note",
    "Paragraph",
    "Records",
    "Run",
    "content_hash",
]

Kind: TypeAlias = Literal["receipt", "certificate", "notice", "application", "list"]
"""收件回执, 证明/证书, 通知书, 申请表, 清单."""

Layout: TypeAlias = Literal["zh", "zh-en"]
"""Chinese alone, or with the English beneath."""

_FORMAT = 1


_UNTITLED = Text("", "")


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line in one weight."""

    text: str
    bold: bool = False

    def to_json(self) -> dict[str, Json]:
        """Return the piece as JSON."""
        return {"text": self.text, "bold": self.bold} if self.bold else {"text": self.text}


@dataclass(frozen=True, slots=True)
class Item:
    """One line in both languages; the English may be empty."""

    zh: tuple[Run, ...]
    en: tuple[Run, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """Return the line as JSON."""
        return {"zh": [r.to_json() for r in self.zh], "en": [r.to_json() for r in self.en]}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, first line indented by two characters."""

    line: Item

    def to_json(self) -> dict[str, Json]:
        """Return the paragraph as JSON."""
        return {"kind": "paragraph", **self.line.to_json()}


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short lines."""

    items: tuple[Item, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the list as JSON."""
        return {"kind": "list", "items": [i.to_json() for i in self.items]}


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values in two columns, under a heading that may be empty."""

    rows: tuple[tuple[Text, Text], ...]
    title: Text = _UNTITLED

    def to_json(self) -> dict[str, Json]:
        """Return the table as JSON."""
        rows: list[Json] = [{"label": _pair(label), "value": _pair(v)} for label, v in self.rows]
        return {"kind": "facts", "title": _pair(self.title), "rows": rows}


@dataclass(frozen=True, slots=True)
class Records:
    """A table of records: its head is repeated on every page.

    Attributes:
        widths: relative widths of the columns.
    """

    head: tuple[Text, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    title: Text = _UNTITLED

    def to_json(self) -> dict[str, Json]:
        """Return the table as JSON."""
        return {
            "kind": "table",
            "title": _pair(self.title),
            "head": [_pair(h) for h in self.head],
            "widths": list(self.widths),
            "rows": [list(row) for row in self.rows],
        }


@dataclass(frozen=True, slots=True)
class Note:
    """Small print."""

    text: Text

    def to_json(self) -> dict[str, Json]:
        """Return the note as JSON."""
        return {"kind": "note", "text": _pair(self.text)}


Block: TypeAlias = Paragraph | Bullets | Facts | Records | Note


@dataclass(frozen=True, slots=True)
class Content:
    """What one document says.

    Attributes:
        number: under which it was issued; empty for a print that nobody vouches for.
        org: the department that issues it; its name stands in the head and in the seal's place.
        matter: the matter it belongs to.
        to: whom it addresses; empty for nobody.
        issued_at: aware; the only time in it.
        demo: printed with the mark of a demo city.
        values: what its Word template is filled with, by name; empty without a template.
    """

    kind: Kind
    number: str
    title: Text
    org: Text
    matter: Text
    blocks: Sequence[Block]
    issued_at: datetime
    to: str = ""
    valid_until: date | None = None
    demo: bool = False
    values: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return the content as JSON, always the same for the same content."""
        return {
            "format": _FORMAT,
            "kind": self.kind,
            "number": self.number,
            "title": _pair(self.title),
            "org": _pair(self.org),
            "matter": _pair(self.matter),
            "to": self.to,
            "blocks": [b.to_json() for b in self.blocks],
            "issued_at": self.issued_at.isoformat(timespec="seconds"),
            "valid_until": "" if self.valid_until is None else self.valid_until.isoformat(),
            "demo": self.demo,
            **({"values": dict(self.values)} if self.values else {}),
        }


def content_hash(content: Mapping[str, Json]) -> str:
    """Return the SM3 of a content's canonical JSON: 64 hex digits."""
    return sm3(canonical(content))


def _pair(text: Text) -> dict[str, Json]:
    return {"zh": text.zh, "en": text.en}
