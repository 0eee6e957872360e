"""A party that does not answer is left alone for seconds, and noticed when it is back."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from link_program import app

from federation.errors import Fault
from federation.link import InProcessLink, Reply, ask_json
from federation.link.breaker import Breaker
from federation.link.errors import (
    CertificateExpired,
    LinkBroken,
    LinkGarbled,
    LinkPaused,
    LinkTimeout,
    LinkTruncated,
    LinkUnreachable,
    RouteUnknown,
)
from federation.trust.errors import CaseClosed

FAILURES = [
    LinkUnreachable(party="police"),
    LinkTimeout(party="police", timeout_s=1),
    LinkBroken(party="police"),
]


class Time:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Road:
    """A link to the police that is broken while `fault` says so."""

    party = "police"

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.in_body: Fault | None = None
        self.sent = 0
        self._link = InProcessLink("police", app, peer="hefei")

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        self.sent += 1
        if self.fault is not None:
            raise self.fault
        reply = self._link.send(method, path, body, timeout_s=timeout_s)
        return Reply(reply.status, reply.headers, self._body(reply.chunks))

    def _body(self, chunks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        if self.in_body is not None:
            raise self.in_body
        yield from chunks


@pytest.fixture
def road() -> Road:
    return Road()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(road: Road, time: Time) -> Breaker:
    return Breaker(road, clock=time)


def ask(breaker: Breaker, path: str = "/v1/echo") -> object:
    return ask_json(breaker, path, {})


def fail(breaker: Breaker, road: Road, times: int, fault: Fault = FAILURES[0]) -> None:
    road.fault = fault
    for _ in range(times):
        with pytest.raises(type(fault)):
            ask(breaker)


@pytest.mark.parametrize("fault", FAILURES, ids=lambda f: f.code)
def test_after_three_failures_nobody_waits(breaker: Breaker, road: Road, time: Time, fault: Fault):
    fail(breaker, road, 3, fault)
    assert breaker.state == "open"
    with pytest.raises(LinkPaused) as caught:
        ask(breaker)
    assert road.sent == 3
    assert caught.value.facts["party"] == "police"
    retry_at = datetime.fromisoformat(str(caught.value.facts["retry_at"]))
    assert time.now < retry_at <= time.now + timedelta(seconds=5)


def test_being_left_alone_is_a_kind_of_being_unreachable(breaker: Breaker, road: Road):
    fail(breaker, road, 3)
    with pytest.raises(LinkUnreachable) as caught:
        ask(breaker)
    assert "自动重试" in caught.value.next_step("zh")


def test_failures_count_only_in_a_row(breaker: Breaker, road: Road):
    for _ in range(5):
        fail(breaker, road, 2)
        road.fault = None
        ask(breaker)
    assert breaker.state == "closed"


def test_refusals_are_answers(breaker: Breaker, road: Road):
    for _ in range(5):
        with pytest.raises(CaseClosed):
            ask(breaker, "/v1/refused")
        with pytest.raises(RouteUnknown):
            ask(breaker, "/v1/nothing")
        with pytest.raises(LinkBroken):  # said by the party itself
            ask(breaker, "/v1/failing")
    assert (breaker.state, road.sent) == ("closed", 15)


@pytest.mark.parametrize(
    "fault", [CertificateExpired(party="police"), LinkGarbled(party="police")], ids=lambda f: f.code
)
def test_what_waiting_does_not_mend_is_told_each_time(breaker: Breaker, road: Road, fault: Fault):
    fail(breaker, road, 10, fault)
    assert breaker.state == "closed"


def test_answers_that_break_off_count(breaker: Breaker, road: Road):
    road.in_body = LinkTruncated(party="police")
    for _ in range(3):
        with pytest.raises(LinkTruncated):
            ask(breaker)
    assert breaker.state == "open"


def test_one_success_closes_it(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    time.move(0.5)
    road.fault = None
    ask(breaker)
    assert breaker.state == "closed"
    fail(breaker, road, 2)
    assert breaker.state == "closed"


def test_an_answer_given_up_is_an_answer(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    time.move(0.5)
    road.fault = None
    breaker.send("POST", "/v1/rows", b"{}", timeout_s=1).chunks.close()
    assert breaker.state == "closed"


def test_each_pause_is_longer_up_to_five_seconds(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    for pause in (0.5, 1, 2, 4, 5, 5, 5):
        time.move(pause - 0.01)
        with pytest.raises(LinkPaused):
            ask(breaker)
        time.move(0.01)
        sent = road.sent
        fail(breaker, road, 1)
        assert road.sent == sent + 1


def test_after_a_recovery_the_pause_is_short_again(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    for _ in range(6):
        time.move(5)
        fail(breaker, road, 1)
    time.move(5)
    road.fault = None
    ask(breaker)
    fail(breaker, road, 3)
    time.move(0.5)
    road.fault = None
    ask(breaker)


def test_only_one_tries(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    time.move(0.5)
    road.fault = None
    first = breaker.send("POST", "/v1/echo", b"{}", timeout_s=1)
    assert breaker.state == "half-open"
    with pytest.raises(LinkPaused):
        ask(breaker)
    assert b"".join(first.chunks)
    assert breaker.state == "closed"


def test_a_trial_that_hangs_is_not_waited_for(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    time.move(0.5)
    road.fault = None
    hanging = breaker.send("POST", "/v1/echo", b"{}", timeout_s=60)
    time.move(5)
    ask(breaker)
    assert breaker.state == "closed"
    hanging.chunks.close()


def test_a_trial_that_ends_otherwise_lets_the_next_one_try(
    breaker: Breaker, road: Road, time: Time
):
    fail(breaker, road, 3)
    time.move(0.5)
    road._link = None  # type: ignore[assignment]
    road.fault = None
    with pytest.raises(AttributeError):
        ask(breaker)
    fail(breaker, road, 1)


def test_those_who_were_under_way_do_not_lengthen_the_pause(
    breaker: Breaker, road: Road, time: Time
):
    under_way = [breaker.send("POST", "/v1/cut", b"{}", timeout_s=1) for _ in range(20)]
    fail(breaker, road, 3)
    for reply in under_way:
        with pytest.raises(LinkTruncated):
            b"".join(reply.chunks)
    time.move(0.5)
    road.fault = None
    ask(breaker)


def test_a_clock_that_is_set_back_does_not_shut_a_party_out(
    breaker: Breaker, road: Road, time: Time
):
    fail(breaker, road, 3)
    time.move(-3600)
    road.fault = None
    ask(breaker)


def test_of_many_threads_one_tries(breaker: Breaker, road: Road, time: Time):
    fail(breaker, road, 3)
    time.move(0.5)
    barrier = threading.Barrier(16)

    def act(_n: int) -> str:
        barrier.wait(60)
        try:
            ask(breaker)
        except LinkUnreachable as fault:
            return fault.code
        return "answered"

    with ThreadPoolExecutor(16) as threads:
        codes = list(threads.map(act, range(16)))
    assert sorted(codes) == ["link.paused"] * 15 + ["link.unreachable"]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=40))
def test_a_party_that_is_back_is_noticed_within_ten_seconds(
    history: list[tuple[bool, float]],
):
    road, time = Road(), Time()
    breaker = Breaker(road, clock=time)
    for works, pause in history:
        road.fault = None if works else FAILURES[0]
        with suppress(LinkUnreachable):
            ask(breaker)
        time.move(pause)
    road.fault = None
    for _ in range(6):  # somebody asks every second and a half
        try:
            ask(breaker)
        except LinkPaused:
            time.move(1.5)
        else:
            return
    pytest.fail("still left alone after nine seconds")
