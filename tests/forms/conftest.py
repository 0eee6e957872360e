"""Forms to try, made from few words."""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from builder.forms import CompiledForm, compile_form, widget_kinds
from builder.forms.render import Renderer
from builder.scenario.load import examine, restore
from builder.scenario.model import Scenario
from federation.store import resource

SPEC = resource("specs/scenarios/s23-afterlife/scenario.json")


@pytest.fixture
def today() -> date:
    return date(2026, 11, 23)


Fields = Mapping[str, Mapping[str, object]]
MakeForm = Callable[..., CompiledForm]


@pytest.fixture(scope="session")
def make_form() -> MakeForm:
    """Compile a form with one page per list of controls, over one entity ``f``."""

    def made(
        fields: Fields, *pages: Sequence[Mapping[str, object]], **more: object
    ) -> CompiledForm:
        return compile_form(make_scenario(fields, pages, **more), "apply")

    return made


def make_scenario(
    fields: Fields, pages: Sequence[Sequence[Mapping[str, object]]], **more: object
) -> Scenario:
    return restore(document(fields, pages, **more))


def document(
    fields: Fields, pages: Sequence[Sequence[Mapping[str, object]]], **more: object
) -> dict[str, object]:
    titled = [
        {
            "id": f"p{i + 1}",
            "title": text(f"第{i + 1}页", f"Page {i + 1}"),
            "sections": [
                {
                    "id": f"s{i + 1}",
                    "title": text("一段", "Section"),
                    "controls": [
                        {"label": text("问题", "Question"), **control} for control in controls
                    ],
                }
            ],
        }
        for i, controls in enumerate(pages)
    ]
    for page, part in more.pop("parts", {}).items():
        titled[int(page[1:]) - 1].update(part)
    return {
        "spec": "1.0",
        "scenario": {
            "id": "try-out",
            "version": "1.0.0",
            "kind": "应用",
            "title": text("试用", "Try-out"),
            "summary": text("试用", "Try-out"),
            "domain": text("民生", "People"),
            "lead": "civil-affairs",
            "partners": [],
            "legal_basis": [{"id": "law", "title": text("法", "Law")}],
            "items": [],
            "plan_rows": ["S23"],
        },
        "parameters": [],
        "datasets": [],
        "subjects": [
            {
                "id": "applicant",
                "kind": "person",
                "key": "@applicant",
                "title": text("申请人", "Applicant"),
            }
        ],
        "entities": [
            {
                "id": "f",
                "title": text("表", "Form"),
                "schema": {"type": "object", "properties": fields},
            }
        ],
        "forms": [{"id": "apply", "title": text("申请", "Apply"), "pages": titled}],
        "process": {
            "id": "root",
            "kind": "sequence",
            "steps": [
                {
                    "id": "look",
                    "kind": "task",
                    "title": text("办理", "Handle"),
                    "party": "civil-affairs",
                    "role": "officer",
                    "actions": ["approve"],
                }
            ],
        },
        "queries": [],
        "roles": [
            {"id": "applicant", "title": text("申请人", "Applicant"), "start": True},
            {"id": "officer", "title": text("经办", "Officer"), "party": "*"},
        ],
        "lists": [],
        "channels": [{"id": "web"}],
        "notices": [],
        "retention": {"cases_days": 10, "drafts_days": 1, "basis": text("法", "Law")},
        **more,
    }


def text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


@pytest.fixture(scope="session")
def s23() -> Scenario:
    scenario, found = examine(json.loads(SPEC.read_text("utf-8")), kinds=widget_kinds())
    assert not found
    return scenario


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer({"zh": reader("zh"), "en": reader("en")})


def reader(lang: str) -> Callable[..., str]:
    tables = tomllib.loads(Path(resource(f"templates/text/{lang}.toml")).read_text("utf-8"))

    def t(key: str, **facts: object) -> str:
        area, _, name = key.partition(".")
        return str(tables[area][name]).format(**facts)

    return t
