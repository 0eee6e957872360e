"""Name the parts of a city's folder, and read the small files in it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from builder.cases.city import City, read_city
from builder.store.errors import CityFileUnreadable
from federation.crypto import KeyStore, Signer
from federation.store import resource

__all__ = [
    "CA",
    "HUB",
    "IDENTITY",
    "ISSUER",
    "ISSUER_KEY",
    "NODES",
    "beside_the_city",
    "has_keys",
    "now_in_shanghai",
    "read_file",
    "steward_signer",
    "the_city",
]

HUB, ISSUER, IDENTITY = "hub", "issuer", "identity"
CA = "ca"
"""Folder of the city's certificate authority."""
NODES = "nodes.json"
"""The register of nodes of cities built before it stood in the hub's store."""
ISSUER_KEY = "public.json"
"""The issuer's public key, by which the hub reads its tokens where it runs apart."""
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def now_in_shanghai() -> datetime:
    """Return now, as the city's clocks show it."""
    return datetime.now(_SHANGHAI)


def beside_the_city(county: str) -> str | None:
    """Return a county's code; None for the city itself."""
    return None if county == the_city().code else county


def read_file(path: Path) -> Any:
    """Return a small JSON file of the city; raises `CityFileUnreadable`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise CityFileUnreadable(file=path.name) from None


def the_city() -> City:
    """Return the city as `specs/city` describes it."""
    return read_city(resource("specs/city/city.json"))


def steward_signer(home: Path, party: str, *, create: bool = False) -> Signer:
    """Return the key that a department's steward decides with, where it lies on this machine."""
    return KeyStore(home / "stewards" / (party or "-")).signer("steward", create=create)


def has_keys(folder: Path, name: str, *, create: bool = False) -> Signer:
    """Return the key in an issuer's or node's folder, which has a secret for pseudonyms too."""
    keys = KeyStore(folder / "keys")
    keys.secret("pseudonym", create=create)
    return keys.signer(name, create=create)
