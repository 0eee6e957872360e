"""Show a case's values to an expression, by ``entity.field`` and ``query.column``, lazily typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from builder.expr import Value
from builder.process.case import Case
from builder.scenario.lists import lines_of
from builder.scenario.model import PARAMS, Json, Scenario, ValueType

__all__ = ["Scope", "typed"]


class Scope(Mapping[str, Value]):
    """Answers and query results of a case; whatever is not there, or not of its type, is NULL."""

    def __init__(self, scenario: Scenario, case: Case) -> None:
        self._scenario = scenario
        self._case = case

    def __getitem__(self, name: str) -> Value:
        holder, _, part = name.partition(".")
        if holder in self._case.results:
            columns = self._scenario.query(holder).columns
            return typed(self._case.results[holder].get(part), columns.get(part) or "text")
        if holder == PARAMS:
            return self._parameter(part)
        fields = self._case.answers.get(holder)
        if fields is None or part not in fields:
            return None
        return typed(fields[part], self._scenario.entity(holder).fields[part].type)

    def __iter__(self) -> Iterator[str]:
        for holder, fields in (*self._case.answers.items(), *self._case.results.items()):
            yield from (f"{holder}.{name}" for name in fields)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _parameter(self, name: str) -> Value:
        bound = self._case.answers.get(PARAMS, {})
        for parameter in self._scenario.parameters:
            if parameter.id == name:
                return typed(bound.get(name, parameter.default), parameter.type)
        return None


def typed(value: Json, kind: ValueType) -> Value:
    """Return a stored JSON value as the value expressions compute with; NULL where it is not one.

    >>> typed("2026-01-05", "date")
    datetime.date(2026, 1, 5)
    >>> typed("12.50", "decimal")
    Decimal('12.50')
    """
    read = _READ.get(kind)
    if read is None or value is None:
        return None
    try:
        return read(value)
    except (ValueError, InvalidOperation):
        return None


def _text(value: Json) -> Value:
    return value if isinstance(value, str) else None


def _int(value: Json) -> Value:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _bool(value: Json) -> Value:
    return value if isinstance(value, bool) else None


def _decimal(value: Json) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    number = Decimal(value)
    return number if number.is_finite() else None


def _date(value: Json) -> Value:
    return date.fromisoformat(value) if isinstance(value, str) else None


def _timestamp(value: Json) -> Value:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


_READ: Mapping[str, Callable[[Json], Value]] = MappingProxyType(
    {
        "text": _text,
        "int": _int,
        "bool": _bool,
        "decimal": _decimal,
        "date": _date,
        "timestamp": _timestamp,
        "list": lines_of,
    }
)
