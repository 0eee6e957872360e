"""Grade data by the harm their disclosure would do (GB/T 43697-2024)."""

from __future__ import annotations

from enum import Enum
from functools import total_ordering

__all__ = ["Grade"]


@total_ordering
class Grade(Enum):
    """A grade: general data L1 (open) to L4, then important and core data.

    >>> Grade.L2 < Grade.L4 < Grade.IMPORTANT < Grade.CORE
    True
    >>> str(max(Grade("L3"), Grade("important")))
    'important'
    """

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    IMPORTANT = "important"
    CORE = "core"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Grade):
            return NotImplemented
        return _RANK[self.value] < _RANK[other.value]

    def __str__(self) -> str:
        return self.value


_RANK = {grade.value: rank for rank, grade in enumerate(Grade)}
