"""Say where a program of the platform listens: the ``serve`` table of its configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from federation.link.errors import UrlWrong

__all__ = ["Place", "check_url"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node or the issuer listens.

    Attributes:
        host: name or address of this machine.
        port: TCP port.
        workers: processes.
        threads: requests at once in each process.
    """

    host: str
    port: int
    workers: int = 1
    threads: int = 8

    @classmethod
    def read(cls, said: Mapping[str, Any] | None) -> Place | None:
        """Return what a configuration says, once its schema was checked; None for nothing."""
        return None if said is None else cls(**said)

    @property
    def url(self) -> str:
        """Return the address by which others reach it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"

    def to_toml(self) -> Iterator[str]:
        """Yield the lines of the ``[serve]`` table."""
        yield "[serve]"
        yield f'host = "{self.host}"'
        yield f"port = {self.port}"
        yield f"workers = {self.workers}"
        yield f"threads = {self.threads}"

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {
            "host": self.host,
            "port": self.port,
            "workers": self.workers,
            "threads": self.threads,
        }


def check_url(party: str, url: str) -> None:
    """Do nothing where a party can be called at an address; raise `UrlWrong` where not.

    >>> check_url("police", "https://10.1.2.3:8443")
    """
    try:
        found = urlsplit(url)
        is_good = found.scheme == "https" and bool(found.hostname) and bool(found.port)
    except ValueError:
        raise UrlWrong(party=party, url=url[:200]) from None
    if not is_good or found.path or found.query or found.fragment or found.username:
        raise UrlWrong(party=party, url=url[:200])
