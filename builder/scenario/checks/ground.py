"""What every check stands on: the scenario, what it is checked against, and where things are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from builder.scenario.model import (
    APPLICANT,
    PARAMS,
    Branch,
    Control,
    Entity,
    EntityField,
    Form,
    NamedQuery,
    Page,
    Scenario,
    Section,
    Step,
    ValueType,
    WidgetKind,
    children,
)
from federation.ledger.catalog import Catalog

__all__ = ["ControlPlace", "Ground", "StepPlace", "controls", "process_places", "value_type"]


@dataclass(frozen=True, slots=True)
class Ground:
    """A scenario and what it is checked against.

    Attributes:
        kinds: widget kinds by id; None: not known here, controls are not checked against them.
        catalog: the ledger; None: not known here.
        folder: name of the folder it was read from; None where it came from elsewhere.
    """

    scenario: Scenario
    kinds: Mapping[str, WidgetKind] | None = None
    catalog: Catalog | None = None
    folder: str | None = None

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Return the scenario's entities and the built-in applicant."""
        return (APPLICANT, *self.scenario.entities)

    def fields(self) -> dict[str, EntityField]:
        """Return every field by pointer."""
        return {f.pointer: f for entity in self.entities for f in entity.fields.values()}

    def names(self) -> dict[str, ValueType | None]:
        """Return every name expressions can use, with its type (None: not known here)."""
        names: dict[str, ValueType | None] = {
            f"{entity.id}.{name}": f.read_as
            for entity in self.entities
            for name, f in entity.fields.items()
        }
        names |= {f"{PARAMS}.{p.id}": p.type for p in self.scenario.parameters}
        for query in self.scenario.queries:
            names |= {f"{query.id}.{column}": kind for column, kind in query.columns.items()}
        return names

    def start_form(self) -> Form | None:
        """Return the applicant's form; None where the spec names none."""
        found = [f for f in self.scenario.forms if f.id == self.scenario.process.form]
        return found[0] if found else None

    def query(self, query_id: str) -> NamedQuery | None:
        """Return a query by id, or None."""
        return next((q for q in self.scenario.queries if q.id == query_id), None)

    def start_roles(self) -> frozenset[str]:
        """Return the roles that may begin the matter."""
        return frozenset(role.id for role in self.scenario.roles if role.start)


def value_type(ledger_type: str) -> ValueType | None:
    """Return the expression type of a ledger type; None for one expressions cannot hold (float)."""
    head = ledger_type.partition("(")[0]
    known: Mapping[str, ValueType] = {
        "text": "text",
        "int": "int",
        "decimal": "decimal",
        "bool": "bool",
        "date": "date",
        "timestamp": "timestamp",
    }
    return known.get(head)


@dataclass(frozen=True, slots=True)
class ControlPlace:
    """A control and where it stands."""

    where: str
    form: Form
    page: Page
    section: Section
    control: Control

    def conditions(self) -> tuple[str, ...]:
        """Return the conditions it is shown under."""
        whens = (self.page.when, self.section.when, self.control.when)
        return tuple(when for when in whens if when is not None)


def controls(scenario: Scenario) -> Iterator[ControlPlace]:
    """Yield every control of every form with its pointer."""
    for f, form in enumerate(scenario.forms):
        for p, page in enumerate(form.pages):
            for s, section in enumerate(page.sections):
                for c, control in enumerate(section.controls):
                    where = f"/forms/{f}/pages/{p}/sections/{s}/controls/{c}"
                    yield ControlPlace(where, form, page, section, control)


@dataclass(frozen=True, slots=True)
class StepPlace:
    """A step or branch, where it stands, and what it stands in, outermost first."""

    where: str
    step: Step | Branch
    around: tuple[Step | Branch, ...]


def process_places(scenario: Scenario) -> Iterator[StepPlace]:
    """Yield every step and branch of the process in reading order."""
    yield from _places("/process", scenario.process.root, ())


def _places(
    where: str, step: Step | Branch, around: tuple[Step | Branch, ...]
) -> Iterator[StepPlace]:
    yield StepPlace(where, step, around)
    inner = children(step)
    key = "branches" if inner and isinstance(inner[0], Branch) else "steps"
    for index, child in enumerate(inner):
        yield from _places(f"{where}/{key}/{index}", child, (*around, step))
