"""Everyone asks for everything: rows and fields go to those the table names, and to nobody else.

The rules stand in ``tests/cases/rights/rules.toml``, written apart from the code. A new route
without a line there fails here: say who may ask for it, and what its address names.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from asking import VISITOR, Rules, bare, questions, read_rules
from sqlalchemy import select

from builder.app import open_platform
from builder.cases import commands
from builder.cases.commands import Wish
from builder.store import cases as tables
from builder.web import Limits, create_app
from builder.web.scopes import scopes_of
from federation.store import read, resource
from tests.documents.conftest import text_of
from tests.web.conftest import clone

MATTER = "340100/s23-afterlife"
READERS = (
    VISITOR,
    "chen-jing",
    "zhou-ming",
    "sun-lei",
    "officer-civil-affairs",
    "officer-police",
    "officer-hrss",
    "officer-housing-fund",
    "officer-health",
    "officer-medical-insurance",
    "designer",
    "admin-feixi",
    "scientist",
    "steward-police",
    "steward-housing-fund",
    "auditor",
)
"""Every role, every desk, and for each kind of owner somebody who is not the owner."""

_BODIES = {
    "api.act": {"action": "approve"},
    "api.begin_token": {"account": "nobody", "password": "x"},
    "api.decide_grant": {"verb": "revoke", "remark": "r"},
    "api.hand_in_at_once": {"answers": {}},
    "api.put_answers": {"answers": {}},
    "api.put_page": {"answers": {}},
    "api.supply": {"answers": {}},
    "api.urge_task": {"task": "accept.1"},
    "api.withdraw_case": {"reason": "r"},
}
"""What programs send; the others send nothing."""

_STEPS = ("accept", "verify-death", "verify-cremation")


@dataclass
class World:
    """A city in the middle of two matters, and its rules."""

    platform: object
    app: object
    rules: Rules
    answers: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    wanted: dict[tuple[str, str, str], tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def client(self, account: str):
        client = self.app.test_client()
        if account != VISITOR:
            found = self.platform.accounts.named(account)
            token = self.platform.sessions.begin(found)
            with client.session_transaction() as session:
                session["sign_in"] = token
        return client

    def bearer(self, account: str) -> dict[str, str]:
        """Return what a program of an account sends along."""
        if account == VISITOR:
            return {}
        found = self.platform.accounts.named(account)
        tokens = self.app.extensions["scenarist"].tokens
        issued = tokens.issue(found, scopes_of(found.account.roles), "", hours=12)
        return {"Authorization": f"Bearer {issued.token}"}

    def roles(self, account: str) -> frozenset[str]:
        if account == VISITOR:
            return frozenset()
        return frozenset(self.platform.accounts.load(account).roles)


def _json(path: str):
    return json.loads(resource(f"specs/scenarios/s23-afterlife/{path}").read_text(encoding="utf-8"))


def _fill(platform, account: str, changed: Mapping[str, object]) -> str:
    who = platform.accounts.named(account)
    draft = commands.open_draft(platform, who, MATTER)
    answers = {**_json("answers.json"), **{f"/application/{k}": v for k, v in changed.items()}}
    return commands.fill_in(platform, who, draft.case_no, answers)


def _hand_in(platform, account: str, changed: Mapping[str, object]) -> str:
    number = _fill(platform, account, changed)
    commands.submit(platform, platform.accounts.named(account), number)
    return number


def _accepted(platform, case_no: str) -> None:
    """Let the departments be asked, with a mark in what the lead department wrote."""
    acts = {s["task"]: s for s in _json("walks/happy.json")["steps"] if s["do"] == "act"}
    for step in _STEPS:
        answers = dict(acts[step]["answers"])
        if step == "accept":
            answers["/acceptance/remark"] = "金丝雀收文"
        commands.act_with_answers(
            platform, platform.accounts.named(acts[step]["as"]), case_no, step, Wish("approve"),
            answers,
        )  # fmt: skip


@pytest.fixture(scope="module")
def world(built_city, tmp_path_factory):
    platform = open_platform(clone(built_city, tmp_path_factory.mktemp("rights") / "city"))
    case_a = _hand_in(
        platform,
        "chen-jing",
        {
            "payee_account": "6200000000000000018",
            "contact_phone": "16000000991",
            "contact_address": {
                "province": "34",
                "city": "3401",
                "county": "340104",
                "detail": "听松路十六号甲金丝雀院",
            },
        },
    )
    _accepted(platform, case_a)
    mother = {
        "deceased_name": "吴秀兰", "deceased_id": "340100195509169084",
        "payee_account": "6200000000000000034",
    }  # fmt: skip
    case_b = _hand_in(platform, "zhou-ming", mother)
    platform.sessions.begin(platform.accounts.named("chen-jing"))
    (entered,) = platform.sessions.of("chen-jing")
    names = {
        "sign_in": entered.id,
        "case_a": case_a,
        "case_b": case_b,
        "draft_a": _fill(platform, "chen-jing", {"contact_phone": "16000000882"}),
        "draft_b": _fill(platform, "zhou-ming", mother),
        "grant_police": next(g.id for g in platform.hub.grants(owner="police")),
        "grant_fund": next(g.id for g in platform.hub.grants(owner="housing-fund")),
    }
    limits = Limits(sign_in="100000 per minute", posts="100000 per minute")
    app = create_app(platform, secret=b"s" * 32, limits=limits)
    app.config["WTF_CSRF_ENABLED"] = False  # the rights must hold without the token's help
    issued = app.extensions["scenarist"].tokens.issue(
        platform.accounts.named("chen-jing"), ("drafts",), "", hours=12
    )
    made = World(platform, app, read_rules({**names, "token": issued.id}))
    yield made
    platform.close()


@pytest.fixture(scope="module")
def asked(world: World) -> World:
    """Everything asked for by everyone; nothing is posted by those who may."""
    for account in READERS:
        client, roles = world.client(account), world.roles(account)
        bearer = world.bearer(account)
        for q in questions(world.rules, world.app, account, roles):
            key = (account, f"{q.method} {q.endpoint}", q.address)
            world.wanted[key] = (q.wanted, q.names)
            if q.method == "GET" or q.wanted != "open":
                sent = (
                    {"json": _BODIES.get(q.endpoint), "headers": bearer}
                    if q.endpoint.startswith("api.") and q.method != "GET"
                    else {"data": _sent(q.method)}
                )
                answer = client.open(q.address, method=q.method, **sent)
                world.answers[key] = (answer.status_code, _said(answer))
    return world


def _said(answer) -> str:
    """Return what an answer says, that of a document as a reader copies it from its pages."""
    if answer.mimetype != "application/pdf":
        return answer.text
    return text_of(answer.data).replace("\n", "")


def _sent(method: str) -> Mapping[str, str] | None:
    """Return what a post carries that would do something if it were let in."""
    if method == "GET":
        return None
    return {"version": "1", "action": "approve", "verb": "revoke", "remark": "r", "reason": "r"}


def test_every_route_has_a_rule_and_every_rule_a_route(world):
    routes = {r.endpoint for r in world.app.url_map.iter_rules()} - {"static"}
    assert routes == set(world.rules.routes), (
        "say in tests/cases/rights/rules.toml who may ask for a new route, and for what"
    )


def test_everyone_gets_what_the_rules_say_and_nothing_else(asked):
    statuses = {
        "open": {200, 302, 303, 404, 409, 422},
        "secret": {404},
        "closed": {403},
    }
    wrong = {}
    for key, (status, _) in asked.answers.items():
        account, route, _ = key
        wanted, _ = asked.wanted[key]
        fine = statuses[wanted]
        if account == VISITOR and wanted == "closed":
            is_page = route.startswith("GET") and " api." not in route
            fine = {302} if is_page else {401}
        if status not in fine:
            wrong[key] = (status, wanted)
    assert wrong == {}


def test_what_is_open_does_open_for_somebody(asked):
    """A rule that lets nobody in would pass the walk above and prove nothing."""
    opened = {route for (_, route, _), (status, _) in asked.answers.items() if status in (200, 302)}
    gets = {f"GET {r.endpoint}" for r in asked.app.url_map.iter_rules() if "GET" in r.methods}
    elsewhere = {"GET static", "GET sso.start", "GET sso.callback"}
    assert gets - opened == elsewhere


def test_what_is_anothers_reads_like_what_does_not_exist(asked):
    """Same status, same words, whatever number was tried: existence is a secret."""
    read_as: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key, (wanted, names) in asked.wanted.items():
        if wanted == "secret":
            account, route, _ = key
            _, text = asked.answers[key]
            read_as[account, route].add(bare(text, names))
    assert read_as
    assert {k: len(v) for k, v in read_as.items() if len(v) > 1} == {}


def test_no_planted_value_reaches_anyone_the_rules_do_not_name(asked):
    leaks = defaultdict(list)
    for (account, route, address), (_, text) in asked.answers.items():
        for value in asked.rules.values:
            if value.said in _run_on(text) and account not in value.may:
                leaks[value.what].append((account, route, address))
    assert dict(leaks) == {}


def test_planted_values_are_read_by_those_they_are_for(asked):
    """Otherwise the scan above would be looking for what is nowhere."""
    for value in asked.rules.values:
        readers = {
            a for (a, _, _), (_, text) in asked.answers.items() if value.said in _run_on(text)
        }
        assert value.do <= readers, value.what


def _run_on(text: str) -> str:
    """Return a page without the gaps that make long numbers readable."""
    return text.replace(" ", "").replace("\u00a0", "").replace("\u2009", "")


def test_methods_a_route_does_not_offer_are_refused(asked):
    world = asked
    client = world.client("sun-lei")
    adapter = world.app.url_map.bind("")
    offered: dict[str, set[str]] = defaultdict(set)
    for q in questions(world.rules, world.app, "sun-lei", frozenset({"citizen"})):
        offered[q.address].add(q.method)
    for address, methods in offered.items():
        assert adapter.test(address, "GET") or "GET" not in methods
        for method in {"PUT", "PATCH", "DELETE", "GET", "POST"} - methods:
            assert client.open(address, method=method).status_code in (403, 404, 405), address


def test_all_that_asking_changed_nothing(asked):
    deployment = asked.platform.deployments.get(MATTER)
    with read(deployment.engine) as conn:
        open_tasks = conn.scalars(
            select(tables.task.c.task).where(tables.task.c.state == "open")
        ).all()
        statuses = conn.scalars(select(tables.case.c.status)).all()
        drafts = conn.scalars(select(tables.draft.c.case_no)).all()
    assert "accept.1" in open_tasks
    assert "pay-fund.1" in open_tasks
    assert set(statuses) == {"running"}
    assert len(drafts) == 2
