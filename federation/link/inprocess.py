"""Talk to a WSGI callable in this process with the very bytes that HTTPS would carry.

Nothing but bytes crosses: the request is encoded, the reply is read chunk by chunk, and who calls
is told by an environ key, as mutual TLS will tell it.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from federation.link.base import JSON, PEER, Reply
from federation.link.errors import LinkBroken, LinkTimeout, LinkTruncated, LinkUnreachable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["InProcessLink"]


class InProcessLink:
    """A link to a WSGI callable that lives in this process."""

    def __init__(
        self,
        party: str,
        app: WSGIApplication,
        *,
        peer: str,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect.

        Args:
            party: who is at the other end.
            app: its WSGI callable. One that raises `OSError` is a party that is down.
            peer: who calls, as the other end will be told.
            clock_s: a monotonic clock in seconds.
        """
        self._party = party
        self._app = app
        self._peer = peer
        self._clock_s = clock_s

    @property
    def party(self) -> str:
        """Who is at the other end."""
        return self._party

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        """Send one request; see `Link.send`."""
        deadline = _Deadline(self._party, timeout_s, self._clock_s)
        begun = _Start()
        try:
            chunks = self._app(_environ(method, path, body, self._peer), begun)
        except OSError as error:
            raise LinkUnreachable(party=self._party) from error
        except Exception as error:
            raise LinkBroken(party=self._party) from error
        deadline.check()
        pieces = self._read(chunks, begun, deadline)
        first = next(pieces, b"")  # a WSGI callable may begin its answer with its first chunk
        if begun.status is None:
            raise LinkBroken(party=self._party)
        whole = _chain(first, pieces)
        next(whole)  # begun, so that closing it closes the application's answer
        return Reply(begun.status, begun.headers, whole)

    def _read(
        self, chunks: Iterable[bytes], begun: _Start, deadline: _Deadline
    ) -> Generator[bytes, None, None]:
        try:
            for chunk in chunks:
                deadline.check()
                if begun.written:
                    yield b"".join(begun.take())
                yield chunk
        except (GeneratorExit, LinkTimeout):
            raise
        except Exception as error:
            raise LinkTruncated(party=self._party) from error
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()


class _Start:
    """WSGI's start_response."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.written: list[bytes] = []

    def __call__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,
        /,
    ) -> Callable[[bytes], object]:
        del exc_info
        self.status = int(status.split(" ", 1)[0])
        self.headers = {name.lower(): value for name, value in headers}
        return self.written.append

    def take(self) -> list[bytes]:
        taken, self.written = self.written, []
        return taken


class _Deadline:
    def __init__(self, party: str, timeout_s: float, clock_s: Callable[[], float]) -> None:
        self._party = party
        self._timeout_s = timeout_s
        self._clock_s = clock_s
        self._end = clock_s() + timeout_s

    def check(self) -> None:
        if self._clock_s() > self._end:
            raise LinkTimeout(party=self._party, timeout_s=self._timeout_s)


def _chain(first: bytes, rest: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    with closing(rest):
        yield b""
        yield first
        yield from rest


def _environ(method: str, path: str, body: bytes, peer: str) -> WSGIEnvironment:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": JSON,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        PEER: peer,
    }
