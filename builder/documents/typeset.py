"""Lay a content out as PDF: the same content gives the same bytes on every machine.

typst sets the page in this process, from one template of ours and the fonts that travel with the
product; fonts of the machine are not looked at, and nothing is fetched. The PDF is tagged
(PDF/UA-1) and archival (PDF/A-3a), and carries its content as an attached file, so that it can be
checked without the city that issued it (`builder.documents.checking`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

from builder.documents.content import Layout
from builder.documents.errors import DocumentNotSet, TypesetterMissing
from builder.documents.glyphs import Printable, fonts
from builder.documents.words import words
from builder.scenario.model import Json
from federation.crypto import canonical, sm3
from federation.store import resource

if TYPE_CHECKING:
    from typst import Compiler

__all__ = ["edition", "typeset"]

_TEMPLATE = "templates/documents/document.typ"
_LAYOUTS = {"receipt": "receipt", "certificate": "certificate", "notice": "certificate",
            "application": "form", "list": "list"}  # fmt: skip


def typeset(content: Mapping[str, Json], lang: Layout = "zh", statement: str = "") -> bytes:
    """Return a content as PDF.

    Args:
        content: as `Content.to_json` gives it.
        lang: Chinese alone, or with English beneath.
        statement: the signed statement its QR code carries; empty for none, then nothing is
            attached either.

    Raises:
        FontsMissing: the fonts were not built.
        TypesetterMissing: typst is not on this machine.
        DocumentNotSet: the content is none of ours.
    """
    at = datetime.fromisoformat(cast("str", content["issued_at"]))
    printable = Printable()
    shown = _mapped(content, printable)
    sheet = {
        "content": shown,
        "lang": lang,
        "layout": _LAYOUTS[cast("str", content["kind"])],
        "words": words(),
        "date": {"zh": f"{at.year}年{at.month}月{at.day}日", "en": f"{at:%-d %B %Y}"},
        "day": [at.year, at.month, at.day],
        "qr": _qr(statement) if statement else "",
        "missing": [f"U+{ord(c):04X}" for c in printable.missing][:20],
        "attached": _attached(content, lang, statement) if statement else "",
    }
    return _set(sheet, at, cast("str", content["number"]))


def edition() -> str:
    """Return what decides how a page looks: typst's release and the template's hash."""
    template = resource(_TEMPLATE).read_bytes()
    return f"typst {version('typst')} / {sm3(template + canonical(words()))[:12]}"


def _set(sheet: Mapping[str, object], at: datetime, number: str) -> bytes:
    compiler = _compiler()
    try:
        made = compiler.compile(
            input=resource(_TEMPLATE).read_bytes(),
            format="pdf",
            sys_inputs={"data": json.dumps(sheet, ensure_ascii=False, sort_keys=True)},
            pdf_standards=["a-3a", "ua-1"],
            timestamp=at.astimezone(UTC),
        )
    except RuntimeError as problem:  # TypstError
        first = str(problem).splitlines()[0][:120] if str(problem) else "typst"
        raise DocumentNotSet(document=number, problem=first) from None
    return cast("bytes", made)


@lru_cache(maxsize=1)
def _compiler() -> Compiler:
    """Return the compiler; made once, since it reads forty megabytes of fonts."""
    folder = fonts()
    try:
        import typst
    except ImportError:
        raise TypesetterMissing from None
    found = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
    )
    return typst.Compiler(font_paths=found, ignore_system_fonts=True)


def _attached(content: Mapping[str, Json], lang: Layout, statement: str) -> str:
    said: dict[str, Json] = {
        "scenarist-document": 1,
        "content": dict(content),
        "lang": lang,
        "statement": statement,
        "edition": edition(),
    }
    return canonical(said).decode()


def _qr(statement: str) -> str:
    import io

    import segno

    out = io.BytesIO()
    segno.make_qr(statement, error="m", boost_error=False).save(
        out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True
    )
    return out.getvalue().decode()


def _mapped(value: Json, text: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {key: _mapped(v, text) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(v, text) for v in value]
    return value
