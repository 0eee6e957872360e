"""Read a named query's SQL: which dataset, which columns, which parameters.

The closed list: SELECT columns (or a column AS name) FROM one dataset WHERE comparisons, IN and IS
NULL joined by AND. What travels to a node is no SQL but a scan made by `federation.query`; this
room reads the text only to check it where it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

__all__ = ["Read", "read_sql"]

_VALUES = (exp.Literal, exp.Placeholder, exp.Boolean, exp.Null, exp.Neg)
_CLAUSES = frozenset({"expressions", "from_", "where", "kind"})


@dataclass(frozen=True, slots=True)
class Read:
    """What a query's SQL says.

    Attributes:
        table: the dataset's id here.
        columns: name → the column it stands for.
        filters: columns named in WHERE.
        params: names of its parameters.
        refused: the first construct beyond the closed list; None where all is plain.
        star: it selects ``*``.
        twice: names selected twice.
    """

    table: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    filters: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    refused: str | None = None
    star: bool = False
    twice: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def read_sql(sql: str) -> Read | None:
    """Return what a query says, None where it cannot be read at all."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except (SqlglotError, RecursionError):
        return None
    if len(statements) != 1 or statements[0] is None:
        return None
    select = statements[0]
    if not isinstance(select, exp.Select):
        return Read(refused=select.key.upper())
    return _read(select)


def _read(select: exp.Select) -> Read:
    names = [(item.alias_or_name, item) for item in select.expressions]
    where = select.args.get("where")
    table = _table(select)
    return Read(
        table="" if table is None else table.name,
        columns=tuple(
            (name, item.unalias().name)
            for name, item in names
            if isinstance(item.unalias(), exp.Column) and not item.is_star
        ),
        filters=() if where is None else tuple(_unique(c.name for c in where.find_all(exp.Column))),
        params=tuple(_unique(p.name for p in select.find_all(exp.Placeholder))),
        refused=next(_refused(select), None),
        star=any(item.is_star for _, item in names),
        twice=tuple(_unique(n for i, (n, _) in enumerate(names) if n in dict(names[:i]))),
    )


def _table(select: exp.Select) -> exp.Table | None:
    source = select.args.get("from_")
    return source.this if source is not None and isinstance(source.this, exp.Table) else None


def _refused(select: exp.Select) -> Iterator[str]:
    yield from (
        key.rstrip("_").upper()
        for key, value in select.args.items()
        if value and key not in _CLAUSES
    )
    table = _table(select)
    if table is None:
        yield "FROM"
    elif table.args.get("db") or table.args.get("alias") or len(_given(table)) > 1:
        yield table.sql(dialect="duckdb")
    for item in select.expressions:
        if not (isinstance(item.unalias(), exp.Column | exp.Star) and _is_bare(item.unalias())):
            yield item.sql(dialect="duckdb")
    where = select.args.get("where")
    if where is not None:
        yield from _refused_condition(where.this)


def _refused_condition(node: exp.Expression) -> Iterator[str]:
    match node:
        case exp.And() | exp.Paren():
            for side in node.iter_expressions():
                yield from _refused_condition(side)
        case exp.Not(this=exp.Is() | exp.In() as inner):
            yield from _refused_condition(inner)
        case exp.Is(this=exp.Column() as column, expression=exp.Null()) if _is_bare(column):
            return
        case exp.In(this=exp.Column() as column) if _is_bare(column) and node.expressions:
            yield from (_words(v) for v in node.expressions if not isinstance(v, _VALUES))
        case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            sides = [node.this, node.expression]
            if not any(isinstance(side, exp.Column) and _is_bare(side) for side in sides):
                yield _words(node)
            yield from (_words(s) for s in sides if not isinstance(s, (exp.Column, *_VALUES)))
        case _:
            yield _words(node)


def _is_bare(column: exp.Expression) -> bool:
    return isinstance(column, exp.Star) or not column.args.get("table")


def _given(node: exp.Expression) -> list[str]:
    return [key for key, value in node.args.items() if value]


def _words(node: exp.Expression) -> str:
    return node.sql(dialect="duckdb")[:60]


def _unique(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))
