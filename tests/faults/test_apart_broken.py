"""Certificates end, strangers answer, cables are pulled: each is named, the case waits, goes on."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import contextmanager

import pytest
from afterlife import CERTIFIED, HANDLED
from harms import clock_off, in_a_network_of_its_own, misbehaving, other_certificate
from matter_checks import journals_hold, look_at
from persistent import Person, hand_in, handle_all, person
from town import Town, rows, until

from builder.cli.doctor import examine

pytestmark = [pytest.mark.slow, pytest.mark.processes]

NODE = "node:medical-insurance"


def waiting(town: Town, case_no: str) -> list[tuple[object, ...]]:
    return rows(town.home, f"SELECT step, fault FROM pending_query WHERE case_no = '{case_no}'")


def people_of(town: Town) -> dict[str, Person]:
    return {account: person(town.address, account) for account, _, _ in HANDLED}


def asked(town: Town) -> str:
    """Return a case handed in, accepted and certified, so that the departments are asked."""
    case_no = hand_in(person(town.address, "chen-jing"))
    handle_all(people_of(town), case_no, steps=CERTIFIED)
    return case_no


def finish(town: Town, case_no: str) -> None:
    until(lambda: not waiting(town, case_no), limit_s=60)
    handle_all(people_of(town), case_no, steps=HANDLED[len(CERTIFIED) :])
    look_at(town, case_no)
    journals_hold(town)


HARMS = {
    "link.certificate-expired": lambda town: other_certificate(town, NODE, "expired"),
    "link.certificate-untrusted": lambda town: other_certificate(town, NODE, "other-city"),
    "link.peer-wrong": lambda town: other_certificate(town, NODE, "somebody-else"),
    "link.garbled": lambda town: misbehaving(town, NODE, "garbage"),
    "link.truncated": lambda town: misbehaving(town, NODE, "truncated"),
    "link.timeout": lambda town: misbehaving(town, NODE, "slow"),
}


@pytest.mark.parametrize("code", HARMS)
def test_what_is_wrong_with_a_node_is_named_and_only_its_branch_waits(apart, code):
    seen: set[object] = set()

    def named() -> bool:
        found = waiting(apart, case_no)
        assert {step for step, fault in found if fault} <= {"ask-medical"}
        seen.update(fault for _, fault in found)
        return code in seen

    with HARMS[code](apart):
        case_no = asked(apart)
        until(named, limit_s=60)
        [node] = [c for c in examine(apart.home) if c.what.zh == "节点 市医疗保障局"]
        assert not node.ok
        assert node.fix.zh
        [port] = [c for c in examine(apart.home) if f"({NODE})" in c.what.en]
        assert not port.ok  # somebody else stands there
    finish(apart, case_no)


@pytest.mark.skipif(not shutil.which("faketime"), reason="setting a clock wrong needs faketime")
def test_a_node_whose_clock_jumped_is_named_and_answers_when_it_is_set(apart):
    def is_named() -> bool:
        return [fault for _, fault in waiting(apart, case_no)] == ["trust.request-stale"]

    with clock_off(apart, NODE, "+2h"):
        case_no = asked(apart)
        until(is_named, limit_s=60)
        [node] = [c for c in examine(apart.home) if c.what.zh == "节点 市医疗保障局"]
        assert not node.ok
        assert "cli.clock-apart" in node.found.zh

    def is_answered() -> bool:
        """Ask again, as the page offers; a moment after the last time at the earliest."""
        page = person(apart.address, "chen-jing").at(f"/cases/{case_no}")
        if "现在再问一次" in page.buttons:
            page.press("现在再问一次")
        threading.Event().wait(1)
        return not waiting(apart, case_no)

    until(is_answered, limit_s=30)
    finish(apart, case_no)


@contextmanager
def _unplugged(cable):
    cable.pull()
    try:
        yield
    finally:
        cable.plug()


@pytest.mark.skipif(os.geteuid() != 0, reason="making a network needs root")
def test_a_pulled_cable_is_named_and_the_case_goes_on_when_it_is_plugged_in(apart):
    with in_a_network_of_its_own(apart, NODE) as cable:
        with _unplugged(cable):
            case_no = asked(apart)
            until(lambda: waiting(apart, case_no), limit_s=60)
            until(lambda: str(waiting(apart, case_no)[0][1]).startswith("link."), limit_s=60)
        until(lambda: not waiting(apart, case_no), limit_s=60)
    finish(apart, case_no)
