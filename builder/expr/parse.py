"""Read SQL text into a `Tree`: sqlglot parses, a closed list decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined] # moved in 30

from builder.expr.errors import (
    ExpressionArguments,
    ExpressionBareName,
    ExpressionCast,
    ExpressionComment,
    ExpressionDate,
    ExpressionEmpty,
    ExpressionFault,
    ExpressionFunction,
    ExpressionHyphen,
    ExpressionInterval,
    ExpressionList,
    ExpressionLongName,
    ExpressionNumber,
    ExpressionParameter,
    ExpressionPattern,
    ExpressionPlaces,
    ExpressionQuotes,
    ExpressionRefused,
    ExpressionSubquery,
    ExpressionSyntax,
    ExpressionTooLarge,
)
from builder.expr.functions import FUNCTIONS, LISTED, near
from builder.expr.tree import Call, Constant, Name, Place, Tree, nodes

__all__ = ["DEEPEST", "LONGEST", "PARTS", "parse"]

LONGEST = 4000
DEEPEST = 20
PARTS = 2000
"""Limits of one expression: characters, levels, nodes of its tree."""

_CHAIN = 64
_DIGITS, _PLACES = 18, 6
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURLY = re.compile("[“”‘’「」『』`]")


@lru_cache(maxsize=4096)
def parse(text: str) -> Tree:
    """Read an expression.

    >>> parse("a.b = TRUE AND a.c IS NULL").to_json()["f"]
    'and'

    Raises:
        ExpressionSyntax, ExpressionEmpty, ExpressionComment: it cannot be read.
        ExpressionTooLarge: longer or deeper than the limits of this module.
        ExpressionFault: a construct outside the closed list; its class says which.
    """
    if len(text) > LONGEST:
        raise _too_large()
    node = _read(text)
    tree = _Converter(text).convert(node, 0)
    _measure(tree)
    return tree


def _only(readers: Mapping[str, object], *names: str) -> Mapping[str, object]:
    return {name: readers[name] for name in names}


_NONE: Mapping[object, object] = {}


class _Parser(DuckDB.Parser):  # type: ignore[misc,valid-type] # how sqlglot's dialects are made
    """sqlglot's duckdb parser without functions of its own: every call stays as it was written."""

    FUNCTIONS = _NONE
    NO_PAREN_FUNCTIONS = _NONE
    FUNCTION_PARSERS = _only(DuckDB.Parser.FUNCTION_PARSERS, "CAST", "TRY_CAST")
    NO_PAREN_FUNCTION_PARSERS = _only(DuckDB.Parser.NO_PAREN_FUNCTION_PARSERS, "CASE")


def _read(text: str) -> exp.Expr:
    """Return sqlglot's tree of an expression."""
    dialect = sqlglot.Dialect.get_or_raise("duckdb")
    try:
        tokens = dialect.tokenize(text)
        _check_tokens(text, tokens)
        read = _Parser(dialect=dialect).parse_into(exp.Condition, tokens, text)
    except TokenError:
        raise ExpressionSyntax(line=1, column=1, found=text.strip()[:20]) from None
    except ParseError as fault:
        raise _syntax(text, fault) from None
    except RecursionError:
        raise _too_large() from None
    found: exp.Expr | None = read[0] if read else None
    if found is None:  # a word alone that SQL knows only inside of others, as END
        raise ExpressionSyntax(**_at(text, tokens[0].start)._asdict(), found=tokens[0].text[:20])
    return found


def _check_tokens(text: str, tokens: Sequence[Token]) -> None:
    if not tokens:
        if text.strip():
            raise ExpressionComment(line=1, column=1)
        raise ExpressionEmpty
    level = run = 0
    for token in tokens:
        level = max(0, level + (token.token_type in _OPENING) - (token.token_type in _CLOSING))
        run = run + 1 if token.token_type in _SIGNS else 0
        if level + run > DEEPEST:
            raise _too_large()
        if token.comments:
            raise ExpressionComment(**_at(text, token.start)._asdict())
        if token.token_type is TokenType.SEMICOLON:  # what stands behind would not be read
            raise ExpressionSyntax(**_at(text, token.start)._asdict(), found=";")
    if "\x00" in text:
        raise ExpressionSyntax(**_at(text, text.index("\x00"))._asdict(), found="\\0")


_OPENING = frozenset({TokenType.L_PAREN, TokenType.CASE, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING = frozenset({TokenType.R_PAREN, TokenType.END, TokenType.R_BRACKET, TokenType.R_BRACE})
_SIGNS = frozenset({TokenType.NOT, TokenType.DASH, TokenType.PLUS, TokenType.TILDE})
"""A run of these nests like brackets."""


def _at(text: str, offset: int) -> Place:
    before = text[:offset]
    return Place(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _syntax(text: str, fault: ParseError) -> ExpressionSyntax:
    found = (fault.errors or [{}])[0]
    word, start = found.get("highlight") or "", found.get("start_context") or ""
    offset = text.find(start + word) + len(start) if start + word else 0
    return ExpressionSyntax(**_at(text, max(offset, 0))._asdict(), found=word[:20] or text[:20])


def _too_large() -> ExpressionTooLarge:
    return ExpressionTooLarge(most=LONGEST, deepest=DEEPEST, parts=PARTS)


def _measure(tree: Tree) -> None:
    for count, _ in enumerate(nodes(tree)):
        if count >= PARTS:
            raise _too_large()


_Read = Callable[["_Converter", exp.Expr, int], Tree]


@dataclass(frozen=True, slots=True)
class _Converter:
    """Turns sqlglot's nodes into ours, refusing every kind that has no reader."""

    text: str

    def convert(self, node: exp.Expr, depth: int) -> Tree:
        """Return a node of the closed list."""
        if depth > _CHAIN:
            raise _too_large()
        reader = _READERS.get(type(node))
        if reader is None:
            raise self.refused(node)
        return reader(self, node, depth + 1)

    def place(self, node: exp.Expr) -> Place:
        """Return where a node begins: sqlglot keeps that of names, literals and calls."""
        starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
        if not starts and node.parent is not None:
            return self.place(node.parent)
        return _at(self.text, min(starts, default=0))

    def where(self, node: exp.Expr) -> dict[str, Any]:
        """Return a node's place as facts of a fault."""
        return self.place(node)._asdict()

    def shown(self, node: exp.Expr) -> str:
        """Return a node as a person would write it, cut short."""
        try:
            return node.sql(dialect="duckdb", comments=False)[:40]
        except (ValueError, AttributeError, RecursionError):  # what sqlglot cannot write is refused
            return type(node).__name__

    def refused(self, node: exp.Expr) -> ExpressionFault:
        """Return the fault for a construct outside the list."""
        at, construct = self.where(node), self.shown(node)
        for kinds, fault in _ADVICE:
            if isinstance(node, kinds):
                return fault(**at, construct=construct)
        return ExpressionRefused(**at, construct=construct, functions=list(FUNCTIONS))

    # ── Names and literals ───────────────────────────────────────────────────────────────────────

    def column(self, node: exp.Expr, _depth: int) -> Tree:
        parts = list(node.parts)  # type: ignore[attr-defined] # exp.Column
        name, at = ".".join(p.name for p in parts), self.where(node)
        if any(not isinstance(p, exp.Identifier) for p in parts):
            raise self.refused(parts[-1])
        if any(p.args.get("quoted") for p in parts) or _CURLY.search(name):
            raise ExpressionQuotes(**at, text=_CURLY.sub("", name)[:40])
        if len(parts) == 1:
            if name.lower() == "current_date":
                return Call("today", (), self.place(node))
            start = int(parts[0].meta.get("start", 0))
            is_part = re.search(r"\w-$", self.text[:start])
            raise (ExpressionHyphen if is_part else ExpressionBareName)(**at, name=name[:40])
        if len(parts) > 2:
            raise ExpressionLongName(**at, name=name[:80])
        return Name(name.lower(), self.place(node))

    def literal(self, node: exp.Expr, _depth: int) -> Tree:
        text = str(node.this)
        if node.args.get("is_string"):
            return Constant(text, self.place(node))
        whole, _, part = text.partition(".")
        is_plain = re.fullmatch(r"[0-9]*(\.[0-9]*)?", text)
        if not is_plain or len(part) > _PLACES or len(whole.lstrip("0")) > _DIGITS:
            raise ExpressionNumber(**self.where(node), number=text[:40])
        return Constant(Decimal(text) if "." in text else int(text), self.place(node))

    def fixed(self, node: exp.Expr, _depth: int) -> Tree:
        value = bool(node.this) if isinstance(node, exp.Boolean) else None
        return Constant(value, self.place(node))

    # ── Operators ────────────────────────────────────────────────────────────────────────────────

    def paren(self, node: exp.Expr, depth: int) -> Tree:
        return self.convert(node.this, depth)

    def unary(self, node: exp.Expr, depth: int) -> Tree:
        inner = self.convert(node.this, depth)
        op = "neg" if isinstance(node, exp.Neg) else "not"
        value = inner.value if op == "neg" and isinstance(inner, Constant) else None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Constant(-value, inner.at)
        return Call(op, (inner,), inner.at)

    def binary(self, node: exp.Expr, depth: int) -> Tree:
        args = (self.convert(node.this, depth), self.convert(node.expression, depth))
        return Call(_BINARY[type(node)], args, args[0].at)

    def chain(self, node: exp.Expr, depth: int) -> Tree:
        """Read ``a AND b AND c`` as one call of three, however long."""
        kind, parts = type(node), []
        while type(node) is kind:
            parts.append(node.expression)
            node = node.this
        parts.append(node)
        args = [self.convert(part, depth) for part in reversed(parts)]
        op, first = _CHAINS[kind], args[0]
        while len(args) > _CHAIN:
            args = [Call(op, tuple(args[:_CHAIN]), first.at), *args[_CHAIN:]]
        return Call(op, tuple(args), first.at)

    def is_(self, node: exp.Expr, depth: int) -> Tree:
        inner, what = self.convert(node.this, depth), node.expression
        if isinstance(what, exp.Null):
            return Call("is_null", (inner,), inner.at)
        if isinstance(what, exp.Boolean):
            return Call("is_true" if what.this else "is_false", (inner,), inner.at)
        raise self.refused(node)

    def in_(self, node: exp.Expr, depth: int) -> Tree:
        if node.args.get("query"):
            raise ExpressionSubquery(**self.where(node))
        listed = node.args.get("expressions") or []
        if not 1 <= len(listed) <= LISTED:
            raise ExpressionList(**self.where(node), most=LISTED)
        args = tuple(self.convert(n, depth) for n in (node.this, *listed))
        return Call("in", args, args[0].at)

    def between(self, node: exp.Expr, depth: int) -> Tree:
        if node.args.get("symmetric") is not None:
            raise self.refused(node)
        args = tuple(self.convert(node.args[k], depth) for k in ("this", "low", "high"))
        return Call("between", args, args[0].at)

    def case(self, node: exp.Expr, depth: int) -> Tree:
        subject = self.convert(node.this, depth) if node.this else None
        args: list[Tree] = []
        for arm in node.args["ifs"]:
            test = self.convert(arm.this, depth)
            args.append(test if subject is None else Call("eq", (subject, test), test.at))
            args.append(self.convert(arm.args["true"], depth))
        default = node.args.get("default")
        args.append(Constant(None) if default is None else self.convert(default, depth))
        found = Call("case", tuple(args), self.place(node))
        _measure(found)  # a subject stands in every arm: nested, that multiplies
        return found

    # ── Calls ────────────────────────────────────────────────────────────────────────────────────

    def cast(self, node: exp.Expr, depth: int) -> Tree:
        wanted, inner = node.args["to"], node.this
        op = _CASTS.get(wanted.this)
        if op is None or node.args.get("format") or node.args.get("default"):
            raise ExpressionCast(**self.where(node), type=self.shown(wanted))
        if op == "cast_date" and isinstance(inner, exp.Literal) and inner.is_string:
            return self._day(inner)
        value = self.convert(inner, depth)
        if op != "cast_decimal":
            if wanted.expressions:
                raise ExpressionCast(**self.where(node), type=self.shown(wanted))
            return Call(op, (value,), value.at)
        size = [p.name for p in wanted.expressions]
        if not all(re.fullmatch(r"[0-9]{1,3}", digits) for digits in size):
            raise ExpressionCast(**self.where(node), type=self.shown(wanted))
        digits, places = (*map(int, size), 0)[:2]
        if places > min(_PLACES, digits) or not 1 <= digits <= places + _DIGITS:
            raise ExpressionCast(**self.where(node), type=self.shown(wanted))
        return Call(op, (value, Constant(digits), Constant(places)), value.at)

    def _day(self, node: exp.Expr) -> Tree:
        try:
            day = date.fromisoformat(node.name) if _DAY.fullmatch(node.name) else None
        except ValueError:
            day = None
        if day is None:
            raise ExpressionDate(**self.where(node), date=node.name[:40])
        return Constant(day, self.place(node))

    def call(self, node: exp.Expr, depth: int) -> Tree:
        name, args, at = str(node.this).lower(), list(node.expressions), self.where(node)
        if name == "date_diff" and len(args) == 3 and args[0].name.lower() in ("day", "days"):
            name, args = "days_between", args[1:]
        signature = FUNCTIONS.get(name)
        if signature is None:
            raise ExpressionFunction(**at, function=name[:40], near=near(name))
        if not signature.fewest <= len(args) <= signature.most:
            fewest, most = signature.fewest, signature.most
            wanted = str(most) if fewest == most else f"{fewest}–{most}"
            raise ExpressionArguments(**at, function=name, wanted=wanted, found=len(args))
        found = Call(name, tuple(self.convert(a, depth) for a in args), self.place(node))
        if name == "round" and not _is_places(found.args[1:]):
            raise ExpressionPlaces(**self.where(args[1]))
        return found


def _is_places(args: Sequence[Tree]) -> bool:
    """Tell whether the places of ``round`` are left out, or a whole number from 0 to 6."""
    return not args or args[0] in {Constant(places) for places in range(_PLACES + 1)}


_BINARY: Mapping[type[exp.Expr], str] = {
    exp.EQ: "eq",
    exp.NEQ: "ne",
    exp.LT: "lt",
    exp.LTE: "le",
    exp.GT: "gt",
    exp.GTE: "ge",
    exp.Sub: "sub",
    exp.Div: "div",
}
_CHAINS: Mapping[type[exp.Expr], str] = {
    exp.And: "and",
    exp.Or: "or",
    exp.Add: "add",
    exp.Mul: "mul",
    exp.DPipe: "concat",
}
_READERS: Mapping[type[exp.Expr], _Read] = {
    exp.Paren: _Converter.paren,
    exp.Column: _Converter.column,
    exp.Literal: _Converter.literal,
    exp.Boolean: _Converter.fixed,
    exp.Null: _Converter.fixed,
    exp.Not: _Converter.unary,
    exp.Neg: _Converter.unary,
    **dict.fromkeys(_BINARY, _Converter.binary),
    **dict.fromkeys(_CHAINS, _Converter.chain),
    exp.Is: _Converter.is_,
    exp.In: _Converter.in_,
    exp.Between: _Converter.between,
    exp.Case: _Converter.case,
    exp.Cast: _Converter.cast,
    exp.TryCast: _Converter.cast,
    exp.Anonymous: _Converter.call,
}

_CASTS = {
    exp.DataType.Type.INT: "cast_int",
    exp.DataType.Type.BIGINT: "cast_int",
    exp.DataType.Type.DECIMAL: "cast_decimal",
    exp.DataType.Type.DATE: "cast_date",
    exp.DataType.Type.TEXT: "cast_text",
    exp.DataType.Type.VARCHAR: "cast_text",
}

_ADVICE: Sequence[tuple[tuple[type[exp.Expr], ...], type[ExpressionFault]]] = (
    ((exp.Like, exp.ILike, exp.Glob, exp.SimilarTo, exp.RegexpLike), ExpressionPattern),
    ((exp.Query, exp.Exists, exp.Subquery), ExpressionSubquery),
    ((exp.Placeholder, exp.Parameter, exp.SessionParameter), ExpressionParameter),
    ((exp.Interval,), ExpressionInterval),
)
"""Constructs that authors know from elsewhere, and the fault that says what to write here."""
