"""Prepare a form once per scenario version: expressions parsed, widgets found, schema built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

import jsonschema_rs

from builder.errors import Fault, Findings
from builder.expr.tree import Call
from builder.forms.errors import FormCircular, OptionsWrong, PageUnknown, WidgetMisfit
from builder.forms.question import Column, Option, Question
from builder.forms.rule import Rule, rule, ruled
from builder.forms.rules import Validator, form_validator
from builder.forms.widget import Widget
from builder.forms.widgets import widget
from builder.forms.widgets.yes_no import NO, YES
from builder.scenario.model import (
    APPLICANT,
    PARAMS,
    Control,
    Entity,
    EntityField,
    Form,
    Json,
    Page,
    Scenario,
    Section,
    Text,
)
from builder.scenario.parse import column_field

__all__ = [
    "CompiledControl",
    "CompiledForm",
    "CompiledPage",
    "CompiledSection",
    "Rule",
    "as_question",
    "compile_form",
    "name_of",
]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledControl:
    """A control, joined with its widget.

    Attributes:
        rules: all that must be TRUE for it to be asked: its page's, its section's, its own.
        when: its own alone.
        needed: must be answered where this is TRUE; None: the question itself says so.
    """

    question: Question
    widget: Widget
    rules: tuple[Rule, ...]
    when: Rule | None
    compute: Rule | None
    page: str
    needed: Rule | None = None

    @property
    def reads(self) -> frozenset[str]:
        """Return the names that it depends on."""
        rules = self.rules if self.compute is None else (*self.rules, self.compute)
        return frozenset().union(*(rule.names for rule in rules))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledSection:
    """Controls under one heading.

    Attributes:
        when: TRUE where the heading is shown: its own condition, and at least one control's; None
            for always.
        conditional: whether answers of its own page can show and hide it.
    """

    section: Section
    when: Rule | None
    controls: tuple[CompiledControl, ...]
    conditional: bool


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPage:
    """What is answered at one go."""

    page: Page
    when: Rule | None
    sections: tuple[CompiledSection, ...]

    @property
    def id(self) -> str:
        """Return the page's id."""
        return self.page.id

    def controls(self) -> Iterator[CompiledControl]:
        """Yield its controls in reading order."""
        for section in self.sections:
            yield from section.controls


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class CompiledForm:
    """A form ready to be shown, read and checked. Made by `compile_form`; holds no answers.

    Attributes:
        fields: every field of the scenario by pointer, the applicant's included.
        by_pointer: the controls that fill a field.
        order: pointers so that each comes after what its conditions and calculation read.
        labels: what fields are called, by pointer.
        validator: the JSON Schema of its answers, built once.
    """

    scenario: Scenario
    form: Form
    pages: tuple[CompiledPage, ...]
    fields: Mapping[str, EntityField]
    by_pointer: Mapping[str, tuple[CompiledControl, ...]]
    order: tuple[str, ...]
    labels: Mapping[str, Text]
    validator: Validator

    @property
    def id(self) -> str:
        """Return the form's id."""
        return self.form.id

    def page(self, page_id: str) -> CompiledPage:
        """Return a page by id.

        Raises:
            PageUnknown: the form has none of this id.
        """
        for page in self.pages:
            if page.id == page_id:
                return page
        raise PageUnknown(page=page_id)

    def controls(self) -> Iterator[CompiledControl]:
        """Yield all controls in reading order."""
        for page in self.pages:
            yield from page.controls()

    def ticks(self) -> frozenset[str]:
        """Return the pointers of the ticks that leave answers open."""
        return frozenset(
            f"{control.question.pointer}{ending}"
            for control in self.controls()
            for ending in control.question.ticks
        )

    def queries(self, page_id: str | None = None) -> tuple[str, ...]:
        """Return the queries whose answers fill or steer the form, or one page of it, in order."""
        controls = self.controls() if page_id is None else self.page(page_id).controls()
        known = {query.id for query in self.scenario.queries}
        found: dict[str, None] = {}
        for control in controls:
            prefill = control.question.prefill
            reads = sorted(name.partition(".")[0] for name in control.reads)
            licence = (
                [control.question.word("query")] if control.question.kind == "e-licence" else []
            )
            for query in (*([prefill.query] if prefill else []), *licence, *reads):
                if query in known:
                    found[query] = None
        return tuple(found)


def compile_form(
    scenario: Scenario, form_id: str, params: Mapping[str, Json] | None = None
) -> CompiledForm:
    """Return a form of a scenario, prepared.

    Values that the deploying county has bound come in `params`, by parameter id; they go before
    defaults.

    Raises:
        KeyError: there is no such form.
        Findings: what keeps the form from working, all at once.
    """
    form = scenario.form(form_id)
    maker = _Maker(scenario, {**{p.id: p.default for p in scenario.parameters}, **(params or {})})
    pages = tuple(maker.page(page) for page in form.pages)
    if maker.findings:
        raise Findings(maker.findings)
    controls = tuple(c for page in pages for c in page.controls())
    by_pointer = _by_pointer(controls)
    return CompiledForm(
        scenario=scenario,
        form=form,
        pages=pages,
        fields=maker.fields,
        by_pointer=by_pointer,
        order=_order(form, by_pointer),
        labels=_labels(maker.fields, controls),
        validator=form_validator(scenario.entities, by_pointer),
    )


def name_of(pointer: str) -> str:
    """Return what expressions call a field.

    >>> name_of("/application/deceased_name")
    'application.deceased_name'
    """
    return pointer[1:].replace("/", ".")


class _Maker:
    """Compiles parts of one form and gathers what is wrong with them."""

    def __init__(self, scenario: Scenario, params: Mapping[str, Json]) -> None:
        entities: tuple[Entity, ...] = (APPLICANT, *scenario.entities)
        self.fields = {f.pointer: f for entity in entities for f in entity.fields.values()}
        self.findings: list[Fault] = []
        self._params = params
        self._used: set[str] = set()
        self._beside: frozenset[str] = frozenset()

    def page(self, page: Page) -> CompiledPage:
        when = rule(page.when)
        controls = (control for section in page.sections for control in section.controls)
        self._beside = frozenset(name_of(c.scope) for c in controls if c.scope is not None)
        sections = tuple(self._section(section, page, when) for section in page.sections)
        return CompiledPage(page, when, sections)

    def _section(self, section: Section, page: Page, above: Rule | None) -> CompiledSection:
        when = rule(section.when)
        controls = tuple(self._control(c, page, (above, when)) for c in section.controls)
        appears = _appears(when, controls)
        return CompiledSection(section, appears, controls, self._moves(appears))

    def _control(
        self, control: Control, page: Page, above: tuple[Rule | None, ...]
    ) -> CompiledControl:
        own, compute = rule(control.when), rule(control.compute)
        field = None if control.scope is None else self.fields[control.scope]
        question = as_question(control, field, self._params)
        question = replace(question, conditional=self._moves(own))
        if control.scope in self._used:
            question = replace(question, name=f"{question.name}~{control.id}")
        self._used.add(control.scope or "")
        kind = widget(control.widget)
        self.findings += _findings(kind, question)
        rules = tuple(rule for rule in (*above, own) if rule is not None)
        needed = rule(control.required_when)
        return CompiledControl(question, kind, rules, own, compute, page.id, needed)

    def _moves(self, rule: Rule | None) -> bool:
        """Tell whether answers given on the same page decide."""
        return rule is not None and not rule.names.isdisjoint(self._beside)


def as_question(
    control: Control, field: EntityField | None, params: Mapping[str, Json]
) -> Question:
    """Return a control joined with its field, its choices read."""
    question = Question(
        id=control.id,
        kind=control.widget,
        label=control.label,
        name=control.id,
        hint=control.hint,
        required=control.required,
        options=dict(control.options),
        choices=_choices(control, params),
        prefill=control.prefill,
        computed=control.compute is not None or control.widget == "computed",
        needs=control.required_when is not None,
        deferrable=control.deferrable,
        promise=control.promise,
    )
    if field is None:
        return question
    return replace(
        question,
        name=name_of(field.pointer),
        pointer=field.pointer,
        type=field.type,
        schema=dict(field.schema),
        grade=field.grade,
        columns=tuple(_columns(control, field, params)),
    )


def _columns(control: Control, table: EntityField, params: Mapping[str, Json]) -> Iterator[Column]:
    """Yield the columns of a field that holds rows; those that it lacks are `check`'s to name."""
    for column in control.columns:
        field = column_field(table, (column.scope or "").rpartition("/")[2])
        if field is not None:
            yield Column(as_question(column, field, params), rule(column.required_when))


def _choices(control: Control, params: Mapping[str, Json]) -> tuple[Option, ...]:
    if control.widget == "yes-no":
        return (YES, NO)
    listed = control.options.get("choices") or control.options.get("regions")
    if isinstance(listed, list | tuple):
        return tuple(_option(entry) for entry in listed if isinstance(entry, Mapping))
    source = control.options.get("regions_from")
    bound = params.get(source.removeprefix(f"{PARAMS}.")) if isinstance(source, str) else None
    names = re.split(r"[、,，;；\n]+", bound) if isinstance(bound, str) else []
    return tuple(
        Option(name.strip(), Text(name.strip(), name.strip())) for name in names if name.strip()
    )


def _option(entry: Mapping[str, Json]) -> Option:
    label = _text(entry.get("label"))
    return Option(str(entry.get("value", "")), label or Text("", ""), _text(entry.get("hint")))


def _text(value: Json) -> Text | None:
    if not isinstance(value, Mapping):
        return None
    return Text(str(value.get("zh", "")), str(value.get("en", "")))


def _findings(kind: Widget, question: Question) -> Iterator[Fault]:
    if question.pointer is None:
        known = () if not kind.types else sorted(kind.types)
        if known:
            yield WidgetMisfit(
                where=question.pointer, control=question.id, widget=kind.kind, type="—", known=known
            )
            return
    elif question.type not in kind.types:
        yield WidgetMisfit(
            where=question.pointer,
            control=question.id,
            widget=kind.kind,
            type=question.type,
            known=sorted(kind.types),
        )
        return
    problems = list(
        jsonschema_rs.Draft202012Validator(dict(kind.options)).iter_errors(question.options)
    )
    for problem in problems:
        yield OptionsWrong(
            where=question.pointer,
            control=question.id,
            widget=kind.kind,
            problem="/".join(str(part) for part in problem.instance_path) or problem.message,
        )
    for fault in () if problems else kind.findings(question):
        fault.where = question.pointer
        yield fault


def _appears(own: Rule | None, controls: tuple[CompiledControl, ...]) -> Rule | None:
    """Return when a section shows: it never stands there empty."""
    inner = dict.fromkeys(control.when.tree for control in controls if control.when is not None)
    if any(control.when is None for control in controls):
        return own
    any_of = next(iter(inner)) if len(inner) == 1 else Call("or", tuple(inner))
    return ruled(any_of if own is None else Call("and", (own.tree, any_of)))


def _by_pointer(controls: tuple[CompiledControl, ...]) -> Mapping[str, tuple[CompiledControl, ...]]:
    found: dict[str, list[CompiledControl]] = {}
    for control in controls:
        if control.question.pointer is not None:
            found.setdefault(control.question.pointer, []).append(control)
    return MappingProxyType({pointer: tuple(same) for pointer, same in found.items()})


def _order(form: Form, by_pointer: Mapping[str, tuple[CompiledControl, ...]]) -> tuple[str, ...]:
    """Return pointers after what they read; reading order where nothing decides.

    Raises:
        FormCircular: some wait for each other.
    """
    pointers = {name_of(pointer): pointer for pointer in by_pointer}
    waits = {
        pointer: [
            pointers[name]
            for control in controls
            for name in sorted(control.reads)
            if name in pointers
        ]
        for pointer, controls in by_pointer.items()
    }
    try:
        return tuple(TopologicalSorter(waits).static_order())
    except CycleError as circle:
        raise FormCircular(form=form.id, fields=[str(p) for p in circle.args[1]]) from None


def _labels(
    fields: Mapping[str, EntityField], controls: tuple[CompiledControl, ...]
) -> Mapping[str, Text]:
    labels = {pointer: field.title for pointer, field in fields.items() if field.title}
    for control in controls:
        if control.question.pointer is not None:
            labels[control.question.pointer] = control.question.label
    return MappingProxyType(labels)
