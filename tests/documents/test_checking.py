"""Whoever holds a paper can tell whether it is genuine, with public keys and a journal alone."""

import json
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.app import rehearsal
from builder.cases import documents, keeping, walks
from builder.documents import errors, typeset
from builder.documents.checking import (
    ExportedJournal,
    check_paper,
    check_recorded,
    check_signed,
    read_paper,
)
from builder.documents.statement import (
    Statement,
    case_of,
    find_statement,
    read_statement,
    sign_statement,
)
from federation.crypto import generate_signer
from tests.documents.conftest import MATTER, codes_of

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)


@pytest.fixture(scope="module")
def paper(finished):
    """The notice of completion as a file, its code, and the journal as it is carried away."""
    number = f"{finished.case_no}-01"
    file = documents.fetch(finished.platform, finished.owner, number, "zh")
    (code,) = codes_of(file.pdf)
    finished.deployment.journal.checkpoint(finished.clock.now)
    export = tuple(finished.deployment.journal.export())
    return SimpleNamespace(number=number, pdf=file.pdf, code=code, export=export)


@pytest.fixture(scope="module")
def key(finished):
    return finished.platform.hub.signer.public_key


def forged(code, signer=None, **changed):
    """Return a code that says something else, signed by somebody else."""
    said = read_statement(code)
    fields = {n: getattr(said, n) for n in Statement.__slots__ if n != "signature"}
    made = Statement(**{**fields, **changed})
    return sign_statement(made, signer or generate_signer()).line()


def test_a_genuine_paper_is_told_so_with_little_else(finished, paper):
    for found in (
        documents.check_text(finished.platform, f"扫码结果：\n{paper.code}\n"),
        documents.check_pdf(finished.platform, paper.pdf),
    ):
        assert found.number == paper.number
        assert found.title.zh.endswith("办结通知书")
        assert found.masked_name[1:] == "*" * (len(found.masked_name) - 1)


def test_an_export_and_a_public_key_are_enough(paper, key):
    journal = ExportedJournal(paper.export, (key,))
    read = read_paper(paper.pdf)
    check_signed(read.statement, (key,))
    check_recorded(read.statement, journal)
    check_paper(read)
    assert journal.keys == {key}
    assert journal.name == read.statement.journal


def test_a_code_that_somebody_else_signed_is_forged(finished, paper):
    for line in (
        forged(paper.code),
        forged(paper.code, number=f"{finished.case_no}-09"),
        paper.code[:-4] + ("AAAA" if paper.code[-4:] != "AAAA" else "BBBB"),
    ):
        with pytest.raises(errors.DocumentForged):
            documents.check_text(finished.platform, line)


def test_a_foreign_citys_code_is_named_as_such(finished, paper):
    with pytest.raises(errors.DocumentForeign):
        documents.check_text(finished.platform, forged(paper.code, city="440300"))


def test_a_code_the_journal_does_not_know_is_unknown(finished, paper):
    ours = finished.platform.hub.signer
    for changed in ({"seq": 999_999}, {"deployment": "340100/s99-nothing"},
                    {"number": f"{finished.case_no}-07"}):  # fmt: skip
        with pytest.raises(errors.DocumentUnknown):
            documents.check_text(finished.platform, forged(paper.code, ours, **changed))


def test_a_code_with_another_content_is_altered(finished, paper):
    ours = finished.platform.hub.signer
    with pytest.raises(errors.DocumentAltered):
        documents.check_text(finished.platform, forged(paper.code, ours, content="0" * 64))


def test_a_pdf_with_a_changed_byte_is_altered_or_unreadable(finished, paper):
    wrong = (errors.DocumentAltered, errors.DocumentUnreadable, errors.DocumentForged)
    step = max(1, len(paper.pdf) // 23)
    for place in range(9, len(paper.pdf), step):
        changed = bytearray(paper.pdf)
        changed[place] ^= 1
        with pytest.raises(wrong):
            documents.check_pdf(finished.platform, bytes(changed))


def test_a_page_that_says_another_name_is_altered(finished, paper):
    read = read_paper(paper.pdf)
    content = json.loads(json.dumps(read.content))
    content["to"] = "冯名顶替"
    other = typeset(content, "zh", read.statement.line())
    with pytest.raises(errors.DocumentAltered):
        documents.check_pdf(finished.platform, other)


def test_the_genuine_content_behind_another_page_is_altered(finished, paper):
    other = paper.pdf.replace(b"%%EOF", b"%%EOF\n% drawn over")
    with pytest.raises(errors.DocumentAltered):
        documents.check_pdf(finished.platform, other)


@pytest.mark.parametrize(
    "raw", [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"%PDF-" + b"stream\n" * 5000, b"\xff" * 4000]
)
def test_what_is_no_paper_of_ours_is_unreadable(finished, raw):
    with pytest.raises(errors.DocumentUnreadable):
        documents.check_pdf(finished.platform, raw)


def test_a_pdf_that_unpacks_without_end_is_refused_at_once(finished):
    bomb = b"stream\n" + zlib.compress(b"0" * 40_000_000, 9) + b"\nendstream\n"
    with pytest.raises(errors.DocumentUnreadable):
        documents.check_pdf(finished.platform, b"%PDF-1.7\n" + bomb * 12)


@settings(max_examples=60)
@given(st.text(max_size=400))
def test_any_text_is_either_a_statement_or_unreadable(text):
    with pytest.raises(errors.DocumentUnreadable):
        find_statement(text)


@settings(max_examples=40)
@given(content=HEX, entry=HEX, seq=st.integers(1, 10**11))
def test_a_statement_reads_back_as_it_was_written(content, entry, seq):
    signer = generate_signer()
    said = Statement(
        "340100", "340122/s23-afterlife", "HF20261130-0A1B2C-01-2", content, seq, entry,
        "2026-11-30T21:05:00+08:00",
    )  # fmt: skip
    signed = sign_statement(said, signer)
    assert read_statement(signed.line()) == signed
    assert find_statement(f"…{signed.line()[:60]}\n {signed.line()[60:]}") == signed
    assert signed.is_signed_by(signer.public_key)
    assert case_of(signed.number) == signed.case_no == "HF20261130-0A1B2C"


def test_an_export_that_was_touched_checks_nothing(paper, key):
    lines = list(paper.export)
    place = next(i for i, line in enumerate(lines) if b"document-issued" in line)
    lines[place] = lines[place].replace(b'"seq"', b'"sEq"', 1)
    with pytest.raises(errors.JournalExportBroken):
        ExportedJournal(lines, (key,))
    with pytest.raises(errors.JournalExportBroken):
        ExportedJournal(paper.export, (generate_signer().public_key,))


def test_a_receipt_stays_true_after_the_matter_was_taken_back(demo_city):
    with rehearsal(demo_city) as (platform, clock):
        deployment = platform.deployments.get(MATTER)
        (walk,) = walks.read_walks(MATTER, "withdrawal")
        outcome = walks.run(platform, clock, deployment.id, walk)
        assert outcome.fault is None, outcome.fault.message("en")
        stored = keeping.load_case(deployment, outcome.case_no)
        assert stored.case.status == "withdrawn"
        number = f"{outcome.case_no}-R"
        owner = platform.accounts.named(stored.account)
        file = documents.fetch(platform, owner, number, "zh")
        assert documents.check_pdf(platform, file.pdf).number == number
