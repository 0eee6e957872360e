"""Expressions: what one evaluation costs, and what making one ready costs.

The four-clause eligibility test is a usual one: an age, a list, an amount, an answer of another
department. The rival is Jinja's `compile_expression` on the same test in its own words; it has
neither three-valued logic nor dates, so its age is handed to it.
"""

from datetime import date
from decimal import Decimal

import jinja2
import pytest

from builder.expr import check, compile_tree, evaluate, parse
from builder.expr.sql import to_sql

TODAY = date(2026, 11, 23)
ELIGIBLE = (
    "age(applicant.birth_date) >= 60 AND applicant.district IN ('340102', '340103', '340104') "
    "AND income.monthly <= 1200.00 AND COALESCE(pension_check.answer, FALSE) = FALSE"
)
SHOWN = "application.fund_requested = TRUE AND application.relation <> 'other'"
MONEY = "round(benefit.months * benefit.base * 0.4 + coalesce(benefit.extra, 0), 2)"
SCOPE = {
    "applicant.birth_date": date(1960, 1, 1),
    "applicant.district": "340104",
    "income.monthly": Decimal("980.00"),
    "pension_check.answer": False,
    "application.fund_requested": True,
    "application.relation": "child",
    "benefit.months": 20,
    "benefit.base": Decimal("5312.75"),
}
TYPES = {
    "applicant.birth_date": "date",
    "applicant.district": "text",
    "income.monthly": "decimal",
    "pension_check.answer": "bool",
    "application.fund_requested": "bool",
    "application.relation": "text",
    "benefit.months": "int",
    "benefit.base": "decimal",
    "benefit.extra": "decimal",
}
ANSWERS = {ELIGIBLE: True, SHOWN: True, MONEY: Decimal("42502.00")}


@pytest.mark.parametrize("text", ANSWERS, ids=["eligible", "shown", "money"])
def test_one_evaluation(benchmark, text):
    run = compile_tree(parse(text))
    assert benchmark(run, SCOPE, TODAY) == ANSWERS[text]


def test_one_evaluation_by_text(benchmark):
    assert benchmark(evaluate, ELIGIBLE, SCOPE, TODAY) is True


def test_one_evaluation_of_the_rival(benchmark):
    run = jinja2.Environment(autoescape=True).compile_expression(
        "age >= 60 and district in ('340102', '340103', '340104') "
        "and monthly <= 1200.00 and not answer"
    )
    scope = {"age": 66, "district": "340104", "monthly": Decimal("980.00"), "answer": False}
    assert benchmark(run, **scope) is True


def test_reading(benchmark):
    benchmark(parse.__wrapped__, ELIGIBLE)


def test_compiling(benchmark):
    benchmark(compile_tree.__wrapped__, parse(ELIGIBLE))


def test_checking_types(benchmark):
    assert benchmark(check, parse(ELIGIBLE), TYPES) == "bool"


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "sqlite"])
def test_writing_for_an_engine(benchmark, dialect):
    benchmark(to_sql, parse(SHOWN), dialect, TYPES, TODAY)
