"""Record in the hub's journal what happens at the doors: signing in and out, reading journals.

Only what a reader cannot have typed enters: names of routes and filters, numbers of known cases.
"""

from __future__ import annotations

from builder.web.context import platform
from federation.audit import Entry
from federation.store import write

__all__ = ["VISITOR", "note"]

VISITOR = "visitor"


def note(kind: str, actor: str, **facts: object) -> None:
    """Write one entry; when it cannot be written, the request fails.

    Raises:
        JournalUnwritable: the store does not take it.
    """
    here = platform()
    with write(here.hub_engine) as conn:
        here.journal.append(conn, Entry(kind=kind, at=here.clock(), actor=actor, facts=facts))
