"""Hold an expression as a small closed tree, in Python and as JSON for the browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias

__all__ = ["Call", "Constant", "Name", "Place", "Tree", "Value", "names", "nodes"]

Value: TypeAlias = "str | int | bool | Decimal | date | datetime | None"


class Place(NamedTuple):
    """Where in the text a part begins, both counted from 1."""

    line: int
    column: int


_START = Place(1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A literal. TRUE is not 1, and 1.0 is not 1.00: trees are keys of caches."""

    value: Value
    at: Place = field(default=_START, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[type, str]:
        return (type(self.value), str(self.value))

    def to_json(self) -> dict[str, object]:
        """Return ``{"v": …}``, with ``"t"`` where JSON has no such type.

        >>> Constant(Decimal("1.50")).to_json()
        {'v': '1.50', 't': 'decimal'}
        """
        match self.value:
            case Decimal():
                return {"v": f"{self.value:f}", "t": "decimal"}
            case datetime():
                return {"v": self.value.isoformat(), "t": "timestamp"}
            case date():
                return {"v": self.value.isoformat(), "t": "date"}
            case bool() | str() | None:
                return {"v": self.value}
            case _:
                return {"v": str(self.value), "t": "int"}


@dataclass(frozen=True, slots=True)
class Name:
    """A field of an entity or a column of a query's answer: ``entity.field``."""

    name: str
    at: Place = field(default=_START, compare=False, repr=False)

    def to_json(self) -> dict[str, object]:
        """Return ``{"n": "entity.field"}``."""
        return {"n": self.name}


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or function of the closed list on its arguments.

    ``case`` takes condition, value, …, else; ``in`` takes the value, then the list; ``between``
    the value, low, high; ``cast_decimal`` the value, digits, places; ``and``, ``or``, ``concat``,
    ``add`` and ``mul`` take two or more, from the left.
    """

    op: str
    args: tuple[Tree, ...]
    at: Place = field(default=_START, compare=False, repr=False)

    def to_json(self) -> dict[str, object]:
        """Return ``{"f": op, "a": […]}``."""
        return {"f": self.op, "a": [a.to_json() for a in self.args]}


Tree: TypeAlias = Constant | Name | Call


def nodes(tree: Tree) -> Iterator[Tree]:
    """Yield a tree's nodes, parents first."""
    yield tree
    if isinstance(tree, Call):
        for arg in tree.args:
            yield from nodes(arg)


def names(tree: Tree) -> frozenset[str]:
    """Return the names a tree reads.

    >>> sorted(names(Call("eq", (Name("a.b"), Name("c.d")))))
    ['a.b', 'c.d']
    """
    return frozenset(n.name for n in nodes(tree) if isinstance(n, Name))
