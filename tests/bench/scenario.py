"""Check and lay out a large spec: 200 fields, 12 departments.

python -m pytest tests/bench/scenario.py --benchmark-enable --benchmark-only
"""

import json

import pytest

from builder.forms.widgets import kinds
from builder.process.plan import plan_of
from builder.scenario.load import examine, restore
from builder.scenario.source import parse_source

FIELDS, DEPARTMENTS = 200, 12


def _word(text):
    return {"zh": f"文{text}", "en": text}


def _form(name, entity, names):
    controls = [
        {
            "id": field.replace("_", "-"),
            "widget": "text",
            "scope": f"/{entity}/{field}",
            "label": _word(field),
            **({"when": f"{entity}.{names[0]} IS NOT NULL"} if n % 5 == 4 else {}),
        }
        for n, field in enumerate(names)
    ]
    pages = [
        {
            "id": f"page-{at}",
            "title": _word("page"),
            "sections": [
                {"id": f"part-{at}", "title": _word("part"), "controls": controls[at : at + 20]}
            ],
        }
        for at in range(0, len(controls), 20)
    ]
    return {"id": name, "title": _word(name), "pages": pages}


def _entity(name, names):
    schema = {"type": "object", "properties": {n: {"type": "string"} for n in names}}
    return {"id": name, "title": _word(name), "schema": schema}


def large():
    """Return the JSON of a spec with that many fields and departments."""
    names = [f"f{n}" for n in range(FIELDS)]
    parties = [f"party-{n}" for n in range(DEPARTMENTS)]
    branches = [
        {
            "id": f"branch-{n}",
            "when": f"application.f{n} IS NOT NULL",
            "steps": [
                {
                    "id": f"task-{n}",
                    "kind": "task",
                    "title": _word("task"),
                    "party": party,
                    "role": "officer",
                    "form": f"form-{n}",
                    "visible": [f"/application/f{k}" for k in range(20)],
                    "due_days": 5,
                    "actions": ["approve", "reject", "correct"],
                    "on_reject": "branch",
                }
            ],
        }
        for n, party in enumerate(parties)
    ]
    return {
        "spec": "1.0",
        "scenario": {
            "id": "t09-large",
            "version": "1.0.0",
            "kind": "应用",
            "title": _word("large"),
            "summary": _word("large"),
            "domain": _word("sample"),
            "lead": parties[0],
            "partners": parties[1:],
            "legal_basis": [{"id": "law", "title": _word("law")}],
            "items": [],
            "plan_rows": [],
        },
        "parameters": [],
        "datasets": [],
        "subjects": [
            {"id": "me", "kind": "person", "key": "@applicant", "title": _word("applicant")}
        ],
        "entities": [
            _entity("application", names),
            *(_entity(f"result{n}", ["no", "remark"]) for n in range(DEPARTMENTS)),
        ],
        "forms": [
            _form("apply", "application", names),
            *(_form(f"form-{n}", f"result{n}", ["no", "remark"]) for n in range(DEPARTMENTS)),
        ],
        "process": {
            "id": "root",
            "kind": "sequence",
            "steps": [{"id": "departments", "kind": "parallel", "branches": branches}],
        },
        "queries": [],
        "roles": [
            {"id": "applicant", "title": _word("applicant"), "start": True},
            {"id": "officer", "title": _word("officer"), "party": "*"},
        ],
        "lists": [],
        "channels": [{"id": "web"}],
        "notices": [],
        "retention": {"cases_days": 100, "drafts_days": 10, "basis": _word("rule")},
    }


TEXT = json.dumps(large(), ensure_ascii=False, indent=1).encode()


@pytest.mark.benchmark(group="a spec of 200 fields and 12 departments")
def test_read_and_check(benchmark):
    known = kinds()

    def checked():
        return examine(parse_source("scenario.json", TEXT).doc, kinds=known)

    _, found = benchmark(checked)
    assert [str(fault) for fault in found] == []


@pytest.mark.benchmark(group="a spec of 200 fields and 12 departments")
def test_restore_a_published_version(benchmark):
    doc = json.loads(TEXT)
    scenario = benchmark(lambda: restore(doc))
    assert len(plan_of(scenario).nodes) == 2 * DEPARTMENTS + 2
