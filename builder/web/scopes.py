"""Say what a program may be let to do: scopes, and which roles hold them.

A scope narrows what an account may do, it never widens it: whose case, which department's task is
decided by commands and views as for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from builder.web.access import AUDITOR, CITIZEN, COUNTY, DESIGNER, OFFICER, SCIENTIST, STEWARD

__all__ = ["SCOPES", "scopes_of"]

SCOPES: Final[Mapping[str, tuple[str, ...]]] = {
    CITIZEN: ("drafts", "cases:read", "cases:write", "notices"),
    OFFICER: ("tasks:read", "tasks:write", "notices"),
    STEWARD: ("grants:read", "grants:write", "ledger"),
    AUDITOR: ("grants:read", "ledger"),
    DESIGNER: ("ledger",),
    COUNTY: ("ledger",),
    SCIENTIST: ("ledger",),
}


def scopes_of(roles: Iterable[str]) -> tuple[str, ...]:
    """Return all scopes of some roles, each once.

    >>> scopes_of(["steward", "auditor"])
    ('grants:read', 'grants:write', 'ledger')
    """
    return tuple(dict.fromkeys(s for role in roles for s in SCOPES.get(role, ())))
