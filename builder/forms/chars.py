"""Clean what people type and paste: widths, spaces, and characters nobody sees."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_hostile", "line", "lines", "narrow", "squeeze"]

# Removed without a word: pasted from chats and web pages, harmless (soft hyphen, zero-width space,
# word joiner, byte-order mark, variation of nothing).
_UNSEEN = re.compile("[\u00ad\u180e\u200b\u2060\ufeff]")
# Never typed on purpose: C0/C1 controls, direction overrides and isolates, line and paragraph
# separators, tags, lone surrogates, noncharacters.
_HOSTILE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c"
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_JOINTS = re.compile(r"[\s\-‐‑‒–—―−－·.]+")


def is_hostile(text: str) -> bool:
    """Tell whether a text holds characters that nobody types on purpose.

    >>> is_hostile("张\u202e三"), is_hostile("张三")
    (True, False)
    """
    return _HOSTILE.search(text) is not None


def lines(text: str) -> str:
    r"""Return a text of several lines, cleaned: unseen characters gone, breaks as ``\n``.

    >>> lines(" 一\u200b行\r\n\u3000二行\x00 ")
    '一行\n 二行'
    """
    text = _HOSTILE.sub("", _UNSEEN.sub("", _BREAKS.sub("\n", text)))
    text = unicodedata.normalize("NFC", text)
    return "\n".join(_SPACES.sub(" ", part).rstrip() for part in text.split("\n")).strip()


def line(text: str) -> str:
    r"""Return a text of one line, cleaned.

    >>> line("\u3000王\u00a0 小明\n")
    '王 小明'
    """
    return lines(text).replace("\n", " ")


def narrow(text: str) -> str:
    """Return a text with full-width letters, digits and signs as their plain forms.

    >>> narrow("３４０１Ｘ,")
    '3401X,'
    """
    return unicodedata.normalize("NFKC", line(text))


def squeeze(text: str) -> str:
    """Return a code as typed for reading, without its spaces, hyphens and dots, in capitals.

    >>> squeeze("３４０１－０１ 1990 x")
    '3401011990X'
    """
    return _JOINTS.sub("", narrow(text)).upper()
