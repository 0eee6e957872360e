"""Clean the names of files: what people see, never what decides where or how a file is kept."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["LONGEST", "clean_name"]

LONGEST = 120
"""Characters of a name that are kept."""

_NO_NAME = "文件"
# Controls, direction marks, invisible characters, separators, lone surrogates, private use, tags.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORBIDDEN = re.compile(r'[<>:"|?*\\/]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def clean_name(name: str | None) -> str:
    r"""Return a name as it is kept and shown: one line, no folder, nothing unseen, not too long.

    >>> clean_name("../../etc/passwd"), clean_name("C:\\temp\\户口簿.pdf")
    ('passwd', '户口簿.pdf')
    >>> clean_name("发票\u202egpj.exe"), clean_name("\x00..")
    ('发票gpj.exe', '文件')
    """
    text = unicodedata.normalize("NFC", (name or "")[:4000])
    text = text.replace("\\", "/").rpartition("/")[2]
    text = "".join(c for c in text if unicodedata.category(c) not in _DROPPED)
    text = _FORBIDDEN.sub("_", " ".join(text.split())).strip(" .")
    if not text or _DEVICES.match(text):
        return f"{_NO_NAME}{_tail(text)}" if text else _NO_NAME
    return _shortened(text)


def _tail(text: str) -> str:
    """Return the ending of a name with its dot, where it has a short one."""
    head, dot, tail = text.rpartition(".")
    return f".{tail}" if head and dot and len(tail) <= 8 else ""


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    tail = _tail(text)
    return text[: LONGEST - len(tail)].rstrip(" .") + tail
