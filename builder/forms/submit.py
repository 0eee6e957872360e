"""Read what is posted, check what is submitted, make answers final."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from builder.errors import Fault
from builder.forms.chars import is_hostile
from builder.forms.compiled import CompiledControl, CompiledForm
from builder.forms.errors import (
    AnswerFault,
    FileRefused,
    HiddenCharacters,
    LeftTwice,
    NotFitting,
    RowsWrong,
)
from builder.forms.files import Files
from builder.forms.journey import Known, State, around, assess, canonical, given
from builder.forms.question import Question
from builder.forms.rows import MOVE
from builder.forms.rules import violations
from builder.forms.values import has_type
from builder.forms.widget import Around, Post
from builder.scenario.model import Json, Text

__all__ = [
    "ParsedPage",
    "Problem",
    "changed",
    "finalize",
    "open_controls",
    "parse_open",
    "parse_page",
    "prefill",
    "validate_all",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one answer, ready to show beside its question.

    Attributes:
        target: HTML id of the question's input.
    """

    pointer: str
    control: str
    page: str
    target: str
    label: Text
    code: str
    message: Text
    fault: AnswerFault

    @property
    def placed(self) -> AnswerFault:
        """Return its fault, with the pointer it concerns."""
        self.fault.where = self.pointer
        return self.fault

    def to_json(self) -> dict[str, object]:
        """Return ``{"pointer", "control", "page", "code", "message": {"zh", "en"}}``."""
        return {
            "pointer": self.pointer,
            "control": self.control,
            "page": self.page,
            "code": self.code,
            "message": {"zh": self.message.zh, "en": self.message.en},
        }


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """A posted page, read.

    Attributes:
        values: answers to keep, by pointer; None for a question left blank. Answers that cannot be
            taken are not among them, nor are questions that the answers no longer call for.
        errors: what to mend before going on, in reading order.
        raw: what was typed, by control, for showing the page again.
        moved: a button added, removed or moved a row: the page is to be shown as it stands, no
            more.
    """

    page: str
    values: Mapping[str, Json]
    errors: tuple[Problem, ...]
    raw: Mapping[str, tuple[str, ...]]
    moved: bool = False


def parse_page(
    cform: CompiledForm,
    page_id: str,
    post: Post,
    answers: Mapping[str, Json],
    today: date,
    known: Known | None = None,
    *,
    files: Files | None = None,
    refused: Mapping[str, Fault] | None = None,
) -> ParsedPage:
    """Read one posted page. Keys that are no question's are ignored; nothing posted can fail it.

    `answers` is what is kept so far, `known` what else expressions read, by name, `files` what
    uploads may lead to; `refused` says by control id which file just sent was not taken.

    Raises:
        PageUnknown: the form has no such page.
    """
    controls = tuple(cform.page(page_id).controls())
    return _parsed(cform, page_id, controls, post, answers, today, known, files, refused)


def parse_open(
    cform: CompiledForm,
    pointers: Collection[str],
    post: Post,
    answers: Mapping[str, Json],
    today: date,
    known: Known | None = None,
    *,
    files: Files | None = None,
    refused: Mapping[str, Fault] | None = None,
) -> ParsedPage:
    """Read what was supplied of answers that were left open; one left blank again stays open."""
    controls = open_controls(cform, pointers)
    parsed = _parsed(cform, "", controls, post, answers, today, known, files, refused)
    values = {pointer: value for pointer, value in parsed.values.items() if value is not None}
    return replace(parsed, values=values)


def open_controls(cform: CompiledForm, pointers: Collection[str]) -> tuple[CompiledControl, ...]:
    """Return the questions that fill these pointers, none of them required, in reading order."""
    return tuple(
        replace(
            control,
            needed=None,
            question=replace(
                control.question,
                required=False,
                conditional=False,
                needs=False,
                deferrable=None,
                promise=None,
            ),
        )
        for control in cform.controls()
        if control.question.pointer in pointers
    )


def _parsed(
    cform: CompiledForm,
    page_id: str,
    controls: Sequence[CompiledControl],
    post: Post,
    answers: Mapping[str, Json],
    today: date,
    known: Known | None,
    files: Files | None = None,
    refused: Mapping[str, Fault] | None = None,
) -> ParsedPage:
    read = _Reading()
    for control in controls:
        if control.widget.typed:
            read.take(control, post)
        elif control.question.pointer:
            read.values[control.question.pointer] = answers.get(control.question.pointer)
    merged = {**answers, **read.values, **dict.fromkeys(read.faults), **read.ticks}
    state = assess(cform, merged, today, known)
    asked = [c for c in controls if _is_open(c, state)]
    values = {p: read.values[p] for c in asked if (p := c.question.pointer) in read.values}
    ticks = {key: read.ticks[key] for c in asked for key in _ticks(c) if key in read.ticks}
    faults = _check(cform, asked, values, state, today, files)
    faults |= {
        c.question.id: read.faults[p] for c in asked if (p := c.question.pointer) in read.faults
    }
    faults |= {
        c.question.id: LeftTwice(c.question)
        for c in asked
        if len(_ticks(c)) > 1 and all(ticks.get(key) for key in _ticks(c))
    }
    wrong = {c.question.pointer for c in asked if c.question.id in faults} - _blank(values)
    for control in asked:  # a file that was not taken leaves the others of its question in place
        if refused and (fault := refused.get(control.question.id)) is not None:
            faults[control.question.id] = FileRefused(control.question, fault)
    moved = any(c.widget.of_rows and _moves(c, post) for c in asked)
    return ParsedPage(
        page_id,
        {
            **{pointer: value for pointer, value in values.items() if pointer not in wrong},
            **ticks,
        },
        () if moved else _problems(asked, faults),
        read.raw,
        moved,
    )


def _moves(control: CompiledControl, post: Post) -> bool:
    return any(text.startswith(f"{control.question.name}:") for text in post.get(MOVE, ())[:1])


def validate_all(
    cform: CompiledForm,
    answers: Mapping[str, Json],
    today: date,
    known: Known | None = None,
    *,
    files: Files | None = None,
) -> tuple[Problem, ...]:
    """Return every problem of a whole submission, in reading order; empty when it may go in."""
    state = assess(cform, answers, today, known)
    asked = [c for c in cform.controls() if c.question.pointer and c.question.id in state.shown]
    return _problems(asked, _check(cform, asked, state.values, state, today, files))


def finalize(
    cform: CompiledForm, answers: Mapping[str, Json], today: date, known: Known | None = None
) -> dict[str, Json]:
    """Return the answers as they are handed in, of this form's fields alone.

    Questions not asked are dropped, computed ones computed here, fetched and locked ones as they
    were fetched, all in their widget's own spelling; blanks are left out.
    """
    state = assess(cform, answers, today, known)
    final: dict[str, Json] = {}
    for pointer, value in state.values.items():
        control = next(c for c in cform.by_pointer[pointer] if c.question.id in state.shown)
        plain = value if control.question.computed else canonical(control, value)
        if plain is None:
            plain = value
        if plain is not None:
            final[pointer] = plain
    return final


def prefill(cform: CompiledForm, answers: Mapping[str, Json], known: Known) -> dict[str, Json]:
    """Return what was fetched for questions that nobody has answered yet, by pointer.

    A question once answered, or emptied, keeps what the applicant made of it.
    """
    fetched = {
        control.question.pointer: given(control, known)
        for control in cform.controls()
        if control.question.pointer is not None and control.question.pointer not in answers
    }
    return {pointer: value for pointer, value in fetched.items() if value is not None}


def changed(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the pointers whose answer differs, in the order of `after`, dropped ones last."""
    pointers = dict.fromkeys((*after, *before))
    return tuple(p for p in pointers if before.get(p) != after.get(p))


class _Reading:
    """What one post says, question by question."""

    def __init__(self) -> None:
        self.values: dict[str, Json] = {}
        self.faults: dict[str, AnswerFault] = {}
        self.raw: dict[str, tuple[str, ...]] = {}
        self.ticks: dict[str, Json] = {}

    def take(self, control: CompiledControl, post: Post) -> None:
        question, kind = control.question, control.widget
        if question.pointer is None or question.computed:
            return
        if question.pointer in self.values and not _is_in(control, post):
            return
        try:
            raw = kind.read(post, question)
            self.raw[question.id] = kind.clean(raw)
            self.values[question.pointer] = kind.parse(raw, question)
            self.faults.pop(question.pointer, None)
        except AnswerFault as fault:
            self.faults[question.pointer] = fault
            self.values.pop(question.pointer, None)
        self._tick(control, post)

    def _tick(self, control: CompiledControl, post: Post) -> None:
        """Read the ticks that leave an answer open; an answer that is given goes before them."""
        question = control.question
        is_open = self.values.get(question.pointer or "") is None
        for key, ending in zip(_ticks(control), question.ticks, strict=True):
            is_ticked = bool({"true", "on"} & set(post.get(question.name + ending, ())))
            self.ticks[key] = True if is_ticked and is_open else None


def _ticks(control: CompiledControl) -> tuple[str, ...]:
    """Return under which keys the ticks of a question are kept beside its answer."""
    return tuple(f"{control.question.pointer}{ending}" for ending in control.question.ticks)


def _is_in(control: CompiledControl, post: Post) -> bool:
    return any(control.question.name + part in post for part in control.widget.parts)


def _is_open(control: CompiledControl, state: State) -> bool:
    """Tell whether a question is asked and its answer is the applicant's to give."""
    question = control.question
    return (
        question.pointer is not None
        and question.id in state.shown
        and question.id not in state.locked
        and not question.computed
    )


def _check(
    cform: CompiledForm,
    asked: list[CompiledControl],
    values: Mapping[str, Json],
    state: State,
    today: date,
    files: Files | None,
) -> dict[str, AnswerFault]:
    """Return the first fault of each question by control id."""
    faults: dict[str, AnswerFault] = {}
    rest = around(cform, state, today, files)
    sound: dict[str, Json] = {}
    for control in asked:
        question = control.question
        value = values.get(question.pointer or "")
        is_left = value is None and question.pointer in state.left
        needed = control.needed is not None and question.id in state.needed
        fault = None if is_left else _fault(control, value, rest, needed=needed)
        if fault is not None:
            faults[question.id] = fault
        elif value is not None and question.pointer is not None:
            sound[question.pointer] = value
    named = {p: c.question for c in asked if (p := c.question.pointer) and p in sound}
    for pointer, fault in violations(cform.validator, sound, named):
        faults.setdefault(named[pointer].id, fault)
    return faults


def _fault(
    control: CompiledControl, value: Json, rest: Around, *, needed: bool
) -> AnswerFault | None:
    question = control.question
    if value is None:
        wanted = (question.required or needed) and not question.computed
        return control.widget.missing(question) if wanted else None
    if not has_type(value, question.type):
        return NotFitting(question)
    if isinstance(value, str) and is_hostile(value):
        return HiddenCharacters(question)
    if question.computed:
        return None
    try:
        control.widget.validate(value, question, rest)
    except AnswerFault as fault:
        return fault
    return None


def _blank(values: Mapping[str, Json]) -> set[str | None]:
    return {pointer for pointer, value in values.items() if value is None}


def _problems(
    asked: list[CompiledControl], faults: Mapping[str, AnswerFault]
) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            question.pointer or "",
            c.question.id,
            c.page,
            question.html_id,
            question.label,
            fault.code,
            fault.both,
            fault,
        )
        for c in asked
        if (found := faults.get(c.question.id)) is not None
        for question, fault in _parts(c.question, found)
    )


def _parts(question: Question, fault: AnswerFault) -> tuple[tuple[Question, AnswerFault], ...]:
    """Return what to mend one by one: the cells of a table, else the question itself."""
    if isinstance(fault, RowsWrong):
        return tuple((cell.question, cell.fault) for cell in fault.cells)
    return ((question, fault),)
