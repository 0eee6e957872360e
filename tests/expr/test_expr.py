"""One case file, equal answers in Python and in the browser's module; engines: `test_engines`."""

from datetime import date

import pytest

from builder.expr import FUNCTIONS, evaluate, names, parse
from builder.expr.functions import OPERATORS
from builder.expr.tree import Call, Constant, nodes
from tests.expr.cases import AREAS, read_cases, read_value

CASES = read_cases(*AREAS)


def _id(found):
    return found[0]


def _scope(case):
    return {name: read_value(value) for name, value in case.get("scope", {}).items()}


def _computed(case):
    return evaluate(case["expr"], _scope(case), date.fromisoformat(case["today"]))


@pytest.mark.parametrize("found", CASES, ids=_id)
def test_python_gives_the_value(found):
    _, case = found
    value = _computed(case)
    assert Constant(value).to_json() == case["value"]


@pytest.fixture(scope="module")
def in_node(node):
    """Return the browser module's answers by case id."""
    batch = [
        {"tree": parse(c["expr"]).to_json(), "scope": c.get("scope", {}), "today": c["today"]}
        for _, c in CASES
    ]
    return dict(zip((i for i, _ in CASES), node.ask("compute", batch), strict=True))


@pytest.mark.parametrize("found", CASES, ids=_id)
def test_the_browser_gives_the_value(in_node, found):
    name, case = found
    assert in_node[name] == case["value"]


def test_the_browser_names_what_a_tree_reads(node):
    trees = [parse(c["expr"]) for _, c in CASES]
    found = node.ask("names", [{"tree": t.to_json()} for t in trees])
    assert found == [sorted(names(t)) for t in trees]


# ── The cases themselves ─────────────────────────────────────────────────────────────────────────


def test_every_operator_and_function_has_cases():
    used = {n.op for _, c in CASES for n in nodes(parse(c["expr"])) if isinstance(n, Call)}
    assert used == set(FUNCTIONS) | set(OPERATORS)


def test_no_case_stands_twice():
    seen = [(c["expr"], str(c.get("scope")), c["today"]) for _, c in CASES]
    assert not [c for c in seen if seen.count(c) > 1]
