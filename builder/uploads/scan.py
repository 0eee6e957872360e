"""Ask a virus scanner about a file: clamd by its own protocol, or any program.

``clamd://host:port`` and ``clamd:///run/clamd.sock`` speak INSTREAM: the scanner needs no access to
our disk. ``command:/path`` runs a program with the file's path; exit code 0 is clean, 1 infected,
anything else no answer.
"""

from __future__ import annotations

import re
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from builder.uploads.errors import UploadScanSilent, UploadScanWrong

__all__ = ["Scanner", "Verdict", "is_scanner", "open_scanner"]

_CHUNK = 64 * 1024
_CONNECT_S = 3.0
_ANSWER_S = 30.0
_REPLY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scanner found: a name, or nothing."""

    found: str | None = None


class Scanner(Protocol):
    """Something that looks for viruses."""

    name: str

    def scan(self, path: Path) -> Verdict:
        """Return what is in a file; raises `UploadScanSilent`."""
        ...

    def ping(self) -> str:
        """Return what the scanner says of itself; raises `UploadScanSilent`."""
        ...


def is_scanner(setting: str) -> bool:
    """Tell whether a setting names a scanner, or none."""
    try:
        open_scanner(setting)
    except UploadScanWrong:
        return False
    return True


def open_scanner(setting: str) -> Scanner | None:
    """Return the scanner that a setting names; None for a blank one.

    >>> open_scanner("clamd://127.0.0.1:3310").name
    'clamd 127.0.0.1:3310'

    Raises:
        UploadScanWrong: it names none.
    """
    if not setting:
        return None
    scheme, _, rest = setting.partition(":")
    if scheme == "command" and rest.startswith("/"):
        return Program(Path(rest))
    try:
        place = urlsplit(setting)
        host, port = place.hostname, place.port
    except ValueError:
        raise UploadScanWrong from None
    if scheme == "clamd" and host and port and place.path in ("", "/"):
        return Clamd(host, port, None)
    if scheme == "clamd" and not place.netloc and len(place.path) > 1:
        return Clamd("", 0, place.path)
    raise UploadScanWrong


class Clamd:
    """ClamAV's daemon, or whatever speaks its protocol."""

    def __init__(self, host: str, port: int, path: str | None) -> None:
        """Say where it listens: host and port, or a socket's path."""
        self._host, self._port, self._path = host, port, path
        self.name = f"clamd {path or f'{host}:{port}'}"

    def scan(self, path: Path) -> Verdict:
        """Send a file; return what was found.

        Raises:
            UploadScanSilent: no answer, or one that says neither.
        """
        try:
            with self._connected() as wire, path.open("rb") as file:
                wire.sendall(b"zINSTREAM\0")
                while piece := file.read(_CHUNK):
                    wire.sendall(struct.pack("!I", len(piece)) + piece)
                wire.sendall(struct.pack("!I", 0))
                reply = _reply(wire)
        except OSError as problem:
            raise self._silent(problem) from None
        found = re.fullmatch(r"stream: (.{1,200}) FOUND", reply)
        if found:
            return Verdict(found[1])
        if reply == "stream: OK":
            return Verdict()
        raise UploadScanSilent(scanner=self.name, problem=reply[:80] or "—")

    def ping(self) -> str:
        """Return its version; raises `UploadScanSilent`."""
        try:
            with self._connected() as wire:
                wire.sendall(b"zVERSION\0")
                reply = _reply(wire)
        except OSError as problem:
            raise self._silent(problem) from None
        return reply[:80]

    def _connected(self) -> socket.socket:
        if self._path is None:
            wire = socket.create_connection((self._host, self._port), timeout=_CONNECT_S)
        else:
            wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            wire.settimeout(_CONNECT_S)
            wire.connect(self._path)
        wire.settimeout(_ANSWER_S)
        return wire

    def _silent(self, problem: OSError) -> UploadScanSilent:
        said = problem.strerror or type(problem).__name__
        return UploadScanSilent(scanner=self.name, problem=said)


class Program:
    """A program that is given a file's path as its last word."""

    def __init__(self, path: Path) -> None:
        """Name the program."""
        self._path = path
        self.name = path.name

    def scan(self, path: Path) -> Verdict:
        """Run it; raises `UploadScanSilent`."""
        try:
            done = subprocess.run(  # noqa: S603 - the operator names the program; no shell
                [str(self._path), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_ANSWER_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            said = getattr(problem, "strerror", None) or type(problem).__name__
            raise UploadScanSilent(scanner=self.name, problem=said) from None
        if done.returncode not in (0, 1):
            raise UploadScanSilent(scanner=self.name, problem=f"exit {done.returncode}")
        return Verdict("?") if done.returncode == 1 else Verdict()

    def ping(self) -> str:
        """Tell that it is there; raises `UploadScanSilent`."""
        if not self._path.is_file():
            raise UploadScanSilent(scanner=self.name, problem="no such file")
        return self.name


def _reply(wire: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < _REPLY_BYTES:
        piece = wire.recv(_REPLY_BYTES)
        if not piece:
            break
        said += piece
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
