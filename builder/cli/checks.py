"""Say what one look at a machine or a city found, and what to do where it is not in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from builder.errors import Fault, Findings
from builder.scenario.model import Text

__all__ = ["Check", "attempt", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        ok: False where something must be done.
        found: what was seen.
        fix: what to do; None where nothing needs doing.
    """

    what: Text
    ok: bool
    found: Text
    fix: Text | None = None


def attempt(what: Text, look: Callable[[], Text]) -> Check:
    """Look; a Fault becomes a failed check with its own next step."""
    try:
        return Check(what, True, look())
    except Fault as fault:
        return failed(what, fault)


def failed(what: Text, fault: Fault) -> Check:
    """Return the check that a Fault made fail."""
    first = fault.findings[0] if isinstance(fault, Findings) and fault.findings else fault
    return Check(
        what,
        False,
        Text(f"{first.message('zh')} [{first.code}]", f"{first.message('en')} [{first.code}]"),
        Text(first.next_step("zh"), first.next_step("en")),
    )
