"""A browser's part of HTTP against a real server: keep-alive, cookies, forms. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

_FAILED = 500


@dataclass(frozen=True, slots=True)
class Seen:
    """A response, with the names that Flask's test client gives them."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def mimetype(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip()

    @property
    def text(self) -> str:
        return self.data.decode()

    def close(self) -> None:
        """Let go of nothing: the body was read whole."""


class HttpClient:
    """One reader's client: `get` and `post`, as `Reader` uses them; no redirect is followed."""

    def __init__(self, address: str, *, timeout_s: float = 40.0) -> None:
        self._address = address
        self._cookies: dict[str, str] = {}
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False)
        self._timeout_s = timeout_s
        self.failures: list[str] = []
        """What the server said where it said that it could not."""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Seen:
        return self._send("GET", path, b"", dict(headers or {}))

    def post(
        self, path: str, data: Mapping[str, object] | None = None, content_type: str | None = None
    ) -> Seen:
        if content_type == "multipart/form-data":
            body, kind = urllib3.encode_multipart_formdata(
                [
                    (name, value)
                    for name, values in (data or {}).items()
                    for value in (values if isinstance(values, list | tuple) else [values])
                ]
            )
        else:
            body = urlencode(data or {}, doseq=True).encode()
            kind = "application/x-www-form-urlencoded"
        return self._send("POST", path, body, {"Content-Type": kind})

    def close(self) -> None:
        self._pool.clear()

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Seen:
        target = urljoin(self._address, urlsplit(path)._replace(scheme="", netloc="").geturl())
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self._cookies.items())
        found = self._pool.request(
            method, target, body=body, headers=headers, timeout=self._timeout_s, redirect=False
        )
        for line in found.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        if found.status >= _FAILED:
            self.failures.append(found.data.decode())
        return Seen(found.status, dict(found.headers), found.data)
