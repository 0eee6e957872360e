"""What a door costs: counting a request, finding a sign-in, checking a password.

    python -m pytest tests/bench/identity.py --benchmark-enable

Counts in the file that all processes of a machine share beside counts in one process's memory
(limits' own storage). The hub's store is SQLite, `synchronous=FULL`.
"""

from __future__ import annotations

from itertools import count

import pytest
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from builder.app import demo_password, open_platform
from builder.web.limits import FileStorage

_OFTEN = parse("1000000000 per hour")


@pytest.fixture(scope="module")
def platform(demo_city, copy_city, tmp_path_factory):
    found = open_platform(copy_city(demo_city, tmp_path_factory.mktemp("bench") / "city"))
    yield found
    found.close()


@pytest.mark.parametrize("kept", ["file", "memory"])
def test_count_a_request(benchmark, tmp_path, kept):
    storage = FileStorage(tmp_path / "limits.db") if kept == "file" else MemoryStorage()
    limiter, numbers = FixedWindowRateLimiter(storage), count()
    benchmark(lambda: limiter.hit(_OFTEN, "posts", f"account {next(numbers) % 50}"))


def test_find_a_sign_in(benchmark, platform):
    token = platform.sessions.begin(platform.accounts.named("chen-jing"))
    assert benchmark(platform.sessions.find, token).account.account == "chen-jing"


def test_sign_in_with_a_password(benchmark, platform):
    found = benchmark(platform.accounts.sign_in, "chen-jing", demo_password(), address="10.0.0.1")
    assert found.account.account == "chen-jing"
