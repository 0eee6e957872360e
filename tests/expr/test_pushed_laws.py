"""Whatever is drawn and can be pushed down: an engine never fails, and answers as Python does."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builder.errors import Findings
from builder.expr import check, evaluate, to_sql
from builder.expr.engines import ENGINES
from builder.expr.errors import ExpressionNotPushed
from builder.expr.tree import Constant
from tests.expr.draw import NAMED, SCOPES, TODAY, TYPES, trees
from tests.expr.test_engines import _alike, _rows

_SLOW = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.filter_too_much,
    ],
)


def _drawn(dialect):
    """Return trees of the types an engine gives back; a moment is only compared and cast."""
    kinds = [t for t in TYPES if t in ENGINES[dialect].types and t != "timestamp"]
    return st.sampled_from(kinds).flatmap(trees)


def _written(scope):
    """Return all names with their types, the unanswered ones NULL."""
    found = {}
    for name, kind in NAMED.items():
        written = Constant(scope.get(name)).to_json()
        found[name] = {"v": written["v"], "t": kind}
    return {"scope": found}


def _agrees(execute, dialect, tree, scope, today):
    try:
        kind = check(tree, NAMED)
        made = to_sql(tree, dialect, NAMED, today)
    except (Findings, ExpressionNotPushed):
        assume(False)
    sql = f"SELECT {made.sql(dialect=dialect)}{_rows(_written(scope), dialect)}"
    found, wanted = execute(sql), evaluate(tree, scope, today)
    assert _alike(found, wanted, kind), (found, wanted, sql)


@given(_drawn("duckdb"), SCOPES, TODAY)
@_SLOW
def test_duckdb_agrees(duck, tree, scope, today):
    _agrees(lambda sql: duck.execute(sql).fetchone()[0], "duckdb", tree, scope, today)


@pytest.fixture(scope="module")
def lite():
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@given(_drawn("sqlite"), SCOPES, TODAY)
@_SLOW
def test_sqlite_agrees(lite, tree, scope, today):
    _agrees(lambda sql: lite.execute(sql).fetchone()[0], "sqlite", tree, scope, today)


@pytest.mark.postgres
@given(_drawn("postgres"), SCOPES, TODAY)
@_SLOW
def test_postgres_agrees(postgres, tree, scope, today):
    _agrees(lambda sql: postgres.execute(sql).fetchone()[0], "postgres", tree, scope, today)
