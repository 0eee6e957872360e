"""Know what pages say: the two text files, flattened, read once, filled with values.

A key is dotted, ``"desk.title"``. Where a count decides the wording, a table holds ``one`` and
``other``; a language without that difference holds ``other`` only.

``elder.portal.title`` is what elder mode says in place of ``portal.title``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from builder.errors import Lang

__all__ = ["LANGUAGES", "Texts", "read_texts"]

LANGUAGES: tuple[Lang, ...] = get_args(Lang)
_EASY = "elder."


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language, by dotted key."""

    lang: Lang
    entries: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text, filled.

        Raises:
            KeyError: no such text, which is a mistake in a page.
        """
        text = self.entries[key]
        return text.format(**values) if values else text

    def count(self, key: str, number: int, **values: object) -> str:
        """Return a text in the wording for a number; ``{count}`` stands for it."""
        one = f"{key}.one"
        chosen = one if number == 1 and one in self.entries else f"{key}.other"
        return self(chosen, count=f"{number:,}", **values)

    def easy(self) -> Texts:
        """Return these texts with those of ``elder.`` in place of what they reword."""
        reworded = {
            key.removeprefix(_EASY): text
            for key, text in self.entries.items()
            if key.startswith(_EASY)
        }
        return Texts(self.lang, {**self.entries, **reworded})

    def either(self, key: str, fallback: str) -> str:
        """Return a text for a word from outside, or the word itself where none is written."""
        return self.entries.get(key, fallback)


def read_texts(folder: Path) -> dict[Lang, Texts]:
    """Read ``zh.toml`` and ``en.toml``."""
    return {
        lang: Texts(lang, dict(_flat(tomllib.loads((folder / f"{lang}.toml").read_text("utf-8")))))
        for lang in LANGUAGES
    }


def _flat(table: Mapping[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(cast("dict[str, object]", value), f"{before}{key}.")
        else:
            yield f"{before}{key}", str(value)
