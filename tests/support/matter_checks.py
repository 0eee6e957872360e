"""Carry a matter to its end while programs are killed; look whether it came there whole."""

from __future__ import annotations

import json
from collections import Counter

from afterlife import HANDLED
from persistent import hand_in, handle_all, person
from town import Town, rows

from builder.app import opened

STEPS = ("prefill", "submit", "act", "ask", "close")


def whole_matter(town: Town, name: str, commit: int) -> tuple[str, int]:
    """Carry one matter to its end while a program is killed once in each of five steps."""
    killed = 0
    armed = False
    left = set(STEPS)

    def told(step: str) -> None:
        nonlocal killed, armed
        if armed:
            killed += town.disarm(name)
        armed = step in left
        if armed:
            left.remove(step)
            town.arm(name, commit)

    case_no = hand_in(person(town.address, "chen-jing"), told)
    people = {account: person(town.address, account) for account, _, _ in HANDLED}
    handle_all(people, case_no, told)
    if armed:
        killed += town.disarm(name)
    return case_no, killed


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
