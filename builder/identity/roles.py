"""Name the roles an account may hold in the house; a matter's own roles stand in its spec."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AUDITOR",
    "CITIZEN",
    "COUNTY",
    "DESIGNER",
    "OFFICER",
    "ROLES",
    "SCIENTIST",
    "STEWARD",
]

CITIZEN: Final = "citizen"
OFFICER: Final = "officer"
STEWARD: Final = "steward"
AUDITOR: Final = "auditor"
DESIGNER: Final = "designer"
COUNTY: Final = "county-admin"
SCIENTIST: Final = "scientist"
ROLES: Final = (CITIZEN, OFFICER, STEWARD, AUDITOR, DESIGNER, COUNTY, SCIENTIST)
