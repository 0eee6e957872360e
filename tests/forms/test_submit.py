"""What is posted becomes answers, or is told apart; nothing posted breaks anything."""

from datetime import date

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.forms import (
    changed,
    compile_form,
    example_answers,
    finalize,
    parse_page,
    prefill,
    validate_all,
    view_page,
)
from builder.forms.rules import form_schema, nested

YES = {"type": "boolean"}
TEXT = {"type": "string"}
KNOWN = {
    "applicant.name": "王小明",
    "kin_check.answer": True,
    "kin_record.relation": "child",
    "death_record.death_date": date(2026, 11, 1),
    "death_record.death_place": "home",
}


def _control(name: str, widget: str = "text", **more: object) -> dict[str, object]:
    return {"id": name, "widget": widget, "scope": f"/f/{name}", **more}


def test_good_answers_are_kept_beside_what_is_to_mend(make_form, today):
    form = make_form(
        {"a": TEXT, "b": TEXT, "c": TEXT},
        [_control("a", required=True), _control("b", "id-number"), _control("c")],
    )
    post = {"f.a": ["王小明"], "f.b": ["123"], "f.c": [""], "csrf_token": ["x"], "f.zzz": ["!"]}
    parsed = parse_page(form, "p1", post, {}, today)
    assert parsed.values == {"/f/a": "王小明", "/f/c": None}
    assert [(e.pointer, e.code, e.target) for e in parsed.errors] == [
        ("/f/b", "forms.id-length", "q-b")
    ]
    assert parsed.raw["b"] == ("123",)


def test_a_bad_answer_leaves_the_kept_one_alone(make_form, today):
    form = make_form({"b": TEXT}, [_control("b", "id-number")])
    parsed = parse_page(form, "p1", {"f.b": ["123"]}, {"/f/b": "11010519491231002X"}, today)
    assert "/f/b" not in parsed.values
    page = view_page(form, "p1", {"/f/b": "11010519491231002X"}, today, parsed=parsed)
    assert page.sections[0].fields[0].raw == ("123",)


def test_an_emptied_answer_is_emptied_even_where_one_is_required(make_form, today):
    form = make_form({"a": TEXT}, [_control("a", required=True)])
    parsed = parse_page(form, "p1", {"f.a": [" "]}, {"/f/a": "旧"}, today)
    assert parsed.values == {"/f/a": None}
    assert [e.code for e in parsed.errors] == ["forms.required"]


def test_what_this_page_reveals_is_asked_before_going_on(make_form, today):
    form = make_form(
        {"a": YES, "b": TEXT},
        [_control("a", "yes-no"), _control("b", required=True, when="f.a = TRUE")],
    )
    assert not parse_page(form, "p1", {"f.a": ["false"]}, {}, today).errors
    parsed = parse_page(form, "p1", {"f.a": ["true"]}, {}, today)
    assert [e.control for e in parsed.errors] == ["b"]
    page = view_page(form, "p1", {}, today, parsed=parsed)
    assert [f.shown for f in page.sections[0].fields] == [True, True]


def test_answers_to_hidden_questions_are_not_taken(make_form, today):
    form = make_form(
        {"a": YES, "b": TEXT},
        [_control("a", "yes-no"), _control("b", when="f.a = TRUE")],
    )
    parsed = parse_page(form, "p1", {"f.a": ["false"], "f.b": ["偷偷"]}, {}, today)
    assert parsed.values == {"/f/a": False}


def test_locked_and_computed_questions_take_nothing_from_a_post(s23, today):
    form = compile_form(s23, "apply")
    post = {"application.death_date": ["2020-01-01"], "application.relation": ["parent"]}
    parsed = parse_page(form, "death", post, {}, today, KNOWN)
    assert "/application/death_date" not in parsed.values
    assert "/application/relation" not in parsed.values
    post = {"application.payee_name": ["别人"]}
    assert (
        "/application/payee_name" not in parse_page(form, "accounts", post, {}, today, KNOWN).values
    )


def test_two_controls_of_one_field_take_the_one_that_is_asked(make_form, today):
    form = make_form(
        {"a": YES, "b": TEXT},
        [
            _control("a", "yes-no"),
            _control("b", "text", when="f.a = TRUE"),
            {**_control("b", "id-number", when="f.a = FALSE"), "id": "b-id"},
        ],
    )
    names = [c.question.name for c in form.controls()]
    assert names == ["f.a", "f.b", "f.b~b-id"]
    post = {"f.a": ["false"], "f.b": [""], "f.b~b-id": ["11010519491231002X"]}
    assert parse_page(form, "p1", post, {}, today).values["/f/b"] == "11010519491231002X"


def test_final_answers_are_what_the_server_makes_of_them(s23, today):
    form = compile_form(s23, "apply")
    answers = {
        **example_answers(form, 7, today, KNOWN),
        "/application/kin_proof": "other",
        "/application/payee_name": "别人",
        "/application/death_date": "2020-01-01",
        "/application/contact_phone": "+86 138-1234-5678",
        "/other/form": "x",
    }
    final = finalize(form, answers, today, KNOWN)
    assert final["/application/death_date"] == "2026-11-01"
    assert final["/application/contact_phone"] == "13812345678"
    assert final.get("/application/payee_name", "王小明") == "王小明"
    assert "/application/kin_proof" not in final
    assert "/other/form" not in final
    assert None not in final.values()


def test_fetched_values_fill_only_what_nobody_touched(s23):
    form = compile_form(s23, "apply")
    assert prefill(form, {}, KNOWN) == {
        "/application/relation": "child",
        "/application/death_date": "2026-11-01",
        "/application/death_place": "home",
    }
    touched = {"/application/death_place": None, "/application/relation": "parent"}
    assert prefill(form, touched, KNOWN) == {"/application/death_date": "2026-11-01"}
    assert prefill(form, {}, {"kin_record.relation": "no such relation"}) == {}


def test_a_whole_submission_is_judged_in_reading_order(s23, today):
    form = compile_form(s23, "apply")
    problems = validate_all(form, {"/application/deceased_id": "123"}, today, KNOWN)
    assert [p.code for p in problems][:2] == ["forms.required", "forms.id-length"]
    pages = [p.page for p in problems]
    assert pages == sorted(pages, key=["who", "death", "accounts", "promises"].index)
    assert problems[0].to_json()["message"] == {
        "zh": "请填写“逝者姓名”。",
        "en": "Enter “Name of the deceased”.",
    }


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}, ["x"], "a\x00b", "\ud800", "x" * 100_000])
def test_answers_of_another_type_are_told_apart(make_form, today, value):
    form = make_form(
        {
            "a": TEXT,
            "b": YES,
            "c": {"type": "string", "format": "date"},
            "d": {"type": "array", "items": {"type": "string"}},
            "e": {"type": "integer"},
        },
        [
            _control("a"),
            _control("b", "yes-no"),
            _control("c", "date"),
            _control(
                "d",
                "multi-choice",
                options={"choices": [{"value": "x", "label": {"zh": "甲", "en": "A"}}]},
            ),
            _control("e", "number"),
        ],
    )
    answers = {f"/f/{name}": value for name in "abcde"}
    good = {"b": True, "d": ["x"], "e": 1}
    sound = {n for n, v in good.items() if v == value and type(v) is type(value)}
    found = {p.pointer[-1] for p in validate_all(form, answers, today)}
    assert found == set("abcde") - sound


def test_a_rule_of_the_record_is_told_in_words(make_form, today):
    form = make_form(
        {
            "a": {"type": "string", "format": "email", "examples": ["a@example.cn"]},
            "b": {"type": "string", "not": {"const": "禁"}},
        },
        [_control("a"), _control("b")],
    )
    parsed = parse_page(form, "p1", {"f.a": ["不是邮箱"], "f.b": ["禁"]}, {}, today)
    assert [e.code for e in parsed.errors] == ["forms.email", "forms.does-not-fit"]
    assert parsed.errors[1].message.zh == "“问题”不符合要求，请核对。"
    assert "/f/a" not in parsed.values


def test_a_day_may_not_come_before_another_answer(make_form, today):
    day = {"type": "string", "format": "date"}
    form = make_form(
        {"a": day, "b": day},
        [
            _control("a", "date", label={"zh": "去世日期", "en": "Date of death"}),
            _control("b", "date", options={"min": "/f/a"}),
        ],
    )
    post = {"f.a": ["2026-11-02"], "f.b": ["2026-11-01"]}
    (problem,) = parse_page(form, "p1", post, {}, today).errors
    assert problem.message.zh == "“问题”不能早于“去世日期”。"
    assert not parse_page(form, "p1", {**post, "f.b": ["2026-11-02"]}, {}, today).errors


def test_changes_are_told_by_pointer():
    assert changed({"/a/b": 1, "/a/c": 2, "/a/d": 3}, {"/a/c": 2, "/a/d": 4, "/a/e": 5}) == (
        "/a/d",
        "/a/e",
        "/a/b",
    )


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────

_NAMES = st.sampled_from(
    [
        "application.deceased_name",
        "application.deceased_id",
        "application.relation",
        "application.death_date",
        "application.contact_address.region",
        "application.fund_requested",
        "application.payee_account",
        "",
        "\x00",
        "csrf_token",
    ]
)
_VALUES = st.lists(
    st.text(max_size=30) | st.sampled_from(["true", "2026-11-01", "\ud800", "\u202e", "长" * 9000]),
    max_size=4,
)


@given(
    post=st.dictionaries(_NAMES | st.text(max_size=8), _VALUES, max_size=8),
    page=st.sampled_from(["who", "death", "accounts", "promises"]),
)
def test_no_post_fails_a_page(s23, renderer, post, page):
    form, today = compile_form_once(s23), date(2026, 11, 23)
    parsed = parse_page(form, page, post, {}, today, {})
    model = view_page(form, page, {}, today, {}, parsed=parsed)
    html = renderer.page(model, "zh") + renderer.errors(model, "en")
    assert "\x00" not in html
    assert "\u202e" not in html
    kept = {**parsed.values}
    again = validate_all(form, kept, today, {})
    assert not {p.pointer for p in again if kept.get(p.pointer) is not None}


_FORMS: dict[int, object] = {}


def compile_form_once(scenario):
    return _FORMS.setdefault(id(scenario), compile_form(scenario, "apply"))


@given(seed=st.integers(0, 2**32), confirmed=st.booleans(), fetched=st.booleans())
def test_made_up_answers_pass_every_check(s23, seed, confirmed, fetched):
    today = date(2026, 11, 23)
    known = {**(KNOWN if fetched else {}), "kin_check.answer": confirmed}
    form = compile_form_once(s23)
    answers = example_answers(form, seed, today, known)
    assert not validate_all(form, answers, today, known)
    final = finalize(form, answers, today, known)
    assert not validate_all(form, final, today, known)
    assert finalize(form, final, today, known) == final
    schema = form_schema(s23.entities, form.by_pointer)
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors(nested(final)))


@pytest.mark.parametrize("seed", range(5))
def test_made_up_answers_of_every_form_survive_a_browser(s23, seed, today):
    for each in s23.forms:
        form = compile_form(s23, each.id)
        answers = example_answers(form, seed, today)
        for page in form.pages:
            post = {
                c.question.name + part: [text]
                for c in page.controls()
                if c.question.pointer and not c.question.computed
                for part, text in zip(
                    c.widget.parts,
                    c.widget.write(answers.get(c.question.pointer), c.question),
                    strict=False,
                )
            }
            parsed = parse_page(form, page.id, post, {**answers}, today)
            assert not parsed.errors
            assert {p: v for p, v in parsed.values.items() if v is not None} == {
                p: answers[p] for p in parsed.values if answers.get(p) is not None
            }
