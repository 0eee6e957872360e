"""A city's real programs under the product's own supervisor, each of which a test can kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from builder.cli.programs import city
from builder.cli.supervise import Program, Supervisor, running

CRASH = Path(__file__).parents[1] / "faults" / "crash"
DEPLOYMENT = "340100/s23-afterlife"


class Town:
    """The programs of one city, running.

    Args:
        home: the city's folder.
        port: where the pages are served.
        only: names of the programs to run; None for all.
    """

    def __init__(self, home: Path, port: int, only: Callable[[str], bool] | None = None) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self._armed = home / "armed"
        self._armed.mkdir(exist_ok=True)
        programs = city(home, "127.0.0.1", port, workers=1, with_worker=True)
        self.programs = [self._killable(p) for p in programs if only is None or only(p.name)]
        self._supervisor = Supervisor(home)
        self._watching = threading.Thread(target=self._supervisor.watch)

    def start(self) -> None:
        self._supervisor.start(self.programs)
        self._watching.start()

    def end(self) -> None:
        self._supervisor.stop()
        self._watching.join()
        self._supervisor.end()

    def power_cut(self) -> None:
        """Kill all programs at once, and let none begin anew."""
        self._supervisor.stop()
        self._watching.join()
        for program in self.programs:
            self.kill(program.name)
        self._supervisor.end()

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Keep a program from running for a while."""
        with self._supervisor.held(name):
            yield

    def pid(self, name: str) -> int:
        return int(str(running(self.home)[name]["pid"]))

    def kill(self, name: str) -> None:
        """Kill a program and the processes it made."""
        for pid in reversed(_family(self.pid(name))):
            os.kill(pid, signal.SIGKILL)

    def arm(self, name: str, commit: int) -> None:
        """Let a program kill itself right before its N-th commit from now on."""
        scratch = self._armed / f"{_file(name)}.new"
        scratch.write_text(str(commit))
        scratch.replace(self._armed / _file(name))

    def disarm(self, name: str) -> bool:
        """Let a program live; return whether it was to die and did."""
        try:
            (self._armed / _file(name)).unlink()
        except FileNotFoundError:
            return True
        return False

    def commits(self, name: str) -> int:
        """Return how many commits a program made while it was armed."""
        try:
            return (self._armed / f"{_file(name)}.commits").stat().st_size
        except FileNotFoundError:
            return 0

    def _killable(self, program: Program) -> Program:
        path = os.pathsep.join(p for p in (str(CRASH), os.environ.get("PYTHONPATH", "")) if p)
        armed = {"PYTHONPATH": path, "SCENARIST_CRASH": str(self._armed / _file(program.name))}
        return replace(program, environment={**program.environment, **armed})


def until(seen: Callable[[], object], limit_s: float = 30.0) -> float:
    """Wait until something is seen; return after how many seconds."""
    began = time.monotonic()
    while not seen():
        assert time.monotonic() < began + limit_s, "it never came"
        threading.Event().wait(0.05)
    return time.monotonic() - began


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    """Read a deployment's case store beside the programs that use it."""
    store = home / "deployments" / DEPLOYMENT / "case.db"
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as conn:
        return conn.execute(query).fetchall()


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(p for child in children for p in _family(int(child)))]


def _file(name: str) -> str:
    return name.replace(":", "-")
