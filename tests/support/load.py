"""Drive a running city as many readers at once: a browser light enough to measure with.

Each reader keeps one connection and one sign-in; `drive` lets them work until a number of requests
is done and returns how long each took.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

_TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')
_VERSION = re.compile(rb'name="version" value="(\d+)"')


@dataclass(slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Browser:
    """One reader's connection and cookie; several may share a cookie by `signed_in_as`.

    Attributes:
        source: the loopback address this reader comes from, since tries to sign in are counted by
            address.
    """

    port: int
    source: str = "127.0.0.1"
    cookie: str = ""
    csrf: str = ""
    _socket: socket.socket | None = None
    _rest: bytes = b""

    def get(self, address: str) -> Answer:
        """Open a page."""
        return self._ask("GET", address, b"")

    def post(self, address: str, fields: Mapping[str, str | Sequence[str]]) -> Answer:
        """Send a form with the token of the last page opened."""
        body = urlencode({"csrf_token": self.csrf, **fields}, doseq=True).encode()
        return self._ask("POST", address, body)

    def sign_in(self, account: str, password: str) -> None:
        """Sign in; the token of the new session comes with the next page."""
        self.get("/sign-in")
        said = self.post("/sign-in", {"account": account, "password": password})
        assert said.status == 303, (account, said.status)
        self.get("/cases") if account.startswith(("c", "b")) else self.get("/desk/")

    def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, method: str, address: str, body: bytes) -> Answer:
        head = [f"{method} {address} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/html"]
        if self.cookie:
            head.append(f"Cookie: {self.cookie}")
        if method == "POST":
            head += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        sent = "\r\n".join([*head, "", ""]).encode() + body
        for attempt in (1, 2):
            try:
                answer = self._exchange(sent)
            except (ConnectionError, OSError):  # the server let an idle connection go
                self.close()
                if attempt == 2:
                    raise
            else:
                break
        self._remember(answer)
        return answer

    def _exchange(self, sent: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection(
                ("127.0.0.1", self.port), timeout=30, source_address=(self.source, 0)
            )
            if self._socket.getsockname() == self._socket.getpeername():
                self.close()  # where nobody listens yet, a loopback socket may meet itself
                raise ConnectionRefusedError
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._rest = b""
        self._socket.sendall(sent)
        head, _, rest = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            if name == "Set-Cookie" and value.startswith("scenarist="):
                headers["cookie"] = value.partition(";")[0]
            else:
                headers[name.lower()] = value
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += self._more()
        self._rest = rest[length:]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(lines[0].split(" ")[1]), headers, rest[:length])

    def _until(self, mark: bytes) -> bytes:
        found = self._rest
        while mark not in found:
            found += self._more()
        return found

    def _more(self) -> bytes:
        assert self._socket is not None
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionResetError
        return part

    def _remember(self, answer: Answer) -> None:
        if "cookie" in answer.headers:
            self.cookie = answer.headers["cookie"]
        token = _TOKEN.search(answer.body)
        if token:
            self.csrf = token[1].decode()


def version_in(answer: Answer) -> str:
    """Return the version a page was shown at."""
    found = _VERSION.search(answer.body)
    assert found, answer.status
    return found[1].decode()


Step = Callable[[], tuple[str, int]]
"""Do one request; return the page's name and the status."""


@dataclass(slots=True)
class Timings:
    """How long each page took, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    wall_s: float = 0.0

    @property
    def requests(self) -> int:
        return sum(map(len, self.seconds.values()))

    def lines(self) -> Iterator[str]:
        """Yield a table in milliseconds."""
        yield f"{'page':<34}{'n':>7}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}  ms"
        everything = [s for found in self.seconds.values() for s in found]
        for name, found in [*sorted(self.seconds.items()), ("all", everything)]:
            ordered = sorted(found)
            shown = "".join(f"{at(ordered, q) * 1e3:9.1f}" for q in (0.5, 0.95, 0.99, 1.0))
            yield f"{name:<34}{len(found):>7}{shown}"
        rate = self.requests / self.wall_s if self.wall_s else 0
        said = f"{self.requests} requests in {self.wall_s:.1f} s: {rate:.0f}/s"
        yield f"{said}; errors: {self.errors}"


def at(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def drive(
    readers: Sequence[Callable[[], Iterator[Step]]], requests: int, think_s: float = 0.0
) -> Timings:
    """Let all readers work side by side until `requests` are done, each thinking in between."""
    timings, lock, left = Timings(), threading.Lock(), iter(range(requests))

    def work(begin: Callable[[], Iterator[Step]]) -> None:
        own: list[tuple[str, int, float]] = []
        for step in begin():
            with lock:
                if next(left, None) is None:
                    break
            if think_s:
                time.sleep(think_s)
            began = time.perf_counter()
            name, status = step()
            own.append((name, status, time.perf_counter() - began))
        with lock:
            for name, status, took in own:
                timings.seconds.setdefault(name, []).append(took)
                if status >= 400:
                    key = f"{name} {status}"
                    timings.errors[key] = timings.errors.get(key, 0) + 1

    threads = [threading.Thread(target=work, args=(r,)) for r in readers]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timings.wall_s = time.perf_counter() - began
    return timings


def memory_mib(pid: int) -> float:
    """Return the resident memory of a process and its children, shared pages counted once each."""
    total = 0
    for one in (pid, *_children(pid)):
        with suppress(OSError):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text("ascii").splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def processor_s(pid: int) -> float:
    """Return the processor time of a process and its children so far, in seconds."""
    ticks = 0
    for one in (pid, *_children(pid)):
        with suppress(OSError):
            numbers = Path(f"/proc/{one}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(numbers[11]) + int(numbers[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def fields_of(answer: Answer) -> dict[str, list[str]]:
    """Return what a browser would send for the form in a page's main part."""
    from lxml import html

    form = html.fromstring(answer.body).xpath('//main//form[.//input[@name="version"]]')[0]
    sent: dict[str, list[str]] = {}
    for one in form.xpath(".//input|.//select|.//textarea"):
        kind, name = one.get("type", ""), one.get("name")
        if not name or kind == "submit" or name in ("csrf_token", "version"):
            continue
        if kind in ("radio", "checkbox") and one.get("checked") is None:
            continue
        value = one.text if one.tag == "textarea" else one.get("value")
        if one.tag == "select":
            chosen = one.xpath("./option[@selected]") or one.xpath("./option")
            value = chosen[0].get("value")
        sent.setdefault(name, []).append(value or "")
    return sent


def links_of(answer: Answer, beginning: str) -> list[str]:
    """Return the addresses a page links to that begin so, in order, each once."""
    from lxml import html

    found = html.fromstring(answer.body).xpath("//main//a/@href")
    return list(dict.fromkeys(a for a in found if a.startswith(beginning)))
