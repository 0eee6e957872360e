"""A form that cannot work says so when it is compiled, all at once."""

import pytest

from builder.errors import Findings
from builder.forms import compile_form
from builder.forms.errors import FormCircular, PageUnknown
from builder.forms.rules import form_schema

TEXT = {"type": "string"}
YES = {"type": "boolean"}


def _codes(told: pytest.ExceptionInfo) -> list[str]:
    return [finding.code for finding in told.value.findings]


def test_all_that_is_wrong_is_said_at_once(make_form):
    with pytest.raises(Findings) as told:
        make_form(
            {"a": TEXT, "b": YES, "c": {"type": "string", "pattern": "^A"}},
            [
                {"id": "a", "widget": "money", "scope": "/f/a"},
                {"id": "b", "widget": "yes-no", "scope": "/f/b", "options": {"colour": "red"}},
                {"id": "c", "widget": "text", "scope": "/f/c"},
            ],
        )
    assert _codes(told) == ["forms.widget-misfit", "forms.options", "forms.no-example"]
    assert [f.where for f in told.value.findings] == ["/f/a", "/f/b", "/f/c"]


def test_a_widget_with_a_value_needs_a_field(make_form):
    with pytest.raises(Findings) as told:
        make_form({"a": TEXT}, [{"id": "a", "widget": "text"}])
    assert _codes(told) == ["forms.widget-misfit"]


def test_conditions_that_wait_for_each_other_are_named(make_form):
    with pytest.raises(FormCircular) as told:
        make_form(
            {"a": YES, "b": YES},
            [
                {"id": "a", "widget": "yes-no", "scope": "/f/a", "when": "f.b = TRUE"},
                {"id": "b", "widget": "yes-no", "scope": "/f/b", "when": "f.a = TRUE"},
            ],
        )
    assert "/f/a" in told.value.message("zh")
    assert "/f/b" in told.value.message("en")


def test_a_page_that_is_not_there_is_a_fault(make_form):
    with pytest.raises(PageUnknown):
        make_form({"a": TEXT}, [{"id": "a", "widget": "text", "scope": "/f/a"}]).page("p9")


def test_a_form_names_the_queries_it_waits_for(s23):
    form = compile_form(s23, "apply")
    assert form.queries("death")[0] == "kin_record"
    assert set(form.queries("who")) == set()
    assert {"kin_check", "death_record", "fund_check"} <= set(form.queries())


def test_every_form_of_the_scenario_compiles(s23):
    assert [compile_form(s23, form.id).id for form in s23.forms] == [f.id for f in s23.forms]


def test_the_form_says_what_must_be_answered_and_not_the_record(s23):
    entity = s23.entity("application")
    schema = form_schema([entity], ["/application/deceased_name"])
    inner = schema["properties"]["application"]
    assert "required" not in inner
    assert set(inner["properties"]) == set(entity.fields)


def test_a_schema_never_fetches_what_it_refers_to(make_form):
    with pytest.raises(Exception, match=r"example\.invalid"):
        make_form(
            {"a": {"type": "string", "allOf": [{"$ref": "https://example.invalid/a.json"}]}},
            [{"id": "a", "widget": "text", "scope": "/f/a"}],
        )


def test_regions_come_from_what_the_county_binds(make_form):
    control = {
        "id": "a",
        "widget": "address",
        "scope": "/f/a",
        "options": {"regions_from": "params.counties"},
    }
    parameter = {
        "id": "counties",
        "type": "text",
        "title": {"zh": "区县", "en": "Counties"},
        "default": "庐阳区、蜀山区",
    }
    form = make_form({"a": TEXT}, [control], parameters=[parameter])
    assert [c.value for c in next(form.controls()).question.choices] == ["庐阳区", "蜀山区"]
    bound = compile_form(form.scenario, "apply", {"counties": "肥西县, 肥东县"})
    assert [c.value for c in next(bound.controls()).question.choices] == ["肥西县", "肥东县"]
