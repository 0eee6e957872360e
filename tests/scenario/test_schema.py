"""The JSON Schema for editors is made from the registries and says what `load` says."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from sqlglot import exp

from builder.forms.widgets import kinds as widget_kinds
from builder.scenario.model import STEP_KINDS
from builder.scenario.names import KEBAB, SNAKE, SQL_KEYWORDS, as_kebab, as_snake, nearest
from builder.scenario.schema import document, main, rendered

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "specs" / "schema" / "scenario.schema.json"


def test_the_shipped_schema_is_fresh():
    """Run ``python -m builder.scenario.schema`` where this fails."""
    assert SHIPPED.read_text(encoding="utf-8") == rendered(widget_kinds().values())


def test_the_command_writes_the_schema(tmp_path):
    main(tmp_path / "scenario.schema.json")
    written = json.loads((tmp_path / "scenario.schema.json").read_text(encoding="utf-8"))
    assert written == document(widget_kinds().values())


def test_the_schema_is_itself_valid():
    schema = json.loads(SHIPPED.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert jsonschema_rs.meta.is_valid(schema)


def test_the_schema_lists_the_kinds_of_the_registries():
    defs = json.loads(SHIPPED.read_text(encoding="utf-8"))["$defs"]
    assert defs["control"]["properties"]["widget"]["enum"] == sorted(widget_kinds())
    assert defs["step"]["properties"]["kind"]["enum"] == list(STEP_KINDS)


def test_every_key_of_a_scenario_file_is_described_in_the_schema():
    schema = json.loads(SHIPPED.read_text(encoding="utf-8"))
    for name, part in {"": schema, **schema["$defs"]}.items():
        if "properties" in part and name not in ("field", "step"):
            assert part["additionalProperties"] is False, name
            assert set(part["required"]) <= set(part["properties"]), name


@pytest.mark.parametrize(
    "folder", sorted((ROOT / "specs" / "scenarios").iterdir()), ids=lambda p: p.name
)
def test_an_editor_finds_nothing_in_a_scenario_of_the_library(folder):
    schema = json.loads(SHIPPED.read_text(encoding="utf-8"))
    doc = json.loads((folder / "scenario.json").read_text(encoding="utf-8"))
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(doc)
    assert (folder / doc["$schema"]).resolve() == SHIPPED


@given(st.from_regex(SNAKE, fullmatch=True).filter(lambda name: name not in SQL_KEYWORDS))
def test_a_name_that_is_allowed_reads_as_a_name(name):
    read = sqlglot.parse_one(f"{name}.{name} = TRUE", dialect="duckdb")
    assert isinstance(read, exp.EQ)
    assert isinstance(read.this, exp.Column)
    assert (read.this.table, read.this.name) == (name, name)


@given(st.text(max_size=20))
def test_a_suggested_name_is_one_that_may_be_used(text):
    assert re.fullmatch(KEBAB, as_kebab(text))
    assert re.fullmatch(SNAKE, as_snake(text))


def test_the_nearest_name_comes_first():
    assert nearest("aproval", ["zebra", "approval", "apple"])[0] == "approval"
    assert nearest("anything", []) == ["—"]
    assert len(nearest("x", [f"n{i}" for i in range(50)])) == 8
