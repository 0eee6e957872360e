"""Know a kiosk 自助机 by its browser session: which terminal it is, and how long it may rest.

What a kiosk may rest is kept in the sealed session cookie, so that it binds whatever scripts do: a
request that comes too late finds its sign-in ended.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flask import session

__all__ = ["IDLE_S", "Kiosk", "clear_session", "find", "keep", "leave", "terminal_name"]

IDLE_S: Final = 120
"""Without a touch, where the matter says nothing else."""
_KEY: Final = "kiosk"
_NAME: Final = re.compile(r"[\w.-]{1,24}")


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A public terminal.

    Attributes:
        terminal: what its own sticker says; empty where it has no name.
        idle_s: how long this page may rest.
        until_s: when that is over, seconds since 1970.
        is_touched: whether ending would wipe anything: somebody is signed in, or has chosen.
    """

    terminal: str
    idle_s: int
    until_s: int
    is_touched: bool = False


def find() -> Kiosk | None:
    """Return the kiosk that asks; None for any other browser."""
    kept = session.get(_KEY)
    if not isinstance(kept, dict):
        return None
    return Kiosk(str(kept["terminal"]), int(kept["idle_s"]), int(kept["until_s"]))


def keep(kiosk: Kiosk) -> Kiosk:
    """Write into the session until when the kiosk may rest."""
    session.permanent = True
    session[_KEY] = {
        "terminal": kiosk.terminal,
        "idle_s": kiosk.idle_s,
        "until_s": kiosk.until_s,
    }
    return kiosk


def leave() -> None:
    """Make it an ordinary browser again; nothing of its session stays."""
    session.clear()


def clear_session() -> None:
    """Forget everything of a browser session but that it is a kiosk's."""
    kept = session.get(_KEY)
    session.clear()
    if kept is not None:
        session[_KEY] = kept


def terminal_name(text: str) -> str:
    """Return a terminal's name as it may be shown; empty where it is none."""
    return text if _NAME.fullmatch(text) else ""
