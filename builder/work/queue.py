"""Hold jobs in a file and let threads run them: huey on SQLite, without pickles.

The queue is not the truth. What must be done stands in the case stores; a job only says that some
of it is due now and held for it. A queue file that is lost, or a job in it that is never run, costs
half a minute: then the claims run out and the work is found again.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huey.api import SqliteHuey
from huey.consumer import Consumer, Scheduler
from huey.registry import Message
from huey.serializer import Serializer

__all__ = ["Job", "Queue"]

_POLL_S = 0.05
_POLL_LONGEST_S = 0.2
_TASK = "job"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do now.

    Attributes:
        kind: names its handler.
        args: texts for the handler.
        lane: whose slowness it may suffer.
    """

    kind: str
    args: tuple[str, ...]
    lane: str = ""

    @property
    def id(self) -> str:
        """Name what is done: the same for the same thing, so that it is never queued twice."""
        return "/".join((self.kind, *self.args))


class Queue:
    """Jobs in a file, and the threads of this process that run them, oldest first.

    Every process has a queue of its own in the file: who runs a job knows what else it runs.
    """

    def __init__(self, path: Path, run: Callable[[Job], None], *, threads: int) -> None:
        """Open the file; what dead processes of this machine left in it is forgotten.

        Args:
            path: the file; made where it is missing, made anew where it is no database.
            run: runs one job; raises nothing.
            threads: how many jobs run at once.
        """
        self._name = f"{socket.gethostname()}:{os.getpid()}:{os.urandom(3).hex()}"
        self._run = run
        self._threads = threads
        self._huey: Any = _opened(path, self._name)
        self._task = self._huey.task(name=_TASK)(self._perform)
        self._consumer: Any = None

    def put(self, job: Job) -> None:
        """Queue a job."""
        self._huey.enqueue(self._task.s(job.kind, list(job.args), job.lane, id=job.id))

    def start(self) -> None:
        """Start the threads."""
        self._consumer = _Consumer(  # type: ignore[no-untyped-call] # huey has no types
            self._huey,
            workers=self._threads,
            periodic=False,
            initial_delay=_POLL_S,
            max_delay=_POLL_LONGEST_S,
            scheduler_interval=60,
        )
        self._consumer.start()

    def heal(self) -> None:
        """Put new threads in the place of dead ones."""
        if self._consumer is not None:
            self._consumer.check_worker_health()

    def stop(self, patience_s: float) -> bool:
        """Let running jobs finish; False when some did not in time."""
        if self._consumer is None:
            return True
        self._consumer.shutdown_timeout = patience_s
        self._consumer.stop_flag.set()
        return bool(self._consumer.wait())

    def drain(self) -> Iterator[Job]:
        """Take out the jobs that nobody has begun."""
        while (task := self._huey.dequeue()) is not None:
            kind, args, lane = task.args
            yield Job(kind, tuple(args), lane)

    def close(self) -> None:
        """Close the file."""
        self._huey.storage.close()

    def _perform(self, kind: str, args: list[str], lane: str) -> None:
        self._run(Job(kind, tuple(args), lane))


class _Json(Serializer):
    """Write messages as JSON: a file in the city's home is data, never code."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data, ensure_ascii=False).encode()

    def _deserialize(self, data: bytes) -> Any:
        found = json.loads(data)
        return Message(*found) if isinstance(found, list) else found


class _Consumer(Consumer):
    """Huey's consumer, in a process that minds its own signals."""

    def _set_signal_handlers(self) -> None:
        return

    def wait(self) -> bool:
        """Wait for the threads to end, as long as there is patience."""
        return bool(self._join_workers())  # type: ignore[no-untyped-call] # huey has no types


class _NoScheduler(Scheduler):
    """Nothing is scheduled here: when something is due stands in the case stores."""

    def loop(self, now: object = None) -> None:
        """Do nothing until the end."""
        del now
        self.stop_flag.wait()


_Consumer.scheduler_class = _NoScheduler


def _opened(path: Path, name: str) -> Any:
    """Open the queue's file; one that is no queue is made anew, one that cannot be is in memory."""
    for _ in range(2):
        try:
            huey = _made(str(path), name)
            _forget_the_dead(huey)
        except sqlite3.DatabaseError:
            for tail in ("", "-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
        else:
            return huey
    return _made(":memory:", name)


def _made(file: str, name: str) -> Any:
    kind: Any = SqliteHuey
    json_only: Any = _Json
    return kind(name=name, filename=file, results=False, serializer=json_only(), fsync=False)


def _forget_the_dead(huey: Any) -> None:
    """Drop the queues of processes of this machine that are gone; the rest may be alive."""
    storage = huey.storage
    host = socket.gethostname()
    names = {row[0] for row in storage.sql("select distinct queue from task", results=True)}
    for name in names:
        machine, _, rest = str(name).partition(":")
        pid = rest.partition(":")[0]
        if machine == host and pid.isdigit() and not _is_alive(int(pid)):
            storage.sql("delete from task where queue = ?", (name,), commit=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
