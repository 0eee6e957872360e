"""Name the positions a column may take in a question, and the ceiling that no rule may exceed.

A permission is a *set of positions* per column; what is not listed is sealed. Grades follow
GB/T 43697-2024: core and important data are sealed for the purposes served here, whatever a rule
says; general data may be shown to the one concerned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from federation.ledger import Grade
from federation.trust.token import CLAIMED

__all__ = [
    "APPLICANT",
    "EQ",
    "IN",
    "POSITIONS",
    "PROJECT",
    "REFERENCE",
    "ceiling",
    "is_covered",
]

PROJECT = "project"
"""The value is shown."""
REFERENCE = "reference"
"""The value is the reference number of a `verify` answer."""
EQ = "filter:eq"
"""Compared with one value."""
IN = "filter:in"
"""Compared with a list of values."""
APPLICANT = "filter:applicant"
"""Compared with the applicant's own ID number, as the case token states it, with nothing else."""

POSITIONS = (PROJECT, REFERENCE, EQ, IN, APPLICANT)

_NARROWER: Mapping[str, frozenset[str]] = MappingProxyType(
    {EQ: frozenset({EQ, APPLICANT}), IN: frozenset({IN, EQ, APPLICANT})}
)
_FILTERS = frozenset({EQ, IN, APPLICANT})
_BY_PURPOSE: Mapping[str, frozenset[str]] = MappingProxyType(
    {"case": _FILTERS | {PROJECT}, "verify": _FILTERS | {REFERENCE}}
)
_SEALED = frozenset({Grade.IMPORTANT, Grade.CORE})
_CLAIM = frozenset({APPLICANT, REFERENCE})


def ceiling(purpose: str, grade: Grade, relation: str) -> frozenset[str]:
    """Return the positions that no rule may exceed; empty means sealed.

    While a relation is only claimed, a column can be compared with the applicant's own number and
    nothing else, so that a claim cannot be used to probe somebody's record.
    """
    if grade in _SEALED:
        return frozenset()
    allowed = _BY_PURPOSE.get(purpose, frozenset())
    if relation == CLAIMED:
        return allowed & _CLAIM if purpose == "verify" else frozenset()
    return allowed


def is_covered(position: str, permitted: Iterable[str]) -> bool:
    """Say whether a permission covers a position: a list of values covers one value, and so on.

    >>> is_covered("filter:applicant", ["filter:eq"]), is_covered("filter:eq", ["project"])
    (True, False)
    """
    return any(position == p or position in _NARROWER.get(p, ()) for p in permitted)
