"""Documents: how long a paper, a list and a spreadsheet take. Run with ``--benchmark-enable``.

Goals: receipt 0.6 s, PDF of 200 rows 0.6 s, Excel of 10,000 rows 1.5 s. The rivals run in the same
process on the same rows: WeasyPrint (`pip install weasyprint`, Pango from the system) for PDF, with
the fonts of the product; openpyxl and polars for Excel. One that is not installed is skipped.
"""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from builder.documents import Content, Facts, Note, Paragraph, Records, typeset
from builder.documents.checking import check_paper, read_paper
from builder.documents.content import Item, Run, content_hash
from builder.documents.glyphs import fonts
from builder.documents.sheets import csv_file, xlsx_file
from builder.documents.statement import Statement, sign_statement
from builder.scenario.model import Text
from federation.crypto import generate_signer

AT = datetime(2026, 11, 30, 21, 5, tzinfo=ZoneInfo("Asia/Shanghai"))
HEAD = ("受理编号", "事项", "环节", "申请人", "到达时间", "状态")
LINES = [
    (f"HF20261130-{i:06d}", "公民身后“一件事”", "核定丧葬补助金和抚恤金", f"张{i % 90}*",
     f"2026-11-{i % 28 + 1:02d} 09:{i % 60:02d}", "待办")
    for i in range(10_000)
]  # fmt: skip
SIGNER = generate_signer()


def content(kind, blocks, number="HF20261130-ABC123-R"):
    return Content(
        kind, number, Text("收件回执", "Receipt"), Text("合肥市民政局", "Civil Affairs"),
        Text("公民身后“一件事”", "After a death"), blocks, AT,
    ).to_json()  # fmt: skip


def receipt():
    rows = tuple((Text(f"名称{i}", f"Name {i}"), Text("值" * 12, "value")) for i in range(8))
    said = Text("您提交的申请已收到，现予受理。", "Received.")
    line = Item((Run(said.zh),), (Run(said.en),))
    return content("receipt", (Paragraph(line), Facts(rows), Note(said)))


def signed(said):
    made = Statement(
        "340100", "340100/s23-afterlife", said["number"], content_hash(said), 123, "0" * 64,
        AT.isoformat(timespec="seconds"),
    )  # fmt: skip
    return sign_statement(made, SIGNER).line()


def listed(count):
    head = tuple(Text(h, h) for h in HEAD)
    return content("list", (Records(head, tuple(LINES[:count]), (4, 4, 5, 2, 4, 2)),), "")


@pytest.mark.parametrize("lang", ["zh", "zh-en"])
def test_a_receipt(benchmark, lang):
    said = receipt()
    line = signed(said)
    benchmark(lambda: typeset(said, lang, line))


def test_the_first_receipt_of_a_process(benchmark):
    """Everything at once: the interpreter, typst, the fonts and which characters they hold."""
    script = (
        "import time, sys\n"
        "from tests.bench.documents import receipt, signed, typeset\n"
        "s = receipt(); l = signed(s); t = time.perf_counter(); typeset(s, 'zh', l)\n"
        "sys.stdout.write(str(time.perf_counter() - t))"
    )
    took = []

    def run():
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
        took.append(float(ran.stdout))

    benchmark.pedantic(run, rounds=3)
    benchmark.extra_info["first_s"] = min(took)
    sys.stderr.write(f"\nfirst receipt of a process: {min(took):.3f} s\n")


@pytest.mark.parametrize("rows", [200, 2000])
def test_a_list_as_pdf(benchmark, rows):
    said = listed(rows)
    benchmark.pedantic(lambda: typeset(said, "zh"), rounds=5, warmup_rounds=1)


def test_a_paper_checked(benchmark):
    said = receipt()
    raw = typeset(said, "zh", signed(said))
    benchmark(lambda: check_paper(read_paper(raw)))


def test_a_list_of_200_rows_by_weasyprint(benchmark):
    weasyprint = pytest.importorskip("weasyprint", reason="the rival is not installed")
    cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in LINES[:200])
    font = (fonts() / "NotoSerifSC_400Regular.ttf").as_uri()
    page = (
        f"<style>@font-face{{font-family:F;src:url('{font}')}}"
        "@page{size:A4 landscape;margin:18mm;font-family:F}"
        "table{font:9pt F;border-collapse:collapse}td{border:.4pt solid #888;padding:5pt}</style>"
        f"<h1>收件回执</h1><table>{cells}</table>"
    )
    benchmark.pedantic(lambda: weasyprint.HTML(string=page).write_pdf(), rounds=3, warmup_rounds=1)


def test_10000_rows_as_excel(benchmark):
    benchmark.pedantic(lambda: xlsx_file("清单", HEAD, LINES, AT), rounds=5)


def test_10000_rows_as_excel_by_polars(benchmark):
    polars = pytest.importorskip("polars")

    def run():
        frame = polars.DataFrame(LINES, schema=list(HEAD), orient="row")
        frame.write_excel(io.BytesIO())

    benchmark.pedantic(run, rounds=5)


def test_10000_rows_as_excel_by_openpyxl(benchmark):
    openpyxl = pytest.importorskip("openpyxl")

    def run():
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(HEAD)
        for row in LINES:
            sheet.append(row)
        book.save(io.BytesIO())

    benchmark.pedantic(run, rounds=5)


def test_10000_rows_as_csv(benchmark):
    benchmark.pedantic(lambda: csv_file(HEAD, LINES), rounds=5)
