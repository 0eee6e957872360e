"""Cut one page out of a list that a view gives whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from builder.web.api.operation import Answer

__all__ = ["one_page"]

_T = TypeVar("_T")


def one_page(
    entries: Sequence[_T],
    place: Callable[[_T], str],
    after: str | None,
    limit: int,
    *,
    newest_first: bool = False,
) -> Answer:
    """Return the entries behind a place, at most `limit`, and where the next page begins.

    Args:
        entries: in the order of their places, or in its reverse with `newest_first`.
        place: what an entry is ordered by, unique.
        after: the last place shown.
        limit: how many at most.
        newest_first: places fall.

    >>> one_page("abcd", str, "a", 2)
    Answer(value=['b', 'c'], version=None, location=None, place='c')
    """

    def is_behind(entry: _T) -> bool:
        if after is None:
            return True
        return place(entry) < after if newest_first else place(entry) > after

    rest = [e for e in entries if is_behind(e)]
    shown = rest[:limit]
    return Answer(shown, place=place(shown[-1]) if len(rest) > limit else None)
