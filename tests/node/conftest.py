"""Fixtures of the platform: a city whose parts are all real."""

import importlib.util
import shutil
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


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a city that was founded and closed; each test gets a copy."""
    folder = tmp_path_factory.mktemp("founded")
    City(folder).close()
    return folder


@pytest.fixture(scope="session")
def granted(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, after every department gave its grants."""
    folder = tmp_path_factory.mktemp("granted")
    shutil.copytree(founded, folder, dirs_exist_ok=True)
    made = City(folder)
    made.grant_all()
    made.close()
    return folder


@pytest.fixture
def city(granted: Path, tmp_path: Path) -> Iterator[City]:
    """A city in which every department gave its grants, with no case yet."""
    shutil.copytree(granted, tmp_path, dirs_exist_ok=True)
    made = City(tmp_path)
    yield made
    made.close()


@pytest.fixture
def bare_city(founded: Path, tmp_path: Path) -> Iterator[City]:
    """A city in which nothing was granted."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    made = City(tmp_path)
    yield made
    made.close()
