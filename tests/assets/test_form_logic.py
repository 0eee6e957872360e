"""The browser shows, hides and computes what the server would: same answers, same page."""

import json
import re
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.expr.tree import Constant
from builder.forms import compile_form, parse_page, view_page
from builder.forms.journey import assess
from builder.forms.logic import island, page_logic
from builder.forms.question import Question
from builder.forms.values import to_value
from builder.forms.widgets import widget
from builder.scenario.model import Text
from tests.forms.conftest import make_scenario

TODAY = date(2026, 11, 23)

# ── What is typed ────────────────────────────────────────────────────────────────────────────────

TYPED = [
    *(("date", "date", t) for t in ("2026-11-03", "2026/1/3", "２０２６年１１月３日", "20261103")),
    *(("date", "date", t) for t in ("2026.2.28", " 2024-02-29 ", "2026 - 1 - 3", "9999-12-31")),
    *(("number", "int", t) for t in ("12", " １，２００ ", "-5", "+7", "0", "1,000,000", "007")),
    *(("number", "decimal", t) for t in ("12.5", ".5", "5.", "１２．５０", "-0.25", "1,234.5")),
    *(("money", "decimal", t) for t in ("￥１,２３４．５ 元", "100", "人民币 5 元整", "RMB 20")),
    *(("money", "decimal", t) for t in ("¥99.90", "1 000.00 yuan", "12圆")),
    *(("yes-no", "bool", t) for t in ("true", "false", "yes", "no")),
    *(("text", "text", t) for t in ("王小明", "  王 小明 ", "A", "é", "😀")),
    *(("id-number", "text", t) for t in ("11010519491231002x", "110105 19491231 002X")),
    ("id-number", "text", "１１０１０５１９４９１２３１００２Ｘ"),
    ("bank-card", "text", "6222 0212 0001 2345 679"),
]


def _read_by_server(kind, value_type, typed):
    question = Question("q", kind, Text("问", "Ask"), "f.q", type=value_type)
    return to_value(widget(kind).parse([typed], question), value_type)


def _plain(written):
    """Return a value without the zeros that one side keeps."""
    if written.get("t") == "decimal":
        return {**written, "v": f"{Decimal(written['v']).normalize():f}"}
    return written


@pytest.mark.parametrize(("kind", "value_type", "typed"), TYPED)
def test_what_is_typed_is_read_as_the_server_reads_it(ask, kind, value_type, typed):
    (found,) = ask("answer", [{"texts": [typed], "type": value_type, "widget": kind}])
    wanted = Constant(_read_by_server(kind, value_type, typed)).to_json()
    assert _plain(found) == _plain(wanted)


NOTHING = [
    *(("int", [t]) for t in ("12.5", "abc", "1e3", "0x10", "")),
    *(("decimal", [t]) for t in ("1e309", "NaN", ".", "Infinity")),
    *(("date", [t]) for t in ("2026-02-30", "2026-13-01", "tomorrow", "0000-01-01")),
    *(("bool", t) for t in (["maybe"], [])),
    *(("text", t) for t in (["\u3000 "], [])),
    ("list", []),
]


@pytest.mark.parametrize(("value_type", "texts"), NOTHING)
def test_what_is_not_an_answer_yet_is_null(ask, value_type, texts):
    assert ask("answer", [{"texts": texts, "type": value_type}]) == [{"v": None}]


# ── What is written ──────────────────────────────────────────────────────────────────────────────

SHOWN = [
    ("int", 1234567, None),
    ("int", -5, None),
    ("int", 999, None),
    ("decimal", "1234567.50", 2),
    ("decimal", "2.345", 2),
    ("decimal", "-2.345", 2),
    ("decimal", "0.005", 2),
    ("decimal", "12", 2),
    ("decimal", "1000", 0),
    ("decimal", "-0.4", 0),
    ("decimal", "123456789012345678.125", 2),
    ("date", "2026-11-03", None),
    ("date", "0987-01-01", None),
    ("bool", True, None),
    ("bool", False, None),
    ("text", "合肥", None),
]
_UNIT = {"zh": "元", "en": "yuan"}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("value_type", "value", "scale"), SHOWN)
@pytest.mark.parametrize("unit", [None, _UNIT])
def test_a_computed_value_is_written_as_the_server_writes_it(
    ask, value_type, value, scale, unit, lang
):
    options = {k: v for k, v in (("scale", scale), ("unit", unit)) if v is not None}
    question = Question(
        "q", "computed", Text("问", "Ask"), "f.q", type=value_type, options=options, computed=True
    )
    wanted = getattr(widget("computed").show(value, question), lang)
    asked = {"v": value, "t": value_type, "lang": lang, "look": {"scale": scale, "unit": unit}}
    assert ask("words", [asked]) == [wanted]


# ── A whole page ─────────────────────────────────────────────────────────────────────────────────

_STRING, _INT, _BOOL = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
_DAY, _MONEY = {"type": "string", "format": "date"}, {"type": "string", "format": "decimal"}
_KINDS = {
    "choices": [{"value": v, "label": {"zh": v, "en": v}} for v in ("a", "b", "c")],
}
_FIELDS = {
    "kind": {**_STRING, "enum": ["a", "b", "c"]},
    **dict.fromkeys(("name", "why", "id", "sex", "extra"), _STRING),
    **dict.fromkeys(("n", "years"), _INT),
    **dict.fromkeys(("m", "total"), _MONEY),
    **dict.fromkeys(("born", "until"), _DAY),
    **dict.fromkeys(("agreed", "is_late"), _BOOL),
}


def _control(name, kind, **more):
    return {
        "id": name.replace("_", "-"),
        "widget": kind,
        "scope": f"/f/{name}",
        "label": {"zh": "问", "en": "Ask"},
        **more,
    }


_FIRST = [
    _control("kind", "choice", options=_KINDS),
    _control("n", "number", when="f.kind = 'a' OR f.agreed = TRUE"),
    _control("m", "money", when="f.n > 5 OR f.kind IN ('b', 'c')"),
    _control("total", "computed", compute="coalesce(f.m, 0) * coalesce(f.n, 1) + 0.005"),
    _control("born", "date", when="f.total IS NULL OR f.total < 1000.00"),
    _control("years", "computed", compute="age(f.born)", when="f.born IS NOT NULL"),
    _control("agreed", "yes-no"),
    _control("name", "text", when="f.years < 18 OR length(f.extra) > 2"),
]
_SECOND = [
    _control("extra", "text"),
    _control("id", "id-number", when="NOT f.agreed"),
    _control("sex", "computed", compute="id_sex(f.id)"),
    _control("until", "computed", compute="add_months(f.born, 12)"),
    _control("is_late", "computed", compute="f.until < today() AND starts_with(f.extra, '是')"),
]
_THIRD = [
    _control("why", "long-text", when="f.is_late IS NOT FALSE AND fund_check.answer IS NOT TRUE")
]


def _section(name, controls, when=None):
    title = {"zh": "段", "en": "Part"}
    return {"id": name, "title": title, "controls": controls} | ({"when": when} if when else {})


@cache
def _form():
    sections = [
        _section("first", _FIRST),
        _section("second", _SECOND, "f.kind <> 'c'"),
        _section("third", _THIRD),
    ]
    return compile_form(make_scenario(_FIELDS, [[]], parts={"p1": {"sections": sections}}), "apply")


_ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["a", "b", "c"]),
        "n": st.sampled_from(["3", "6", "１２", "1,000"]),
        "m": st.sampled_from(["0", "100", "1234.50", "￥ 99.90 元"]),
        "born": st.sampled_from(["2026-11-23", "2008-11-24", "1960-1-1", "2025年11月23日"]),
        "agreed": st.sampled_from(["true", "false"]),
        "name": st.sampled_from(["王小明", "A"]),
        "extra": st.sampled_from(["x", "是的", "是不是", "😀😀", "𠮷𠮷𠮷"]),
        "id": st.sampled_from(["11010519491231002x", "440524188001010014"]),
        "why": st.just("因为"),
    },
)


def _asked(form, post):
    """Return what the browser knows of the page as it stands with these answers typed."""
    (page,) = form.pages
    model = view_page(form, "p1", {}, TODAY)
    logic = json.loads(re.sub("<[^>]*>", "", str(island(page_logic(page), model))))
    inputs = [c.question for c in page.controls() if not c.question.computed]
    return {
        "logic": logic,
        "texts": {q.id: post.get(q.name, []) for q in inputs},
        "moves": [c.question.id for c in page.controls() if c.question.conditional],
        "sections": {
            c.question.id: s.section.id for s in page.sections if s.conditional for c in s.controls
        },
        "today": TODAY.isoformat(),
    }


@given(st.lists(_ANSWERS, min_size=1, max_size=10))
@settings(max_examples=50, deadline=None)
def test_the_browser_decides_a_page_as_the_server_does(ask, drawn):
    form = _form()
    posts = [{f"f.{name}": [text] for name, text in answers.items()} for answers in drawn]
    for post, found in zip(posts, ask("decide", [_asked(form, p) for p in posts]), strict=True):
        state = assess(form, parse_page(form, "p1", post, {}, TODAY).values, TODAY)
        assert found["shown"] == {name: name in state.shown for name in found["shown"]}
        assert set(found["sections"]) >= {"second"}
        assert found["sections"] == {
            name: ("p1", name) in state.sections for name in found["sections"]
        }
        for control in form.controls():
            question = control.question
            if question.id in found["values"]:
                kept = to_value(state.values.get(question.pointer), question.type)
                written = _plain(found["values"][question.id])
                assert written == _plain(Constant(kept).to_json()), question.id


def test_the_page_lists_all_that_moves():
    asked = _asked(_form(), {})
    listed = {c["id"] for c in asked["logic"]["controls"]}
    assert set(asked["moves"]) <= listed
    assert {"total", "years", "sex", "until", "is-late"} <= listed
