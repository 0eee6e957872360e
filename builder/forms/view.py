"""Prepare what pages show: everything looked up, both languages side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from builder.forms.compiled import CompiledControl, CompiledForm, CompiledSection, as_question
from builder.forms.files import FileFacts, Files
from builder.forms.files import known as files_of
from builder.forms.journey import Known, Left, State, around, assess, given
from builder.forms.page import (
    ErrorLine,
    FieldState,
    Mark,
    PageModel,
    Provenance,
    SectionModel,
    Source,
    SummaryModel,
    SummaryRow,
    SummarySection,
)
from builder.forms.question import Question
from builder.forms.row_view import row_states, summary_table
from builder.forms.submit import ParsedPage, Problem, open_controls
from builder.forms.widget import Around, Widget, same
from builder.forms.widgets import widget
from builder.scenario.model import Control, Json, Scenario, Text

__all__ = ["Sources", "review", "summary", "told", "view_open", "view_page"]

_NO_TEXT = Text("", "")
_APPLICANT = {"/applicant/id_card": "id-number", "/applicant/phone": "phone"}
_WITHOUT_CONTROL = {"int": "number", "decimal": "number", "bool": "yes-no", "date": "date"}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where answers came from, and what parties and datasets are called, by id."""

    provenance: Mapping[str, Provenance]
    titles: Mapping[str, Text]

    def of(self, pointer: str, *, locked: bool, edited: bool) -> Source | None:
        """Return the source of an answer in words; None for what was typed."""
        found = self.provenance.get(pointer)
        if found is None:
            return None
        return Source(
            party=self.titles.get(found.party, same(found.party)),
            dataset=self.titles.get(found.dataset, same(found.dataset)),
            on=found.at.date().isoformat(),
            state="edited" if found.edited or edited else "locked" if locked else "filled",
        )


_NOWHERE = Sources({}, {})


def view_page(
    cform: CompiledForm,
    page_id: str,
    answers: Mapping[str, Json],
    today: date,
    known: Known | None = None,
    *,
    parsed: ParsedPage | None = None,
    sources: Sources = _NOWHERE,
    asked: Collection[str] = (),
    files: Files | None = None,
    later_by: Mapping[str, str] | None = None,
) -> PageModel:
    """Return one page as it stands.

    `answers` are as kept, by pointer; `known` is what else expressions read, by name; `parsed` is
    the page as just posted, to show what was typed and what to mend; `asked` are pointers that an
    officer asked to correct; `later_by` says by which ISO day what may come later would be due.

    Raises:
        PageUnknown: the form has no such page.
    """
    page = cform.page(page_id)
    merged = {**answers, **(parsed.values if parsed else {})}
    state = assess(cform, merged, today, known)
    errors = {problem.target: problem.message for problem in (parsed.errors if parsed else ())}
    rest = around(cform, state, today)
    view = _View(
        state, known or {}, parsed, errors, sources, frozenset(asked), rest, files, later_by or {}
    )
    sections = (view.section(page_id, section) for section in page.sections)
    return PageModel(
        form=cform,
        id=page_id,
        title=page.page.title,
        intro=page.page.intro,
        sections=tuple(s for s in sections if s.shown or s.conditional),
        errors=tuple(_line(problem) for problem in (parsed.errors if parsed else ())),
        scope=state.scope,
    )


def view_open(
    cform: CompiledForm,
    pointers: Collection[str],
    answers: Mapping[str, Json],
    today: date,
    known: Known | None = None,
    *,
    parsed: ParsedPage | None = None,
    files: Files | None = None,
) -> PageModel:
    """Return the questions at these pointers on a page of their own, to be supplied now."""
    state = assess(cform, {**answers, **(parsed.values if parsed else {})}, today, known)
    errors = {problem.target: problem.message for problem in (parsed.errors if parsed else ())}
    rest = around(cform, state, today)
    view = _View(state, known or {}, parsed, errors, _NOWHERE, frozenset(), rest, files, {})
    open_now = {control.question.id: control for control in open_controls(cform, pointers)}
    sections = []
    for page in cform.pages:
        for section in page.sections:
            found = [c.question.id for c in section.controls if c.question.id in open_now]
            fields = tuple(replace(view.field(open_now[i]), shown=True) for i in found)
            own = section.section
            name = f"{page.id}-{own.id}"
            if fields:
                sections.append(SectionModel(name, own.title, None, True, False, fields))
    return PageModel(
        form=cform,
        id="",
        title=cform.form.title,
        intro=None,
        sections=tuple(sections),
        errors=tuple(_line(problem) for problem in (parsed.errors if parsed else ())),
        scope=state.scope,
    )


def review(
    cform: CompiledForm,
    answers: Mapping[str, Json],
    today: date,
    known: Known | None = None,
    *,
    sources: Sources = _NOWHERE,
    changed: Collection[str] = (),
    files: Files | None = None,
    later_by: Mapping[str, str] | None = None,
) -> SummaryModel:
    """Return all answers of a form, page by page, with where to change them."""
    state = assess(cform, answers, today, known)
    rows = _Rows(state, known or {}, sources, frozenset(changed), files, later_by or {})
    sections = (
        SummarySection(page.page.title, rows.of(page.controls()), page.id) for page in cform.pages
    )
    return SummaryModel(tuple(section for section in sections if section.rows))


def summary(
    scenario: Scenario,
    pointers: Sequence[str],
    answers: Mapping[str, Json],
    *,
    sources: Sources = _NOWHERE,
    mask: Collection[str] = (),
    changed: Collection[str] = (),
    files: Files | None = None,
    marks: Mapping[str, Mark] | None = None,
) -> SummaryModel:
    """Return the answers at these pointers, read-only, and nothing else.

    Values at the pointers in `mask` are shown covered; those in `changed` are marked, and so are
    those in `marks`, each with its own word.
    """
    rows = []
    for pointer in pointers:
        question, kind = _reader(scenario, pointer)
        value, write = answers.get(pointer), kind.mask if pointer in mask else kind.show
        shown = None if value is None else write(value, question)
        source = sources.of(pointer, locked=False, edited=False)
        table = summary_table(value, question, masked=pointer in mask)
        held = files_of(value, files) if kind.kind == "upload" else ()
        rows.append(
            SummaryRow(
                pointer,
                question.label,
                shown,
                source,
                pointer in changed,
                table=table,
                files=held,
                mark=(marks or {}).get(pointer),
            )
        )
    return SummaryModel((SummarySection(None, tuple(rows)),) if rows else ())


@dataclass(frozen=True, slots=True)
class Told:
    """How one field is read aloud: its title, and a function that says a value."""

    label: Text
    show: Callable[[Json], Text]


@lru_cache(maxsize=8192)
def told(scenario: Scenario, pointer: str) -> Told:
    """Return how a field is read aloud, for lists of many values."""
    question, kind = _reader(scenario, pointer)
    return Told(question.label, lambda value: kind.show(value, question))


@lru_cache(maxsize=8192)
def _reader(scenario: Scenario, pointer: str) -> tuple[Question, Widget]:
    """Return how a field is read aloud: by its record's title, in its widget's spelling."""
    field = scenario.field(pointer)
    controls = (c for form in reversed(scenario.forms) for c in reversed(tuple(form.controls())))
    control = next((c for c in controls if c.scope == pointer), None)
    if control is None:
        kind = _APPLICANT.get(pointer) or _WITHOUT_CONTROL.get(field.type, "text")
        control = Control(field.name.replace("_", "-"), kind, pointer, same(field.name))
    params = {parameter.id: parameter.default for parameter in scenario.parameters}
    question = as_question(control, field, params)
    return question.titled(field.title or control.label), widget(control.widget)


def _line(problem: Problem) -> ErrorLine:
    return ErrorLine(problem.target, problem.label, problem.message)


@dataclass(frozen=True, slots=True)
class _View:
    state: State
    known: Known
    parsed: ParsedPage | None
    errors: Mapping[str, Text]
    sources: Sources
    asked: frozenset[str]
    rest: Around
    files: Files | None
    later_by: Mapping[str, str]

    def section(self, page_id: str, compiled: CompiledSection) -> SectionModel:
        section = compiled.section
        return SectionModel(
            id=section.id,
            title=section.title,
            intro=section.intro,
            shown=(page_id, section.id) in self.state.sections,
            conditional=compiled.conditional,
            fields=tuple(
                self.field(control)
                for control in compiled.controls
                if self._may_show(control, compiled)
            ),
        )

    def _may_show(self, control: CompiledControl, section: CompiledSection) -> bool:
        """Tell whether the page needs a control: what nothing on it can reveal is left out."""
        question = control.question
        asked = question.id in self.state.shown
        return asked or question.conditional or (section.conditional and control.when is None)

    def field(self, control: CompiledControl) -> FieldState:
        question = control.question
        pointer = question.pointer
        if pointer is None:
            shown = question.id in self.state.shown
            return FieldState(question, (), shown, locked=True, display=_NO_TEXT)
        value = self.state.values.get(pointer)
        locked = question.computed or question.id in self.state.locked
        raw = () if locked else self._raw(control, value)
        return FieldState(
            question=question,
            raw=raw,
            shown=question.id in self.state.shown,
            locked=locked,
            display=control.widget.show(value, question)
            if value is not None and (locked or not control.widget.typed)
            else _NO_TEXT,
            error=self.errors.get(question.html_id),
            source=None
            if control.widget.state(value) in ("none", "silent")
            else _source(control, value, self.state, self.known, self.sources),
            asked=pointer in self.asked,
            needed=control.needed is not None and question.id in self.state.needed,
            rows=row_states(question, raw, self.errors, self.rest)
            if question.columns and not locked
            else (),
            files=self._files(control, value),
            left=self.state.left.get(pointer),
            later_by="" if locked else self.later_by.get(pointer, ""),
            state=control.widget.state(value),
            lines=control.widget.lines(value, question, self.state.scope),
        )

    def _files(self, control: CompiledControl, value: Json) -> tuple[FileFacts, ...]:
        """Return the files of an answer; on a page just posted, of what was posted."""
        if control.question.kind != "upload" or self.files is None:
            return ()
        return files_of(list(self._raw(control, value)), self.files)

    def _raw(self, control: CompiledControl, value: Json) -> tuple[str, ...]:
        typed = self.parsed.raw.get(control.question.id) if self.parsed else None
        taken = self.parsed.values if self.parsed and not self.parsed.moved else ()
        if typed is not None and control.question.pointer not in taken:
            return typed
        return control.widget.write(value, control.question)


@dataclass(frozen=True, slots=True)
class _Rows:
    state: State
    known: Known
    sources: Sources
    changed: frozenset[str]
    files: Files | None
    later_by: Mapping[str, str]

    def of(self, controls: Iterable[CompiledControl]) -> tuple[SummaryRow, ...]:
        return tuple(
            self._row(control, pointer)
            for control in controls
            if (pointer := control.question.pointer) and control.question.id in self.state.shown
        )

    def _row(self, control: CompiledControl, pointer: str) -> SummaryRow:
        question, value = control.question, self.state.values.get(pointer)
        return SummaryRow(
            pointer,
            question.label,
            None if value is None else control.widget.show(value, question),
            _source(control, value, self.state, self.known, self.sources),
            pointer in self.changed,
            "" if question.computed or question.id in self.state.locked else question.html_id,
            summary_table(value, question),
            files_of(value, self.files) if question.kind == "upload" else (),
            _left_mark(self.state.left.get(pointer), self.later_by.get(pointer, "")),
        )


def _left_mark(left: Left | None, by: str) -> Mark | None:
    """Return what is said beside a question that is left open."""
    if left == "later":
        until = (f"，最晚 {by}", f" by {by}") if by else ("", "")
        return Mark("warn", Text(f"以后补交{until[0]}", f"To be supplied{until[1]}"))
    return Mark("info", Text("书面承诺代替", "Promised instead")) if left else None


def _source(
    control: CompiledControl, value: Json, state: State, known: Known, sources: Sources
) -> Source | None:
    question = control.question
    if question.pointer is None or question.pointer not in sources.provenance:
        return None
    fetched = given(control, known)
    if fetched is None and _is_known(control, known):
        return None  # what came could not be used, so the value is not from there
    edited = fetched is not None and value != fetched
    return sources.of(question.pointer, locked=question.id in state.locked, edited=edited)


def _is_known(control: CompiledControl, known: Known) -> bool:
    prefill = control.question.prefill
    return prefill is not None and known.get(f"{prefill.query}.{prefill.column}") is not None
