"""Bind a parsed question to the ledger: its dataset, fields, and values in the fields' types."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from federation.crypto import canonical, sm3
from federation.fragment import Literal
from federation.ledger import Catalog, Dataset, Field
from federation.query.errors import (
    ColumnUnknown,
    ParameterMissing,
    ParameterUnknown,
    SqlOutside,
    TableUnknown,
    ValueWrong,
)
from federation.query.parse import Atom, Parameter, Parsed, ParsedCondition
from federation.query.question import Question, Value

__all__ = ["Resolved", "ResolvedCondition", "resolve"]

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_INT = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class ResolvedCondition:
    """One conjunct on a field of the ledger, with typed constants."""

    column: str
    values: tuple[Literal, ...]
    is_list: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question over one dataset of the ledger."""

    dataset: Dataset
    shown: tuple[tuple[str, str], ...]
    conditions: tuple[ResolvedCondition, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is touched, each once."""
        return tuple(
            dict.fromkeys([*(c for _, c in self.shown), *(c.column for c in self.conditions)])
        )

    @property
    def field_ids(self) -> tuple[str, ...]:
        """The ledger's ids of every field that is touched."""
        return tuple(f"{self.dataset.id}.{column}" for column in self.columns)

    def hash(self, purpose: str) -> str:
        """Return the SM3 by which journals name this question; constants are not part of it.

        A constant may be somebody's number, and a hash over it could be found by trying.
        """
        form = {
            "dataset": self.dataset.id,
            "purpose": purpose,
            "shown": [list(pair) for pair in self.shown],
            "conditions": [[c.column, c.is_list, len(c.values)] for c in self.conditions],
        }
        return sm3(canonical(form))


def resolve(parsed: Parsed, question: Question, catalog: Catalog) -> Resolved:
    """Bind names and values.

    Raises:
        TableUnknown: the question may not use such a dataset, or it does not exist.
        ColumnUnknown: the dataset has no such field.
        ParameterUnknown, ParameterMissing: a parameter has no value.
        ValueWrong: a value is not of the field's type.
        SqlOutside: a `verify` question shows other than exactly one column, the reference.
    """
    dataset = _dataset(parsed.table, question.datasets, catalog)
    if question.purpose == "verify" and len(parsed.shown) != 1:
        raise SqlOutside(part="SELECT a, b")
    for _, column in parsed.shown:
        _field(dataset, column, parsed.table)
    conditions = tuple(
        _condition(dataset, parsed.table, c, question.params) for c in parsed.conditions
    )
    return Resolved(dataset, parsed.shown, conditions)


def _dataset(table: str, allowed: Mapping[str, str], catalog: Catalog) -> Dataset:
    dataset = catalog.find(allowed[table]) if table in allowed else None
    if dataset is None:
        raise TableUnknown(table=table, nearest=_nearest(table, allowed))
    return dataset


def _field(dataset: Dataset, column: str, table: str) -> Field:
    for field in dataset.fields:
        if field.name == column:
            return field
    nearest = _nearest(column, (f.name for f in dataset.fields))
    raise ColumnUnknown(table=table, column=column, nearest=nearest)


def _condition(
    dataset: Dataset, table: str, condition: ParsedCondition, params: Mapping[str, Value]
) -> ResolvedCondition:
    field = _field(dataset, condition.column, table)
    values = tuple(_literal(_value(v, params), field) for v in condition.values)
    return ResolvedCondition(condition.column, values, condition.is_list)


def _value(atom: Atom, params: Mapping[str, Value]) -> Value:
    if not isinstance(atom, Parameter):
        return atom
    if atom.name not in params:
        raise ParameterUnknown(parameter=atom.name, known=sorted(params))
    value = params[atom.name]
    if value is None:
        raise ParameterMissing(parameter=atom.name)
    return value


def _literal(value: Value, field: Field) -> Literal:
    typed = _typed(value, field.type)
    if typed is None:
        raise ValueWrong(column=field.name, type=field.type)
    return Literal(typed, field.type)


def _typed(value: Value, kind: str) -> Value:
    """Return a value in the Python type of a ledger type; None where it is of another type."""
    match kind:
        case "text":
            return value if isinstance(value, str) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case "int":
            is_int = isinstance(value, int) and not isinstance(value, bool) and value in _INT
            return value if is_int else None
        case "date":
            return _date(value)
        case "timestamp":
            return _timestamp(value)
    return _decimal(value, kind)


def _date(value: Value) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _timestamp(value: Value) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return at if isinstance(at, datetime) and at.tzinfo is not None else None


def _decimal(value: Value, kind: str) -> Decimal | None:
    """Return an exact decimal that fits; floats have no equality worth asking for."""
    found = _DECIMAL.fullmatch(kind)
    if found is None or isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        exact = Decimal(value)
        scaled = exact.quantize(Decimal(1).scaleb(-int(found[2])))
    except InvalidOperation:
        return None
    fits = scaled == exact and len(scaled.as_tuple().digits) <= int(found[1])
    return scaled if fits else None


def _nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.0))
