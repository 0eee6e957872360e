"""Offer what pages offer, to programs: the operations of the interface, chapter by chapter."""

from __future__ import annotations

from builder.web.api import accounts, applying, desk, following, stewards
from builder.web.api.operation import Operation

__all__ = ["operations"]


def operations() -> tuple[Operation, ...]:
    """Return every operation in the order of the document."""
    chapters = (accounts, applying, following, desk, stewards)
    return tuple(o for chapter in chapters for o in chapter.registry.operations)
