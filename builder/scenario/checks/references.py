"""Check that whatever is named exists: parties, roles, forms, queries, subjects, fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.ground import Ground, controls, process_places
from builder.scenario.model import APPLICANT_KEY, Issue, Notify, QueryStep, Subject, Task
from builder.scenario.names import nearest

__all__ = ["forms_and_lists", "parties", "process", "subjects"]


def parties(ground: Ground) -> Iterator[Fault]:
    """Parties named anywhere are the lead or a partner."""
    meta, known = ground.scenario.meta, ground.scenario.meta.parties
    if meta.lead in meta.partners:
        where = f"/scenario/partners/{meta.partners.index(meta.lead)}"
        yield errors.LeadIsPartner(where=where, party=meta.lead)
    for i, item in enumerate(meta.items):
        yield from _party(f"/scenario/items/{i}/party", item.party, known)
    for i, role in enumerate(ground.scenario.roles):
        if role.party not in (None, "*"):
            yield from _party(f"/roles/{i}/party", role.party or "", known)


def process(ground: Ground) -> Iterator[Fault]:
    """Steps name existing parties, roles, forms, items, queries and notices."""
    scenario = ground.scenario
    forms = [form.id for form in scenario.forms]
    if scenario.process.form not in forms:
        yield errors.FormUnknown(
            where="/process/form", form=scenario.process.form, known=nearest("apply", forms)
        )
    if not ground.start_roles():
        yield errors.StartRoleMissing(where="/roles")
    for place in process_places(scenario):
        match place.step:
            case Task():
                yield from _task(ground, place.where, place.step)
            case QueryStep(query=query):
                yield from _query(ground, f"{place.where}/query", query)
            case Notify(notice=notice):
                known = [n.id for n in scenario.notices]
                if notice not in known:
                    near = nearest(notice, known)
                    where = f"{place.where}/notice"
                    yield errors.NoticeUnknown(where=where, notice=notice, known=near)
            case Issue(document=document):
                known = [d.id for d in scenario.documents]
                if document not in known:
                    near = nearest(document, known)
                    where = f"{place.where}/document"
                    yield errors.DocumentUnknown(where=where, document=document, known=near)


def _task(ground: Ground, where: str, task: Task) -> Iterator[Fault]:
    scenario = ground.scenario
    if task.party is not None:
        yield from _party(f"{where}/party", task.party, scenario.meta.parties)
    yield from _role(ground, f"{where}/role", task.role)
    forms = [form.id for form in scenario.forms]
    if task.form is not None and task.form not in forms:
        near = nearest(task.form, forms)
        yield errors.FormUnknown(where=f"{where}/form", form=task.form, known=near)
    items = [item.id for item in scenario.meta.items]
    if task.item is not None and task.item not in items:
        near = nearest(task.item, items)
        yield errors.ItemUnknown(where=f"{where}/item", item=task.item, known=near)
    for i, rung in enumerate(task.escalate):
        yield from _role(ground, f"{where}/escalate/{i}/role", rung.role)
        if rung.party is not None:
            yield from _party(f"{where}/escalate/{i}/party", rung.party, scenario.meta.parties)
    fields = ground.fields()
    for i, pointer in enumerate(task.visible):
        yield from _field(f"{where}/visible/{i}", pointer, fields)


def subjects(ground: Ground) -> Iterator[Fault]:
    """Subjects, datasets and queries name existing legal bases, fields, subjects and queries."""
    scenario = ground.scenario
    bases = [basis.id for basis in scenario.meta.legal_basis]
    fields = ground.fields()
    for i, subject in enumerate(scenario.subjects):
        at = f"/subjects/{i}"
        yield from _basis(f"{at}/legal_basis", subject.legal_basis, bases)
        if subject.key != APPLICANT_KEY:
            yield from _field(f"{at}/key", subject.key, fields)
        yield from _relation(ground, at, subject)
    for i, use in enumerate(scenario.datasets):
        yield from _basis(f"/datasets/{i}/legal_basis", use.legal_basis, bases)
    for i, query in enumerate(scenario.queries):
        yield from _subject(ground, f"/queries/{i}/subject", query.subject)


def _relation(ground: Ground, at: str, subject: Subject) -> Iterator[Fault]:
    if subject.relation is not None:
        yield from _subject(ground, f"{at}/relation/to", subject.relation.to)
        yield from _query(ground, f"{at}/relation/verified_by", subject.relation.verified_by)


def forms_and_lists(ground: Ground) -> Iterator[Fault]:
    """Controls, lists and notices name existing fields, queries, entities and roles."""
    fields = ground.fields()
    for place in controls(ground.scenario):
        control = place.control
        if control.scope is not None:
            yield from _field(f"{place.where}/scope", control.scope, fields)
        if control.prefill is not None:
            yield from _query(ground, f"{place.where}/prefill/query", control.prefill.query)
    for i, notice in enumerate(ground.scenario.notices):
        yield from _role(ground, f"/notices/{i}/to", notice.to)
    yield from _lists(ground)


def _lists(ground: Ground) -> Iterator[Fault]:
    entities = {entity.id: entity for entity in ground.scenario.entities}
    for i, view in enumerate(ground.scenario.lists):
        entity = entities.get(view.entity)
        if entity is None:
            near = nearest(view.entity, entities)
            yield errors.EntityUnknown(where=f"/lists/{i}/entity", entity=view.entity, known=near)
            continue
        for key, names in (("columns", view.columns), ("filters", view.filters)):
            for k, name in enumerate(names):
                yield from _field(f"/lists/{i}/{key}/{k}", name, entity.fields)


# ── One name each ────────────────────────────────────────────────────────────────────────────────


def _party(where: str, party: str, known: Collection[str]) -> Iterator[Fault]:
    if party not in known:
        yield errors.PartyUnknown(where=where, party=party, known=nearest(party, known))


def _role(ground: Ground, where: str, role: str) -> Iterator[Fault]:
    known = [r.id for r in ground.scenario.roles]
    if role not in known:
        yield errors.RoleUnknown(where=where, role=role, known=nearest(role, known))


def _query(ground: Ground, where: str, query: str) -> Iterator[Fault]:
    known = [q.id for q in ground.scenario.queries]
    if query not in known:
        yield errors.QueryUnknown(where=where, query=query, known=nearest(query, known))


def _subject(ground: Ground, where: str, subject: str) -> Iterator[Fault]:
    known = [s.id for s in ground.scenario.subjects]
    if subject not in known:
        yield errors.SubjectUnknown(where=where, subject=subject, known=nearest(subject, known))


def _basis(where: str, basis: str | None, known: Collection[str]) -> Iterator[Fault]:
    if basis is not None and basis not in known:
        yield errors.BasisUnknown(where=where, basis=basis, known=nearest(basis, known))


def _field(where: str, field: str, known: Collection[str]) -> Iterator[Fault]:
    if field not in known:
        yield errors.FieldUnknown(where=where, field=field, known=nearest(field, known))
