"""Only what is on the closed list is a question."""

import json
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import pytest
from city import CATALOG, HOUSEHOLD, KINSHIP, NAMES
from hypothesis import given, settings
from sqlglot import exp

from federation.errors import Fault
from federation.query import uses
from federation.query.errors import SqlNotOne, SqlOutside, SqlTooLarge, ValueWrong
from federation.query.parse import _ALLOWED, Parameter, Parsed, ParsedCondition, parse
from federation.query.question import Question
from federation.query.resolve import resolve

CASES = Path(__file__).parents[1] / "cases" / "query"
HOSTILE = json.loads((CASES / "hostile.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", HOSTILE, ids=lambda c: c["id"])
def test_a_hostile_statement_is_refused_with_a_named_fault(case: dict[str, str]):
    names = {"household": HOUSEHOLD, "kinship": KINSHIP}
    with pytest.raises(Fault) as caught:
        resolve(parse(case["sql"]), Question(case["sql"], "case", names), CATALOG)
    assert caught.value.code.startswith("query.")
    assert caught.value.message("zh")
    assert caught.value.next_step("en")


def test_a_plain_question_is_read():
    parsed = parse(
        "SELECT h.name AS n, Address FROM household AS h"
        " WHERE h.status = :status AND (members IN (1, -2) AND 1.50 = balance) AND frozen = TRUE;"
    )
    assert parsed.table == "household"
    assert parsed.shown == (("n", "name"), ("address", "address"))
    assert parsed.conditions == (
        ParsedCondition("status", (Parameter("status"),), is_list=False),
        ParsedCondition("members", (1, -2), is_list=True),
        ParsedCondition("balance", (Decimal("1.50"),), is_list=False),
        ParsedCondition("frozen", (True,), is_list=False),
    )


def test_text_in_a_value_is_only_text():
    parsed = parse("SELECT name FROM household WHERE status = 'x''; DROP TABLE household; -- '")
    assert parsed.conditions[0].values == ("x'; DROP TABLE household; -- ",)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM household WHERE " + " AND ".join(["status = 'x'"] * 400),
        "SELECT name FROM household WHERE " + "(" * 40 + "status = 'x'" + ")" * 40,
        "SELECT " + "name, " * 5000 + "name FROM household",
        "SELECT name FROM household WHERE status = '" + "x" * 9000 + "'",
    ],
    ids=["conditions", "depth", "columns", "length"],
)
def test_a_question_too_large_to_check_is_refused(sql: str):
    with pytest.raises(SqlTooLarge):
        parse(sql)


def test_ten_thousand_parentheses_are_refused_without_a_traceback():
    with pytest.raises(SqlTooLarge):
        parse("(" * 8000)


def test_a_refusal_never_repeats_a_value():
    with pytest.raises(SqlOutside) as caught:
        parse('SELECT "340100195001010008" FROM household')
    assert "3401" not in str(caught.value)


def test_every_class_of_node_that_is_not_listed_is_refused():
    classes = {
        c for c in vars(exp).values() if isinstance(c, type) and issubclass(c, exp.Expression)
    }
    assert len(classes) > 500
    listed = {c.__name__ for c in _ALLOWED}
    assert listed == {
        "Alias",
        "And",
        "Boolean",
        "Column",
        "EQ",
        "From",
        "Identifier",
        "In",
        "Literal",
        "Neg",
        "Paren",
        "Placeholder",
        "Select",
        "Table",
        "TableAlias",
        "Where",
    }


def tried(sql: str) -> Parsed | Fault:
    try:
        return parse(sql)
    except Fault as fault:
        return fault


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_by_name(sql: str):
    read = tried(sql)
    assert isinstance(read, Parsed) or read.code.startswith("query.")


_WORDS = st.sampled_from(
    "SELECT FROM WHERE AND OR IN NOT NULL AS household name address status = ( ) , . * ; :p"  # noqa: SIM905 - words to read
    " ' \" -- /* */ 1 'x' TRUE UNION ALL JOIN ON GROUP BY ORDER LIMIT WITH CASE WHEN THEN END"
    " :: [ ] { } $1 ? @".split()
)


@settings(deadline=None)
@given(st.lists(_WORDS, max_size=25))
def test_any_words_of_sql_are_read_or_refused_by_name(words: list[str]):
    read = tried("SELECT name FROM household WHERE " + " ".join(words))
    if isinstance(read, Fault):
        assert read.code.startswith("query.")
        return
    assert read.shown == (("name", "name"),)
    assert {c.column for c in read.conditions} <= {"household", "name", "address", "status"}


@pytest.mark.parametrize("sql", ["", " ", ";", "\n;\n"])
def test_an_empty_question_is_refused(sql: str):
    with pytest.raises(SqlNotOne):
        parse(sql)


def test_what_a_question_may_use_is_only_what_it_lists():
    for sql in ("SELECT note FROM kinship", "SELECT name FROM unheard_of"):
        with pytest.raises(Fault) as caught:
            resolve(parse(sql), Question(sql, "case", {"household": HOUSEHOLD}), CATALOG)
        assert caught.value.code == "query.table-unknown"
        assert caught.value.facts["nearest"] == ("household",)


def test_an_unknown_field_is_refused_with_the_nearest_ones():
    with pytest.raises(Fault) as caught:
        resolve(parse("SELECT adress FROM household"), Question("", "case", NAMES), CATALOG)
    assert caught.value.code == "query.column-unknown"
    assert "address" in caught.value.message("en")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", 1),
        ("name", True),
        ("moved_in", "31.1.2020"),
        ("moved_in", 20200131),
        ("members", "3"),
        ("members", True),
        ("members", 2**63),
        ("members", Decimal(1)),
    ],
)
def test_a_value_of_another_type_is_refused(column: str, value: object):
    question = Question("", "case", NAMES, {"v": value})  # type: ignore[dict-item]
    with pytest.raises(Fault) as caught:
        resolve(parse(f"SELECT name FROM household WHERE {column} = :v"), question, CATALOG)
    assert caught.value.code == "query.value-wrong"


@pytest.mark.parametrize("value", ["1.005", "NaN", "12345678901234", "x", True, "Infinity"])
def test_an_amount_that_does_not_fit_is_refused(value: object):
    question = Question("", "case", NAMES, {"v": value})  # type: ignore[dict-item]
    with pytest.raises(ValueWrong):
        resolve(parse("SELECT balance FROM account WHERE balance = :v"), question, CATALOG)


@pytest.mark.parametrize("value", ["1.5", "1e3", 7, Decimal("0.10"), "-3"])
def test_an_amount_that_fits_is_exact(value: object):
    question = Question("", "case", NAMES, {"v": value})  # type: ignore[dict-item]
    parsed = parse("SELECT balance FROM account WHERE balance = :v")
    literal = resolve(parsed, question, CATALOG).conditions[0].values[0]
    assert literal.value == Decimal(str(value))


def test_a_parameter_that_has_no_value_yet_is_not_asked():
    question = Question("", "verify", NAMES, {"applicant_id": None})
    with pytest.raises(Fault) as caught:
        resolve(
            parse("SELECT register_no FROM kinship WHERE kin_id_card = :applicant_id"),
            question,
            CATALOG,
        )
    assert caught.value.code == "query.parameter-empty"


def test_the_hash_of_a_question_does_not_depend_on_its_constants():
    parsed = parse("SELECT name FROM household WHERE status = :s")
    one, two = (
        resolve(parsed, Question("", "case", NAMES, {"s": s}), CATALOG).hash("case")
        for s in ("a", "b")
    )
    assert one == two
    assert one != resolve(
        parse("SELECT name FROM household"), Question("", "case", NAMES), CATALOG
    ).hash("case")


def test_what_a_question_would_use_is_known_before_it_is_asked():
    question = Question(
        "SELECT register_no FROM kinship WHERE kin_id_card = :a AND relation IN ('x')",
        "verify",
        NAMES,
        {"a": "me"},
    )
    assert uses(question, CATALOG, "me") == {
        "register_no": {"reference"},
        "kin_id_card": {"filter:applicant"},
        "relation": {"filter:in"},
    }
