"""Turn what was decided into papers: receipts, certificates, printable applications, lists.

Pure: a content goes in, bytes come out, always the same bytes for the same content. Who may have a
document, when it is issued and where it is kept, is `builder.cases`' business. The typesetter and
the spreadsheet writer are imported where they are used: the web starts without them.
"""

from builder.documents.content import (
    Block,
    Bullets,
    Content,
    Facts,
    Item,
    Kind,
    Layout,
    Note,
    Paragraph,
    Records,
    Run,
    content_hash,
)
from builder.documents.glyphs import missing_fonts
from builder.documents.prose import blocks, placeholders
from builder.documents.typeset import edition, typeset

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
    "blocks",
    "content_hash",
    "edition",
    "missing_fonts",
    "placeholders",
    "typeset",
]
