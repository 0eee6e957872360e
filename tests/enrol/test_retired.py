"""What happens to people's matters when a department's node is retired."""

from __future__ import annotations

import json

import pytest
from bureau import REASON

from builder.app import open_platform
from builder.app.enrolling import city_of
from builder.cases import commands, keeping
from builder.cases.commands import Wish
from federation.store import resource

pytestmark = pytest.mark.slow

MATTER = "s23-afterlife"


def _json(path):
    return json.loads(resource(f"specs/scenarios/{MATTER}/{path}").read_text(encoding="utf-8"))


def test_a_matter_says_that_a_node_is_retired_and_goes_on_with_all_others(home):
    platform = open_platform(home)
    with city_of(home) as city:
        city.retire("hrss", reason=REASON, by="admin")
    me = platform.accounts.named("chen-jing")
    case_no = commands.open_draft(platform, me, MATTER).case_no
    case_no = commands.fill_in(platform, me, case_no, _json("answers.json"))
    commands.submit(platform, me, case_no)
    happy = [s for s in _json("walks/happy.json")["steps"] if s["do"] == "act"]
    for step in happy:
        stored = keeping.load_case(platform.deployments.get(MATTER), case_no)
        if step["task"] in {t.step for t in stored.case.open_tasks}:
            who = platform.accounts.named(step["as"])
            commands.act_with_answers(
                platform, who, case_no, step["task"], Wish("approve"), step["answers"]
            )
    stored = keeping.load_case(platform.deployments.get(MATTER), case_no)
    waiting = stored.case.pending["ask-pension"]
    assert (waiting.fault, waiting.mend) == ("hub.node-retired", True)
    assert set(stored.case.pending) == {"ask-pension"}  # all others were answered and handled
    platform.close()
