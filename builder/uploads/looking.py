"""Find out by parsing what a file is, and make pictures of it. Runs apart, see `apart`.

Nothing here decides by a name. Libraries that parse hostile bytes are imported here only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.uploads.packages import look_into
from builder.uploads.trouble import Trouble

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["PIXELS", "look", "pages", "picture", "text_of"]

PIXELS = 60_000_000
"""Pixels of a picture at most: a telephone's best has 50 million."""

_PAGES = 500
_EDGE = 1200
_TEXT_CHARACTERS = 20_000
_TEXT_BYTES = 5 * 1024 * 1024
_PDF_PASSWORD = 4
_FORMATS = {"JPEG": "jpeg", "PNG": "png", "WEBP": "webp"}
_MARKUP = re.compile(
    rb"<\s*(!doctype|html|head|body|script|svg|iframe|object|embed|\?xml|\?php|xsl:)", re.IGNORECASE
)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def look(path: Path) -> str:
    """Return the kind of a file, all of it parsed.

    Raises:
        Trouble: it is of no kind we take, or not sound.
    """
    with path.open("rb") as file:
        head = file.read(2048)
    if not head:
        raise Trouble("uploads.empty")
    if head.startswith(b"%PDF-"):
        _look_at_pdf(path, head)
        return "pdf"
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    ):
        return _look_at_picture(path)
    if head.startswith(b"PK\x03\x04"):
        return look_into(path)
    return _look_at_text(path)


def _look_at_picture(path: Path) -> str:
    with _opened(path) as image:
        kind = _FORMATS.get(str(image.format))
        if kind is None:
            raise Trouble("uploads.kind-unknown")
    try:
        with _opened(path) as image:
            image.verify()
        with _opened(path) as image:
            image.load()
    except Trouble:
        raise
    except Exception as problem:  # whatever a parser of hostile bytes ends with
        raise Trouble("uploads.damaged") from problem
    return kind


def _opened(path: Path) -> Image:
    """Return a picture whose size was read and is bearable; its pixels are not decoded yet."""
    import warnings

    from PIL import Image, ImageFile

    Image.MAX_IMAGE_PIXELS = PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        image = Image.open(path, formats=tuple(_FORMATS))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        limit = f"{PIXELS // 10_000} 万像素|{PIXELS // 1_000_000} megapixels"
        raise Trouble("uploads.huge", limit=limit) from None
    except Exception as problem:
        raise Trouble("uploads.damaged") from problem
    return image


def _look_at_pdf(path: Path, head: bytes) -> None:
    """Open a PDF and draw its first page; one that is a web page as well is none."""
    data = path.read_bytes()
    end = data.rfind(b"%%EOF")
    if _MARKUP.search(head) or end < 0 or _MARKUP.search(data[end:]):
        raise Trouble("uploads.active" if end >= 0 else "uploads.damaged")
    document = _pdf(path)
    raw: Any = _raw()
    try:
        if len(document) < 1:
            raise Trouble("uploads.damaged")
        if len(document) > _PAGES:
            raise Trouble("uploads.huge", limit=f"{_PAGES} 页|{_PAGES} pages")
        if raw.FPDFDoc_GetJavaScriptActionCount(document.raw) > 0 or _launches(data):
            raise Trouble("uploads.active")
        _drawn(document, 0, 64)
    finally:
        document.close()


def _launches(data: bytes) -> bool:
    """Tell whether a PDF asks its reader to start a program, where it says so in the open."""
    return re.search(rb"/S\s*/Launch\b|/JavaScript\b", data) is not None


def _raw() -> Any:
    from pypdfium2 import raw

    return raw


def _pdf(path: Path) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(str(path))  # type: ignore[no-untyped-call] # it has no types
    except pypdfium2.PdfiumError as problem:
        is_locked = getattr(problem, "err_code", None) == _PDF_PASSWORD
        raise Trouble("uploads.locked" if is_locked else "uploads.damaged") from problem


def _drawn(document: Any, number: int, edge: int) -> Image:
    import pypdfium2

    try:
        page = document[number]
        width, height = page.get_size()
        scale = edge / max(width, height, 1.0)
        picture: Image = page.render(scale=min(scale, 3.0)).to_pil()
    except (pypdfium2.PdfiumError, ValueError, MemoryError) as problem:
        raise Trouble("uploads.damaged") from problem
    return picture


def _look_at_text(path: Path) -> str:
    """Return ``txt`` for plain text in UTF-8 or GB 18030; whether it is a table, its name says."""
    if path.stat().st_size > _TEXT_BYTES:
        raise Trouble("uploads.kind-unknown")
    data = path.read_bytes()
    text = _decoded(data)
    if text is None or _CONTROLS.search(text):
        raise Trouble("uploads.kind-unknown")
    if _MARKUP.search(data) or text.lstrip("\ufeff \r\n\t").startswith("#!"):
        raise Trouble("uploads.active")
    return "txt"


def _decoded(data: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


# ── Previews ─────────────────────────────────────────────────────────────────────────────────────


def picture(path: Path, kind: str, page: int, target: Path) -> None:
    """Write a picture of a file as WebP: redrawn pixel by pixel, nothing of the original in it.

    Raises:
        Trouble: it cannot be drawn, or has no such page.
    """
    from PIL import ImageOps

    if kind == "pdf":
        document = _pdf(path)
        try:
            if not 0 <= page < len(document):
                raise Trouble("uploads.no-such-file")
            image = _drawn(document, page, _EDGE)
        finally:
            document.close()
    else:
        image = ImageOps.exif_transpose(_opened(path))
        image.draft("RGB", (_EDGE, _EDGE)) if image.format == "JPEG" else None
    image.thumbnail((_EDGE, _EDGE))
    plain = image.convert("RGBA" if "A" in image.getbands() else "RGB")
    plain.info.clear()
    plain.save(target, "WEBP", quality=80, method=2, exif=b"")


def text_of(path: Path) -> str:
    """Return the beginning of a text.

    Raises:
        Trouble: it is none.
    """
    with path.open("rb") as file:
        data = file.read(_TEXT_CHARACTERS * 4)
    for encoding in ("utf-8-sig", "gb18030"):
        for cut in range(4):  # a character may be cut at the end
            try:
                text = data[: len(data) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
            return _CONTROLS.sub("", text)[:_TEXT_CHARACTERS]
    raise Trouble("uploads.damaged")


def pages(path: Path) -> int:
    """Return how many pages a PDF has."""
    document = _pdf(path)
    try:
        return len(document)
    finally:
        document.close()
