"""The worker as it is started in a city: several processes, ended gently or not at all gently."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from builder.app import opened
from builder.cases import keeping
from builder.work.running import FILE_NAME
from tests.matters.conftest import Matter

pytestmark = [pytest.mark.processes, pytest.mark.slow]


@pytest.fixture
def down(home):
    """The housing fund's database is away; returns what brings it back."""
    source = home / "nodes" / "housing-fund" / "source.db"
    away = source.with_suffix(".away")
    source.rename(away)
    return lambda: away.rename(source)


@pytest.fixture
def start(home):
    """Return a function: a worker process of this city."""
    running = []

    def begin() -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", "builder.cli", "--home", str(home), "work"]
        running.append(subprocess.Popen(program, stderr=subprocess.PIPE, env=dict(os.environ)))
        return running[-1]

    yield begin
    for one in running:
        one.kill()
        one.wait(30)
        one.stderr.close()


def stories(home, number: str) -> list[tuple[str, str]]:
    """Return a case's events about questions: kind and step."""
    with opened(home) as platform:
        stored = keeping.load_case(platform.deployments.of_case(number), number)
        return [(e.kind, e.step or "") for e in stored.events if e.kind.startswith("query_")]


def until(condition, what: str, seconds: float) -> None:
    ticking = threading.Event()
    for _ in range(int(seconds / 0.25)):
        if condition():
            return
        ticking.wait(0.25)
    raise AssertionError(what)


def hand_in(home, answers, handling, count: int) -> list[str]:
    numbers = []
    with opened(home) as platform:
        for _ in range(count):
            matter = Matter(platform, platform.accounts.named, answers, handling)
            numbers.append(matter.fill().ask_departments().case_no)
    return numbers


def test_two_workers_carry_cases_on_once_and_end_when_they_are_told(
    home, down, start, answers, handling
):
    numbers = hand_in(home, answers, handling, 3)
    workers = [start(), start()]
    until((home / FILE_NAME).exists, "the queue is there", 60)
    down()
    until(
        lambda: all(("query_answered", "ask-fund") in stories(home, n) for n in numbers),
        "the cases go on",
        60,
    )
    for number in numbers:
        assert stories(home, number).count(("query_answered", "ask-fund")) == 1
    for one in workers:
        one.send_signal(signal.SIGTERM)
    assert [one.wait(30) for one in workers] == [0, 0]
    for one in workers:
        assert b"Traceback" not in one.stderr.read()


def test_what_a_killed_worker_left_another_does(home, down, start, answers, handling):
    (number,) = hand_in(home, answers, handling, 1)
    first = start()
    until(lambda: stories(home, number).count(("query_failed", "ask-fund")) > 1, "it asks", 60)
    first.kill()
    first.wait(30)
    for file in home.glob(f"{FILE_NAME}*"):
        file.unlink()
    down()
    start()
    until(lambda: ("query_answered", "ask-fund") in stories(home, number), "it goes on", 90)
    assert stories(home, number).count(("query_answered", "ask-fund")) == 1
