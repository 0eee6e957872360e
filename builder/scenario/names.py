"""Say which names a spec may use: kebab-case ids, snake_case names, no SQL keyword."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["KEBAB", "SNAKE", "SQL_KEYWORDS", "as_kebab", "as_snake", "nearest"]

KEBAB = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SNAKE = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"

_RESERVED = """
    add all alter analyse analyze and any array as asc asymmetric attach autoincrement begin between
    both cache call case cast check collate column comment commit connect constraint copy create
    cross default deferrable delete desc describe detach disconnect distinct do drop else end escape
    except execute exists explain false fetch for force foreign from full glob grant group having if
    ilike in index indexed initially inner insert install intersect into is isnull join lambda
    lateral leading left like limit load map match merge natural not nothing notnull null offset on
    only or order outer pivot pivot_longer pivot_wider placing positional pragma prepare primary
    qualify raise references regexp rename reset returning revoke right rollback select set show
    some summarize symmetric table tablesample then to trailing transaction true truncate union
    unique unpivot update use using vacuum values variadic when where window with
"""
SQL_KEYWORDS = frozenset(_RESERVED.split())
"""What DuckDB or SQLite reserves, or sqlglot reads as something other than a name."""

_SHOWN = 8


def as_kebab(text: str) -> str:
    """Return the nearest kebab-case id.

    >>> as_kebab("Apply Form_2")
    'apply-form-2'
    """
    return _joined(text, "-")


def as_snake(text: str) -> str:
    """Return the nearest snake_case name.

    >>> as_snake("has-fund")
    'has_fund'
    """
    return _joined(text, "_")


def nearest(wrong: str, known: Iterable[str]) -> list[str]:
    """Return the known names a writer may have meant, the most similar first, at most eight."""
    names = sorted(set(known))
    close = difflib.get_close_matches(wrong, names, n=_SHOWN, cutoff=0.5)
    return [*close, *(name for name in names if name not in close)][:_SHOWN] or ["—"]


def _joined(text: str, by: str) -> str:
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    words = re.findall(r"[a-z0-9]+", parts.lower())
    name = by.join(words) or "name"
    return name if name[0].isalpha() else f"n{by}{name}"
