"""A lane is as wide as its department is quick; all lanes together have an end."""

from __future__ import annotations

import pytest

from builder.work.lanes import Lanes


class Seconds:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def lanes(seconds) -> Lanes:
    return Lanes(width=4, total=10, clock_s=seconds)


def test_a_thing_is_let_in_once(lanes):
    assert lanes.enter("ask:police", "a")
    assert not lanes.enter("ask:police", "a")
    assert lanes.room("ask:police") == 3
    lanes.leave("ask:police", "a", took_s=0.1, well=True)
    assert lanes.enter("ask:police", "a")


@pytest.mark.parametrize(("took_s", "well"), [(30.0, True), (0.1, False)])
def test_a_lane_that_was_slow_or_failed_is_narrow_until_it_does_well(lanes, took_s, well):
    lanes.enter("ask:tax", "a")
    lanes.leave("ask:tax", "a", took_s=took_s, well=well)
    assert lanes.room("ask:tax") == 1
    assert lanes.room("ask:police") == 4
    lanes.enter("ask:tax", "b")
    assert lanes.room("ask:tax") == 0
    lanes.leave("ask:tax", "b", took_s=0.1, well=True)
    assert lanes.room("ask:tax") == 4


def test_all_lanes_together_have_an_end(lanes):
    for party in "abcde":
        for n in range(2):
            assert lanes.enter(party, f"{party}{n}")
    assert lanes.room("another") == 0


def test_what_no_thread_ever_took_up_is_forgotten_and_what_runs_long_is_not(lanes, seconds):
    lanes.enter("ask:tax", "lost")
    lanes.enter("ask:tax", "long")
    lanes.begin("ask:tax", "long")
    seconds.now = 1000.0
    assert lanes.room("ask:tax") == 3
    assert lanes.has("ask:tax", "long")
    assert not lanes.has("ask:tax", "lost")
