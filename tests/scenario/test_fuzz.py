"""However a spec is mutilated, the answer is a list of findings, never a traceback."""

import copy
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.errors import Fault
from builder.scenario.errors import SpecFault
from builder.scenario.load import examine
from builder.scenario.source import parse_source

GOOD = Path(__file__).parents[1] / "cases" / "spec" / "t01-everything" / "scenario.json"
DOC = json.loads(GOOD.read_text(encoding="utf-8"))

_words = st.sampled_from(
    [
        *(
            "",
            "apply",
            "accept",
            "kin_check",
            "deceased",
            "applicant",
            "order",
            "一",
            "a-b",
            "/a/b",
        ),
        *("*", "NULL", "application.note", "SELECT name FROM death_register", "1 +", "parallel"),
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | _words,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


def places(value, at=()):
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*at, index))


PLACES = [place for place in places(DOC) if place]


@st.composite
def mutilated(draw):
    doc = copy.deepcopy(DOC)
    for _ in range(draw(st.integers(1, 4))):
        *path, last = draw(st.sampled_from(PLACES))
        here = doc
        try:
            for part in path:
                here = here[part]
            here[last]  # the place may be gone by now
        except (KeyError, IndexError, TypeError):
            continue
        if isinstance(here, str):
            continue
        match draw(st.sampled_from(["replace", "remove", "move", "double"])):
            case "replace":
                here[last] = draw(values)
            case "remove":
                del here[last]
            case "move":
                *other, end = draw(st.sampled_from(PLACES))
                there = DOC
                for part in other:
                    there = there[part]
                here[last] = copy.deepcopy(there[end])
            case "double" if isinstance(here, list):
                here.append(copy.deepcopy(here[last]))
    return doc


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(doc=mutilated())
def test_a_mutilated_spec_gives_findings_and_never_a_traceback(doc, kinds, catalog):
    _, found = examine(doc, kinds=kinds, catalog=catalog, folder="t01-everything")
    for fault in found:
        assert isinstance(fault, Fault)
        assert fault.message("zh")
        assert fault.next_step("en")
        assert (fault.where or "").startswith("/") or fault.where == ""
    if not found:
        for key in DOC.keys() - {"$schema", "x-note"}:
            assert key in doc


@given(doc=values)
def test_any_json_gives_findings(doc):
    _, found = examine(doc)
    assert found


@given(cut=st.integers(0, len(GOOD.read_bytes())), junk=st.binary(max_size=4))
def test_a_torn_file_gives_findings(cut, junk):
    raw = GOOD.read_bytes()[:cut] + junk
    try:
        parse_source("scenario.json", raw)
    except Fault as fault:
        assert isinstance(fault, SpecFault) or fault.code == "input.findings"  # noqa: PT017


@given(doc=values)
def test_every_pointer_of_a_file_has_its_line(doc):
    text = json.dumps(doc, indent=1, ensure_ascii=False)
    lines = parse_source("x.json", text.encode()).lines()
    assert set(lines) == {pointer(place) for place in places(doc)}
    assert max(lines.values()) <= text.count("\n") + 1


def pointer(place):
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in place)
