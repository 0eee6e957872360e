"""One case file, equal answers: in Python, in the browser's module, and in an engine's SQL."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from builder.errors import Findings
from builder.expr import FUNCTIONS, check, evaluate, names, parse
from builder.expr.functions import OPERATORS
from builder.expr.tree import Call, Constant, nodes
from tests.expr.cases import AREAS, read_cases, read_value
from tests.expr.plain_sql import NOT_PLAIN, PLAIN, Writer, is_plain

CASES = read_cases(*AREAS)


def _id(found):
    return found[0]


def _scope(case):
    return {name: read_value(value) for name, value in case.get("scope", {}).items()}


def _types(case):
    return {name: value["t"] for name, value in case.get("scope", {}).items()}


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


# ── An engine ────────────────────────────────────────────────────────────────────────────────────


def _fits_sql(case):
    tree, types = parse(case["expr"]), _types(case)
    try:
        check(tree, types)
    except Findings:
        return False
    return is_plain(tree, types)


IN_SQL = [found for found in CASES if _fits_sql(found[1])]


def _asked(duck, case):
    sql = Writer(_scope(case), _types(case), case["today"]).write(parse(case["expr"]))
    return duck.execute(f"SELECT {sql}").fetchone()[0]


def _alike(found, wanted):
    if isinstance(found, int | Decimal) and isinstance(wanted, int | Decimal):
        return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted
    return type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize("found", IN_SQL, ids=_id)
def test_duckdb_gives_the_value(duck, found):
    _, case = found
    wanted, gap = read_value(case["value"]), case.get("duckdb")
    try:
        is_alike = _alike(_asked(duck, case), wanted)
    except duckdb.Error:
        if gap is None:
            raise
        is_alike = False
    assert is_alike == (gap is None), gap or "no gap is declared"


def test_most_cases_run_in_the_engine_and_no_gap_is_declared_where_none_can_be():
    assert len(IN_SQL) > 0.6 * len(CASES)
    asked = {name for name, _ in IN_SQL}
    assert not [name for name, case in CASES if "duckdb" in case and name not in asked]


def test_every_operator_is_plain_sql_or_said_not_to_be():
    assert set(FUNCTIONS) | set(OPERATORS) == PLAIN | NOT_PLAIN
    assert not PLAIN & NOT_PLAIN


# ── The cases themselves ─────────────────────────────────────────────────────────────────────────


def test_every_operator_and_function_has_cases():
    used = {n.op for _, c in CASES for n in nodes(parse(c["expr"])) if isinstance(n, Call)}
    assert used == set(FUNCTIONS) | set(OPERATORS)


def test_no_case_stands_twice():
    seen = [(c["expr"], str(c.get("scope")), c["today"]) for _, c in CASES]
    assert not [c for c in seen if seen.count(c) > 1]
