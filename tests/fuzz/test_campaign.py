"""Whatever is sent or typed: no traceback, no half-written case, nobody reads another one's values.

``make test`` takes a fixed sample, ``make prove`` a hundred thousand (tests/fuzz/campaign.py,
which says how to run it by hand and take it up again where it stopped).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import fuzz_commands
import fuzz_requests
import fuzz_sockets
import fuzz_world
import pytest
from served import served

pytestmark = pytest.mark.filterwarnings("ignore:The 'scenarist' cookie is too large")
CAMPAIGN = Path(__file__).parent / "campaign.py"


def _draw(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 - a draw that can be repeated


@pytest.fixture(scope="module")
def world(demo_city, copy_city, tmp_path_factory):
    home = copy_city(demo_city, tmp_path_factory.mktemp("fuzz") / "city")
    made = fuzz_world.build(home)
    fuzz_world.plant(made)
    made.sign_in()
    yield made
    made.platform.close()


def test_a_sample_of_mutated_requests_breaks_nothing(world):
    rng = _draw(20261130)
    for _ in range(700):
        fuzz_requests.one(rng, world)
    world.look_at_stores()
    assert world.wrong == []
    assert {"200", "401", "403", "404", "405", "422"} <= set(world.met)


def test_the_scan_for_other_peoples_values_does_see_them(world):
    """Otherwise it would prove nothing: what the owner reads is told as a leak to others."""
    case_no = world.own["case"][0]
    answer = world.cookie["chen-jing"].get(f"/cases/{case_no}")
    seen, world.wrong = world.wrong, []
    world.look_at("zhou-ming", "a page of chen-jing's", answer)
    told, world.wrong = world.wrong, seen
    assert any("6200000000000000018" in line for line in told)


def test_a_sample_of_command_lines_breaks_nothing(home, tmp_path, monkeypatch):
    monkeypatch.setenv("SCENARIST_HOME", str(home))
    met, wrong = fuzz_commands.type_in(_draw(4), home, tmp_path, 30)
    apart, more = fuzz_commands.type_apart(_draw(5), home, tmp_path, 2)
    assert [*wrong, *more] == []
    assert set(met) <= {"cli 0", "cli 1", "cli 2"}
    assert apart.total() == 2


def test_a_sample_of_broken_bytes_leaves_the_server_standing(home):
    with served(home) as server:
        met, wrong = fuzz_sockets.write(server.port, 150, 4)
        after, _ = fuzz_sockets.write(server.port, 20, 1)
    assert wrong == []
    assert met["400"]
    assert set(after) != {"closed"}


@pytest.mark.prove
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_thousand_requests_and_commands_break_nothing(tmp_path, record_property):
    """Goes on where it stopped, with SCENARIST_FUZZ naming a folder that stays."""
    state = Path(os.environ.get("SCENARIST_FUZZ", tmp_path / "fuzz"))
    done = subprocess.run(
        [sys.executable, CAMPAIGN, "--requests", "102000", "--workers", "3", "--state", state],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)
    record_property("requests", found["requests"])
    assert found["wrong"] == []
    assert done.returncode == 0
    assert found["requests"] >= 100_000
