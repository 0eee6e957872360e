"""Whatever is drawn: Python and the browser agree, engines agree, nothing raises, types hold."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.errors import Findings
from builder.expr import check, evaluate
from builder.expr.tree import Constant
from tests.expr.draw import NAMED, SCOPES, TODAY, TYPES, trees

_PER_BATCH = 12
_TYPED = st.sampled_from(TYPES).flatmap(trees)
_LOOSE = st.sampled_from(TYPES).flatmap(lambda kind: trees(kind, kinds=TYPES))
_KINDS = {
    "text": str,
    "int": int,
    "decimal": Decimal | int,
    "bool": bool,
    "date": date,
    "timestamp": datetime,
}
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def _batches(drawn):
    return st.tuples(st.lists(drawn, min_size=1, max_size=_PER_BATCH), SCOPES, TODAY)


def _written(scope):
    found = {}
    for name, value in scope.items():
        written = Constant(value).to_json()
        found[name] = {"v": written["v"], "t": written.get("t") or NAMED[name]}
    return found


def _same_in_browser(node, batch):
    drawn, scope, today = batch
    asked = [
        {"tree": t.to_json(), "scope": _written(scope), "today": today.isoformat()} for t in drawn
    ]
    in_python = [Constant(evaluate(t, scope, today)).to_json() for t in drawn]
    for tree, here, there in zip(drawn, in_python, node.ask("compute", asked), strict=True):
        assert here == there, tree


@given(_batches(_TYPED))
@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
def test_python_and_the_browser_agree_on_what_types(node, batch):
    _same_in_browser(node, batch)


@given(_batches(_LOOSE))
@settings(max_examples=60, deadline=None, suppress_health_check=_SLOW)
def test_python_and_the_browser_agree_on_what_does_not_type(node, batch):
    _same_in_browser(node, batch)


@given(_TYPED, SCOPES, TODAY)
@settings(max_examples=200, deadline=None, suppress_health_check=_SLOW)
def test_a_value_is_of_the_type_that_check_says(tree, scope, today):
    try:
        said = check(tree, NAMED)
    except Findings:
        return
    value = evaluate(tree, scope, today)
    if said == "null":
        assert value is None
    elif value is not None:
        assert isinstance(value, _KINDS[said])
        assert isinstance(value, bool) == (said == "bool")
        assert isinstance(value, datetime) == (said == "timestamp")


@given(_TYPED, SCOPES, TODAY)
@settings(max_examples=150, deadline=None, suppress_health_check=_SLOW)
def test_a_decimal_that_is_computed_stays_in_range(tree, scope, today):
    value = evaluate(tree, scope, today)
    if isinstance(value, Decimal):
        assert abs(value) < 10**18
        assert value.as_tuple().exponent >= -6
    elif isinstance(value, int):
        assert abs(value) < 10**18
