"""Many at once: counts stay exact, pins hold, journals stay whole."""

from concurrent.futures import ThreadPoolExecutor

from city import HOUSEHOLD, KINSHIP, City

from federation.errors import Fault
from federation.fragment import Column, Named, Project, Scan, Source

NAME = Scan(Project(Source(HOUSEHOLD), (Named("name", Column("name")),)))


def test_counted_uses_are_exact_however_many_ask_at_once(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    grant = bare_city.grant("police", HOUSEHOLD, "case", max_uses=5)
    bare_city.running()
    fragments = [bare_city.fragment(NAME) for _ in range(16)]

    def send(number: int) -> str:
        try:
            return str(bare_city.send(fragments[number]).table.num_rows)
        except Fault as fault:
            return fault.code

    with ThreadPoolExecutor(8) as pool:
        heard = sorted(pool.map(send, range(16)))
    assert heard == ["1"] * 5 + ["trust.grant-used-up"] * 11
    assert bare_city.hub.grant_uses("police")[grant.id] == 5
    kinds = bare_city.kinds()
    assert (kinds.count("refused"), kinds.count("opened"), kinds.count("closed")) == (11, 6, 6)
    assert bare_city.nodes["police"].journal.verify().ok


def test_one_fragment_sent_by_many_at_once_is_answered_once(city: City):
    city.running()
    fragment = city.fragment(NAME)

    def send(_number: int) -> str:
        try:
            return str(city.send(fragment).table.num_rows)
        except Fault as fault:
            return fault.code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == ["1"] + ["trust.replayed"] * 7
