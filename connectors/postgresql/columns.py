"""Decide by a column's type how it is read, and whether PostgreSQL may compare it.

Text is equal where every character is, which holds for all collations but the few that are declared
otherwise (``deterministic = false``); equality is written plainly, so that an index serves it. The
order of text depends on the collation, so it is sorted by ``COLLATE "C"``: by bytes, in UTF-8 by
code point. Values of ``char(n)`` count without the blanks that fill them up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import pyarrow as pa
from sqlglot import exp

from connectors.postgresql.session import Traits
from connectors.sql import PUSHES, Dialect, SqlColumn, as_it_is
from connectors.types import MAX_DIGITS, MAX_SCALE, ColumnType, Value

__all__ = ["CAUTIOUS", "Declared", "declared_type", "dialect", "is_readable", "sql_column"]

CAUTIOUS = frozenset({"filter", "project", "limit"})
"""What is pushed to servers that speak the protocol but are not PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A column as the catalogue has it.

    Attributes:
        name: of its type without length, domains undone, e.g. ``bpchar``.
        shown: as its owner wrote it, e.g. ``character(18)``.
        is_enum: whether its values are listed by name.
        is_exact: whether its collation, if it has any, finds only the same text equal.
    """

    name: str
    shown: str
    is_enum: bool
    is_exact: bool


def declared_type(declared: Declared) -> pa.DataType:
    """Return the Arrow type that a column is declared as; text for what Arrow has no type for."""
    if declared.name == "numeric":
        found = re.fullmatch(r"numeric\((\d+),(\d+)\)", declared.shown)
        digits = (int(found[1]), int(found[2])) if found else (0, 0)
        fits = found and digits[0] <= MAX_DIGITS and digits[1] <= MAX_SCALE
        return pa.decimal128(*digits) if fits else pa.string()
    return _ARROW.get(declared.name, pa.string())


def is_readable(declared: Declared, of: ColumnType) -> bool:
    """Say whether a column can hold values of a ledger type at all."""
    if declared.is_enum:
        return of.kind == "text"
    return of.kind in _READABLE.get(declared.name, ())


def sql_column(
    table: str, name: str, of: ColumnType, declared: Declared, traits: Traits
) -> SqlColumn:
    """Return how a column of a ledger type is read and compared."""
    family = _FAMILIES.get((of.kind, declared.name), "")
    is_exact = family not in _TEXTUAL or (declared.is_exact and traits.is_exact)
    column = SqlColumn(
        sql=exp.Null(),
        type=of,
        table=table,
        name=name,
        is_exact=bool(family) and is_exact,
        transfer=_transfer(of, declared),
        read=_READS.get(declared.name, as_it_is),
        family="text" if family == "padded" else family,
        narrows=family in _TEXTUAL and not is_exact,
    )
    return _compared(column, family, traits)


def dialect(schema: str, pushes: frozenset[str] = PUSHES) -> Dialect:
    """Return what PostgreSQL is vouched for."""
    return Dialect("postgres", frozenset(_CONSTANTS), schema, _constant, pushes)


def _compared(column: SqlColumn, family: str, traits: Traits) -> SqlColumn:
    """Return a column with how it is compared."""
    if family in _TEXTUAL:
        return replace(
            column,
            order=_by_code_point if traits.encoding in _BY_CODE_POINT else None,
            takes=_takes(traits, is_padded=family == "padded"),
            constant=_as_padded if family == "padded" else _as_text,
        )
    if column.type.kind == "text" and family == "number":
        return replace(column, order=None, takes=_is_whole, constant=_as_bigint)
    return column


def _takes(traits: Traits, *, is_padded: bool) -> Callable[[Value], bool]:
    """Return whether a constant text means in the server what it means here."""
    codec = _CODECS.get(traits.encoding)

    def takes(value: Value) -> bool:
        text = value if isinstance(value, str) else "-"
        if (is_padded and text.endswith(" ")) or not (text or traits.has_empty):
            return False
        return codec is None or _is_in(text, codec)

    return takes


def _is_in(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _is_whole(value: Value) -> bool:
    """Say whether a text is a number as the server would write it."""
    return isinstance(value, str) and bool(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", value, re.ASCII))


def _transfer(of: ColumnType, declared: Declared) -> Callable[[exp.Expr], exp.Expr]:
    is_plain = declared.name in _PLAIN and not declared.is_enum
    return as_it_is if is_plain and (of.kind, declared.name) not in _WRITTEN else _as_text


def _cast(to: str) -> Callable[[exp.Expr], exp.Expr]:
    kind = exp.DataType.build(to, dialect="postgres", udt=to == "bpchar")
    return lambda sql: exp.Cast(this=sql, to=kind.copy())


_as_text, _as_padded, _as_bigint = _cast("text"), _cast("bpchar"), _cast("bigint")
_as_double, _as_numeric = _cast("double precision"), _cast("numeric")


def _without_nan(sql: exp.Expr) -> exp.Expr:
    """Read a number that is none as missing, as `connectors.cast` does."""
    return exp.Nullif(this=_as_double(sql), expression=_as_double(exp.Literal.string("NaN")))


def _by_code_point(sql: exp.Expr) -> exp.Expr:
    return exp.Collate(this=sql, expression=exp.to_identifier("C", quoted=True))


def _constant(sql: exp.Expr, of: ColumnType) -> exp.Expr:
    return _CONSTANTS[of.kind](sql)


_CONSTANTS: Mapping[str, Callable[[exp.Expr], exp.Expr]] = MappingProxyType(
    {
        "text": _as_text,
        "int": _as_bigint,
        "decimal": _as_numeric,
        "float": _as_double,
        "bool": _cast("boolean"),
        "date": _cast("date"),
        "timestamp": _cast("timestamptz"),
    }
)
"""How a constant, which is bound as text, is written. One beside text is always text."""
_TEXTS = ("text", "varchar", "bpchar")
_INTS = ("int2", "int4", "int8")
_NAMES = ("name", "char", "citext")
_FLOATS = ("float4", "float8")
_SPELT = ("uuid", "xml", "json", "jsonb", "inet", "cidr", "macaddr", "time", "timetz", "interval")
_READABLE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(_TEXTS, ("text", "int", "decimal", "float", "bool", "date", "timestamp")),
        **dict.fromkeys((*_NAMES, *_SPELT, "bytea"), ("text",)),
        **dict.fromkeys(_INTS, ("text", "int", "decimal", "float", "bool")),
        **dict.fromkeys(_FLOATS, ("int", "decimal", "float")),
        "oid": ("text", "int"),
        "numeric": ("text", "int", "decimal", "float"),
        "money": ("int", "decimal", "float"),
        "bool": ("bool",),
        "date": ("text", "date"),
        "timestamp": ("date", "timestamp"),
        "timestamptz": ("timestamp",),
    }
)
"""Type → ledger kinds that its values can be."""
_PLAIN = frozenset(
    {"text", "varchar", "bytea", "numeric", "money", "bool", "date", "timestamp", "timestamptz",
     *_INTS, *_FLOATS}
)  # fmt: skip
"""Types that the driver brings as they are; all others come as text."""
_WRITTEN = frozenset({("text", "date")})
"""Ledger kind and type under which a plain type comes as text all the same."""
_TEXTUAL = ("text", "padded")
_FAMILIES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        **{(kind, of): "text" for kind in ("text", "date") for of in ("text", "varchar")},
        ("text", "bpchar"): "padded",
        ("date", "bpchar"): "padded",
        **{(kind, of): "number" for kind in ("text", "int", "decimal") for of in _INTS},
        **{(kind, of): "number" for kind in ("int", "decimal") for of in ("numeric", "money")},
        **{("float", of): "float" for of in _FLOATS},
        ("bool", "bool"): "bool",
        ("date", "date"): "date",
        ("timestamp", "timestamptz"): "instant",
    }
)
"""Ledger kind and type under which PostgreSQL finds equal what the ledger does → family."""
_READS: Mapping[str, Callable[[exp.Expr], exp.Expr]] = MappingProxyType(
    {**dict.fromkeys(_FLOATS, _without_nan), "money": _as_numeric, "varchar": _as_text}
)
"""Type → what stands for a column of it; an index on ``varchar`` serves its text, too."""
_BY_CODE_POINT = frozenset({"UTF8", "LATIN1", "SQL_ASCII"})
"""Encodings whose bytes sort as code points do."""
_CODECS: Mapping[str, str] = MappingProxyType(
    {"EUC_CN": "gb2312", "EUC_TW": "ascii", "LATIN1": "latin-1", "EUC_JP": "ascii",
     "EUC_KR": "ascii", "GBK": "gbk", "GB18030": "gb18030"}
)  # fmt: skip
"""Encoding → Python's name of it; constants outside it cannot be sent."""
_ARROW: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "int2": pa.int16(),
        "int4": pa.int32(),
        "int8": pa.int64(),
        "float4": pa.float32(),
        "float8": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "bytea": pa.binary(),
    }
)
