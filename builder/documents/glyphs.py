"""Know which characters the fonts can print, and keep the others from spoiling a page."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from pathlib import Path

from builder.documents.errors import FontsMissing
from federation.store import resource

__all__ = ["FONTS", "MISSING", "Printable", "fonts", "missing_fonts"]

FONTS = (
    "NotoSerifSC_400Regular.ttf",
    "NotoSerifSC_700Bold.ttf",
    "NotoSansSC_400Regular.ttf",
    "NotoSansSC_700Bold.ttf",
)
"""Files under ``builder/_fonts``; `make assets` puts them there."""

MISSING = "〓"
"""What is printed for a character that no font has, as printers have always done."""

_LONG = re.compile(r"[!-~\u00a1-\u024f]{28,}")
_STEP = 24
# Nothing is printed for these: controls, direction marks and overrides, joiners, variation
# selectors, tags, separators. A right-to-left override could make a page say the reverse.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)


def fonts() -> Path:
    """Return the folder of fonts.

    Raises:
        FontsMissing: with the names of those that are not there.
    """
    gone = missing_fonts()
    if gone:
        raise FontsMissing(fonts=gone)
    return resource("fonts")


def missing_fonts() -> tuple[str, ...]:
    """Return the names of fonts that are not there."""
    folder = resource("fonts")
    return tuple(name for name in FONTS if not (folder / name).is_file())


class Printable:
    """Make texts printable, and remember what could not be printed.

    Attributes:
        missing: characters without a glyph, in order of appearance, each once.
    """

    def __init__(self) -> None:
        self.missing: dict[str, None] = {}
        self._known = _covered()

    def __call__(self, text: str) -> str:
        """Return a text of characters that can be printed; long words may be broken."""
        text = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
        for char in text:
            if ord(char) not in self._known and char != "\n":
                self.missing.setdefault(char)
        if self.missing:
            text = text.translate(dict.fromkeys(map(ord, self.missing), MISSING))
        return _LONG.sub(lambda m: "\u200b".join(_pieces(m.group())), text)


def _pieces(word: str) -> list[str]:
    return [word[i : i + _STEP] for i in range(0, len(word), _STEP)]


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    """Return the characters that all fonts have: any of them may be asked to print any text."""
    folder = fonts()
    return frozenset.intersection(*(frozenset(_read_cmap(folder / name)) for name in FONTS))


def _read_cmap(path: Path) -> set[int]:
    """Return the characters of a TrueType font (OpenType 1.9, table ``cmap``, format 12)."""
    with path.open("rb") as file:
        (count,) = struct.unpack(">4xH6x", file.read(12))
        tables: dict[bytes, int] = dict(
            struct.unpack(">4s4xI4x", file.read(16)) for _ in range(count)
        )
        file.seek(tables[b"cmap"])
        (subtables,) = struct.unpack(">2xH", file.read(4))
        places = [struct.unpack(">4xI", file.read(8))[0] for _ in range(subtables)]
        found: set[int] = set()
        for place in places:
            file.seek(tables[b"cmap"] + place)
            (form,) = struct.unpack(">H", file.read(2))
            if form != 12:
                continue
            (groups,) = struct.unpack(">10xI", file.read(14))
            raw = file.read(12 * groups)
            for first, last, glyph in struct.iter_unpack(">III", raw):
                found.update(range(first + (glyph == 0), last + 1))
        return found
