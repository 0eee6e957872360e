"""Fixtures of the platform: a city whose parts are all real."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "city", Path(__file__).parents[1] / "node" / "city.py"
)
assert _spec is not None
assert _spec.loader is not None
if "city" not in sys.modules:
    sys.modules["city"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["city"])

from city import City  # noqa: E402 - found by the lines above


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """A city in which every department gave its grants, with no case yet."""
    made = City(tmp_path)
    made.grant_all()
    yield made
    made.close()


@pytest.fixture
def bare_city(tmp_path: Path) -> Iterator[City]:
    """A city in which nothing was granted."""
    made = City(tmp_path)
    yield made
    made.close()
