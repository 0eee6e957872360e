"""A good scenario loads whole; its hash names its content; findings have their lines."""

import json
import shutil
from pathlib import Path

import pytest

from builder.errors import Findings
from builder.scenario.errors import NotJson, SourceMissing, SourceTooLarge
from builder.scenario.load import FILE, check, examine, load, restore, scenario_hash, untranslated
from builder.scenario.model import Choice, Parallel, Task, Text, steps
from builder.scenario.source import MAX_BYTES, read_source

CASES = Path(__file__).parents[1] / "cases"
SPECS = Path(__file__).parents[2] / "specs"
GOOD = CASES / "spec" / "t01-everything"


@pytest.fixture(scope="module")
def everything(kinds, catalog):
    return load(GOOD, kinds=kinds, catalog=catalog)


@pytest.mark.parametrize("folder", sorted((CASES / "spec").iterdir()), ids=lambda p: p.name)
def test_a_good_spec_has_no_findings(folder, kinds, catalog):
    assert check(folder, kinds=kinds, catalog=catalog) == ()


@pytest.mark.parametrize("folder", sorted((SPECS / "scenarios").iterdir()), ids=lambda p: p.name)
def test_a_scenario_of_the_library_has_no_findings_of_its_own(folder):
    assert check(folder) == ()


def test_a_scenario_holds_what_its_file_says(everything):
    assert everything.meta.title == Text("样例“一件事”", "A sample matter")
    assert everything.meta.parties == ("civil-affairs", "police", "housing-fund")
    assert everything.start_form.id == "apply"
    assert everything.legal_basis(None).id == "law"
    assert everything.legal_basis("rule").title.en == "Sample Rules"
    assert everything.subject("deceased").relation.verified_by == "kin_check"
    assert everything.item("fund-withdraw").party == "housing-fund"
    assert everything.notice("done").to == "applicant"
    assert everything.role("clerk").party == "police"
    assert everything.field("/applicant/id_card").grade == "L3"
    assert everything.raw["x-note"] == "own keys are kept"
    with pytest.raises(KeyError):
        everything.form("none")


def test_fields_know_their_types(everything):
    fields = everything.entity("application").fields
    assert {name: field.type for name, field in fields.items()} == {
        "deceased_id": "text",
        "deceased_name": "text",
        "death_date": "date",
        "relation": "text",
        "has_note": "bool",
        "note": "text",
        "amount": "decimal",
        "fee": "decimal",
        "copies": "int",
        "tags": "list",
        "heirs": "list",
        "signed": "bool",
    }
    assert fields["deceased_id"].ledger == "police.death.id_card"
    assert fields["deceased_id"].title == Text("身份证号", "ID number")


def test_queries_know_their_dataset_and_columns(everything):
    assert everything.query("death_record").dataset == "death_register"
    assert everything.query("death_record").columns == {"name": "text", "death_date": "date"}
    assert everything.query("fund_check").columns == {"answer": "bool", "reference": "text"}


def test_a_task_says_what_happens_when_it_is_late(everything):
    clerk = everything.step("cancel-household")
    assert clerk.remind == 2
    assert [(e.after, e.do, e.role, e.party) for e in clerk.escalate] == [
        (1, "notify", "officer", None),
        (2, "notify", "officer", "civil-affairs"),
        (3, "reassign", "officer", None),
    ]
    assert everything.step("accept").remind == 0
    assert everything.step("pay-fund").remind == 1
    assert everything.step("ask-fund").give_up_days == 3
    assert everything.step("ask-kin").give_up_days is None


def test_the_process_is_a_tree_of_steps(everything):
    kinds = [type(step) for step in steps(everything.process.root)]
    assert kinds.count(Task) == len(everything.tasks()) == 5
    assert Parallel in kinds
    assert Choice in kinds
    assert everything.step("pay-fund").on_reject == "branch"


def test_the_hash_names_the_content_not_its_spelling(everything, tmp_path):
    doc = json.loads((GOOD / FILE).read_text(encoding="utf-8"))
    folder = tmp_path / GOOD.name
    folder.mkdir()
    backwards = dict(reversed(doc.items()))
    (folder / FILE).write_text("\ufeff" + json.dumps(backwards), encoding="utf-8")
    assert load(folder).hash == everything.hash == scenario_hash(doc)
    doc["retention"]["cases_days"] += 1
    assert scenario_hash(doc) != everything.hash


def test_a_stored_version_is_restored_without_checks(everything, catalog):
    restored = restore(everything.raw, catalog=catalog)
    assert restored.hash == everything.hash
    assert restored.queries == everything.queries
    assert restored.process == everything.process


def test_without_ledger_and_widgets_only_the_rest_is_checked():
    scenario = load(GOOD)
    assert scenario.query("death_record").columns == {"name": None, "death_date": None}


def test_findings_stand_on_their_lines_in_the_order_of_the_file(tmp_path):
    folder = tmp_path / GOOD.name
    shutil.copytree(GOOD, folder)
    text = (folder / FILE).read_text(encoding="utf-8")
    lines = text.splitlines()
    accept = next(i for i, line in enumerate(lines) if '"id": "accept"' in line)
    lines.insert(accept + 1, '"du_days": 1,')
    lines[lines.index('  "version": "1.0.0",')] = '  "version": "one",'
    (folder / FILE).write_text("\n".join(lines), encoding="utf-8")
    found = check(folder)
    assert [f.code for f in found] == ["scenario.version-malformed", "scenario.key-unknown"]
    assert [f.facts["file_line"] for f in found] == [
        lines.index('  "version": "one",') + 1,
        accept + 2,
    ]
    assert found[1].facts["known"][0] == "due_days"


def test_all_findings_come_in_one_fault(tmp_path):
    folder = tmp_path / "t09-nothing"
    folder.mkdir()
    (folder / FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(Findings) as raised:
        load(folder)
    assert {f.facts["key"] for f in raised.value.findings} >= {"scenario", "process", "retention"}
    assert {f.code for f in raised.value.findings} == {"scenario.key-missing"}


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceMissing):
        load(tmp_path / "nowhere")
    (tmp_path / FILE).mkdir()
    with pytest.raises(SourceMissing):
        read_source(tmp_path / FILE)


def test_a_file_beyond_reason_is_refused_unread(tmp_path):
    path = tmp_path / FILE
    path.write_text(" " * (MAX_BYTES + 1), encoding="utf-8")
    with pytest.raises(SourceTooLarge):
        read_source(path)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / FILE
    path.write_bytes('{\n "spec": "身后一件事"}'.encode("gbk"))
    with pytest.raises(NotJson) as raised:
        read_source(path)
    assert raised.value.facts["line"] == 2


def test_a_document_is_examined_without_a_file(everything):
    scenario, found = examine(everything.raw)
    assert scenario.hash == everything.hash
    assert found == ()


def test_a_text_that_waits_for_translation_is_a_note_and_no_finding(kinds, catalog):
    doc = json.loads((GOOD / "scenario.json").read_text("utf-8"))
    doc["scenario"]["title"] = {"zh": "样例", "en": "样例", "x-stale": "en"}
    scenario, found = examine(doc, kinds=kinds, catalog=catalog, folder="t01-everything")
    assert not found
    assert scenario.meta.title.en == "样例"
    assert list(untranslated(doc)) == ["/scenario/title/en"]
