"""A department's node answers over HTTPS as it does in the hub's own process."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from city import HOUSEHOLD, City
from link_machines import Call, Server, Start

from federation.errors import Fault
from federation.fragment import Column, Named, Project, Scan, Source
from federation.link import Breaker, Link
from federation.link.arrow import ask_rows
from federation.link.errors import LinkUnreachable
from federation.trust.errors import RequestMisdirected

pytestmark = [pytest.mark.slow, pytest.mark.processes]

PREFILL = "SELECT name, address, moved_in, members FROM household"
NAME = Scan(Project(Source(HOUSEHOLD), (Named("name", Column("name")),)))


@dataclass(slots=True)
class Apart:
    """A city whose police is on another machine."""

    city: City
    server: Server
    restart: Callable[[], Server]

    def go_to(self, link: Link) -> None:
        entry = self.city.hub.nodes["police"]
        self.city.hub.nodes["police"] = replace(entry, link=link)


@pytest.fixture
def apart(tmp_path: Path, machines: Path, start: Start, call: Call) -> Iterator[Apart]:
    city = City(tmp_path / "city")
    city.grant_all()
    folder = tmp_path / "city" / "police"
    (folder / "NODE.toml").write_text(city.config["police"].to_toml(), encoding="utf-8")
    city.nodes["police"].close()

    def run(port: int = 0) -> Server:
        return start(machines / "police", port=port, env={"NODE": str(folder)})

    server = run()
    made = Apart(city, server, lambda: run(server.port))
    made.go_to(call(server.url))
    yield made
    city.close()


def journal(apart: Apart) -> list[str]:
    apart.city.nodes["police"] = apart.city.open_node("police")
    return apart.city.kinds()


def test_a_question_is_answered_and_recorded_as_ever(apart: Apart):
    apart.city.running()
    answer = apart.city.ask(PREFILL)
    assert answer.table.num_rows == 1
    assert apart.server.stop() == 0
    assert journal(apart)[-2:] == ["opened", "closed"]
    assert apart.city.nodes["police"].journal.verify().ok


def test_what_the_hub_sealed_is_of_no_use_to_another_machine(apart: Apart, call: Call):
    apart.city.running()
    sealed = apart.city.fragment(NAME).seal(apart.city.hub_key)
    for folder in ("water", "issuer"):
        with pytest.raises(RequestMisdirected):
            ask_rows(call(apart.server.url, by=folder), "/v1/fragment", sealed)
    assert ask_rows(call(apart.server.url), "/v1/fragment", sealed).table.num_rows == 1


def test_one_fragment_sent_by_many_at_once_is_answered_once(apart: Apart, call: Call):
    apart.city.running()
    sealed = apart.city.fragment(NAME).seal(apart.city.hub_key)
    link = call(apart.server.url)

    def send(_number: int) -> str:
        try:
            return str(ask_rows(link, "/v1/fragment", sealed).table.num_rows)
        except Fault as fault:
            return fault.code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(send, range(8))) == ["1"] + ["trust.replayed"] * 7


def test_a_node_that_was_away_is_asked_again_once_it_is_back(apart: Apart, call: Call):
    apart.go_to(Breaker(call(apart.server.url), failures=2, first_pause_s=0.01))
    apart.city.running()
    before = apart.city.ask(PREFILL).table
    apart.server.stop()
    for _ in range(4):
        with pytest.raises(LinkUnreachable):
            apart.city.ask(PREFILL)
    apart.restart()
    for _ in range(1_000):
        try:
            assert apart.city.ask(PREFILL).table.equals(before)
        except LinkUnreachable:
            continue
        return
    pytest.fail("the node that is back was never asked")
