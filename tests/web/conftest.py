"""A demo city with its pages, and readers who use them as people do: by label, button and link."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from afterlife import HANDLED, begin, hand_in, handle
from browsing import Served
from contents import bring_matters, fill_city
from flask import Flask
from people import Reader

from builder.app import build_demo, demo_password, open_platform
from builder.web import Limits, create_app
from federation.store import resource

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock:
    """A clock that moves when told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: int) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="session")
def built_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("built") / "city"
    build_demo(home, scale=1, say=lambda *_: None)
    return home


def clone(city: Path, to: Path) -> Path:
    """Copy a city; the departments' own databases, which nobody here writes, are linked."""

    def copy(source: str, target: str) -> None:
        if source.endswith("source.db"):
            os.link(source, target)
        else:
            shutil.copy2(source, target)

    return Path(shutil.copytree(city, to, copy_function=copy))


@pytest.fixture(scope="session")
def served(built_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The city's pages on loopback, for a browser."""
    assert resource("static/manifest.json").exists(), "run `make assets` first"
    home = clone(built_city, tmp_path_factory.mktemp("served") / "city")
    found = Served(home, Clock(datetime.now(SHANGHAI)))
    yield found
    found.close()


@pytest.fixture(scope="session")
def things(served: Served) -> Mapping[str, str]:
    """What the pages of `served` are about: matters finished, running and begun, a grant."""
    return _things(served)


@dataclass(frozen=True, slots=True)
class Filled:
    """A city with something on every page.

    Attributes:
        things: what the pages of `test_access.EXPECTED` are about.
        pages: further pages, by who looks at them.
    """

    served: Served
    things: Mapping[str, str]
    pages: Mapping[str, list[str]]


@pytest.fixture(scope="session")
def filled(built_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("filled")
    home = clone(built_city, folder / "city")
    bring_matters(home, folder)
    found = Served(home, Clock(datetime.now(SHANGHAI)))
    things = _things(found)
    yield Filled(found, things, fill_city(found.platform, folder))
    found.close()


def _things(served: Served) -> dict[str, str]:
    citizen = served.reader("chen-jing")
    hand_in(citizen)
    for account, title, answers in HANDLED:
        handle(served.reader(account), title, answers)
    case = hand_in(citizen)
    draft = begin(citizen).address.split("/")[2]
    grant = next(g.id for g in served.platform.hub.grants(owner="police"))
    return {"case": case, "draft": draft, "grant": grant}


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(SHANGHAI))


@pytest.fixture
def home(kept_in: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    if kept_in == "sqlite":
        yield clone(request.getfixturevalue("built_city"), tmp_path / "city")
        return
    city = request.getfixturevalue("postgres_city")
    copy = city.copy(tmp_path / "city", clone)
    yield copy
    city.drop(copy)


@pytest.fixture
def platform(home: Path, clock: Clock) -> Iterator[object]:
    found = open_platform(home, clock=clock)
    found.settings = replace(found.settings, log_level="info")
    yield found
    found.close()


@pytest.fixture
def limits() -> Limits:
    return Limits(sign_in="1000 per minute", posts="10000 per minute")


@pytest.fixture
def app(platform, limits: Limits) -> Flask:
    made = create_app(platform, secret=b"s" * 32, demo_password=demo_password(), limits=limits)
    made.testing = False
    return made


@pytest.fixture
def visitor(app: Flask) -> Reader:
    """Somebody who is not signed in."""
    return Reader(app.test_client())


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], Reader]:
    """Sign someone in by the account's name."""

    def enter(account: str, lang: str = "zh") -> Reader:
        reader = Reader(app.test_client())
        reader.open(f"/sign-in?lang={lang}")
        words = ("账号", "密码", "登录") if lang == "zh" else ("Account", "Password", "Sign in")
        reader.fill(words[0], account).fill(words[1], demo_password()).press(words[2])
        assert reader.status == 200
        return reader

    return enter
