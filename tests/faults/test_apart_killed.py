"""Nodes and issuer run apart and are killed, stopped and held: every matter comes to its end."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from datetime import timedelta

import pytest
from afterlife import CERTIFIED, HANDLED
from matter_checks import journals_hold, killing, look_at, whole_matter
from persistent import Person, hand_in, handle_all, person
from town import Town, rows, until

from builder.app.places import now_in_shanghai
from federation.node import Node

pytestmark = [pytest.mark.slow, pytest.mark.processes]

PROGRAMS = ("issuer", "node:police", "node:health", "node:civil-affairs", "web", "worker")


@pytest.fixture
def citizen(apart: Town) -> Person:
    return person(apart.address, "chen-jing")


def waiting(town: Town, case_no: str) -> list[tuple[object, ...]]:
    return rows(town.home, f"SELECT step, fault FROM pending_query WHERE case_no = '{case_no}'")


DEPARTMENTS = HANDLED[len(CERTIFIED) :]
ALONE = tuple(step for step in DEPARTMENTS if step[0] == "officer-medical-insurance")
OTHERS = tuple(s for s in DEPARTMENTS if s not in ALONE)


@pytest.fixture
def officers(apart: Town) -> dict[str, Person]:
    return {account: person(apart.address, account) for account, _, _ in HANDLED}


def finish(town: Town, officers, case_no: str, steps=DEPARTMENTS) -> None:
    handle_all(officers, case_no, steps=steps)
    look_at(town, case_no)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_killed_at_every_step_loses_nothing_and_repeats_nothing(apart, name):
    case_no, _ = whole_matter(apart, killing(apart, name, 1))
    look_at(apart, case_no)
    journals_hold(apart)


@pytest.mark.prove
@pytest.mark.parametrize("commit", [2, 3, 4, 5])
@pytest.mark.parametrize("name", PROGRAMS)
def test_whichever_commit_is_the_last_nothing_is_lost(apart, name, commit):
    case_no, _ = whole_matter(apart, killing(apart, name, commit))
    look_at(apart, case_no)
    journals_hold(apart)


def test_a_department_that_is_away_delays_its_own_branch_and_the_case_goes_on_by_itself(
    apart, citizen, officers, record_property
):
    with apart.held("node:medical-insurance"):
        case_no = hand_in(citizen)
        handle_all(officers, case_no, steps=CERTIFIED)
        until(lambda: len(waiting(apart, case_no)) == 1)
        [(step, fault)] = waiting(apart, case_no)
        assert step == "ask-medical"
        assert str(fault).startswith("link.")
        page = citizen.at(f"/cases/{case_no}")
        assert "市医疗保障局" in page.text
        assert "再试" in page.text or "重试" in page.text
        handle_all(officers, case_no, steps=OTHERS)
    took = until(lambda: not waiting(apart, case_no))
    record_property("resumed_s", round(took, 1))
    finish(apart, officers, case_no, ALONE)


def test_a_department_that_hangs_keeps_nobody_waiting(apart, citizen, officers):
    pid = apart.pid("node:health")
    family = [pid, *(int(p) for p in _children(pid))]
    for member in family:
        os.kill(member, signal.SIGSTOP)
    try:
        case_no = hand_in(citizen)
        handle_all(officers, case_no, steps=CERTIFIED)
    finally:
        for member in family:
            os.kill(member, signal.SIGCONT)
    until(lambda: not waiting(apart, case_no), limit_s=60)
    finish(apart, officers, case_no)


def test_a_use_that_was_begun_and_whose_end_nobody_wrote_is_reported(apart, citizen, officers):
    def told(moment: str) -> None:
        if moment == "ask":
            apart.arm("node:police", 2)  # 1 opens the use, 2 closes it

    before = _left_open(apart, "police")
    case_no = hand_in(citizen)
    handle_all(officers, case_no, told, steps=CERTIFIED)
    until(lambda: not waiting(apart, case_no), limit_s=60)
    assert apart.disarm("node:police")
    assert len(_left_open(apart, "police") - before) == 1
    finish(apart, officers, case_no)


def _left_open(town: Town, party: str) -> set[int]:
    """Return the uses without an end in a node's journal, as it will tell them in ten minutes."""
    with closing(Node.open(town.home / "nodes" / party, clock=now_in_shanghai)) as node:
        report = node.journal.verify(node.clock() + timedelta(minutes=11))
    assert not report.findings
    return {use.seq for use in report.unclosed}


def _children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123
        return file.read().split()
