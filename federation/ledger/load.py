"""Read the parties' catalogue files: schema first, then what a schema cannot say, all at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from federation.errors import Fault, Findings
from federation.ledger.catalog import Catalog, Code, Dataset, Field, Grade, Owner, RowCount, Text
from federation.ledger.errors import (
    CatalogDuplicate,
    CatalogForeign,
    CatalogGradeLow,
    CatalogGradeSum,
    CatalogShape,
    CatalogSubjectKey,
    CatalogUnreadable,
)
from federation.store import resource

__all__ = ["load_catalog", "read_party"]


def load_catalog(folder: Path | None = None) -> Catalog:
    """Read every `*.json` of a folder, by default the shipped catalogue.

    Raises:
        Findings: everything that is wrong in any file, each with file and JSON pointer.
    """
    paths = sorted((folder or resource("specs/catalog")).glob("*.json"))
    findings: list[Fault] = []
    owners: list[Owner] = []
    datasets: list[Dataset] = []
    for path in paths:
        try:
            owner, owned = read_party(path)
        except Findings as found:
            findings += found.findings
        else:
            owners.append(owner)
            datasets += owned
    findings += _repeats(d.id for d in datasets)
    if findings:
        raise Findings(findings)
    return Catalog(datasets, owners)


def read_party(path: Path) -> tuple[Owner, tuple[Dataset, ...]]:
    """Read one party's file.

    Raises:
        Findings: everything that is wrong in it.
    """
    try:
        doc = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        line = getattr(fault, "lineno", 0)
        raise Findings([CatalogUnreadable(file=path.name, line=line)]) from None
    shape = [
        CatalogShape(file=path.name, problem=error.message[:160], where=_pointer(error))
        for error in sorted(_validator().iter_errors(doc), key=lambda e: list(map(str, e.path)))
    ]
    if shape:
        raise Findings(shape, where=path.name)
    datasets = tuple(_dataset(d, doc["party"]) for d in doc["datasets"])
    findings = [f for i, d in enumerate(datasets) for f in _cross(d, f"/datasets/{i}")]
    if findings:
        raise Findings(findings, where=path.name)
    return Owner(doc["party"], _text(doc["title"]), doc["steward"]), datasets


@cache
def _validator() -> Any:
    schema = json.loads(resource("specs/schema/catalog.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def _pointer(error: jsonschema.ValidationError) -> str:
    return "".join(f"/{part}" for part in error.absolute_path)


def _cross(dataset: Dataset, at: str) -> Iterator[Fault]:
    prefix = dataset.party.replace("-", "_")
    if not dataset.id.startswith(f"{prefix}."):
        yield CatalogForeign(dataset=dataset.id, prefix=prefix, where=f"{at}/id")
    yield from _repeats((f.name for f in dataset.fields), f"{at}/fields")
    if dataset.subject_key and dataset.subject_key not in {f.name for f in dataset.fields}:
        yield CatalogSubjectKey(
            dataset=dataset.id, field=dataset.subject_key, where=f"{at}/subject_key"
        )
    for i, field in enumerate(dataset.fields):
        here = f"{at}/fields/{i}/grade"
        if field.personal and field.grade < Grade.L2:
            yield CatalogGradeLow(field=f"{dataset.id}.{field.name}", where=here)
        if field.grade > dataset.grade:
            yield CatalogGradeSum(
                dataset=dataset.id,
                grade=str(dataset.grade),
                field=field.name,
                higher=str(field.grade),
                where=here,
            )


def _repeats(ids: Iterable[str], at: str = "") -> Iterator[Fault]:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            yield CatalogDuplicate(id=name, where=at or None)
        seen.add(name)


def _dataset(doc: Mapping[str, Any], party: str) -> Dataset:
    rows = doc.get("rows")
    return Dataset(
        id=doc["id"],
        party=party,
        title=_text(doc["title"]),
        definition=_text(doc["definition"]),
        path=tuple(_text(p) for p in doc["path"]),
        resource=doc["resource"],
        share_type=doc["share_type"],
        grade=Grade(doc["grade"]),
        refresh=doc["refresh"],
        fields=tuple(_field(f) for f in doc["fields"]),
        subject_key=doc.get("subject_key"),
        authoritative=doc["authoritative"],
        library=doc.get("library"),
        rows=RowCount(rows["count"], rows["known"], date.fromisoformat(rows["at"]))
        if rows
        else None,
    )


def _field(doc: Mapping[str, Any]) -> Field:
    return Field(
        name=doc["name"],
        title=_text(doc["title"]),
        type=doc["type"],
        category=doc["class"],
        grade=Grade(doc["grade"]),
        personal=doc["personal"],
        definition=_text(doc["definition"]),
        codes=tuple(Code(c["value"], _text(c["title"])) for c in doc.get("codes", ())),
    )


def _text(doc: Mapping[str, str]) -> Text:
    return Text(doc["zh"], doc["en"])
