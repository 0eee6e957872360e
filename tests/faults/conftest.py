"""A city of real programs that are killed, starved and cut off, and must come to the same end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from harms import LONG_AGO
from ports import APART, free_port
from town import Town

PARTIES = ("civil-affairs", "police", "hrss", "housing-fund", "health", "medical-insurance")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def town(demo_city: Path, copy_city, tmp_path_factory, port: int) -> Iterator[Town]:
    """The city's programs, running."""
    home = copy_city(demo_city, tmp_path_factory.mktemp("town") / "city")
    found = Town(home, port)
    found.start()
    yield found
    found.end()


@pytest.fixture(scope="session")
def apart_home(demo_city: Path, copy_city) -> Iterator[Path]:
    """A city whose issuer and nodes are programs of their own, over PostgreSQL, Parquet and CSV."""
    from builder.app.processes import set_apart
    from federation.link.certificates import create_authority

    folder = Path(tempfile.mkdtemp(prefix="apart-"))  # where the database server's user may look
    folder.chmod(0o755)
    home = copy_city(demo_city, folder / "city")
    now = datetime.now().astimezone()
    create_authority(home / "ca", name="Hefei", now=now - LONG_AGO)  # old enough to have issued
    set_apart(home, APART, lambda _zh, _en: None)
    yield home
    shutil.rmtree(folder, ignore_errors=True)


def _is_needed(name: str) -> bool:
    kind, _, party = name.partition(":")
    return kind != "node" or party in PARTIES


@pytest.fixture(scope="session")
def apart(apart_home: Path) -> Iterator[Town]:
    """The programs that the matter after a death needs, running apart."""
    found = Town(apart_home, free_port(), _is_needed)
    found.start()
    yield found
    found.end()
