"""Read the parties' catalogue files: schema first, then what a schema cannot say, all at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs

from connectors.scan import is_type
from federation.errors import Fault, Findings
from federation.ledger.catalog import (
    Catalog,
    Code,
    Dataset,
    Field,
    Grade,
    Owner,
    RowCount,
    Text,
    near,
)
from federation.ledger.errors import (
    CatalogDay,
    CatalogDuplicate,
    CatalogEmpty,
    CatalogFileName,
    CatalogForeign,
    CatalogGradeLow,
    CatalogGradeSum,
    CatalogOpen,
    CatalogParentUnknown,
    CatalogPathDiffers,
    CatalogShape,
    CatalogSubjectKey,
    CatalogSubjectText,
    CatalogType,
    CatalogUnreadable,
)
from federation.store import resource

__all__ = ["load_catalog", "read_party", "read_supplements", "supplement"]


def load_catalog(folder: Path | None = None) -> Catalog:
    """Read every `*.json` of a folder, by default the shipped catalogue.

    Raises:
        CatalogEmpty: there is no file.
        Findings: everything that is wrong in any file, each with its JSON pointer.
    """
    home = folder or resource("specs/catalog")
    paths = sorted(home.glob("*.json"))
    if not paths:
        raise CatalogEmpty(folder=home.name)
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
    findings += _across(owners, datasets) if not findings else ()
    if findings:
        raise Findings(findings)
    return Catalog(datasets, owners)


def read_supplements(folder: Path) -> tuple[Dataset, ...]:
    """Read what came to a party's datasets after the catalogue was issued: its case stores.

    Args:
        folder: holds one file for each deployment, made by `supplement`; may be missing.

    Raises:
        Findings: everything that is wrong in the first file that is not in order.
    """
    found: list[Dataset] = []
    for path in sorted(folder.glob("*.json")):
        found += read_party(path, is_supplement=True)[1]
    return tuple(found)


def supplement(owner: Owner, datasets: Iterable[Dataset]) -> dict[str, object]:
    """Return datasets as a file of the catalogue holds them; `read_supplements` reads it back."""
    return {
        "party": owner.id,
        "title": _pair(owner.title),
        "steward": owner.steward,
        "datasets": [_document_of(d) for d in datasets],
    }


def read_party(path: Path, *, is_supplement: bool = False) -> tuple[Owner, tuple[Dataset, ...]]:
    """Read one party's file; a supplement may have any name.

    Raises:
        Findings: everything that is wrong in it.
    """
    doc = _document(path)
    shape = [] if _is_valid(doc) else list(_shape(doc, path.name))
    if shape:
        raise Findings(shape, where=path.name)
    findings = list(_values(doc))
    if path.stem != doc["party"] and not is_supplement:
        findings.append(CatalogFileName(file=path.name, party=doc["party"], where="/party"))
    if findings:
        raise Findings(findings, where=path.name)
    datasets = tuple(_dataset(d, doc["party"]) for d in doc["datasets"])
    findings += [f for i, d in enumerate(datasets) for f in _cross(d, f"/datasets/{i}")]
    findings += _repeats((d.id for d in datasets), "/datasets")
    if findings:
        raise Findings(findings, where=path.name)
    owner = Owner(doc["party"], _text(doc["title"]), doc["steward"], doc.get("parent"))
    return owner, datasets


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
    raise Findings([CatalogUnreadable(file=path.name, line=line)], where=path.name)


def _is_valid(doc: object) -> bool:
    """Tell quickly: every start of a program reads every file."""
    try:
        return _validators()[0].is_valid(doc)
    except ValueError:  # text that is no Unicode
        return False


def _shape(doc: object, file: str) -> Iterator[Fault]:
    """Say slowly what is wrong, in words meant for people."""
    errors = _validators()[1].iter_errors(doc)
    for error in sorted(errors, key=lambda e: list(map(str, e.path))):
        yield CatalogShape(file=file, problem=error.message[:160], where=_pointer(error))


@cache
def _validators() -> tuple[jsonschema_rs.Draft202012Validator, Any]:
    schema = json.loads(resource("specs/schema/catalog.schema.json").read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(schema), jsonschema.Draft202012Validator(schema)


def _pointer(error: jsonschema.ValidationError) -> str:
    return "".join(f"/{part}" for part in error.absolute_path)


def _values(doc: Mapping[str, Any]) -> Iterator[Fault]:
    """Find values that have the right form and are none."""
    for i, dataset in enumerate(doc["datasets"]):
        at = f"/datasets/{i}"
        if "rows" in dataset and not _is_day(dataset["rows"]["at"]):
            yield CatalogDay(dataset=dataset["id"], where=f"{at}/rows/at")
        for n, field in enumerate(dataset["fields"]):
            if not is_type(field["type"]):
                yield CatalogType(
                    field=f"{dataset['id']}.{field['name']}",
                    type=field["type"],
                    where=f"{at}/fields/{n}/type",
                )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _cross(dataset: Dataset, at: str) -> Iterator[Fault]:
    """Find what is wrong between the parts of one dataset."""
    prefix = dataset.party.replace("-", "_")
    if not dataset.id.startswith(f"{prefix}."):
        yield CatalogForeign(dataset=dataset.id, prefix=prefix, where=f"{at}/id")
    yield from _repeats((f.name for f in dataset.fields), f"{at}/fields")
    yield from _subject(dataset, at)
    yield from _grades(dataset, at)
    for i, field in enumerate(dataset.fields):
        yield from _repeats((code.value for code in field.codes), f"{at}/fields/{i}/codes")


def _subject(dataset: Dataset, at: str) -> Iterator[Fault]:
    key = dataset.subject_key
    if key is None:
        return
    types = {field.name: field.type for field in dataset.fields}
    where = f"{at}/subject_key"
    if key not in types:
        yield CatalogSubjectKey(dataset=dataset.id, field=key, where=where)
    elif types[key] != "text":
        yield CatalogSubjectText(dataset=dataset.id, field=key, type=types[key], where=where)


def _grades(dataset: Dataset, at: str) -> Iterator[Fault]:
    if dataset.share_type == "无条件" and dataset.grade > Grade.L2:
        where = f"{at}/share_type"
        yield CatalogOpen(dataset=dataset.id, grade=str(dataset.grade), where=where)
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


def _across(owners: list[Owner], datasets: list[Dataset]) -> Iterator[Fault]:
    """Find what is wrong between files."""
    known = [owner.id for owner in owners]
    yield from _repeats(d.id for d in datasets)
    for owner in owners:
        if owner.parent is not None and owner.parent not in known:
            yield CatalogParentUnknown(
                party=owner.id, parent=owner.parent, near=near(owner.parent, known)
            )
    named: dict[tuple[str, ...], dict[str, None]] = {}
    for dataset in datasets:
        for depth in range(1, len(dataset.path) + 1):
            above = tuple(text.zh for text in dataset.path[:depth])
            named.setdefault(above, {})[dataset.path[depth - 1].en] = None
    for path, names in named.items():
        if len(names) > 1:
            yield CatalogPathDiffers(path=" / ".join(path), names=tuple(names))


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


def _document_of(dataset: Dataset) -> dict[str, object]:
    return {
        "id": dataset.id,
        "title": _pair(dataset.title),
        "definition": _pair(dataset.definition),
        "path": [_pair(p) for p in dataset.path],
        "resource": dataset.resource,
        "share_type": dataset.share_type,
        "grade": str(dataset.grade),
        "refresh": dataset.refresh,
        "authoritative": dataset.authoritative,
        **({"subject_key": dataset.subject_key} if dataset.subject_key else {}),
        "fields": [_field_document(f) for f in dataset.fields],
    }


def _field_document(field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "title": _pair(field.title),
        "type": field.type,
        "class": field.category,
        "grade": str(field.grade),
        "personal": field.personal,
        "definition": _pair(field.definition),
    }


def _pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
