"""Make the columns of one table: each maker of the recipe as one vectorised step.

Columns come out in the form a department's database keeps them: whole numbers as integers, every
other value as text (amounts with their exact decimals, days and moments in ISO 8601).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from builder.deploy.draw import Draw
from builder.deploy.errors import RecipeNameUnknown
from builder.deploy.people import Words
from builder.deploy.recipe import (
    Choice,
    Const,
    DateAfter,
    DateBetween,
    Digits,
    Drawn,
    Kind,
    Maker,
    Month,
    Number,
    Only,
    Part,
    Phrase,
    Scalar,
    Serial,
    Take,
    Time,
    Where,
)

__all__ = ["Making", "make_column", "matches"]

_DAY_S = 86_400
_OFFSET = "+08:00"


@dataclass(slots=True)
class Making:
    """One table being made.

    Attributes:
        source: the rows drawn from; attributes of joined sets stand as ``alias.attribute``.
        draw: random columns of the table's length.
        words: the recipe's word lists.
        as_of: the recipe's day.
        made: the columns made so far.
    """

    source: pl.DataFrame
    draw: Draw
    words: Words
    as_of: date
    made: dict[str, pl.Series] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many rows the table has."""
        return self.source.height

    def value(self, name: str) -> pl.Series:
        """Return a column made before, or an attribute of the source.

        Raises:
            RecipeNameUnknown: neither exists.
        """
        if name in self.made:
            return self.made[name]
        return self.attribute(name)

    def attribute(self, name: str) -> pl.Series:
        """Return an attribute of the source, or else a column made before.

        Raises:
            RecipeNameUnknown: neither exists.
        """
        if name in self.source.columns:
            return self.source[name]
        if name in self.made:
            return self.made[name]
        raise RecipeNameUnknown(name=name, nearest=", ".join(self.source.columns[:12]))


def make_column(making: Making, name: str, maker: Maker, ledger_type: str) -> pl.Series:
    """Return one column's values, ready to be stored as `ledger_type`.

    Raises:
        RecipeNameUnknown: the maker refers to something that is not there.
    """
    stored = _stored(_values(making, name, maker.kind, ledger_type), ledger_type).alias(name)
    if maker.only is None:
        return stored
    kept = _only(making, maker.only)
    return pl.select(pl.when(kept).then(stored)).to_series().alias(name)


def matches(frame: pl.DataFrame, where: tuple[Where, ...]) -> pl.DataFrame:
    """Return the rows of a set that meet every condition.

    Raises:
        RecipeNameUnknown: a condition names no attribute of the set.
    """
    for test in where:
        if test.attribute not in frame.columns:
            raise RecipeNameUnknown(name=test.attribute, nearest=", ".join(frame.columns[:12]))
        frame = frame.filter(_test(test))
    return frame


def _test(test: Where) -> pl.Expr:
    column = pl.col(test.attribute)
    if test.values:
        return column.is_in(list(test.values))
    low = pl.lit(value=True) if test.ge is None else column >= test.ge
    return low if test.lt is None else low & (column < test.lt)


def _only(making: Making, only: Only) -> pl.Series:
    return making.value(only.column).is_in(list(only.values))


# ── Makers ───────────────────────────────────────────────────────────────────────────────────────


def _values(making: Making, name: str, kind: Kind, ledger_type: str) -> pl.Series:
    """Return what the row already says, or says by its number; else what is drawn."""
    match kind:
        case Take(of):
            return making.attribute(of)
        case Const(value):
            return _repeated(value, making.rows)
        case Serial(prefix, width):
            numbers = pl.int_range(1, making.rows + 1, eager=True)
            return prefix + numbers.cast(pl.String).str.zfill(width)
        case DateAfter(after, low, high):
            later = making.draw.between(name, low, high)
            return _days(later, making.value(after).str.to_date())
        case Phrase(parts):
            return _phrase(making, name, parts)
        case _:
            return _drawn(making.draw, name, kind, ledger_type)


def _drawn(draw: Draw, name: str, kind: Drawn, ledger_type: str) -> pl.Series:
    match kind:
        case Choice(values, weights):
            return draw.weighted(name, values, weights)
        case Number(low, high, skew):
            places = _places(ledger_type)
            unit = 10**places
            return _with_places(draw.between(name, low * unit, high * unit, skew=skew), places)
        case DateBetween(low, high):
            return _days(draw.between(name, 0, (high - low).days), low)
        case Time(low, high):
            day = _days(draw.between(f"{name}/day", 0, (high - low).days), low)
            return day + "T" + _clock(draw.below(f"{name}/time", _DAY_S)) + _OFFSET
        case Month(low, high):
            drawn = draw.between(name, low, high)
            return (drawn // 12).cast(pl.String) + "-" + _padded(drawn % 12 + 1, 2)
        case Digits(prefix, width):
            return prefix + _padded(draw.below(name, 10**width), width)


def _phrase(making: Making, name: str, parts: tuple[Part, ...]) -> pl.Series:
    text = _repeated("", making.rows)
    for place, part in enumerate(parts):
        text = text + _piece(making, f"{name}/{place}", part)
    return text


def _piece(making: Making, key: str, part: Part) -> pl.Series:
    match part:
        case ("list", str(words)):
            return making.draw.pick(key, making.words[words])
        case ("of", str(attribute)):
            return making.attribute(attribute)
        case ("number", int(low), int(high)):
            return making.draw.between(key, low, high).cast(pl.String)
        case _:
            return _repeated(str(part), making.rows)


# ── Forms of values ──────────────────────────────────────────────────────────────────────────────


def _stored(values: pl.Series, ledger_type: str) -> pl.Series:
    return values.cast(pl.Int64 if ledger_type in ("int", "bool") else pl.String)


def _repeated(value: Scalar, rows: int) -> pl.Series:
    return pl.Series([value]).gather(pl.zeros(rows, dtype=pl.UInt32, eager=True))


def _days(offset: pl.Series, start: date | pl.Series) -> pl.Series:
    days = pl.select(pl.lit(start) + pl.duration(days=pl.lit(offset))).to_series()
    return days.dt.to_string("iso")


def _clock(second: pl.Series) -> pl.Series:
    hour, minute = _padded(second // 3600, 2), _padded(second // 60 % 60, 2)
    return hour + ":" + minute + ":" + _padded(second % 60, 2)


def _padded(number: pl.Series, width: int) -> pl.Series:
    return number.cast(pl.String).str.zfill(width)


def _places(ledger_type: str) -> int:
    """Return the decimals of a ledger type; ``float`` has two here.

    >>> _places("decimal(12,2)"), _places("int")
    (2, 0)
    """
    if ledger_type.startswith("decimal"):
        return int(ledger_type.rstrip(")").partition(",")[2])
    return 2 if ledger_type == "float" else 0


def _with_places(units: pl.Series, places: int) -> pl.Series:
    if places == 0:
        return units
    whole: pl.Series = units // 10**places
    return whole.cast(pl.String) + "." + _padded(units % 10**places, places)
