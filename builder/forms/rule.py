"""Hold an expression of a form, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from builder.expr import Tree, Value, compile_tree, names, parse

__all__ = ["Rule", "rule", "ruled"]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """An expression, parsed, with the names it reads. Two rules are one only if the same object."""

    tree: Tree
    names: frozenset[str]
    run: Callable[[Mapping[str, Value], date], Value]

    def holds(self, scope: Mapping[str, Value], today: date) -> bool:
        """Tell whether a condition is TRUE."""
        return self.run(scope, today) is True


def rule(text: str | None) -> Rule | None:
    """Return the rule that an expression writes; None for none."""
    return None if text is None else ruled(parse(text))


def ruled(tree: Tree) -> Rule:
    """Return a tree as a rule."""
    return Rule(tree, names(tree), compile_tree(tree))
