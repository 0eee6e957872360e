"""What a web process loads, and what it does not: starting it opens no department's database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_SCRIPT = """
import json, sys, time
began = time.perf_counter()
import wsgi
took = time.perf_counter() - began
at_start = sorted({name.partition('.')[0] for name in sys.modules})
client = wsgi.app.test_client()
rules = {}
for rule in wsgi.app.url_map.iter_rules():
    blueprint = rule.endpoint.partition('.')[0] if '.' in rule.endpoint else ''
    if 'GET' in rule.methods and not rule.arguments:
        rules.setdefault(blueprint, rule.rule)
codes = {name: client.get(path).status_code for name, path in sorted(rules.items())}
loaded = sorted({name.partition('.')[0] for name in sys.modules})
print(json.dumps({'took': took, 'start': at_start, 'codes': codes, 'loaded': loaded,
                  'blueprints': sorted(wsgi.app.blueprints)}))
"""


@pytest.fixture(scope="module")
def started(demo_city, copy_city, tmp_path_factory):
    home = copy_city(demo_city, tmp_path_factory.mktemp("web") / "city")
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        cwd=ROOT, env={**os.environ, "SCENARIST_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_every_part_of_the_web_answers(started):
    assert started["codes"]
    assert all(code < 500 for code in started["codes"].values()), started["codes"]
    of_cases = {"static", "files"}  # all their addresses name a case
    assert set(started["codes"]) >= set(started["blueprints"]) - of_cases, started


@pytest.mark.parametrize(
    "library", ["flwr", "duckdb", "torch", "pandas", "SpiffWorkflow", "pytest", "PIL", "pypdfium2"]
)
def test_the_web_never_loads_what_it_does_not_need(started, library):
    assert library not in started["loaded"]


@pytest.mark.parametrize("library", ["polars", "pyarrow", "adbc_driver_sqlite"])
def test_what_reads_departments_data_is_loaded_when_it_is_first_needed(started, library):
    assert library not in started["start"]


def test_the_time_to_start_is_known(started, record_property):
    record_property("web_start_s", round(started["took"], 3))
    assert started["took"] > 0
