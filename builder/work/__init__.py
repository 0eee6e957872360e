"""Do what nobody waits for: ask again what was not answered, sign checkpoints, forget old drafts.

The queue is the case stores themselves: a question that was not answered stands there with the time
of its next attempt, in the same transaction as the case that waits for it.
"""

from __future__ import annotations

import signal
import threading

import structlog

from builder.cases import commands
from builder.cases.platform import Platform
from builder.errors import Fault

__all__ = ["run", "work_once"]

_PAUSE_S = 2.0
_CHECKPOINT_EVERY = 150


def run(platform: Platform) -> None:
    """Work until told to stop by SIGTERM or SIGINT; a fault is logged and tried again."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    rounds = 0
    try:
        while not stop.is_set():
            work_once(platform, checkpoint=rounds % _CHECKPOINT_EVERY == 0)
            rounds += 1
            stop.wait(_PAUSE_S)
    finally:
        platform.close()


def work_once(platform: Platform, *, checkpoint: bool = True) -> None:
    """Do one round: due questions, expired drafts, and (now and then) checkpoints."""
    log = structlog.get_logger("scenarist.work")
    try:
        commands.settle_due(platform)
        commands.forget_expired(platform)
        for journal in platform.journals.values() if checkpoint else ():
            journal.checkpoint(platform.clock())
    except Fault as fault:
        log.warning("work.fault", code=fault.code)
