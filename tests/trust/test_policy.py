"""A policy that says more than it may, or something unknown, is refused with all its findings."""

import copy
from pathlib import Path
from typing import Any

import pytest
from city import CATALOG, POLICIES

from federation.errors import Findings
from federation.ledger import load_catalog
from federation.store import resource
from federation.trust import load_policy, read_policy
from federation.trust.errors import PolicyUnreadable


def police(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(dict(POLICIES["police"])), **changes}


def rule(**changes: Any) -> dict[str, Any]:
    made = {
        "dataset": "police.household",
        "purpose": "case",
        "relations": ["kin"],
        "uses": {"name": ["project"]},
    }
    return {**made, **changes}


def test_a_policy_reads_back_as_it_was_written():
    read = read_policy(police(), CATALOG)
    assert read_policy(read.to_json(), CATALOG) == read
    assert read.rate.per_minute == 600
    assert read.subjects_per_case == 1


@pytest.mark.parametrize(
    ("document", "where", "code"),
    [
        (police(rules={}), "/rules", "trust.policy-schema"),
        (police(colour="red"), "", "trust.policy-schema"),
        (police(rate={"per_minute": 0}), "/rate/per_minute", "trust.policy-schema"),
        (police(rules=[rule(purpose="x")]), "/rules/0/purpose", "trust.policy-schema"),
        (police(rules=[rule(uses={})]), "/rules/0/uses", "trust.policy-schema"),
        (
            police(rules=[rule(uses={"name": ["mask"]})]),
            "/rules/0/uses/name/0",
            "trust.policy-schema",
        ),
        (police(rules=[rule(purpose="share")]), "/rules/0/purpose", "trust.purpose-not-served"),
        (police(rules=[rule(dataset="fund.account")]), "/rules/0/dataset", "trust.policy-dataset"),
        (police(rules=[rule(dataset="police.x")]), "/rules/0/dataset", "trust.policy-dataset"),
        (
            police(rules=[rule(uses={"nam": ["project"]})]),
            "/rules/0/uses/nam",
            "trust.policy-field",
        ),
        (
            police(rules=[rule(dataset="police.kinship", uses={"note": ["project"]})]),
            "/rules/0/uses/note",
            "trust.policy-above-ceiling",
        ),
        (
            police(rules=[rule(relations=["kin", "claimed"])]),
            "/rules/0/uses/name",
            "trust.policy-above-ceiling",
        ),
        (
            police(
                rules=[rule(purpose="verify", relations=["claimed"], uses={"name": ["filter:eq"]})]
            ),
            "/rules/0/uses/name",
            "trust.policy-above-ceiling",
        ),
        (
            police(rules=[rule(purpose="verify")]),
            "/rules/0/uses/name",
            "trust.policy-above-ceiling",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(document: dict[str, Any], where: str, code: str):
    with pytest.raises(Findings) as caught:
        read_policy(document, CATALOG)
    assert (where, code) in [(f.where, f.code) for f in caught.value.findings]


@pytest.mark.parametrize("document", [None, [], "x", 7, {}, {"rules": 3}])
def test_what_is_no_policy_at_all_has_findings(document: object):
    with pytest.raises(Findings):
        read_policy(document, CATALOG)


def test_all_findings_come_at_once():
    broken = police(
        rules=[rule(uses={"nam": ["project"]}), rule(dataset="police.x"), rule(purpose="open")]
    )
    with pytest.raises(Findings) as caught:
        read_policy(broken, CATALOG)
    assert [f.where for f in caught.value.findings[:3]] == [
        "/rules/0/uses/nam",
        "/rules/1/dataset",
        "/rules/2/purpose",
    ]


@pytest.mark.parametrize("content", [None, "{", "\x00", "[1,"])
def test_a_file_that_cannot_be_read_is_one_fault(tmp_path: Path, content: str | None):
    path = tmp_path / "policy.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PolicyUnreadable):
        load_policy(path, CATALOG)


def test_every_policy_that_ships_agrees_with_the_ledger():
    catalog = load_catalog()
    paths = sorted(resource("specs/policy").glob("*.json"))
    assert paths
    assert {load_policy(p, catalog).party for p in paths} == {p.stem for p in paths}
