"""What is pushed down to an engine answers as `evaluate` does; what is not is named."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from builder.errors import Findings
from builder.expr import check, evaluate, parse
from builder.expr.engines import ENGINES
from builder.expr.errors import ExpressionNotPushed
from builder.expr.sql import to_sql
from builder.expr.tree import Constant
from tests.expr.cases import CASES, read_value

_AT_THE_HUB = {"id_birth_date", "id_sex", "id_valid", "credit_code_valid"}
GAPS = {
    "duckdb": _AT_THE_HUB,
    "postgres": _AT_THE_HUB | {"cast_date text"},  # no cast of its own gives NULL before version 16
    "sqlite": _AT_THE_HUB | {"decimal", "timestamp", "add_months", "cast_int text"},
}
"""What the cases meet that an engine is not asked for."""

_COLUMNS = {
    "duckdb": ENGINES["duckdb"].types,
    "postgres": ENGINES["postgres"].types,
    "sqlite": {**ENGINES["sqlite"].types, "decimal": "text", "timestamp": "text"},
}


def _cases():
    """Yield (id, case) of every file of values."""
    for path in sorted(CASES.glob("*.json")):
        for at, case in enumerate(json.loads(path.read_text(encoding="utf-8")), 1):
            yield f"{path.stem}-{at}", case


def _typed():
    """Yield (id, case, tree, types) of the cases whose expression types."""
    for name, case in _cases():
        tree = parse(case["expr"])
        types = {n: value.get("t", "text") for n, value in case.get("scope", {}).items()}
        try:
            check(tree, types)
        except Findings:
            continue
        yield name, case, tree, types


def _pushed(dialect):
    """Return (id, case, type, SQL) of what an engine is asked, and what it is not, counted."""
    pushed, gaps = [], Counter()
    for name, case, tree, types in _typed():
        try:
            made = to_sql(tree, dialect, types, date.fromisoformat(case["today"]))
        except ExpressionNotPushed as fault:
            gaps[fault.facts["part"]] += 1
            continue
        sql = f"SELECT {made.sql(dialect=dialect)}{_rows(case, dialect)}"
        pushed.append((name, case, check(tree, types), sql))
    return pushed, gaps


def _rows(case, dialect):
    """Return FROM with one row an entity, each value in a column of its own type."""
    columns = {}
    for name, value in case.get("scope", {}).items():
        entity, _, column = name.partition(".")
        columns.setdefault(entity, []).append(_column(value, column, dialect))
    tables = [f'(SELECT {", ".join(made)}) AS "{name}"' for name, made in columns.items()]
    return f" FROM {', '.join(tables)}" if tables else ""


def _column(value, column, dialect):
    kind, plain = _COLUMNS[dialect][value.get("t", "text")], value["v"]
    if plain is None:
        text = "NULL"
    elif isinstance(plain, bool):
        text = "TRUE" if plain else "FALSE"
    else:
        text = "'{}'".format(str(plain).replace("'", "''"))
    return f'CAST({text} AS {kind}) AS "{column}"'


def _alike(found, wanted, kind):
    if wanted is None or found is None:
        return wanted is found
    if kind == "bool":
        return bool(found) is wanted and found in (0, 1)
    if isinstance(wanted, date) and isinstance(found, str):
        return found == wanted.isoformat()
    if isinstance(wanted, int | Decimal):
        return isinstance(found, int | Decimal) and found == wanted
    return type(found) is type(wanted) and found == wanted


def _wrong(execute, pushed):
    """Return the cases that an engine answers otherwise."""
    answers = [(name, case, kind, execute(sql)) for name, case, kind, sql in pushed]
    return [
        (name, case["expr"], found, case["value"]["v"])
        for name, case, kind, found in answers
        if not _alike(found, read_value(case["value"]), kind)
    ]


@pytest.fixture(scope="session")
def pushed():
    return {dialect: _pushed(dialect) for dialect in ENGINES}


@pytest.mark.parametrize("dialect", ENGINES)
def test_what_is_not_pushed_is_what_is_declared(pushed, dialect):
    asked, gaps = pushed[dialect]
    assert set(gaps) == GAPS[dialect]
    assert len(asked) > 2 * sum(gaps.values())


@pytest.mark.parametrize("dialect", ENGINES)
def test_every_entry_of_the_table_is_met_by_a_case(dialect):
    asked = set()

    class Watched(dict):
        def get(self, key, default=None):
            asked.add(key)
            return super().get(key, default)

    engine = ENGINES[dialect]
    watched = {
        **ENGINES,
        dialect: type(engine)(engine.types, engine.collation, Watched(engine.entries)),
    }
    for _, case, tree, types in _typed():
        try:
            to_sql(tree, dialect, types, date.fromisoformat(case["today"]), engines=watched)
        except ExpressionNotPushed:
            continue
    assert not set(engine.entries) - asked


def test_python_answers_alike():
    wrong = [
        (name, case["expr"])
        for name, case in _cases()
        if Constant(_computed(case)).to_json() != case["value"]
    ]
    assert not wrong


def test_the_browser_answers_alike(node):
    cases = list(_cases())
    batch = [
        {"tree": parse(c["expr"]).to_json(), "scope": c.get("scope", {}), "today": c["today"]}
        for _, c in cases
    ]
    answers = node.ask("compute", batch)
    wrong = [
        (name, case["expr"], found)
        for (name, case), found in zip(cases, answers, strict=True)
        if found != case["value"]
    ]
    assert not wrong


def _computed(case):
    scope = {name: read_value(value) for name, value in case.get("scope", {}).items()}
    return evaluate(case["expr"], scope, date.fromisoformat(case["today"]))


def test_duckdb_answers_alike(pushed, duck):
    assert not _wrong(lambda sql: duck.execute(sql).fetchone()[0], pushed["duckdb"][0])


def test_sqlite_answers_alike(pushed):
    with closing(sqlite3.connect(":memory:")) as connection:
        wrong = _wrong(lambda sql: connection.execute(sql).fetchone()[0], pushed["sqlite"][0])
    assert not wrong


@pytest.mark.postgres
def test_postgres_answers_alike(pushed, postgres):
    assert not _wrong(lambda sql: postgres.execute(sql).fetchone()[0], pushed["postgres"][0])
