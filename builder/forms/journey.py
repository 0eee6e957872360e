"""Compute what is asked: which pages and questions, and what follows from the answers.

Nothing of this is stored. A question is asked only where its page's, its section's and its own
condition are TRUE; a question not asked counts as unanswered for all others, whatever it held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from builder.errors import Fault
from builder.expr import Value
from builder.forms.compiled import CompiledControl, CompiledForm, Rule, name_of
from builder.forms.files import Files
from builder.forms.question import LATER, PROMISE
from builder.forms.values import from_value, to_value
from builder.forms.widget import Around
from builder.scenario.model import Json, Text

__all__ = ["Journey", "Left", "State", "assess", "given", "journey", "left_open"]

Known = Mapping[str, Value]
Left: TypeAlias = Literal["later", "promise"]
_LEFT: Mapping[str, Left] = {LATER: "later", PROMISE: "promise"}


@dataclass(frozen=True, slots=True)
class State:
    """A form as its answers make it.

    Attributes:
        values: the answer of every question asked, computed and fetched ones included, by pointer.
        shown: ids of the controls asked.
        sections: (page, section) pairs that are shown.
        pages: ids of the pages on the path.
        locked: ids of controls whose value was fetched and may not be changed.
        needed: ids of controls that these answers make required.
        scope: what expressions read.
        left: pointers of required answers left open: to come ``later``, or a ``promise`` instead.
    """

    values: Mapping[str, Json]
    shown: frozenset[str]
    sections: frozenset[tuple[str, str]]
    pages: tuple[str, ...]
    locked: frozenset[str]
    scope: Mapping[str, Value]
    needed: frozenset[str] = frozenset()
    left: Mapping[str, Left] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Journey:
    """The path through a form."""

    pages: tuple[str, ...]
    titles: Mapping[str, Text]

    @property
    def first(self) -> str | None:
        """Return the page to begin with; None where nothing is asked."""
        return self.pages[0] if self.pages else None

    def after(self, page_id: str) -> str | None:
        """Return the page behind one; None after the last, or for a page off the path."""
        return self._beside(page_id, 1)

    def before(self, page_id: str) -> str | None:
        """Return the page in front of one."""
        return self._beside(page_id, -1)

    def _beside(self, page_id: str, step: int) -> str | None:
        if page_id not in self.pages:
            return None
        place = self.pages.index(page_id) + step
        return self.pages[place] if 0 <= place < len(self.pages) else None


def journey(
    cform: CompiledForm, answers: Mapping[str, Json], today: date, known: Known | None = None
) -> Journey:
    """Return the pages that the answers lead through."""
    pages = assess(cform, answers, today, known).pages
    return Journey(pages, {page.id: page.page.title for page in cform.pages if page.id in pages})


def assess(
    cform: CompiledForm, answers: Mapping[str, Json], today: date, known: Known | None = None
) -> State:
    """Return what is asked and what it stands at.

    Answers may be of this form and of others; unknown pointers are ignored. `known` is what else
    expressions read, by name.
    """
    return _Assessment(cform, answers, today, known or {}).state()


def left_open(
    cform: CompiledForm, answers: Mapping[str, Json], today: date, known: Known | None = None
) -> dict[str, Left]:
    """Return which required answers a hand-in leaves open, and how."""
    return dict(assess(cform, answers, today, known).left)


def given(control: CompiledControl, known: Known) -> Json:
    """Return what was fetched for a question, in its own spelling; None where nothing fits."""
    prefill = control.question.prefill
    if prefill is None:
        return None
    fetched = from_value(known.get(f"{prefill.query}.{prefill.column}"), control.question.type)
    return None if fetched is None else canonical(control, fetched)


def canonical(control: CompiledControl, value: Json) -> Json:
    """Return an answer as its widget would have read it; None where it cannot be one."""
    if value is None:
        return None
    try:
        return control.widget.parse(control.widget.write(value, control.question), control.question)
    except Fault:
        return None


@dataclass(slots=True)
class _Assessment:
    cform: CompiledForm
    answers: Mapping[str, Json]
    today: date
    known: Known
    scope: dict[str, Value] = field(default_factory=dict)
    met: dict[Rule, bool] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    left: dict[str, Left] = field(default_factory=dict)

    def state(self) -> State:
        self.scope = {**self.known, **self._others()}
        values: dict[str, Json] = {}
        for pointer in self.cform.order:
            asked = [c for c in self.cform.by_pointer[pointer] if self._is_met(*c.rules)]
            self.shown.update(c.question.id for c in asked)
            value = self._value(asked[0], pointer) if asked else None
            if asked:
                values[pointer] = value
                if value is None:
                    self._leave(asked[0], pointer)
            self.scope[name_of(pointer)] = to_value(value, self.cform.fields[pointer].type)
        for control in self.cform.controls():
            if control.question.pointer is None and self._is_met(*control.rules):
                self.shown.add(control.question.id)
        sections = self._sections()
        pages = {page for page, _ in sections}
        return State(
            values,
            frozenset(self.shown),
            frozenset(sections),
            tuple(page.id for page in self.cform.pages if page.id in pages),
            frozenset(self.locked),
            self.scope,
            frozenset(
                control.question.id
                for control in self.cform.controls()
                if control.needed is not None and control.needed.holds(self.scope, self.today)
            ),
            self.left,
        )

    def _leave(self, control: CompiledControl, pointer: str) -> None:
        """Note that an unanswered question was ticked as one that may stay open."""
        for ending in control.question.ticks:
            if self.answers.get(pointer + ending) is True:
                self.left.setdefault(pointer, _LEFT[ending])

    def _others(self) -> dict[str, Value]:
        """Return answers of other forms, typed; this form's own come in their order."""
        fields, own = self.cform.fields, self.cform.by_pointer
        return {
            name_of(pointer): to_value(value, fields[pointer].type)
            for pointer, value in self.answers.items()
            if pointer in fields and pointer not in own
        }

    def _is_met(self, *rules: Rule) -> bool:
        return all(self._holds(rule) for rule in rules)

    def _holds(self, rule: Rule) -> bool:
        if rule not in self.met:
            self.met[rule] = rule.run(self.scope, self.today) is True
        return self.met[rule]

    def _value(self, control: CompiledControl, pointer: str) -> Json:
        if control.compute is not None:
            value = control.compute.run(self.scope, self.today)
            return from_value(value, control.question.type)
        prefill = control.question.prefill
        if prefill is not None and prefill.locked:
            fetched = given(control, self.known)
            if fetched is not None:
                self.locked.add(control.question.id)
                return fetched
        return self.answers.get(pointer)

    def _sections(self) -> set[tuple[str, str]]:
        return {
            (page.id, section.section.id)
            for page in self.cform.pages
            for section in page.sections
            if any(control.question.id in self.shown for control in section.controls)
        }


def around(cform: CompiledForm, state: State, today: date, files: Files | None = None) -> Around:
    """Return what widgets see of the rest of the form."""
    return Around(today, state.scope, cform.labels, files)
