"""A required answer may be left open by a tick: to come later, or promised instead."""

from __future__ import annotations

import pytest

from builder.forms import (
    finalize,
    left_open,
    parse_open,
    parse_page,
    review,
    validate_all,
    view_open,
    view_page,
)

TEXT = {"type": "string"}
WORDS = {"zh": "我承诺属实。", "en": "I promise it is true."}
THEN = {"zh": "不实的，撤销。", "en": "If untrue, it is revoked."}
LATER = {"deferrable": {"days": 10}}
PROMISE = {"promise": {"text": WORDS, "consequence": THEN}}


def _control(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "widget": "text", "scope": f"/f/{name}", "required": True, **more}


@pytest.fixture
def form(make_form):
    return make_form(
        dict.fromkeys("abcd", TEXT),
        [
            _control("a", **LATER),
            _control("b", **PROMISE),
            _control("c", **LATER, **PROMISE),
            _control("d"),
        ],
    )


def test_a_tick_leaves_a_required_answer_open(form, today):
    post = {"f.a~later": ["true"], "f.b~promise": ["true"], "f.c~later": ["true"], "f.d": ["x"]}
    parsed = parse_page(form, "p1", post, {}, today)
    assert not parsed.errors
    answers = dict(parsed.values)
    assert left_open(form, answers, today) == {"/f/a": "later", "/f/b": "promise", "/f/c": "later"}
    assert not validate_all(form, answers, today)
    assert finalize(form, answers, today) == {"/f/d": "x"}


def test_an_answer_goes_before_its_tick(form, today):
    post = {"f.a": ["here"], "f.a~later": ["true"], "f.b": ["1"], "f.c": ["2"], "f.d": ["3"]}
    answers = dict(parse_page(form, "p1", post, {}, today).values)
    assert left_open(form, answers, today) == {}
    assert finalize(form, answers, today)["/f/a"] == "here"


def test_a_tick_taken_away_asks_again(form, today):
    before = {"/f/a~later": True, "/f/b": "1", "/f/c": "2", "/f/d": "3"}
    post = {"f.b": ["1"], "f.c": ["2"], "f.d": ["3"]}
    parsed = parse_page(form, "p1", post, before, today)
    assert [e.code for e in parsed.errors] == ["forms.required"]
    assert not left_open(form, {**before, **parsed.values}, today)


def test_both_ways_at_once_are_refused(form, today):
    post = {
        "f.c~later": ["true"],
        "f.c~promise": ["true"],
        "f.a": ["1"],
        "f.b": ["2"],
        "f.d": ["3"],
    }
    parsed = parse_page(form, "p1", post, {}, today)
    assert [(e.pointer, e.code) for e in parsed.errors] == [("/f/c", "forms.left-twice")]


def test_a_tick_that_is_not_offered_is_ignored(form, today):
    post = {"f.d~later": ["true"], "f.b~later": ["true"], "f.a": ["1"], "f.c": ["2"]}
    parsed = parse_page(form, "p1", post, {}, today)
    assert sorted(e.pointer for e in parsed.errors) == ["/f/b", "/f/d"]


def test_what_is_owed_is_supplied_bit_by_bit(form, today):
    answers = {"/f/a~later": True, "/f/c~later": True, "/f/b": "1", "/f/d": "2"}
    parsed = parse_open(form, ("/f/a", "/f/c"), {"f.a": ["came"], "f.d": ["no"]}, answers, today)
    assert parsed.values == {"/f/a": "came"}
    assert not parsed.errors
    assert parse_open(form, ("/f/a", "/f/c"), {}, answers, today).values == {}


def test_the_page_for_what_is_owed_asks_for_nothing_else(form, today, renderer):
    answers = {"/f/a~later": True, "/f/c~later": True, "/f/d": "2"}
    model = view_open(form, ("/f/a", "/f/c"), answers, today)
    assert [f.question.pointer for s in model.sections for f in s.fields] == ["/f/a", "/f/c"]
    drawn = str(renderer.page(model, "zh"))
    assert "~later" not in drawn
    assert "~promise" not in drawn
    assert "必填" not in drawn


@pytest.mark.parametrize("answers", [{}, {"/f/a~later": True, "/f/c~promise": True}])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_ticks_are_drawn_as_they_stand(form, today, renderer, answers, lang):
    model = view_page(form, "p1", answers, today, later_by={"/f/a": "2026-12-14"})
    page = str(renderer.page(model, lang))
    for section in model.sections:
        for field in section.fields:
            assert str(renderer.control(field, lang)) in page
    assert page.count(" checked") == len(answers)
    assert page.count(" open>") == ("/f/c~promise" in answers)
    assert "2026-12-14" in page
    assert WORDS[lang].split("。")[0][:5] in page


def test_the_review_says_what_was_left_open(form, today):
    answers = {"/f/a~later": True, "/f/b~promise": True, "/f/c": "x"}
    model = review(form, answers, today, later_by={"/f/a": "2026-12-14"})
    marks = {r.pointer: r.mark and r.mark.text.en for s in model.sections for r in s.rows}
    assert marks == {
        "/f/a": "To be supplied by 2026-12-14",
        "/f/b": "Promised instead",
        "/f/c": None,
        "/f/d": None,
    }
