"""List the closed set of operators and functions, with their arity and types."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["FUNCTIONS", "LISTED", "OPERATORS", "Signature", "near"]

LISTED = 1000
"""Most values of one IN list."""

_MANY = 64


@dataclass(frozen=True, slots=True)
class Signature:
    """What an operator takes and gives.

    Attributes:
        args: type of each argument; the last one repeats. ``number`` is int or decimal; ``day`` is
            a date; ``same`` means all such arguments are of one kind; ``any`` anything.
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
        "and": _of("bool", "bool", gives="bool", most=_MANY),
        "or": _of("bool", "bool", gives="bool", most=_MANY),
        "not": _of("bool", gives="bool"),
        **{op: _of("same", "same", gives="bool") for op in ("eq", "ne", "lt", "le", "gt", "ge")},
        "between": _of("same", "same", "same", gives="bool"),
        "in": _of("same", "same", gives="bool", most=LISTED + 1),
        "is_null": _of("any", gives="bool"),
        "is_true": _of("bool", gives="bool"),
        "is_false": _of("bool", gives="bool"),
        "add": _of("number", "number", gives="number", most=_MANY),
        "sub": _of("number", "number", gives="number"),
        "mul": _of("number", "number", gives="number", most=_MANY),
        "div": _of("number", "number", gives="decimal"),
        "neg": _of("number", gives="number"),
        "concat": _of("text", "text", gives="text", most=_MANY),
        "case": _of("bool", "same", gives="same", fewest=3, most=_MANY),
        "cast_int": _of("castable", gives="int"),
        "cast_decimal": _of("castable", "int", "int", gives="decimal"),
        "cast_date": _of("datable", gives="date"),
        "cast_text": _of("writable", gives="text"),
    }
)
"""What the parser makes of operators, casts and CASE."""

FUNCTIONS: Mapping[str, Signature] = MappingProxyType(
    {
        "coalesce": _of("same", gives="same", most=_MANY),
        "lower": _of("text", gives="text"),
        "upper": _of("text", gives="text"),
        "trim": _of("text", gives="text"),
        "length": _of("text", gives="int"),
        "substr": _of("text", "int", "int", gives="text", fewest=2),
        "starts_with": _of("text", "text", gives="bool"),
        "contains": _of("text", "text", gives="bool"),
        "abs": _of("number", gives="number"),
        "round": _of("number", "int", gives="decimal", fewest=1),
        "least": _of("same", gives="same", most=_MANY),
        "greatest": _of("same", gives="same", most=_MANY),
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
"""What an author may call by name."""

_INSTEAD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("ifnull", "nvl", "isnull"), ("coalesce(x, y)",)),
        **dict.fromkeys(("if", "iif", "nullif", "decode"), ("CASE WHEN … THEN … ELSE … END",)),
        **dict.fromkeys(("len", "char_length", "strlen"), ("length(x)",)),
        **dict.fromkeys(("substring", "left", "right", "mid"), ("substr(x, start, length)",)),
        **dict.fromkeys(("concat", "concat_ws"), ("x || y",)),
        **dict.fromkeys(("instr", "position", "strpos", "like"), ("contains(x, y)",)),
        **dict.fromkeys(("now", "getdate", "curdate", "current_timestamp"), ("today()",)),
        **dict.fromkeys(("date_diff", "datediff", "date_sub"), ("days_between(start, end)",)),
        **dict.fromkeys(("date_add", "dateadd", "adddate"), ("add_days(x, n)", "add_months(x, n)")),
        **dict.fromkeys(("extract", "date_part", "datepart"), ("year(x)", "month(x)", "day(x)")),
        **dict.fromkeys(("ltrim", "rtrim", "strip", "btrim"), ("trim(x)",)),
        **dict.fromkeys(("ceil", "floor", "trunc"), ("round(x, n)",)),
        "max": ("greatest(x, y)",),
        "min": ("least(x, y)",),
        "sum": ("x + y",),
        **dict.fromkeys(("to_char", "str"), ("CAST(x AS TEXT)",)),
        **dict.fromkeys(("to_date", "date", "strptime"), ("CAST(x AS DATE)", "DATE '2026-01-31'")),
        **dict.fromkeys(("int", "to_number"), ("CAST(x AS INT)",)),
        **dict.fromkeys(("regexp_matches", "regexp_like"), ("starts_with(x, y)", "contains(x, y)")),
    }
)
"""What authors know from elsewhere → what it is called here."""


def near(function: str, known: Sequence[str] = tuple(FUNCTIONS)) -> list[str]:
    """Return what an author may have meant, the nearest first; never nothing.

    >>> near("lenght"), near("ifnull")
    (['length'], ['coalesce(x, y)'])
    """
    if known == tuple(FUNCTIONS) and function in _INSTEAD:
        return list(_INSTEAD[function])
    close = difflib.get_close_matches(function, known, n=3, cutoff=0.6)
    return close or sorted(known)[:40] or ["—"]
