"""Keep one slow or dead department from taking every thread: a lane of its own for each.

A lane that answers runs several jobs at once. One that failed or was slow last time runs one, so
that any number of dead departments leaves threads for the others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Lanes"]

_SLOW_S = 2.0
_LOST_AFTER_S = 60.0


@dataclass(slots=True)
class _Lane:
    """One department, channel or chore.

    Attributes:
        under_way: job id → when it was let in, monotonic seconds.
    """

    width: int
    under_way: dict[str, float] = field(default_factory=dict)


class Lanes:
    """Count what is under way in each lane. Threads may share it."""

    def __init__(
        self, *, width: int, total: int, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nothing under way.

        Args:
            width: jobs at once in a lane that answers.
            total: jobs under way at once, those waiting for a thread included.
            clock_s: a monotonic clock in seconds.
        """
        self._width = width
        self._total = total
        self._clock_s = clock_s
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    def room(self, lane: str) -> int:
        """Return how many more jobs a lane may take in now."""
        with self._lock:
            self._forget_lost()
            taken = sum(len(one.under_way) for one in self._lanes.values())
            known = self._lanes.get(lane)
            width = self._width if known is None else known.width - len(known.under_way)
            return max(0, min(width, self._total - taken))

    def has(self, lane: str, job: str) -> bool:
        """Tell whether a job is under way."""
        with self._lock:
            known = self._lanes.get(lane)
            return known is not None and job in known.under_way

    def enter(self, lane: str, job: str) -> bool:
        """Let a job in; False when it is under way already."""
        with self._lock:
            known = self._lanes.setdefault(lane, _Lane(self._width))
            if job in known.under_way:
                return False
            known.under_way[job] = self._clock_s()
            return True

    def begin(self, lane: str, job: str) -> None:
        """Note that a thread has taken a job up: from now on it counts as long as it takes."""
        with self._lock:
            known = self._lanes.setdefault(lane, _Lane(self._width))
            known.under_way[job] = float("inf")

    def leave(self, lane: str, job: str, *, took_s: float, well: bool) -> None:
        """Note that a job is over; a lane that failed or was slow becomes narrow."""
        with self._lock:
            known = self._lanes.setdefault(lane, _Lane(self._width))
            known.under_way.pop(job, None)
            known.width = self._width if well and took_s < _SLOW_S else 1

    def _forget_lost(self) -> None:
        """Forget jobs that no thread ever took up: their queue was lost."""
        since = self._clock_s() - _LOST_AFTER_S
        for lane in self._lanes.values():
            for job in [j for j, at in lane.under_way.items() if at < since]:
                del lane.under_way[job]
