"""Check expressions: they parse, name what exists, fit their place, and go in no circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from builder import expr
from builder.errors import Fault, Findings
from builder.scenario import errors
from builder.scenario.checks.ground import ControlPlace, Ground, controls, process_places
from builder.scenario.model import ROW, Branch, EntityField, ValueType
from builder.scenario.names import nearest
from builder.scenario.parse import column_field

__all__ = ["circles", "names_in", "parsed", "types", "used_names"]

_UNUSABLE = ("list", "object")


@dataclass(frozen=True, slots=True)
class _Place:
    """An expression, where it stands, and the type it must have (None: any)."""

    where: str
    text: str
    wanted: ValueType | None
    own: Mapping[str, ValueType | None] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def parsed(text: str) -> expr.Tree | Fault:
    """Return an expression's tree, or what is wrong with it."""
    try:
        return expr.parse(text)
    except Fault as fault:
        return fault


def names_in(text: str) -> frozenset[str]:
    """Return the names an expression uses; none where it cannot be read."""
    tree = parsed(text)
    return frozenset() if isinstance(tree, Fault) else frozenset(expr.names(tree))


def used_names(ground: Ground) -> set[str]:
    """Return every name that an expression or a query's parameter uses."""
    used = {name for place in _places(ground) for name in names_in(place.text)}
    return used | {name for query in ground.scenario.queries for name in query.params.values()}


def types(ground: Ground) -> Iterator[Fault]:
    """Every expression parses, names what exists and has the type its place wants."""
    everywhere = ground.names()
    for place in _places(ground):
        known = {**everywhere, **place.own} if place.own else everywhere
        tree = parsed(place.text)
        if isinstance(tree, Fault):
            yield from _moved(tree, place.where)
            continue
        wrong = list(_names_wrong(place.where, expr.names(tree), known))
        yield from wrong or _type_wrong(place, tree, known)


def _names_wrong(
    where: str, names: frozenset[str], known: Mapping[str, ValueType | None]
) -> Iterator[Fault]:
    for name in sorted(names):
        if name not in known:
            yield errors.FieldUnknown(where=where, field=name, known=nearest(name, known))
        elif known[name] in _UNUSABLE:
            yield errors.NameNotUsable(where=where, name=name)


def _type_wrong(
    place: _Place, tree: expr.Tree, known: Mapping[str, ValueType | None]
) -> Iterator[Fault]:
    kinds = {name: cast("expr.ExprType", known[name] or "any") for name in expr.names(tree)}
    try:
        got = expr.check(tree, kinds)
    except Fault as fault:
        yield from _moved(fault, place.where)
        return
    if place.wanted is None or got in (place.wanted, "null", "any"):
        return
    if place.wanted == "bool":
        yield errors.ConditionNotBool(where=place.where, type=got)
    elif (got, place.wanted) != ("int", "decimal"):
        yield errors.ComputeTypeDiffers(where=place.where, result=got, type=place.wanted)


def _moved(fault: Fault, where: str) -> Iterator[Fault]:
    """Yield a fault of the expression room, or those in it, at a place of the spec."""
    for one in fault.findings if isinstance(fault, Findings) else (fault,):
        yield type(one)(where=where, **one.facts)


def _places(ground: Ground) -> Iterator[_Place]:
    yield from _form_places(ground)
    for place in process_places(ground.scenario):
        if isinstance(place.step, Branch) and place.step.when is not None:
            yield _Place(f"{place.where}/when", place.step.when, "bool")


def _form_places(ground: Ground) -> Iterator[_Place]:
    for f, form in enumerate(ground.scenario.forms):
        for p, page in enumerate(form.pages):
            at = f"/forms/{f}/pages/{p}"
            if page.when is not None:
                yield _Place(f"{at}/when", page.when, "bool")
            for s, section in enumerate(page.sections):
                if section.when is not None:
                    yield _Place(f"{at}/sections/{s}/when", section.when, "bool")
    fields = ground.fields()
    for place in controls(ground.scenario):
        yield from _control_places(place, fields.get(place.control.scope or ""))


def _control_places(place: ControlPlace, filled: EntityField | None) -> Iterator[_Place]:
    control = place.control
    for key, text in (("when", control.when), ("required_when", control.required_when)):
        if text is not None:
            yield _Place(f"{place.where}/{key}", text, "bool")
    if control.compute is not None:
        wanted = None if filled is None else filled.type
        yield _Place(f"{place.where}/compute", control.compute, wanted)
    for c, column in enumerate(control.columns):
        if column.required_when is not None:
            where = f"{place.where}/columns/{c}/required_when"
            yield _Place(where, column.required_when, "bool", row_names(filled))


def row_names(table: EntityField | None) -> dict[str, ValueType | None]:
    """Return what expressions of a table's columns can name of their own row, with its type."""
    items = None if table is None else table.schema.get("items")
    properties = items.get("properties") if isinstance(items, Mapping) else None
    if table is None or not isinstance(properties, Mapping):
        return {}
    held = {name: column_field(table, name) for name in properties}
    return {f"{ROW}.{name}": found.read_as for name, found in held.items() if found is not None}


def circles(ground: Ground) -> Iterator[Fault]:
    """No field's being shown or computed depends on itself, be it by way of others."""
    needs: dict[tuple[str, str], frozenset[str]] = {}
    where: dict[tuple[str, str], str] = {}
    for place in controls(ground.scenario):
        if place.control.scope is None:
            continue
        name = place.control.scope.strip("/").replace("/", ".")
        texts = [*place.conditions(), *([place.control.compute] if place.control.compute else [])]
        node = (place.form.id, name)
        needs[node] = frozenset(n for text in texts for n in names_in(text))
        where[node] = place.where
    reported: set[tuple[str, str]] = set()
    for node in needs:
        circle = _circle(node, needs)
        if circle and reported.isdisjoint((node[0], name) for name in circle):
            reported |= {(node[0], name) for name in circle}
            yield errors.ConditionLoop(where=where[node], names=circle)


def _circle(start: tuple[str, str], needs: Mapping[tuple[str, str], frozenset[str]]) -> list[str]:
    """Return the names on a way from a node back to itself, none where there is no such way."""
    form, goal = start
    came: dict[str, str] = {}
    waiting = [goal]
    while waiting:
        here = waiting.pop()
        for name in sorted(needs.get((form, here), ())):
            if name == goal:
                way = [here]
                while way[-1] != goal:
                    way.append(came[way[-1]])
                return sorted(way)
            if name not in came:
                came[name] = here
                waiting.append(name)
    return []
