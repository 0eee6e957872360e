"""A matter of the demo city, whose lines to departments can be cut, slowed and watched."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from builder.work import Worker
from builder.work.queue import Job
from federation.link import InProcessLink
from federation.store import write
from tests.matters.conftest import (  # noqa: F401 - fixtures
    Matter,
    answers,
    check_whole,
    handed_in,
    handling,
    matter,
    reopened,
)

FRAGMENT = "/v1/fragment"


class Line:
    """The line to one party's real node: cut, or with its questions held up; it counts what passes.

    Attributes:
        asked: how often each path was asked while the line was whole.
        tried: how often anything was sent, cut or not.
        entered: released once for each question that is held up.
    """

    def __init__(self, app) -> None:
        self._app = app
        self._free = threading.Event()
        self._free.set()
        self.entered = threading.Semaphore(0)
        self.asked: Counter[str] = Counter()
        self.tried = 0
        self.is_cut = False

    def __call__(self, environ, start):
        self.tried += 1
        if self.is_cut:
            raise OSError("cut")
        if environ["PATH_INFO"] == FRAGMENT and not self._free.is_set():
            self.entered.release()
            assert self._free.wait(60)
        self.asked[environ["PATH_INFO"]] += 1
        return self._app(environ, start)

    def cut(self) -> None:
        self.is_cut = True

    def mend(self) -> None:
        self.is_cut = False

    def hold(self) -> None:
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()


@pytest.fixture
def line(platform) -> Iterator[Callable[[str], Line]]:
    """Return a function: party → the line to its node; ``issuer`` for the case issuer."""
    lines: dict[str, Line] = {}

    def of(party: str) -> Line:
        if party not in lines:
            hub = platform.hub
            link = hub.issuer.link if party == "issuer" else hub.nodes[party].link
            lines[party] = Line(link._app)
            again = InProcessLink(link.party, lines[party], peer=hub.id)
            if party == "issuer":
                hub.issuer = replace(hub.issuer, link=again)
            else:
                hub.nodes[party] = replace(hub.nodes[party], link=again)
        return lines[party]

    yield of
    for found in lines.values():
        found.mend()
        found.let_go()


@contextmanager
def no_events(engine) -> Iterator[None]:
    """Let nothing be written into cases, as when a program dies between asking and writing."""
    make = "CREATE TRIGGER crash BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'crash'); END"
    drop = "DROP TRIGGER crash"
    if engine.dialect.name == "postgresql":
        make = "ALTER TABLE event ADD CONSTRAINT crash CHECK (false) NOT VALID"
        drop = "ALTER TABLE event DROP CONSTRAINT crash"
    with write(engine) as conn:
        conn.exec_driver_sql(make)
    yield
    with write(engine) as conn:
        conn.exec_driver_sql(drop)


@pytest.fixture
def worker(platform) -> Callable[[], tuple[Worker, list[Job]]]:
    """Return a function: a worker, and the list its jobs are put in."""

    def made() -> tuple[Worker, list[Job]]:
        one = Worker(platform, threads=8)
        jobs: list[Job] = []
        one.put = jobs.append
        return one, jobs

    return made


@pytest.fixture
def cases(platform, who, answers, handling) -> Callable[[int], list[Matter]]:  # noqa: F811
    """Return a function: so many cases of one applicant, as far as the departments are asked."""

    def many(count: int) -> list[Matter]:
        found = []
        for _ in range(count):
            one = Matter(platform, who, answers, handling)
            found.append(one.fill().ask_departments())
        return found

    return many
