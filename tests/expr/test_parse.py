"""What is refused says so, with its place; nothing that a person may type makes a traceback."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import Fault, Findings
from builder.expr import FUNCTIONS, check, parse
from builder.expr.errors import ExpressionFault
from tests.expr.cases import AREAS, CASES, read_cases

REFUSED = read_cases("refused/refused")
TYPED = read_cases("types/types")


@pytest.mark.parametrize("found", REFUSED, ids=lambda f: f[0])
def test_a_construct_outside_the_list_is_refused_by_its_fault(found):
    _, case = found
    with pytest.raises(ExpressionFault) as raised:
        parse(case["expr"])
    fault = raised.value
    assert fault.code == case["fault"]
    if "at" in case:
        assert [fault.facts["line"], fault.facts["column"]] == case["at"]
    for lang in ("zh", "en"):
        assert "{" not in fault.message(lang).replace(case["expr"][:40], "") or "{" in case["expr"]


def test_every_fault_of_the_parser_has_a_case():
    met = {case["fault"] for _, case in REFUSED}
    of_check = {"expr.no-such-name", "expr.types"}
    of_engines = {"expr.not-pushed"}
    every = {f.code for f in ExpressionFault.__subclasses__() if f.__module__.endswith("errors")}
    assert met == every - of_check - of_engines


def test_a_place_is_counted_in_characters_and_lines():
    with pytest.raises(ExpressionFault) as raised:
        parse("a.name = '😀合'\n  AND nope(a.b)")
    assert (raised.value.facts["line"], raised.value.facts["column"]) == (2, 7)


# ── Any text ─────────────────────────────────────────────────────────────────────────────────────

_WORDS = (*(CASES / "refused" / "words.txt").read_text("utf-8").split(), *FUNCTIONS)
_WORDS += ("\x00", "\n", "\u3000", "\ud800")


def _parses_or_faults(text):
    try:
        tree = parse(text)
    except Fault as found:
        fault = found
    else:
        json.dumps(tree.to_json())
        return
    assert fault.message("zh")
    assert fault.message("en")


@given(st.text(max_size=60))
def test_any_text_is_read_or_faulted(text):
    _parses_or_faults(text)


@given(st.lists(st.sampled_from(_WORDS), max_size=14), st.sampled_from(["", " "]))
@settings(max_examples=400, deadline=None)
def test_any_row_of_words_is_read_or_faulted(words, between):
    _parses_or_faults(between.join(words))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_damage_to_a_good_expression_is_read_or_faulted(data):
    text = data.draw(st.sampled_from([case["expr"] for _, case in read_cases(*AREAS)]))
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, min(len(text), at + 5)))
    _parses_or_faults(text[:at] + data.draw(st.sampled_from(["", *_WORDS])) + text[until:])


_DEEP = (CASES / "refused" / "deep.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("part", _DEEP)
@pytest.mark.parametrize("length", [300, 3999, 100_000])
def test_depth_is_a_fault_and_no_overflow(part, length):
    _parses_or_faults((part * length)[:length])


# ── Types ────────────────────────────────────────────────────────────────────────────────────────


_TYPES = {"a.t": "text", "a.n": "int", "a.m": "decimal", "a.b": "bool", "a.d": "date"}
_TYPES |= {"a.at": "timestamp", "a.x": "any"}


@pytest.mark.parametrize("found", TYPED, ids=lambda f: f[0])
def test_an_expression_has_its_type_or_its_findings(found):
    _, case = found
    tree, types = parse(case["expr"]), _TYPES
    if "gives" in case:
        assert check(tree, types) == case["gives"]
        return
    with pytest.raises(Findings) as raised:
        check(tree, types)
    found = [[f.code, f.facts["line"], f.facts["column"]] for f in raised.value.findings]
    assert found == case["findings"]


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(Findings) as raised:
        check(parse("aplication.name = 'x'"), {"application.name": "text", "applicant.age": "int"})
    (fault,) = raised.value.findings
    assert fault.facts["near"][0] == "application.name"
