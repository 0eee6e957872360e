"""Laws of any form: whatever its kinds, conditions and limits."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from builder.forms import (
    example_answers,
    finalize,
    journey,
    parse_page,
    review,
    validate_all,
    view_page,
)
from builder.forms.journey import assess

TODAY = date(2026, 11, 23)


def _choices(count: int) -> list[dict[str, object]]:
    return [
        {"value": f"v{i}", "label": {"zh": f"选项{i}", "en": f"Choice {i}"}} for i in range(count)
    ]


STRING = {"type": "string"}
Field = tuple[str, dict[str, object], dict[str, object]]


@st.composite
def _texts(draw: st.DrawFn) -> Field:
    least = draw(st.integers(0, 30))
    limits = {"minLength": least, "maxLength": least + draw(st.integers(1, 300))}
    return draw(st.sampled_from(["text", "long-text"])), {**STRING, **limits}, {}


@st.composite
def _numbers(draw: st.DrawFn) -> Field:
    least = draw(st.integers(-(10**6), 10**6))
    limits = {"minimum": least, "maximum": least + draw(st.integers(0, 10**6))}
    return "number", {"type": "integer", **limits}, {}


@st.composite
def _amounts(draw: st.DrawFn) -> Field:
    least = draw(st.integers(0, 10**6))
    limits = {"min": f"{least / 100:.2f}", "max": f"{least / 100 + 1:.2f}"}
    return "money", {**STRING, "format": "decimal"}, limits


@st.composite
def _days(draw: st.DrawFn) -> Field:
    first = TODAY - timedelta(days=draw(st.integers(0, 20_000)))
    return "date", {**STRING, "format": "date"}, {"min": first.isoformat(), "max": "today"}


@st.composite
def _lists(draw: st.DrawFn) -> Field:
    count = draw(st.integers(1, 6))
    items = {"items": STRING, "minItems": draw(st.integers(1, count))}
    return "multi-choice", {"type": "array", **items}, {"choices": _choices(count)}


@st.composite
def _picks(draw: st.DrawFn) -> Field:
    kind = draw(st.sampled_from(["choice", "dictionary"]))
    return kind, STRING, {"choices": _choices(draw(st.integers(1, 15)))}


_PLAIN: list[Field] = [
    ("yes-no", {"type": "boolean"}, {}),
    ("promise", {"type": "boolean"}, {"text": {"zh": "同意", "en": "Agreed"}}),
    ("id-number", STRING, {}),
    ("phone", STRING, {}),
    ("bank-card", STRING, {}),
    ("address", STRING, {}),
    ("address", STRING, {"regions": _choices(4)}),
]
_SIMPLE = st.one_of(
    st.sampled_from(_PLAIN), _texts(), _numbers(), _amounts(), _days(), _lists(), _picks()
)


@st.composite
def _tables(draw: st.DrawFn) -> Field:
    columns, properties = [], {}
    for i in range(draw(st.integers(1, 4))):
        kind, schema, options = draw(_SIMPLE.filter(lambda field: field[0] != "promise"))
        properties[f"c{i}"] = schema
        rule = {"required_when": "row.c0 IS NOT NULL"} if draw(st.booleans()) else {}
        if properties["c0"]["type"] == "array":
            rule = {}
        columns.append(
            {
                "id": f"c{i}",
                "widget": kind,
                "scope": f"/row/c{i}",
                "label": {"zh": f"列{i}", "en": f"Column {i}"},
                "required": i == 0,
                "options": options,
                **rule,
            }
        )
    least = draw(st.integers(0, 2))
    rows = {"items": {"type": "object", "properties": properties}, "minItems": least}
    most = {"maxItems": least + draw(st.integers(1, 3))} if draw(st.booleans()) else {}
    return "table", {"type": "array", **rows, **most}, {"columns": columns}


_FIELDS = st.one_of(_SIMPLE, _SIMPLE, _tables())


@st.composite
def forms(draw: st.DrawFn):
    """Draw the fields and pages of a form, with conditions on answers given before."""
    fields: dict[str, object] = {}
    pages: list[list[dict[str, object]]] = []
    questions: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        controls = []
        for _ in range(draw(st.integers(1, 5))):
            kind, schema, options = draw(_FIELDS)
            name = f"q{len(fields)}"
            fields[name] = schema
            condition = draw(st.none() | st.sampled_from(questions)) if questions else None
            truth = draw(st.sampled_from(["= TRUE", "= FALSE", "IS NULL", "IS NOT NULL"]))
            columns = {"columns": options.pop("columns")} if kind == "table" else {}
            controls.append(
                {
                    **columns,
                    "id": name,
                    "widget": kind,
                    "scope": f"/f/{name}",
                    "required": draw(st.booleans()),
                    "options": options,
                    "when": None if condition is None else f"f.{condition} {truth}",
                }
            )
            if kind == "yes-no":
                questions.append(name)
        pages.append(controls)
    return fields, pages


@settings(max_examples=60)
@given(drawn=forms(), seed=st.integers(0, 2**32))
def test_made_up_answers_pass_every_check_of_any_form(make_form, drawn, seed):
    form = make_form(drawn[0], *drawn[1])
    answers = example_answers(form, seed, TODAY)
    assert validate_all(form, answers, TODAY) == ()
    final = finalize(form, answers, TODAY)
    assert finalize(form, final, TODAY) == final
    assert set(final) <= set(assess(form, final, TODAY).values)


@settings(max_examples=60)
@given(drawn=forms(), seed=st.integers(0, 2**32))
def test_filling_any_form_page_by_page_ends_with_a_whole_submission(make_form, drawn, seed):
    form = make_form(drawn[0], *drawn[1])
    wanted = example_answers(form, seed, TODAY)
    answers: dict[str, object] = {}
    page = journey(form, answers, TODAY).first
    while page is not None:
        post = {
            name: texts
            for c in form.page(page).controls()
            for name, texts in c.widget.post(wanted.get(c.question.pointer), c.question).items()
        }
        parsed = parse_page(form, page, post, answers, TODAY)
        assert not parsed.errors
        answers |= parsed.values
        page = journey(form, answers, TODAY).after(page)
    assert validate_all(form, answers, TODAY) == ()
    assert finalize(form, answers, TODAY) == finalize(form, wanted, TODAY)


@settings(max_examples=40)
@given(drawn=forms(), seed=st.integers(0, 2**32), data=st.data())
def test_any_page_is_drawn_and_reviewed_in_both_languages(make_form, renderer, drawn, seed, data):
    form = make_form(drawn[0], *drawn[1])
    answers = data.draw(st.sampled_from([{}, example_answers(form, seed, TODAY)]))
    posted = data.draw(st.booleans())
    for page in form.pages:
        parsed = parse_page(form, page.id, {}, {}, TODAY) if posted else None
        model = view_page(form, page.id, answers, TODAY, parsed=parsed)
        for lang in ("zh", "en"):
            html = renderer.page(model, lang)
            slow = [renderer.control(f, lang) for s in model.sections for f in s.fields]
            assert all(control in html for control in slow)
            assert renderer.summary(review(form, answers, TODAY), lang) is not None
