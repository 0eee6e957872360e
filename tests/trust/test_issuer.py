"""The case issuer vouches for what it can know, and for nothing a hub merely says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from city import HOUSEHOLD, KINSHIP, LI, NOON, SCENARIO, WANG, ZHAO, City

from federation.audit import Journal
from federation.crypto import KeyStore, generate_signer
from federation.errors import Fault
from federation.hub import IssuerClient
from federation.link import fetch_json
from federation.trust import (
    CLAIMED,
    SealedAnswer,
    SubjectClaim,
    open_statement,
    open_token,
    sign_in_ticket,
)
from federation.trust import errors as faults
from federation.trust.issuer import Limits
from federation.trust.token import read_statement

KIN_FIELDS = (f"{KINSHIP}.register_no", f"{KINSHIP}.kin_id_card")


@pytest.fixture
def issuer(bare_city: City) -> IssuerClient:
    return bare_city.issuer_client()


def open_case(city: City, case: str = "HF-1", **changes: Any) -> None:
    said = {
        "scenario": SCENARIO,
        "legal_basis": ["pipl"],
        "ticket": city.ticket(),
        "subjects": city.claims(),
        **changes,
    }
    city.issuer_client().open_case(case, **said)


def token_of(city: City, fields: tuple[str, ...] = KIN_FIELDS, subject: str = "deceased") -> Any:
    sealed = city.issuer_client().token("HF-1", subject, fields)
    return open_token(sealed, {"city-issuer": city.issuer.public_key}, city.now)


def answer_of(city: City, token: str, **changes: Any) -> dict[str, object]:
    """What the police node seals when the register says yes."""
    party = changes.pop("by", "police")
    made = SealedAnswer(
        party="police",
        entry="police#1",
        fragment="f",
        token=changes.pop("shown", token),
        case="HF-1",
        subject="deceased",
        purpose="verify",
        dataset=KINSHIP,
        at=city.now,
        applicant_columns=("kin_id_card",),
        answer=True,
        reference="K-1",
    )
    signer = KeyStore(city.folder / party / "keys").signer("node")
    return replace(made, **changes).seal(signer)


def declared(city: City) -> str:
    """A case whose subject is claimed; the id of a token for the check of the relation."""
    open_case(city)
    city.issuer_client().declare("HF-1", "deceased", LI)
    token: str = token_of(city).id
    return token


def test_a_person_who_signed_in_can_open_a_case_and_is_their_own_subject(bare_city: City):
    open_case(bare_city)
    token = token_of(bare_city, (f"{HOUSEHOLD}.name",), "applicant")
    assert (token.key, token.applicant, token.relation) == (WANG, WANG, "self")
    assert token.established.by == "sign-in"
    assert (token.case, token.scenario, token.legal_basis) == ("HF-1", SCENARIO, ("pipl",))


def test_opening_the_same_case_again_changes_nothing(bare_city: City):
    open_case(bare_city)
    open_case(bare_city)
    assert [r.kind for r in bare_city.issuer.journal.search()] == ["case-opened"]


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "other"},
        {"legal_basis": ["other"]},
        {"subjects": (SubjectClaim("applicant", "person", "self", ()),)},
    ],
)
def test_a_case_number_stands_for_one_case(bare_city: City, changes: dict[str, Any]):
    open_case(bare_city)
    with pytest.raises(faults.CaseTaken):
        open_case(bare_city, **changes)


def test_a_case_number_stands_for_one_applicant(bare_city: City):
    open_case(bare_city)
    with pytest.raises(faults.CaseTaken):
        open_case(bare_city, ticket=bare_city.ticket(ZHAO, "zhao"))


def test_a_hub_cannot_make_a_sign_in(bare_city: City):
    forged = sign_in_ticket(
        bare_city.person(ZHAO), bare_city.now, bare_city.now + timedelta(hours=1), bare_city.hub_key
    )
    with pytest.raises(faults.TicketForged):
        open_case(bare_city, ticket=forged)


def test_a_hub_cannot_change_a_sign_in(bare_city: City):
    ticket: Any = bare_city.ticket()
    ticket["body"]["person_key"] = ZHAO
    with pytest.raises(faults.TicketForged):
        open_case(bare_city, ticket=ticket)


def test_an_old_sign_in_opens_nothing(bare_city: City):
    ticket = bare_city.ticket()
    bare_city.advance(hours=12)
    with pytest.raises(faults.TicketExpired):
        open_case(bare_city, ticket=ticket)


def test_an_account_without_an_identity_cannot_apply(bare_city: City):
    person = replace(bare_city.person(), person_key=None)
    ticket = sign_in_ticket(person, NOON, NOON + timedelta(hours=1), bare_city.identity)
    with pytest.raises(faults.TicketNameless):
        open_case(bare_city, ticket=ticket)


def test_another_sealed_document_is_no_sign_in(bare_city: City, issuer: IssuerClient):
    open_case(bare_city)
    with pytest.raises(faults.TicketForged):
        open_case(bare_city, "HF-2", ticket=issuer.statement("HF-1"))


# ── subjects ─────────────────────────────────────────────────────────────────────────────────────


def test_a_subject_is_claimed_until_a_department_confirms_it(bare_city: City):
    declared(bare_city)
    token = token_of(bare_city)
    assert (token.key, token.relation, token.established.by) == (LI, CLAIMED, "applicant")


def test_a_subject_is_bound_to_one_person(bare_city: City, issuer: IssuerClient):
    declared(bare_city)
    issuer.declare("HF-1", "deceased", LI)
    with pytest.raises(faults.SubjectSecond):
        issuer.declare("HF-1", "deceased", ZHAO)


def test_the_applicant_cannot_be_turned_into_somebody_else(bare_city: City, issuer: IssuerClient):
    open_case(bare_city)
    with pytest.raises(faults.SubjectSecond):
        issuer.declare("HF-1", "applicant", ZHAO)


def test_a_claimed_subject_is_good_for_the_check_of_the_relation_only(
    bare_city: City, issuer: IssuerClient
):
    declared(bare_city)
    with pytest.raises(faults.RelationNotEstablished):
        issuer.token("HF-1", "deceased", [f"{HOUSEHOLD}.name"])
    with pytest.raises(faults.RelationNotEstablished):
        issuer.token("HF-1", "deceased", [*KIN_FIELDS, f"{HOUSEHOLD}.name"])


def test_a_token_is_never_wider_than_the_case_declared(bare_city: City, issuer: IssuerClient):
    declared(bare_city)
    for fields in ([f"{HOUSEHOLD}.secret"], ["other.table.x"], []):
        with pytest.raises(faults.TokenFields):
            issuer.token("HF-1", "deceased", fields)
    with pytest.raises(faults.TokenFields):
        issuer.token("HF-1", "applicant", [f"{KINSHIP}.note"])


def test_a_subject_without_a_number_has_no_token(bare_city: City, issuer: IssuerClient):
    open_case(bare_city)
    with pytest.raises(faults.SubjectUndeclared):
        issuer.token("HF-1", "deceased", KIN_FIELDS)


def test_what_does_not_exist_is_named(bare_city: City, issuer: IssuerClient):
    with pytest.raises(faults.CaseUnknown):
        issuer.token("HF-9", "deceased", KIN_FIELDS)
    open_case(bare_city)
    with pytest.raises(faults.SubjectUnknown):
        issuer.token("HF-1", "neighbour", KIN_FIELDS)


# ── the relation ─────────────────────────────────────────────────────────────────────────────────


def test_a_relation_stands_once_the_department_that_records_it_said_yes(
    bare_city: City, issuer: IssuerClient
):
    answer = answer_of(bare_city, declared(bare_city))
    assert issuer.establish("HF-1", "deceased", answer) == "kin"
    token = token_of(bare_city, (f"{HOUSEHOLD}.name",))
    assert (token.relation, token.established.by) == ("kin", "police")
    assert token.established.reference
    assert issuer.establish("HF-1", "deceased", answer) == "kin"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"answer": False, "reference": None}, faults.AnswerUnproven),
        ({"answer": None}, faults.AnswerUnproven),
        ({"purpose": "case"}, faults.AnswerUnproven),
        ({"dataset": HOUSEHOLD}, faults.AnswerUnproven),
        ({"applicant_columns": ()}, faults.AnswerUnproven),
        ({"applicant_columns": ("id_card",)}, faults.AnswerUnproven),
        ({"by": "fund", "party": "fund"}, faults.AnswerUnproven),
        ({"at": NOON - timedelta(days=1)}, faults.AnswerUnproven),
        ({"at": NOON + timedelta(days=1)}, faults.AnswerUnproven),
        ({"case": "HF-2"}, faults.AnswerOther),
        ({"subject": "applicant"}, faults.AnswerOther),
        ({"shown": "another"}, faults.AnswerOther),
        ({"by": "fund"}, faults.AnswerForged),
    ],
)
def test_an_answer_that_proves_something_else_proves_nothing(
    bare_city: City, issuer: IssuerClient, changes: dict[str, Any], fault: type[Fault]
):
    answer = answer_of(bare_city, declared(bare_city), **changes)
    with pytest.raises(fault):
        issuer.establish("HF-1", "deceased", answer)
    with pytest.raises(faults.RelationNotEstablished):
        issuer.token("HF-1", "deceased", [f"{HOUSEHOLD}.name"])


def test_an_answer_about_another_case_of_the_same_people_proves_nothing_here(
    bare_city: City, issuer: IssuerClient
):
    answer = answer_of(bare_city, declared(bare_city))
    open_case(bare_city, "HF-2")
    issuer.declare("HF-2", "deceased", LI)
    with pytest.raises(faults.AnswerOther):
        issuer.establish("HF-2", "deceased", answer)


def test_a_hub_cannot_seal_an_answer(bare_city: City, issuer: IssuerClient):
    token = declared(bare_city)
    made: Any = answer_of(bare_city, token, answer=False)
    made["body"]["answer"] = True
    with pytest.raises(faults.AnswerForged):
        issuer.establish("HF-1", "deceased", made)


# ── closing ──────────────────────────────────────────────────────────────────────────────────────


def test_a_closed_case_gives_no_token_and_says_so(bare_city: City, issuer: IssuerClient):
    declared(bare_city)
    trusted = {"city-issuer": bare_city.issuer.public_key}
    assert read_statement(issuer.statement("HF-1"), trusted).running
    open_statement(issuer.statement("HF-1"), trusted, "HF-1", bare_city.now)
    assert not read_statement(issuer.close("HF-1"), trusted).running
    assert not read_statement(issuer.close("HF-1"), trusted).running
    with pytest.raises(faults.CaseClosed):
        open_statement(issuer.statement("HF-1"), trusted, "HF-1", bare_city.now)
    acts: list[Callable[[], object]] = [
        lambda: issuer.token("HF-1", "deceased", KIN_FIELDS),
        lambda: issuer.declare("HF-1", "deceased", LI),
        lambda: issuer.establish("HF-1", "deceased", {}),
    ]
    for act in acts:
        with pytest.raises(faults.CaseClosed):
            act()


# ── who may ask ──────────────────────────────────────────────────────────────────────────────────


def test_only_a_trusted_hub_is_heard(bare_city: City):
    stranger = bare_city.issuer_client(key=generate_signer())
    with pytest.raises(faults.HubUnknown):
        stranger.statement("HF-1")


def test_a_hub_is_heard_on_its_own_channel_only(bare_city: City):
    with pytest.raises(faults.RequestMisdirected):
        bare_city.issuer_client(peer="anhui").statement("HF-1")


def test_a_hub_cannot_touch_another_hubs_case(bare_city: City):
    declared(bare_city)
    theirs = bare_city.issuer_client(key=bare_city.other_hub_key, peer="anhui")
    theirs = replace(theirs, desk=replace(theirs.desk, hub="anhui"))
    acts: list[Callable[[], object]] = [
        lambda: theirs.statement("HF-1"),
        lambda: theirs.token("HF-1", "deceased", KIN_FIELDS),
        lambda: theirs.declare("HF-1", "deceased", LI),
        lambda: theirs.close("HF-1"),
    ]
    for act in acts:
        with pytest.raises(faults.CaseUnknown):
            act()
    with pytest.raises(faults.CaseTaken):
        theirs.open_case("HF-1", SCENARIO, ["pipl"], bare_city.ticket(), bare_city.claims())


def test_a_request_meant_for_another_issuer_is_refused(issuer: IssuerClient):
    with pytest.raises(faults.RequestMisdirected):
        replace(issuer, name="other-issuer").statement("HF-1")


def test_a_request_is_good_for_once(bare_city: City):
    open_case(bare_city)
    bare_city.nonce = lambda: "the-same"  # type: ignore[method-assign]
    issuer = bare_city.issuer_client()
    issuer.statement("HF-1")
    with pytest.raises(faults.RequestReplayed):
        issuer.statement("HF-1")


@pytest.mark.parametrize("minutes", [-5, 2])
def test_a_request_of_another_time_is_refused(bare_city: City, minutes: int):
    issuer = bare_city.issuer_client()
    late = replace(issuer.desk, clock=lambda: bare_city.now + timedelta(minutes=minutes))
    with pytest.raises(faults.RequestStale):
        replace(issuer, desk=late).statement("HF-1")


def test_a_request_of_one_kind_is_no_request_of_another(bare_city: City, issuer: IssuerClient):
    from federation.link import ask_json

    open_case(bare_city)
    sealed = issuer.desk.request("case-statement", "city-issuer", {"case": "HF-1"})
    with pytest.raises(faults.HubUnknown):
        ask_json(issuer.link, "/v1/case-close", sealed)


def test_anybody_may_ask_whether_the_issuer_runs(issuer: IssuerClient):
    assert fetch_json(issuer.link, "/v1/health")["running"] is True


# ── limits and traces ────────────────────────────────────────────────────────────────────────────


def test_an_applicant_cannot_open_case_after_case(tmp_path: Path):
    city = City(tmp_path, limits=Limits(cases_per_day=2))
    for number in (1, 2):
        open_case(city, f"HF-{number}")
    with pytest.raises(faults.RateExceeded) as caught:
        open_case(city, "HF-3")
    assert caught.value.http == 429
    open_case(city, "HF-4", ticket=city.ticket(ZHAO, "zhao"))
    city.advance(days=1, seconds=1)
    open_case(city, "HF-3", ticket=city.ticket())
    city.close()


def test_an_applicant_cannot_name_person_after_person(tmp_path: Path):
    city = City(tmp_path, limits=Limits(subjects_per_day=1))
    for number in (1, 2):
        open_case(city, f"HF-{number}")
    city.issuer_client().declare("HF-1", "deceased", LI)
    with pytest.raises(faults.RateExceeded):
        city.issuer_client().declare("HF-2", "deceased", ZHAO)
    city.close()


def test_a_case_cannot_take_token_after_token(tmp_path: Path):
    city = City(tmp_path, limits=Limits(tokens_per_case_hour=1))
    declared(city)
    with pytest.raises(faults.RateExceeded):
        token_of(city)
    city.advance(hours=1, seconds=1)
    token_of(city)
    city.close()


def test_the_issuer_keeps_a_trace_without_anybodys_number(bare_city: City, issuer: IssuerClient):
    issuer.establish("HF-1", "deceased", answer_of(bare_city, declared(bare_city)))
    issuer.close("HF-1")
    kinds = [r.kind for r in reversed(bare_city.issuer.journal.search())]
    assert kinds == [
        "case-opened",
        "subject-declared",
        "token-given",
        "relation-established",
        "case-closed",
    ]
    journal: Journal = bare_city.issuer.journal
    exported = b"".join(journal.export()).decode()
    assert LI not in exported
    assert WANG not in exported
    assert journal.verify().ok


@pytest.mark.parametrize(
    "changes",
    [
        {"subjects": ()},
        {"subjects": (SubjectClaim("a", "person", "self", ("x",)),) * 2},
        {"subjects": (SubjectClaim("a", "person", CLAIMED, ("x",)),)},
        {"subjects": (SubjectClaim("", "person", "kin", ("x",)),)},
        {"scenario": ""},
        {"ticket": {}},
    ],
)
def test_a_malformed_request_is_a_named_fault(bare_city: City, changes: dict[str, Any]):
    with pytest.raises((faults.DocumentMalformed, faults.TicketForged)):
        open_case(bare_city, **changes)
