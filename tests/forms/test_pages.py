"""Pages as people and their tools meet them: by role and name, in both languages."""

import json
import string
import tomllib
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.forms import (
    Provenance,
    Sources,
    compile_form,
    example_answers,
    parse_page,
    review,
    summary,
    view_page,
)
from builder.forms.drawing import Shape, draw, fill, outline, shape_of, skeleton
from builder.forms.page import FieldState, Source
from builder.forms.widgets import KINDS, widget
from builder.scenario.model import Text
from federation.store import resource

YES = {"type": "boolean"}
STRING = {"type": "string"}
AT = datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
CHOICES = {
    "choices": [
        {
            "value": "a",
            "label": {"zh": "甲", "en": "A"},
            "hint": {"zh": "甲的说明", "en": "About A"},
        },
        {"value": "b", "label": {"zh": "乙", "en": "B"}},
    ]
}
PROSE = {"text": {"zh": "第一段。\n\n- 甲\n- 乙", "en": "First.\n\n- a\n- b"}}
FIELDS = {
    "text": STRING,
    "long_text": STRING,
    "number": {"type": "integer"},
    "money": {"type": "string", "format": "decimal"},
    "date": {"type": "string", "format": "date"},
    "yes_no": YES,
    "choice": STRING,
    "multi_choice": {"type": "array", "items": {"type": "string"}},
    "dictionary": STRING,
    "id_number": STRING,
    "phone": STRING,
    "bank_card": STRING,
    "address": STRING,
    "table": {
        "type": "array",
        "items": {"type": "object", "properties": {"name": STRING, "age": {"type": "integer"}}},
    },
    "computed": STRING,
    "promise": YES,
    "upload": {"type": "string", "format": "uuid"},
    "e_licence": {"type": "object"},
}
OPTIONS = {
    "e-licence": {"query": "some_query"},
    "choice": CHOICES,
    "multi-choice": CHOICES,
    "dictionary": CHOICES,
    "promise": PROSE,
    "notice": PROSE,
    "address": {"regions": CHOICES["choices"]},
    "number": {"unit": {"zh": "人", "en": "people"}},
}
COLUMNS = [
    {
        "id": name,
        "widget": kind,
        "scope": f"/row/{name}",
        "label": {"zh": zh, "en": en},
        "required": True,
    }
    for name, kind, zh, en in (("name", "text", "姓名", "Name"), ("age", "number", "年龄", "Age"))
]


@pytest.fixture
def every_kind(make_form):
    """A form with one control of each kind, required where that means something."""
    controls = [
        {
            "id": kind,
            "widget": kind,
            "label": {"zh": f"{kind}的问题", "en": f"Question of {kind}"},
            "hint": {"zh": "提示", "en": "Hint"},
            "required": kind not in ("notice", "computed"),
            "options": OPTIONS.get(kind, {}),
            **({} if kind == "notice" else {"scope": f"/f/{kind.replace('-', '_')}"}),
            **({"compute": "f.text"} if kind == "computed" else {}),
            **({"columns": COLUMNS} if kind == "table" else {}),
        }
        for kind in KINDS
    ]
    return make_form(FIELDS, controls)


def _tree(html: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(f"<div>{html}</div>")


def _inputs(tree: lxml.html.HtmlElement) -> list[lxml.html.HtmlElement]:
    """Return what a reader fills in: not what is hidden, nor the blank row that scripts copy."""
    found = tree.xpath("//input | //select | //textarea | //output")
    return [e for e in found if e.get("type") != "hidden" and not e.xpath("ancestor::template")]


def _text(element: lxml.html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _name(tree: lxml.html.HtmlElement, element: lxml.html.HtmlElement) -> str:
    (label,) = tree.xpath(f"//label[@for='{element.get('id')}']")
    return _text(label)


def _described(tree: lxml.html.HtmlElement, element: lxml.html.HtmlElement) -> str:
    ids = (element.get("aria-describedby") or "").split()
    return " ".join(_text(tree.get_element_by_id(each)) for each in ids)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_input_has_one_name_and_every_reference_leads_somewhere(
    every_kind, renderer, today, lang
):
    parsed = parse_page(every_kind, "p1", {}, {}, today)
    model = view_page(every_kind, "p1", {}, today, parsed=parsed)
    tree = _tree(renderer.errors(model, lang) + renderer.page(model, lang))
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert all(_name(tree, each) for each in _inputs(tree))
    references = " ".join(tree.xpath("//@aria-describedby | //@aria-labelledby | //@list")).split()
    assert set(references) <= set(ids)
    assert {link[1:] for link in tree.xpath("//*[@class='error-summary']//a/@href")} <= set(ids)


def test_a_required_question_says_so_in_words(every_kind, renderer, today):
    model = view_page(every_kind, "p1", {}, today)
    for lang, word in (("zh", "必填"), ("en", "required")):
        tree = _tree(renderer.page(model, lang))
        assert _name(tree, tree.get_element_by_id("q-text")).endswith(word)
        legends = [_text(e) for e in tree.xpath("//fieldset[not(@data-row)]/legend")]
        assert len(legends) == 8
        assert all(legend.endswith(word) for legend in legends)


def test_choices_are_a_group_under_their_question(every_kind, renderer, today):
    tree = _tree(renderer.page(view_page(every_kind, "p1", {"/f/choice": "b"}, today), "zh"))
    (group,) = tree.xpath("//fieldset[.//input[@name='f.choice']]")
    assert _text(group.find("legend")).startswith("choice的问题")
    radios = group.xpath(".//input[@type='radio']")
    assert [_name(tree, radio) for radio in radios] == ["甲 甲的说明", "乙"]
    assert [radio.get("checked") is not None for radio in radios] == [False, True]
    assert _described(tree, group) == "提示"


def test_an_error_is_read_with_its_input_and_leads_there(every_kind, renderer, today):
    parsed = parse_page(every_kind, "p1", {"f.id_number": ["123"]}, {}, today)
    model = view_page(every_kind, "p1", {}, today, parsed=parsed)
    html = renderer.errors(model, "zh") + renderer.page(model, "zh")
    tree = _tree(html)
    alert = tree.xpath("//*[@role='alert']")[0]
    assert _text(alert.find("h2")) == f"有 {len(model.errors)} 处需要修改"
    target = alert.xpath(".//a[text()='请填写 18 位身份证号码。']/@href")[0]
    box = tree.get_element_by_id(target[1:])
    assert box.get("value") == "123"
    assert box.get("aria-invalid") == "true"
    assert _described(tree, box) == "提示 请修改：请填写 18 位身份证号码。"


def test_a_good_page_has_no_error_summary(every_kind, renderer, today):
    assert renderer.errors(view_page(every_kind, "p1", {}, today), "zh") == ""


def test_inputs_help_with_the_right_keyboard_and_memory(make_form, renderer, today):
    form = make_form(
        {
            "a": STRING,
            "b": STRING,
            "c": {"type": "string", "format": "decimal"},
            "d": {"type": "string", "format": "date"},
        },
        [
            {"id": "a", "widget": "text", "scope": "/f/a", "options": {"autocomplete": "name"}},
            {"id": "b", "widget": "phone", "scope": "/f/b", "options": {"autocomplete": "tel"}},
            {"id": "c", "widget": "money", "scope": "/f/c"},
            {"id": "d", "widget": "date", "scope": "/f/d"},
        ],
    )
    tree = _tree(renderer.page(view_page(form, "p1", {}, today), "zh"))
    found = {
        each.get("id"): (each.get("type"), each.get("inputmode"), each.get("autocomplete"))
        for each in _inputs(tree)
    }
    assert found == {
        "q-a": ("text", None, "name"),
        "q-b": ("tel", "tel", "tel"),
        "q-c": ("text", "decimal", "off"),
        "q-d": ("date", None, "off"),
    }
    assert _described(tree, tree.get_element_by_id("q-c")) == "元"


def test_where_a_value_came_from_stands_beside_it(s23, renderer, today):
    form = compile_form(s23, "apply")
    known = {
        "kin_check.answer": True,
        "death_record.death_date": date(2026, 11, 1),
        "death_record.death_place": "home",
    }
    kept = {
        f"/application/{name}": Provenance(
            "death_record", "health.death_certificate", name, "health", AT
        )
        for name in ("death_date", "death_place")
    }
    titles = {
        "health": Text("市卫健委", "Health Commission"),
        "health.death_certificate": Text("死亡证明库", "death certificates"),
    }
    answers = {"/application/death_place": "home"}
    model = view_page(form, "death", answers, today, known, sources=Sources(kept, titles))
    tree = _tree(renderer.page(model, "zh"))
    day = tree.get_element_by_id("q-death-date")
    assert (day.tag, _text(day)) == ("output", "2026年11月1日")
    assert _text(tree.get_element_by_id("q-death-date-source")) == (
        "来自市卫健委“死亡证明库”，2026-11-23 免填，不能修改"
    )
    assert _text(tree.get_element_by_id("q-death-place-source")).endswith("2026-11-23 免填")
    edited = {"/application/death_place": "hospital"}
    model = view_page(form, "death", edited, today, known, sources=Sources(kept, titles))
    tree = _tree(renderer.page(model, "en"))
    assert _text(tree.get_element_by_id("q-death-place-source")) == (
        "Filled in from death certificates of Health Commission on 2026-11-23; changed by you"
    )


def test_the_browser_gets_the_logic_of_its_page_and_what_it_reads(s23, renderer, today):
    form = compile_form(s23, "apply")
    answers = {"/application/deceased_name": "不该出现"}
    html = renderer.page(view_page(form, "death", answers, today, {"kin_check.answer": True}), "zh")
    (island,) = _tree(html).xpath("//script[@type='application/json'][@id='form-logic']/text()")
    logic = json.loads(island)
    assert [c["id"] for c in logic["controls"]] == ["cremated", "cremation-no", "cremation-date"]
    assert logic["controls"][0]["name"] == "application.cremated"
    assert "/cremation_record/certificate_no" in logic["constants"]
    assert "不该出现" not in html
    assert "<script" not in renderer.page(view_page(form, "who", answers, today), "zh")


def test_the_browser_is_told_what_kind_of_value_a_constant_is(make_form, renderer, today):
    form = make_form(
        {
            "a": {"type": "string", "format": "date"},
            "b": {"type": "integer"},
            "c": YES,
            "d": STRING,
        },
        [
            {"id": "a", "widget": "date", "scope": "/f/a"},
            {"id": "b", "widget": "number", "scope": "/f/b"},
        ],
        [
            {"id": "c", "widget": "yes-no", "scope": "/f/c"},
            {
                "id": "d",
                "widget": "text",
                "scope": "/f/d",
                "when": "f.c = TRUE AND f.a < DATE '2026-01-01' AND f.b > 3",
            },
        ],
    )
    model = view_page(form, "p2", {"/f/a": "2025-05-01", "/f/b": 4}, today)
    (island,) = _tree(renderer.page(model, "zh")).xpath("//script/text()")
    logic = json.loads(island)
    assert logic["constants"] == {"/f/a": "2025-05-01", "/f/b": "4"}
    assert logic["types"] == {"/f/a": "date", "/f/b": "int"}


def test_what_nothing_on_the_page_can_reveal_is_left_out(s23, renderer, today):
    form = compile_form(s23, "apply")
    hidden = renderer.page(view_page(form, "death", {}, today, {"kin_check.answer": True}), "zh")
    shown = renderer.page(view_page(form, "death", {}, today, {"kin_check.answer": False}), "zh")
    assert "application.kin_proof" not in hidden
    assert "application.kin_proof" in shown


def test_what_the_page_can_reveal_waits_hidden(make_form, renderer, today):
    form = make_form(
        {"a": YES, "b": STRING},
        [
            {"id": "a", "widget": "yes-no", "scope": "/f/a"},
            {"id": "b", "widget": "text", "scope": "/f/b", "when": "f.a = TRUE"},
        ],
    )
    for answers, hidden in (({}, True), ({"/f/a": True}, False)):
        tree = _tree(renderer.page(view_page(form, "p1", answers, today), "zh"))
        (field,) = tree.xpath("//*[@data-when-id='b']")
        assert (field.get("hidden") is not None) is hidden


def test_the_island_cannot_be_broken_out_of(make_form, renderer, today):
    form = make_form(
        {"a": STRING, "b": STRING, "c": YES},
        [{"id": "a", "widget": "text", "scope": "/f/a"}],
        [
            {"id": "c", "widget": "yes-no", "scope": "/f/c"},
            {"id": "b", "widget": "text", "scope": "/f/b", "when": "f.a = 'x' OR f.c = TRUE"},
        ],
    )
    attack = "</script><script>alert(1)</script>"
    html = renderer.page(view_page(form, "p2", {"/f/a": attack}, today), "zh")
    (island,) = _tree(html).xpath("//script/text()")
    assert json.loads(island)["constants"] == {"/f/a": attack}


def test_typed_markup_is_text(every_kind, renderer, today):
    attack = '"><img src=x onerror=alert(1)>'
    parsed = parse_page(every_kind, "p1", {f"f.{name}": [attack] for name in FIELDS}, {}, today)
    html = renderer.page(view_page(every_kind, "p1", {}, today, parsed=parsed), "zh")
    assert not _tree(html).xpath("//img")
    assert _tree(html).get_element_by_id("q-text").get("value") == attack


def test_the_review_lists_answers_by_page_with_where_to_change_them(s23, renderer, today):
    form = compile_form(s23, "apply")
    known = {"kin_check.answer": True, "applicant.name": "王小明"}
    answers = example_answers(form, 3, today, known)
    answers["/application/contact_address"] = None
    model = review(form, answers, today, known, changed=["/application/deceased_name"])
    tree = _tree(renderer.summary(model, "zh", lambda page, anchor: f"/draft/{page}#{anchor}"))
    assert [_text(h) for h in tree.xpath("//h2")] == [p.page.title.zh for p in form.pages]
    rows = {_text(row.find("dt")): row for row in tree.xpath("//dl/div")}
    assert "未填写" in _text(rows["联系地址"])
    assert "已更改" in _text(rows["逝者姓名"])
    (link,) = rows["逝者姓名"].xpath(".//a")
    assert (link.get("href"), _text(link)) == ("/draft/who#q-deceased-name", "修改 逝者姓名")
    assert not rows["收款人"].xpath(".//a") if "收款人" in rows else True


def test_an_officer_sees_the_pointers_of_the_step_and_nothing_else(s23, renderer):
    answers = {
        "/application/deceased_name": "王大明",
        "/application/deceased_id": "340102195003071234",
        "/application/payee_account": "6222021234567890128",
        "/applicant/id_card": "11010519491231002X",
    }
    pointers = [
        "/application/deceased_name",
        "/application/deceased_id",
        "/applicant/id_card",
        "/application/relation",
    ]
    model = summary(s23, pointers, answers, mask=["/application/deceased_id", "/applicant/id_card"])
    html = renderer.summary(model, "zh")
    tree = _tree(html)
    assert [(_text(d.find("dt")), _text(d.find("dd"))) for d in tree.xpath("//dl/div")] == [
        ("逝者姓名", "王大明"),
        ("逝者身份证号码", "340***********1234"),
        ("身份证号码", "110***********002X"),
        ("申请人是逝者的", "未填写"),
    ]
    assert "6222" not in html
    assert "0307" not in html
    assert summary(s23, [], answers).sections == ()


def test_an_officer_asking_for_a_correction_marks_its_question(every_kind, renderer, today):
    html = renderer.page(view_page(every_kind, "p1", {}, today, asked=["/f/text"]), "zh")
    (note,) = _tree(html).xpath("//*[contains(@class, 'field__asked')]")
    assert _text(note) == "经办人请您补正这一项"


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────


@given(data=st.data())
def test_a_filled_skeleton_is_what_the_template_gives(renderer, data):
    kind = widget(data.draw(st.sampled_from([k for k in KINDS if not widget(k).of_rows])))
    state = data.draw(_states(kind))
    lang = data.draw(st.sampled_from(["zh", "en"]))
    slow = renderer.control(state, lang)
    source = renderer._source(state.source, lang)
    drawing = outline(kind, state.question, lang, shape_of(state))
    parts = skeleton(renderer._drawing(state, drawing, lang), kind, state.question)
    assert fill(parts, kind, state, lang, source) == slow
    assert isinstance(shape_of(state), Shape)
    assert draw(kind, state, lang, source).id == state.question.html_id


def _states(kind) -> st.SearchStrategy[FieldState]:
    question = QUESTIONS[kind.kind]
    texts = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=12)
    values = texts | st.sampled_from(["a", "b", "true", "<b>", "&amp;", "{{ x }}", "\n甲"])
    text = st.builds(Text, texts.filter(bool), texts.filter(bool))
    source = st.builds(
        Source, text, text, st.just("2026-11-23"), st.sampled_from(["filled", "locked", "edited"])
    )
    return st.builds(
        FieldState,
        question=st.builds(lambda c: replace(question, conditional=c), st.booleans()),
        raw=st.lists(values, max_size=3).map(tuple),
        shown=st.booleans(),
        locked=st.just(value=True) if kind.kind in ("computed", "notice") else st.booleans(),
        display=text,
        error=st.none() | text,
        source=st.none() | source,
        asked=st.booleans(),
    )


def _questions():
    from builder.forms.compiled import as_question
    from builder.scenario.model import Control, EntityField

    types = {
        "number": "int",
        "money": "decimal",
        "date": "date",
        "yes-no": "bool",
        "promise": "bool",
        "multi-choice": "list",
    }
    made = {}
    for kind in KINDS:
        pointer = None if kind == "notice" else "/f/x"
        control = Control(
            "x",
            kind,
            pointer,
            Text("问题<", "Question<"),
            Text("提示", "Hint"),
            required=True,
            options=OPTIONS.get(kind, {}),
        )
        field = EntityField("x", "/f/x", {"type": "string"}, types.get(kind, "text"))
        made[kind] = as_question(control, field if pointer else None, {})
    return made


QUESTIONS = _questions()


@pytest.mark.parametrize("area", ["forms", "widgets"])
def test_both_languages_say_the_same_things(area):
    tables = {
        lang: tomllib.loads(resource(f"templates/text/{lang}.toml").read_text("utf-8"))[area]
        for lang in ("zh", "en")
    }
    assert tables["zh"].keys() == tables["en"].keys()
    for key, text in tables["zh"].items():
        assert _holes(text) == _holes(tables["en"][key]), key


def _holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
