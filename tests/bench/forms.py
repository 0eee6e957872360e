"""Forms: how long a page takes to draw, and a submission to check. Run with ``--benchmark-enable``.

The form has controls of every ordinary kind by turns; sizes are 50 and 200 fields on one page.
`jsonschema` with a prebuilt validator is the rival of jsonschema-rs, on the same schema and record.
"""

from collections.abc import Callable
from datetime import date

import jsonschema
import pytest

from builder.forms import (
    CompiledForm,
    compile_form,
    example_answers,
    finalize,
    parse_page,
    validate_all,
    view_page,
)
from builder.forms.render import Renderer
from builder.forms.rules import form_schema, nested
from builder.scenario.load import restore
from builder.scenario.model import Scenario
from builder.web.texts import read_texts
from federation.store import resource

TODAY = date(2026, 11, 23)
CHOICES = {
    "choices": [
        {"value": value, "label": {"zh": f"选项{value}", "en": f"Choice {value}"}}
        for value in ("a", "b", "c", "d")
    ]
}
KINDS: tuple[tuple[str, dict[str, object], dict[str, object]], ...] = (
    ("text", {"type": "string", "maxLength": 60}, {}),
    ("id-number", {"type": "string", "pattern": "^[0-9]{17}[0-9X]$"}, {}),
    ("phone", {"type": "string", "minLength": 11, "maxLength": 20}, {}),
    ("money", {"type": "string", "format": "decimal"}, {"min": "0.00"}),
    ("date", {"type": "string", "format": "date"}, {"max": "today"}),
    ("choice", {"type": "string", "enum": ["a", "b", "c", "d"]}, CHOICES),
    ("yes-no", {"type": "boolean"}, {}),
    ("long-text", {"type": "string", "maxLength": 500}, {}),
    ("number", {"type": "integer", "minimum": 0, "maximum": 10000}, {}),
    ("bank-card", {"type": "string", "minLength": 12, "maxLength": 19}, {}),
)


def _scenario(count: int) -> Scenario:
    def text(words: str) -> dict[str, str]:
        return {"zh": words, "en": words}

    properties, controls = {}, []
    for i in range(count):
        kind, schema, options = KINDS[i % len(KINDS)]
        properties[f"field_{i}"] = {**schema, "x-title": text(f"第{i}项")}
        controls.append(
            {
                "id": f"field-{i}",
                "widget": kind,
                "scope": f"/record/field_{i}",
                "label": {"zh": f"第 {i} 项信息", "en": f"Item {i}"},
                "hint": {"zh": "请按证件填写", "en": "As on the document"},
                "required": True,
                "options": options,
                **({"when": _condition(i)} if i % 20 == 19 else {}),
            }
        )
    sections = [
        {"id": f"s{i}", "title": text(f"第{i}段"), "controls": controls[i : i + 10]}
        for i in range(0, count, 10)
    ]
    page = {"id": "all", "title": text("全部"), "sections": sections}
    return restore(
        {
            "spec": "1.0",
            "scenario": {
                "id": "bench",
                "version": "1.0.0",
                "kind": "应用",
                "title": text("试"),
                "summary": text("试"),
                "domain": text("试"),
                "lead": "drb",
                "partners": [],
                "legal_basis": [{"id": "law", "title": text("法")}],
                "items": [],
                "plan_rows": [],
            },
            "parameters": [],
            "datasets": [],
            "subjects": [],
            "entities": [
                {
                    "id": "record",
                    "title": text("记录"),
                    "schema": {"type": "object", "properties": properties},
                }
            ],
            "forms": [{"id": "apply", "title": text("申请"), "pages": [page]}],
            "process": {"id": "root", "kind": "sequence", "steps": []},
            "queries": [],
            "roles": [],
            "lists": [],
            "channels": [],
            "notices": [],
            "retention": {"cases_days": 1, "drafts_days": 1, "basis": text("法")},
        }
    )


def _condition(place: int) -> str:
    """Return a condition on the yes-no question before and a text beside it."""
    return f"record.field_{place - 13} = TRUE OR record.field_{place - 5} IS NOT NULL"


@pytest.fixture(scope="module")
def form() -> Callable[[int], CompiledForm]:
    made: dict[int, CompiledForm] = {}

    def get(count: int) -> CompiledForm:
        if count not in made:
            made[count] = compile_form(_scenario(count), "apply")
        return made[count]

    return get


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(read_texts(resource("templates/text")))


@pytest.mark.parametrize("fields", [50, 200])
@pytest.mark.parametrize("state", ["empty", "answered", "refused"])
def test_a_page_is_prepared_and_drawn(benchmark, form, renderer, fields, state) -> None:
    cform = form(fields)
    answers = example_answers(cform, 1, TODAY) if state == "answered" else {}
    parsed = parse_page(cform, "all", {}, {}, TODAY) if state == "refused" else None

    def page() -> str:
        model = view_page(cform, "all", answers, TODAY, parsed=parsed)
        return renderer.errors(model, "zh") + renderer.page(model, "zh")

    html = benchmark(page)
    benchmark.extra_info["bytes_per_field"] = round(len(html.encode()) / fields)
    assert html.count('class="field ') == fields


@pytest.mark.parametrize("fields", [50, 200])
def test_a_posted_page_is_read(benchmark, form, fields) -> None:
    cform = form(fields)
    answers = example_answers(cform, 1, TODAY)
    post = {
        c.question.name: c.widget.write(answers.get(c.question.pointer), c.question)
        for c in cform.controls()
    }
    parsed = benchmark(parse_page, cform, "all", post, {}, TODAY)
    assert not parsed.errors


@pytest.mark.parametrize("fields", [50, 200])
def test_a_submission_is_judged_whole(benchmark, form, fields) -> None:
    cform = form(fields)
    answers = example_answers(cform, 1, TODAY)
    assert benchmark(validate_all, cform, answers, TODAY) == ()


@pytest.mark.parametrize("fields", [50, 200])
@pytest.mark.parametrize("engine", ["jsonschema-rs", "jsonschema"])
def test_a_record_fits_its_schema(benchmark, form, fields, engine) -> None:
    cform = form(fields)
    record = nested(finalize(cform, example_answers(cform, 1, TODAY), TODAY))
    rival = jsonschema.Draft202012Validator(form_schema(cform.scenario.entities, cform.by_pointer))
    assert len(record["record"]) == fields
    assert not cform.validator.is_valid({"record": {**record["record"], "field_8": -1}})
    judge = cform.validator if engine == "jsonschema-rs" else rival
    assert benchmark(judge.is_valid, record)


@pytest.mark.parametrize("fields", [50, 200])
def test_a_form_is_compiled(benchmark, form, fields) -> None:
    scenario = form(fields).scenario
    assert benchmark(compile_form, scenario, "apply").id == "apply"
