"""Machines that talk over TLS: real server processes, and sockets that misbehave."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from federation.link.https import HttpsLink
from federation.link.tls import Tls

POLICE = "scenarist://node/police"


def tls_of(folder: Path) -> Tls:
    """Return the TLS files of a folder, sound or not."""
    return Tls(folder / "tls" / "tls.crt", folder / "tls" / "tls.key", folder / "tls" / "ca.crt")


@dataclass(slots=True)
class Server:
    """A server process of its own."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def failed(self) -> str:
        """Wait for a server that cannot start; return what it says."""
        assert self.process.wait(timeout=60) != 0
        return self.log.read_text()

    def kill(self, worker: int) -> None:
        self.process.kill()
        os.kill(worker, signal.SIGKILL)
        self.process.wait(timeout=60)


Start = Callable[..., Server]


@contextmanager
def starting(log: Path) -> Iterator[Start]:
    """Yield a function that starts servers; they end with the context."""
    servers: list[Server] = []
    root = Path(__file__).parents[2]

    def start(
        folder: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        more: tuple[int, ...] = (),
        env: dict[str, str] | None = None,
        fails: bool = False,
    ) -> Server:
        file = log / f"server-{len(servers)}.log"
        program = [sys.executable, str(Path(__file__).with_name("link_program.py"))]
        with file.open("w") as errors:
            process = subprocess.Popen(
                [*program, str(folder), host, str(port), *map(str, more)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONPATH": str(root), **(env or {})},
            )
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], 60)
        line = process.stdout.readline() if ready else ""
        server = Server(process, json.loads(line)["port"] if line else 0, file)
        servers.append(server)
        assert bool(line) is not fails, file.read_text()
        return server

    try:
        yield start
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.stop()
            assert server.process.stdout is not None
            server.process.stdout.close()


Call = Callable[..., HttpsLink]
Begin = Callable[..., "Scripted"]


class Scripted:
    """A server that speaks TLS as the police and answers each connection with a script."""

    def __init__(
        self, contexts: Callable[[], ssl.SSLContext] | None, script: Callable[[Any, Scripted], None]
    ):
        self.connections = 0
        self.requests: list[bytes] = []
        self.gone = threading.Event()  # the test is over
        self.left = threading.Event()  # a script has ended
        self._contexts, self._script = contexts, script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._answer, args=(raw,)))
            self._threads[-1].start()

    def _answer(self, raw: socket.socket) -> None:
        raw.settimeout(30)
        with raw:
            try:
                if self._contexts is None:
                    self._script(raw, self)
                else:
                    with self._contexts().wrap_socket(raw, server_side=True) as sock:
                        self._script(sock, self)
            except OSError:
                pass  # the other side gave up, as it should
        self.left.set()

    def read(self, sock: Any) -> bytes:
        """Read one request, and keep it."""
        received = b""
        while b"\r\n\r\n" not in received:
            piece = sock.recv(65536)
            if not piece:
                raise OSError("the other side left")
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        missing = (int(sizes[0].partition(b":")[2]) if sizes else 0) - len(body)
        while missing > 0:
            piece = sock.recv(65536)
            received, missing = received + piece, missing - len(piece)
        self.requests.append(received)
        return received

    def close(self) -> None:
        if self.gone.is_set():
            return
        self.gone.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)
