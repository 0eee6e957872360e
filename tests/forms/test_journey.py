"""The path through a form follows from its answers."""

from datetime import date
from decimal import Decimal

from builder.forms import compile_form, journey
from builder.forms.journey import assess

YES = {"type": "boolean"}
TEXT = {"type": "string"}
MONEY = {"type": "string", "format": "decimal"}


def _yes(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "widget": "yes-no", "scope": f"/f/{name}", **more}


def test_a_page_is_on_the_path_only_where_its_condition_is_true(make_form, today):
    form = make_form(
        {"a": YES, "b": YES, "c": YES},
        [_yes("a")],
        [_yes("b")],
        [_yes("c")],
        parts={"p2": {"when": "f.a = TRUE"}},
    )
    assert journey(form, {}, today).pages == ("p1", "p3")
    assert journey(form, {"/f/a": False}, today).pages == ("p1", "p3")
    path = journey(form, {"/f/a": True}, today)
    assert path.pages == ("p1", "p2", "p3")
    assert (path.first, path.after("p1"), path.before("p1"), path.after("p3")) == (
        "p1",
        "p2",
        None,
        None,
    )
    assert path.after("p9") is None


def test_a_page_without_a_question_to_ask_is_passed_over(make_form, today):
    form = make_form({"a": YES, "b": YES}, [_yes("a")], [_yes("b", when="f.a = TRUE")])
    assert journey(form, {}, today).pages == ("p1",)


def test_a_hidden_answer_counts_as_none_for_all_that_read_it(make_form, today):
    form = make_form(
        {"a": YES, "b": YES, "c": YES},
        [_yes("c", when="f.b = TRUE"), _yes("b", when="f.a = TRUE"), _yes("a")],
    )
    answers = {"/f/a": False, "/f/b": True, "/f/c": True}
    state = assess(form, answers, today)
    assert state.shown == {"a"}
    assert state.scope["f.b"] is None
    assert assess(form, {**answers, "/f/a": True}, today).shown == {"a", "b", "c"}


def test_a_calculation_follows_hidden_and_shown_answers(make_form, today):
    form = make_form(
        {"a": MONEY, "b": MONEY, "sum": MONEY, "more": YES},
        [
            {
                "id": "sum",
                "widget": "computed",
                "scope": "/f/sum",
                "compute": "f.a + COALESCE(f.b, 0)",
            },
            {"id": "a", "widget": "money", "scope": "/f/a"},
            _yes("more"),
            {"id": "b", "widget": "money", "scope": "/f/b", "when": "f.more = TRUE"},
        ],
    )
    answers = {"/f/a": "10.50", "/f/b": "2.00", "/f/sum": "999999.00"}
    assert assess(form, answers, today).values["/f/sum"] == "10.50"
    shown = assess(form, {**answers, "/f/more": True}, today)
    assert shown.values["/f/sum"] == "12.50"
    assert shown.scope["f.sum"] == Decimal("12.50")


def test_what_was_fetched_and_locked_stands_whatever_is_kept(s23, today):
    form = compile_form(s23, "apply")
    known = {"death_record.death_date": date(2026, 11, 1), "kin_record.relation": "stranger"}
    state = assess(form, {"/application/death_date": "2020-01-01"}, today, known)
    assert state.values["/application/death_date"] == "2026-11-01"
    assert "death-date" in state.locked
    assert "relation" not in state.locked, "what does not fit the question leaves it open"


def test_a_heading_never_stands_alone(make_form):
    form = make_form({"a": YES, "b": YES}, [_yes("a"), _yes("b")])
    section = form.pages[0].sections[0]
    assert section.when is None
    hidden = make_form({"a": YES, "b": YES}, [_yes("a")], [_yes("b", when="f.a = TRUE")])
    assert hidden.pages[1].sections[0].when is not None


def test_unknown_pointers_are_nobodys_answers(make_form, today):
    form = make_form({"a": YES}, [_yes("a")])
    assert assess(form, {"/f/zzz": 1, "nonsense": 2, "/f/a": True}, today).values == {"/f/a": True}
