"""A city of real programs that are killed, starved and cut off, and must come to the same end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from town import Town


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def town(demo_city: Path, copy_city, tmp_path_factory, port: int) -> Iterator[Town]:
    """The city's programs, running."""
    home = copy_city(demo_city, tmp_path_factory.mktemp("town") / "city")
    found = Town(home, port)
    found.start()
    yield found
    found.end()
