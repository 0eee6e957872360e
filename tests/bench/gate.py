"""What a prefill costs: question, hub's checks, signatures, link, gate, journals, rows and back.

    python -m pytest tests/bench/gate.py --benchmark-enable

One process, two SQLite databases of 1e4 people, every write with `synchronous=FULL` on the disk of
the temporary folder: two journal entries at the hub and two at the node for each question.
`extra_info` holds the 95th percentile in milliseconds.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location(
    "city", Path(__file__).parents[1] / "node" / "city.py"
)
assert _spec is not None
assert _spec.loader is not None
if "city" not in sys.modules:
    sys.modules["city"] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["city"])

from city import HOUSEHOLD, KIN_CHECK, POLICIES, WANG, City  # noqa: E402 - found by the lines above

from federation.fragment import Column, Named, Project, Scan, Source  # noqa: E402
from federation.query.parse import parse  # noqa: E402

PEOPLE = 10_000
PREFILL = "SELECT name, address, moved_in, members FROM household"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = City(tmp_path_factory.mktemp("city"))
    for party, policy in POLICIES.items():
        rate = {"per_minute": 1_000_000, "per_case_hour": 1_000_000}
        made.write_policy(party, {**policy, "rate": rate})
        made.reopen(party)
    made.insert(
        "police/household",
        *(
            (f"p{n:06d}", "某", "某路", f"H-{n}", "registered", "2000-01-01", 3)
            for n in range(PEOPLE)
        ),
    )
    made.grant_all()
    made.running()
    yield made
    made.close()


def measure(benchmark: Any, act: Callable[[], object]) -> None:
    benchmark.pedantic(act, rounds=200, warmup_rounds=10)
    times = sorted(benchmark.stats.stats.data) if benchmark.stats else [0.0]
    benchmark.extra_info["p95_ms"] = round(times[int(len(times) * 0.95) - 1] * 1e3, 2)


def test_a_prefill_end_to_end(benchmark: Any, city: City):
    measure(benchmark, lambda: city.ask(PREFILL))


def test_a_prefill_with_a_new_token_and_statement(benchmark: Any, city: City):
    def act() -> None:
        city.hub._papers.clear()
        city.ask(PREFILL)

    measure(benchmark, act)


def test_a_check_end_to_end(benchmark: Any, city: City):
    measure(benchmark, lambda: city.ask(KIN_CHECK, "verify", params={"applicant_id": WANG}))


def test_the_gate_alone(benchmark: Any, city: City):
    columns = tuple(Named(c, Column(c)) for c in ("name", "address"))
    scan = Scan(Project(Source(HOUSEHOLD), columns))

    def act() -> None:
        city.send(city.fragment(scan, fields=("name", "address")))

    measure(benchmark, act)


def test_a_refusal(benchmark: Any, city: City):
    scan = Scan(Project(Source(HOUSEHOLD), (Named("n", Column("status")),)))

    def act() -> None:
        with pytest.raises(Exception, match=r"findings|trust"):
            city.send(city.fragment(scan, fields=("status",)))

    measure(benchmark, act)


def test_parsing(benchmark: Any):
    measure(benchmark, lambda: parse(PREFILL))
