"""Type a tree against the names it may read, and collect everything that does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from builder.errors import Fault, Findings
from builder.expr.errors import ExpressionName, ExpressionTypes
from builder.expr.evaluate import kind_of
from builder.expr.functions import FUNCTIONS, OPERATORS, Signature, near
from builder.expr.tree import Call, Constant, Name, Tree

__all__ = ["ExprType", "check", "type_of"]

ExprType: TypeAlias = Literal["text", "int", "decimal", "bool", "date", "timestamp", "null", "any"]
"""``null`` is the type of NULL itself, ``any`` of a name whose type is not known here."""

_ALLOWED: Mapping[str, frozenset[str]] = {
    "number": frozenset({"int", "decimal"}),
    "castable": frozenset({"int", "decimal", "text"}),
    "datable": frozenset({"date", "timestamp", "text"}),
    "writable": frozenset({"text", "int", "decimal", "bool", "date"}),
}
_NUMBERS = _ALLOWED["number"]
_LOOSE = frozenset({"null", "any"})
_WORDS: Mapping[str, str] = {
    "text": "文字 text",
    "int": "整数 int",
    "decimal": "小数 decimal",
    "number": "数 number",
    "bool": "是/否 bool",
    "date": "日期 date",
    "timestamp": "时间 timestamp",
    "castable": "文字或数 text, number",
    "datable": "日期、时间或文字 date, timestamp, text",
    "writable": "文字、数、是/否或日期 text, number, bool, date",
    "same": "同类的值 one kind",
}
"""What authors read for a type: the word of each language, the one in specs last."""


def check(tree: Tree, types: Mapping[str, ExprType]) -> ExprType:
    """Return the type of an expression.

    Args:
        tree: the expression.
        types: the names it may read.

    Raises:
        Findings: every unknown name (with the nearest) and every clash of types.
    """
    checker = _Checker(types)
    found = checker.type_of(tree)
    if checker.findings:
        raise Findings(checker.findings)
    return found


def type_of(tree: Tree, types: Mapping[str, ExprType]) -> ExprType:
    """Return the type of a part of an expression that has been checked."""
    return _Checker(types).type_of(tree)


class _Checker:
    def __init__(self, types: Mapping[str, ExprType]) -> None:
        self._types = types
        self.findings: list[Fault] = []

    def type_of(self, tree: Tree) -> ExprType:
        match tree:
            case Constant():
                return _constant(tree)
            case Name():
                return self._name(tree)
            case Call():
                return self._call(tree)

    def _name(self, name: Name) -> ExprType:
        if name.name not in self._types:
            meant = near(name.name, sorted(self._types))
            self.findings.append(ExpressionName(**name.at._asdict(), name=name.name, near=meant))
            return "any"
        return self._types[name.name]

    def _call(self, call: Call) -> ExprType:
        given = [self.type_of(a) for a in call.args]
        if call.op == "case":
            for test, found in zip(call.args[0:-1:2], given[0:-1:2], strict=True):
                self._expect(call, test, "bool", found)
            return self._common(call, [*given[1:-1:2], given[-1]])
        signature = FUNCTIONS.get(call.op) or OPERATORS[call.op]
        wanted = list(_wanted(signature, len(given)))
        alike = [g for g, w in zip(given, wanted, strict=True) if w == "same"]
        common = self._common(call, alike) if alike else "any"
        for arg, found, want in zip(call.args, given, wanted, strict=True):
            if want not in ("same", "any"):
                self._expect(call, arg, want, found)
        return _gives(signature, given, common)

    def _expect(self, call: Call, arg: Tree, wanted: str, found: ExprType) -> None:
        if found not in _LOOSE and found not in _ALLOWED.get(wanted, {wanted}):
            self._clash(call, arg, wanted, [found])

    def _common(self, call: Call, given: Sequence[ExprType]) -> ExprType:
        """Return the one kind that all are of; a mix is a finding."""
        known = sorted({t for t in given if t not in _LOOSE})
        if not known:
            return "any" if "any" in given or not given else "null"
        if set(known) <= _NUMBERS:
            return "decimal" if "decimal" in known else "int"
        if len(known) > 1:
            self._clash(call, call, "same", known)
        return known[0]

    def _clash(self, call: Call, at: Tree, wanted: str, found: Sequence[ExprType]) -> None:
        self.findings.append(
            ExpressionTypes(
                **at.at._asdict(),
                part=_SIGNS.get(call.op, call.op),
                wanted=_WORDS[wanted],
                found=[_WORDS[f] for f in found],
            )
        )


_SIGNS: Mapping[str, str] = {
    "eq": "=",
    "ne": "<>",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "neg": "-",
    "concat": "||",
    "is_true": "IS TRUE",
    "is_false": "IS FALSE",
    "is_null": "IS NULL",
    **{op: op.upper() for op in ("and", "or", "not", "in", "between", "case")},
    **{f"cast_{kind}": f"CAST AS {kind.upper()}" for kind in ("int", "decimal", "date", "text")},
}


def _wanted(signature: Signature, count: int) -> Iterator[str]:
    for at in range(count):
        yield signature.args[min(at, len(signature.args) - 1)]


def _gives(signature: Signature, given: Sequence[ExprType], common: ExprType) -> ExprType:
    match signature.gives:
        case "same":
            return common
        case "number":
            return "decimal" if "decimal" in given else "int" if "any" not in given else "any"
        case "text" | "int" | "decimal" | "bool" | "date":
            return signature.gives
        case other:
            raise AssertionError(other)


def _constant(tree: Constant) -> ExprType:
    kind = kind_of(tree.value)
    if kind == "number":
        return "int" if isinstance(tree.value, int) else "decimal"
    found: ExprType = kind  # type: ignore[assignment] # kind_of's other words are types
    return found
