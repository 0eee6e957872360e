"""Look into packages (OOXML, OFD, ZIP) without trusting a word of their directory."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from builder.uploads.trouble import Trouble

__all__ = ["look_into"]

_ENTRIES = 2000
_UNPACKED_BYTES = 200 * 1024 * 1024
_RATIO = 120
_SMALL_BYTES = 1024 * 1024
_HEAD = 4096
_CHUNK = 64 * 1024

_TOO_MANY = f"超过 {_ENTRIES} 项|more than {_ENTRIES} entries"
_TOO_MUCH = "解压后过大|it unpacks to too much"
_NESTED = "嵌有别的文件包|a package inside the package"
_PATHS = "内部路径不当|paths that lead outside"

_PROGRAMS = re.compile(
    r"\.(exe|dll|com|scr|pif|msi|bat|cmd|ps1|vbs|vbe|js|jse|wsf|wsh|hta|jar|class|sh|py|lnk|reg|cpl|"
    r"apk|so|dylib|chm|html?|svg|mht|swf)$",
    re.IGNORECASE,
)
_ARCHIVES = re.compile(r"\.(zip|7z|rar|gz|tgz|bz2|xz|tar|cab|iso)$", re.IGNORECASE)
_MACROS = re.compile(r"(vbaproject|vbadata|macrosheets?|activex|/customui)", re.IGNORECASE)
_MAGIC_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_MAGIC_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
_OLE = b"\xd0\xcf\x11\xe0"


def look_into(path: Path) -> str:
    """Return the kind of a package: ``docx``, ``xlsx``, ``ofd`` or ``zip``; all of it was unpacked.

    Raises:
        Trouble: it unpacks to too much, or holds programs, macros, packages, passwords.
    """
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
            if len(entries) > _ENTRIES:
                raise Trouble(
                    "uploads.package-unsafe",
                    problem=_TOO_MANY,
                )
            kind = _kind({entry.filename for entry in entries})
            total = 0
            for entry in entries:
                _refuse_name(entry)
                total += _unpacked(package, entry, kind, _UNPACKED_BYTES - total)
            if total > _SMALL_BYTES and total > _RATIO * max(path.stat().st_size, 1):
                raise Trouble("uploads.package-unsafe", problem=_TOO_MUCH)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError) as problem:
        raise Trouble("uploads.damaged") from problem
    return kind


def _kind(names: set[str]) -> str:
    if "OFD.xml" in names:
        return "ofd"
    if "[Content_Types].xml" in names:
        if "word/document.xml" in names:
            return "docx"
        if "xl/workbook.xml" in names:
            return "xlsx"
    return "zip"


def _refuse_name(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.flag_bits & 0x1:
        raise Trouble("uploads.locked")
    if name.startswith(("/", "\\")) or ".." in re.split(r"[\\/]", name) or ":" in name:
        raise Trouble("uploads.package-unsafe", problem=_PATHS)
    if _MACROS.search(name) or _PROGRAMS.search(name):
        raise Trouble("uploads.active")
    if _ARCHIVES.search(name):
        raise Trouble("uploads.package-unsafe", problem=_NESTED)


def _unpacked(package: zipfile.ZipFile, entry: zipfile.ZipInfo, kind: str, left: int) -> int:
    """Unpack one entry into nothing; return its true size. The directory's own numbers may lie."""
    size = 0
    with package.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            if size == 0:
                _refuse_content(entry.filename, piece[:_HEAD], kind)
            size += len(piece)
            if size > left:
                raise Trouble("uploads.package-unsafe", problem=_TOO_MUCH)
            if size > _SMALL_BYTES and size > _RATIO * max(entry.compress_size, 1):
                raise Trouble("uploads.package-unsafe", problem=_TOO_MUCH)
    return size


def _refuse_content(name: str, head: bytes, kind: str) -> None:
    if head.startswith(_MAGIC_PROGRAMS):
        raise Trouble("uploads.active")
    if head.startswith(_MAGIC_ARCHIVES) or (kind != "zip" and head.startswith(_OLE)):
        raise Trouble("uploads.package-unsafe", problem=_NESTED)
    if name.lower().endswith((".xml", ".rels")):
        text = head.replace(b"\x00", b"")
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise Trouble("uploads.active")
        if b"macroEnabled" in text or (b"attachedTemplate" in text and b"External" in text):
            raise Trouble("uploads.active")
