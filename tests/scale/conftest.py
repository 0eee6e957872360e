"""A city with a few thousand matters, filled once, read by all tests here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from populated import Plan, Populated, populate
from stories import Story, read_stories

from builder.app import build_demo, open_platform, rehearsal

SCENARIO = "s23-afterlife"
NOW = datetime.now(ZoneInfo("Asia/Shanghai"))
CASES = 900
DESK = "officer-civil-affairs"
OWNER = "chen-jing"


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled city, opened."""

    platform: Any
    deployment: Any
    told: tuple[Story, ...]
    plan: Plan
    found: Populated


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory):
    home: Path = tmp_path_factory.mktemp("filled") / "city"
    build_demo(home, scale=1, say=lambda _zh, _en: None)
    with rehearsal(home) as (copy, clock):
        told = read_stories(copy, clock, SCENARIO)
    platform = open_platform(home, clock=lambda: NOW + timedelta(hours=1))
    (deployment,) = platform.deployments.all()
    plan = Plan(CASES, NOW, seed=7, own={OWNER: 45})
    found = populate(platform, deployment, told, plan)
    yield Filled(platform, deployment, told, plan, found)
    platform.close()
