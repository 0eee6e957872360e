"""Tables: rows that come, go and move without scripts, and what is said about each cell."""

import lxml.html
import pytest

from builder.forms import (
    example_answers,
    finalize,
    parse_page,
    review,
    summary,
    validate_all,
    view_page,
)

FIELDS = {
    "land": {"type": "boolean"},
    "kin": {
        "type": "array",
        "minItems": 1,
        "maxItems": 3,
        "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 4},
                "born": {"type": "string", "format": "date"},
                "ties": {"type": "array", "items": {"type": "string"}},
                "mail": {"type": "string", "format": "email"},
            },
        },
    },
}
TIES = [{"value": v, "label": {"zh": v, "en": v}} for v in ("spouse", "child")]
COLUMNS = [
    {"id": "name", "widget": "text", "scope": "/row/name", "required": True},
    {"id": "born", "widget": "date", "scope": "/row/born", "options": {"max": "today"}},
    {"id": "ties", "widget": "multi-choice", "scope": "/row/ties", "options": {"choices": TIES}},
    {
        "id": "mail",
        "widget": "text",
        "scope": "/row/mail",
        "required_when": "row.born < DATE '2000-01-01' AND f.land = TRUE",
    },
]
TITLES = {"name": "姓名", "born": "出生日期", "ties": "关系", "mail": "邮箱"}


@pytest.fixture
def form(make_form):
    columns = [{**c, "label": {"zh": TITLES[c["id"]], "en": c["id"]}} for c in COLUMNS]
    kin = {"id": "kin", "widget": "table", "scope": "/f/kin", "required": True, "columns": columns}
    kin["label"] = {"zh": "亲属", "en": "Kin"}
    return make_form(FIELDS, [{"id": "land", "widget": "yes-no", "scope": "/f/land"}, kin])


def _post(*rows, **more):
    post = {"f.kin": [str(i) for i in range(len(rows))], **more}
    for i, row in enumerate(rows):
        post |= {
            f"f.kin.{i}.{name}": text if isinstance(text, list) else [text]
            for name, text in row.items()
        }
    return post


def _page(form, renderer, today, post=None, answers=None, lang="zh"):
    parsed = parse_page(form, "p1", post, answers or {}, today) if post is not None else None
    model = view_page(form, "p1", answers or {}, today, parsed=parsed)
    html = renderer.errors(model, lang) + renderer.page(model, lang)
    tree = lxml.html.fromstring(f"<div>{html}</div>")
    for blank in tree.xpath("//template"):
        blank.drop_tree()
    return tree


def _names(tree):
    return [e.get("value") for e in tree.xpath("//input[contains(@name, '.name')]")]


def test_rows_typed_are_records_and_blank_ones_are_left_out(form, today):
    post = _post(
        {"name": "甲", "ties": ["spouse", "child"]}, {"name": "", "born": " "}, {"name": "乙"}
    )
    parsed = parse_page(form, "p1", post, {}, today)
    assert not parsed.errors
    assert parsed.values["/f/kin"] == [{"name": "甲", "ties": ["spouse", "child"]}, {"name": "乙"}]


def test_every_cell_to_mend_is_named_by_row_and_led_to(form, renderer, today):
    post = _post({"name": "甲乙丙丁戊", "born": "2999-01-01"}, {"born": "昨天"})
    parsed = parse_page(form, "p1", post, {}, today)
    assert [(e.pointer, e.target, e.code) for e in parsed.errors] == [
        ("/f/kin/0/name", "q-kin-0-name", "forms.too-long"),
        ("/f/kin/1/name", "q-kin-1-name", "forms.required"),
        ("/f/kin/1/born", "q-kin-1-born", "forms.not-a-date"),
    ]
    assert parsed.errors[1].message.zh == "请填写“姓名（第 2 行）”。"
    tree = _page(form, renderer, today, post)
    assert tree.get_element_by_id("q-kin-1-born").get("value") == "昨天"
    assert tree.get_element_by_id("q-kin-1-name").get("aria-invalid") == "true"
    links = tree.xpath("//*[@class='error-summary']//a/@href")
    assert all(tree.get_element_by_id(link[1:]) is not None for link in links)


def test_a_cell_checked_after_it_is_read_is_named_too(form, today):
    post = _post({"name": "甲", "born": "2999-01-01", "mail": "nobody"})
    codes = {e.pointer: e.code for e in parse_page(form, "p1", post, {}, today).errors}
    assert codes == {"/f/kin/0/born": "forms.date-late", "/f/kin/0/mail": "forms.email"}
    post = _post({"name": "甲", "born": "1999-01-01", "mail": "nobody"})
    codes = {e.pointer: e.code for e in parse_page(form, "p1", post, {}, today).errors}
    assert codes == {"/f/kin/0/mail": "forms.email"}


def test_a_row_is_asked_more_by_its_own_answers_and_those_outside(form, renderer, today):
    old = {"name": "甲", "born": "1960-01-01"}
    asked = parse_page(form, "p1", _post(old, **{"f.land": ["true"]}), {}, today)
    assert [(e.pointer, e.code) for e in asked.errors] == [("/f/kin/0/mail", "forms.required")]
    assert not parse_page(form, "p1", _post(old, **{"f.land": ["false"]}), {}, today).errors
    tree = _page(form, renderer, today, answers={"/f/land": True, "/f/kin": [old]})
    assert tree.get_element_by_id("q-kin-0-mail").get("aria-required") == "true"


def test_rows_may_be_too_many_or_none(form, today):
    four = parse_page(form, "p1", _post(*[{"name": "甲"}] * 4), {}, today)
    assert [(e.pointer, e.code) for e in four.errors] == [("/f/kin", "forms.rows-many")]
    none = parse_page(form, "p1", {}, {}, today)
    assert [(e.pointer, e.code) for e in none.errors] == [("/f/kin", "forms.rows-missing")]


@pytest.mark.parametrize(
    ("press", "names"),
    [
        ("f.kin:add", ["甲", "", "乙", ""]),
        ("f.kin:remove:0", ["", "乙"]),
        ("f.kin:up:2", ["甲", "乙", ""]),
        ("f.kin:down:0", ["", "甲", "乙"]),
        ("f.kin:up:0", ["甲", "", "乙"]),
        ("f.kin:fly:0", ["甲", "", "乙"]),
        ("f.kin:remove:99", ["甲", "", "乙"]),
    ],
)
def test_without_scripts_buttons_move_rows_and_keep_what_was_typed(
    form, renderer, today, press, names
):
    post = _post({"name": "甲"}, {"name": ""}, {"name": "乙"}, row=[press])
    tree = _page(form, renderer, today, post)
    assert _names(tree) == names
    assert not tree.xpath("//*[@class='error-summary']")
    keys = tree.xpath("//input[@type='hidden'][@name='f.kin']/@value")
    assert keys == [str(i) for i in range(len(names))]


def test_rows_are_read_in_the_order_they_stand_whatever_their_keys(form, today):
    post = {"f.kin": ["n7", "0"], "f.kin.0.name": ["甲"], "f.kin.n7.name": ["乙"]}
    assert parse_page(form, "p1", post, {}, today).values["/f/kin"] == [
        {"name": "乙"},
        {"name": "甲"},
    ]


def test_hostile_rows_are_ignored_or_refused(form, today):
    keys = ["../x", "0", "0", "😀", *[f"k{i}" for i in range(5000)]]
    post = {"f.kin": keys, "f.kin.0.name": ["甲"], "f.kin.../x.name": ["乙"], "row": ["x:add"]}
    assert parse_page(form, "p1", post, {}, today).values["/f/kin"] == [{"name": "甲"}]
    for rows in ("甲", [1], [{"name": 5}], [{"stranger": "x", "name": "甲"}], [{"name": "\x00"}]):
        found = validate_all(form, {"/f/kin": rows}, today)
        assert [problem.code for problem in found], rows


def test_made_up_rows_pass_and_stay_as_they_are(form, today):
    for seed in range(30):
        answers = example_answers(form, seed, today)
        assert not validate_all(form, answers, today)
        assert finalize(form, answers, today) == answers


def test_the_review_and_the_desk_read_rows_as_a_table(form, renderer, today):
    answers = {"/f/kin": [{"name": "甲", "born": "1960-01-02"}, {"name": "乙丙"}]}
    for model in (
        review(form, answers, today),
        summary(form.scenario, ["/f/kin"], answers, mask=["/f/kin"]),
    ):
        tree = lxml.html.fromstring(str(renderer.summary(model, "zh")))
        assert tree.xpath("//table//th[@scope='col']/text()") == ["#", "姓名", "出生日期"]
    assert [e.text for e in tree.xpath("//table//td")] == ["*", "****-**-**", "乙*", None]


def test_a_requirement_by_other_answers_is_asked_marked_and_told_to_the_browser(
    make_form, renderer, today
):
    form = make_form(
        {"a": {"type": "boolean"}, "b": {"type": "string"}},
        [
            {"id": "a", "widget": "yes-no", "scope": "/f/a"},
            {"id": "b", "widget": "text", "scope": "/f/b", "required_when": "f.a = TRUE"},
        ],
    )
    for typed, codes, hidden in ((["true"], ["forms.required"], False), (["false"], [], True)):
        parsed = parse_page(form, "p1", {"f.a": typed}, {}, today)
        assert [e.code for e in parsed.errors] == codes
        model = view_page(form, "p1", {}, today, parsed=parsed)
        html = str(renderer.page(model, "zh"))
        tree = lxml.html.fromstring(f"<div>{html}</div>")
        (mark,) = tree.xpath("//*[@data-need='b']")
        assert (mark.get("hidden") is not None) is hidden
        box = tree.get_element_by_id("q-b")
        assert (box.get("aria-required") == "true") is not hidden
        assert '"needed":{' in html
    assert [p.code for p in validate_all(form, {"/f/a": True}, today)] == ["forms.required"]
    assert example_answers(form, 1, today)["/f/b"]


def test_a_list_of_texts_is_read_line_by_line(make_form, today):
    kinds = [{"value": v, "label": {"zh": v, "en": v}} for v in ("other", "another")]
    form = make_form(
        {"kinds": {"type": "array", "items": {"type": "string"}}, "what": {"type": "string"}},
        [
            {
                "id": "k",
                "widget": "multi-choice",
                "scope": "/f/kinds",
                "options": {"choices": kinds},
            },
            {
                "id": "w",
                "widget": "text",
                "scope": "/f/what",
                "required_when": "contains(f.kinds, '\nother\n')",
            },
        ],
    )
    for chosen, codes in ((["another"], []), (["other", "another"], ["forms.required"])):
        parsed = parse_page(form, "p1", {"f.kinds": chosen}, {}, today)
        assert [e.code for e in parsed.errors] == codes
