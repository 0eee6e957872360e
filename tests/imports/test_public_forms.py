"""Four forms that no one here wrote: imported whole, checked clean, shown, filled and handed in."""

import json
from datetime import date

import jsonschema
import lxml.html
import pytest

from builder.cases.walks import read_walks
from builder.forms import (
    compile_form,
    example_answers,
    finalize,
    journey,
    parse_page,
    review,
    validate_all,
    view_page,
    widget_kinds,
)
from builder.imports import write_folder
from builder.imports.report import keywords
from builder.scenario.load import check, examine, untranslated
from federation.ledger import load_catalog
from tests.forms.conftest import reader
from tests.forms.conftest import renderer as _renderer
from tests.imports.conftest import controls, imported, scenario, source

renderer = _renderer
TODAY = date(2026, 11, 30)


def test_an_imported_form_has_nothing_wrong(form_name):
    _, found = examine(imported(form_name).scenario, kinds=widget_kinds(), catalog=load_catalog())
    assert not [(f.code, f.where, f.message("en")) for f in found]
    for form in scenario(form_name).forms:
        compile_form(scenario(form_name), form.id)


def test_every_keyword_of_the_source_is_accounted_for(form_name):
    told = {line.where for line in imported(form_name).report.lines}
    assert set(keywords(source(form_name)["schema"], "/schema")) <= told
    assert all(line.why for line in imported(form_name).report.lines if line.fate != "carried")


def test_what_the_four_forms_lose_is_known(form_name):
    lost = {line.where for line in imported(form_name).report.of("lost")}
    assert (
        lost
        == {
            "key_contacts": {"/ui_schema/0/children/1/hideFieldListHeading"},
            "sf424": set(),
            "sf424a": {"/schema/$defs/address"},
            "sflll": set(),
        }[form_name]
    )


def test_words_of_one_language_wait_for_translation():
    waiting = list(untranslated(imported("sf424").scenario))
    assert "/forms/0/pages/0/sections/0/controls/0/label/zh" in waiting
    assert not [where for where in waiting if where.endswith("/en")]


def test_conditions_of_the_source_are_requirements_here():
    asked = controls(imported("sf424"))
    assert asked["revision-type"]["required_when"] == "application.application_type = 'Revision'"
    assert asked["applicant-type-other-specify"]["required_when"] == (
        "contains(application.applicant_type_code, '\nX: Other (specify)\n')"
    )
    assert asked["applicant-state"]["required_when"] == (
        "application.applicant_country = 'USA: UNITED STATES'"
    )
    prime = controls(imported("sflll"))["reporting-entity-prime-reporting-entity-organization-name"]
    assert "application.reporting_entity_entity_type = 'SubAwardee'" in prime["required_when"]
    columns = {c["id"]: c for c in controls(imported("key_contacts"))["key-contacts"]["columns"]}
    assert columns["address-state"]["required_when"] == "row.address_country = 'USA: UNITED STATES'"


def test_what_the_source_does_not_ask_the_office_fills_in():
    forms = {form["id"]: form for form in imported("sf424").scenario["forms"]}
    office = [c["id"] for c in forms["office"]["pages"][0]["sections"][0]["controls"]]
    assert office == [
        "date-received", "state-receive-date", "state-application-id", "applicant-county",
        "aor-signature", "date-signed",
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_is_drawn_with_labels_for_all(form_name, renderer, lang):
    for each in scenario(form_name).forms:
        form = compile_form(scenario(form_name), each.id)
        answers = example_answers(form, 3, TODAY)
        for page in form.pages:
            for parsed in (None, parse_page(form, page.id, {}, {}, TODAY)):
                model = view_page(form, page.id, answers, TODAY, parsed=parsed)
                html = renderer.errors(model, lang) + renderer.page(model, lang)
                tree = lxml.html.fromstring(f"<div>{html}</div>")
                for blank in tree.xpath("//template"):
                    blank.drop_tree()
                ids = tree.xpath("//@id")
                assert len(ids) == len(set(ids))
                for box in tree.xpath("//input[not(@type='hidden')] | //select | //textarea"):
                    assert tree.xpath(f"//label[@for='{box.get('id')}']"), box.get("id")
        assert renderer.summary(review(form, answers, TODAY), lang)


def test_made_up_answers_go_through_page_by_page(form_name):
    form = compile_form(scenario(form_name), "apply")
    for seed in range(3):
        wanted = example_answers(form, seed, TODAY)
        answers = {}
        page = journey(form, answers, TODAY).first
        while page is not None:
            post = {}
            for c in form.page(page).controls():
                post |= c.widget.post(wanted.get(c.question.pointer), c.question)
            parsed = parse_page(form, page, post, answers, TODAY)
            assert not [(e.pointer, e.code) for e in parsed.errors]
            answers |= parsed.values
            page = journey(form, answers, TODAY).after(page)
        assert not validate_all(form, answers, TODAY)
        assert finalize(form, answers, TODAY) == finalize(form, wanted, TODAY)


def test_the_folder_of_a_draft_is_whole(form_name, tmp_path):
    folder = tmp_path / imported(form_name).scenario["scenario"]["id"]
    files = write_folder(
        folder, imported(form_name), f"{form_name}.json", {"civil-affairs": "officer-civil-affairs"}
    )
    assert [str(file.relative_to(folder)) for file in files] == [
        "scenario.json", "README.md", "walks/happy.json", "import.json",
    ]  # fmt: skip
    assert not check(folder, kinds=widget_kinds(), catalog=load_catalog())
    (walk,) = read_walks(folder)
    assert walk.steps[-1]["do"] == "act"
    told = json.loads((folder / "import.json").read_text("utf-8"))
    assert set(told) == {"carried", "changed", "lost", "decide"}
    readme = (folder / "README.md").read_text("utf-8")
    assert readme.index("发布前由人决定") < readme.index("To be decided by a person")


def test_the_source_files_are_schemas_to_others_too(form_name):
    jsonschema.Draft202012Validator.check_schema(source(form_name)["schema"])
    assert reader("zh")
