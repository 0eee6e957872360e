"""Every walk of a shipped scenario is a test; one that expects something wrong names the step."""

import dataclasses
import json

import pytest

from builder.app import rehearsal
from builder.cases import views, walks
from builder.cases.errors import WalkUnreadable
from federation.store import resource

MATTER = "s23-afterlife"
FILES = sorted(resource(f"specs/scenarios/{MATTER}/walks").glob("*.json"))


@pytest.fixture(scope="module")
def rehearsed(demo_city):
    """A copy of the city that the walks of this file share: each is a case of its own."""
    with rehearsal(demo_city) as (platform, clock):
        yield platform, clock


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_walk_of_the_scenario_ends_as_it_says(rehearsed, file, check_whole):
    platform, clock = rehearsed
    (walk,) = walks.read_walks(MATTER, file.stem)
    outcome = walks.run(platform, clock, platform.deployments.get(MATTER).id, walk)
    assert outcome.fault is None, outcome.fault.message("en")
    assert outcome.steps == len(walk.steps)
    check_whole(platform)


@pytest.mark.parametrize(
    ("walk_id", "account", "items", "not_needed"),
    [
        ("happy", "chen-jing", ["火化证明"], []),
        ("no-housing-fund", "zhou-ming", ["火化证明"], ["住房公积金提取"]),
        ("social-assistance", "chen-jing", ["火化证明", "丧葬补助和抚恤金"], []),
    ],
)
def test_a_case_page_names_the_items_that_are_taken_and_those_not_needed(
    rehearsed, walk_id, account, items, not_needed
):
    platform, clock = rehearsed
    (walk,) = walks.read_walks(MATTER, walk_id)
    outcome = walks.run(platform, clock, platform.deployments.get(MATTER).id, walk)
    page = views.case(platform, platform.accounts.named(account), str(outcome.case_no))
    [lead] = [p for p in page.parties if p.party == "civil-affairs"]
    assert [i.zh for i in lead.items] == items
    told = [e.text.zh for e in page.timeline if "无需办理" in e.text.zh]
    assert all(any(item in line for line in told) for item in not_needed)
    assert not any("丧葬补助" in line for line in told)
    assert {s.title.zh for s in page.results.sections} >= set(items)


def test_a_walk_never_touches_a_real_case(demo_city):
    from builder.app import opened

    with rehearsal(demo_city) as (platform, clock):
        (walk,) = walks.read_walks(MATTER, "no-kin")
        walks.run(platform, clock, platform.deployments.get(MATTER).id, walk)
    with opened(demo_city) as platform:
        assert not any(views.my_matters(platform, platform.accounts.named("chen-jing")))


@pytest.mark.parametrize(
    ("at", "expect"),
    [
        (1, {"shown": ["/application/kin_proof"]}),
        (2, {"page_errors": []}),
        (4, {"hidden": ["/application/relation"]}),
        (4, {"prefilled": {"/application/relation": "spouse"}}),
        (11, {"status": "completed"}),
        (11, {"tasks_open": ["pay-fund"]}),
        (11, {"tasks_absent": ["accept"]}),
        (11, {"recorded": {"/application/payee_name": "别人"}}),
        (11, {"uses": []}),
        (12, {"fault": "cases.may-not-act"}),
        (14, {"visible_only": []}),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else str(v),
)
def test_a_walk_that_expects_something_wrong_fails_at_that_step(rehearsed, at, expect):
    platform, clock = rehearsed
    (happy,) = walks.read_walks(MATTER, "happy")
    steps = [dict(step) for step in happy.steps[:at]]
    steps[at - 1]["expect"] = expect
    wrong = dataclasses.replace(happy, steps=tuple(steps))
    outcome = walks.run(platform, clock, platform.deployments.get(MATTER).id, wrong)
    assert outcome.fault is not None
    assert outcome.fault.code == "cases.walk-failed"
    assert outcome.fault.facts["step"] == outcome.steps == at
    assert next(iter(expect)) in outcome.fault.facts["doing"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"id": "x"}',
        '{"id": "x", "title": {"zh": "x", "en": "x"}, "steps": []}',
        "\x00",
    ],
)
def test_a_file_that_is_no_walk_is_told_as_such(tmp_path, text):
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    with pytest.raises(WalkUnreadable) as told:
        walks._read(tmp_path / "bad.json")
    assert told.value.facts["walk"] == "bad.json"


def test_every_shipped_walk_stands_in_the_scenarios_own_folder():
    ids = {json.loads(file.read_text(encoding="utf-8"))["id"] for file in FILES}
    assert ids == {file.stem for file in FILES}
    assert ids >= {"happy", "refusal", "return-and-correction", "withdrawal", "no-housing-fund"}
