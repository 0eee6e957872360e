"""Forms that no one here wrote, filled in by people: in a real browser, and without scripts."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from browsing import Look, Served, opened
from looking import Axe, small_targets, too_wide

from builder.app import bring
from builder.cases import keeping
from builder.cases.answers import flat
from builder.forms import compile_form, example_answers, journey
from builder.imports import Wishes, import_document, write_folder, write_foreign
from builder.scenario.load import restore
from tests.web.conftest import clone

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FORMS = Path(__file__).parents[1] / "cases" / "foreign_forms"
TODAY = date(2026, 11, 30)
GIVEN = {"sf424": {"/application/delinquent_federal_debt": False}, "key_contacts": {}}
PAGES = {"sf424": 6, "key_contacts": 1}


def _source(name: str) -> dict:
    return json.loads((FORMS / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def imported(built_city, tmp_path_factory):
    """A city where two of the forms are matters."""
    home = clone(built_city, tmp_path_factory.mktemp("imported") / "city")
    for name in GIVEN:
        matter = f"t90-{name.replace('_', '-')}"
        wishes = Wishes(matter, f"外来表单 {name}", f"Foreign form {name}", "civil-affairs")
        folder = tmp_path_factory.mktemp("drafts") / matter
        write_folder(folder, import_document(_source(name), name, wishes, frozenset()), name, {})
        bring(home, folder, None, "designer")
    served = Served(home, lambda: datetime.now(ZoneInfo("Asia/Shanghai")))
    yield served
    served.close()


def _wanted(served: Served, name: str):
    """Return the form as it is deployed, and answers to it without files."""
    deployment = served.platform.deployments.get(f"340100/t90-{name.replace('_', '-')}")
    form = compile_form(deployment.current, "apply")
    answers = example_answers(form, 11, TODAY, answers=GIVEN[name])
    files = {c.question.pointer for c in form.controls() if c.question.kind == "upload"}
    return form, {p: v for p, v in answers.items() if p not in files}


def _put(page, name: str, texts) -> None:
    """Answer one input as a person would."""
    boxes = page.locator(f'[name="{name}"]')
    kind = boxes.first.evaluate("e => e.type")
    for text in texts:
        if kind in ("radio", "checkbox"):
            page.locator(f'[name="{name}"][value="{text}"]').check()
        elif kind == "select-one":
            boxes.first.select_option(text)
        else:
            boxes.first.fill(text)


def _fill(page, form, page_id: str, answers) -> None:
    for control in form.page(page_id).controls():
        question, value = control.question, answers.get(control.question.pointer)
        if value is None:
            continue
        post = control.widget.post(value, question)
        if not question.columns:
            for name, texts in post.items():
                _put(page, name, texts)
            continue
        frame = page.locator(f'fieldset[id="{question.html_id}"]')
        for _ in value[1:]:
            frame.locator('[data-row-do="add"]').click()
        keys = frame.locator(f'input[type=hidden][name="{question.name}"]').all()
        for index, key in enumerate(keys):
            row = key.get_attribute("value")
            for name, texts in post.items():
                if name.startswith(f"{question.name}.{index}."):
                    _put(page, name.replace(f".{index}.", f".{row}.", 1), texts)


@pytest.mark.parametrize(("name", "lang"), [("sf424", "en"), ("key_contacts", "zh")])
def test_a_foreign_form_is_filled_in_and_its_document_is_good(imported, chromium, name, lang):
    form, answers = _wanted(imported, name)
    axe = Axe()
    with opened(chromium, imported.address, Look("light", 1280, lang), "zhou-ming") as page:
        page.goto(f"/matters/340100/{form.scenario.id}")
        page.locator("main button.btn--primary").first.click()
        for page_id in journey(form, answers, TODAY).pages:
            page.wait_for_url(f"**/pages/{page_id}")
            assert axe(page) == []
            page.set_viewport_size({"width": 320, "height": 800})
            assert too_wide(page) == []
            assert small_targets(page, 24) == []
            page.set_viewport_size({"width": 1280, "height": 900})
            _fill(page, form, page_id, answers)
            assert axe(page) == []
            page.locator('button[name="go"][value="next"]').last.click()
        page.wait_for_url("**/review")
        assert axe(page) == []
        page.locator("main form button.btn--primary").first.click()
        page.wait_for_url("**/receipt")
        case_no = page.url.split("/")[-2]
    deployment = imported.platform.deployments.of_case(case_no)
    kept = keeping.load_case(deployment, case_no)
    document = write_foreign(kept.scenario, flat(kept.case.answers))
    judge = jsonschema_rs.Draft202012Validator(_source(name)["schema"], validate_formats=True)
    assert [str(error) for error in judge.iter_errors(document)] == []


def test_rows_come_and_go_without_scripts(imported, chromium):
    form, _ = _wanted(imported, "key_contacts")
    context = chromium.new_context(base_url=imported.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in?lang=zh")
    page.fill("#account", "sun-lei")
    page.fill("#password", "hefei-2026")
    page.press("#password", "Enter")
    page.goto(f"/matters/340100/{form.scenario.id}")
    page.locator("main button.btn--primary").first.click()
    page.get_by_label("Project Role").fill("甲")
    page.get_by_role("button", name="添加一行").click()
    assert page.get_by_role("group", name="第 2 行").count() == 1
    assert page.locator(".error-summary").count() == 0
    page.get_by_role("group", name="第 2 行").get_by_label("Project Role").fill("乙")
    page.get_by_role("button", name="上移第 2 行").click()
    roles = page.get_by_label("Project Role")
    assert [box.input_value() for box in roles.all()] == ["乙", "甲"]
    page.get_by_role("button", name="删除第 2 行").click()
    assert [box.input_value() for box in roles.all()] == ["乙"]
    roles.press("Enter")
    assert page.locator(".error-summary").count() == 1
    assert page.get_by_text("请填写“First Name（第 1 行）”。").first.is_visible()
    assert roles.input_value() == "乙"
    context.close()


def test_a_stored_form_is_the_imported_one(imported):
    form, _ = _wanted(imported, "sf424")
    assert restore(form.scenario.raw).hash == form.scenario.hash
    assert len(form.pages) == PAGES["sf424"]
