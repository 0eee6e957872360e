"""A demo city, built once per process and copied for each test; a clock that moves when told."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings

# A busy machine is no failure; where nobody watches, the same examples every time.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")

_SLOW = (
    "audit/test_verification",
    "city/",
    "cli/",
    "connectors/test_conformance",
    "connectors/test_meaning",
    "expr/test_engines",
    "expr/test_laws",
    "expr/test_pushed_laws",
    "matters/",
    "process/test_laws",
    "scenario/test_fuzz",
    "store/test_migration",
    "web/test_access",
    "web/test_fuzz",
    "web/test_governance",
    "web/test_matter",
)
"""Whole matters, whole cities and laws over many examples: run by make test, not by test-fast."""

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what belongs to a slow part."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            name = item.path.relative_to(here).as_posix()
            if name.startswith(_SLOW):
                item.add_marker(pytest.mark.slow)


@dataclass(slots=True)
class Clock:
    """A clock that moves when told."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="session")
def demo_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo city as it was built; nobody writes into it."""
    from builder.app import build_demo

    home = tmp_path_factory.mktemp("demo") / "city"
    build_demo(home, scale=1, say=lambda _zh, _en: None)
    return home


@pytest.fixture(scope="session")
def copy_city() -> Callable[[Path, Path], Path]:
    """Return a function that copies a city that nobody has open; departments' data are shared.

    Nothing in Scenarist writes a department's database, so a second name for the file will do.
    """

    def place(source: str, target: str) -> object:
        if Path(source).name == "source.db":
            return os.link(source, target)
        return shutil.copy2(source, target)

    return lambda city, target: Path(shutil.copytree(city, target, copy_function=place))


@pytest.fixture
def home(demo_city: Path, tmp_path: Path, copy_city: Callable[[Path, Path], Path]) -> Path:
    """A city of one's own."""
    return copy_city(demo_city, tmp_path / "city")


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(_SHANGHAI))


@pytest.fixture
def platform(home: Path, clock: Clock) -> Iterator[object]:
    """The city opened, on its clock."""
    from builder.app import open_platform

    found = open_platform(home, clock=clock)
    yield found
    found.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[object]:
    """A PostgreSQL server on loopback; see `postgres_server.PostgresServer`."""
    from postgres_server import PostgresServer, programs

    if programs() is None:
        pytest.skip("no PostgreSQL server is installed")
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def who(platform) -> Callable[[str], object]:
    """Return a function: account → that person, signed in."""
    return platform.accounts.named
