"""Carry a matter to its end while programs are killed; look whether it came there whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping

from afterlife import HANDLED
from persistent import Person, hand_in, handle_all, person
from town import Town, rows

from builder.app import opened

PEOPLE = ("chen-jing", *sorted({account for account, _, _ in HANDLED}))
STEPS = ("prefill", "submit", "act", "ask", "close")


Mend = Callable[[], bool]
"""Takes harm away; tells whether it had struck."""


def whole_matter(
    town: Town, harm: Callable[[], Mend], people: Mapping[str, Person] | None = None
) -> tuple[str, int]:
    """Carry one matter to its end while harm is done once in each of five steps.

    Returns:
        the case's number, and how often harm struck.
    """
    struck = 0
    mend: Mend | None = None
    left = set(STEPS)

    def told(step: str) -> None:
        nonlocal struck, mend
        if mend:
            struck += mend()
            mend = None
        if step in left:
            left.remove(step)
            mend = harm()

    people = people or {account: person(town.address, account) for account in PEOPLE}
    case_no = hand_in(people["chen-jing"], told)
    handle_all(people, case_no, told)
    if mend:
        struck += mend()
    return case_no, struck


def killing(town: Town, name: str, commit: int) -> Callable[[], Mend]:
    """Return a harm: a program kills itself before its N-th commit."""

    def harm() -> Mend:
        town.arm(name, commit)
        return lambda: town.disarm(name)

    return harm


def look_at(town: Town, case_no: str) -> None:
    """Look whether a matter came to its end whole, each thing once."""
    [(status,)] = rows(town.home, f"SELECT status FROM \"case\" WHERE case_no = '{case_no}'")
    assert status == "completed"
    events = rows(town.home, f"SELECT seq, kind, data, step FROM event WHERE case_no = '{case_no}'")
    assert sorted(e[0] for e in events) == list(range(1, len(events) + 1))
    done = Counter(json.loads(e[2])["task"] for e in events if e[1] == "task_done")
    assert sorted(done.values()) == [1] * len(HANDLED)
    asked = Counter(e[3] for e in events if e[1] == "query_answered")
    assert set(asked.values()) == {1}
    assert rows(town.home, "SELECT count(*) FROM draft")[0][0] == 0
    notices = rows(town.home, f"SELECT event FROM notice WHERE case_no = '{case_no}'")
    assert len(notices) == len(set(notices))


def journals_hold(town: Town) -> None:
    with opened(town.home) as platform:
        for name, journal in platform.journals.items():
            report = journal.verify(platform.clock())
            assert [f.code for f in report.findings] == [], name
