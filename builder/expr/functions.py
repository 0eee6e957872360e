"""List the closed set of operators and functions, with their arity and types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CASTS", "FUNCTIONS", "OPERATORS", "Signature"]

MANY = 64


@dataclass(frozen=True, slots=True)
class Signature:
    """What an operator takes and gives.

    Attributes:
        args: type of each argument; the last one repeats. ``number`` is int or decimal; ``same``
            means all such arguments are of one kind; ``any`` anything.
        gives: its type; ``number`` is decimal if any argument is; ``same`` the common kind.
        fewest: least number of arguments.
        most: greatest number of arguments.
    """

    args: tuple[str, ...]
    gives: str
    fewest: int
    most: int


def _of(*args: str, gives: str, most: int | None = None, fewest: int | None = None) -> Signature:
    count = len(args)
    return Signature(
        args, gives, count if fewest is None else fewest, count if most is None else most
    )


OPERATORS: Mapping[str, Signature] = MappingProxyType(
    {
        "and": _of("bool", "bool", gives="bool", most=MANY),
        "or": _of("bool", "bool", gives="bool", most=MANY),
        "not": _of("bool", gives="bool"),
        **{op: _of("same", "same", gives="bool") for op in ("eq", "ne", "lt", "le", "gt", "ge")},
        "in": _of("same", "same", gives="bool", most=1001),
        "is_null": _of("any", gives="bool"),
        **{op: _of("number", "number", gives="number") for op in ("add", "sub", "mul")},
        "div": _of("number", "number", gives="decimal"),
        "neg": _of("number", gives="number"),
        "concat": _of("text", "text", gives="text", most=MANY),
        "case": _of("bool", "same", gives="same", fewest=3, most=MANY),
        "cast_int": _of("any", gives="int"),
        "cast_decimal": _of("any", gives="decimal"),
        "cast_date": _of("any", gives="date"),
        "cast_text": _of("any", gives="text"),
    }
)

FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "coalesce": _of("same", gives="same", most=MANY),
        "lower": _of("text", gives="text"),
        "upper": _of("text", gives="text"),
        "trim": _of("text", gives="text"),
        "length": _of("text", gives="int"),
        "substr": _of("text", "int", "int", gives="text", fewest=2),
        "starts_with": _of("text", "text", gives="bool"),
        "contains": _of("text", "text", gives="bool"),
        "abs": _of("number", gives="number"),
        "round": _of("number", "int", gives="decimal", fewest=1),
        "least": _of("same", gives="same", most=MANY),
        "greatest": _of("same", gives="same", most=MANY),
        "year": _of("date", gives="int"),
        "month": _of("date", gives="int"),
        "day": _of("date", gives="int"),
        "days_between": _of("date", "date", gives="int"),
        "add_days": _of("date", "int", gives="date"),
        "add_months": _of("date", "int", gives="date"),
        "age": _of("date", gives="int"),
        "today": _of(gives="date", most=0, fewest=0),
        "id_birth_date": _of("text", gives="date"),
        "id_sex": _of("text", gives="text"),
        "id_valid": _of("text", gives="bool"),
        "credit_code_valid": _of("text", gives="bool"),
    }
)

CASTS: Mapping[str, str] = MappingProxyType(
    {"int": "cast_int", "decimal": "cast_decimal", "date": "cast_date", "text": "cast_text"}
)
