"""Files to try: sound ones, and ones that a stranger made to do harm."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import lru_cache

__all__ = ["EICAR", "docx", "jpeg", "ofd", "package", "pdf", "png", "png_of_size", "webp", "xlsx"]

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What every scanner calls a virus, and is none."""


def _picture(form: str, size: tuple[int, int], **more: object) -> bytes:
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", size, (180, 40, 60)).save(made, form, **more)
    return made.getvalue()


def jpeg(size: tuple[int, int] = (640, 480), *, exif: bool = False) -> bytes:
    """Return a JPEG, with a place and a camera in it where asked."""
    if not exif:
        return _picture("JPEG", size)
    from PIL import Image

    facts = Image.Exif()
    facts[271] = "SECRET-CAMERA"
    facts[34853] = {1: "N", 2: (31.0, 51.0, 0.0)}
    return _picture("JPEG", size, exif=facts)


def png(size: tuple[int, int] = (320, 200)) -> bytes:
    """Return a PNG."""
    return _picture("PNG", size)


def webp(size: tuple[int, int] = (320, 200)) -> bytes:
    """Return a WebP."""
    return _picture("WEBP", size)


def png_of_size(width: int, height: int) -> bytes:
    """Return a small PNG that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sums = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + sums

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    data = chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


@lru_cache(maxsize=16)
def pdf(pages: int = 1, inside: bytes = b"") -> bytes:
    """Return a PDF; `inside` stands in its first object's neighbourhood as a comment."""
    import pypdfium2

    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(595, 842)
    made = io.BytesIO()
    document.save(made)
    data = made.getvalue()
    if not inside:
        return data
    head, line, rest = data.partition(b"\n")
    return head + line + b"%" + inside + b"\n" + rest


def package(entries: dict[str, bytes], *, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP package."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packed) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return made.getvalue()


_TYPES = b'<?xml version="1.0"?><Types xmlns="urn:t"></Types>'


def docx(**more: bytes) -> bytes:
    """Return what is a Word document to whoever looks at its parts."""
    parts = {"[Content_Types].xml": _TYPES, "word/document.xml": b"<w:document/>"}
    return package(parts | more)


def xlsx(**more: bytes) -> bytes:
    """Return what is a workbook to whoever looks at its parts."""
    return package({"[Content_Types].xml": _TYPES, "xl/workbook.xml": b"<workbook/>"} | more)


def ofd(**more: bytes) -> bytes:
    """Return what is an OFD document to whoever looks at its parts."""
    return package({"OFD.xml": b"<ofd:OFD/>", "Doc_0/Document.xml": b"<ofd:Document/>"} | more)
