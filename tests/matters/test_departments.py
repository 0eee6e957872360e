"""Departments take part, each with its own data and step; a silent one stops only itself."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from builder.app import open_platform
from builder.cases import commands, governance, keeping, views
from builder.cases.commands import Wish
from builder.errors import Fault
from builder.forms.render import Renderer
from builder.store import cases as tables
from builder.work import work_once
from connectors.scan import Scan, Source
from federation.ledger import Grade
from federation.node import Node
from federation.store import read

MATTER = "s23-afterlife"


def _down(home, party: str):
    """Take a department's database away; return a function that brings it back."""
    source = home / "nodes" / party / "source.db"
    away = source.with_suffix(".away")
    source.rename(away)
    return lambda: away.rename(source)


def _silent(home, party: str):
    """Take a department's node off the network: it has no configuration to start with."""
    config = home / "nodes" / party / "NODE.toml"
    text = config.read_text(encoding="utf-8")
    config.unlink()
    return lambda: config.write_text(text, encoding="utf-8")


def _drawn(page) -> str:
    """Return all that a browser is given of a form."""
    return str(Renderer({"zh": lambda key, **_: key, "en": lambda key, **_: key}).page(page, "zh"))


# ── what an officer sees ─────────────────────────────────────────────────────────────────────────


def test_an_officer_sees_the_fields_of_the_step_and_no_others(handed_in, who):
    handed_in.handle("accept", "verify-death", "verify-cremation")
    scenario = handed_in.deployment.current
    values = json.dumps(handed_in.case.answers, ensure_ascii=False)
    for task in handed_in.case.open_tasks:
        account, _ = handed_in.handling[task.step]
        shown = views.task(handed_in.platform, who(account), handed_in.case_no, task.step)
        pointers = {r.pointer for s in shown.visible.sections for r in s.rows}
        step = scenario.step(task.step)
        assert pointers <= set(step.visible), task.step
        own = scenario.form(step.form).scopes()
        said = _drawn(shown.form) + str(shown.visible)
        for pointer, secret in (
            ("/application/payee_account", "6200000000000000018"),
            ("/application/contact_phone", "16000000001"),
            ("/application/contact_address", "听松路16号"),
        ):
            assert secret in values
            if pointer not in step.visible and pointer not in own:
                assert secret not in said, (task.step, pointer)


def test_a_worklist_names_people_by_half_and_only_the_own_departments_tasks(handed_in, who):
    handed_in.handle("accept", "verify-death", "verify-cremation")
    for account, party in (("officer-police", "police"), ("officer-hrss", "hrss")):
        found = views.worklist(handed_in.platform, who(account))
        assert {i.party for i in found.items} == {party}
        assert {i.applicant for i in found.items} == {"陈*"}
        assert found.counts["open"] == len(found.items)


def test_a_department_whose_step_is_done_sees_nothing_new_of_the_case(handed_in, who):
    handed_in.handle("accept", "verify-death", "verify-cremation", "cancel-household")
    shown = views.task(
        handed_in.platform, who("officer-police"), handed_in.case_no, "cancel-household"
    )
    assert shown.state == "done"
    assert shown.actions == ()
    assert "6200000000000000018" not in str(shown)


# ── a department that is down ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trouble", [_down, _silent])
def test_a_department_that_is_down_delays_its_own_question_and_nothing_else(
    home, matter, clock, trouble, reopened, check_whole
):
    heal = trouble(home, "housing-fund")
    matter.fill().ask_departments()
    (waiting,) = matter.case.pending.values()
    assert waiting.query == "fund_check"
    assert waiting.retry_at > clock()
    assert set(matter.case.results) >= {"pension_check", "household_check", "medical_check"}
    others = matter.open_steps
    assert others == {
        "cancel-household", "pay-pension", "grant-insured", "settle-hospital", "pay-medical",
    }  # fmt: skip
    matter.handle("cancel-household")
    lines = {p.party: p for p in views.case(matter.platform, matter.me, matter.case_no).parties}
    note = lines["housing-fund"].note
    assert "重试" in note.zh
    assert "tried again" in note.en
    assert waiting.retry_at.strftime("%H:%M") in note.zh
    assert not [p for p in lines.values() if p.note and p.party != "housing-fund"]
    check_whole(matter.platform)

    work_once(matter.platform)  # too early: nothing is asked
    assert matter.case.pending[waiting.step] == waiting

    clock.now = waiting.retry_at
    work_once(matter.platform)  # still down: asked once, put off again
    again = matter.case.pending[waiting.step]
    assert again.attempts == waiting.attempts + 1
    assert again.retry_at > clock()

    heal()
    clock.now = again.retry_at
    matter = reopened(matter)  # the worker is a process of its own
    work_once(matter.platform)
    assert not matter.case.pending
    assert matter.case.results["fund_check"]["answer"] is True
    assert matter.open_steps == others - {"cancel-household"} | {"pay-fund"}
    check_whole(matter.platform)


def test_a_page_says_whose_data_could_not_be_fetched_and_can_be_filled_in_by_hand(home, matter):
    _down(home, "health")
    matter.begin().save("who")
    page = views.page(matter.platform, matter.me, matter.case_no, "death")
    (notice,) = page.notices
    assert "市卫健委" in notice.zh or "卫生健康" in notice.zh
    assert "先自行填写" in notice.zh
    held = matter.draft.answers["application"]
    assert "death_certificate_no" not in held
    assert held["cremation_no"] == "HFHH2026900001"
    matter.save(
        "death", death_certificate_no="SW3401009000001", death_date="2026-10-19",
        death_place="hospital",
    )  # fmt: skip
    matter.fill().submit()
    assert matter.case.status == "running"


def test_what_did_not_come_is_fetched_again_without_losing_what_was_typed(home, matter, reopened):
    heal = _down(home, "health")
    matter.begin().save("who")
    heal()
    matter = reopened(matter)
    shown = commands.fetch_again(matter.platform, matter.me, matter.case_no, "death")
    assert shown == "death"
    page = views.page(matter.platform, matter.me, matter.case_no, "death")
    assert page.notices == ()
    held = matter.draft.answers["application"]
    assert held["death_certificate_no"] == "SW3401009000001"
    assert held["cremation_no"] == "HFHH2026900001"


def test_a_department_that_comes_back_is_asked_when_the_page_is_saved_again(home, matter, reopened):
    heal = _down(home, "health")
    matter.begin().save("who")
    heal()
    back = reopened(matter)
    back.save("who")
    assert back.draft.answers["application"]["death_certificate_no"] == "SW3401009000001"
    assert not views.page(back.platform, back.me, back.case_no, "death").notices


def test_where_the_issuer_cannot_write_no_matter_begins_half(home, matter):
    issuer = matter.platform.journals["issuer"]
    with issuer._engine.begin() as conn:
        conn.exec_driver_sql(
            f"CREATE TRIGGER full BEFORE INSERT ON {issuer._table.name} "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(Fault):
        matter.begin()
    with read(matter.deployment.engine) as conn:
        assert not conn.execute(select(tables.draft)).all()
    assert home.exists()


def test_every_journal_of_the_city_verifies_after_a_matter(handed_in):
    handed_in.handle("accept", "verify-death")
    work_once(handed_in.platform)
    for state in governance.verify_all(handed_in.platform):
        assert state.intact, state


# ── who used what ────────────────────────────────────────────────────────────────────────────────


def test_the_uses_a_person_reads_are_the_closed_entries_of_the_departments_journals(handed_in):
    uses = keeping.read_uses(handed_in.deployment, handed_in.case_no)
    assert uses
    nodes = {}
    for party in handed_in.platform.hub.nodes:
        entries = handed_in.platform.hub.trail(party, case=handed_in.case_no, limit=500)
        opened = {e.seq: e for e in entries if e.kind == "opened"}
        for closed in (e for e in entries if e.kind == "closed"):
            nodes[f"{party}#{closed.facts['closes']}"] = (opened[closed.facts["closes"]], closed)
    assert {u.entry for u in uses} == set(nodes)
    assert len(uses) == len(nodes)
    for use in uses:
        opened, closed = nodes[use.entry]
        assert use.node == opened.facts["party"]
        assert use.dataset == opened.facts["dataset"] == closed.facts["dataset"]
        assert {f.rpartition(".")[2] for f in use.fields} == {
            str(f).rpartition(".")[2] for f in opened.facts["fields"]
        }
        assert use.purpose == opened.facts["purpose"]
        assert use.grant == opened.facts["grant"]
        assert use.outcome == closed.facts["outcome"]


def test_a_refused_question_is_no_use_of_data(matter, who, clock):
    grants = [g for g in matter.platform.hub.grants(owner="health") if g.ask.purpose == "case"]
    for grant in grants:
        matter.platform.hub.revoke_grant(
            grant.id, matter.platform.steward_signer("health"),
            who("steward-health").account.principal, remark="测试收回",
        )  # fmt: skip
    matter.begin().save("who")
    assert matter.draft.fetched["death_record"]["state"] == "refused"
    uses = keeping.read_uses(matter.deployment, matter.case_no)
    assert "health.death_certificate" not in {u.dataset for u in uses}
    clock.move(hours=1)
    assert views.page(matter.platform, matter.me, matter.case_no, "death").notices


# ── cases are data too ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def home_node(home, clock, platform):
    """The home party's own node, as its operator opens it."""
    node = Node.open(home / "nodes" / "civil-affairs", clock=clock, catalog=platform.catalog)
    yield node
    node.close()


def _published(platform) -> list:
    prefix = "civil_affairs.s23_afterlife_"
    return [d for d in platform.catalog.datasets.values() if d.id.startswith(prefix)]


def test_the_case_store_is_in_the_ledger_with_the_grades_of_the_spec(platform):
    scenario = platform.deployments.get(MATTER).current
    found = {d.id.removeprefix("civil_affairs.s23_afterlife_"): d for d in _published(platform)}
    assert set(found) == {"case", "step", "event", *(e.id for e in scenario.entities)}
    for entity in scenario.entities:
        dataset = found[entity.id]
        assert dataset.party == "civil-affairs"
        assert {f.name for f in dataset.fields} == {"case_no", *entity.fields}
        for field in dataset.fields:
            if field.name in entity.fields:
                assert field.grade == Grade(entity.fields[field.name].grade)
        assert dataset.grade == max(f.grade for f in dataset.fields)
    assert found["application"].subject_key == "deceased_id"


def test_the_home_node_offers_the_case_store_with_its_row_counts(handed_in, home_node):
    offer = handed_in.platform.hub.offer("civil-affairs")
    rows = {d.id: d.rows for d in offer.datasets}
    prefix = "civil_affairs.s23_afterlife_"
    assert rows[f"{prefix}case"] == 1
    assert rows[f"{prefix}application"] == 1
    assert rows[f"{prefix}step"] == len(handed_in.case.tasks)
    assert rows[f"{prefix}event"] == len(handed_in.stored.events)
    assert not home_node.check()


def test_what_the_node_reads_of_the_case_store_is_what_the_store_holds(handed_in, home_node):
    handed_in.handle("accept", "verify-death", "verify-cremation", "pay-fund")

    def rows(dataset):
        binding = home_node.config.datasets[dataset.id]
        types = {f.name: f.type for f in dataset.fields}
        scan = Scan(Source(binding.resource))
        with home_node.sources.connector(binding).run(scan, types) as reader:
            return reader.read_all().to_pylist()

    answers = handed_in.case.answers
    for dataset in _published(handed_in.platform):
        found = rows(dataset)
        entity = dataset.id.removeprefix("civil_affairs.s23_afterlife_")
        if entity in {e.id for e in handed_in.deployment.current.entities}:
            (row,) = found
            assert row.pop("case_no") == handed_in.case_no
            for name, value in row.items():
                held = answers.get(entity, {}).get(name)
                shown = value if isinstance(value, bool | None) else str(value)
                expected = held if isinstance(held, bool | None) else str(held)
                assert shown == expected, (entity, name)
    (case,) = rows(handed_in.platform.catalog.get("civil_affairs.s23_afterlife_case"))
    assert case["status"] == "running"
    assert case["submitted_at"] == handed_in.case.submitted_at
    steps = rows(handed_in.platform.catalog.get("civil_affairs.s23_afterlife_step"))
    assert {(s["step"], s["state"]) for s in steps} == {
        (t.step, t.status) for t in handed_in.case.tasks.values()
    }


def test_nobody_else_reads_the_case_store_without_a_grant_of_the_home_party(handed_in, who):
    """No policy of the demo permits any purpose on it, so that nothing can be asked."""
    policy = handed_in.platform.hub.offer("civil-affairs").policy
    assert not [r for r in policy.rules if r.dataset.startswith("civil_affairs.s23_afterlife_")]
    assert who("scientist")


def test_a_city_opened_in_two_processes_moves_a_case_once(home, handed_in, clock, check_whole):
    other = open_platform(home, clock=clock)
    try:
        account, answers = handed_in.handling["accept"]
        wish = Wish("approve")
        commands.act_with_answers(
            other, other.accounts.named(account), handed_in.case_no, "accept", wish, answers
        )
        with pytest.raises(Fault):
            handed_in.handle("accept")
        assert handed_in.open_steps == {"verify-death", "verify-cremation"}
        work_once(other)
        work_once(handed_in.platform)
        check_whole(handed_in.platform)
    finally:
        other.close()
