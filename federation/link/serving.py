"""Serve a WSGI callable to other machines: gunicorn in this process, mutual TLS, peers named.

Who calls is read from the certificate of the connection and put into ``environ[PEER]``; no header
can say it. Without TLS only this machine can call. A certificate that is replaced on disk counts
for every connection made after that, without a restart; SIGHUP starts fresh workers besides.

The application runs in worker processes forked from this one. One that holds databases, sockets or
threads is given as `AfterFork`, so that each worker opens its own.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.wsgi import ClosingIterator

from federation.errors import Fault
from federation.link.base import PEER
from federation.link.errors import AddressWrong, LinkInsecure, PeerNameless, PortTaken
from federation.link.service import json_answer
from federation.link.tls import Renewed, Tls, identity_in, peer_named

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["AfterFork", "serve"]

KEEP_ALIVE_S = 75
"""How long an idle connection is kept; links give theirs up sooner."""

_HANDSHAKE_S = 5.0
_PATIENCE_S = 60.0  # for the next bytes of a request, or for taking the next bytes of an answer
_GRACE_S = 20
_BACKLOG = 256
_MOST_UNREAD = 8 << 20
_PIECE = 64 << 10
_REFUSAL = b"HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class AfterFork:
    """An application that each worker process makes for itself, with databases of its own."""

    make: Callable[[], WSGIApplication]


def serve(
    app: WSGIApplication | AfterFork,
    *,
    host: str,
    port: int,
    tls: Tls | None,
    workers: int = 1,
    threads: int = 8,
    started: Callable[[int], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    To be called in the main thread of a process that has no other threads, since it forks.

    Args:
        app: the application; made after the fork where it holds what cannot be shared.
        host: name or address of this machine, IPv4 or IPv6.
        port: 0 for any that is free.
        tls: who we are and whom we accept; None serves plain HTTP to this machine only, and
            nobody is named.
        workers: processes.
        threads: requests at once in each process.
        started: is told the port once connections are taken.

    Raises:
        LinkInsecure: no TLS, and the host is not this machine's own loopback address.
        PortTaken, AddressWrong: the system does not let us listen there.
        CertificateMissing, CertificateDamaged, KeyDamaged: the TLS files cannot be used.
        SystemExit: the workers cannot start; the log says why.
    """
    if tls is None and not _is_loopback(host):
        raise LinkInsecure(host=host)
    contexts = None if tls is None else Renewed(tls, _context)
    if contexts is not None:
        contexts()  # what is wrong with the files is said now, not at the first connection
    with _listening(host, port) as listener:
        program = _Program(
            app,
            {
                "bind": [f"fd://{listener.detach()}"],
                "workers": workers,
                "threads": threads,
                "when_ready": _telling(started),
                **_settings(tls, contexts),
            },
        )
        _run(program)


def _settings(tls: Tls | None, contexts: Renewed | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "worker_class": _Worker,
        "logger_class": _Log,
        "keepalive": KEEP_ALIVE_S,
        "graceful_timeout": _GRACE_S,
        "control_socket_disable": True,
        "forwarded_allow_ips": "",  # there is no proxy: nobody's headers say where a call is from
        "forwarder_headers": "",
        "secure_scheme_headers": {},
        "proc_name": "scenarist",
    }
    if tls is None or contexts is None:
        return settings
    return settings | {
        "certfile": str(tls.certificate),
        "keyfile": str(tls.key),
        "ca_certs": str(tls.authority),
        "cert_reqs": ssl.CERT_REQUIRED,
        "ssl_context": lambda _config, _default: contexts(),
    }


class _Program(BaseApplication):
    """Gunicorn's view of what it runs."""

    cfg: Any

    def __init__(self, app: WSGIApplication | AfterFork, settings: dict[str, Any]) -> None:
        self._app = app
        self._settings = settings
        super().__init__()  # type: ignore[no-untyped-call]  # gunicorn has no types

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        app = self._app.make() if isinstance(self._app, AfterFork) else self._app
        return _knowing_peers(app) if self.cfg.is_ssl else _unspoofed(app)


def _run(program: _Program) -> None:
    parent = os.getpid()
    try:
        program.run()  # type: ignore[no-untyped-call]  # gunicorn has no types
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if os.getpid() != parent:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # a worker ends here: what the caller still has to do is the parent's
        if code:
            raise


# ── who calls ────────────────────────────────────────────────────────────────────────────────────


def _knowing_peers(app: WSGIApplication) -> WSGIApplication:
    """Return the application behind a door that names who calls, by the connection alone."""

    def named(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        peer = environ["gunicorn.socket"].peer
        if peer is None:
            return json_answer(PeerNameless().to_json("zh"), PeerNameless.http)(environ, start)
        environ[PEER] = peer
        return unspoofed(environ, start)

    unspoofed = _unspoofed(app)
    return named


def _unspoofed(app: WSGIApplication) -> WSGIApplication:
    """Return the application without the headers of a request that look like our own words.

    What it leaves unread of a request is read after its answer: a caller who is still sending
    would otherwise see the connection break instead of, say, that the request is too large.
    """

    def clean(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        for key in [k for k in environ if k.startswith("HTTP_SCENARIST")]:
            del environ[key]
        return ClosingIterator(app(environ, start), lambda: _read_off(environ["wsgi.input"]))

    return clean


def _read_off(body: InputStream) -> None:
    for _ in range(_MOST_UNREAD // _PIECE):
        if not body.read(_PIECE):
            return


class _Socket(ssl.SSLSocket):
    """A connection that knows its peer, and that nobody can hold open by doing nothing."""

    @property
    def peer(self) -> str | None:
        """Who calls, as the application is told; None where the certificate does not say it."""
        known = self.__dict__.get("_peer")
        if known is None:
            identity = identity_in(self.getpeercert())
            known = self.__dict__["_peer"] = identity and peer_named(identity)
        return cast("str | None", known)

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(_HANDSHAKE_S)
        super().do_handshake(block)
        self.settimeout(_PATIENCE_S)

    def setblocking(self, flag: bool, /) -> None:
        self.settimeout(_PATIENCE_S if flag else 0.0)


def _context(tls: Tls) -> ssl.SSLContext:
    context = tls.server_context()
    context.sslsocket_class = _Socket
    return context


# ── gunicorn, quieter ────────────────────────────────────────────────────────────────────────────


class _Log(Logger):
    """Gunicorn's log without what an error quotes: its kind only, a Fault in its own words."""

    def exception(self, msg: str, *args: Any, **_more: Any) -> None:
        error = sys.exc_info()[1]
        said = str(error) if isinstance(error, Fault) else type(error).__name__
        self.error_log.error(f"{msg}: %s", *args, said)


class _Worker(ThreadWorker):
    """Gunicorn's threads, whose refusals do not repeat what they refuse."""

    def handle_error(
        self, req: Any, client: socket.socket, addr: tuple[Any, ...], exc: Exception
    ) -> None:
        del req
        self.log.warning("request from %s refused: %s", addr[0] if addr else "?", _kind(exc))
        if isinstance(exc, ssl.SSLError):
            return  # there is no connection to answer on
        try:
            theirs = isinstance(exc, ParseException)
            client.sendall(_REFUSAL % ((400, b"Bad Request") if theirs else (500, b"Failed")))
        except OSError:
            self.log.debug("the answer could not be sent")


def _kind(error: Exception) -> str:
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    return reason or type(error).__name__


# ── where to listen ──────────────────────────────────────────────────────────────────────────────


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(
            cast("tuple[str, int]", address), family=family, backlog=_BACKLOG
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host=host, port=port) from None
        raise AddressWrong(host=host, port=port) from error


def _telling(started: Callable[[int], None] | None) -> Callable[[Any], None]:
    def ready(arbiter: Any) -> None:
        if started is not None:
            started(arbiter.LISTENERS[0].getsockname()[1])

    return ready
