"""Type a tree against the names it may read, and collect everything that does not fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from builder.errors import Fault, Findings
from builder.expr.errors import ExpressionName, ExpressionTypes
from builder.expr.evaluate import kind_of
from builder.expr.functions import FUNCTIONS, OPERATORS, Signature
from builder.expr.tree import Call, Constant, Name, Tree

__all__ = ["ExprType", "check"]

ExprType: TypeAlias = Literal["text", "int", "decimal", "bool", "date", "timestamp", "null", "any"]
"""``null`` is the type of NULL itself, ``any`` of a name whose type is not known here."""

_NUMBERS = frozenset({"int", "decimal"})
_LOOSE = frozenset({"null", "any"})


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


class _Checker:
    def __init__(self, types: Mapping[str, ExprType]) -> None:
        self._types = types
        self.findings: list[Fault] = []

    def type_of(self, tree: Tree) -> ExprType:
        match tree:
            case Constant():
                return _constant(tree)
            case Name(name=name):
                return self._name(name)
            case Call():
                return self._call(tree)

    def _name(self, name: str) -> ExprType:
        if name not in self._types:
            near = difflib.get_close_matches(name, self._types, n=3, cutoff=0.4)
            self.findings.append(ExpressionName(name=name, near=near))
            return "any"
        return self._types[name]

    def _call(self, call: Call) -> ExprType:
        given = [self.type_of(a) for a in call.args]
        if call.op == "case":
            tests, values = given[0:-1:2], [*given[1:-1:2], given[-1]]
            self._expect(call, "bool", tests)
            return self._common(call, values)
        signature = FUNCTIONS.get(call.op) or OPERATORS[call.op]
        same = [t for t, wanted in _paired(given, signature) if wanted == "same"]
        common = self._common(call, same) if same else "any"
        for actual, wanted in _paired(given, signature):
            if wanted not in ("same", "any"):
                self._expect(call, wanted, [actual])
        return _gives(signature, given, common)

    def _expect(self, call: Call, wanted: str, given: Sequence[ExprType]) -> None:
        for actual in given:
            if actual in _LOOSE or actual == wanted or (wanted == "number" and actual in _NUMBERS):
                continue
            if wanted == "date" and actual == "timestamp" and call.op in ("year", "month", "day"):
                continue
            self.findings.append(ExpressionTypes(part=call.op, found=[wanted, actual]))

    def _common(self, call: Call, given: Sequence[ExprType]) -> ExprType:
        """Return the one kind that all are of; a mix is a finding."""
        known = sorted({t for t in given if t not in _LOOSE})
        if not known:
            return "any" if "any" in given or not given else "null"
        if set(known) <= _NUMBERS:
            return "decimal" if "decimal" in known else "int"
        if len(known) > 1:
            self.findings.append(ExpressionTypes(part=call.op, found=known))
        return known[0]


def _paired(given: Sequence[ExprType], signature: Signature) -> Iterator[tuple[ExprType, str]]:
    for at, actual in enumerate(given):
        yield actual, signature.args[min(at, len(signature.args) - 1)]


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
