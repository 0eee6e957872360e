"""Write a list as CSV, as an Excel file, or as PDF: whatever a cell says, no program runs it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

__all__ = ["csv_file", "safe", "xlsx_file"]

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WIDEST = 48
_MOST = 32_767
"""So many characters fit into a cell of Excel."""


def safe(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not compute (OWASP, CSV injection).

    >>> safe("=1+1"), safe("-5"), safe("张三")
    ("'=1+1", "'-5", '张三')
    """
    return f"'{cell}" if cell.startswith(_RUNS) else cell


def csv_file(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a list as CSV (RFC 4180), UTF-8 with the mark that Excel needs to read Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(cell) for cell in head])
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
    return "\ufeff".encode() + out.getvalue().encode()


def xlsx_file(
    title: str, head: Sequence[str], rows: Iterable[Sequence[str]], made_at: datetime
) -> bytes:
    """Return a list as an Excel file: every cell is text, the head stays, columns can be filtered.

    The same list, made at the same time, gives the same bytes.
    """
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True, "bg_color": "#EFEFEC", "border": 1})
        widths = [_width(cell) for cell in head]
        sheet.write_row(0, 0, list(head), bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                sheet.write_string(last, column, cell[:_MOST])
                if last <= 200:
                    widths[column] = max(widths[column], _width(cell))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width + 2, _WIDEST))
        sheet.freeze_panes(1, 0)
        if head:
            sheet.autofilter(0, 0, last, len(head) - 1)
    return out.getvalue()


def _width(cell: str) -> int:
    """Return how wide a cell is, in characters; Chinese ones are twice as wide."""
    return sum(2 if ord(char) > 0x2E7F else 1 for char in cell[:64])
