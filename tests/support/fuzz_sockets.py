"""Write bytes to a served city that no browser writes: broken request lines, headers and bodies."""

from __future__ import annotations

import random
import socket
from collections import Counter
from contextlib import suppress

_LINES = (
    b"GET / HTTP/1.1",
    b"GET  /  HTTP/1.1",
    b"GET /\x00 HTTP/1.1",
    b"GET /%zz HTTP/1.1",
    b"get / HTTP/1.1",
    b"GET http://elsewhere.example/ HTTP/1.1",
    b"GET /../../etc/passwd HTTP/1.1",
    b"POST /sign-in HTTP/1.1",
    b"POST /api/v1/tokens HTTP/1.1",
    b"GET /api/v1/cases HTTP/1.1",
    b"PUT /desk/ HTTP/1.1",
    b"GET * HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"CONNECT x:80 HTTP/1.1",
    b"GET / HTTP/9.9",
    b"GET / HTTP/0.9",
    b"GET /",
    b"",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1",
    b"GET /matters?q=" + b"%E9%99%88" * 400 + b" HTTP/1.1",
    b"GET /matters?q=\xff\xfe HTTP/1.1",
    b"GET /healthz HTTP/1.1",
    b"X" * 40 + b" / HTTP/1.1",
    b"GET //elsewhere.example/ HTTP/1.1",
)
_HEADERS = (
    b"Host: localhost",
    b"Host: elsewhere.example",
    b"Host: a\x00b",
    b"Host:",
    b"Host: x\r\nHost: y",
    b"Content-Length: 5",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 4",
    b"Transfer-Encoding: xchunked",
    b"Content-Type: application/json",
    b"Content-Type: multipart/form-data; boundary=" + b"x" * 300,
    b"Cookie: scenarist=" + b"a" * 3000,
    b"Cookie: scenarist=\xff\xfe; lang=\x7f",
    b"Cookie: lang=en; lang=zh; theme=x",
    b"Authorization: Bearer \xff",
    b"Authorization: Bearer sct_" + b"0" * 48,
    b"X-Forwarded-For: 1.2.3.4, x",
    b"X: " + b"y" * 9000,
    b"bad header",
    b" folded: 1",
    b"A: 1\r\n  folded",
    b"\x00: 1",
    b"Expect: 100-continue",
    b"Connection: upgrade\r\nUpgrade: websocket",
    b"Accept: \xe9",
    b"Accept-Language: " + b"a," * 400,
    b"Range: bytes=0-,9-1,x",
    b"Content-Encoding: gzip",
    b"If-Modified-Since: yesterday",
    b"X-Many: 1\r\n" * 120 + b"X: 1",
)
_BODIES = (
    b"",
    b"x" * 5,
    b'{"account": "\\ud800", "password": 1}',
    b"5\r\nhello\r\n0\r\n\r\n",
    b"zz\r\nhello\r\n",
    b"a=1&a=2",
    b"\x00" * 60,
    b"ffffffffffffffff\r\n",
    b'{"account":"chen-jing","password":"x"}',
)


def write(port: int, requests: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Write so many requests; return what came back by status, and what should not have."""
    met: Counter[str] = Counter()
    wrong: list[str] = []
    rng = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    for _ in range(requests):
        message = _message(rng)
        answer = _sent(port, message)
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/") else "closed"
        met[status] += 1
        if status.startswith("5") and status not in ("501", "505"):
            wrong.append(f"{status} {message[:300]!r}")
        if b"Traceback" in answer:
            wrong.append(f"traceback {message[:300]!r}")
    return met, wrong


def _message(rng: random.Random) -> bytes:
    lines = [rng.choice(_LINES)]
    if rng.random() < 0.7:
        lines.append(b"Host: localhost")
    lines += [rng.choice(_HEADERS) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    body = rng.choice(_BODIES) if rng.random() < 0.5 else b""
    if body and rng.random() < 0.5:
        lines.append(b"Content-Length: %d" % len(body))
    end = rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"))
    message = end.join(lines) + end + end + body
    if rng.random() < 0.05:
        message = message[: rng.randrange(len(message) + 1)]
    if rng.random() < 0.05:
        place = rng.randrange(len(message) + 1)
        message = message[:place] + rng.randbytes(3) + message[place:]
    return message


def _sent(port: int, message: bytes) -> bytes:
    """Return the beginning of what comes back; nothing where the server hangs up."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.settimeout(1.5)
        line.sendall(message)
        with suppress(OSError):
            line.shutdown(socket.SHUT_WR)
        found = b""
        while len(found) < 20_000:
            more = line.recv(4096)
            if not more:
                break
            found += more
        return found
    return b""
