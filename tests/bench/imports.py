"""Imported forms: SF-424 from file to form, its documents judged, its pages drawn.

Run with ``--benchmark-enable``. The rival of judging a document is `jsonschema` with a prebuilt
validator and formats asserted, on the same documents; jsonschema-rs is what both stand on.
"""

import json
from datetime import date
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest

from builder.forms import compile_form, example_answers, view_page
from builder.forms.render import Renderer
from builder.imports import Wishes, import_document, read_foreign
from builder.scenario.load import restore
from builder.web.texts import read_texts
from federation.store import resource
from tests.imports.instances import Maker

FORMS = Path(__file__).parents[1] / "cases" / "foreign_forms"
TODAY = date(2026, 11, 30)
SOURCE = json.loads((FORMS / "sf424.json").read_text("utf-8"))


def _imported(name: str = "sf424") -> object:
    source = json.loads((FORMS / f"{name}.json").read_text("utf-8"))
    return import_document(source, name, Wishes("t90-bench"), frozenset())


@pytest.fixture(scope="module")
def scenario():
    return restore(_imported().scenario)


def test_sf424_is_imported(benchmark):
    assert benchmark(_imported).scenario["forms"]


def test_sf424_is_compiled(benchmark, scenario):
    assert benchmark(compile_form, scenario, "apply").pages


@pytest.mark.parametrize("judge", ["read_foreign", "jsonschema", "jsonschema-rs"])
def test_a_document_is_judged(benchmark, scenario, judge):
    doc = Maker(SOURCE["schema"], 3).document()
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    python = jsonschema.Draft202012Validator(SOURCE["schema"], format_checker=checker)
    rust = jsonschema_rs.Draft202012Validator(SOURCE["schema"], validate_formats=True)
    judges = {
        "read_foreign": lambda: not read_foreign(scenario, doc, TODAY).findings,
        "jsonschema": lambda: python.is_valid(doc),
        "jsonschema-rs": lambda: rust.is_valid(doc),
    }
    assert benchmark(judges[judge])


@pytest.mark.parametrize(("name", "page"), [("sf424", "p4"), ("sf424a", "p1")])
def test_a_page_is_drawn(benchmark, name, page):
    form = compile_form(restore(_imported(name).scenario), "apply")
    answers = example_answers(form, 1, TODAY)
    renderer = Renderer(read_texts(resource("templates/text")))
    html = benchmark(lambda: renderer.page(view_page(form, page, answers, TODAY), "en"))
    benchmark.extra_info["kib"] = round(len(html.encode()) / 1024)
