"""Cast what a source gives to what the ledger says it is; never guess, never show a value.

Sources drift: SQLite infers types from rows, PostgreSQL gives NUMERIC as text, Parquet writers use
`string_view`. After `cast` a column has exactly its ledger type, or there is a `SourceValue` that
names table and column and nothing else. A cast never rounds, cuts off or turns a value into NULL;
a NaN is a missing number.

What a text may look like: numbers in decimal notation; ``1 0 t f true false`` for bool in any case;
dates as ``2024-05-31``; times as ``2024-05-31 08:00[:00[.123456]]``, with ``T`` or a blank, with
an offset or, without one, in Asia/Shanghai.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from connectors.faults import SourceValue
from connectors.types import ZONE, ColumnType, arrow_type

__all__ = ["cast", "plain"]

_WHOLE = r"^[+-]?[0-9]{1,19}(\.0*)?$"
_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_BOOLS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
_DIGITS = 15
"""Decimal digits that every double keeps."""

Column: TypeAlias = "pa.Array | pa.ChunkedArray"


def cast(column: Column, to: ColumnType, *, table: str, name: str) -> Column:
    """Return a column in its ledger type.

    Raises:
        SourceValue: some value is not of that type.
    """
    given = plain(column)
    wanted = arrow_type(to)
    if given.null_count == len(given):
        return _nulls(given, wanted)
    done: Column | None
    try:
        done = _CASTS[to.kind](given, wanted)
    except (pa.ArrowException, ValueError, OverflowError, UnicodeDecodeError):
        done = None  # the error's own text holds the value: raise outside, so nothing refers to it
    if done is None:
        raise SourceValue(table=table, column=name, type=str(to))
    return done


def plain(column: Column) -> Column:
    """Return a column without dictionaries and without the views that other engines refuse."""
    of = column.type
    if pa.types.is_dictionary(of):
        return plain(column.cast(of.value_type))
    if pa.types.is_string_view(of) or pa.types.is_large_string(of):
        return column.cast(pa.string())
    if pa.types.is_binary_view(of) or pa.types.is_large_binary(of):
        return column.cast(pa.binary())
    return column


def _nulls(column: Column, of: pa.DataType) -> Column:
    empty = pa.nulls(len(column), of)
    return pa.chunked_array([empty]) if isinstance(column, pa.ChunkedArray) else empty


def _matches(column: Column, pattern: str) -> Column:
    """Return text that has the form; refuse the column if any other is in it."""
    if not pc.all(pc.match_substring_regex(column, pattern)).as_py():
        raise ValueError(pattern)
    return column


def _to_text(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_string(of):
        column.validate(full=True)  # SQLite keeps bytes as text that are none
        return column
    if pa.types.is_integer(of) or pa.types.is_date(of) or pa.types.is_binary(of):
        return pc.cast(column, wanted)
    return None


def _to_int(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_decimal(of):
        return pc.cast(column, wanted)
    if not pa.types.is_string(of):
        return None
    bare = pc.replace_substring_regex(_matches(column, _WHOLE), r"^\+|\.0*$", "")
    return pc.cast(bare, wanted)


def _to_float(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_string(of):
        column = _matches(column, _NUMBER)
    elif not (pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_decimal(of)):
        return None
    numbers = pc.cast(column, wanted)
    if pc.any(pc.is_inf(numbers)).as_py():
        return None
    return pc.if_else(pc.is_nan(numbers), pa.scalar(None, wanted), pc.add(numbers, 0.0))


def _to_decimal(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_integer(of):
        return pc.cast(pc.cast(column, pa.decimal128(38, wanted.scale)), wanted)
    if pa.types.is_decimal(of):
        return pc.cast(column, wanted)
    if pa.types.is_floating(of):
        column = _spelt(column)
    elif not pa.types.is_string(of):
        return None
    return pc.cast(_matches(column, _NUMBER), wanted)


def _spelt(column: Column) -> Column:
    """Write doubles as the shortest decimals that 15 digits can hold; a NaN becomes NULL."""
    texts = [
        None if number is None or number != number else f"{number:.{_DIGITS}g}"  # noqa: PLR0124 - NaN
        for number in column.to_pylist()
    ]
    return pa.array(texts, pa.string())


def _to_bool(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_boolean(of):
        return column
    if pa.types.is_integer(of):
        column = pc.cast(column, pa.string())
    elif not pa.types.is_string(of):
        return None
    return _each(column, lambda text: _BOOLS[text.lower()], wanted)


def _to_date(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_string(of):
        column = _matches(column, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    elif not pa.types.is_date(of) and not (pa.types.is_timestamp(of) and of.tz is None):
        return None
    days = pc.cast(column, wanted)
    if pa.types.is_timestamp(of) and not pc.all(pc.equal(days.cast(of), column)).as_py():
        return None
    return _in_calendar(days, date.min, date.max)


def _to_timestamp(column: Column, wanted: pa.DataType) -> Column | None:
    of = column.type
    if pa.types.is_timestamp(of):
        micro = pc.cast(column, pa.timestamp("us", tz=of.tz))
        if of.tz is None:
            micro = pc.assume_timezone(
                micro, ZONE.key, ambiguous="earliest", nonexistent="earliest"
            )
        return _in_calendar(pc.cast(micro, wanted), _FIRST, _LAST)
    if not pa.types.is_string(of):
        return None
    return _each(column, _instant, wanted)


def _in_calendar(column: Column, least: date, most: date) -> Column | None:
    """Return days and times that have a year of four digits; None when one has not."""
    lowest, highest = (pa.scalar(bound, column.type) for bound in (least, most))
    reach = pc.min_max(column)
    is_in = reach["min"].value >= lowest.value and reach["max"].value <= highest.value
    return column if is_in else None


def _instant(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError("a time")
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)


def _each(column: Column, read: Callable[[str], object], wanted: pa.DataType) -> Column | None:
    """Read each distinct text once."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    coded = column.dictionary_encode()
    try:
        values = [read(text) for text in coded.dictionary.to_pylist()]
    except KeyError:
        return None
    return pa.array(values, wanted).take(coded.indices)


_CASTS: Mapping[str, Callable[[Column, pa.DataType], Column | None]] = {
    "text": _to_text,
    "int": _to_int,
    "float": _to_float,
    "decimal": _to_decimal,
    "bool": _to_bool,
    "date": _to_date,
    "timestamp": _to_timestamp,
}
