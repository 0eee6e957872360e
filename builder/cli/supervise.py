"""Keep a city's programs running: start them in order, start again what ends, end all together.

Every program is a child process with a log of its own. When this process is killed, the children
end with it (on Linux), so that no department's node stays behind on its port.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from builder.cli.errors import ProgramFailed

__all__ = ["Program", "Supervisor", "running"]

_STATUS = Path("run") / "programs.json"
_LOGS = "logs"
_LOG_BYTES = 5 * 1024 * 1024
_AT_ONCE = 3
_LOOK_S = 0.2
_READY_S = 90.0
_LONGEST_PAUSE_S = 10.0
_STEADY_S = 30.0
_END_S = 15.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a city.

    Attributes:
        name: ``web``, ``worker``, ``issuer``, ``node:<party>`` …
        command: what is executed.
        port: on 127.0.0.1, where it listens when it is ready; None for one that does not listen.
        stage: programs of a lower stage are ready before those of a higher one are started.
        environment: added to this process's own.
        user: as whom it runs, where this process is root; None for the same.
        folder: where it runs.
    """

    name: str
    command: Sequence[str]
    port: int | None = None
    stage: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    folder: Path | None = None


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    began: float
    pause_s: float = 0.5
    again_at: float | None = None
    is_held: bool = False


class Supervisor:
    """The programs of one city, running.

    Args:
        home: the city's folder; logs lie in ``logs/``, who runs where in ``run/programs.json``.
        to_console: True leaves what the programs print on this terminal.
    """

    def __init__(self, home: Path, *, to_console: bool = False) -> None:
        self._home = home
        self._to_console = to_console
        self._children: dict[str, _Child] = {}
        self._ending = threading.Event()

    def start(
        self, programs: Sequence[Program], progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Start programs stage by stage; return when all are ready.

        Args:
            programs: all of them.
            progress: told how many of how many are ready.

        Raises:
            ProgramFailed: one ended or was not ready in time; those started are ended again.
        """
        done = 0
        try:
            for stage in sorted({p.stage for p in programs}):
                waiting = [p for p in programs if p.stage == stage]
                starting: list[_Child] = []
                while (waiting or starting) and not self._ending.is_set():
                    while waiting and len(starting) < _AT_ONCE:
                        starting.append(self._launch(waiting.pop(0)))
                    ready = [c for c in starting if self._is_ready(c)]
                    starting = [c for c in starting if c not in ready]
                    done += len(ready)
                    if ready and progress:
                        progress(done, len(programs))
                    if not ready:
                        self._ending.wait(0.02)
            self._write_status()
        except BaseException:
            self.end()
            raise

    def watch(self) -> None:
        """Stay until `stop` is called (SIGTERM, Ctrl-C); start again what ends meanwhile."""
        while not self._ending.wait(_LOOK_S):
            for child in list(self._children.values()):
                self._look_after(child)

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Keep one program stopped for a while; it is started again afterwards, at once."""
        child = self._children[name]
        child.is_held = True
        child.process.terminate()
        child.process.wait(timeout=_END_S)
        try:
            yield
        finally:
            child.again_at = 0.0
            child.is_held = False

    def stop(self) -> None:
        """Make `watch` return."""
        self._ending.set()

    def end(self) -> None:
        """End all programs, the last stage first; what does not end in time is killed."""
        self._ending.set()
        stages = sorted({c.program.stage for c in self._children.values()}, reverse=True)
        for stage in stages:
            group = [c.process for c in self._children.values() if c.program.stage == stage]
            for process in group:
                if process.poll() is None:
                    process.terminate()
            deadline = time.monotonic() + _END_S
            for process in group:
                try:
                    process.wait(timeout=max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self._children.clear()
        with suppress(OSError):
            (self._home / _STATUS).unlink()

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the city in an orderly way."""
        names = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(name, lambda *_: self.stop()) for name in names]
        try:
            yield
        finally:
            for name, handler in zip(names, before, strict=True):
                signal.signal(name, handler)

    def _launch(self, program: Program) -> _Child:
        child = _Child(program, self._spawn(program), time.monotonic())
        self._children[program.name] = child
        return child

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        log = None if self._to_console else _open_log(self._home, program.name)
        try:
            return subprocess.Popen(  # noqa: S603 - our own programs
                list(program.command),
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=program.user,
                cwd=program.folder,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one system call, no lock is taken
            )
        except OSError as fault:
            raise ProgramFailed(program=program.name, log=_log_name(program.name)) from fault
        finally:
            if log is not None:
                os.close(log)

    def _is_ready(self, child: _Child) -> bool:
        program = child.program
        took = time.monotonic() - child.began
        if child.process.poll() is not None or took > _READY_S:
            raise ProgramFailed(program=program.name, log=_log_name(program.name))
        return program.port is None or _listens(program.port)

    def _look_after(self, child: _Child) -> None:
        """Start a program again that ended, after a pause that grows while it keeps ending."""
        now = time.monotonic()
        if child.is_held:
            return
        if child.process.poll() is None:
            if now - child.began > _STEADY_S:
                child.pause_s = 0.5
            return
        if child.again_at is None:
            child.again_at = now + child.pause_s
            child.pause_s = min(child.pause_s * 2, _LONGEST_PAUSE_S)
        elif now >= child.again_at:
            child.again_at = None
            child.began = now
            with suppress(ProgramFailed):
                child.process = self._spawn(child.program)
            self._write_status()

    def _write_status(self) -> None:
        """Note who runs where, whole or not at all."""
        path = self._home / _STATUS
        status = {
            name: {
                "pid": child.process.pid,
                "port": child.program.port,
                "log": _log_name(name),
            }
            for name, child in self._children.items()
        }
        with suppress(OSError):  # a full disk does not end a running city
            path.parent.mkdir(exist_ok=True)
            scratch = path.with_suffix(".new")
            scratch.write_text(json.dumps(status, indent=1), encoding="utf-8")
            scratch.replace(path)


def running(home: Path) -> dict[str, dict[str, object]]:
    """Return the programs of a city that a supervisor keeps running: name → pid, port, log."""
    try:
        status = json.loads((home / _STATUS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {n: s for n, s in status.items() if _is_alive(s["pid"])}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _log_name(name: str) -> str:
    return f"{_LOGS}/{name.replace(':', '-')}.log"


def _open_log(home: Path, name: str) -> int:
    """Open a program's log for appending; one that grew large begins anew beside the old."""
    path = home / _log_name(name)
    path.parent.mkdir(exist_ok=True)
    with suppress(OSError):
        if path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
