"""Hold one form being filled in: what is answered, what is known, and what pages make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from builder import forms
from builder.cases.answers import Flat, Nested, scope
from builder.errors import Fault
from builder.expr import Value
from builder.forms import CompiledForm, Journey, ParsedPage, Problem, Provenance
from builder.forms.compiled import CompiledControl
from builder.forms.files import Files
from builder.forms.journey import given
from builder.forms.question import LATER, PROMISE
from builder.process.calendar import Calendar
from builder.scenario.model import Json, Scenario, Text

__all__ = ["Filling", "Parsed", "problems_json", "read_provenance", "ticks_of"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page as posted: all answers with the good ones of this page, and what to mend."""

    answers: Flat
    page: ParsedPage

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what to mend, in reading order."""
        return self.page.errors

    def problems_as_faults(self) -> list[Fault]:
        """Return what to mend as Faults with JSON pointers."""
        return [_placed(p) for p in self.page.errors]


@dataclass(frozen=True, slots=True)
class Filling:
    """A form and everything its pages and expressions read.

    Attributes:
        answers: of this form, by pointer; None where a question was left blank on purpose.
        built_in: other entities that expressions may read, ``applicant`` and ``params`` among them.
        results: answered queries' rows.
        provenance: pointer → where its value came from, as JSON.
        files: what its uploads may lead to: files of this case, of whoever fills the form.
    """

    form: CompiledForm
    scenario: Scenario
    answers: Flat
    built_in: Nested
    results: Nested
    provenance: Mapping[str, Json]
    today: date
    files: Files = field(default_factory=dict)

    def known(self) -> dict[str, Value]:
        """Return what expressions read besides the answers, typed."""
        return scope(self.scenario, self.built_in, self.results)

    def journey(self) -> Journey:
        """Return the path that the answers lead through."""
        return forms.journey(self.form, self.answers, self.today, self.known())

    def path(self) -> tuple[str, ...]:
        """Return the pages on the path."""
        return self.journey().pages

    def after(self, page: str) -> str | None:
        """Return the page behind one; None after the last."""
        return self.journey().after(page)

    def parse(
        self,
        page: str,
        post: Mapping[str, Sequence[str]],
        refused: Mapping[str, Fault] | None = None,
    ) -> Parsed:
        """Read a posted page; `refused` says by control which file just sent was not taken.

        Raises:
            PageUnknown: the form has no such page.
        """
        parsed = forms.parse_page(
            self.form,
            page,
            post,
            self.answers,
            self.today,
            self.known(),
            files=self.files,
            refused=refused,
        )
        return Parsed({**self.answers, **parsed.values}, parsed)

    def take(self, page: str, answers: Flat) -> Parsed:
        """Read a page from answers by pointer, as if a browser had posted them."""
        controls = self.form.page(page).controls()
        return self.parse(page, self.posted({**self._kept(controls), **answers}))

    def _kept(self, controls: Iterable[CompiledControl]) -> dict[str, Json]:
        """Return what is answered, or ticked, of some questions."""
        kept: dict[str, Json] = {}
        for pointer, control in ((c.question.pointer, c) for c in controls):
            for ending in ("", *control.question.ticks):
                key = f"{pointer}{ending}"
                if key in self.answers:
                    kept[key] = self.answers[key]
        return kept

    def posted(self, answers: Flat) -> dict[str, Sequence[str]]:
        """Return answers by pointer as a browser posts them."""
        post: dict[str, Sequence[str]] = {}
        for control in self.form.controls():
            question = control.question
            if question.pointer is None:
                continue
            value = answers.get(question.pointer)
            for ending in question.ticks if value is None else ():
                if answers.get(question.pointer + ending) is True:
                    post[question.name + ending] = ["true"]
            post |= control.widget.post(value, question)
        return post

    def left(self) -> dict[str, forms.Left]:
        """Return which required answers are left open, and how."""
        return forms.left_open(self.form, self.answers, self.today, self.known())

    def later_by(self, calendar: Calendar, now: datetime) -> dict[str, str]:
        """Return by which ISO day an answer that may come later would be due, handed in now."""
        return {
            pointer: calendar.due(now, question.deferrable.days).at.date().isoformat()
            for control in self.form.controls()
            if (question := control.question).deferrable and (pointer := question.pointer)
        }

    def final(self, answers: Flat | None = None) -> dict[str, Json]:
        """Return the answers as they are handed in."""
        held = self.answers if answers is None else answers
        return forms.finalize(self.form, held, self.today, self.known())

    def incomplete(self) -> tuple[tuple[str, Text], ...]:
        """Return the pages that still have something to mend: id and title, in order."""
        problems = forms.validate_all(
            self.form, self.answers, self.today, self.known(), files=self.files
        )
        pages = dict.fromkeys(p.page for p in problems)
        return tuple((page, self.form.page(page).page.title) for page in pages)

    def prefilled(
        self, queries: Sequence[str], datasets: Mapping[str, tuple[str, str]], now: datetime
    ) -> tuple[dict[str, Json], dict[str, Json]]:
        """Return answers and provenance with what queries brought.

        Args:
            queries: those just answered.
            datasets: query id → ledger dataset and owning party.
        """
        fetched = forms.prefill(self.form, self.answers, self.known())
        provenance = dict(self.provenance)
        known = self.known()
        for control in self.form.controls():
            prefill, pointer = control.question.prefill, control.question.pointer
            if prefill is None or pointer is None or prefill.query not in queries:
                continue
            if given(control, known) is None:
                provenance.pop(pointer, None)
                continue
            dataset, party = datasets[prefill.query]
            provenance[pointer] = {
                "query": prefill.query,
                "dataset": dataset,
                "field": prefill.column,
                "party": party,
                "at": now.isoformat(),
            }
        return {**self.answers, **fetched}, provenance


def read_provenance(kept: Mapping[str, Json]) -> dict[str, Provenance]:
    """Return kept provenance as the form shows it."""
    found = {}
    for pointer, doc in kept.items():
        if isinstance(doc, Mapping):
            found[pointer] = Provenance(
                query=str(doc["query"]),
                dataset=str(doc["dataset"]),
                field=str(doc["field"]),
                party=str(doc["party"]),
                at=datetime.fromisoformat(str(doc["at"])),
            )
    return found


def ticks_of(left: Mapping[str, forms.Left]) -> dict[str, Json]:
    """Return the ticks that leave answers open, as they are kept beside them."""
    endings = {"later": LATER, "promise": PROMISE}
    return {pointer + endings[how]: True for pointer, how in left.items()}


def problems_json(problems: Sequence[Problem]) -> tuple[Mapping[str, object], ...]:
    """Return problems in the shape of `Saved.errors`."""
    return tuple(p.to_json() for p in problems)


def _placed(problem: Problem) -> Fault:
    problem.fault.where = problem.pointer
    return problem.fault
