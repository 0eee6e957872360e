"""Name the ledger's column types, and what each one is in Arrow and in JSON.

The names are ``text``, ``int``, ``decimal(p,s)``, ``float``, ``bool``, ``date`` and ``timestamp``.
`parse_type` turns a name into a `ColumnType`; names are the form that is stored and sent.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "INT_MAX",
    "INT_MIN",
    "KINDS",
    "MAX_DIGITS",
    "MAX_SCALE",
    "ZONE",
    "ColumnType",
    "Kind",
    "Value",
    "arrow_type",
    "fit",
    "from_wire",
    "is_type",
    "parse_type",
    "to_wire",
    "type_name",
]

Kind: TypeAlias = Literal["text", "int", "decimal", "float", "bool", "date", "timestamp"]
Value: TypeAlias = str | int | Decimal | float | bool | date | datetime | None

KINDS: tuple[Kind, ...] = ("text", "int", "decimal", "float", "bool", "date", "timestamp")
ZONE = ZoneInfo("Asia/Shanghai")
"""Where a time without an offset belongs. Instants are kept in UTC."""

MAX_DIGITS = 38
MAX_SCALE = 18
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,60}(\.\d{1,60})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class ColumnType:
    """One type of the ledger; `precision` and `scale` are digits of a decimal, 0 for the others."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    @property
    def is_numeric(self) -> bool:
        """Whether it can be added up."""
        return self.kind in ("int", "decimal", "float")

    def __str__(self) -> str:
        if self.kind == "decimal":
            return f"decimal({self.precision},{self.scale})"
        return self.kind


@cache
def parse_type(name: str) -> ColumnType:
    """Return the type a name stands for.

    >>> parse_type("decimal(12,2)")
    ColumnType(kind='decimal', precision=12, scale=2)

    Raises:
        ValueError: for any other name.
    """
    for kind in KINDS:
        if name == kind and kind != "decimal":
            return ColumnType(kind)
    found = _DECIMAL.fullmatch(name)
    if found:
        precision, scale = int(found[1]), int(found[2])
        if 1 <= precision <= MAX_DIGITS and scale <= min(precision, MAX_SCALE):
            return ColumnType("decimal", precision, scale)
    raise ValueError(f"{name!r} is no column type of the ledger")


def is_type(name: str) -> bool:
    """Say whether a text names a type of the ledger."""
    try:
        parse_type(name)
    except ValueError:
        return False
    return True


def arrow_type(name: str | ColumnType) -> pa.DataType:
    """Return the Arrow type of a column: timestamps in microseconds, UTC."""
    import pyarrow as pa

    of = parse_type(name) if isinstance(name, str) else name
    plain: dict[str, pa.DataType] = {
        "text": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }
    if of.kind == "decimal":
        return pa.decimal128(of.precision, of.scale)
    return plain[of.kind]


def type_name(arrow: pa.DataType) -> str:
    """Return the name of the ledger's type that `arrow_type` turns into this one.

    Raises:
        ValueError: when no type of the ledger is this one.
    """
    import pyarrow as pa

    if pa.types.is_decimal(arrow):
        return str(parse_type(f"decimal({arrow.precision},{arrow.scale})"))
    for kind in KINDS:
        if kind != "decimal" and arrow.equals(arrow_type(kind)):
            return kind
    raise ValueError(f"{arrow} is no column type of the ledger")


def fit(value: Value, of: ColumnType) -> Value:
    """Return a value in the one form its type has; NULL fits every type.

    A decimal is given its full scale, a time is turned to UTC.

    Raises:
        ValueError: when it does not fit exactly. The text never holds the value.
    """
    if value is None:
        return None
    fitted = _FITS[of.kind](value, of)
    if fitted is None:
        raise ValueError(f"the value does not fit {of}")
    return fitted


def to_wire(value: Value, of: ColumnType) -> str | int | float | bool | None:
    """Return a value that `fit` gave as JSON holds it: decimals, dates and times as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.{of.scale}f}"
    return value


def from_wire(value: object, of: ColumnType) -> Value:
    """Return the value that JSON holds.

    Raises:
        ValueError: when it does not fit. The text never holds the value.
    """
    if not isinstance(value, str | int | float | bool | None):
        raise ValueError(f"the value does not fit {of}")  # noqa: TRY004 - one error for all
    if isinstance(value, str) and of.kind != "text":
        return fit(_from_text(value, of), of)
    return fit(value, of)


def _from_text(value: str, of: ColumnType) -> Value:
    try:
        if of.kind == "decimal" and _NUMBER.fullmatch(value):
            return Decimal(value)
        if of.kind == "date" and _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if of.kind == "timestamp":
            return datetime.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"the value does not fit {of}")


def _fit_text(value: Value, _of: ColumnType) -> Value:
    if not isinstance(value, str) or len(value) > _MAX_TEXT or "\0" in value:
        return None
    return None if any("\ud800" <= c <= "\udfff" for c in value) else value


def _fit_int(value: Value, _of: ColumnType) -> Value:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if INT_MIN <= value <= INT_MAX else None


def _fit_float(value: Value, _of: ColumnType) -> Value:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _fit_decimal(value: Value, of: ColumnType) -> Value:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    try:
        scaled = number.quantize(Decimal(1).scaleb(-of.scale), context=_EXACT)
    except InvalidOperation:
        return None
    if scaled.is_zero():
        return scaled.copy_abs() if number.is_zero() else None
    fits = scaled == number and scaled.adjusted() < of.precision - of.scale
    return scaled if fits else None


def _fit_bool(value: Value, _of: ColumnType) -> Value:
    return value if isinstance(value, bool) else None


def _fit_date(value: Value, _of: ColumnType) -> Value:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _fit_timestamp(value: Value, _of: ColumnType) -> Value:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None


_EXACT = Context(prec=2 * MAX_DIGITS)
_FITS = {
    "text": _fit_text,
    "int": _fit_int,
    "float": _fit_float,
    "decimal": _fit_decimal,
    "bool": _fit_bool,
    "date": _fit_date,
    "timestamp": _fit_timestamp,
}
