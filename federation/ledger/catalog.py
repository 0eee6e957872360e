"""Hold the ledger as frozen values: parties, datasets (L1 to L4) and their fields (L5)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from federation.ledger.errors import (
    LedgerDatasetUnknown,
    LedgerFieldUnknown,
    LedgerPartyUnknown,
)
from federation.ledger.grade import Grade

__all__ = [
    "Catalog",
    "Code",
    "CodeList",
    "Dataset",
    "Field",
    "Known",
    "Party",
    "RowCount",
    "ShareType",
    "SubjectKind",
    "Text",
]

Known: TypeAlias = Literal["exact", "metadata", "estimate"]
ShareType: TypeAlias = Literal["unconditional", "conditional", "none"]
SubjectKind: TypeAlias = Literal["person", "enterprise"]
Refresh: TypeAlias = Literal[
    "realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "irregular"
]


@dataclass(frozen=True, slots=True)
class Text:
    """What a person reads, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Party:
    """A department or other unit that owns datasets.

    Attributes:
        parent: the party above it, for instance the city bureau of a county bureau.
        county: six-digit code (GB/T 2260) of the county or city it works for.
    """

    id: str
    title: Text
    parent: str | None = None
    county: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a code list."""

    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class CodeList:
    """The values a field may take."""

    id: str
    title: Text
    codes: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows a dataset has, how that is known, and when."""

    count: int
    known: Known
    at: datetime


@dataclass(frozen=True, slots=True)
class Field:
    """One data item (数据项, L5).

    Attributes:
        id: ``<dataset id>.<name>``.
        name: the column's name in every question.
        type: ledger type: ``text int decimal(p,s) float bool date timestamp``.
        class_: what kind of data it is (分类).
        personal: whether it tells something of an identifiable person.
        code_list: id of the code list it takes its values from.
    """

    id: str
    name: str
    title: Text
    type: str
    class_: str
    grade: Grade
    personal: bool
    code_list: str | None
    definition: Text


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset (数据集): what one party keeps about one kind of thing.

    Attributes:
        id: ``<party_snake>.<name>``.
        party: id of the party that owns it.
        path: L1 domain group, L2 domain, L3 object, L4 entity.
        subject_key: name of the field that holds the ID number or credit code of whoever a row is
            about; None where rows are about nobody.
        authoritative: whether this is the source that others are checked against.
        steward: the office that answers for it.
    """

    id: str
    party: str
    title: Text
    summary: Text | None
    path: tuple[Text, Text, Text, Text]
    subject_key: str | None
    subject_kind: SubjectKind | None
    share_type: ShareType
    refresh: Refresh
    authoritative: bool
    steward: Text | None
    rows: RowCount
    fields: tuple[Field, ...]

    @property
    def grade(self) -> Grade:
        """The highest grade of its fields."""
        return max(field.grade for field in self.fields)

    @property
    def types(self) -> dict[str, str]:
        """Field name → ledger type."""
        return {field.name: field.type for field in self.fields}

    def field(self, name: str) -> Field | None:
        """Return the field of that name, if there is one."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True)
class Catalog:
    """The whole ledger; an immutable value.

    Attributes:
        parties: id → party.
        datasets: id → dataset.
        code_lists: id → code list.
    """

    parties: Mapping[str, Party]
    datasets: Mapping[str, Dataset]
    code_lists: Mapping[str, CodeList] = MappingProxyType({})

    @classmethod
    def load(cls, folder: Path) -> Catalog:
        """Read every ``*.json`` in a folder.

        Raises:
            LedgerEmpty: there is no such folder, or no file in it.
            Findings: everything that is wrong, over all files.
        """
        from federation.ledger.load import load

        return load(folder)

    def find(self, dataset: str) -> Dataset | None:
        """Return the dataset of that id, if there is one."""
        return self.datasets.get(dataset)

    def party(self, party: str) -> Party:
        """Return a party.

        Raises:
            LedgerPartyUnknown: there is none, with the nearest ids.
        """
        found = self.parties.get(party)
        if found is None:
            raise LedgerPartyUnknown(party=party, near=near(party, self.parties))
        return found

    def dataset(self, dataset: str) -> Dataset:
        """Return a dataset.

        Raises:
            LedgerDatasetUnknown: there is none, with the nearest ids.
        """
        found = self.datasets.get(dataset)
        if found is None:
            raise LedgerDatasetUnknown(dataset=dataset, near=near(dataset, self.datasets))
        return found

    def field(self, field: str) -> Field:
        """Return a field by its whole id, ``police.household.id_card``.

        Raises:
            LedgerFieldUnknown: there is none, with the nearest ids.
        """
        found = self._fields.get(field)
        if found is None:
            raise LedgerFieldUnknown(field=field, near=self._near_fields(field))
        return found

    def datasets_of(self, party: str) -> tuple[Dataset, ...]:
        """Return the datasets that a party owns, in the order of its file."""
        return tuple(d for d in self.datasets.values() if d.party == party)

    @cached_property
    def _fields(self) -> dict[str, Field]:
        return {f.id: f for d in self.datasets.values() for f in d.fields}

    def _near_fields(self, field: str) -> tuple[str, ...]:
        dataset = self.datasets.get(field.rpartition(".")[0])
        if dataset is None:
            return near(field, self._fields)
        return near(field, [f.id for f in dataset.fields])


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the up to three nearest of the known names, for the next step of a fault."""
    return tuple(difflib.get_close_matches(name[:200], list(known), n=3, cutoff=0.4))
