"""Talk to a party on another machine: HTTPS with certificates on both sides, over urllib3.

Connections are kept and used again. A request is sent once: a connection on which anything has
arrived while it lay idle, or that lay idle for long, is replaced before the request, never after;
a request that broke off may have been handled, and its nonce would be refused as a replay.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Generator
from typing import Any, cast

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import ClosedPoolError, HTTPError, InvalidChunkLength, LocationParseError
from urllib3.exceptions import TimeoutError as PoolTimeout
from urllib3.util import Url, parse_url

from federation.errors import Fault
from federation.link.base import JSON, Reply
from federation.link.errors import (
    CertificateEarly,
    CertificateExpired,
    CertificateRefused,
    CertificateUntrusted,
    LinkBroken,
    LinkGarbled,
    LinkTimeout,
    LinkTruncated,
    LinkUnreachable,
    PeerWrong,
    UrlWrong,
)
from federation.link.tls import Renewed, Tls, identity_in

__all__ = ["HttpsLink"]

_IDLE_S = 30.0  # the other side keeps a connection for 75 s: it never closes one that we still use
_AGE_S = 600.0  # then certificates are looked at again, however busy a connection is
_CONNECTIONS = 64  # kept idle; more are made when needed
_PIECE = 1 << 20
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "scenarist"}

# OpenSSL's numbers, x509_vfy.h
_NOT_YET_VALID = 9
_HAS_EXPIRED = 10

_ABOUT_CERTIFICATES = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED")


class HttpsLink:
    """A link to a party's service at an address.

    The party is known by the identity in its certificate, which the city's authority must have
    issued; both are checked on each new connection before anything is sent. Threads may share a
    link. A certificate of ours that is replaced on disk is shown on the next new connection; no
    connection is used for longer than ten minutes.
    """

    def __init__(self, party: str, url: str, tls: Tls, *, identity: str) -> None:
        """Connect to nobody yet.

        Args:
            party: who is at the other end.
            url: ``https://host:port``.
            tls: who we are and which authority we accept.
            identity: who must be at the other end, e.g. ``scenarist://node/police``.

        Raises:
            UrlWrong: it is no such address.
        """
        self._party = party
        self._address = _address(party, url)
        self._tls = tls
        self._door = _Door(party, identity, Renewed(tls, _context))
        self._pool = self._new_pool()
        self._process = os.getpid()

    @property
    def party(self) -> str:
        """Who is at the other end."""
        return self._party

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        """Send one request; see `Link.send`.

        Raises:
            CertificateExpired, CertificateEarly, CertificateUntrusted: theirs is not accepted.
            CertificateRefused: ours is not accepted.
            CertificateMissing, CertificateDamaged, KeyDamaged: ours cannot be used.
            PeerWrong: somebody else is there.
            LinkUnreachable, LinkTimeout, LinkBroken, LinkGarbled: as they say.
        """
        if timeout_s <= 0:
            raise LinkTimeout(party=self._party, timeout_s=timeout_s)
        try:
            response = self._current_pool().urlopen(
                method,
                path,
                body=body or None,
                headers={**_HEADERS, "Content-Type": JSON} if body else _HEADERS,
                timeout=timeout_s,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            raise self._fault(error, timeout_s) from error
        response = cast("urllib3.HTTPResponse", response)
        chunks = self._read(response, timeout_s)
        next(chunks)  # begun, so that closing it closes the connection
        headers = {name.lower(): value for name, value in response.headers.items()}
        if not response.chunked and response.length_remaining is None:
            chunks.close()  # nobody could tell whether such a body is whole
            raise LinkGarbled(party=self._party)
        if response.status >= 500 and headers.get("content-type") != JSON:
            chunks.close()  # a refusal would be JSON
            raise LinkBroken(party=self._party)
        return Reply(response.status, headers, chunks)

    def close(self) -> None:
        """Give up the idle connections; the link can be used again."""
        given_up, self._pool = self._pool, self._new_pool()
        given_up.close()

    def _read(
        self, response: urllib3.HTTPResponse, timeout_s: float
    ) -> Generator[bytes, None, None]:
        try:
            yield b""
            yield from response.stream(_PIECE, decode_content=False)
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            match _cause(error):
                case PoolTimeout() | TimeoutError():
                    raise LinkTimeout(party=self._party, timeout_s=timeout_s) from error
                case InvalidChunkLength() | ValueError():
                    raise LinkGarbled(party=self._party) from error
            raise LinkTruncated(party=self._party) from error
        finally:
            if response.length_remaining or not response.closed:
                response.close()
            response.release_conn()

    def _current_pool(self) -> urllib3.HTTPSConnectionPool:
        if self._process != os.getpid():  # after a fork the connections are the parent's
            self._pool, self._process = self._new_pool(), os.getpid()
        return self._pool

    def _new_pool(self) -> urllib3.HTTPSConnectionPool:
        return _Pool(
            cast("str", self._address.host),
            self._address.port or 443,
            maxsize=_CONNECTIONS,
            assert_hostname=False,
            door=self._door,
        )

    def _fault(self, error: Exception, timeout_s: float) -> Fault:
        """Return the fault that an error before the first byte of an answer's body is."""
        cause = _cause(error)
        match cause:
            case PoolTimeout() | TimeoutError():
                return LinkTimeout(party=self._party, timeout_s=timeout_s)
            case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
                return LinkUnreachable(party=self._party)
            case ssl.SSLError():
                return self._tls_fault(cause)
            case OSError() | ClosedPoolError():
                return LinkUnreachable(party=self._party)
            case _:
                return LinkGarbled(party=self._party)

    def _tls_fault(self, error: ssl.SSLError) -> Fault:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = {_HAS_EXPIRED: CertificateExpired, _NOT_YET_VALID: CertificateEarly}
            return why.get(error.verify_code, CertificateUntrusted)(party=self._party)
        reason = error.reason or ""
        if "ALERT" in reason and any(word in reason for word in _ABOUT_CERTIFICATES):
            return CertificateRefused(party=self._party, identity=self._tls.identity)
        return LinkGarbled(party=self._party)


class _Door:
    """Who must be behind the connections of a link, and how we show who we are."""

    def __init__(self, party: str, identity: str, contexts: Renewed) -> None:
        self.contexts = contexts
        self._party = party
        self._identity = identity

    def check(self, connection: ssl.SSLSocket) -> None:
        found = identity_in(connection.getpeercert())
        if found != self._identity:
            raise PeerWrong(party=self._party, expected=self._identity, found=found or "?")


class _Socket(ssl.SSLSocket):
    """A connection whose exchange ends at a moment, however slowly bytes trickle."""

    end_s = float("inf")

    def recv_into(self, *args: Any, **more: Any) -> int:
        self.settimeout(_left(self.end_s))
        return super().recv_into(*args, **more)

    def send(self, *args: Any, **more: Any) -> int:
        self.settimeout(_left(self.end_s))
        return super().send(*args, **more)


class _Connection(HTTPSConnection):
    """A connection that is checked when it is new, and that keeps to the time it is given."""

    sock: _Socket | None

    def __init__(self, *args: Any, door: _Door, **more: Any) -> None:
        super().__init__(*args, **more)
        self._door = door
        self._end_s = 0.0
        self._made_s = 0.0
        self._used_s = 0.0
        self._is_new = False

    @property
    def is_connected(self) -> bool:
        now = time.monotonic()
        is_fresh = now - self._used_s < _IDLE_S and now - self._made_s < _AGE_S
        return is_fresh and super().is_connected

    def connect(self) -> None:
        self._end_s = self._end()
        self.ssl_context = self._door.contexts()
        super().connect()
        assert self.sock is not None  # noqa: S101 - connect() either sets it or raises
        try:
            self._door.check(self.sock)
        except Fault:
            self.close()
            raise
        self._is_new = True
        self._made_s = time.monotonic()

    def _new_conn(self) -> socket.socket:
        """Connect within the time, however many addresses the host has."""
        failure: OSError | None = None
        for family, kind, protocol, address in _found(
            self.host.strip("[]"), self.port, _left(self._end_s)
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(_left(self._end_s))
                sock.connect(address)
                sock.settimeout(_left(self._end_s))
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure or OSError("a host without addresses")

    def request(self, *args: Any, **more: Any) -> None:
        if not self._is_new:
            self._end_s = self._end()
        self._is_new = False
        self._used_s = time.monotonic()
        assert self.sock is not None  # noqa: S101 - the pool has connected
        self.sock.end_s = self._end_s
        # one who leaves while we send may have said why: its answer, or its silence, tells
        with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
            super().request(*args, **more)

    def _end(self) -> float:
        return time.monotonic() + cast("float", self.timeout)


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection


def _context(tls: Tls) -> ssl.SSLContext:
    context = tls.client_context()
    context.sslsocket_class = _Socket
    return context


def _found(
    host: str, port: int, timeout_s: float
) -> list[tuple[socket.AddressFamily, socket.SocketKind, int, Any]]:
    """Look a host up; the system's own waiting for a name server has no limit we could set."""
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise OSError(f"no address for {host}") from answer
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in answer]


def _left(end_s: float) -> float:
    left = end_s - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _cause(error: Exception) -> Exception:
    """Return what urllib3 wrapped."""
    while isinstance(error, HTTPError) and error.args and isinstance(error.args[-1], Exception):
        error = error.args[-1]
    return error


def _address(party: str, url: str) -> Url:
    try:
        address = parse_url(url)
    except LocationParseError:
        raise UrlWrong(party=party, url=url) from None
    if (
        address.scheme != "https"
        or not address.host
        or address.auth
        or address.query
        or address.path not in {None, "/"}
    ):
        raise UrlWrong(party=party, url=url)
    return address
