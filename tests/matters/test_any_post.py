"""Whatever is posted: a Fault or a saved page, and never a case that is half-written."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.app import open_platform
from builder.cases import commands, keeping, views
from builder.cases.commands import Wish
from builder.cases.walks import WalkClock
from builder.errors import Fault

MATTER = "s23-afterlife"
pytestmark = pytest.mark.slow
_LAW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", " ", "340100195705089073", "340100195509169084", "陈国强", "on", "true", "2026-10-19",
         "0001-01-01", "9999-12-31", "6200000000000000018", "-1", "1e9", "NaN", "\x00", "\ud7ff",
         "'; DROP TABLE draft; --", "<script>", "a" * 20_000, "٣", "𝟙", "\u202e", "child"]
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(demo_city, tmp_path_factory, copy_city):
    """One city for all examples: each example adds to what earlier ones left."""
    home = copy_city(demo_city, tmp_path_factory.mktemp("fuzz") / "city")
    clock = WalkClock(datetime.now(ZoneInfo("Asia/Shanghai")))
    platform = open_platform(home, clock=clock)
    yield platform
    platform.close()


def _next_day(platform) -> None:
    """Let a day go by: the issuer lets one person open fifty matters a day."""
    platform.clock.now += timedelta(days=1)


def _tried(command, *args):
    """Return what a command gave, and the Fault it raised; anything else it raises is a failure."""
    try:
        return command(*args), None
    except Fault as fault:
        return None, fault


def _names(platform) -> list[str]:
    deployment = platform.deployments.get(MATTER)
    form = deployment.form(deployment.current, "apply")
    return sorted(
        {c.question.name + part for c in form.controls() for part in ("", *c.widget.parts)}
    )


def _posts(platform):
    names = st.one_of(st.sampled_from(_names(platform)), st.text(max_size=12))
    return st.dictionaries(names, st.lists(_TEXTS, max_size=3), max_size=12)


@given(data=st.data())
@_LAW
def test_any_post_of_any_page_is_saved_or_refused_and_nothing_else(shared, check_whole, data):
    _next_day(shared)
    me = shared.accounts.named("chen-jing")
    number = commands.open_draft(shared, me, MATTER).case_no
    for _ in range(data.draw(st.integers(1, 4))):
        draft = keeping.load_draft(shared.deployments.get(MATTER), number)
        page = data.draw(st.sampled_from(["who", "death", "accounts", "promises", "", "?"]))
        version = data.draw(st.sampled_from([draft.version, draft.version, 0, -1]))
        post = data.draw(_posts(shared))
        saved, fault = _tried(commands.save_page, shared, me, number, page, post, version)
        if fault is not None:
            assert fault.next_step("zh")
            assert keeping.load_draft(shared.deployments.get(MATTER), number) == draft
            continue
        number = saved.case_no
        assert saved.version == draft.version + 1
        views.page(shared, me, number, saved.next_page)
    _, fault = _tried(commands.submit, shared, me, number)
    assert fault is None or fault.http < 500
    check_whole(shared)


@given(data=st.data())
@_LAW
def test_any_answers_by_pointer_are_taken_or_refused(shared, check_whole, answers, data):
    _next_day(shared)
    me = shared.accounts.named("chen-jing")
    values = st.one_of(
        _TEXTS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True),
        st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.none()),
    )  # fmt: skip
    pointers = st.one_of(
        st.sampled_from(sorted(answers)), st.sampled_from(["", "/", "//", "/application", "/a/b/c"])
    )
    wrong = data.draw(st.dictionaries(pointers, values, min_size=1, max_size=3))
    _, fault = _tried(commands.apply_from_answers, shared, me, MATTER, {**answers, **wrong})
    assert fault is None or fault.http < 500
    check_whole(shared)


@given(data=st.data())
@_LAW
def test_any_action_on_any_task_happens_whole_or_not_at_all(shared, check_whole, answers, data):
    _next_day(shared)
    me = shared.accounts.named("chen-jing")
    existing = commands.apply_from_answers(shared, me, MATTER, answers)
    deployment = shared.deployments.get(MATTER)
    for _ in range(data.draw(st.integers(1, 3))):
        stored = keeping.load_case(deployment, existing.case_no)
        steps = [t.step for t in stored.case.open_tasks] or ["accept"]
        step = data.draw(st.sampled_from([*steps, *steps, "nowhere", "", "apply"]))
        account = data.draw(
            st.sampled_from(
                ["officer-civil-affairs", "officer-civil-affairs", "officer-health", "chen-jing"]
            )
        )
        wish = Wish(
            data.draw(st.sampled_from(["approve", "reject", "return", "correct", "submit", "?"])),
            reason=data.draw(st.one_of(st.none(), _TEXTS)),
            to=data.draw(st.sampled_from([None, "apply", "accept", "nowhere", ""])),
            fields=tuple(
                data.draw(st.lists(st.sampled_from([*sorted(answers), "", "/x"]), max_size=3))
            ),
        )
        post = data.draw(
            st.dictionaries(st.sampled_from(["register-no", "remark", "x"]), st.lists(_TEXTS))
        )
        version = data.draw(st.sampled_from([stored.version, None, 0]))
        who = shared.accounts.named(account)
        number = existing.case_no
        refused, fault = _tried(commands.act, shared, who, number, step, wish, post, version)
        if fault is not None:
            assert fault.next_step("en")
        if refused or fault is not None:
            assert keeping.load_case(deployment, existing.case_no) == stored
    views.case(shared, me, existing.case_no)
    check_whole(shared)
