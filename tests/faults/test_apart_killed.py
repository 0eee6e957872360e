"""Nodes and issuer run apart and are killed, stopped and held: every matter comes to its end."""

from __future__ import annotations

import os
import signal

import pytest
from afterlife import HANDLED
from matter_checks import journals_hold, look_at, whole_matter
from persistent import Person, hand_in, handle_all
from town import Town, rows, until

pytestmark = [pytest.mark.slow, pytest.mark.processes]

PROGRAMS = ("issuer", "node:police", "node:health", "node:civil-affairs", "web", "worker")


@pytest.fixture
def citizen(apart: Town) -> Person:
    return Person(apart.address, "chen-jing")


def waiting(town: Town, case_no: str) -> list[tuple[object, ...]]:
    return rows(town.home, f"SELECT step, fault FROM pending_query WHERE case_no = '{case_no}'")


def finish(town: Town, case_no: str) -> None:
    people = {account: Person(town.address, account) for account, _, _ in HANDLED}
    handle_all(people, case_no)
    look_at(town, case_no)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_killed_at_every_step_loses_nothing_and_repeats_nothing(apart, name):
    case_no, _ = whole_matter(apart, name, 1)
    look_at(apart, case_no)
    journals_hold(apart)


@pytest.mark.prove
@pytest.mark.parametrize("commit", [2, 3, 4, 5])
@pytest.mark.parametrize("name", PROGRAMS)
def test_whichever_commit_is_the_last_nothing_is_lost(apart, name, commit):
    case_no, _ = whole_matter(apart, name, commit)
    look_at(apart, case_no)
    journals_hold(apart)


def test_a_department_that_is_away_delays_its_own_branch_and_the_case_goes_on_by_itself(
    apart, citizen, record_property
):
    with apart.held("node:medical-insurance"):
        case_no = hand_in(citizen)
        until(lambda: len(waiting(apart, case_no)) == 1)
        [(step, fault)] = waiting(apart, case_no)
        assert step == "ask-medical"
        assert str(fault).startswith("link.")
        page = citizen.at(f"/cases/{case_no}")
        assert "市医疗保障局" in page.text
        assert "再试" in page.text or "重试" in page.text
    took = until(lambda: not waiting(apart, case_no))
    record_property("resumed_s", round(took, 1))
    finish(apart, case_no)


def test_a_department_that_hangs_keeps_nobody_waiting(apart, citizen):
    pid = apart.pid("node:health")
    family = [pid, *(int(p) for p in _children(pid))]
    for member in family:
        os.kill(member, signal.SIGSTOP)
    try:
        case_no = hand_in(citizen)
    finally:
        for member in family:
            os.kill(member, signal.SIGCONT)
    until(lambda: not waiting(apart, case_no), limit_s=60)
    finish(apart, case_no)


def _children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:  # noqa: PTH123
        return file.read().split()
