"""Run a worker: until it is told to stop, or for one round."""

from __future__ import annotations

import logging
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack

import structlog

from builder.cases.platform import Platform
from builder.errors import Fault
from builder.notices import open_channels
from builder.work.queue import Job, Queue
from builder.work.worker import Worker
from federation.crypto import KeyStore

__all__ = ["FILE_NAME", "THREADS", "run", "work_once", "work_until"]

FILE_NAME = "work.db"
THREADS = 8
_LOOK_EVERY_S = 0.5
_PATIENCE_S = 12.0
_ROUNDS = 50


def run(platform: Platform, *, threads: int = THREADS) -> None:
    """Work until told to stop by SIGTERM or SIGINT; what is under way is finished or given back."""
    _log_as_json(platform.settings.log_level)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        work_until(platform, stop, threads=threads)
    finally:
        platform.close()


def work_until(
    platform: Platform,
    stop: threading.Event,
    *,
    threads: int = THREADS,
    ready: Callable[[Worker], None] = lambda _: None,
) -> None:
    """Work until an event is set.

    Args:
        platform: the city.
        stop: ends the work.
        threads: how many things are done at once.
        ready: called once the threads have started.
    """
    log = structlog.get_logger("scenarist.work")
    with ExitStack() as end:
        worker = _opened(platform, threads, end)
        queue = Queue(platform.settings.home / FILE_NAME, worker.perform, threads=threads)
        worker.put = queue.put
        end.callback(queue.close)
        queue.start()
        ready(worker)
        try:
            while not stop.is_set():
                _look(worker, queue, log)
                worker.nudge.wait(_LOOK_EVERY_S)
                worker.nudge.clear()
        finally:
            if not queue.stop(_PATIENCE_S):
                worker.give_back_all()
            for job in queue.drain():
                worker.give_back(job)


def work_once(platform: Platform, *, checkpoint: bool = True) -> int:
    """Do all that is due now, in this thread, one after the other; return how many things."""
    jobs: list[Job] = []
    with ExitStack() as end:
        worker = _opened(platform, THREADS, end)
        worker.put = jobs.append
        done = 0
        for round_number in range(_ROUNDS):
            worker.scan(chores=checkpoint and round_number == 0)
            if not jobs:
                break
            while jobs:
                worker.perform(jobs.pop(0))
                done += 1
    return done


def _log_as_json(level: str) -> None:
    """Write one JSON line per event to stderr, as the web does; huey's own talk is left out."""
    logging.getLogger("huey").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def _opened(platform: Platform, threads: int, end: ExitStack) -> Worker:
    keys = KeyStore(platform.settings.home / "keys")
    channels = open_channels(platform.settings, keys)
    for channel in channels.values():
        end.callback(channel.close)
    return Worker(platform, channels=channels, threads=threads)


def _look(worker: Worker, queue: Queue, log: structlog.typing.FilteringBoundLogger) -> None:
    """Look once; trouble with a store or with the queue is waited out."""
    try:
        if not worker.is_paused():
            worker.beat()
            worker.scan()
            queue.heal()
    except Fault as fault:
        worker.pause(fault)
    except sqlite3.Error as problem:  # the queue's own file; what was claimed is due again soon
        log.warning("work.queue", problem=type(problem).__name__)
