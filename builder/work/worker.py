"""Find what is due in all deployments, and let threads do it, each thing once.

One thread looks (`scan`), the others do (`perform`). What is due is claimed in its case store
before it is queued, held while it is done, and given back when the worker must end, so that any
number of workers, on any number of machines, may look at the same stores.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from builder.cases import due, questions
from builder.cases.asking import silence
from builder.cases.due import Held, Kind
from builder.cases.errors import StepBroken
from builder.cases.platform import Deployment, Platform
from builder.cases.settling import fail_claimed
from builder.errors import Fault
from builder.notices import Channel
from builder.work.handlers import HANDLERS, Hand
from builder.work.lanes import Lanes
from builder.work.queue import Job
from federation.store import write

__all__ = ["Worker"]

_KINDS: tuple[Kind, ...] = ("ask", "tick", "send")
_CHORES_EVERY = timedelta(minutes=5)
_BEAT_EVERY_S = 8.0
_PROBE_EVERY_S = 2.5
_SET_BACK = timedelta(seconds=5)
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
_BROKEN_FOR_S = (10.0, 60.0, 600.0)
_STORE_TROUBLE = ("store.", "audit.")


@dataclass(slots=True)
class _Probe:
    """What is known of a party that does not answer.

    Attributes:
        next_s: not to be looked at again before; monotonic seconds.
        wakes: how often it seemed to be back and did not answer after all.
    """

    next_s: float = 0.0
    wakes: int = 0


class Worker:
    """Look for what is due and do it. One for a process; its threads share it.

    Attributes:
        platform: the city.
        nudge: set when something was done, so that what follows from it is found at once.
        put: queues a job; at first it is done on the spot.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        channels: dict[str, Channel] | None = None,
        threads: int = 8,
    ) -> None:
        """Begin with nothing under way.

        Args:
            platform: the city.
            channels: the outside channels for notices, by kind.
            threads: how many jobs run at once.
        """
        self.platform = platform
        self.nudge = threading.Event()
        self.put: Callable[[Job], None] = self.perform
        self._channels = channels or {}
        self._lanes = Lanes(width=max(1, min(4, threads // 2)), total=2 * threads)
        self._name = f"{socket.gethostname()[:24]}:{os.getpid()}"
        self._claims = 0
        self._lock = threading.Lock()
        self._running: dict[str, tuple[Deployment, Held]] = {}
        self._broken: dict[str, tuple[int, float]] = {}
        self._probes: dict[str, _Probe] = {}
        self._paused_until_s = 0.0
        self._pauses = 0
        self._chores_at: datetime | None = None
        self._beaten_s = 0.0
        self._seen: datetime | None = None
        self._log = structlog.get_logger("scenarist.work")

    # ── looking ────────────────────────────────────────────────────────────────────────────────

    def scan(self, *, chores: bool | None = None) -> int:
        """Queue what is due and nobody's; return how many jobs.

        Args:
            chores: True: the chores (drafts, checkpoints) too; None: when it is time for them.
        """
        now = self.platform.clock()
        queued = 0
        self._notice_set_back(now)
        for deployment in self.platform.deployments.all():
            for kind in _KINDS:
                queued += self._scan_kind(deployment, kind, now)
            self._watch_silent(deployment, now)
        if chores or (chores is None and self._is_time_for_chores(now)):
            self._chores_at = now
            for job in self._chores():
                queued += self._queue(job)
        return queued

    def is_paused(self) -> bool:
        """Tell whether a store is in trouble and is left alone for the moment."""
        return time.monotonic() < self._paused_until_s

    def pause(self, fault: Fault) -> None:
        """Leave the stores alone for a while, longer each time in a row."""
        wait_s = _PAUSES_S[min(self._pauses, len(_PAUSES_S) - 1)]
        self._pauses += 1
        self._paused_until_s = time.monotonic() + wait_s
        self._log.warning("work.paused", code=fault.code, seconds=wait_s)

    def beat(self) -> None:
        """Hold on to the claims of what is being done, now and then."""
        if time.monotonic() - self._beaten_s < _BEAT_EVERY_S:
            return
        self._beaten_s = time.monotonic()
        with self._lock:
            running = list(self._running.values())
        for deployment, held in running:
            due.confirm(deployment.engine, held, self.platform.clock())

    def _scan_kind(self, deployment: Deployment, kind: Kind, now: datetime) -> int:
        queued = 0
        for lane in due.lanes(deployment.engine, kind, now):
            room = self._lanes.room(_lane(kind, lane))
            if room:
                found = due.due(deployment.engine, kind, now, lane=lane, limit=room)
                free = [h for h in found if self._is_free(_job(deployment, h))]
                for held in due.claim(deployment.engine, free, now, self._holder):
                    queued += self._queue(_job(deployment, held))
        return queued

    def _queue(self, job: Job) -> int:
        thing = _thing(job)
        if not self._lanes.enter(job.lane, thing):
            return 0
        try:
            self.put(job)
        except BaseException:
            self._lanes.leave(job.lane, thing, took_s=0, well=True)
            raise
        return 1

    def _is_free(self, job: Job) -> bool:
        _, until_s = self._broken.get(_thing(job), (0, 0.0))
        return time.monotonic() >= until_s and not self._lanes.has(job.lane, _thing(job))

    def _holder(self) -> str:
        with self._lock:
            self._claims += 1
            return f"{self._name}:{self._claims}:{self.platform.random_bytes(4).hex()}"

    def _is_time_for_chores(self, now: datetime) -> bool:
        at = self._chores_at
        return at is None or not timedelta(0) <= now - at < _CHORES_EVERY

    def _chores(self) -> Iterator[Job]:
        for deployment in self.platform.deployments.all():
            yield Job("forget", (deployment.id,), "chores")
        for journal in list(self.platform.journals):
            yield Job("checkpoint", (journal,), "chores")
        yield Job("tidy", (), "chores")

    def _notice_set_back(self, now: datetime) -> None:
        """Make due what was put off by a clock that has been set back since."""
        if self._seen is None or now < self._seen - _SET_BACK:
            for deployment in self.platform.deployments.all():
                questions.rewind(deployment, now)
        self._seen = now

    def _watch_silent(self, deployment: Deployment, now: datetime) -> None:
        """Look whether parties that were not there are back, so that nobody waits for the clock."""
        for party, faults in questions.silent_parties(deployment, now).items():
            if not any(fault.startswith("link.") for fault in faults):
                continue
            probe = self._probes.setdefault(party, _Probe())
            if time.monotonic() >= probe.next_s:
                probe.next_s = time.monotonic() + _PROBE_EVERY_S
                self._queue(Job("probe", (party,), f"probe:{party}"))

    # ── doing ──────────────────────────────────────────────────────────────────────────────────

    def perform(self, job: Job) -> None:
        """Do one job; whatever goes wrong is logged and tried again, never raised."""
        thing = _thing(job)
        self._lanes.begin(job.lane, thing)
        began = time.monotonic()
        well = False
        try:
            well = self._done(job)
        except Fault as fault:
            self._fault(job, fault)
        except Exception as problem:  # noqa: BLE001 - the process edge: a mistake of ours stops nothing else
            self._mistake(job, problem)
        finally:
            self._lanes.leave(job.lane, thing, took_s=time.monotonic() - began, well=well)
            self.nudge.set()

    def give_back(self, job: Job) -> None:
        """Let others do a job that was not begun."""
        found = self._held(job)
        if found is not None:
            deployment, held = found
            with suppress(Fault):
                due.give_back(deployment.engine, held)

    def give_back_all(self) -> None:
        """Let others do what did not end in time."""
        with self._lock:
            running = list(self._running.values())
        for deployment, held in running:
            with suppress(Fault):
                due.give_back(deployment.engine, held)

    def answered(self, party: str, *, well: bool) -> None:
        """Note whether a party answered a question."""
        if well:
            self._probes.pop(party, None)

    def is_back(self, party: str) -> None:
        """Make a party's waiting questions due at once; seldom, when it was not back after all."""
        probe = self._probes.setdefault(party, _Probe())
        probe.next_s = time.monotonic() + min(_PROBE_EVERY_S * 2**probe.wakes, 600.0)
        probe.wakes += 1
        now = self.platform.clock()
        for deployment in self.platform.deployments.all():
            with write(deployment.engine) as conn:
                questions.hurry(conn, now, party=party, faults=silence())

    def _done(self, job: Job) -> bool:
        handler = HANDLERS[job.kind]
        hand = Hand(self.platform, job, self._channels, self)
        found = self._held(job)
        if found is None:
            return handler(hand)
        deployment, held = found
        if not due.confirm(deployment.engine, held, self.platform.clock()):
            return True  # somebody else has it by now
        with self._lock:
            self._running[_thing(job)] = found
        try:
            well = handler(replace(hand, deployment=deployment, held=held))
        finally:
            with self._lock:
                self._running.pop(_thing(job), None)
        self._broken.pop(_thing(job), None)
        self._pauses = 0
        return well

    def _held(self, job: Job) -> tuple[Deployment, Held] | None:
        if job.kind not in _KINDS:
            return None
        deployment_id, holder, *key = job.args
        lane = job.lane.partition(":")[2]
        held = Held(job.kind, tuple(key), lane, holder)
        return self.platform.deployments.get(deployment_id), held

    def _fault(self, job: Job, fault: Fault) -> None:
        self._log.warning("work.fault", kind=job.kind, lane=job.lane, code=fault.code)
        if fault.code.startswith(_STORE_TROUBLE):
            self.pause(fault)

    def _mistake(self, job: Job, problem: Exception) -> None:
        """Log where it happened, never with what values; leave the thing alone for a while."""
        incident = self.platform.random_bytes(4).hex()
        frames = traceback.extract_tb(problem.__traceback__)[-6:]
        self._log.error(
            "work.unexpected",
            incident=incident,
            kind=job.kind,
            problem=type(problem).__name__,
            at=[f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames],
        )
        thing = _thing(job)
        times, _ = self._broken.get(thing, (0, 0.0))
        rest_s = _BROKEN_FOR_S[min(times, len(_BROKEN_FOR_S) - 1)]
        self._broken[thing] = (times + 1, time.monotonic() + rest_s)
        found = self._held(job)
        if found is not None:
            try:
                fail_claimed(self.platform, *found, StepBroken(incident=incident))
            except Exception as further:  # noqa: BLE001 - the same mistake again, most likely
                self._log.error(
                    "work.unexpected", incident=incident, problem=type(further).__name__
                )


def _lane(kind: Kind, lane: str) -> str:
    return f"{kind}:{lane}"


def _job(deployment: Deployment, held: Held) -> Job:
    return Job(held.kind, (deployment.id, held.holder, *held.key), _lane(held.kind, held.lane))


def _thing(job: Job) -> str:
    """Name what a job is about: the same thing, whoever claimed it."""
    if job.kind in _KINDS:
        deployment_id, _, *key = job.args
        return "/".join((job.kind, deployment_id, *key))
    return job.id
