"""A grant is asked by a hub and made by the owner's steward; nobody else can make one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from city import HOUSEHOLD, KINSHIP, NOON, SCENARIO, City, down

from federation.crypto import generate_signer
from federation.errors import Fault
from federation.link import ask_json
from federation.link.errors import LinkUnreachable
from federation.trust import Grant, GrantAsk, Principal
from federation.trust import errors as faults
from federation.trust import grant as deciding


@pytest.fixture
def asked(bare_city: City) -> Grant:
    return bare_city.ask_grant("police", HOUSEHOLD, "case")


def sealed_by(city: City, grant: Grant, key: Any) -> dict[str, object]:
    return deciding.approve(grant, key, by="x", now=city.now)[1]


def bring(
    city: City, sealed: Any, path: str = "/v1/grant", party: str = "police", **more: Any
) -> Any:
    return ask_json(city.link(party, **more), path, sealed)


def test_a_steward_of_the_owner_gives_what_was_asked(bare_city: City, asked: Grant):
    given = bare_city.hub.approve_grant(
        asked.id, bare_city.stewards["police"], bare_city.steward("police"), remark="同意"
    )
    assert (given.state, given.decided_by, given.remark) == ("approved", "police-steward", "同意")
    assert bare_city.hub.grant(asked.id) == given
    assert bare_city.hub.grants(owner="police") == (given,)
    assert bare_city.hub.grant_uses("police") == {asked.id: 0}
    assert bare_city.kinds() == ["grant-approved"]
    assert [r.kind for r in reversed(bare_city.hub.journal.search())] == [
        "grant-asked",
        "grant-approved",
    ]


def test_a_hub_with_only_its_own_key_cannot_make_a_grant(bare_city: City, asked: Grant):
    for key in (bare_city.hub_key, generate_signer(), bare_city.stewards["fund"]):
        with pytest.raises(faults.GrantForged):
            bring(bare_city, sealed_by(bare_city, asked, key))
        with pytest.raises(faults.GrantForged):
            bare_city.hub.approve_grant(asked.id, key, bare_city.steward("police"))
    assert bare_city.hub.grant(asked.id).state == "asked"
    assert bare_city.kinds() == []


def test_a_grant_cannot_be_changed_after_it_was_sealed(bare_city: City, asked: Grant):
    sealed: Any = sealed_by(bare_city, asked, bare_city.stewards["police"])
    sealed["body"]["uses"]["status"] = ["project"]
    with pytest.raises(faults.GrantForged):
        bring(bare_city, sealed)


def test_a_grant_of_one_owner_is_nothing_at_another(bare_city: City, asked: Grant):
    sealed = sealed_by(bare_city, asked, bare_city.stewards["police"])
    with pytest.raises(faults.GrantForged):
        bring(bare_city, sealed, party="fund")


def test_a_steward_cannot_give_away_what_another_department_owns(bare_city: City):
    foreign = bare_city.ask_grant(
        "police", HOUSEHOLD, "case", dataset="fund.account", owner="police"
    )
    with pytest.raises(faults.DocumentMalformed):
        bring(bare_city, sealed_by(bare_city, foreign, bare_city.stewards["police"]))


def test_a_grant_for_a_hub_that_is_not_trusted_is_refused(bare_city: City, asked: Grant):
    sealed = sealed_by(bare_city, replace(asked, hub="anhui"), bare_city.stewards["police"])
    with pytest.raises(faults.HubUnknown):
        bring(bare_city, sealed)


def test_a_stranger_brings_nothing(bare_city: City, asked: Grant):
    sealed = sealed_by(bare_city, asked, bare_city.stewards["police"])
    for path in ("/v1/grant", "/v1/revoke", "/v1/case-closed"):
        with pytest.raises(faults.HubUnknown):
            bring(bare_city, sealed, path, peer="stranger")


def test_bringing_a_grant_twice_keeps_it_once(bare_city: City, asked: Grant):
    sealed = sealed_by(bare_city, asked, bare_city.stewards["police"])
    bring(bare_city, sealed)
    bring(bare_city, sealed)
    assert bare_city.kinds() == ["grant-approved"]


def test_a_number_stands_for_one_grant(bare_city: City, asked: Grant):
    key = bare_city.stewards["police"]
    bring(bare_city, sealed_by(bare_city, asked, key))
    wider = replace(asked, ask=replace(asked.ask, dataset=KINSHIP))
    with pytest.raises(faults.GrantTaken):
        bring(bare_city, sealed_by(bare_city, wider, key))


@pytest.mark.parametrize(
    "by",
    [
        Principal("officer-1", "x", "police", ("steward",)),
        Principal("police-officer", "x", "police", ("officer",)),
        Principal("fund-steward", "x", "fund", ("steward",)),
        Principal("citizen", "x", None, ("applicant",)),
    ],
    ids=["who asked", "no steward", "another owner's", "a citizen"],
)
def test_only_a_steward_of_the_owner_who_did_not_ask_decides(
    bare_city: City, asked: Grant, by: Principal
):
    key = bare_city.stewards["police"]
    for act in (
        lambda: bare_city.hub.approve_grant(asked.id, key, by),
        lambda: bare_city.hub.refuse_grant(asked.id, key, by, remark="no"),
        lambda: bare_city.hub.revoke_grant(asked.id, key, by, remark="no"),
    ):
        with pytest.raises(faults.NotYourDecision):
            act()


def test_an_owner_may_give_less_and_never_more(bare_city: City, asked: Grant):
    key, by = bare_city.stewards["police"], bare_city.steward("police")
    wider: list[dict[str, Any]] = [
        {"uses": {**asked.ask.uses, "status": ("project",)}},
        {"valid_to": asked.ask.valid_to + timedelta(days=1)},
        {"valid_from": asked.ask.valid_from - timedelta(days=1)},
        {"purpose": "verify"},
        {"dataset": KINSHIP},
        {"grantee": "fund"},
    ]
    for change in wider:
        with pytest.raises(faults.GrantWidened):
            bare_city.hub.approve_grant(asked.id, key, by, narrowed=replace(asked.ask, **change))
    less = replace(asked.ask, uses={"name": ("project",)}, max_uses=2, scenario=SCENARIO)
    given = bare_city.hub.approve_grant(asked.id, key, by, narrowed=less)
    assert dict(given.ask.uses) == {"name": ("project",)}
    assert given.ask.max_uses == 2


def test_what_was_asked_for_a_few_uses_is_not_given_for_many(bare_city: City):
    asked = bare_city.ask_grant("police", HOUSEHOLD, "case", max_uses=2, scenario=SCENARIO)
    key, by = bare_city.stewards["police"], bare_city.steward("police")
    for change in ({"max_uses": 3}, {"max_uses": None}, {"scenario": None}):
        narrowed = replace(asked.ask, **change)  # type: ignore[arg-type]
        with pytest.raises(faults.GrantWidened):
            bare_city.hub.approve_grant(asked.id, key, by, narrowed=narrowed)


def test_a_refusal_has_a_reason_and_is_final(bare_city: City, asked: Grant):
    key, by = bare_city.stewards["police"], bare_city.steward("police")
    with pytest.raises(faults.DocumentMalformed):
        bare_city.hub.refuse_grant(asked.id, key, by, remark=" ")
    refused = bare_city.hub.refuse_grant(asked.id, key, by, remark="用途不清")
    assert (refused.state, refused.remark) == ("refused", "用途不清")
    with pytest.raises(faults.GrantStateWrong):
        bare_city.hub.approve_grant(asked.id, key, by)


def test_a_grant_can_be_revoked_once_it_was_given(bare_city: City, asked: Grant):
    key, by = bare_city.stewards["police"], bare_city.steward("police")
    with pytest.raises(faults.GrantStateWrong):
        bare_city.hub.revoke_grant(asked.id, key, by, remark="x")
    bare_city.hub.approve_grant(asked.id, key, by)
    assert bare_city.hub.revoke_grant(asked.id, key, by, remark="x").state == "revoked"
    assert bare_city.kinds() == ["grant-approved", "grant-revoked"]


def test_a_revoked_grant_never_comes_back(bare_city: City, asked: Grant):
    key, by = bare_city.stewards["police"], bare_city.steward("police")
    sealed = sealed_by(bare_city, asked, key)
    bare_city.hub.approve_grant(asked.id, key, by)
    bare_city.hub.revoke_grant(asked.id, key, by, remark="x")
    with pytest.raises(faults.GrantTaken):
        bring(bare_city, sealed)


def test_a_revocation_that_overtakes_its_grant_still_holds(bare_city: City, asked: Grant):
    key = bare_city.stewards["police"]
    given, sealed = deciding.approve(asked, key, by="x", now=bare_city.now)
    bring(
        bare_city,
        deciding.revoke(given, key, by="x", now=bare_city.now, remark="x")[1],
        "/v1/revoke",
    )
    with pytest.raises(faults.GrantTaken):
        bring(bare_city, sealed)


def test_a_hub_cannot_revoke_either(bare_city: City, asked: Grant):
    given, _ = deciding.approve(asked, bare_city.stewards["police"], by="x", now=bare_city.now)
    forged = deciding.revoke(given, bare_city.hub_key, by="x", now=bare_city.now, remark="x")[1]
    with pytest.raises(faults.GrantForged):
        bring(bare_city, forged, "/v1/revoke")


def test_an_expired_request_cannot_be_given(bare_city: City, asked: Grant):
    bare_city.advance(days=31)
    assert bare_city.hub.grant(asked.id).state_at(bare_city.now) == "expired"
    with pytest.raises(faults.GrantStateWrong):
        bare_city.hub.approve_grant(
            asked.id, bare_city.stewards["police"], bare_city.steward("police")
        )


def test_when_the_node_is_down_nothing_is_decided(bare_city: City, asked: Grant):
    from federation.hub import NodeEntry
    from federation.link import InProcessLink

    link = InProcessLink("police", down, peer="hefei")
    bare_city.hub.nodes["police"] = NodeEntry("police", link, bare_city.node_keys["police"])
    with pytest.raises(LinkUnreachable):
        bare_city.hub.approve_grant(
            asked.id, bare_city.stewards["police"], bare_city.steward("police")
        )
    assert bare_city.hub.grant(asked.id).state == "asked"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"purpose": "fun"}, faults.PurposeUnknown),
        ({"valid_to": NOON - timedelta(days=2)}, faults.GrantPeriodWrong),
        ({"valid_from": NOON + timedelta(days=60)}, faults.GrantPeriodWrong),
        ({"uses": {}}, faults.DocumentMalformed),
        ({"uses": {"name": ()}}, faults.DocumentMalformed),
        ({"uses": {"name": ("mask",)}}, faults.DocumentMalformed),
        ({"reason": " "}, faults.DocumentMalformed),
    ],
)
def test_what_cannot_be_granted_cannot_be_asked(
    bare_city: City, change: dict[str, Any], fault: type[Fault]
):
    with pytest.raises(fault):
        bare_city.ask_grant("police", HOUSEHOLD, "case", **change)
    assert bare_city.hub.grants() == ()


def test_an_unknown_grant_is_named(bare_city: City):
    with pytest.raises(faults.GrantUnknown):
        bare_city.hub.grant("G-nothing")


def test_the_grant_that_holds_is_chosen_before_the_one_that_does_not(bare_city: City):
    old = bare_city.grant("police", HOUSEHOLD, "case", valid_to=NOON + timedelta(days=1))
    new = bare_city.grant("police", HOUSEHOLD, "case")
    bound = bare_city.grant("police", HOUSEHOLD, "case", scenario=SCENARIO)
    hub, by = bare_city.hub, bare_city.steward("police")

    def chosen() -> str:
        found = hub.grant_for(HOUSEHOLD, "case", SCENARIO, None)
        assert found is not None
        return found.id

    assert chosen() == bound.id
    hub.revoke_grant(bound.id, bare_city.stewards["police"], by, remark="x")
    assert chosen() == new.id
    bare_city.advance(days=40)
    assert chosen() in {old.id, new.id, bound.id}
    assert isinstance(old.ask, GrantAsk)
