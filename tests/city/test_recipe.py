"""The grammar of recipes: closed, all findings at once."""

import copy
import json
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from builder.deploy.draw import Draw
from builder.deploy.people import credit_codes
from builder.deploy.recipe import load_recipe, read_recipe
from builder.deploy.rows import fill
from builder.errors import Fault, Findings
from federation.crypto import sm3

COLUMNS = {
    "health.thing": {
        "thing_no": "text",
        "id_card": "text",
        "kind": "text",
        "amount": "decimal(10,2)",
        "count": "int",
        "day": "date",
        "later": "date",
        "at": "timestamp",
        "period": "text",
        "place": "text",
        "empty": "text",
    }
}
SMALL = {
    "recipe": "1.0",
    "seed": 7,
    "as_of": "2026-10-31",
    "words": {
        "surnames": ["陈", "周"],
        "given_male": ["国", "强"],
        "given_female": ["静", "兰"],
        "roads": ["听松路", "麦穗路"],
    },
    "sets": [
        {"id": "counties", "kind": "list", "rows": [{"code": "340102", "name": "瑶海区"}]},
        {
            "id": "people",
            "kind": "people",
            "rows": 300,
            "region": "340100",
            "counties": "counties",
        },
        {"id": "kinship", "kind": "kinship", "of": "people"},
        {"id": "old", "kind": "filter", "of": "people", "where": {"age": {"ge": 60}}},
    ],
    "tables": [
        {
            "dataset": "health.thing",
            "from": "people",
            "repeat": [1, 3],
            "with": {"county": "counties"},
            "columns": {
                "thing_no": {"make": "serial", "prefix": "T", "width": 6},
                "id_card": {"make": "take", "of": "id_card"},
                "kind": {
                    "make": "choice",
                    "of": [{"value": "a", "weight": 3}, {"value": "b", "weight": 1}],
                },
                "amount": {"make": "number", "low": 10, "high": 20, "skew": 2},
                "count": {"make": "number", "low": -3, "high": 3},
                "day": {"make": "date", "low": "2026-01-01", "high": "2026-02-28"},
                "later": {
                    "make": "date",
                    "after": "day",
                    "days": [1, 2],
                    "only": {"column": "kind", "in": ["b"]},
                },
                "at": {"make": "time", "low": "2026-01-01", "high": "2026-01-02"},
                "period": {"make": "month", "low": "2025-11", "high": "2026-02"},
                "place": {
                    "make": "phrase",
                    "parts": [{"of": "county.name"}, {"list": "roads"}, {"number": [1, 9]}, "号"],
                },
            },
        }
    ],
    "faults": [],
    "people": [
        {
            "id": "chen-jing",
            "name": "陈静",
            "id_card": "340100198503129026",
            "sex": "2",
            "born": "1985-03-12",
        }
    ],
    "rows": [
        {"dataset": "health.thing", "values": {"id_card": "@chen-jing.id_card", "amount": "1.50"}}
    ],
}


def _with(**changes):
    return {**copy.deepcopy(SMALL), **changes}


def _findings(document):
    with pytest.raises(Findings) as raised:
        read_recipe(document, COLUMNS)
    return {(f.code, f.where) for f in raised.value.findings}


def _frame(document, scale=1):
    (table,) = fill(read_recipe(document, COLUMNS), COLUMNS, scale)
    return table.frame


def test_every_maker_keeps_its_promise():
    frame = _frame(SMALL)[:-1]
    assert frame["thing_no"][:2].to_list() == ["T000001", "T000002"]
    assert frame["id_card"].n_unique() == 300
    assert all(ric.is_valid(number) for number in frame["id_card"].unique())
    assert set(frame["kind"]) == {"a", "b"}
    assert frame["amount"].str.contains(r"^(1\d|20)\.\d\d$").all()
    assert set(frame["count"]) == set(range(-3, 4))
    assert frame["day"].is_between(pl.lit("2026-01-01"), pl.lit("2026-02-28")).all()
    kinds = frame.select("kind", pl.col("later").is_null().alias("none")).unique()
    assert set(kinds.rows()) == {("a", True), ("b", False)}
    assert frame["at"].str.contains(r"^2026-01-0[12]T\d\d:\d\d:\d\d\+08:00$").all()
    assert set(frame["period"]) == {"2025-11", "2025-12", "2026-01", "2026-02"}
    assert frame["place"].str.contains("^瑶海区(听松路|麦穗路)[1-9]号$").all()
    assert frame["empty"].null_count() == frame.height


def test_planted_rows_stand_as_they_are_written_and_come_last():
    last = _frame(SMALL).row(-1, named=True)
    assert last["id_card"] == "340100198503129026"
    assert last["amount"] == "1.50"
    assert last["kind"] is None


def test_another_column_changes_no_other():
    before = _frame(SMALL)
    changed = copy.deepcopy(SMALL)
    changed["tables"][0]["columns"]["empty"] = {"make": "digits", "prefix": "", "width": 4}
    after = _frame(changed)
    assert after["empty"][:-1].null_count() == 0
    assert after.drop("empty").equals(before.drop("empty"))


def test_a_scale_multiplies_the_people_and_keeps_numbers_apart():
    frame = _frame(SMALL, scale=10)[:-1]
    assert frame["id_card"].n_unique() == 3000


def test_kinship_stands_in_both_directions():
    document = _with(
        tables=[
            {
                "dataset": "health.thing",
                "from": "kinship",
                "columns": {
                    "id_card": {"make": "take", "of": "id_card"},
                    "place": {"make": "take", "of": "kin_id_card"},
                    "kind": {"make": "take", "of": "relation"},
                },
            }
        ],
        rows=[],
    )
    pairs = set(_frame(document).select("id_card", "place", "kind").iter_rows())
    back = {"spouse": "spouse", "child": "parent", "parent": "child", "sibling": "sibling"}
    assert pairs
    assert {(kin, person, back[relation]) for person, kin, relation in pairs} == pairs


@pytest.mark.parametrize(
    ("kind", "column", "is_hit"),
    [
        ("missing", "kind", lambda v: v is None),
        ("future", "day", lambda v: v > "2026-10-31"),
        ("checksum", "id_card", lambda v: not ric.is_valid(v)),
    ],
)
def test_a_planted_fault_hits_as_many_rows_as_it_says(kind, column, is_hit):
    note = {"zh": "故障", "en": "fault"}
    fault = {"dataset": "health.thing", "column": column, "kind": kind, "rows": 5, "note": note}
    frame = _frame(_with(faults=[fault], rows=[]))
    assert sum(map(is_hit, frame[column])) == 5


def test_a_repeated_row_stands_twice():
    note = {"zh": "故障", "en": "fault"}
    fault = {
        "dataset": "health.thing",
        "column": "thing_no",
        "kind": "repeated",
        "rows": 4,
        "note": note,
    }
    frame = _frame(_with(faults=[fault], rows=[]))
    assert frame.height - frame.n_unique() == 4


def test_all_findings_come_at_once_each_with_its_place():
    document = _with(seed=-1, surprise=True)
    document["tables"][0]["columns"]["kind"] = {"make": "magic"}
    found = _findings(document)
    assert {code for code, _ in found} == {"recipe.schema"}
    assert {"/seed", "", "/tables/0/columns/kind"} <= {where for _, where in found}


def test_names_that_do_not_exist_are_found_with_their_place():
    document = copy.deepcopy(SMALL)
    document["tables"][0]["from"] = "peple"
    document["tables"][0]["with"]["county"] = "countys"
    document["tables"][0]["columns"]["knd"] = {"make": "take", "of": "id_card"}
    document["tables"][0]["columns"]["place"]["parts"][1] = {"list": "raods"}
    document["rows"][0]["values"]["amount"] = "@chen-jin.id_card"
    document["rows"].append({"dataset": "health.thng", "values": {"kind": "a"}})
    document["people"][0]["born"] = "1985-03-13"
    assert _findings(document) == {
        ("recipe.name-unknown", "/tables/0/from"),
        ("recipe.name-unknown", "/tables/0/with/county"),
        ("recipe.name-unknown", "/tables/0/columns/knd"),
        ("recipe.name-unknown", "/tables/0/columns/place/parts"),
        ("recipe.name-unknown", "/rows/0/values/amount"),
        ("recipe.dataset-unknown", "/rows/1/dataset"),
        ("recipe.person-wrong", "/people/0"),
    }


@pytest.mark.parametrize(
    ("place", "value"),
    [(("as_of",), "2026-02-30"), (("tables", 0, "columns", "day", "high"), "2026-13-01")],
)
def test_a_day_that_is_none_is_found(place, value):
    document = copy.deepcopy(SMALL)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert _findings(document) == {("recipe.schema", "".join(f"/{p}" for p in place))}


def test_an_attribute_that_is_not_there_is_named_when_rows_are_made():
    document = copy.deepcopy(SMALL)
    document["tables"][0]["columns"]["kind"] = {"make": "take", "of": "nothing"}
    with pytest.raises(Fault) as raised:
        _frame(document)
    assert raised.value.code == "recipe.name-unknown"


@pytest.mark.parametrize("content", [None, "{", "\udc80"])
def test_a_file_that_is_no_json_is_a_fault(tmp_path, content):
    path = tmp_path / "recipe.json"
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(Fault) as raised:
        load_recipe(path, COLUMNS)
    assert raised.value.code == "recipe.unreadable"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(value=_JSON, key=st.sampled_from(sorted(SMALL)))
def test_whatever_stands_in_a_recipe_gives_a_recipe_or_findings(value, key):
    document = _with(**{key: value})
    with suppress(Findings):  # anything else would be a traceback
        read_recipe(json.loads(json.dumps(document)), COLUMNS)


def test_credit_codes_are_valid_and_differ():
    codes = credit_codes(5000, "340100")
    assert codes.n_unique() == 5000
    assert all(uscc.is_valid(code) for code in codes)


@given(
    st.integers(0, 1000), st.integers(-50, 50), st.integers(0, 90), st.sampled_from([1, 2, 3, 4])
)
def test_drawn_numbers_stay_between_and_never_change(seed, low, width, skew):
    draw = Draw(f"{seed}", 50)
    drawn = draw.between("key", low, low + width, skew=skew)
    assert drawn.is_between(low, low + width).all()
    assert drawn.equals(Draw(f"{seed}", 90).between("key", low, low + width, skew=skew)[:50])


def test_numbers_are_those_of_splitmix64():
    start = int(sm3(b"1/people/sex")[:16], 16)
    expected = [_splitmix64(start + n * 0x9E3779B97F4A7C15) for n in range(20)]
    assert Draw("1/people", 20).bits("sex").to_list() == expected


def _splitmix64(state):
    z = state % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)
