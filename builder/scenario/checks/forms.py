"""Check controls: widgets that fit their fields, prefills that fit, one control for one field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from builder.errors import Fault
from builder.scenario import errors
from builder.scenario.checks.expressions import row_names
from builder.scenario.checks.ground import ControlPlace, Ground, controls
from builder.scenario.checks.records import field_accepts
from builder.scenario.model import APPLICANT_KEY, Entity, EntityField, Json, WidgetKind
from builder.scenario.names import nearest
from builder.scenario.parse import column_field

__all__ = ["choices", "columns", "fits", "licences", "owners", "prefills", "scopes"]


def scopes(ground: Ground) -> Iterator[Fault]:
    """A form has one control for a field, and none for what sign-in brings."""
    seen: set[tuple[str, str]] = set()
    for place in controls(ground.scenario):
        scope = place.control.scope
        if scope is None:
            continue
        where = f"{place.where}/scope"
        if scope.startswith("/applicant/"):
            yield errors.ScopeReadOnly(where=where, scope=scope)
        if (place.form.id, scope) in seen:
            yield errors.ScopeTwice(where=where, scope=scope)
        seen.add((place.form.id, scope))
    for f, form in enumerate(ground.scenario.forms):
        if form.pages and form.pages[0].when is not None:
            yield errors.FirstPageConditional(where=f"/forms/{f}/pages/0/when", form=form.id)


def fits(ground: Ground) -> Iterator[Fault]:
    """A widget has a field it can fill, or none where it carries no value."""
    if ground.kinds is None:
        return
    fields = ground.fields()
    for place in controls(ground.scenario):
        kind = ground.kinds.get(place.control.widget)
        if kind is not None:
            yield from _fits(place, kind, fields)


def _fits(
    place: ControlPlace, kind: WidgetKind, fields: Mapping[str, EntityField]
) -> Iterator[Fault]:
    scope = place.control.scope
    if scope is None:
        if kind.types:
            yield errors.ScopeMissing(where=f"{place.where}/scope", widget=kind.id)
        return
    if not kind.types:
        yield errors.ScopeForbidden(where=f"{place.where}/scope", widget=kind.id)
        return
    field = fields.get(scope)
    if field is not None and field.type not in kind.types:
        yield errors.WidgetTypeWrong(
            where=f"{place.where}/widget", widget=kind.id, type=field.type, known=sorted(kind.types)
        )


def columns(ground: Ground) -> Iterator[Fault]:
    """Rows have columns, each a field of the row that its widget can fill; nothing else has any."""
    if ground.kinds is None:
        return
    fields = ground.fields()
    for place in controls(ground.scenario):
        kind = ground.kinds.get(place.control.widget)
        if kind is None:
            continue
        if kind.of_rows != bool(place.control.columns):
            yield errors.ColumnsMisplaced(where=f"{place.where}/columns", widget=kind.id)
        table = fields.get(place.control.scope or "")
        if kind.of_rows and table is not None:
            yield from _columns(place, table, ground.kinds)


def _columns(
    place: ControlPlace, table: EntityField, kinds: Mapping[str, WidgetKind]
) -> Iterator[Fault]:
    known = row_names(table)
    seen: set[str] = set()
    for c, column in enumerate(place.control.columns):
        where = f"{place.where}/columns/{c}"
        name = (column.scope or "").rpartition("/")[2]
        field = column_field(table, name)
        if field is None:
            near = nearest(name, [one.partition(".")[2] for one in known])
            yield errors.FieldUnknown(where=f"{where}/scope", field=name, known=near)
            continue
        if name in seen or column.id in seen:
            yield errors.ScopeTwice(where=f"{where}/scope", scope=column.scope)
        seen |= {name, column.id}
        kind = kinds.get(column.widget)
        if kind is not None and field.type not in kind.types:
            yield errors.WidgetTypeWrong(
                where=f"{where}/widget", widget=kind.id, type=field.type, known=sorted(kind.types)
            )


def choices(ground: Ground) -> Iterator[Fault]:
    """Every choice a control offers is one its field accepts."""
    fields = ground.fields()
    entities = {entity.id: entity for entity in ground.entities}
    for place in controls(ground.scenario):
        scope, offered = place.control.scope, place.control.options.get("choices")
        if scope in fields and isinstance(offered, list):
            entity = entities[scope.split("/")[1]]
            yield from _refused(place, entity, fields[scope], offered)


def _refused(
    place: ControlPlace, entity: Entity, field: EntityField, offered: list[Json]
) -> Iterator[Fault]:
    for k, choice in enumerate(offered):
        value = choice.get("value") if isinstance(choice, Mapping) else None
        held: Json = [value] if field.type == "list" else value
        if value is not None and not field_accepts(entity, field, held):
            yield errors.ChoiceRefused(
                where=f"{place.where}/options/choices/{k}/value",
                value=str(value)[:60],
                scope=field.pointer,
            )


def prefills(ground: Ground) -> Iterator[Fault]:
    """A prefill names a column its query brings, of the field's type; nothing computes it too."""
    fields = ground.fields()
    for place in controls(ground.scenario):
        control = place.control
        if control.prefill is None:
            continue
        at = f"{place.where}/prefill"
        if control.compute is not None:
            yield errors.ComputeAndPrefill(where=at)
        query = ground.query(control.prefill.query)
        if query is None:
            continue
        if control.prefill.column not in query.columns:
            yield errors.ColumnUnknown(
                where=f"{at}/column",
                query=query.id,
                column=control.prefill.column,
                known=nearest(control.prefill.column, query.columns),
            )
            continue
        kind = query.columns[control.prefill.column]
        field = fields.get(control.scope or "")
        if field is not None and kind not in (field.type, None):
            yield errors.PrefillTypeDiffers(where=f"{at}/column", column_type=kind, type=field.type)


def licences(ground: Ground) -> Iterator[Fault]:
    """A licence names a query that there is, and columns that it brings."""
    for place in controls(ground.scenario):
        if place.control.widget != "e-licence":
            continue
        options, at = place.control.options, f"{place.where}/options"
        name = options.get("query")
        query = ground.query(name) if isinstance(name, str) else None
        if query is None:
            known = nearest(str(name), [q.id for q in ground.scenario.queries])
            yield errors.QueryUnknown(where=f"{at}/query", query=str(name)[:60], known=known)
            continue
        wanted = [(f"{at}/number", options.get("number"))] if "number" in options else []
        shown = options.get("columns")
        for k, one in enumerate(shown if isinstance(shown, list | tuple) else ()):
            if isinstance(one, Mapping):
                wanted.append((f"{at}/columns/{k}/column", one.get("column")))
        for where, column in wanted:
            if isinstance(column, str) and column not in query.columns:
                yield errors.ColumnUnknown(
                    where=where,
                    query=query.id,
                    column=column,
                    known=nearest(column, query.columns),
                )


def owners(ground: Ground) -> Iterator[Fault]:
    """What the applicant fills no officer's form fills; every subject's key is asked for."""
    start = ground.start_form()
    if start is None:
        return
    asked = start.scopes()
    for place in controls(ground.scenario):
        if place.form.id != start.id and place.control.scope in asked:
            yield errors.OfficerRewrites(
                where=f"{place.where}/scope", form=place.form.id, scope=place.control.scope
            )
    for i, subject in enumerate(ground.scenario.subjects):
        if subject.key != APPLICANT_KEY and subject.key not in asked:
            yield errors.SubjectKeyNotAsked(
                where=f"/subjects/{i}/key", subject=subject.id, pointer=subject.key
            )
