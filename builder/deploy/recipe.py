"""Read a recipe of demo data: a closed grammar, parsed once, all findings at once.

A recipe is data (``specs/schema/recipe.schema.json``). The city's recipe says who lives there and
fills every dataset; a scenario's recipe plants named people and the rows that its walks rely on.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

from jsonschema import Draft202012Validator

from builder.deploy.errors import (
    RecipeDatasetUnknown,
    RecipeNameUnknown,
    RecipePersonWrong,
    RecipeSchema,
    RecipeUnreadable,
)
from builder.errors import Fault, Findings
from builder.forms.widgets.id_number import check_character
from federation.store import resource

__all__ = [
    "Choice",
    "Columns",
    "Const",
    "DateAfter",
    "DateBetween",
    "Digits",
    "Drawn",
    "Kind",
    "Maker",
    "Month",
    "Number",
    "Only",
    "Part",
    "Person",
    "Phrase",
    "PlantedFault",
    "PlantedRow",
    "Recipe",
    "Scalar",
    "Serial",
    "SetPlan",
    "TablePlan",
    "Take",
    "Time",
    "Where",
    "load_recipe",
    "merge",
    "read_recipe",
]

Scalar: TypeAlias = str | int | bool
Part: TypeAlias = str | tuple[str, str] | tuple[str, int, int]
Columns: TypeAlias = Mapping[str, Mapping[str, str]]
"""Dataset id → column → ledger type: what a recipe may fill."""

_DAY_KEY = re.compile(r"/(low|high|born|as_of)$")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PERSON_FACTS = ("id_card", "name", "sex", "born")


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on one attribute: one of `values`, or from `ge` up to below `lt`."""

    attribute: str
    values: tuple[Scalar, ...] = ()
    ge: int | None = None
    lt: int | None = None


@dataclass(frozen=True, slots=True)
class Only:
    """Make a value only where a column holds one of these; elsewhere it is missing."""

    column: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """Take an attribute of the row's source, of a joined set, or a column made before."""

    of: str


@dataclass(frozen=True, slots=True)
class Const:
    """The same value in every row."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values, as likely as its weight."""

    values: tuple[Scalar, ...]
    weights: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A number from low to high in the column's own precision."""

    low: int
    high: int
    skew: int = 1


@dataclass(frozen=True, slots=True)
class DateBetween:
    """A day from low to high."""

    low: date
    high: date


@dataclass(frozen=True, slots=True)
class DateAfter:
    """A day some days after another one of the same row."""

    after: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Time:
    """A moment of the days from low to high, Asia/Shanghai."""

    low: date
    high: date


@dataclass(frozen=True, slots=True)
class Month:
    """A month, ``YYYY-MM``; counted in months since year 0."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Serial:
    """A running number behind a prefix."""

    prefix: str
    width: int


@dataclass(frozen=True, slots=True)
class Digits:
    """Random digits behind a prefix."""

    prefix: str
    width: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words, attributes and numbers put together.

    Attributes:
        parts: a literal, or ``("list", name)``, ``("of", attribute)``, ``("number", low, high)``.
    """

    parts: tuple[Part, ...]


Drawn: TypeAlias = Choice | Number | DateBetween | Time | Month | Digits
"""Kinds whose values are drawn at random."""
Kind: TypeAlias = Take | Const | Serial | DateAfter | Phrase | Drawn


@dataclass(frozen=True, slots=True)
class Maker:
    """How the values of one column are made."""

    kind: Kind
    only: Only | None = None


@dataclass(frozen=True, slots=True)
class SetPlan:
    """Something rows are drawn from; which fields hold depends on `kind` (see the schema)."""

    id: str
    kind: str
    rows: int = 0
    region: str = ""
    counties: str = ""
    industries: str = ""
    of: str = ""
    where: tuple[Where, ...] = ()
    items: tuple[Mapping[str, Scalar], ...] = ()


@dataclass(frozen=True, slots=True)
class TablePlan:
    """How one dataset is filled."""

    dataset: str
    source: str
    columns: Mapping[str, Maker]
    where: tuple[Where, ...] = ()
    permille: int = 1000
    repeat: tuple[int, int] = (1, 1)
    rows: int = 0
    is_fixed: bool = False
    joined: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """A quality fault put in on purpose: missing, checksum, future or repeated."""

    dataset: str
    column: str
    kind: str
    rows: int


@dataclass(frozen=True, slots=True)
class Person:
    """A named person of the demo; never a real one."""

    id: str
    name: str
    id_card: str
    sex: str
    born: str

    def facts(self) -> dict[str, str]:
        """Return what rows may refer to, ``@<id>.<fact>`` → value."""
        return {f"@{self.id}.{fact}": getattr(self, fact) for fact in _PERSON_FACTS}


@dataclass(frozen=True, slots=True)
class PlantedRow:
    """One row as it stands, its ``@`` references resolved."""

    dataset: str
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A city's whole demo data, as a plan."""

    seed: int = 0
    as_of: date = date(2026, 1, 1)
    words: Mapping[str, tuple[str, ...]] | None = None
    sets: tuple[SetPlan, ...] = ()
    tables: tuple[TablePlan, ...] = ()
    faults: tuple[PlantedFault, ...] = ()
    people: tuple[Person, ...] = ()
    rows: tuple[PlantedRow, ...] = ()


def load_recipe(path: Path, columns: Columns) -> Recipe:
    """Read a recipe file.

    Args:
        path: the file.
        columns: what the ledger holds, dataset id → column → type.

    Raises:
        RecipeUnreadable: no such file, or no JSON.
        Findings: everything that is wrong with it, each with its JSON pointer.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError):
        raise RecipeUnreadable(file=path.name) from None
    return read_recipe(document, columns)


def read_recipe(document: object, columns: Columns) -> Recipe:
    """Turn a document into a `Recipe`.

    Raises:
        Findings: everything that is wrong with it, each with its JSON pointer.
    """
    findings: list[Fault] = [
        RecipeSchema(where=_pointer(e.absolute_path), problem=e.message[:200])
        for e in sorted(_validator().iter_errors(document), key=lambda e: list(map(str, e.path)))
    ]
    if not findings:
        findings = list(_cross_findings(cast("dict[str, Any]", document), columns))
    if findings:
        raise Findings(findings)
    return _recipe(cast("dict[str, Any]", document))


def merge(city: Recipe, scenarios: Sequence[Recipe]) -> Recipe:
    """Return the city's recipe with the people and rows of its scenarios."""
    return replace(
        city,
        people=city.people + tuple(p for s in scenarios for p in s.people),
        rows=city.rows + tuple(r for s in scenarios for r in s.rows),
    )


# ── Parsing ──────────────────────────────────────────────────────────────────────────────────────


def _recipe(doc: Mapping[str, Any]) -> Recipe:
    people = tuple(_person(p) for p in doc.get("people", []))
    facts = {k: v for p in people for k, v in p.facts().items()}
    return Recipe(
        seed=doc.get("seed", 0),
        as_of=date.fromisoformat(doc.get("as_of", "2026-01-01")),
        words={k: tuple(v) for k, v in doc.get("words", {}).items()},
        sets=tuple(_set(s) for s in doc.get("sets", [])),
        tables=tuple(_table(t) for t in doc.get("tables", [])),
        faults=tuple(
            PlantedFault(f["dataset"], f["column"], f["kind"], f["rows"])
            for f in doc.get("faults", [])
        ),
        people=people,
        rows=tuple(
            PlantedRow(r["dataset"], {k: facts.get(v, v) for k, v in r["values"].items()})
            for r in doc.get("rows", [])
        ),
    )


def _person(doc: Mapping[str, str]) -> Person:
    return Person(doc["id"], doc["name"], doc["id_card"], doc["sex"], doc["born"])


def _set(doc: Mapping[str, Any]) -> SetPlan:
    rows = doc.get("rows", 0)
    return SetPlan(
        id=doc["id"],
        kind=doc["kind"],
        rows=rows if isinstance(rows, int) else len(rows),
        region=doc.get("region", ""),
        counties=doc.get("counties", ""),
        industries=doc.get("industries", ""),
        of=doc.get("of", ""),
        where=_where(doc.get("where", {})),
        items=() if isinstance(rows, int) else tuple(rows),
    )


def _table(doc: Mapping[str, Any]) -> TablePlan:
    low, high = doc.get("repeat", (1, 1))
    return TablePlan(
        dataset=doc["dataset"],
        source=doc["from"],
        columns={name: _maker(maker) for name, maker in doc["columns"].items()},
        where=_where(doc.get("where", {})),
        permille=doc.get("permille", 1000),
        repeat=(low, high),
        rows=doc.get("rows", 0),
        is_fixed=doc.get("fixed", False),
        joined=doc.get("with", {}),
    )


def _where(doc: Mapping[str, Any]) -> tuple[Where, ...]:
    return tuple(
        Where(name, values=tuple(test))
        if isinstance(test, list)
        else Where(name, ge=test.get("ge"), lt=test.get("lt"))
        for name, test in doc.items()
    )


def _maker(doc: Mapping[str, Any]) -> Maker:
    only = doc.get("only")
    return Maker(_kind(doc), Only(only["column"], tuple(only["in"])) if only else None)


def _kind(doc: Mapping[str, Any]) -> Kind:
    read = _KINDS.get(doc["make"])
    return read(doc) if read else _day_kind(doc)


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Kind]] = {
    "take": lambda doc: Take(doc["of"]),
    "const": lambda doc: Const(doc["value"]),
    "choice": lambda doc: Choice(
        tuple(o["value"] for o in doc["of"]), tuple(o["weight"] for o in doc["of"])
    ),
    "number": lambda doc: Number(doc["low"], doc["high"], doc.get("skew", 1)),
    "month": lambda doc: Month(_months(doc["low"]), _months(doc["high"])),
    "serial": lambda doc: Serial(doc["prefix"], doc["width"]),
    "digits": lambda doc: Digits(doc["prefix"], doc["width"]),
    "phrase": lambda doc: Phrase(tuple(_part(p) for p in doc["parts"])),
}


def _day_kind(doc: Mapping[str, Any]) -> Kind:
    if "after" in doc:
        return DateAfter(doc["after"], *doc["days"])
    low, high = date.fromisoformat(doc["low"]), date.fromisoformat(doc["high"])
    return Time(low, high) if doc["make"] == "time" else DateBetween(low, high)


def _part(part: str | Mapping[str, Any]) -> Part:
    if isinstance(part, str):
        return part
    ((kind, value),) = part.items()
    return (kind, *value) if kind == "number" else (kind, value)


def _months(month: str) -> int:
    year, number = month.split("-")
    return int(year) * 12 + int(number) - 1


# ── Checking what the schema cannot say ──────────────────────────────────────────────────────────


def _cross_findings(doc: Mapping[str, Any], columns: Columns) -> Iterator[Fault]:
    yield from _day_findings(doc, "")
    known = [s["id"] for s in doc.get("sets", [])]
    words = doc.get("words", {})
    for n, table in enumerate(doc.get("tables", [])):
        at = f"/tables/{n}"
        yield from _unknown(table["from"], [*known, *columns], f"{at}/from")
        for alias, name in table.get("with", {}).items():
            yield from _unknown(name, known, f"{at}/with/{alias}")
        yield from _column_findings(table["dataset"], table["columns"], columns, at, "columns")
        for name, maker in table["columns"].items():
            for part in maker.get("parts", []):
                if isinstance(part, dict) and "list" in part:
                    yield from _unknown(part["list"], words, f"{at}/columns/{name}/parts")
    yield from _people_findings(doc)
    facts = {k for p in doc.get("people", []) for k in _person(p).facts()}
    for n, row in enumerate(doc.get("rows", [])):
        yield from _column_findings(row["dataset"], row["values"], columns, f"/rows/{n}", "values")
        for name, value in row["values"].items():
            if isinstance(value, str) and value.startswith("@"):
                yield from _unknown(value, facts, f"/rows/{n}/values/{name}")
    for n, fault in enumerate(doc.get("faults", [])):
        only = {fault["column"]: None}
        yield from _column_findings(fault["dataset"], only, columns, f"/faults/{n}", "column")


def _column_findings(
    dataset: str, given: Mapping[str, object], columns: Columns, at: str, key: str
) -> Iterator[Fault]:
    if dataset not in columns:
        near = _nearest(dataset, columns)
        yield RecipeDatasetUnknown(dataset=dataset, nearest=near, where=f"{at}/dataset")
        return
    for name in given:
        where = f"{at}/{key}" if key == "column" else f"{at}/{key}/{name}"
        yield from _unknown(name, columns[dataset], where)


def _people_findings(doc: Mapping[str, Any]) -> Iterator[Fault]:
    for n, person in enumerate(doc.get("people", [])):
        card = person["id_card"]
        agrees = (
            check_character(card[:17]) == card[17]
            and card[6:14] == person["born"].replace("-", "")
            and int(card[16]) % 2 == int(person["sex"]) % 2
        )
        if not agrees:
            yield RecipePersonWrong(person=person["id"], where=f"/people/{n}")


def _day_findings(value: object, at: str) -> Iterator[Fault]:
    """Find days that have the form of a date and are none, such as 2026-02-30."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _day_findings(inner, f"{at}/{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _day_findings(inner, f"{at}/{n}")
    elif _DAY_KEY.search(at) and isinstance(value, str) and not _is_day(value):
        yield RecipeSchema(where=at, problem=f"{value} is no day")


def _is_day(value: str) -> bool:
    if not _DAY.fullmatch(value):  # a month, or a low and high that are no days
        return True
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _unknown(name: str, known: Collection[str], where: str) -> Iterator[Fault]:
    if name not in known:
        yield RecipeNameUnknown(name=name, nearest=_nearest(name, known), where=where)


def _nearest(name: str, known: Collection[str]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.0)), "")


def _pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(resource("specs/schema/recipe.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)
