"""Read one file of each format as Arrow: its columns, how many rows, and the rows that may count.

No file is mapped into memory: one that is cut off meanwhile would end the program. CSV is read by
Arrow's own parser, which refuses rows of another length and tells an empty text from none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from zipfile import BadZipFile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.dataset as pds
import pyarrow.ipc as pipc

from connectors.cast import plain
from connectors.check import Row
from connectors.files import excel
from connectors.files.conditions import Condition
from connectors.files.faults import FileDamaged, FileEncoding, FileHeader
from connectors.files.options import FilesOptions
from connectors.files.places import FORMATS

__all__ = ["File", "Reading", "opened"]

T = TypeVar("T")

_CHUNK_BYTES = 1 << 20
_VIEWS = (pa.string_view(), pa.binary_view())
_MAGIC = b"ARROW1"
_END = b"\xff\xff\xff\xff\0\0\0\0"
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\xef\xbb\xbf": "UTF-8"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is wanted of a file.

    Attributes:
        row: columns, in the ledger's types.
        condition: tells from the file's columns which rows may count; None for all.
    """

    row: Row
    condition: Callable[[pa.Schema], Condition | None]


class Format(Protocol):
    """How files of one format are read; whatever the library raises comes out."""

    def schema(self) -> pa.Schema:
        """Return the columns as the file types them."""

    def rows(self) -> int:
        """Return how many rows there are."""

    def tables(self, reading: Reading) -> Iterator[pa.Table]:
        """Yield the rows, in pieces."""


@dataclass(frozen=True, slots=True)
class File:
    """One file. Trouble is a Fault that names it; nothing of what is in it is shown."""

    path: Path
    format: Format
    encoding: str

    def schema(self) -> pa.Schema:
        """Return the columns as the file types them.

        Raises:
            FileHeader: a column without a name of its own.
            FileDamaged, FileEncoding: it is no sound file of its format.
        """
        found = self._asked(self.format.schema)
        names: set[str] = set()
        for number, name in enumerate(found.names, 1):
            if not name or name in names:
                raise FileHeader(file=self.path.name, number=number)
            names.add(name)
        return found.remove_metadata()

    def rows(self) -> int:
        """Return how many rows there are.

        Raises:
            FileDamaged, FileEncoding: it is no sound file of its format.
        """
        return self._asked(self.format.rows)

    def tables(self, reading: Reading) -> Iterator[pa.Table]:
        """Yield the rows, in pieces.

        Raises:
            FileDamaged, FileEncoding: it is no sound file of its format.
        """
        pieces = self._asked(lambda: self.format.tables(reading))
        while (piece := self._asked(lambda: next(pieces, None))) is not None:
            yield piece

    def _asked(self, call: Callable[[], T]) -> T:
        """Return what a call gives, and name what the library raises; its text may hold values."""
        from fastexcel import FastExcelError

        try:
            return call()
        except UnicodeDecodeError:
            is_encoding = True
        except (pa.ArrowException, OSError) as error:
            is_encoding = "UTF8" in str(error)
        except (FastExcelError, BadZipFile, LookupError, SyntaxError):
            is_encoding = False
        kind = FORMATS[self.path.suffix.lower()]
        if is_encoding and kind == "CSV":
            seems = _seems(self.path)
            raise FileEncoding(file=self.path.name, encoding=self.encoding, seems=seems)
        raise FileDamaged(file=self.path.name, format=kind)


def opened(path: Path, options: FilesOptions) -> File:
    """Return a file, to be read by its ending."""
    suffix = path.suffix.lower()
    made: Format
    match FORMATS[suffix]:
        case "CSV":
            delimiter = "\t" if suffix == ".tsv" else options.delimiter
            made = Csv(path, options.encoding, delimiter, options.null)
        case "Excel":
            made = Excel(path, options.sheet, options.max_mb << 20)
        case "Parquet":
            scan = pds.ParquetFragmentScanOptions(page_checksum_verification=True)
            made = Columnar(path, pds.ParquetFileFormat(default_fragment_scan_options=scan))
        case _:
            made = Columnar(path, pds.IpcFileFormat()) if _is_indexed(path) else Stream(path)
    return File(path, made, options.encoding)


@dataclass(frozen=True, slots=True)
class Columnar:
    """Parquet and Arrow files: only the columns that are needed, and of Parquet the row groups."""

    path: Path
    format: pds.FileFormat

    def schema(self) -> pa.Schema:
        """Return the file's columns."""
        return self._dataset().schema

    def rows(self) -> int:
        """Return how many rows the file says it has."""
        return int(self._dataset().count_rows())

    def tables(self, reading: Reading) -> Iterator[pa.Table]:
        """Yield the rows in batches."""
        dataset = self._dataset()
        has_views = any(dataset.schema.field(name).type in _VIEWS for name in reading.row)
        keep = None if has_views else reading.condition(dataset.schema)  # Arrow filters no views
        for batch in dataset.scanner(columns=list(reading.row), filter=keep).to_batches():
            yield pa.Table.from_batches([batch])

    def _dataset(self) -> pds.Dataset:
        return pds.dataset(str(self.path), format=self.format)


@dataclass(frozen=True, slots=True)
class Stream:
    """Arrow streams, which have no index: read from the beginning to their end mark."""

    path: Path

    def schema(self) -> pa.Schema:
        """Return the stream's columns."""
        with pa.OSFile(str(self.path)) as file:
            return pipc.open_stream(file).schema

    def rows(self) -> int:
        """Count the rows."""
        return sum(batch.num_rows for batch in self._batches())

    def tables(self, reading: Reading) -> Iterator[pa.Table]:
        """Yield the rows in batches."""
        for batch in self._batches():
            yield _kept(pa.Table.from_batches([batch]).select(list(reading.row)), reading)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        with self.path.open("rb") as file:
            file.seek(-min(len(_END), self.path.stat().st_size), os.SEEK_END)
            if file.read() != _END:
                raise pa.ArrowInvalid("no end mark")
        with pa.OSFile(str(self.path)) as source:
            yield from pipc.open_stream(source)


@dataclass(frozen=True, slots=True)
class Csv:
    """Delimited text with a header; every value is text, an empty one without quotes is none."""

    path: Path
    encoding: str
    delimiter: str
    null: str

    def schema(self) -> pa.Schema:
        """Return the header's names, all of them text."""
        self._look()
        with self._reader({}) as reader:
            names = list(reader.schema.names)
        return pa.schema([(name, pa.string()) for name in names])

    def rows(self) -> int:
        """Count the rows."""
        schema = self.schema()
        with self._reader(dict.fromkeys(schema.names, pa.string())) as reader:
            return sum(batch.num_rows for batch in reader)

    def tables(self, reading: Reading) -> Iterator[pa.Table]:
        """Yield the rows in batches."""
        self._look()
        with self._reader(dict.fromkeys(reading.row, pa.string()), list(reading.row)) as reader:
            for batch in reader:
                yield _filled(_kept(pa.Table.from_batches([batch]), reading), reading.row)

    def _reader(
        self, types: dict[str, pa.DataType], names: list[str] | None = None
    ) -> pcsv.CSVStreamingReader:
        return pcsv.open_csv(
            str(self.path),
            read_options=pcsv.ReadOptions(encoding=self.encoding, block_size=_CHUNK_BYTES),
            parse_options=pcsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                column_types=types,
                include_columns=names,
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=["", self.null],
            ),
        )

    def _look(self) -> None:
        """Refuse another encoding's mark, and a quote that is never closed."""
        quotes = 0
        with self.path.open("rb") as file:
            mark = file.read(3)
            for bom, encoding in _BOMS.items():
                if mark.startswith(bom) and not (encoding == self.encoding.upper() == "UTF-8"):
                    raise UnicodeDecodeError(self.encoding, b"", 0, 1, encoding)
            quotes += mark.count(b'"')
            while chunk := file.read(_CHUNK_BYTES):
                quotes += chunk.count(b'"')
        if quotes % 2:
            raise pa.ArrowInvalid("an open quote")


@dataclass(frozen=True, slots=True)
class Excel:
    """One sheet of an Excel file, its first row the header."""

    path: Path
    sheet: str
    most_bytes: int

    def schema(self) -> pa.Schema:
        """Return the header's names, typed by the cells below."""
        return excel.columns(self.path, self.sheet)

    def rows(self) -> int:
        """Return how many rows are below the header."""
        return excel.height(self.path, self.sheet)

    def tables(self, reading: Reading) -> Iterator[pa.Table]:
        """Yield all rows at once."""
        yield _filled(excel.read(self.path, self.sheet, reading.row, self.most_bytes), reading.row)


def _kept(table: pa.Table, reading: Reading) -> pa.Table:
    keep = reading.condition(table.schema)
    return table if keep is None else table.filter(keep)


def _filled(table: pa.Table, row: Row) -> pa.Table:
    """Return a table in which an empty text is none, where the ledger expects no text."""
    for number, (name, of) in enumerate(row.items()):
        column = table.column(name)
        if of.kind != "text" and pa.types.is_string(column.type):
            empty = pc.equal(column, "")
            missing = pa.scalar(None, pa.string())
            table = table.set_column(number, name, pc.if_else(empty, missing, plain(column)))
    return table


def _is_indexed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def _seems(path: Path) -> str:
    """Return the encoding that a text file seems to have."""
    content = path.read_bytes()
    for bom, encoding in _BOMS.items():
        if content.startswith(bom):
            return encoding
    for encoding in ("UTF-8", "GB18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "—"
