"""Serve a city by gunicorn as it is served for real, for as long as something is measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from load import Browser, memory_mib, processor_s
from ports import free_port

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Server:
    """A city being served."""

    port: int
    pid: int

    @property
    def memory_mib(self) -> float:
        """Return the memory of all its processes."""
        return memory_mib(self.pid)

    @property
    def processor_s(self) -> float:
        """Return the processor time of all its processes so far."""
        return processor_s(self.pid)


@contextmanager
def served(
    home: Path, *, workers: int = 1, threads: int = 8, app: str = "wsgi:app"
) -> Iterator[Server]:
    """Run gunicorn on a free port until the block ends."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}",
        "--workers", str(workers), "--worker-class", "gthread", "--threads", str(threads),
        "--graceful-timeout", "10", "--log-level", "warning", "--access-logfile", os.devnull,
        app,
    ]  # fmt: skip
    environment = {**os.environ, "SCENARIST_HOME": str(home.resolve())}
    program = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(port)
        yield Server(port, program.pid)
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(timeout=20)


def _wait(port: int, within_s: float = 40) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        with suppress(OSError):
            browser = Browser(port)
            if browser.get("/healthz").status == 200:
                browser.close()
                return
        time.sleep(0.05)
    raise TimeoutError(port)
