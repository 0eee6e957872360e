"""A small matter around any process: two yes/no answers, a form per result, two checks."""

import copy
from datetime import datetime
from types import SimpleNamespace

import pytest

from builder.process.calendar import SHANGHAI, Calendar
from builder.process.case import Actor
from builder.scenario.load import examine, restore

RESULTS = tuple(f"r{i}" for i in range(12))

APPLICANT = Actor("citizen", None, "applicant")


def officer(party):
    return Actor(f"officer@{party}", party, "officer")


def at(text):
    """Return a moment in Asia/Shanghai, of the year 2026 unless told."""
    whole = text if text[:2] == "20" else f"2026-{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=SHANGHAI)


def _text(word):
    return {"zh": f"文{word}", "en": word}


def _form(name, scopes):
    controls = [
        {"id": s.split("/")[-1].replace("_", "-"), "widget": "any", "scope": s, "label": _text(s)}
        for s in scopes
    ]
    section = {"id": "one", "title": _text("one"), "controls": controls}
    page = {"id": "one", "title": _text("one"), "sections": [section]}
    return {"id": name, "title": _text(name), "pages": [page]}


def _query(name):
    return {
        "id": name,
        "title": _text(name),
        "purpose": "verify",
        "subject": "applicant",
        "sql": f"SELECT no FROM {name}_data",
    }


def _matter():
    flag, word = {"type": "boolean"}, {"type": "string"}
    fields = {"a": flag, "b": flag, "note": word, "total": {"type": "integer"}}
    queries = ("fund", "tax")
    return {
        "spec": "1.0",
        "scenario": {
            "id": "t03-process",
            "version": "1.0.0",
            "kind": "应用",
            "title": _text("process"),
            "summary": _text("process"),
            "domain": _text("sample"),
            "lead": "lead",
            "partners": ["police", "tax"],
            "legal_basis": [{"id": "law", "title": _text("law")}],
            "items": [],
            "plan_rows": [],
        },
        "parameters": [
            {"id": "open_door", "type": "bool", "title": _text("door"), "default": False}
        ],
        "datasets": [
            {"id": f"{q}_data", "dataset": f"tax.{q}", "purposes": ["verify"], "fields": ["no"]}
            for q in queries
        ],
        "subjects": [
            {"id": "applicant", "kind": "person", "key": "@applicant", "title": _text("applicant")}
        ],
        "entities": [
            {
                "id": "application",
                "title": _text("application"),
                "schema": {"type": "object", "properties": fields},
            },
            {
                "id": "result",
                "title": _text("result"),
                "schema": {"type": "object", "properties": dict.fromkeys(RESULTS, word)},
            },
        ],
        "forms": [
            _form("apply", [f"/application/{name}" for name in fields]),
            *(_form(f"form-{name}", [f"/result/{name}"]) for name in RESULTS),
        ],
        "queries": [_query(q) for q in queries],
        "roles": [
            {"id": "applicant", "title": _text("applicant"), "start": True},
            {"id": "officer", "title": _text("officer"), "party": "*"},
            {"id": "chief", "title": _text("chief"), "party": "lead"},
        ],
        "lists": [],
        "channels": [{"id": "web"}],
        "notices": [
            {"id": "done", "to": "applicant", "title": _text("done"), "text": _text("done")}
        ],
        "documents": [
            {
                "id": "proof",
                "kind": "certificate",
                "title": _text("proof"),
                "body": {"zh": "已办理{case.number}。", "en": "Done {case.number}."},
            }
        ],
        "retention": {"cases_days": 100, "drafts_days": 10, "basis": _text("rule")},
    }


MATTER = _matter()
CONTROLS = {c["id"]: c for c in MATTER["forms"][0]["pages"][0]["sections"][0]["controls"]}
CONTROLS["total"]["compute"] = "1 + 1"
PLEDGE = {"text": _text("promise"), "consequence": _text("consequence"), "verify_days": 5}
CONTROLS["a"] |= {"required": True, "promise": PLEDGE}
CONTROLS["b"] |= {"required": True, "deferrable": {"days": 5}, "promise": PLEDGE}
CONTROLS["note"] |= {"required": True, "deferrable": {"days": 3, "consequence": "suspend"}}


def completed(step):
    """Return a step of a case file with what every step of its kind has filled in."""
    step = copy.deepcopy(step)
    if step.get("kind") == "task":
        step.setdefault("title", _text(step["id"]))
        step.setdefault("role", "officer")
        if step["role"] != "applicant":
            step.setdefault("party", "lead")
        step.setdefault("actions", ["approve"])
    for key in ("steps", "branches"):
        if key in step:
            step[key] = [completed(inner) for inner in step[key]]
    return step


def document(steps):
    """Return the matter with these steps as its process."""
    process = completed({"id": "root", "kind": "sequence", "steps": steps})
    doc = {**copy.deepcopy(MATTER), "process": process}
    held = next(tasks_in(process), None)
    if held is not None:  # the first task cannot pass without b
        controls = doc["forms"][0]["pages"][0]["sections"][0]["controls"]
        controls[1]["deferrable"]["hold"] = [held]
    return doc


def tasks_in(step):
    """Yield the ids of the task steps inside a step of a file."""
    if step.get("kind") == "task":
        yield step["id"]
    for inner in (*step.get("steps", ()), *step.get("branches", ())):
        yield from tasks_in(inner)


_UNUSED = {
    "scenario.document-unused",
    "scenario.form-unused",
    "scenario.query-unused",
    "scenario.dataset-unused",
}


def scenario_of(steps):
    """Return the scenario of the matter with these steps, having checked it."""
    doc = document(steps)
    _, found = examine(doc)
    assert {fault.code for fault in found} <= _UNUSED, [str(fault) for fault in found]
    return restore(doc)


@pytest.fixture(scope="session")
def matter():
    """Return what tests make matters with: `scenario_of`, `officer`, `at`, `APPLICANT`."""
    return SimpleNamespace(
        scenario_of=scenario_of,
        restored=lambda steps: restore(document(steps)),
        document=document,
        officer=officer,
        at=at,
        APPLICANT=APPLICANT,
    )


@pytest.fixture(scope="session")
def calendar():
    return Calendar()
