"""Scenario S23 as data: sound by every check, allowed by the owners, walked in every direction."""

import importlib
import json

import pytest
from jsonschema import Draft202012Validator

from builder.errors import catalogue
from builder.forms import compile_form, widget_kinds
from builder.scenario.load import check, load
from builder.scenario.model import Task
from federation.ledger import load_catalog
from federation.query import Question, uses
from federation.store import resource
from federation.trust import load_policy

FOLDER = resource("specs/scenarios/s23-afterlife")
CATALOG = load_catalog()
SCENARIO = load(FOLDER, kinds=widget_kinds(), catalog=CATALOG)
CITY = json.loads(resource("specs/city/city.json").read_text(encoding="utf-8"))
ACCOUNTS = {a["account"]: a for a in CITY["accounts"]}
WALKS = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in FOLDER.glob("walks/*.json")}
OF_ANY_TASK = {"suspend", "resume", "transfer", "urge", "extend", "waive", "verify"}
"""What a task need not offer by itself: the engine says whether it may be done."""
OF_THE_LEAD = {"urge", "extend", "waive", "verify"}
SIX = {"civil-affairs", "police", "hrss", "housing-fund", "health", "medical-insurance"}


def test_the_scenario_has_no_findings():
    assert check(FOLDER, kinds=widget_kinds(), catalog=CATALOG) == ()


def test_every_form_compiles():
    for form in SCENARIO.forms:
        compile_form(SCENARIO, form.id)


def test_every_item_of_the_plan_is_a_service_item_that_some_step_handles():
    titles = "".join(item.title.zh for item in SCENARIO.meta.items)
    for named in (
        "死亡证明",
        "火化证明",
        "户口注销",
        "个人账户一次性支取",
        "公积金提取",
        "医院结算",
        "丧葬补助",
        "抚恤金",
    ):
        assert named in titles
    assert {t.item for t in SCENARIO.tasks()} >= {item.id for item in SCENARIO.meta.items}
    assert {t.party for t in SCENARIO.tasks()} == SIX == set(SCENARIO.meta.parties)


def test_every_task_has_a_time_a_form_and_only_what_it_needs_to_see():
    money = {"/application/payee_account", "/application/payee_bank"}
    for task in SCENARIO.tasks():
        assert task.due_days
        assert task.form
        pays = task.item in {
            "pension-withdraw", "fund-withdraw", "medical-withdraw",
            "hospital-settlement", "funeral-benefit",
        }  # fmt: skip
        assert bool(money & set(task.visible)) == pays, task.id


def _positions(query):
    """Return column → positions as the query takes them."""
    number = "340100198503129026"
    question = Question(
        sql=query.sql,
        purpose=query.purpose,
        datasets={query.dataset: SCENARIO.dataset(query.dataset).dataset},
        params=dict.fromkeys(query.params, number),
        case="",
        subject=query.subject,
    )
    return uses(question, CATALOG, number)


def test_the_owners_policies_allow_what_the_scenario_asks_and_nothing_more():
    asked, allowed = {}, {}
    for query in SCENARIO.queries:
        dataset = SCENARIO.dataset(query.dataset).dataset
        for column, positions in _positions(query).items():
            asked.setdefault((dataset, query.purpose, column), set()).update(positions)
    for party in SIX:
        for rule in load_policy(resource(f"specs/policy/{party}.json"), CATALOG).rules:
            assert "kin" in rule.relations
            for column, positions in rule.uses.items():
                allowed.setdefault((rule.dataset, rule.purpose, column), set()).update(positions)
    assert asked == allowed


def test_only_the_check_of_kinship_may_be_asked_on_a_bare_claim():
    claimed = [
        rule
        for party in SIX
        for rule in load_policy(resource(f"specs/policy/{party}.json"), CATALOG).rules
        if "claimed" in rule.relations
    ]
    assert [(r.dataset, r.purpose) for r in claimed] == [("police.kinship", "verify")]


def test_used_fields_are_the_declared_ones():
    for use in SCENARIO.datasets:
        queries = [q for q in SCENARIO.queries if q.dataset == use.id]
        assert {q.purpose for q in queries} == set(use.purposes)
        assert {c for q in queries for c in _positions(q)} == set(use.fields)


def test_there_is_a_walk_for_everything_that_can_happen():
    assert set(WALKS) >= {
        "happy", "refusal", "return-and-correction", "withdrawal", "no-housing-fund",
        "kin-not-confirmed",
    }  # fmt: skip
    taken = {s["action"] for w in WALKS.values() for s in w["steps"] if "action" in s}
    assert taken == {
        "approve", "reject", "return", "correct", "suspend", "resume", "transfer", "urge", "extend",
        "waive", "verify",
    }  # fmt: skip
    done = {s["do"] for w in WALKS.values() for s in w["steps"]}
    assert done == {
        "open", "fill", "submit", "act", "supplement", "urge", "withdraw", "see", "wait", "node",
    }  # fmt: skip
    acted = {s["task"] for w in WALKS.values() for s in w["steps"] if s["do"] == "act"}
    assert acted == {t.id for t in SCENARIO.tasks()}
    ends = {s["expect"].get("status") for w in WALKS.values() for s in w["steps"] if "expect" in s}
    assert ends >= {
        "completed", "rejected", "withdrawn", "returned", "correcting", "suspended",
    }  # fmt: skip


@pytest.mark.parametrize("walk", WALKS.values(), ids=lambda w: w["id"])
def test_a_walk_keeps_to_its_schema(walk):
    schema = json.loads(resource("specs/schema/walk.schema.json").read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(walk)) == []
    assert WALKS[walk["id"]] is walk


def _pointer(answered):
    """Return the field of an answer, or of one left open: ``…~later``, ``…~promise``."""
    pointer, _, left = answered.partition("~")
    assert left in ("", "later", "promise")
    return pointer


@pytest.mark.parametrize("walk", WALKS.values(), ids=lambda w: w["id"])
def test_a_walk_names_only_what_there_is(walk):
    for room in ("cases", "forms", "process"):
        importlib.import_module(f"builder.{room}.errors")
    codes = {fault.code for fault in catalogue()}
    pages = {p.id: p for p in SCENARIO.start_form.pages}
    for step in walk["steps"]:
        expect = step.get("expect", {})
        account = ACCOUNTS[step["as"]] if "as" in step else {}
        if step["do"] == "node":
            assert step["party"] in SIX
        assert (
            set(expect.get("page_errors", [])) | {expect.get("fault", next(iter(codes)))} <= codes
        )
        if "page" in step:
            page = pages[step["page"]]
            scopes = {c.scope for s in page.sections for c in s.controls}
            for key in ("shown", "hidden"):
                assert set(expect.get(key, [])) <= scopes
            answered = {_pointer(name) for name in step.get("answers", {})}
            assert set(expect.get("prefilled", {})) | answered <= scopes
        if "task" in step:
            task = SCENARIO.step(step["task"])
            assert isinstance(task, Task)
            if step["do"] == "act":
                whose = {task.party, *task.transfer_to}
                whose |= {SCENARIO.meta.lead} if step["action"] in OF_THE_LEAD else set()
                assert account.get("party") in whose
                assert set(step.get("answers", {})) <= SCENARIO.form(task.form).scopes()
                assert step["action"] in {*task.actions, *OF_ANY_TASK}
            assert set(expect.get("visible_only", [])) <= set(task.visible)
        for pointer in expect.get("recorded", {}):
            SCENARIO.field(pointer)
        for use in expect.get("uses", []):
            known = [d for d in SCENARIO.datasets if d.dataset == use["dataset"]]
            assert any(
                use["purpose"] in d.purposes and set(use["fields"]) <= set(d.fields) for d in known
            )


def test_no_text_is_left_untranslated():
    def pairs(value):
        if isinstance(value, dict):
            if set(value) == {"zh", "en"}:
                yield value
            for inner in value.values():
                yield from pairs(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from pairs(inner)

    for pair in pairs(SCENARIO.raw):
        assert pair["zh"].strip()
        assert pair["en"].strip()
        assert not any("\u4e00" <= c <= "\u9fff" for c in pair["en"])
