"""Show a list of texts to expressions, which know no lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from builder.scenario.model import Json

__all__ = ["lines_of"]


def lines_of(answer: Json) -> str | None:
    r"""Return a list of texts as text: each on a line of its own, a break before and after.

    So ``contains(f.kinds, '⏎a⏎')`` (⏎ being a line break) finds a value and no part of another.
    None for what is no list of texts, and for an empty one.

    >>> lines_of(["a", "b"])
    '\na\nb\n'
    """
    if isinstance(answer, list | tuple) and answer and all(isinstance(x, str) for x in answer):
        return "".join(f"\n{text}" for text in cast("Sequence[str]", answer)) + "\n"
    return None
