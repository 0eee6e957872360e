"""A content becomes the same bytes everywhere, and whatever it says stays text."""

import re
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.documents import (
    Content,
    Facts,
    Item,
    Paragraph,
    Records,
    Run,
    blocks,
    content_hash,
    typeset,
)
from builder.documents.glyphs import FONTS, MISSING, Printable, fonts, missing_fonts
from builder.scenario.model import Text
from tests.documents.conftest import codes_of, text_of

AT = datetime(2026, 11, 30, 21, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
LINE = (
    "SCN1|340100|340100/s23-afterlife|HF20261130-ABC123-01|"
    + "a" * 43 + "|123|" + "b" * 43 + "|2026-11-30T21:05:00+08:00|" + "c" * 86
)  # fmt: skip
HOSTILE = (
    '#import "@preview/x:1.0.0": *',
    "#sys.inputs.data",
    '#read("/etc/passwd")',
    "$ x^2 $ \\ * _ ` < > @ = - + / ~ [ ]",
    "\\u{41}#text(fill: red)[x]",
    "{{ ''.__class__ }} {% for x in y %}",
    "\u202eevil\u202c\u2066x\u2069\u200f",
    "👨‍👩‍👧 😀 𓀀",
    "𬱖㭎〇囍",
    "\x00\x07\x1b[31m",
    "𝕏\ud800"[:-1] + "é\u0301\u0301\u0301",
    "<script>alert(1)</script>\"'",
)


def content(value="一", kind="certificate", **changed):
    said = {
        "kind": kind,
        "number": "HF20261130-ABC123-01",
        "title": Text("办结通知书", "Notice of completion"),
        "org": Text("合肥市民政局", "Hefei Civil Affairs Bureau"),
        "matter": Text("公民身后“一件事”", "After a death"),
        "blocks": (
            Paragraph(Item((Run(value),), (Run(value),))),
            Facts(((Text(value, value), Text(value, value)),), Text(value, value)),
            Records((Text(value, value),), ((value,),), (1,)),
        ),
        "issued_at": AT,
        "to": value,
    }
    return Content(**{**said, **changed}).to_json()


@pytest.mark.parametrize("kind", ["receipt", "certificate", "notice", "application", "list"])
@pytest.mark.parametrize("lang", ["zh", "zh-en"])
def test_every_kind_is_laid_out_in_both_languages(kind, lang):
    said = text_of(typeset(content("张三", kind), lang, LINE))
    assert "办结通知书" in said
    assert "合肥市民政局" in said.replace("\n", "")
    assert re.search(r"第\s*1\s*页，共\s*1\s*页", said)
    assert ("Notice of completion" in said) == (lang == "zh-en")
    assert ("此处盖章" in said) == (kind in ("receipt", "certificate", "notice"))


def test_the_same_content_gives_the_same_bytes_in_another_process():
    here = typeset(content("同"), "zh-en", LINE)
    assert here == typeset(content("同"), "zh-en", LINE)
    script = (
        "import sys, hashlib\n"
        "from tests.documents.test_typeset import content, typeset, LINE\n"
        "sys.stdout.write(hashlib.sha256(typeset(content('同'), 'zh-en', LINE)).hexdigest())"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    import hashlib

    assert ran.stdout == hashlib.sha256(here).hexdigest()


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_printed_and_never_obeyed(value):
    said = text_of(typeset(content(value), "zh", LINE))
    assert "/root" not in said
    assert "root:x:" not in said
    shown = Printable()(value)
    squeezed = re.sub(r"\s|\u200b", "", said)
    for word in re.findall(r"[A-Za-z]{4,}", shown):
        assert word in squeezed


@settings(max_examples=25)
@given(st.text(max_size=80))
def test_any_text_is_laid_out(value):
    assert typeset(content(value), "zh", LINE).startswith(b"%PDF-")


def test_ten_thousand_characters_flow_over_pages_and_stay_within_the_margins():
    for value in ("长" * 10_000, "x" * 10_000):
        with pdfium.PdfDocument(typeset(content(value), "zh", LINE)) as paper:
            assert len(paper) > 3
            page = paper[1]
            words = page.get_textpage()
            boxes = [words.get_charbox(i) for i in range(0, words.count_chars(), 7)]
            assert boxes
            assert all(0 <= left <= right <= page.get_width() for left, _, right, _ in boxes)
            words.close()
            page.close()


def test_a_character_that_no_font_has_is_marked_and_named():
    said = text_of(typeset(content("王😀"), "zh", LINE))
    assert MISSING in said
    assert "U+1F600" in said


def test_what_turns_text_around_or_hides_it_is_not_printed():
    assert Printable()("张\u202e三\u2066李\u200b\x00") == "张三李"


def test_a_name_in_a_rare_character_is_printed():
    said = Printable()
    assert said("𬱖㭎喆") == "𬱖㭎喆"
    assert not said.missing


def test_the_pdf_says_its_language_and_title_and_is_tagged():
    raw = typeset(content(), "zh", LINE)
    assert b"/Lang" in raw
    assert b"/MarkInfo" in raw
    assert b"pdfuaid" in raw
    with pdfium.PdfDocument(raw) as paper:
        assert paper.get_metadata_dict()["Title"].startswith("办结通知书")


def test_a_camera_reads_the_statement_from_the_page():
    for lang in ("zh", "zh-en"):
        assert codes_of(typeset(content(), lang, LINE)) == [LINE]


def test_only_the_fonts_that_travel_with_the_product_are_used():
    assert {p.name for p in fonts().iterdir()} == {*FONTS, "OFL.txt"}
    assert "SIL OPEN FONT LICENSE" in (fonts() / "OFL.txt").read_text(encoding="utf-8")
    assert missing_fonts() == ()
    raw = typeset(content("Ω é 汉 あ"), "zh-en", LINE)
    named = set(re.findall(rb"/BaseFont */([A-Za-z+-]+)", raw))
    assert named
    assert all(b"NotoS" in name for name in named)


def test_a_demo_city_marks_its_papers():
    assert "演示" in text_of(typeset(content(demo=True), "zh", LINE))
    assert "演示" not in text_of(typeset(content(demo=False), "zh", LINE))


def test_a_value_cannot_carry_marks_into_the_body():
    body = Text("兹证明**{who}**。\n\n- {who}\n- 二", "For **{who}**.\n\n- {who}\n- b")
    made = blocks(body, lambda _: Text("**甲** {who}\n- 乙", "**a**"))
    assert made[0].line.zh == (Run("兹证明"), Run("**甲** {who}\n- 乙", bold=True), Run("。"))
    assert made[1].items[0].zh == (Run("**甲** {who}\n- 乙"),)


def test_the_hash_names_the_content_and_nothing_else():
    assert content_hash(content("一")) == content_hash(content("一"))
    assert content_hash(content("一")) != content_hash(content("二"))
