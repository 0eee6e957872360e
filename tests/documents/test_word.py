"""A bureau's own Word template names fields; what else it tries is refused, and harms nobody."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
from docx import Document as Word
from jinja2 import TemplateError

from builder.app import bring, opened
from builder.cases import commands, documents
from builder.cases.commands import Wish
from builder.cases.errors import DocumentNotHere
from builder.documents import word_child
from builder.documents.errors import TemplateRefused
from builder.documents.word import fill
from builder.errors import Findings

SMALLEST = Path(__file__).parents[1] / "cases" / "spec" / "t02-smallest"
VALUES = {"wish.words": "你好 <w:p/> & {{ 7 * 7 }}", "case.number": "HF1"}
HOSTILE = (
    "{{ ''.__class__ }}",
    "{{ wish.words.__class__.__mro__ }}",
    "{{ wish['words'] }}",
    "{{ wish.words | upper }}",
    "{{ wish.words() }}",
    "{{ 7 * 7 }}",
    "{{ self }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% for x in [1, 2] %}{{ x }}{% endfor %}",
    "{% set x = 1 %}",
    "{% include '/etc/passwd' %}",
    "{%p if true %}x{%p endif %}",
    "{{ wish.words",
    "{{ wish.secret }}",
    "{{ other.words }}",
)


def docx(*lines, header=None):
    """Return a Word document of a few paragraphs, as Word writes it: runs split anywhere."""
    made = Word()
    for line in lines:
        paragraph = made.add_paragraph()
        for piece in (line[:3], line[3:8], line[8:]):
            paragraph.add_run(piece)
    if header:
        made.sections[0].header.paragraphs[0].add_run(header)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def text_of(raw):
    return "\n".join(p.text for p in Word(io.BytesIO(raw)).paragraphs)


def test_fields_are_put_in_as_text_and_never_read_again():
    made = fill(docx("编号{{ case.number }}", "说：{{ wish.words }}"), VALUES, "x")
    assert text_of(made) == f"编号HF1\n说：{VALUES['wish.words']}"


@pytest.mark.parametrize("line", HOSTILE)
def test_what_a_template_tries_beyond_naming_fields_is_refused(line):
    with pytest.raises((word_child._Refused, TemplateError)):
        word_child._fill(docx(line), VALUES)


def test_a_header_is_held_to_the_same():
    with pytest.raises(TemplateRefused) as refused:
        fill(docx("x", header="{{ ''.__class__ }}"), VALUES, "x")
    assert refused.value.facts["problem"] == "construct"


def test_what_is_no_word_document_or_unpacks_without_end_is_refused():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"0" * 60_000_000)
    for raw in (b"", b"PK", b"%PDF-1.7", bomb.getvalue(), docx("x")[:500]):
        with pytest.raises(word_child._Refused):
            word_child._fill(raw, VALUES)
    for raw in (bomb.getvalue(), b"x" * 5_000_000):
        with pytest.raises(TemplateRefused):
            fill(raw, VALUES, "x")


@pytest.fixture
def folder(tmp_path):
    """A small matter with a certificate that has a Word template."""
    folder = Path(shutil.copytree(SMALLEST, tmp_path / "t02-smallest"))
    doc = json.loads((folder / "scenario.json").read_text(encoding="utf-8"))
    doc["scenario"]["lead"] = doc["roles"][1]["party"] = "civil-affairs"
    task = {**doc["process"]["steps"][0], "party": "civil-affairs"}
    close = {**task, "id": "close"}
    doc["process"]["steps"] = [task, {"id": "prove", "kind": "issue", "document": "proof"}, close]
    doc["documents"] = [
        {
            "id": "proof",
            "kind": "certificate",
            "title": {"zh": "证明", "en": "Certificate"},
            "fields": ["/wish/words"],
            "template": "proof.docx",
        }
    ]
    (folder / "scenario.json").write_text(json.dumps(doc), encoding="utf-8")
    (folder / "proof.docx").write_bytes(docx("{{ case.document }}：{{ wish.words }}"))
    return folder


def test_a_desk_has_the_word_copy_of_what_it_issued_and_nobody_else(home, folder):
    deployment = bring(home, folder, None, "designer").deployment
    with opened(home) as platform:
        me = platform.accounts.named("sun-lei")
        officer = platform.accounts.named("officer-civil-affairs")
        words = "好 & <好>"
        case_no = commands.apply_from_answers(
            platform, me, deployment, {"/wish/words": words}
        ).case_no
        commands.act_with_answers(platform, officer, case_no, "answer", Wish("approve"), {})
        number = f"{case_no}-01"
        copy = documents.fetch_word(platform, officer, number)
        assert copy.name == f"证明-{number}.docx"
        assert text_of(copy.pdf) == f"{number}：{words}"
        pdf = documents.fetch(platform, me, number, "zh").pdf
        assert documents.check_pdf(platform, pdf).number == number
        for other in (me, platform.accounts.named("officer-police")):
            with pytest.raises(DocumentNotHere):
                documents.fetch_word(platform, other, number)


@pytest.mark.parametrize("line", ["{{ wish.secret }}", "{{ ''.__class__ }}", None])
def test_a_matter_with_a_template_that_cannot_be_used_is_not_deployed(home, folder, line):
    if line is None:
        (folder / "proof.docx").unlink()
    else:
        (folder / "proof.docx").write_bytes(docx(line))
    with pytest.raises(Findings) as refused:
        bring(home, folder, None, "designer")
    assert [f.where for f in refused.value.findings] == ["/documents/0/template"]
