"""The four public forms, as they are and as they are imported."""

import json
from functools import cache
from pathlib import Path

import pytest

from builder.imports import Imported, Wishes, import_document
from builder.scenario.load import restore
from builder.scenario.model import Scenario
from federation.store import resource

FORMS = Path(__file__).parents[1] / "cases" / "foreign_forms"
NAMES = ("key_contacts", "sf424", "sf424a", "sflll")


@cache
def source(name: str) -> dict:
    return json.loads((FORMS / f"{name}.json").read_text("utf-8"))


@cache
def imported(name: str) -> Imported:
    wishes = Wishes(f"t90-{name.replace('_', '-')}", party="civil-affairs")
    return import_document(source(name), name, wishes, frozenset())


@cache
def scenario(name: str) -> Scenario:
    return restore(imported(name).scenario)


@pytest.fixture(params=NAMES)
def form_name(request) -> str:
    return request.param


def draft(schema: dict, ui: object = None, **wishes: str) -> Imported:
    """Import a schema of a test."""
    doc = {"schema": schema, "ui_schema": ui} if ui is not None else schema
    return import_document(doc, "test", Wishes("t91-try", **wishes), frozenset())


def controls(made: Imported) -> dict[str, dict]:
    """Return the controls of every form of a draft by id."""
    return {
        control["id"]: control
        for form in made.scenario["forms"]
        for page in form["pages"]
        for section in page["sections"]
        for control in section["controls"]
    }


def fields(made: Imported) -> dict[str, dict]:
    """Return the fields of a draft by name."""
    return {
        name: field
        for entity in made.scenario["entities"]
        for name, field in entity["schema"]["properties"].items()
    }


def fates(made: Imported) -> dict[str, str]:
    return {line.where: line.fate for line in made.report.lines}


@pytest.fixture(scope="session")
def s23() -> Scenario:
    spec = json.loads(resource("specs/scenarios/s23-afterlife/scenario.json").read_text("utf-8"))
    return restore(spec)
