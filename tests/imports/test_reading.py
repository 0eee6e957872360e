# ruff: noqa: E501 (tables of cases)
"""What becomes of each keyword: carried, changed or lost, and never without a word."""

import json

import pytest

from builder.errors import Fault, Findings
from builder.forms import compile_form, widget_kinds
from builder.imports import Wishes, import_document, import_file
from builder.scenario.load import examine, restore
from federation.ledger import load_catalog
from tests.imports.conftest import controls, draft, fates, fields

STRING = {"type": "string", "maxLength": 20}


def _sound(made) -> None:
    _, found = examine(made.scenario, kinds=widget_kinds(), catalog=load_catalog())
    assert not [(f.code, f.where, f.message("en")) for f in found]
    scenario = restore(made.scenario)
    for form in scenario.forms:
        compile_form(scenario, form.id)


@pytest.mark.parametrize(
    ("schema", "widget", "field"),
    [
        (STRING, "text", {"type": "string", "maxLength": 20}),
        ({"type": "string"}, "long-text", {"type": "string"}),
        ({"type": "string", "format": "email"}, "text", {"type": "string", "format": "email"}),
        ({"type": "string", "format": "date"}, "date", {"type": "string", "format": "date"}),
        ({"type": "string", "format": "time"}, "text", {"allOf": [{"format": "time"}]}),
        ({"type": "integer", "exclusiveMinimum": 3}, "number", {"exclusiveMinimum": 3}),
        ({"type": "number", "minimum": 0.5}, "number", {"type": "string", "format": "decimal"}),
        ({"type": "boolean"}, "yes-no", {"type": "boolean"}),
        ({"type": "boolean", "const": True}, "promise", {"const": True}),
        ({"enum": ["a", "b"]}, "choice", {"type": "string", "enum": ["a", "b"]}),
        ({"enum": [1, 2, 3]}, "choice", {"type": "string", "enum": ["1", "2", "3"]}),
        ({"enum": [f"v{i}" for i in range(20)]}, "dictionary", {"type": "string"}),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "multi-choice", {"type": "array"}),
        ({"type": "array", "items": STRING}, "table", {"type": "array"}),
        ({"type": ["string", "null"], "maxLength": 9}, "text", {"maxLength": 9}),
        ({"type": "string", "maxLength": 9, "not": {"const": "x"}}, "text", {"not": {"const": "x"}}),
        ({"oneOf": [{"const": "m", "title": "男"}, {"const": "f", "title": "女"}]}, "choice", {}),
    ],
)  # fmt: skip
def test_each_kind_of_value_finds_its_widget(schema, widget, field):
    made = draft({"type": "object", "properties": {"it": schema}})
    _sound(made)
    (control,) = controls(made).values()
    assert control["widget"] == widget
    assert fields(made)["it"].items() >= field.items()
    assert "lost" not in fates(made).values()


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        ({"type": "object", "additionalProperties": STRING}, "/properties/it/type"),
        ({"type": "array", "items": {"type": "array", "items": STRING}}, "/properties/it/type"),
        ({"$ref": "#"}, "/properties/it/$ref"),
        ({"type": "string", "contentEncoding": "base64"}, "/properties/it/contentEncoding"),
        ({"type": "string", "default": "x"}, "/properties/it/default"),
        ({"type": "number", "multipleOf": 0.3}, "/properties/it/multipleOf"),
    ],
)
def test_what_cannot_be_carried_is_told_with_its_place(schema, where):
    made = draft({"type": "object", "properties": {"it": schema, "other": STRING}})
    _sound(made)
    lost = {line.where: line for line in made.report.of("lost")}
    assert any(where.startswith(place) for place in lost)
    assert all(line.why and line.why.zh and line.why.en for line in lost.values())


def test_draft_07_definitions_and_dependencies_are_read():
    made = draft(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": {"word": STRING},
            "properties": {"a": {"$ref": "#/definitions/word"}, "b": STRING, "c": STRING},
            "dependencies": {"a": ["b"], "b": {"required": ["c"]}},
        }
    )
    _sound(made)
    asked = controls(made)
    assert asked["b"]["required_when"] == "application.a IS NOT NULL"
    assert asked["c"]["required_when"] == "application.b IS NOT NULL"


@pytest.mark.parametrize(
    ("test", "text"),
    [
        ({"properties": {"a": {"const": "x"}}, "required": ["a"]}, "application.a = 'x'"),
        ({"properties": {"a": {"const": "it's"}}, "required": ["a"]}, "application.a = 'it''s'"),
        ({"properties": {"a": {"enum": ["x", "y"]}}, "required": ["a"]}, "application.a IN ('x', 'y')"),
        ({"properties": {"a": {"const": "x"}}}, "application.a IS NULL OR (application.a = 'x')"),
        ({"properties": {"n": {"minimum": 3}}, "required": ["n"]}, "application.n >= 3"),
        ({"not": {"required": ["a"]}}, "(application.a IS NOT NULL) IS NOT TRUE"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["n"]}]}, "(application.a IS NOT NULL) OR (application.n IS NOT NULL)"),
    ],
)  # fmt: skip
def test_a_condition_becomes_an_expression(test, text):
    schema = {
        "properties": {"a": STRING, "n": {"type": "integer"}, "b": STRING, "c": STRING},
        "allOf": [{"if": test, "then": {"required": ["b"]}, "else": {"required": ["c"]}}],
    }
    made = draft(schema)
    _sound(made)
    assert controls(made)["b"]["required_when"] == text
    assert controls(made)["c"]["required_when"] == f"({text}) IS NOT TRUE"


def test_a_condition_that_no_expression_says_is_lost_with_its_place():
    test = {"properties": {"a": {"pattern": "^x"}}}
    made = draft(
        {"properties": {"a": STRING, "b": STRING}, "if": test, "then": {"required": ["b"]}}
    )
    assert "required_when" not in controls(made)["b"]
    assert fates(made)["/then/required"] == "lost"


def test_an_optional_object_asks_for_its_required_parts_once_one_is_given():
    inner = {"type": "object", "required": ["x"], "properties": {"x": STRING, "y": STRING}}
    made = draft({"properties": {"o": inner}})
    _sound(made)
    assert controls(made)["o-x"]["required_when"] == "application.o_y IS NOT NULL"


def test_json_forms_layouts_and_rules_are_read():
    ui = {
        "type": "VerticalLayout",
        "elements": [
            {"type": "Group", "label": "一段", "elements": [
                {"type": "Control", "scope": "#/properties/b"},
                {"type": "Control", "scope": "#/properties/a", "rule": {
                    "effect": "SHOW", "condition": {"scope": "#/properties/b", "schema": {"const": True}}}},
            ]},
        ],
    }  # fmt: skip
    made = draft({"properties": {"a": STRING, "b": {"type": "boolean"}}}, ui)
    _sound(made)
    assert list(controls(made)) == ["b", "a"]
    assert controls(made)["a"]["when"] == "application.b = TRUE"
    (section,) = made.scenario["forms"][0]["pages"][0]["sections"]
    assert section["title"] == {"zh": "一段", "en": "一段", "x-stale": "en"}


def test_names_are_usable_whatever_the_source_calls_things():
    names = ["select", "Has-Fund", "名称", "名字", "a" * 90, "1st", "a.b", "__proto__"]
    made = draft({"properties": dict.fromkeys(names, STRING)})
    _sound(made)
    assert len(fields(made)) == len(names)


@pytest.mark.parametrize(
    ("doc", "codes"),
    [
        ([], {"import.not-a-form"}),
        ({"fields": []}, {"import.nothing-to-ask"}),
        ({"properties": {}}, {"import.nothing-to-ask"}),
        ({"properties": {"a": {"type": "strong"}, "b": {"minLength": -1}}}, {"import.schema"}),
        ({"properties": {"a": {"$ref": "#/no"}, "b": {"$ref": "http://x/y"}}}, {"import.ref"}),
        ({"properties": {f"a{i}": STRING for i in range(700)}}, {"import.too-many-fields"}),
    ],
)
def test_broken_forms_are_told_all_at_once(doc, codes):
    with pytest.raises(Fault) as told:
        import_document(doc, "x.json", Wishes("t91-x"), frozenset())
    found = told.value.findings if isinstance(told.value, Findings) else (told.value,)
    assert {fault.code for fault in found} == codes
    if len(found) > 1 or isinstance(told.value, Findings):
        assert len(found) == 2
    assert all(fault.message("zh") and fault.next_step("en") for fault in found)


def test_wishes_that_cannot_be_are_told_together():
    with pytest.raises(Findings) as told:
        import_document(
            {"properties": {"a": STRING}},
            "x",
            Wishes("Bad Id", party="polic"),
            frozenset({"police"}),
        )
    assert [fault.code for fault in told.value.findings] == ["import.id", "import.party"]


@pytest.mark.parametrize(
    "name", ["none.json", "none.xlsx", "text.xlsx", "zip.xlsx", "deep.json", "bad.json"]
)
def test_files_that_cannot_be_read_are_faults(tmp_path, name):
    content = {"text.xlsx": b"hello", "zip.xlsx": b"PK\x03\x04" + b"\x00" * 200, "deep.json": b"[" * 5000, "bad.json": b"\xff"}  # fmt: skip
    if name in content:
        (tmp_path / name).write_bytes(content[name])
    with pytest.raises(Fault):
        import_file(tmp_path / name, Wishes("t91-x"), frozenset())


def test_a_report_is_json():
    made = draft({"properties": {"a": STRING}})
    assert json.loads(json.dumps(made.report.to_json()))["lost"] == []
