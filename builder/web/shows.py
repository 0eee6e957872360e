"""Say how states look: tone and icon beside the words, and how near a due date is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from builder.cases.words import OUTCOMES, PARTY_STATES, STATUSES
from builder.scenario.model import Text
from builder.web.texts import Texts

__all__ = ["Look", "Shown", "due_look", "looks"]


@dataclass(frozen=True, slots=True)
class Look:
    """Tone and icon of a state: colour never says it alone."""

    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A state ready to show."""

    tone: str
    icon: str
    text: Text


_INFO: Final = Look("info", "clock")
_GOOD: Final = Look("good", "done")
_BAD: Final = Look("bad", "stop")
_PLAIN: Final = Look("mute", "skip")
_YOURS: Final = Look("warn", "edit")
_RESTS: Final = Look("mute", "pause")

_LOOKS: Mapping[str, Mapping[str, Look]] = {
    "status": {
        "draft": Look("mute", "edit"),
        "running": _INFO,
        "correcting": _YOURS,
        "suspended": _RESTS,
        "owing": _YOURS,
        "returned": Look("warn", "return"),
        "completed": _GOOD,
        "rejected": _BAD,
        "withdrawn": _PLAIN,
    },
    "party": {
        "waiting": Look("mute", "waiting"),
        "working": _INFO,
        "correcting": Look("warn", "pause"),
        "suspended": _RESTS,
        "moved": Look("mute", "exit"),
        "done": _GOOD,
        "rejected": _BAD,
        "skipped": _PLAIN,
        "cancelled": _PLAIN,
        "unanswered": Look("warn", "alert"),
    },
    "outcome": {
        "answered": _GOOD,
        "empty": Look("mute", "search"),
        "refused": Look("bad", "lock"),
        "failed": Look("warn", "alert"),
        "completed": _GOOD,
    },
    "grant": {
        "asked": Look("warn", "clock"),
        "approved": _GOOD,
        "refused": _BAD,
        "revoked": Look("bad", "lock"),
        "expired": _PLAIN,
    },
    "task": {
        "open": _INFO,
        "correcting": Look("warn", "pause"),
        "suspended": _RESTS,
        "done": _GOOD,
        "cancelled": _PLAIN,
    },
    "owed": {
        "owed": Look("warn", "clock"),
        "late": Look("bad", "alert"),
        "given": _GOOD,
        "waived": _PLAIN,
        "dropped": _PLAIN,
    },
    "promise": {
        "open": Look("info", "edit"),
        "kept": _GOOD,
        "broken": _BAD,
    },
}
_WORDS: Mapping[str, Mapping[str, Text]] = {
    "status": STATUSES,
    "party": PARTY_STATES,
    "outcome": OUTCOMES,
}


def looks(kind: str, state: str, texts: Texts) -> Shown:
    """Return how a state looks; kinds are ``status party outcome grant task owed promise``."""
    look = _LOOKS[kind].get(state, _PLAIN)
    words = _WORDS.get(kind, {}).get(state)
    if words is None:
        said = texts.either(f"state.{kind}.{state}", state)
        words = Text(said, said)
    return Shown(look.tone, look.icon, words)


def due_look(due: datetime | None, now: datetime, texts: Texts) -> Shown | None:
    """Return how near a due date is, in days."""
    if due is None:
        return None
    days = (due.date() - now.date()).days
    if due < now:
        late = max(-days, 1)
        return _said("bad", "alert", texts.count("due.late", late))
    if days == 0:
        return _said("warn", "clock", texts("due.today"))
    tone = "warn" if days == 1 else "mute"
    return _said(tone, "clock", texts.count("due.left", days))


def _said(tone: str, icon: str, words: str) -> Shown:
    return Shown(tone, icon, Text(words, words))
