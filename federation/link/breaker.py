"""Leave a party alone for some seconds once it has failed several times in a row.

Who asks while it is left alone is answered at once instead of waiting for a timeout. After the
pause one request goes through and tells: the party is back, or the next pause is longer, up to a
few seconds, so that a party that is back is noticed soon.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from federation.errors import Fault
from federation.link.base import Link, Reply
from federation.link.errors import (
    LinkBroken,
    LinkPaused,
    LinkTimeout,
    LinkTruncated,
    LinkUnreachable,
)

__all__ = ["Breaker", "BreakerState"]

BreakerState: TypeAlias = Literal["closed", "open", "half-open"]

_FAILURES = (LinkUnreachable, LinkTimeout, LinkTruncated, LinkBroken)
"""What waiting may mend. A wrong certificate, say, is told each time instead."""


def _now() -> datetime:
    return datetime.now(UTC)


class Breaker:
    """A link that stops asking a party that does not answer. Threads may share it.

    A refusal is an answer. So is a certificate that is wrong: it fails at once, and the reader
    should go on reading why.
    """

    def __init__(
        self,
        link: Link,
        *,
        clock: Callable[[], datetime] = _now,
        failures: int = 3,
        first_pause_s: float = 0.5,
        longest_pause_s: float = 5.0,
    ) -> None:
        """Begin closed.

        Args:
            link: the way to the party.
            clock: returns an aware time.
            failures: in a row, after which the party is left alone.
            first_pause_s: how long at first; each further one is twice as long.
            longest_pause_s: the longest; a trial that takes longer is not waited for.
        """
        self._link = link
        self._clock = clock
        self._limit = failures
        self._first = timedelta(seconds=first_pause_s)
        self._longest = timedelta(seconds=longest_pause_s)
        self._lock = threading.Lock()
        self._failed = 0
        self._pause = self._first
        self._retry_at: datetime | None = None
        self._trial: object | None = None

    @property
    def party(self) -> str:
        """Who is at the other end."""
        return self._link.party

    @property
    def state(self) -> BreakerState:
        """``open`` while the party is left alone, ``half-open`` while one request tries it."""
        with self._lock:
            if self._retry_at is None:
                return "closed"
            return "open" if self._trial is None else "half-open"

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        """Send one request; see `Link.send`.

        Raises:
            LinkPaused: the party is left alone; the fact ``retry_at`` says until when.
        """
        ticket = self._enter()
        try:
            reply = self._link.send(method, path, body, timeout_s=timeout_s)
        except _FAILURES:
            self._fail(ticket)
            raise
        except Fault:
            self._succeed()
            raise
        except BaseException:
            self._leave(ticket)
            raise
        chunks = self._watch(reply.chunks, ticket)
        next(chunks)  # begun, so that closing it is noticed
        return Reply(reply.status, reply.headers, chunks)

    def _watch(
        self, chunks: Generator[bytes, None, None], ticket: object
    ) -> Generator[bytes, None, None]:
        try:
            yield b""
            yield from chunks
        except _FAILURES:
            self._fail(ticket)
            raise
        except GeneratorExit:
            chunks.close()
            self._succeed()
            raise
        except BaseException:
            self._leave(ticket)
            raise
        self._succeed()

    def _enter(self) -> object:
        """Return a ticket for one request."""
        with self._lock:
            ticket = object()
            if self._retry_at is None:
                return ticket
            left = self._retry_at - self._clock()
            if timedelta(0) < left <= self._longest:  # a clock that was set back opens nothing
                raise LinkPaused(
                    party=self.party,
                    failures=self._failed,
                    retry_at=self._retry_at.isoformat(timespec="milliseconds"),
                )
            self._trial = ticket
            self._retry_at = self._clock() + self._longest  # others wait for the trial, not longer
            return ticket

    def _fail(self, ticket: object) -> None:
        with self._lock:
            self._failed += 1
            if self._retry_at is None and self._failed >= self._limit:
                self._pause = self._first
            elif self._trial is ticket:
                self._pause = min(2 * self._pause, self._longest)
            else:
                return  # too few yet, or sent before the others failed
            self._trial = None
            self._retry_at = self._clock() + self._pause

    def _succeed(self) -> None:
        with self._lock:
            self._failed = 0
            self._trial = self._retry_at = None

    def _leave(self, ticket: object) -> None:
        """End a request that tells nothing about the party."""
        with self._lock:
            if self._trial is ticket:
                self._trial = None
                self._retry_at = self._clock()
