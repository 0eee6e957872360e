"""A scan is read only as far as it is known, and refused with all that is wrong with it."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.check import plan
from connectors.conformance import SCANS, TABLES, TYPES
from connectors.errors import Fault, Findings
from connectors.scan import (
    FNS,
    JOINS,
    MAX_DEPTH,
    MAX_PARTS,
    OPERATORS,
    Call,
    Column,
    Filter,
    Limit,
    Literal,
    Relation,
    Scan,
    Source,
    columns,
    sources,
)
from connectors.types import arrow_type, parse_type, type_name

ROOT = Path(__file__).parents[2]
REFUSED = json.loads((ROOT / "tests/cases/scan/refused.json").read_text(encoding="utf-8"))
UNFIT = json.loads((ROOT / "tests/cases/scan/unfit.json").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "specs/schema/scan.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
# What a schema cannot say: calendars, digits, bits, distinct names.
BEYOND_A_SCHEMA = {"scan.literal", "scan.name-taken", "scan.operator"}


def _refusal(document: object) -> dict[str, str]:
    with pytest.raises(Findings) as raised:
        Scan.from_json(document)
    return {str(f.where): f.code for f in raised.value.findings}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_what_the_grammar_does_not_have_is_refused_with_its_place(case):
    assert _refusal(case["scan"]) == case["codes"]
    if not set(case["codes"].values()) <= BEYOND_A_SCHEMA:
        assert not VALID.is_valid(case["scan"])


@pytest.mark.parametrize("case", UNFIT, ids=lambda case: case["name"])
def test_what_does_not_fit_the_columns_is_refused_with_its_place(case):
    scan = Scan.from_json(case["relation"])
    present = {s.resource: TABLES[s.resource].schema.names for s in sources(scan.relation)}
    types = {r: {c: parse_type(TYPES[c]) for c in names} for r, names in present.items()}
    with pytest.raises(Findings) as raised:
        plan(scan, "here", present, types)
    assert {f.where: f.code for f in raised.value.findings} == case["codes"]


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_survives_being_sent(name):
    scan = Scan(SCANS[name])
    document = json.loads(json.dumps(scan.to_json()))
    assert Scan.from_json(document) == scan
    VALID.validate(document)


def test_a_nest_without_end_is_refused_before_python_tires():
    document: object = {"op": "source", "resource": "t"}
    for _ in range(900):
        document = {"op": "limit", "input": document, "count": 1, "offset": 0}
    assert set(_refusal(document).values()) == {"scan.depth"}
    deep: object = {"column": "a"}
    for _ in range(900):
        deep = {"call": "not", "args": [deep]}
    document = {"op": "filter", "input": {"op": "source", "resource": "t"}, "predicate": deep}
    assert set(_refusal(document).values()) == {"scan.depth"}


def test_depth_and_size_have_a_last_value_that_is_taken():
    relation: Relation = Source("t")
    for _ in range(MAX_DEPTH - 1):
        relation = Limit(relation, 1)
    assert Scan.from_json(Scan(relation).to_json()).relation == relation
    with pytest.raises(Findings):
        Scan.from_json(Scan(Limit(relation, 1)).to_json())
    listed = Call("in", (Column("a"), *(Literal(n, "int") for n in range(1000))))
    assert Scan.from_json(Scan(Filter(Source("t"), listed)).to_json())
    wide = Call("or", (listed,) * (MAX_PARTS // 1000 + 1))
    codes = _refusal(Scan(Filter(Source("t"), wide)).to_json()).values()
    assert "scan.size" in codes


def test_findings_have_an_end_too():
    bad = {"column": "A"}
    document = {
        "op": "filter",
        "input": {"op": "source", "resource": "t"},
        "predicate": {"call": "coalesce", "args": [{"call": "or", "args": [bad] * 64}] * 16},
    }
    with pytest.raises(Findings) as raised:
        Scan.from_json(document)
    assert 0 < len(raised.value.findings) <= 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["source", "filter", "column", "text", "t", "and", "left"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(
        st.sampled_from(["op", "resource", "input", "predicate", "columns", "name", "expr",
                         "column", "literal", "type", "call", "args", "x"]), below, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_is_either_a_scan_or_findings(document):
    read, findings = _read(document)
    for fault in findings:
        assert fault.message("zh")
        assert fault.next_step("en")
        assert isinstance(fault.where, str)
    if read is None:
        assert findings
    else:
        VALID.validate(document)
        assert Scan.from_json(read.to_json()) == read


def _read(document: object) -> tuple[Scan | None, tuple[Fault, ...]]:
    try:
        return Scan.from_json(document), ()
    except Findings as found:
        return None, found.findings


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(SCANS)), st.data())
def test_a_scan_that_was_tampered_with_is_never_taken_for_more_than_it_says(name, data):
    document = json.loads(json.dumps(Scan(SCANS[name]).to_json()))
    places = list(_places(document))
    *path, last = data.draw(st.sampled_from(places))
    holder = document
    for step in path:
        holder = holder[step]
    holder[last] = data.draw(JSON)
    read, findings = _read(document)
    assert (read is None) == bool(findings)
    if read is not None:
        VALID.validate(document)
        assert Scan.from_json(read.to_json()) == read


def _places(document: object, path: tuple[object, ...] = ()):
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*path, key))


def test_the_schema_lists_what_the_reader_knows():
    defs = SCHEMA["$defs"]
    assert set(defs["call"]["properties"]["call"]["enum"]) == set(OPERATORS)
    assert tuple(defs["measure"]["properties"]["fn"]["enum"]) == FNS
    assert tuple(defs["join"]["properties"]["kind"]["enum"]) == JOINS
    named = {ref["$ref"].rpartition("/")[2] for ref in defs["relation"]["oneOf"]}
    assert named == {d["properties"]["op"]["const"] for d in map(defs.get, named)}


def test_columns_and_sources_are_those_that_appear():
    both = Call("or", (Call("eq", (Column("a"), Column("b"))), Call("is_null", (Column("a"),))))
    assert list(columns(both)) == ["a", "b", "a"]
    assert [s.resource for s in sources(SCANS["inner join"])] == ["people", "places"]


@pytest.mark.parametrize(
    "name", ["text", "int", "float", "bool", "date", "timestamp", "decimal(38,18)", "decimal(1,0)"]
)
def test_a_type_and_its_arrow_type_name_each_other(name):
    assert type_name(arrow_type(name)) == name


@pytest.mark.parametrize(
    "name", ["", "TEXT", "decimal", "decimal(0,0)", "decimal(39,2)", "decimal(38,19)",
             "decimal(3,4)", "decimal(12, 2)", "varchar", "int\n", "decimal(１,0)"]
)  # fmt: skip
def test_no_other_name_is_a_type(name):
    with pytest.raises(ValueError, match="no column type"):
        parse_type(name)


def test_a_literal_cannot_be_made_with_a_value_of_another_type():
    for value, kind in ((True, "int"), ("1", "int"), (1, "text"), (1.5, "decimal(3,1)")):
        with pytest.raises(ValueError, match="does not fit") as raised:
            Literal(value, kind)
        assert repr(value) not in str(raised.value)


def test_a_refusal_shows_no_value():
    number = "341221199001011234"
    document = {
        "op": "filter",
        "input": {"op": "source", "resource": "t"},
        "predicate": {"call": "eq", "args": [{"column": "a"}, {"literal": number, "type": "int"}]},
    }
    with pytest.raises(Findings) as raised:
        Scan.from_json(document)
    assert number not in json.dumps(raised.value.to_json("zh"), ensure_ascii=False)
    assert all(isinstance(f, Fault) for f in raised.value.findings)
