"""Describe datasets and fields: L1 domain group, L2 domain, L3 object, L4 entity, L5 field."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import total_ordering
from types import MappingProxyType
from typing import Literal, TypeAlias

from federation.ledger.errors import DatasetUnknown, FieldUnknown

__all__ = ["Catalog", "Code", "Dataset", "Field", "Grade", "Owner", "RowCount", "Text"]

HowKnown: TypeAlias = Literal["exact", "metadata", "estimate"]


@total_ordering
class Grade(Enum):
    """How sensitive data are, by GB/T 43697-2024: general data L1–L4, important, core."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    IMPORTANT = "important"
    CORE = "core"

    def __lt__(self, other: object) -> bool:
        """Order by sensitivity."""
        if not isinstance(other, Grade):
            return NotImplemented
        return _ORDER.index(self) < _ORDER.index(other)

    def __str__(self) -> str:
        return self.value


_ORDER = tuple(Grade)


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a code list."""

    value: str
    title: Text


@dataclass(frozen=True, slots=True)
class Field:
    """An L5 attribute.

    Attributes:
        type: ledger type: ``text``, ``int``, ``decimal(p,s)``, ``float``, ``bool``, ``date`` or
            ``timestamp``.
        category: class of the data (分类), in the ledger's words.
        personal: personal information in the sense of the 个人信息保护法.
    """

    name: str
    title: Text
    type: str
    category: str
    grade: Grade
    personal: bool
    definition: Text
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows, how that is known, and since when."""

    count: int
    known: HowKnown
    at: date


@dataclass(frozen=True, slots=True)
class Dataset:
    """An L4 entity as one party keeps it.

    Attributes:
        id: ``<party in snake_case>.<table>``.
        party: who owns it; also the node that serves it.
        path: titles of L1 to L4.
        resource: the table or file at the node.
        subject_key: the column with the ID number or credit code of the record's subject.
        grade: of the dataset as a whole.
    """

    id: str
    party: str
    title: Text
    definition: Text
    path: tuple[Text, ...]
    resource: str
    share_type: str
    grade: Grade
    refresh: str
    fields: tuple[Field, ...]
    subject_key: str | None = None
    authoritative: bool = False
    library: str | None = None
    rows: RowCount | None = None

    def field(self, name: str) -> Field:
        """Return a field by name.

        Raises:
            FieldUnknown: with the nearest names.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise FieldUnknown(
            field=name, dataset=self.id, near=near(name, [f.name for f in self.fields])
        )


@dataclass(frozen=True, slots=True)
class Owner:
    """A party that keeps data.

    Attributes:
        steward: account of the data steward who decides on grants.
        parent: the party above it, for instance the city bureau of a county bureau.
    """

    id: str
    title: Text
    steward: str
    parent: str | None = None


class Catalog:
    """All datasets, by id, with their owners."""

    def __init__(self, datasets: Iterable[Dataset], owners: Iterable[Owner] = ()) -> None:
        self.datasets: Mapping[str, Dataset] = MappingProxyType({d.id: d for d in datasets})
        self.owners: Mapping[str, Owner] = MappingProxyType({o.id: o for o in owners})

    def find(self, dataset: str) -> Dataset | None:
        """Return a dataset by id, or None."""
        return self.datasets.get(dataset)

    def get(self, dataset: str) -> Dataset:
        """Return a dataset by id.

        Raises:
            DatasetUnknown: with the nearest ids.
        """
        found = self.datasets.get(dataset)
        if found is None:
            raise DatasetUnknown(dataset=dataset, near=near(dataset, self.datasets))
        return found

    def field(self, field_id: str) -> Field:
        """Return a field by ``<dataset id>.<column>``.

        Raises:
            DatasetUnknown, FieldUnknown: with the nearest names.
        """
        dataset, _, name = field_id.rpartition(".")
        return self.get(dataset).field(name)

    def of(self, party: str) -> tuple[Dataset, ...]:
        """Return what one party owns, by id."""
        return tuple(d for k, d in sorted(self.datasets.items()) if d.party == party)

    def extended(self, datasets: Iterable[Dataset]) -> Catalog:
        """Return a catalogue with more datasets; equal ids replace."""
        return Catalog([*self.datasets.values(), *datasets], self.owners.values())


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three of the known names, the nearest first; a dash if none is near."""
    found = difflib.get_close_matches(name[:200], list(known), n=3, cutoff=0.4)
    return tuple(found) or ("—",)
