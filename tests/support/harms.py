"""What can happen to a department's node, its certificate and its network; and how it is mended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from town import Town, until

from federation.link.certificates import certify, create_authority

ROGUE = Path(__file__).with_name("rogue.py")
LONG_AGO = timedelta(days=800)
NETWORK, OUTER, INNER = "scenarist-away", "10.213.77.1", "10.213.77.2"


def port_of(town: Town, name: str) -> int:
    return next(p.port for p in town.programs if p.name == name)


def folder_of(town: Town, name: str) -> Path:
    return town.home / "nodes" / _party(name)


def _party(name: str) -> str:
    return name.partition(":")[2]


@contextmanager
def other_certificate(town: Town, name: str, kind: str) -> Iterator[None]:
    """Let a node's port show a certificate that is expired, of another city, or somebody else's.

    A node itself refuses to start with such a certificate; one that ran on while it expired, or
    one that somebody put there instead, is what others meet.
    """
    now, made, authority = datetime.now().astimezone(), town.home / "made", town.home / "ca"
    if kind == "other-city":
        authority = town.home / "ca-of-another-city"
        shutil.rmtree(authority, ignore_errors=True)
        create_authority(authority, name="Wuhu", now=now - LONG_AGO)
    shutil.rmtree(made, ignore_errors=True)
    certify(
        made,
        authority,
        identity=f"scenarist://node/{'police' if kind == 'somebody-else' else _party(name)}",
        hosts=["127.0.0.1"],
        now=now - LONG_AGO if kind == "expired" else now,
    )
    with _standing_in(town, name, "garbage", made):
        yield


@contextmanager
def misbehaving(town: Town, name: str, mode: str) -> Iterator[None]:
    """Let somebody stand at a node's port who answers garbage, breaks off, or takes 30 seconds."""
    with _standing_in(town, name, mode, folder_of(town, name)):
        yield


@contextmanager
def _standing_in(town: Town, name: str, mode: str, folder: Path) -> Iterator[None]:
    port = port_of(town, name)
    with town.held(name):
        command = [sys.executable, str(ROGUE), mode, str(folder), str(port)]
        rogue = subprocess.Popen(command)
        try:
            until(lambda: _listens(port))
            yield
        finally:
            rogue.kill()
            rogue.wait()


@contextmanager
def clock_off(town: Town, name: str, by: str) -> Iterator[None]:
    """Run a node whose clock is wrong, by so much: ``+2h``."""
    port, config = port_of(town, name), folder_of(town, name) / "NODE.toml"
    command = ["faketime", "-f", by, sys.executable, "-m", "federation.node.main", str(config)]
    with town.held(name), (town.home / "logs" / "clock.log").open("wb") as log:
        node = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            until(lambda: _listens(port))
            yield
        finally:
            os.killpg(node.pid, signal.SIGTERM)  # faketime stands before the node
            node.wait()
            until(lambda: not _listens(port))


@contextmanager
def in_a_network_of_its_own(town: Town, name: str) -> Iterator[object]:
    """Run a node behind a cable that can be pulled; yields ``pull`` and ``plug``."""
    port, folder = port_of(town, name), folder_of(town, name)
    config = folder / "NODE.toml"
    kept = config.read_text(encoding="utf-8")
    with town.held(name), _network():
        config.write_text(kept.replace('host = "127.0.0.1"\nport', f'host = "{INNER}"\nport', 1))
        command = ["ip", "netns", "exec", NETWORK, sys.executable, "-m", "federation.node.main"]
        log = (town.home / "logs" / "away.log").open("wb")
        node = subprocess.Popen([*command, str(config)], stdout=log, stderr=log)
        try:
            until(lambda: _listens(port, INNER))
            with _forwarding(port):
                yield _Cable
        finally:
            node.terminate()
            node.wait()
            log.close()
            config.write_text(kept, encoding="utf-8")


class _Cable:
    @staticmethod
    def pull() -> None:
        _run("ip", "link", "set", "sc-outer", "down")

    @staticmethod
    def plug() -> None:
        _run("ip", "link", "set", "sc-outer", "up")


@contextmanager
def _network() -> Iterator[None]:
    _run("ip", "netns", "add", NETWORK)
    try:
        _run("ip", "link", "add", "sc-outer", "type", "veth", "peer", "name", "sc-inner")
        _run("ip", "link", "set", "sc-inner", "netns", NETWORK)
        _run("ip", "addr", "add", f"{OUTER}/30", "dev", "sc-outer")
        _run("ip", "link", "set", "sc-outer", "up")
        inside = ["ip", "netns", "exec", NETWORK, "ip"]
        _run(*inside, "addr", "add", f"{INNER}/30", "dev", "sc-inner")
        _run(*inside, "link", "set", "sc-inner", "up")
        _run(*inside, "link", "set", "lo", "up")
        yield
    finally:
        with suppress(subprocess.CalledProcessError):
            _run("ip", "link", "del", "sc-outer")
        _run("ip", "netns", "del", NETWORK)


@contextmanager
def _forwarding(port: int) -> Iterator[None]:
    """Carry bytes from the node's usual address to where it is now."""
    listener = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=_carry, args=(near, port), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with closing(listener):
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _carry(near: socket.socket, port: int) -> None:
    with suppress(OSError), near, socket.create_connection((INNER, port), timeout=60) as far:
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
