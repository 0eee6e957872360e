"""List the kinds of files that can be taken: this list and no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from builder.scenario.model import Text

__all__ = ["DEFAULT", "KINDS", "Kind", "extension", "kind_titles"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    Attributes:
        media: the type it is served under, found by content.
        extensions: endings of its name, the usual one first; no dot.
        has_preview: whether pages can show a safe picture or text of it.
    """

    id: str
    title: Text
    media: str
    extensions: tuple[str, ...]
    has_preview: bool = False


def _same(text: str) -> Text:
    return Text(text, text)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.id: kind
        for kind in (
            Kind("pdf", _same("PDF"), "application/pdf", ("pdf",), has_preview=True),
            Kind(
                "jpeg",
                Text("JPEG 图片", "a JPEG picture"),
                "image/jpeg",
                ("jpg", "jpeg", "jfif"),
                has_preview=True,
            ),
            Kind("png", Text("PNG 图片", "a PNG picture"), "image/png", ("png",), has_preview=True),
            Kind(
                "webp",
                Text("WebP 图片", "a WebP picture"),
                "image/webp",
                ("webp",),
                has_preview=True,
            ),
            Kind("ofd", Text("OFD 版式文件", "an OFD document"), "application/ofd", ("ofd",)),
            Kind(
                "docx",
                Text("Word 文档", "a Word document"),
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                ("docx",),
            ),
            Kind(
                "xlsx",
                Text("Excel 表格", "an Excel sheet"),
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ("xlsx",),
            ),
            Kind("txt", Text("文本", "plain text"), "text/plain", ("txt",), has_preview=True),
            Kind("csv", Text("CSV 表格", "a CSV table"), "text/csv", ("csv",), has_preview=True),
            Kind("zip", Text("ZIP 压缩包", "a ZIP archive"), "application/zip", ("zip",)),
        )
    }
)
"""By id, in the order in which people read them."""

DEFAULT = ("pdf", "jpeg", "png")
"""What a question takes that does not say: what a scanner or a telephone makes."""


def extension(name: str) -> str:
    """Return the ending of a name, in small letters, without the dot; blank for none.

    >>> extension("户口簿.PDF"), extension("户口簿")
    ('pdf', '')
    """
    head, dot, tail = name.rpartition(".")
    return tail.lower() if dot and head else ""


def kind_titles(ids: Iterable[str]) -> Text:
    """Return what kinds are called, one after the other."""
    titles = [KINDS[i].title for i in ids if i in KINDS]
    return Text("、".join(t.zh for t in titles), ", ".join(t.en for t in titles))
