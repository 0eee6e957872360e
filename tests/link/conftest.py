"""Certificates of all kinds, a node that runs, links to it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

for _name in ("link/link_program", "link/link_machines", "node/city"):
    _file = Path(__file__).parents[1] / f"{_name}.py"
    _name = _file.stem
    _spec = importlib.util.spec_from_file_location(_name, _file)
    assert _spec is not None
    assert _spec.loader is not None
    if _name not in sys.modules:
        sys.modules[_name] = importlib.util.module_from_spec(_spec)
        _spec.loader.exec_module(sys.modules[_name])

from link_machines import POLICE, Begin, Call, Scripted, Server, Start, starting, tls_of  # noqa: E402

from federation.link.certificates import certify, create_authority  # noqa: E402
from federation.link.https import HttpsLink  # noqa: E402

NOW = datetime.now(UTC)
HOSTS = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each party, and two authorities."""
    home = tmp_path_factory.mktemp("machines")
    create_authority(home / "ca", name="合肥市", now=NOW - timedelta(days=900))
    create_authority(home / "ca-of-another-city", name="别市", now=NOW)
    for folder, identity, authority, since in (
        ("hub", "scenarist://hub/hefei", "ca", NOW),
        ("police", POLICE, "ca", NOW),
        ("water", "scenarist://node/water", "ca", NOW),
        ("issuer", "scenarist://issuer/cases", "ca", NOW),
        ("police-expired", POLICE, "ca", NOW - timedelta(days=800)),
        ("police-early", POLICE, "ca", NOW + timedelta(days=2)),
        ("police-of-another-city", POLICE, "ca-of-another-city", NOW),
        ("hub-expired", "scenarist://hub/hefei", "ca", NOW - timedelta(days=800)),
        ("hub-of-another-city", "scenarist://hub/hefei", "ca-of-another-city", NOW),
    ):
        certify(home / folder, home / authority, identity=identity, hosts=HOSTS, now=since)
    for folder in ("police-of-another-city", "hub-of-another-city"):  # they accept us, we not them
        (home / folder / "tls" / "ca.crt").write_bytes((home / "ca" / "ca.crt").read_bytes())
    return home


@pytest.fixture(scope="session")
def police(machines: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The police's node, running."""
    with starting(tmp_path_factory.mktemp("police")) as start:
        yield start(machines / "police")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts servers of one's own."""
    with starting(tmp_path) as function:
        yield function


@pytest.fixture
def call(machines: Path) -> Iterator[Call]:
    """A function that returns a link to a URL, as the hub or as another machine."""
    links: list[HttpsLink] = []

    def make(url: str, *, by: str = "hub", identity: str = POLICE) -> HttpsLink:
        links.append(HttpsLink("police", url, tls_of(machines / by), identity=identity))
        return links[-1]

    yield make
    for link in links:
        link.close()


@pytest.fixture
def scripted(machines: Path) -> Iterator[Begin]:
    """A function that starts a `Scripted` server."""
    servers: list[Scripted] = []

    def begin(
        script: Any, *, folder: str = "police", tls: bool = True, contexts: Any = None
    ) -> Scripted:
        shown = contexts or tls_of(machines / folder).server_context
        servers.append(Scripted(shown if tls else None, script))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()
