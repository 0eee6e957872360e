"""Check named queries: plain SQL, declared columns, bound parameters, verified relations."""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import Ground
from builder.scenario.model import APPLICANT_KEY, DatasetUse, NamedQuery, Subject
from builder.scenario.names import nearest
from builder.scenario.queries import Read, read_sql
from federation.ledger.catalog import Dataset, Grade

__all__ = ["ledger", "relations", "sql"]

_VERIFY = "verify"
_NOT_SHARED = "不予"


def sql(ground: Ground) -> Iterator[Fault]:
    """A query's SQL is plain, over one declared dataset, its declared columns and purposes."""
    for i, query in enumerate(ground.scenario.queries):
        at = f"/queries/{i}"
        read = read_sql(query.sql)
        if read is None:
            yield errors.SqlBroken(where=f"{at}/sql", query=query.id)
            continue
        yield from _plain(f"{at}/sql", query, read)
        yield from _params(ground, at, query, read)
        use = next((d for d in ground.scenario.datasets if d.id == read.table), None)
        if use is not None:
            yield from _declared(at, query, read, use)
        elif read.refused is None:
            near = nearest(read.table, [d.id for d in ground.scenario.datasets])
            yield errors.TableUnknown(
                where=f"{at}/sql", query=query.id, table=read.table, known=near
            )


def _plain(where: str, query: NamedQuery, read: Read) -> Iterator[Fault]:
    if read.refused is not None:
        yield errors.SqlNotPlain(where=where, query=query.id, construct=read.refused)
    if read.star:
        yield errors.SqlStar(where=where, query=query.id)
    for name in read.twice:
        yield errors.ColumnTwice(where=where, query=query.id, column=name)
    if query.purpose == _VERIFY and len(read.columns) > 1:
        yield errors.VerifyColumns(where=where, query=query.id)


def _params(ground: Ground, at: str, query: NamedQuery, read: Read) -> Iterator[Fault]:
    for name in read.params:
        if name not in query.params:
            yield errors.ParamUnbound(where=f"{at}/params", query=query.id, param=name)
    known = ground.names()
    for name, source in query.params.items():
        where = f"{at}/params/{name}"
        if name not in read.params:
            yield errors.ParamUnused(where=where, query=query.id, param=name)
        if source not in known:
            yield errors.FieldUnknown(where=where, field=source, known=nearest(source, known))


def _declared(at: str, query: NamedQuery, read: Read, use: DatasetUse) -> Iterator[Fault]:
    columns = dict.fromkeys([*(column for _, column in read.columns), *read.filters])
    for column in columns:
        if column not in use.fields:
            yield errors.ColumnUndeclared(
                where=f"{at}/sql",
                query=query.id,
                column=column,
                known=nearest(column, use.fields),
            )
    if query.purpose not in use.purposes:
        yield errors.PurposeUndeclared(where=f"{at}/purpose", dataset=use.id, purpose=query.purpose)


def relations(ground: Ground) -> Iterator[Fault]:
    """A subject who is not the applicant has a relation that leads there, verified about them."""
    for i, subject in enumerate(ground.scenario.subjects):
        at = f"/subjects/{i}"
        if subject.key == APPLICANT_KEY:
            if subject.relation is not None:
                yield errors.RelationNeedless(where=f"{at}/relation", subject=subject.id)
            continue
        if subject.relation is None:
            yield errors.RelationMissing(where=at, subject=subject.id)
            continue
        query = ground.query(subject.relation.verified_by)
        if query is not None and (query.purpose, query.subject) != (_VERIFY, subject.id):
            yield errors.VerifiedByWrong(
                where=f"{at}/relation/verified_by", query=query.id, subject=subject.id
            )
        if not _leads_home(ground, subject):
            yield errors.RelationCircle(where=f"{at}/relation/to", subject=subject.id)


def _leads_home(ground: Ground, subject: Subject) -> bool:
    """Follow relations towards the applicant; one that names nobody is reported elsewhere."""
    subjects = {s.id: s for s in ground.scenario.subjects}
    seen: set[str] = set()
    here: Subject | None = subject
    while here is not None and here.key != APPLICANT_KEY:
        if here.id in seen:
            return False
        seen.add(here.id)
        here = subjects.get(here.relation.to) if here.relation is not None else None
    return True


def ledger(ground: Ground) -> Iterator[Fault]:
    """Datasets exist, are shared, belong to a party that takes part, and hold one's own records."""
    if ground.catalog is None:
        return
    for i, use in enumerate(ground.scenario.datasets):
        dataset = ground.catalog.find(use.dataset)
        if dataset is None:
            near = nearest(use.dataset, ground.catalog.datasets)
            yield errors.DatasetUnknown(
                where=f"/datasets/{i}/dataset", dataset=use.dataset, known=near
            )
            continue
        yield from _shared(ground, f"/datasets/{i}", dataset)
        yield from _fields(f"/datasets/{i}", use, dataset)
    yield from _own_filters(ground)


def _shared(ground: Ground, at: str, dataset: Dataset) -> Iterator[Fault]:
    where = f"{at}/dataset"
    if dataset.party not in ground.scenario.meta.parties:
        yield errors.DatasetPartyAbsent(where=where, dataset=dataset.id, party=dataset.party)
    if dataset.share_type.startswith(_NOT_SHARED):
        yield errors.DatasetNotShared(where=where, dataset=dataset.id)
    if dataset.subject_key is None:
        yield errors.DatasetWithoutSubject(where=where, dataset=dataset.id)


def _fields(at: str, use: DatasetUse, dataset: Dataset) -> Iterator[Fault]:
    known = {field.name: field for field in dataset.fields}
    for k, name in enumerate(use.fields):
        where = f"{at}/fields/{k}"
        if name not in known:
            yield errors.DatasetFieldUnknown(
                where=where, dataset=dataset.id, field=name, known=nearest(name, known)
            )
        elif known[name].grade >= Grade.IMPORTANT:
            grade = known[name].grade.value
            yield errors.GradeSealed(where=where, field=f"{dataset.id}.{name}", grade=grade)


def _own_filters(ground: Ground) -> Iterator[Fault]:
    keys = {
        use.id: dataset.subject_key
        for use in ground.scenario.datasets
        if ground.catalog is not None and (dataset := ground.catalog.find(use.dataset)) is not None
    }
    for i, query in enumerate(ground.scenario.queries):
        read = read_sql(query.sql)
        key = keys.get(query.dataset)
        if read is not None and key is not None and key in read.filters:
            yield errors.SubjectFilterWritten(where=f"/queries/{i}/sql", query=query.id, column=key)
