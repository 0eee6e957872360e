"""A city that takes a department's node in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from bureau import PARTY, REASON, Bureau

from builder.app.enrolling import City, city_of


@pytest.fixture
def bureau(tmp_path: Path, clock) -> Bureau:
    return Bureau(tmp_path / "bureau", clock())


@pytest.fixture
def city(home: Path):
    """A city that has retired its embedded node of the civil affairs bureau."""
    with city_of(home) as found:
        found.retire(PARTY, reason=REASON, by="admin")
        yield found


@pytest.fixture
def later(city: City):
    """Return a function that moves the hub's clock."""

    def move(**by: float) -> None:
        now = city.registrar.clock() + timedelta(**by)
        object.__setattr__(city.registrar, "clock", lambda: now)

    return move
