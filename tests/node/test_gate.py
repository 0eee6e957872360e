"""The gate gives one subject's permitted fields for a running case, and nothing else to anybody."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from city import (
    ACCOUNT,
    CHEN,
    HOUSEHOLD,
    KIN_CHECK,
    KINSHIP,
    LI,
    NOON,
    POLICIES,
    SCENARIO,
    WANG,
    ZHAO,
    City,
    down,
)
from sqlalchemy import text, update

from federation.crypto import canonical, generate_signer, seal
from federation.errors import Fault, Findings
from federation.fragment import (
    Asker,
    Call,
    Column,
    Expr,
    Filter,
    FragmentMalformed,
    Limit,
    Literal,
    Named,
    Project,
    Relation,
    Scan,
    Source,
)
from federation.link import InProcessLink, ask_json
from federation.link.errors import LinkTruncated, LinkUnreachable
from federation.node.errors import LiteralWrong, ScanOutside, SourceFailed, TooManyRows
from federation.node.tables import grant_table
from federation.store import write
from federation.trust import errors as faults
from federation.trust.token import Statement, open_answer


def scan(*columns: str, where: Expr | None = None, source: str = HOUSEHOLD) -> Scan:
    relation: Relation = Source(source)
    if where is not None:
        relation = Filter(relation, where)
    return Scan(Project(relation, tuple(Named(c, Column(c)) for c in columns)))


def equals(column: str, value: Any, kind: str = "text") -> Call:
    return Call("eq", (Column(column), Literal(value, kind)))


def codes_of(caught: pytest.ExceptionInfo[Fault]) -> list[str]:
    fault = caught.value
    return [f.code for f in fault.findings] if isinstance(fault, Findings) else [fault.code]


# ── what is given ────────────────────────────────────────────────────────────────────────────────


def test_a_running_case_gets_its_subjects_fields_and_nobody_elses(city: City):
    city.running()
    answer = city.ask("SELECT name, address, moved_in, members FROM household")
    assert answer.rows() == [
        {"name": "李某", "address": "长江路 1 号", "moved_in": date(1999, 1, 31), "members": 3}
    ]
    (use,) = answer.uses
    assert (use.node, use.dataset, use.subject, use.outcome) == (
        "police",
        HOUSEHOLD,
        "deceased",
        "answered",
    )
    assert use.fields == tuple(
        f"{HOUSEHOLD}.{c}" for c in ("name", "address", "moved_in", "members")
    )


def test_values_come_in_the_ledgers_types(city: City):
    city.running()
    rows = city.ask("SELECT account_no, balance, frozen, touched FROM account").rows()
    assert [(r["account_no"], r["balance"], r["frozen"]) for r in rows] == [
        ("A-1", Decimal("1234.50"), False),
        ("A-2", Decimal("0.00"), True),
    ]
    assert rows[0]["touched"] == datetime.fromisoformat("2026-01-02T03:04:05+08:00")


@pytest.mark.parametrize(
    ("where", "params", "found"),
    [
        ("balance = 1234.50", {}, ["A-1"]),
        ("balance = :b", {"b": "1234.5"}, ["A-1"]),
        ("frozen = TRUE", {}, ["A-2"]),
        ("account_no = 'A-1' AND frozen = TRUE", {}, []),
        ("account_no = 'A-3'", {}, []),
    ],
)
def test_a_question_may_narrow_the_subjects_own_rows(
    city: City, where: str, params: dict[str, Any], found: list[str]
):
    city.running()
    answer = city.ask(f"SELECT account_no FROM account WHERE {where}", params=params)
    assert [r["account_no"] for r in answer.rows()] == found
    assert answer.uses[0].outcome == ("answered" if found else "empty")


def test_lists_and_dates_narrow_too(city: City):
    city.running()
    for where, count in [
        ("members IN (1, 3)", 1),
        ("members IN (1, 2)", 0),
        ("moved_in = '1999-01-31'", 1),
        ("moved_in = '1999-02-01'", 0),
    ]:
        assert city.ask(f"SELECT name FROM household WHERE {where}").table.num_rows == count


def test_applicants_see_their_own_record_in_their_own_case(city: City):
    city.open_case(deceased=None)
    answer = city.ask("SELECT name FROM household", subject="applicant")
    assert answer.rows() == [{"name": "王某"}]


def test_a_check_gives_yes_and_a_reference_or_no_and_nothing(city: City):
    city.running()
    yes = city.ask("SELECT household_no FROM household WHERE status = 'registered'", "verify")
    assert yes.rows() == [{"answer": True, "reference": "H-1"}]
    no = city.ask("SELECT household_no FROM household WHERE status = 'cancelled'", "verify")
    assert no.rows() == [{"answer": False, "reference": None}]
    assert (yes.uses[0].outcome, no.uses[0].outcome) == ("answered", "empty")
    assert yes.table.schema == no.table.schema


def test_the_answer_is_sealed_by_the_node(city: City):
    answer = city.running() and city.establish()
    sealed = open_answer(answer.receipt, {"police": city.nodes["police"].public_key})
    assert (sealed.answer, sealed.reference, sealed.applicant_columns) == (
        True,
        "K-1",
        ("kin_id_card",),
    )
    assert (sealed.case, sealed.subject, sealed.dataset) == ("HF-1", "deceased", KINSHIP)


def test_a_relation_the_register_does_not_have_is_not_established(city: City):
    city.open_case(deceased=ZHAO)
    answer = city.ask(KIN_CHECK, "verify", params={"applicant_id": WANG})
    assert answer.rows() == [{"answer": False, "reference": None}]
    with pytest.raises(faults.AnswerUnproven):
        city.hub.establish("HF-1", "deceased", answer.receipt)
    with pytest.raises(faults.RelationNotEstablished):
        city.ask("SELECT name FROM household")


def test_a_claim_cannot_be_tried_with_somebody_elses_number(city: City):
    """A hub that asks the register about CHEN in WANG's case learns nothing and proves nothing."""
    city.open_case(deceased=ZHAO)
    with pytest.raises(Findings) as caught:
        city.ask(KIN_CHECK, "verify", params={"applicant_id": CHEN})
    assert "trust.above-ceiling" in codes_of(caught)
    made = city.fragment(
        scan("register_no", where=equals("kin_id_card", CHEN), source=KINSHIP),
        dataset_id=KINSHIP,
        purpose="verify",
        fields=("register_no", "kin_id_card"),
    )
    with pytest.raises(Findings) as caught:
        city.send(made)
    assert "trust.above-ceiling" in codes_of(caught)


# ── what is refused: the case ────────────────────────────────────────────────────────────────────


def test_a_hub_with_a_valid_key_and_no_token_gets_nothing(city: City):
    city.running()
    for purpose in ("case", "verify"):
        with pytest.raises(faults.TokenMissing):
            city.send(city.fragment(scan("name"), token=None, purpose=purpose))


def test_a_token_without_a_statement_that_the_case_runs_is_refused(city: City):
    city.running()
    with pytest.raises(faults.StatementMissing):
        city.send(city.fragment(scan("name"), statement=None))


def test_a_stale_statement_is_refused(city: City):
    city.running()
    old = city.fragment(scan("name"))
    city.advance(minutes=10, seconds=1)
    fresh = {"issued": city.now, "expires": city.now + timedelta(minutes=2)}
    with pytest.raises(faults.StatementStale):
        city.send(replace(old, **fresh))  # type: ignore[arg-type]


def test_a_statement_from_the_future_is_refused(city: City):
    city.running()
    made = city.fragment(scan("name"))
    city.advance(minutes=-2)
    fresh = {"issued": city.now, "expires": city.now + timedelta(minutes=2)}
    with pytest.raises((faults.StatementStale, faults.TokenExpired)):
        city.send(replace(made, **fresh))  # type: ignore[arg-type]


def test_a_statement_about_another_case_is_refused(city: City):
    city.running()
    city.open_case("HF-2")
    other = city.issuer_client().statement("HF-2")
    with pytest.raises(faults.StatementForged):
        city.send(city.fragment(scan("name"), statement=other))


def test_a_statement_of_another_issuer_than_the_tokens_is_refused(city: City):
    """Two issuers are trusted here; neither can say that the other's case is running."""
    other = generate_signer()
    city.config["police"] = replace(
        city.config["police"],
        issuers={**city.config["police"].issuers, "other-issuer": other.public_key},
    )
    city.reopen("police")
    city.running()
    for name in ("other-issuer", "city-issuer"):
        statement = Statement(name, "HF-1", running=True, at=city.now).seal(other)
        with pytest.raises(faults.StatementForged):
            city.send(city.fragment(scan("name"), statement=statement))
    made = city.fragment(scan("name"))
    assert made.token is not None
    with pytest.raises(faults.TokenForged):
        city.send(replace(made, token=seal(made.token["body"], other)))  # type: ignore[arg-type]


def test_a_closed_case_is_refused_at_once(city: City):
    city.running()
    kept = city.fragment(scan("name"))
    assert city.hub.close_case("HF-1") == ()
    with pytest.raises(faults.CaseClosed):
        city.send(kept)
    with pytest.raises(faults.CaseClosed):
        city.ask("SELECT name FROM household")


def test_a_closed_case_is_refused_by_a_node_that_was_not_told(city: City):
    city.running()
    kept = city.fragment(scan("name"))
    statement = city.issuer_client().close("HF-1")
    with pytest.raises(faults.CaseClosed):
        city.send(replace(kept, statement=statement, nonce=city.nonce()))


def test_only_the_issuer_can_say_that_a_case_is_closed(city: City):
    city.running()
    running = city.issuer_client().statement("HF-1")
    forged = copy.deepcopy(dict(running))
    forged["body"]["running"] = False  # type: ignore[index]
    for statement in (running, forged):
        with pytest.raises(faults.StatementForged):
            ask_json(city.link("police"), "/v1/case-closed", statement)
    assert city.ask("SELECT name FROM household").table.num_rows == 1


def test_a_second_subject_on_a_pinned_case_is_refused(city: City):
    """Even where an issuer would vouch for it: the node remembers whom the case concerned."""
    city.running()
    city.ask("SELECT name FROM household")
    with write(city.issuer._engine) as conn:  # an issuer that has gone bad
        conn.execute(
            text("UPDATE issuer_subject SET key = :key WHERE relation = 'kin'"), {"key": ZHAO}
        )
    city.hub._forget("HF-1")
    with pytest.raises(faults.SubjectSecond):
        city.ask("SELECT name FROM household")
    assert "赵某" not in str(city.nodes["police"].journal.search(limit=1000))


def test_another_applicant_on_a_pinned_case_is_refused(city: City):
    city.running()
    with write(city.issuer._engine) as conn:
        conn.execute(text("UPDATE issuer_case SET applicant = :key"), {"key": CHEN})
    city.hub._forget("HF-1")
    with pytest.raises(faults.ApplicantSecond):
        city.ask("SELECT name FROM household")


def test_a_case_may_concern_its_applicant_and_one_subject(city: City):
    city.running()
    assert city.ask("SELECT name FROM household").rows() == [{"name": "李某"}]
    assert city.ask("SELECT name FROM household", subject="applicant").rows() == [{"name": "王某"}]


def test_as_many_subjects_as_the_owner_allows_and_no_more(city: City):
    claims = city.claims()
    second = replace(claims[1], id="second")
    city.hub.open_case("HF-1", SCENARIO, ["pipl"], city.ticket(), [*claims, second])
    city.hub.declare_subject("HF-1", "deceased", LI)
    city.hub.declare_subject("HF-1", "second", ZHAO)
    city.establish()
    with pytest.raises(faults.SubjectSecond):
        city.ask(KIN_CHECK, "verify", subject="second", params={"applicant_id": WANG})
    city.write_policy("police", {**POLICIES["police"], "subjects_per_case": 2})
    city.reopen("police")
    asked = city.ask(KIN_CHECK, "verify", subject="second", params={"applicant_id": WANG})
    assert asked.rows() == [{"answer": False, "reference": None}]


def test_a_token_of_an_unknown_issuer_is_refused(city: City):
    city.running()
    made = city.fragment(scan("name"))
    assert made.token is not None
    body = made.token["body"]
    for key in (generate_signer(), city.hub_key, city.stewards["police"]):
        with pytest.raises(faults.TokenForged):
            city.send(replace(made, token=seal(body, key), nonce=city.nonce()))  # type: ignore[arg-type]


def test_a_token_changed_on_the_way_is_refused(city: City):
    city.running()
    for name, value in (
        ("relation", "self"),
        ("fields", [f"{HOUSEHOLD}.status"]),
        ("case", "HF-2"),
    ):
        made = city.fragment(scan("name"))
        token: Any = copy.deepcopy(made.token)
        token["body"][name] = value
        with pytest.raises(faults.TokenForged):
            city.send(replace(made, token=token))


def test_a_statement_is_no_token(city: City):
    city.running()
    made = city.fragment(scan("name"))
    with pytest.raises(faults.TokenForged):
        city.send(replace(made, token=made.statement))


def test_an_expired_token_is_refused(city: City):
    city.running()
    made = city.fragment(scan("name"))
    city.advance(hours=1)
    with pytest.raises(faults.TokenExpired):
        city.send(
            replace(
                made,
                statement=city.issuer_client().statement("HF-1"),
                issued=city.now,
                expires=city.now + timedelta(minutes=1),
            )
        )


def test_a_token_narrower_than_the_scan_is_refused(city: City):
    city.running()
    with pytest.raises(faults.TokenFields) as caught:
        city.send(city.fragment(scan("name", "address"), fields=("name",)))
    assert caught.value.facts["fields"] == ("address",) or caught.value.facts["fields"] == [
        "address"
    ]


def test_a_filter_counts_as_a_use_of_the_field(city: City):
    city.running()
    with pytest.raises(faults.TokenFields):
        city.send(city.fragment(scan("name", where=equals("members", 3, "int")), fields=("name",)))


def test_a_relation_that_is_not_established_shows_nothing(city: City):
    city.open_case()
    with pytest.raises(faults.RelationNotEstablished):
        city.ask("SELECT name FROM household")
    made = city.fragment(
        scan("relation", where=equals("kin_id_card", WANG), source=KINSHIP),
        dataset_id=KINSHIP,
        fields=("register_no", "kin_id_card", "relation"),
    )
    with pytest.raises(Findings) as caught:
        city.send(made)
    assert "trust.relation" in codes_of(caught)


# ── what is refused: grant, purpose, policy ──────────────────────────────────────────────────────


def test_another_purpose_than_the_grants_is_refused(city: City):
    city.running()
    verify = city.hub.grant_for(HOUSEHOLD, "verify", SCENARIO, None)
    assert verify is not None
    with pytest.raises(faults.GrantOther):
        city.send(city.fragment(scan("name"), grant=verify.id))


@pytest.mark.parametrize(
    "purpose",
    ["open", "statistics", "training", "scoring", "share", "link", "match", "quality", "probe"],
)
def test_a_purpose_that_is_not_served_is_refused(city: City, purpose: str):
    city.running()
    with pytest.raises(faults.PurposeNotServed):
        city.send(city.fragment(scan("name"), purpose=purpose))
    with pytest.raises(faults.PurposeNotServed):
        city.ask("SELECT name FROM household", purpose)


def test_an_unknown_purpose_is_refused(city: City):
    city.running()
    with pytest.raises(faults.PurposeUnknown):
        city.send(city.fragment(scan("name"), purpose="curiosity"))


def test_no_grant_means_no(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    bare_city.running()
    with pytest.raises(faults.NotGranted):
        bare_city.ask("SELECT name FROM household")
    with pytest.raises(faults.NotGranted):
        bare_city.send(bare_city.fragment(scan("name")))


def test_a_grant_that_was_only_asked_is_none(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    asked = bare_city.ask_grant("police", HOUSEHOLD, "case")
    bare_city.running()
    with pytest.raises(faults.NotGranted):
        bare_city.send(bare_city.fragment(scan("name"), grant=asked.id))


def test_an_expired_grant_is_refused(city: City):
    city.running()
    city.advance(days=31)
    city.hub._papers.clear()
    with pytest.raises(faults.GrantExpired):
        city.send(city.fragment(scan("name")))
    with pytest.raises(faults.GrantExpired):
        city.ask("SELECT name FROM household")


def test_a_revoked_grant_is_refused_at_the_next_call(city: City):
    city.running()
    assert city.ask("SELECT name FROM household").table.num_rows == 1
    grant = city.hub.grant_for(HOUSEHOLD, "case", SCENARIO, None)
    assert grant is not None
    city.hub.revoke_grant(grant.id, city.stewards["police"], city.steward("police"), remark="x")
    with pytest.raises(faults.GrantRevoked):
        city.ask("SELECT name FROM household")
    with pytest.raises(faults.GrantRevoked):
        city.send(city.fragment(scan("name")))


def test_counted_uses_run_out(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    grant = bare_city.grant("police", HOUSEHOLD, "case", max_uses=2)
    bare_city.running()
    for _ in range(2):
        bare_city.ask("SELECT name FROM household")
    with pytest.raises(faults.GrantUsedUp):
        bare_city.ask("SELECT name FROM household")
    assert bare_city.hub.grant_uses("police")[grant.id] == 2


def test_a_refused_question_does_not_use_a_grant_up(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    grant = bare_city.grant("police", HOUSEHOLD, "case", max_uses=1)
    bare_city.running()
    with pytest.raises(Fault):
        bare_city.send(bare_city.fragment(scan("name", "status"), fields=("name", "status")))
    assert bare_city.hub.grant_uses("police")[grant.id] == 0
    bare_city.ask("SELECT name FROM household")


def test_a_grant_bound_to_one_scenario_serves_no_other(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    grant = bare_city.grant("police", HOUSEHOLD, "case", scenario=SCENARIO)
    bare_city.running("HF-2", scenario="another")
    with pytest.raises(faults.GrantScenario):
        bare_city.send(bare_city.fragment(scan("name"), case="HF-2", grant=grant.id))


def test_a_grant_altered_in_the_nodes_own_store_is_none(city: City):
    city.running()
    grant = city.hub.grant_for(HOUSEHOLD, "case", SCENARIO, None)
    assert grant is not None
    with write(city.nodes["police"].engine) as conn:
        row = conn.execute(grant_table.select().where(grant_table.c.id == grant.id)).one()
        sealed = copy.deepcopy(row.sealed)
        sealed["body"]["uses"]["status"] = ["project"]
        conn.execute(update(grant_table).where(grant_table.c.id == grant.id).values(sealed=sealed))
    with pytest.raises(faults.GrantForged):
        city.ask("SELECT name FROM household")


def test_a_good_grant_under_a_revoked_ones_number_is_none(city: City):
    city.running()
    good = city.hub.grant_for(HOUSEHOLD, "case", SCENARIO, None)
    assert good is not None
    with write(city.nodes["police"].engine) as conn:
        row = conn.execute(grant_table.select().where(grant_table.c.id == good.id)).one()
        copied = {**row._mapping, "id": "G-copy", "used": 0}
        conn.execute(grant_table.insert().values(**copied))
    with pytest.raises(faults.GrantForged):
        city.send(city.fragment(scan("name"), grant="G-copy"))


def test_a_field_outside_the_policy_is_refused_by_the_node_itself(city: City):
    city.running()
    with pytest.raises(Findings) as caught:
        city.send(city.fragment(scan("name", "status"), fields=("name", "status")))
    assert set(codes_of(caught)) == {"trust.grant-fields", "trust.policy-fields"}


def test_the_hub_says_every_reason_before_it_asks(city: City):
    city.running()
    before = city.kinds()
    with pytest.raises(Findings) as caught:
        city.ask("SELECT status, household_no FROM household")
    assert set(codes_of(caught)) == {"trust.grant-fields", "trust.policy-fields"}
    assert all("household_no" in f.message("en") for f in caught.value.findings)
    assert [k for k in city.kinds() if k not in before] == []
    assert city.hub.journal.search(limit=1)[0].kind == "refused"


def test_a_dataset_the_node_does_not_bind_reads_like_no_grant(city: City):
    city.running()
    for source in ("fund.account", "police.nothing"):
        made = city.fragment(scan("name", source=source))
        with pytest.raises(faults.NotGranted):
            city.send(made)


# ── what is refused: the fragment ────────────────────────────────────────────────────────────────


def test_a_replayed_fragment_is_refused(city: City):
    city.running()
    made = city.fragment(scan("name"))
    assert city.send(made).table.num_rows == 1
    with pytest.raises(faults.RequestReplayed):
        city.send(made)
    with pytest.raises(faults.RequestReplayed):
        city.send(replace(made, query="1" * 64))


def test_a_refused_fragment_cannot_be_tried_again(bare_city: City):
    bare_city.grant("police", KINSHIP, "verify")
    bare_city.running()
    made = bare_city.fragment(scan("name"))
    with pytest.raises(faults.NotGranted):
        bare_city.send(made)
    grant = bare_city.grant("police", HOUSEHOLD, "case")
    with pytest.raises(faults.RequestReplayed):
        bare_city.send(replace(made, grant=grant.id))


@pytest.mark.parametrize("minutes", [-3, 2.01, 60])
def test_a_fragment_of_another_time_is_refused(city: City, minutes: float):
    city.running()
    made = city.fragment(scan("name"))
    city.advance(minutes=minutes)
    with pytest.raises(faults.RequestStale):
        city.send(made)


def test_a_fragment_that_would_live_too_long_is_refused(city: City):
    city.running()
    with pytest.raises(faults.RequestStale):
        city.send(city.fragment(scan("name"), expires=city.now + timedelta(hours=1)))


def test_a_fragment_for_another_node_is_refused(city: City):
    city.running()
    made = city.fragment(scan("name"))
    with pytest.raises(faults.RequestMisdirected):
        city.send(made, "fund")
    assert city.send(made, "police").table.num_rows == 1


def test_a_fragment_by_another_channel_is_refused(city: City):
    city.running()
    for peer in ("", "anhui", "police"):
        with pytest.raises(faults.RequestMisdirected):
            city.send(city.fragment(scan("name")), peer=peer)


def test_a_hub_cannot_speak_in_another_hubs_name(city: City):
    city.running()
    with pytest.raises(faults.RequestMisdirected):
        city.send(city.fragment(scan("name"), caller="anhui"))


def test_a_fragment_of_an_unknown_hub_is_refused(city: City):
    city.running()
    for key in (generate_signer(), city.stewards["police"], city.identity):
        with pytest.raises(faults.HubUnknown):
            city.send(city.fragment(scan("name")), key=key)


def test_a_fragment_with_any_changed_byte_is_refused(city: City):
    """Every text, number and truth value in the body is changed once; nothing is ever answered."""
    city.running()
    sealed = city.fragment(scan("name", where=equals("members", 3, "int"))).seal(city.hub_key)
    changed = 0
    for change in _changes(sealed):
        with pytest.raises(Fault) as caught:
            city.send(change)
        assert caught.value.http in (400, 403)
        changed += 1
    assert changed > 45
    assert "opened" not in city.kinds()[-changed:]


def _changes(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def visit(node: Any, path: tuple[Any, ...]) -> None:
        if isinstance(node, dict):
            for key in node:
                visit(node[key], (*path, key))
        elif isinstance(node, list):
            for number, item in enumerate(node):
                visit(item, (*path, number))
        else:
            copied = copy.deepcopy(document)
            below: Any = copied
            for step in path[:-1]:
                below = below[step]
            below[path[-1]] = _other(node)
            found.append(copied)

    visit(document, ())
    return found


def _other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return value + 1
    return ("A" if value[:1] != "A" else "B") + value[1:]


@pytest.mark.parametrize(
    "document",
    [{}, {"body": {}}, {"body": {}, "key": "x", "sig": "y"}, {"body": [], "key": 1, "sig": None}],
)
def test_what_is_no_fragment_at_all_is_refused_and_recorded(city: City, document: dict[str, Any]):
    with pytest.raises(faults.HubUnknown):
        city.send(document)
    assert city.kinds()[-1] == "refused"


def test_a_fragment_with_a_key_too_many_is_refused(city: City):
    city.running()
    body: Any = city.fragment(scan("name")).seal(city.hub_key)["body"]
    with pytest.raises(FragmentMalformed):
        city.send(seal({**body, "row_scope": "all"}, city.hub_key))


OUTSIDE: list[Callable[[], Scan]] = [
    lambda: Scan(Source(HOUSEHOLD)),
    lambda: Scan(Limit(scan("name").relation, 1)),
    lambda: Scan(Project(scan("name").relation, (Named("x", Column("name")),))),
    lambda: Scan(Project(Source(HOUSEHOLD), (Named("x", Literal("y", "text")),))),
    lambda: Scan(Project(Source(HOUSEHOLD), (Named("x", Call("upper", (Column("name"),))),))),
    lambda: scan("name", where=Call("or", (equals("status", "a"), equals("status", "b")))),
    lambda: scan("name", where=Call("not", (equals("status", "a"),))),
    lambda: scan("name", where=Call("is_null", (Column("status"),))),
    lambda: scan("name", where=Call("gt", (Column("members"), Literal(1, "int")))),
    lambda: scan("name", where=Call("eq", (Column("name"), Column("address")))),
    lambda: scan("name", where=Call("eq", (Literal("a", "text"), Literal("a", "text")))),
    lambda: scan("name", where=Call("in", (Column("name"), Column("address")))),
    lambda: scan("name", where=Literal(value=True, type="bool")),
]


@pytest.mark.parametrize("number", range(len(OUTSIDE)))
def test_a_scan_of_another_form_is_refused(city: City, number: int):
    city.running()
    made = city.fragment(OUTSIDE[number](), fields=("name", "address", "status", "members"))
    with pytest.raises((ScanOutside, Findings)) as caught:
        city.send(made)
    assert codes_of(caught)[0].startswith(("node.scan", "scan."))


def test_a_check_shows_exactly_one_reference(city: City):
    city.running()
    made = city.fragment(
        scan("household_no", "name"), purpose="verify", fields=("household_no", "name")
    )
    with pytest.raises(ScanOutside):
        city.send(made)


def test_a_column_compared_with_another_type_is_refused(city: City):
    city.running()
    made = city.fragment(scan("name", where=equals("members", "3")), fields=("name", "members"))
    with pytest.raises(LiteralWrong):
        city.send(made)


def test_the_subject_filter_cannot_be_talked_away(city: City):
    """A hub that asks for other people's numbers too gets the rows of its one subject."""
    city.write_policy(
        "police",
        {
            **POLICIES["police"],
            "rules": [
                *POLICIES["police"]["rules"],  # type: ignore[misc]
                {
                    "dataset": HOUSEHOLD,
                    "purpose": "case",
                    "relations": ["kin"],
                    "uses": {"id_card": ["filter:in", "project"]},
                },
            ],
        },
    )
    city.reopen("police")
    city.grant(
        "police",
        HOUSEHOLD,
        "case",
        scenario=SCENARIO,
        uses={"id_card": ("filter:in", "project"), "name": ("project",)},
    )
    city.running()
    for ids, names in (([ZHAO, WANG], []), ([ZHAO, LI], ["李某"])):
        where = Call("in", (Column("id_card"), *(Literal(i, "text") for i in ids)))
        made = city.fragment(scan("name", where=where), fields=("name", "id_card"))
        assert city.send(made).table.column("name").to_pylist() == names


# ── the journal ──────────────────────────────────────────────────────────────────────────────────


def test_every_answer_is_opened_and_closed_in_the_journal(city: City):
    city.running()
    city.ask("SELECT name FROM household")
    journal = city.nodes["police"].journal
    closed, opened = journal.search(limit=2)
    assert (opened.kind, closed.kind) == ("opened", "closed")
    assert closed.facts["closes"] == opened.seq
    assert (closed.facts["outcome"], closed.facts["rows"]) == ("answered", 1)
    assert closed.facts["bytes"] > 100  # type: ignore[operator]
    assert opened.facts["fields"] == ["name"]
    assert opened.facts["case"] == "HF-1"
    assert opened.facts["person"] == city.nodes["police"].pseudonyms.of(LI)
    assert journal.open_without_close() == ()
    assert journal.verify().ok


def test_every_refusal_is_in_the_journal_with_its_reasons(city: City):
    city.running()
    with pytest.raises(Findings):
        city.send(city.fragment(scan("name", "status"), fields=("name", "status")))
    refused = city.nodes["police"].journal.search(limit=1)[0]
    assert refused.kind == "refused"
    assert refused.facts["reasons"] == ["trust.grant-fields", "trust.policy-fields"]
    assert (refused.facts["case"], refused.facts["dataset"]) == ("HF-1", HOUSEHOLD)


def test_nobodys_number_or_name_is_in_any_journal(city: City):
    city.running()
    city.ask("SELECT name, address FROM household")
    with pytest.raises(Fault):
        city.send(city.fragment(scan("name", "status"), fields=("name", "status")))
    everything = b"".join(
        line
        for journal in (city.hub.journal, city.issuer.journal, city.nodes["police"].journal)
        for line in journal.export()
    ).decode()
    for value in (LI, WANG, "李某", "长江路"):
        assert value not in everything


def test_a_number_smuggled_in_as_a_word_is_not_recorded(city: City):
    city.running()
    made = city.fragment(
        scan("name"), principal=Asker(ZHAO, ZHAO), query=ZHAO, grant=ZHAO, nonce=ZHAO
    )
    with pytest.raises(faults.NotGranted):
        city.send(made)
    grant = city.hub.grant_for(HOUSEHOLD, "case", SCENARIO, None)
    assert grant is not None
    good = city.fragment(scan("name"), principal=Asker(ZHAO, ZHAO), query=ZHAO)
    assert city.send(good).table.num_rows == 1
    assert ZHAO not in b"".join(city.nodes["police"].journal.export()).decode()


@pytest.mark.parametrize("kind", ["opened", "refused"])
def test_when_the_journal_cannot_be_written_nothing_leaves(city: City, kind: str):
    city.running()
    made = city.fragment(scan("name"), **({} if kind == "opened" else {"grant": "none"}))
    with write(city.nodes["police"].engine) as conn:
        conn.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN"
                " SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    with pytest.raises(Fault) as caught:
        city.send(made)
    assert caught.value.code == "audit.unwritable"


def test_when_the_end_cannot_be_recorded_the_answer_never_ends(city: City):
    city.running()
    made = city.fragment(scan("name"))
    with write(city.nodes["police"].engine) as conn:
        conn.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON audit_entry WHEN NEW.kind = 'closed' BEGIN"
                " SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    with pytest.raises(LinkTruncated):
        city.send(made)
    assert len(city.nodes["police"].journal.open_without_close()) == 1


def test_an_answer_that_is_not_taken_is_closed_as_aborted(city: City):
    city.running()
    sealed = city.fragment(scan("name")).seal(city.hub_key)
    reply = city.link("police").send("POST", "/v1/fragment", canonical(sealed), timeout_s=5)
    next(reply.chunks)
    reply.chunks.close()  # type: ignore[attr-defined]
    closed = city.nodes["police"].journal.search(limit=1)[0]
    assert (closed.kind, closed.facts["outcome"]) == ("closed", "aborted")


def test_a_source_that_fails_says_why_to_its_owner_only(city: City):
    city.running()
    city.insert("police/household", (LI, "李某", "x", "H-9", "registered", "not a date", 3))
    with pytest.raises(SourceFailed) as caught:
        city.ask("SELECT moved_in FROM household")
    assert set(caught.value.facts) == {"party", "entry"}
    closed = city.nodes["police"].journal.search(limit=1)[0]
    assert closed.facts["outcome"] == "failed"
    assert str(closed.facts["cause"]).startswith("source.")
    assert caught.value.facts["entry"] == f"police#{closed.facts['closes']}"


def test_a_source_that_is_gone_is_one_fault(city: City):
    city.running()
    city.reopen("police")
    (city.folder / "police" / "main.db").rename(city.folder / "police" / "gone.db")
    with pytest.raises(SourceFailed):
        city.ask("SELECT name FROM household")
    assert city.kinds()[-1] == "closed"


def test_an_answer_has_no_more_rows_than_the_owner_allows(city: City):
    city.write_policy("fund", {**POLICIES["fund"], "max_rows": 1})
    city.reopen("fund")
    city.running()
    with pytest.raises(TooManyRows):
        city.ask("SELECT account_no FROM account")
    assert city.ask("SELECT account_no FROM account WHERE frozen = TRUE").table.num_rows == 1


def test_the_hub_records_what_it_asked_and_what_came(city: City):
    city.running()
    answer = city.ask("SELECT name FROM household")
    closed, opened = city.hub.journal.search(limit=2)
    assert (opened.kind, closed.kind) == ("opened", "closed")
    assert (closed.facts["outcome"], closed.facts["entry"]) == ("answered", answer.uses[0].entry)
    node_opened = city.nodes["police"].journal.search(kind="opened", limit=1)[0]
    assert node_opened.facts["fragment"] == opened.facts["fragment"]
    assert answer.uses[0].entry == f"police#{node_opened.seq}"


# ── limits, nodes down ───────────────────────────────────────────────────────────────────────────


def test_a_hub_that_asks_too_often_waits(city: City):
    city.write_policy("police", {**POLICIES["police"], "rate": {"per_minute": 3}})
    city.reopen("police")
    city.running()
    for _ in range(2):
        city.ask("SELECT name FROM household")
    with pytest.raises(faults.RateExceeded):
        city.ask("SELECT name FROM household")
    city.advance(minutes=1, seconds=1)
    city.ask("SELECT name FROM household")


def test_a_case_that_asks_too_often_waits(city: City):
    city.write_policy("police", {**POLICIES["police"], "rate": {"per_case_hour": 2}})
    city.reopen("police")
    city.running()
    city.ask("SELECT name FROM household")
    with pytest.raises(faults.RateExceeded):
        city.ask("SELECT name FROM household")
    city.running("HF-2")


def test_a_node_that_is_down_is_named_and_leaves_the_others_alone(city: City):
    city.running()

    city.hub.nodes["fund"] = replace(
        city.hub.nodes["fund"], link=InProcessLink("fund", down, peer="hefei")
    )
    with pytest.raises(LinkUnreachable) as caught:
        city.ask("SELECT account_no FROM account")
    assert caught.value.facts == {"party": "fund"}
    assert caught.value.http == 503
    assert city.ask("SELECT name FROM household").table.num_rows == 1
    assert city.hub.close_case("HF-1") == ("fund",)


def test_a_node_that_answers_for_another_is_not_believed(city: City):
    city.running()
    city.hub.nodes["police"] = replace(city.hub.nodes["police"], public_key=city.node_keys["fund"])
    with pytest.raises(faults.AnswerForged):
        city.ask("SELECT name FROM household")


def test_times_are_the_nodes_own(city: City):
    city.running()
    answer = city.ask("SELECT name FROM household")
    assert answer.uses[0].at == NOON


def test_the_fund_pins_for_itself(city: City):
    city.running()
    assert city.ask("SELECT account_no FROM account").table.num_rows == 2
    assert city.kinds("fund")[-2:] == ["opened", "closed"]
    assert ACCOUNT in str(city.hub.offer("fund"))
