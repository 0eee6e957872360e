"""Every widget, by its case file: what is typed, what is kept, what is said, what is shown."""

import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from builder.errors import Fault
from builder.forms.compiled import as_question
from builder.forms.errors import AnswerFault, OptionsWrong, WidgetUnknown
from builder.forms.question import Question
from builder.forms.widget import RAW_CHARACTERS, Around
from builder.forms.widgets import KINDS, kinds, widget
from builder.scenario.model import Control, EntityField, Text
from builder.scenario.parse import parse

CASES = sorted((Path(__file__).parents[1] / "cases" / "forms").glob("*.json"))
TODAY = date(2026, 11, 23)


def _files() -> list[tuple[str, dict]]:
    return [(path.stem, json.loads(path.read_text("utf-8"))) for path in CASES]


def _question(case: dict, *, required: bool = False) -> Question:
    kind = case.get("type", "text")
    json_type = {"int": "integer", "bool": "boolean", "list": "array", "object": "object"}.get(
        kind, "string"
    )
    schema = {"type": json_type, **case.get("schema", {})}
    pointer = None if kind is None else "/f/x"
    control = Control(
        "x",
        case["widget"],
        pointer,
        Text("问题", "Question"),
        required=required,
        options=case.get("options", {}),
    )
    columns = parse({"forms": [{"pages": [{"sections": [{"controls": [case]}]}]}]}, "")
    (asked,) = columns.forms[0].controls()
    control = replace(control, columns=asked.columns)
    field = None if kind is None else EntityField("x", "/f/x", schema, kind)
    return as_question(control, field, {})


def _cases(part: str) -> list:
    return [
        pytest.param(case, each, id=f"{name}-{i}")
        for name, case in _files()
        for i, each in enumerate(case.get(part, []))
    ]


def _answer(case: dict, raw: list[str]) -> object:
    kind, question = widget(case["widget"]), _question(case)
    value = kind.parse(raw, question)
    if value is not None:
        kind.validate(value, question, Around(TODAY))
    return value


@pytest.mark.parametrize(("case", "each"), _cases("cases"))
def test_what_is_typed_is_kept_in_one_spelling_or_told_apart(case, each):
    if "code" not in each:
        assert _answer(case, each["raw"]) == each["value"]
        return
    with pytest.raises(AnswerFault) as told:
        _answer(case, each["raw"])
    fault = told.value
    assert fault.code == each["code"]
    assert fault.message("zh") == each.get("zh", fault.message("zh"))
    assert fault.message("en") == each.get("en", fault.message("en"))
    assert fault.where == "/f/x"
    if "kept" in each:
        assert list(widget(case["widget"]).clean(each["raw"])) == each["kept"]


@pytest.mark.parametrize(("case", "each"), [c for c in _cases("cases") if "code" in c.values[1]])
def test_a_problem_never_repeats_what_was_typed(case, each):
    with pytest.raises(AnswerFault) as told:
        _answer(case, each["raw"])
    said = json.dumps([told.value.to_json("zh"), told.value.to_json("en")], ensure_ascii=False)
    typed = [text.strip() for text in each["raw"] if len(text.strip()) > 2]
    assert not [text for text in typed if text in said]


@pytest.mark.parametrize(("case", "each"), _cases("shown"))
def test_an_answer_is_shown_in_both_languages_and_masked(case, each):
    kind, question = widget(case["widget"]), _question(case)
    shown, masked = kind.show(each["value"], question), kind.mask(each["value"], question)
    assert (shown.zh, shown.en, masked.zh) == (each["zh"], each["en"], each["masked"])


@pytest.mark.parametrize("case", [c for _, c in _files()], ids=[n for n, _ in _files()])
def test_a_blank_required_answer_is_asked_for(case):
    expected = case.get(
        "missing",
        {"code": "forms.required", "zh": "请填写“问题”。", "en": "Enter “Question”."},
    )
    fault = widget(case["widget"]).missing(_question(case, required=True))
    assert (fault.code, fault.message("zh"), fault.message("en")) == tuple(expected.values())


def test_every_kind_has_cases_and_a_page():
    assert {case["widget"] for _, case in _files()} == set(KINDS)
    pages = Path(__file__).parents[2] / "templates" / "widgets"
    assert {page.stem for page in pages.glob("*.html")} == set(KINDS)
    assert {path.stem.replace("_", "-") for path in _modules()} == set(KINDS)


def _modules() -> list[Path]:
    folder = Path(__file__).parents[2] / "builder" / "forms" / "widgets"
    return [path for path in folder.glob("*.py") if path.stem != "__init__"]


def test_a_widget_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(WidgetUnknown) as told:
        widget("crystal-ball")
    assert "text、long-text" in told.value.next_step("zh")


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_describes_its_options_with_a_valid_closed_schema(kind):
    schema = kinds()[kind].options
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert not jsonschema_rs.Draft202012Validator(schema).is_valid({"no such option": 1})


@pytest.mark.parametrize("case", [c for _, c in _files()], ids=[n for n, _ in _files()])
def test_options_in_the_cases_fit_their_kind(case):
    schema = kinds()[case["widget"]].options
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(case.get("options", {}))
    assert not list(widget(case["widget"]).findings(_question(case)))


def test_a_choice_the_field_does_not_allow_is_found():
    case = next(c for n, c in _files() if n == "choice")
    question = _question({**case, "schema": {"enum": ["spouse", "child"]}})
    found = list(widget("choice").findings(question))
    assert [type(f) for f in found] == [OptionsWrong]
    assert "parent" in found[0].message("zh")


# ── Laws ─────────────────────────────────────────────────────────────────────────────────────────

_TEXTS = st.lists(
    st.text(max_size=40) | st.sampled_from(["\x00", "\ud800", "１２", "-", "真"]), max_size=3
)


@pytest.mark.parametrize("case", [c for _, c in _files()], ids=[n for n, _ in _files()])
@given(texts=_TEXTS)
def test_nothing_posted_makes_a_widget_fail_and_what_it_keeps_it_keeps(case, texts):
    kind, question = widget(case["widget"]), _question(case)
    post = {question.name + part: texts for part in kind.parts}
    try:
        raw = kind.read(post, question)
        value = kind.parse(raw, question)
        if value is not None:
            kind.validate(value, question, Around(TODAY))
    except Fault:
        return
    if value is not None:
        assert kind.parse(kind.write(value, question), question) == value
        assert kind.show(value, question).zh
        assert kind.mask(value, question).en


@pytest.mark.parametrize("case", [c for _, c in _files()], ids=[n for n, _ in _files()])
@given(seed=st.integers(0, 2**32))
def test_an_example_passes_every_check_and_comes_again_from_its_seed(case, seed):
    kind, question = widget(case["widget"]), _question(case)
    made = [kind.example(question, _chance(seed), Around(TODAY)) for _ in range(2)]
    assert made[0] == made[1]
    if made[0] is None:
        assert case["widget"] in ("notice", "computed", "e-licence")
        return
    assert jsonschema_rs.Draft202012Validator(question.schema).is_valid(made[0])
    kind.validate(made[0], question, Around(TODAY))
    assert kind.parse(kind.write(made[0], question), question) == made[0]


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 (made-up answers)


@given(st.integers(0, 2**32))
def test_an_example_id_number_is_one_for_another_judge_too(seed):
    question = _question({"widget": "id-number"})
    number = widget("id-number").example(question, _chance(seed), Around(TODAY))
    assert ric.calc_check_digit(number) == number[-1]
    assert ric.get_birth_date(number) < TODAY


@given(st.from_regex(r"(11|34|44|81)[0-9]{4}(19|20)[0-9]{9}[0-9X]", fullmatch=True))
def test_id_numbers_are_judged_as_another_judge_does(number):
    try:
        theirs = ric.calc_check_digit(number) == number[-1] and ric.get_birth_date(number) <= TODAY
    except ValidationError:
        theirs = False
    assert _accepts("id-number", number) == theirs


@given(st.from_regex(r"[0-9]{12,19}", fullmatch=True))
def test_card_numbers_are_judged_as_another_judge_does(number):
    assert _accepts("bank-card", number) == luhn.is_valid(number)
    whole = number[:-1] + luhn.calc_check_digit(number[:-1])
    assert _accepts("bank-card", whole)


def _accepts(kind: str, text: str) -> bool:
    try:
        return _answer({"widget": kind}, [text]) is not None
    except AnswerFault:
        return False


def test_megabytes_are_cut_before_anything_looks_at_them():
    question = _question({"widget": "long-text"})
    raw = widget("long-text").read({question.name: ["长" * 5_000_000]}, question)
    assert len(raw[0]) == RAW_CHARACTERS


def test_one_question_takes_one_answer():
    question = _question({"widget": "text"})
    with pytest.raises(AnswerFault, match=r"forms\.repeated"):
        widget("text").read({question.name: ["甲", "乙"]}, question)
    assert widget("text").read({question.name: ["", "乙", "乙"]}, question) == ("乙",)
