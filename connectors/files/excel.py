"""Read one sheet of an Excel file, and find numbers whose last digits Excel has lost.

Excel keeps numbers as doubles: of an ID number typed in as a number only 15 digits are left, and
nothing in the cell says so. So the sheet's own XML is searched for number cells beyond 15 digits.
An empty cell is none; Excel has no empty text. A day is a time at midnight.
"""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.compute as pc

from connectors.check import Row
from connectors.faults import SourceValue
from connectors.files.faults import FileDigitsLost, FileHeader, FileSheetUnknown, FileTooBig

__all__ = ["columns", "height", "read"]

_MB = 1 << 20
_CHUNK_BYTES = 4 << 20
_OVERLAP_BYTES = 4096
_LONG = re.compile(
    rb"<c\b([^>]*)>\s*(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?\s*"
    rb"<v>-?(?:\d{16,}(?:\.\d*)?|\d+(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d|\d{3,}))</v>"
)
"""A cell whose value is a number of more than 15 digits."""
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def columns(path: Path, sheet: str) -> pa.Schema:
    """Return the header's names as text: cells have types, columns have none.

    Raises:
        FileHeader: a name that two columns have. Columns without a name are left out.
        FileSheetUnknown: there is no such sheet.
    """
    names: list[str] = []
    for number, name in enumerate(_header(path, sheet), 1):
        if name in names:
            raise FileHeader(file=path.name, number=number)
        names += [name] if name else []
    return pa.schema([(name, pa.string()) for name in names])


def height(path: Path, sheet: str) -> int:
    """Return how many rows are below the header."""
    return int(_load(path, sheet).height)


def read(path: Path, sheet: str, row: Row, most_bytes: int) -> pa.Table:
    """Return columns of all rows, text where the ledger says text.

    Raises:
        FileDigitsLost: a number beyond 15 digits, where each digit counts.
        FileTooBig: the file unpacks to more than it may.
        SourceValue: a cell that holds an error.
    """
    texts = {name: "string" for name, of in row.items() if of.kind == "text"}
    loaded = _load(path, sheet, use_columns=list(row), dtypes=texts or None)
    header: dict[int, str] = {c.index: c.name for c in loaded.available_columns()}
    exact = {n for n, of in row.items() if of.kind in ("text", "int", "decimal")}
    for number in _long_numbers(path, sheet, most_bytes):
        if header.get(number) in exact:
            raise FileDigitsLost(file=path.name, column=header[number])
    batch, errors = loaded.to_arrow_with_errors()
    for error in errors.errors if errors is not None else ():
        name = header.get(error.position[1], "")
        if name in row:
            raise SourceValue(table=path.name, column=name, type=str(row[name]))
    found = pa.Table.from_batches([batch]).select(list(row))
    for number, (name, of) in enumerate(row.items()):
        if of.kind == "date" and pa.types.is_string(found.schema.field(name).type):
            days = pc.replace_substring_regex(found.column(name), r" 00:00:00$", "")
            found = found.set_column(number, name, days)
    return found


def _load(path: Path, sheet: str, **how: Any) -> Any:
    import fastexcel

    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it remarks on every empty column
    book = fastexcel.read_excel(str(path))
    name = _named(path, sheet, book.sheet_names)
    return book.load_sheet(name, schema_sample_rows=None, **how)


def _named(path: Path, sheet: str, names: list[str]) -> str:
    if not sheet and names:
        return names[0]
    if sheet not in names:
        raise FileSheetUnknown(file=path.name, sheet=sheet, near=names[:5] or ["—"])
    return sheet


def _header(path: Path, sheet: str) -> list[str | None]:
    """Return the cells of the first row, as they are written."""
    rows = _load(path, sheet, header_row=None, n_rows=1, dtypes="string").to_arrow().to_pylist()
    return list(rows[0].values()) if rows else []


# ── Long numbers ──────────────────────────────────────────────────────────────────────────────────


def _long_numbers(path: Path, sheet: str, most_bytes: int) -> set[int]:
    """Return the columns, from 0, that hold a number of more than 15 digits."""
    with zipfile.ZipFile(path) as book:
        if sum(part.file_size for part in book.infolist()) > most_bytes:
            raise FileTooBig(file=path.name, limit=most_bytes // _MB)
        with book.open(_part(book, sheet)) as file:
            chunks = iter(lambda: file.read(_CHUNK_BYTES), b"")
            return {n for attributes in _long_cells(chunks) if (n := _column(attributes)) >= 0}


def _long_cells(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the attributes of each cell that holds a long number and is no text."""
    kept = b""
    for chunk in chunks:
        text = kept + chunk
        for hit in _LONG.finditer(text):
            if not re.search(rb"""\bt=["'](?:s|str|inlineStr|b|e|d)["']""", hit[1]):
                yield hit[1]
        kept = text[-_OVERLAP_BYTES:]


def _column(attributes: bytes) -> int:
    """Return the column of a cell, from 0; -1 where the cell does not say."""
    found = re.search(rb"""\br=["']([A-Z]{1,3})\d+["']""", attributes)
    if not found:
        return -1
    number = 0
    for letter in found[1]:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def _part(book: zipfile.ZipFile, sheet: str) -> str:
    """Return where in the file a sheet is; the first one without a name."""
    listed = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - expat expands no bombs since 2.4.1
    sheets = [e for e in listed.iter() if e.tag.endswith("}sheet")]
    wanted = next((e for e in sheets if not sheet or e.get("name") == sheet), sheets[0])
    relations = ET.fromstring(book.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - the same
    target = next(r.get("Target", "") for r in relations if r.get("Id") == wanted.get(_RELATION))
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
