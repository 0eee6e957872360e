"""Bringing a matter to a county: once, again, in a new version, in a second county."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from builder.app import bring, opened
from builder.cases import commands, keeping
from builder.cases.commands import Wish
from builder.cases.errors import CountyUnknown, MayNotAct
from builder.deploy.errors import CountyOfAnother, LeadUnknown, MayNotDeploy
from builder.errors import Findings
from federation.store import resource

SMALLEST = Path(__file__).parents[1] / "cases" / "spec" / "t02-smallest"
S23 = resource("specs/scenarios/s23-afterlife")


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(SMALLEST, tmp_path / "t02-smallest"))


def _changed(folder: Path, **meta: object) -> Path:
    file = folder / "scenario.json"
    doc = json.loads(file.read_text(encoding="utf-8"))
    doc["scenario"].update(meta)
    file.write_text(json.dumps(doc), encoding="utf-8")
    return folder


def _apply(platform, deployment: str) -> str:
    me = platform.accounts.named("sun-lei")
    return commands.apply_from_answers(platform, me, deployment, {"/wish/words": "好"}).case_no


def test_a_matter_that_was_brought_takes_applications_and_its_cases_are_offered(home, folder):
    brought = bring(home, folder, None, "designer")
    assert brought.deployment == "340100/t02-smallest"
    assert brought.grants == ()
    with opened(home) as platform:
        number = _apply(platform, brought.deployment)
        rows = {d.id: d.rows for d in platform.hub.offer("drb").datasets}
        assert rows["drb.t02_smallest_case"] == 1
        assert rows["drb.t02_smallest_wish"] == 1
        assert platform.deployments.of_case(number).id == brought.deployment


def test_bringing_the_same_version_again_changes_nothing(home, folder):
    first = bring(home, folder, None, "designer")
    config = (home / "nodes/drb/NODE.toml").read_text(encoding="utf-8")
    with opened(home) as platform:
        number = _apply(platform, first.deployment)
    assert bring(home, folder, None, "designer") == first
    assert (home / "nodes/drb/NODE.toml").read_text(encoding="utf-8") == config
    with opened(home) as platform:
        deployment = platform.deployments.of_case(number)
        kinds = [e.kind for e in deployment.journal.search(limit=100)]
        assert kinds.count("deployed") == 1


def test_a_new_version_is_for_new_cases_and_those_under_way_keep_theirs(home, folder):
    first = bring(home, folder, None, "designer")
    with opened(home) as platform:
        old = _apply(platform, first.deployment)
    second = bring(home, _changed(folder, version="0.2.0"), None, "designer")
    assert second.hash != first.hash
    with opened(home) as platform:
        deployment = platform.deployments.get(first.deployment)
        new = _apply(platform, first.deployment)
        assert keeping.load_case(deployment, old).scenario.meta.version == "0.1.0"
        assert keeping.load_case(deployment, new).scenario.meta.version == "0.2.0"


def test_two_counties_keep_the_same_matter_apart(home):
    bring(home, S23, "肥西县", "admin-feixi")
    with opened(home) as platform:
        ids = {d.id for d in platform.deployments.all()}
        assert ids == {"340100/s23-afterlife", "340123/s23-afterlife"}
        offered = {d.id: d.rows for d in platform.hub.offer("civil-affairs").datasets}
        assert offered["civil_affairs.s23_afterlife_case"] == 0
        assert offered["civil_affairs.s23_afterlife_340123_case"] == 0
        found = commands.find_deployment(platform, "340100/s23-afterlife", "肥西")
        assert found.id == "340123/s23-afterlife"
        for journal in platform.journals.values():
            assert not journal.verify(platform.clock()).findings


@pytest.mark.parametrize("county", ["长丰县", "340100"])
def test_a_countys_administrator_brings_matters_to_the_own_county_only(home, county):
    with pytest.raises(CountyOfAnother) as told:
        bring(home, S23, county, "admin-feixi")
    assert "肥西县" in told.value.message("zh")
    assert bring(home, S23, None, "admin-feixi").deployment == "340123/s23-afterlife"


def test_grants_are_asked_for_once_and_again_only_where_refused(home):
    before = bring(home, S23, None, "designer")
    assert before.grants == (), "the demo city holds them already"
    with opened(home) as platform:
        steward = platform.accounts.named("steward-police").account.principal
        held = [g for g in platform.hub.grants(owner="police") if g.ask.purpose == "verify"]
        for grant in held:
            signer = platform.steward_signer("police")
            platform.hub.revoke_grant(grant.id, signer, steward, remark="重新核定")
    asked = bring(home, S23, None, "designer").grants
    assert {(g.ask.dataset, g.ask.purpose) for g in asked} == {
        (g.ask.dataset, g.ask.purpose) for g in held
    }
    assert {g.state for g in asked} == {"asked"}


@pytest.mark.parametrize("account", ["chen-jing", "officer-police", "steward-police", "auditor"])
def test_only_designers_and_county_administrators_bring_matters(home, folder, account):
    with pytest.raises(MayNotDeploy):
        bring(home, folder, None, account)
    with opened(home) as platform:
        assert len(platform.deployments.all()) == 1


def test_what_cannot_be_brought_leaves_the_city_as_it_was(home, folder):
    config = (home / "nodes/drb/NODE.toml").read_text(encoding="utf-8")
    with pytest.raises(CountyUnknown):
        bring(home, folder, "月球", "designer")
    with pytest.raises(Findings):
        bring(home, _changed(folder, version="not a version"), None, "designer")
    with opened(home) as platform:
        assert [d.id for d in platform.deployments.all()] == ["340100/s23-afterlife"]
    assert (home / "nodes/drb/NODE.toml").read_text(encoding="utf-8") == config
    assert not (home / "deployments/340100/t02-smallest").exists()


def test_a_lead_without_a_node_is_refused_by_its_place(home, folder):
    doc = json.loads((folder / "scenario.json").read_text(encoding="utf-8"))
    text = json.dumps(doc).replace('"drb"', '"moon-office"')
    (folder / "scenario.json").write_text(text, encoding="utf-8")
    with pytest.raises((LeadUnknown, Findings)) as told:
        bring(home, folder, None, "designer")
    places = {told.value.where} | {f.where for f in getattr(told.value, "findings", ())}
    assert any(str(p).startswith("/scenario/lead") or "/party" in str(p) for p in places), places


def test_a_steward_of_the_department_is_no_officer_of_the_new_matter(home, folder):
    brought = bring(home, folder, None, "designer")
    with opened(home) as platform:
        number = _apply(platform, brought.deployment)
        steward = platform.accounts.named("steward-drb")
        with pytest.raises(MayNotAct):
            commands.act(platform, steward, number, "answer", Wish("approve"), {})
