"""Decide by a column's affinity how it is read, and whether SQLite may compare it.

SQLite types values, not columns. A declared type gives a column an affinity (sqlite.org/datatype3),
and that decides in which form a well-kept value is stored. Where SQLite's comparison of stored
values is the ledger's comparison, the column is exact; elsewhere it is only read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import pyarrow as pa
from sqlglot import exp

from connectors.sql import Dialect, SqlColumn, as_it_is
from connectors.types import ColumnType

__all__ = ["DIALECT", "declared_type", "sql_column"]

Affinity: TypeAlias = Literal["text", "integer", "real", "numeric", "blob"]


def declared_type(declared: str) -> pa.DataType:
    """Return the Arrow type that a column is declared as."""
    return _DECLARED[_affinity(declared)]


def _affinity(declared: str) -> Affinity:
    """Return a column's affinity, by the rules of sqlite.org/datatype3.html 3.1."""
    of = declared.upper()
    if "INT" in of:
        return "integer"
    if any(word in of for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if not of or "BLOB" in of:
        return "blob"
    return "real" if any(word in of for word in ("REAL", "FLOA", "DOUB")) else "numeric"


def sql_column(table: str, name: str, of: ColumnType, declared: str) -> SqlColumn:
    """Return how a column of a ledger type is read and compared."""
    affinity = _affinity(declared)
    return SqlColumn(
        sql=exp.Null(),
        type=of,
        table=table,
        name=name,
        is_exact=(of.kind, affinity) in _EXACT,
        transfer=_transfer(of, affinity),
        equal=_by_code_point if of.kind in ("text", "date") else as_it_is,
        order=_by_code_point if of.kind in ("text", "date") else as_it_is,
        family="number" if of.kind == "int" else of.kind,
    )


def _transfer(of: ColumnType, affinity: Affinity) -> Callable[[exp.Expr], exp.Expr]:
    """Return how a column is read so that a batch has one type and no digit is lost."""
    if (of.kind, affinity) in _PLAIN:
        return lambda sql: sql
    if of.kind == "float":
        return _real
    return lambda sql: exp.Cast(this=sql, to=exp.DataType.build("text"))


def _real(sql: exp.Expr) -> exp.Expr:
    """Read numbers as doubles and anything else as it is, for the cast to refuse."""
    kind = exp.Anonymous(this="typeof", expressions=[sql.copy()])
    texts = exp.In(this=kind, expressions=[exp.Literal.string(k) for k in ("text", "blob")])
    number = exp.Cast(this=sql.copy(), to=exp.DataType.build("double"))
    return exp.Case(ifs=[exp.If(this=texts, true=sql.copy())], default=number)


def _by_code_point(sql: exp.Expr) -> exp.Expr:
    """Compare text by code point, whatever collation the column declares."""
    return exp.Collate(this=sql, expression=exp.Var(this="BINARY"))


DIALECT = Dialect("sqlite", frozenset({"text", "int", "float", "date"}))
_PLAIN = frozenset(
    {
        ("text", "text"),
        ("date", "text"),
        ("timestamp", "text"),
        ("decimal", "text"),
        ("bool", "text"),
        ("int", "integer"),
        ("float", "real"),
    }
)
"""Ledger kind and affinity under which a column is read as it is."""
_EXACT = frozenset(
    {("text", "text"), ("int", "integer"), ("float", "real"), ("date", "text"), ("date", "numeric")}
)
"""Ledger kind and affinity under which SQLite compares as the ledger does."""
_DECLARED: Mapping[Affinity, pa.DataType] = MappingProxyType(
    {
        "text": pa.string(),
        "integer": pa.int64(),
        "real": pa.float64(),
        "numeric": pa.string(),
        "blob": pa.string(),
    }
)
