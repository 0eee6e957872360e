"""Parse a question's SQL by a closed list: one SELECT over one dataset, equalities, lists.

What is not on the list is refused, by class of node and by argument of the node: a new feature of
SQL, or of the parser, is outside until somebody writes it here.

>>> parse("SELECT name AS n FROM household WHERE status = :s AND kind IN ('a', 'b')").shown
(('n', 'name'),)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from federation.query.errors import (
    ColumnRepeated,
    SqlNotOne,
    SqlOutside,
    SqlTooLarge,
    SqlUnreadable,
)

__all__ = ["Atom", "Parameter", "Parsed", "ParsedCondition", "parse"]

_LONGEST = 8192
_MOST_TOKENS = 600
_DEEPEST = 16
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NUMERIC = re.compile(r"\d{4}")
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,10})?")

_ALLOWED: Mapping[type[exp.Expression], frozenset[str]] = MappingProxyType(
    {
        exp.Select: frozenset({"expressions", "from_", "where"}),
        exp.From: frozenset({"this"}),
        exp.Table: frozenset({"this", "alias"}),
        exp.TableAlias: frozenset({"this"}),
        exp.Alias: frozenset({"this", "alias"}),
        exp.Column: frozenset({"this", "table"}),
        exp.Identifier: frozenset({"this", "quoted"}),
        exp.Where: frozenset({"this"}),
        exp.And: frozenset({"this", "expression"}),
        exp.Paren: frozenset({"this"}),
        exp.EQ: frozenset({"this", "expression"}),
        exp.In: frozenset({"this", "expressions"}),
        exp.Literal: frozenset({"this", "is_string"}),
        exp.Boolean: frozenset({"this"}),
        exp.Neg: frozenset({"this"}),
        exp.Placeholder: frozenset({"this"}),
    }
)
"""The closed list: class of node → the arguments it may have."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value to be given when the question is asked."""

    name: str


Atom: TypeAlias = Parameter | str | int | Decimal | bool


@dataclass(frozen=True, slots=True)
class ParsedCondition:
    """One conjunct: a column equals a value, or one of a list."""

    column: str
    values: tuple[Atom, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """A question's SQL as names.

    Attributes:
        table: the dataset's name in the SQL.
        shown: (name in the answer, column).
        conditions: what the rows must meet, all of it.
    """

    table: str
    shown: tuple[tuple[str, str], ...]
    conditions: tuple[ParsedCondition, ...]


def parse(sql: str) -> Parsed:
    """Parse one question.

    Raises:
        SqlTooLarge: more than 8,192 characters, 600 tokens or 16 levels.
        SqlUnreadable: no SQL, or characters that do not belong in it.
        SqlNotOne: no statement, or several.
        SqlOutside: anything that is not on the closed list.
        ColumnRepeated: two columns of the answer have one name.
    """
    text = _clean(sql)
    _check_tokens(_tokens(text))
    tree = _tree(text)
    for node in tree.walk():
        _check_node(node)
    return _read(tree)


def _clean(sql: str) -> str:
    if len(sql) > _LONGEST:
        raise SqlTooLarge(limit=_LONGEST)
    text = sql.strip().removesuffix(";").rstrip()
    if not text:
        raise SqlNotOne
    # control, format (bidi, zero width), private use, surrogates, line and paragraph separators
    odd = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
    if any(unicodedata.category(c) in odd and c not in "\t\n\r" for c in text):
        raise SqlUnreadable
    return text


def _tokens(text: str) -> list[Any]:
    try:
        tokens: list[Any] = sqlglot.tokenize(text, read="duckdb")
    except (SqlglotError, ValueError, IndexError, RecursionError):
        raise SqlUnreadable from None
    return tokens


def _check_tokens(tokens: list[Any]) -> None:
    if len(tokens) > _MOST_TOKENS:
        raise SqlTooLarge(limit=_LONGEST)
    depth = deepest = 0
    for token in tokens:
        if token.comments or token.token_type is TokenType.HINT:
            raise SqlOutside(part="COMMENT")
        if token.token_type is TokenType.SEMICOLON:
            raise SqlNotOne
        depth += (token.text == "(") - (token.text == ")")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise SqlTooLarge(limit=_LONGEST)
    if not tokens or tokens[0].token_type is not TokenType.SELECT:
        raise SqlOutside(part=_shown_part(tokens[0].text if tokens else ""))


def _tree(text: str) -> exp.Select:
    try:
        trees = [t for t in sqlglot.parse(text, read="duckdb") if t is not None]
    except (SqlglotError, ValueError, IndexError, KeyError, TypeError, RecursionError):
        raise SqlUnreadable from None
    if len(trees) != 1:
        raise SqlNotOne
    if type(trees[0]) is not exp.Select:
        raise SqlOutside(part=_part(trees[0]))
    return trees[0]


def _check_node(node: Any) -> None:
    allowed = _ALLOWED.get(type(node))
    if allowed is None or node.comments:
        raise SqlOutside(part=_part(node))
    for name, value in node.args.items():
        if name not in allowed and value not in (None, False, []):
            raise SqlOutside(part=_shown_part(name.rstrip("_")))


def _read(tree: exp.Select) -> Parsed:
    source = tree.args.get("from_")
    if not isinstance(source, exp.From) or not isinstance(source.this, exp.Table):
        raise SqlOutside(part="FROM")
    if not tree.expressions:
        raise SqlUnreadable
    table = _name(source.this.this)
    alias = source.this.args.get("alias")
    known = {table} if alias is None else {_name(alias.this)}
    shown = tuple(_projection(e, known) for e in tree.expressions)
    names = [name for name, _ in shown]
    for name in names:
        if names.count(name) > 1:
            raise ColumnRepeated(column=name)
    where = tree.args.get("where")
    conditions = tuple(_conditions(where.this, known)) if where is not None else ()
    return Parsed(table, shown, conditions)


def _projection(node: Any, known: set[str]) -> tuple[str, str]:
    if isinstance(node, exp.Alias):
        return _name(node.args["alias"]), _column(node.this, known)
    column = _column(node, known)
    return column, column


def _conditions(node: Any, known: set[str]) -> Iterator[ParsedCondition]:
    if isinstance(node, exp.Paren):
        yield from _conditions(node.this, known)
    elif isinstance(node, exp.And):
        yield from _conditions(node.this, known)
        yield from _conditions(node.expression, known)
    elif isinstance(node, exp.In):
        values = tuple(_atom(v) for v in node.expressions)
        if not values:
            raise SqlOutside(part="IN")
        yield ParsedCondition(_column(node.this, known), values, is_list=True)
    elif isinstance(node, exp.EQ):
        left, right = node.this, node.expression
        if not isinstance(left, exp.Column):
            left, right = right, left
        yield ParsedCondition(_column(left, known), (_atom(right),), is_list=False)
    else:
        raise SqlOutside(part=_part(node))


def _column(node: Any, known: set[str]) -> str:
    if not isinstance(node, exp.Column):
        raise SqlOutside(part=_part(node))
    table = node.args.get("table")
    if table is not None and _name(table) not in known:
        raise SqlOutside(part=_shown_part(_name(table)))
    return _name(node.this)


def _atom(node: Any) -> Atom:
    if isinstance(node, exp.Placeholder) and isinstance(node.this, str):
        if not _NAME.fullmatch(node.this):
            raise SqlOutside(part=_shown_part(node.this))
        return Parameter(node.this)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        number = _atom(node.this)
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            return -number
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else _number(str(node.this))
    raise SqlOutside(part=_part(node))


def _number(text: str) -> int | Decimal:
    if not _NUMBER.fullmatch(text):
        raise SqlOutside(part=_shown_part(text))
    return Decimal(text) if "." in text else int(text)


def _name(node: Any) -> str:
    """Return a plain lower-case name; quoted names must be plain too."""
    if not isinstance(node, exp.Identifier):
        raise SqlOutside(part=_part(node))
    text = str(node.this)
    name = text if node.args.get("quoted") else text.lower()
    if not text.isascii() or not _NAME.fullmatch(name):
        raise SqlOutside(part=_shown_part(text))
    return name


def _part(node: Any) -> str:
    return _shown_part(str(getattr(node, "key", type(node).__name__)).upper())


def _shown_part(text: str) -> str:
    """Return a short printable name of what was refused; never something that may be a value."""
    shown = "".join(c for c in text if c.isprintable())[:40]
    return shown if shown and not _NUMERIC.search(shown) else "?"
