"""What is not granted, permitted and established is refused, with every reason."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import hypothesis.strategies as st
import pytest
from city import (
    ACCOUNT,
    CATALOG,
    HOUSEHOLD,
    KINSHIP,
    LI,
    NOON,
    POLICIES,
    SCENARIO,
    WANG,
    dataset,
    field,
)
from hypothesis import given, settings

from federation.errors import Findings
from federation.ledger import Catalog, Grade
from federation.trust import (
    CLAIMED,
    POSITIONS,
    PURPOSES,
    CaseToken,
    Established,
    Grant,
    GrantAsk,
    Request,
    ceiling,
    decide,
    read_policy,
)
from federation.trust.position import is_covered

POLICY = read_policy(POLICIES["police"], CATALOG)


def token(**changes: object) -> CaseToken:
    made = CaseToken(
        id="t",
        issuer="city-issuer",
        case="HF-1",
        scenario=SCENARIO,
        legal_basis=("pipl",),
        subject="deceased",
        kind="person",
        key=LI,
        applicant=WANG,
        relation="kin",
        established=Established("police", NOON),
        fields=tuple(f"{d.id}.{f.name}" for d in CATALOG.datasets.values() for f in d.fields),
        issued=NOON,
        expires=NOON + timedelta(hours=1),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def grant(**changes: object) -> Grant:
    wanted = GrantAsk(
        grantee="civil-affairs",
        owner="police",
        purpose="case",
        dataset=HOUSEHOLD,
        uses=MappingProxyType({"name": ("project",), "address": ("project",)}),
        reason="r",
        valid_from=NOON - timedelta(days=1),
        valid_to=NOON + timedelta(days=1),
    )
    of_grant = {k: changes.pop(k) for k in ("hub", "state") if k in changes}
    made = Grant("G1", "hefei", replace(wanted, **changes), "officer", NOON, "approved")  # type: ignore[arg-type]
    return replace(made, **of_grant)  # type: ignore[arg-type]


def request(**changes: object) -> Request:
    uses = {"name": frozenset({"project"})}
    made = Request("hefei", "case", HOUSEHOLD, uses, token())
    return replace(made, **changes)  # type: ignore[arg-type]


def codes(req: Request, given_grant: Grant | None, **more: object) -> list[str]:
    catalog = more.get("catalog", CATALOG)
    decision = decide(req, given_grant, POLICY, catalog, NOON)  # type: ignore[arg-type]
    return [r.code for r in decision.reasons]


def test_what_is_granted_permitted_and_established_is_allowed():
    decision = decide(request(), grant(), POLICY, CATALOG, NOON)
    assert decision.allowed
    decision.require()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "revoked"}, "trust.grant-revoked"),
        ({"state": "asked"}, "trust.not-granted"),
        ({"state": "refused"}, "trust.not-granted"),
        ({"hub": "anhui"}, "trust.not-granted"),
        ({"valid_to": NOON}, "trust.grant-expired"),
        ({"valid_from": NOON + timedelta(seconds=1)}, "trust.grant-not-yet"),
        ({"purpose": "verify"}, "trust.grant-other"),
        ({"dataset": KINSHIP}, "trust.grant-other"),
        ({"uses": {"address": ("project",)}}, "trust.grant-fields"),
        ({"uses": {"name": ("filter:eq",)}}, "trust.grant-fields"),
        ({"scenario": "other"}, "trust.grant-scenario"),
        ({"max_uses": 0}, "trust.grant-used-up"),
    ],
)
def test_a_grant_that_does_not_cover_the_use_is_named(changes: dict[str, object], code: str):
    assert codes(request(), grant(**changes)) == [code]


def test_without_a_grant_nothing_is_allowed():
    assert codes(request(), None) == ["trust.not-granted"]


def test_a_grant_bound_to_this_scenario_and_counted_is_good_until_it_is_used_up():
    bound = grant(scenario=SCENARIO, max_uses=3)
    assert codes(request(used=2), bound) == []
    assert codes(request(used=3), bound) == ["trust.grant-used-up"]


@pytest.mark.parametrize(
    "purpose", [p.id for p in PURPOSES.values() if not p.is_served] + ["x", ""]
)
def test_a_purpose_that_is_not_served_is_refused_whatever_else_holds(purpose: str):
    assert codes(request(purpose=purpose), grant(purpose=purpose)) == ["trust.purpose-not-served"]


def test_every_reason_is_given_at_once():
    asked = request(
        uses={"name": frozenset({"project"}), "status": frozenset({"project"})},
        token=token(relation="neighbour", fields=(f"{HOUSEHOLD}.name",)),
    )
    decision = decide(asked, grant(state="revoked"), POLICY, CATALOG, NOON)
    assert {r.code for r in decision.reasons} == {
        "trust.token-fields",
        "trust.grant-revoked",
        "trust.grant-fields",
        "trust.relation",
    }
    with pytest.raises(Findings) as caught:
        decision.require()
    assert all(f.message("zh") and f.message("en") for f in caught.value.findings)


def test_a_field_the_policy_does_not_name_is_sealed():
    uses = {"household_no": frozenset({"project"})}
    everything = grant(uses={"household_no": ("project",)})
    assert codes(request(uses=uses), everything) == ["trust.policy-fields"]


def test_a_position_the_policy_does_not_name_is_sealed():
    uses = {"name": frozenset({"filter:eq"})}
    assert codes(request(uses=uses), grant(uses={"name": ("filter:eq",)})) == [
        "trust.policy-fields"
    ]


def test_no_rule_for_a_purpose_means_no():
    everything = grant(dataset=ACCOUNT, uses={"account_no": ("project",)})
    asked = request(dataset=ACCOUNT, uses={"account_no": frozenset({"project"})})
    assert codes(asked, everything) == ["trust.policy-none"]


def test_without_a_token_nothing_is_allowed():
    assert "trust.token-missing" in codes(request(token=None), grant())


def test_a_dataset_without_a_subject_key_never_serves_a_case():
    catalog = CATALOG.extended([replace(CATALOG.get(HOUSEHOLD), subject_key=None)])
    assert codes(request(), grant(), catalog=catalog) == ["trust.no-subject-key"]


def test_a_field_the_ledger_does_not_have_is_not_offered():
    asked = request(
        uses={"shoe_size": frozenset({"project"})}, token=token(fields=(f"{HOUSEHOLD}.shoe_size",))
    )
    shown = grant(uses={"shoe_size": ("project",)})
    reasons = decide(asked, shown, None, CATALOG, NOON).reasons
    assert [r.code for r in reasons] == ["trust.not-offered"]


def test_an_unknown_dataset_is_not_offered():
    assert codes(request(dataset="police.nothing"), grant()) == ["trust.not-offered"]


@pytest.mark.parametrize("grade", [Grade.IMPORTANT, Grade.CORE])
@pytest.mark.parametrize("purpose", ["case", "verify"])
@pytest.mark.parametrize("relation", ["self", "kin", CLAIMED])
def test_core_and_important_data_are_sealed_whatever_rules_say(
    grade: Grade, purpose: str, relation: str
):
    assert ceiling(purpose, grade, relation) == frozenset()
    sealed = dataset(HOUSEHOLD, field("id_card"), field("name", grade=grade))
    asked = request(
        purpose=purpose,
        uses={"name": frozenset({"project" if purpose == "case" else "reference"})},
        token=token(relation=relation),
    )
    open_grant = grant(purpose=purpose, uses={"name": POSITIONS})
    assert "trust.above-ceiling" in codes(asked, open_grant, catalog=Catalog([sealed]))


@pytest.mark.parametrize("grade", [Grade.L1, Grade.L2, Grade.L3, Grade.L4])
def test_a_claim_shows_nothing_and_compares_only_with_the_applicant(grade: Grade):
    assert ceiling("case", grade, CLAIMED) == frozenset()
    assert ceiling("verify", grade, CLAIMED) == {"reference", "filter:applicant"}


@pytest.mark.parametrize("purpose", [p.id for p in PURPOSES.values() if not p.is_served])
def test_purposes_that_are_not_served_have_no_position(purpose: str):
    for grade in Grade:
        assert ceiling(purpose, grade, "self") == frozenset()


@settings(deadline=None)
@given(st.sampled_from(POSITIONS), st.lists(st.sampled_from(POSITIONS)))
def test_more_permission_never_covers_less(position: str, permitted: list[str]):
    if is_covered(position, permitted):
        for more in POSITIONS:
            assert is_covered(position, [*permitted, more])


_USES = st.dictionaries(
    st.sampled_from([f.name for f in CATALOG.get(HOUSEHOLD).fields]),
    st.frozensets(st.sampled_from(POSITIONS), min_size=1),
    min_size=1,
)


@settings(deadline=None)
@given(
    _USES,
    _USES,
    st.sampled_from(["self", "kin", CLAIMED, "x"]),
    st.sampled_from(["case", "verify"]),
)
def test_nothing_is_ever_allowed_beyond_grant_policy_token_and_ceiling(
    wanted: dict[str, frozenset[str]],
    granted: dict[str, frozenset[str]],
    relation: str,
    purpose: str,
):
    asked = request(uses=wanted, purpose=purpose, token=token(relation=relation))
    shown = grant(purpose=purpose, uses={c: tuple(p) for c, p in granted.items()})
    if not decide(asked, shown, POLICY, CATALOG, NOON).allowed:
        return
    rules = [r for r in POLICY.rules_for(HOUSEHOLD, purpose) if relation in r.relations]
    for column, positions in wanted.items():
        grade = CATALOG.get(HOUSEHOLD).field(column).grade
        for position in positions:
            assert is_covered(position, granted[column])
            assert any(is_covered(position, r.uses.get(column, ())) for r in rules)
            assert position in ceiling(purpose, grade, relation)
