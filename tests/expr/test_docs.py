"""The authors' page says what is so."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from builder.expr import FUNCTIONS, evaluate, parse

PAGE = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
SCOPE = {
    "applicant.id_card": "11010519491231002X",
    "applicant.phone": "13812345678",
    "application.relation": "child",
    "application.death_date": date(2026, 10, 1),
    "benefit.base": Decimal("5312.75"),
    "benefit.months": 20,
}
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_code_is_an_expression_with_the_value_it_shows(line):
    text, _, shown = line.partition("→")
    value = evaluate(text, SCOPE, TODAY)
    if shown:
        assert value == evaluate(shown, {}, TODAY)


def test_every_function_is_on_the_page():
    named = set(re.findall(r"`(\w+)\([^`]*\)`", PAGE)) | set(re.findall(r"`(\w+)\(", PAGE))
    assert set(FUNCTIONS) <= named


@pytest.mark.parametrize("written", ["'child'", "'it''s'", "5", "-12.50", "DATE '2026-01-31'"])
def test_every_value_can_be_written_so(written):
    assert f"`{written}`" in PAGE
    parse(written)
