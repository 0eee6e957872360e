"""Hold one control as its template draws it: one language picked, nothing left to decide.

A `Drawing` has a fixed part (label, hint, choices, how the input looks) and a varying part (what
the inputs hold, error, source). `outline` draws the varying part as slots, so that a control is put
through its template once per language and shape, and filled for each reader. A template may test
the varying texts for being there (that is what a shape is), and print them; nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from markupsafe import Markup, escape

from builder.errors import Lang
from builder.forms.files import FileLine
from builder.forms.page import FieldState
from builder.forms.prose import paragraphs
from builder.forms.question import LATER, PROMISE, Question
from builder.forms.widget import Look, Widget
from builder.scenario.model import Text

__all__ = [
    "Choice",
    "Drawing",
    "DrawnRow",
    "RowLimits",
    "Shape",
    "Skeleton",
    "draw",
    "fill",
    "outline",
    "shape_of",
    "skeleton",
]

_NOTHING = Markup()
_OPEN, _CLOSE = "\ue000slot:", "\ue001"
_SLOT = re.compile(f"{_OPEN}([a-z0-9]+){_CLOSE}")


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A control's HTML, parted at its slots.

    Attributes:
        parts: fixed text and slot names by turns, beginning and ending with fixed text.
        mark: what says that a choice is chosen.
    """

    parts: tuple[str, ...]
    mark: Markup


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice in one language. `mark` is `` checked``, `` selected`` or nothing."""

    id: str
    value: str
    label: str
    hint: str
    mark: Markup


@dataclass(frozen=True, slots=True)
class Shape:
    """Which of the varying parts are there."""

    error: bool
    source: Literal["filled", "locked", "edited"] | None
    locked: bool
    asked: bool
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A box that leaves a required answer open. `mark` is `` checked`` or nothing."""

    id: str
    name: str
    mark: Markup


@dataclass(frozen=True, slots=True)
class Drawing:
    """A control as its template draws it.

    Attributes:
        id: of its first input; ``<id>-hint``, ``-error``, ``-source`` are of what describes it.
        control: id of the control in the form.
        paragraphs: prose of notices and promises; several texts are a list.
        values: what typed inputs hold.
        hidden: `` hidden``, or nothing.
        later, promise: the boxes that leave it open; None where that is not offered.
        later_days: working days in which it would have to come; `later_by`: the day.
        pledge, consequence: what is promised, and what follows if it is untrue.
        opened: `` open`` where it is promised, or nothing.
    """

    id: str
    control: str
    name: str
    kind: str
    label: str
    hint: str
    required: bool
    conditional: bool
    look: Look
    prefix: str
    suffix: str
    paragraphs: tuple[tuple[str, ...], ...]
    choices: tuple[Choice, ...]
    values: tuple[str, ...]
    hidden: Markup
    locked: bool
    asked: bool
    error: str = ""
    source: str = ""
    source_state: str = ""
    display: str = ""
    needs: bool = False
    """Other answers can make it required."""
    needless: Markup = Markup()  # noqa: RUF009 (a constant)
    """`` hidden`` where they do not; only with `needs`."""
    must: Markup = Markup()  # noqa: RUF009 (a constant)
    """What says that an input must be answered; only with `needs`."""
    files: tuple[FileLine, ...] = ()
    later: Tick | None = None
    later_days: int = 0
    later_by: str = ""
    promise: Tick | None = None
    pledge: tuple[tuple[str, ...], ...] = ()
    consequence: tuple[tuple[str, ...], ...] = ()
    opened: Markup = _NOTHING
    state: str = ""
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def described(self) -> str:
        """Return the ids of what describes the input, as ``aria-describedby`` takes them."""
        there = {
            "hint": self.hint,
            "error": self.error,
            "unit": self.suffix and not self.locked,
            "source": self.source,
        }
        return " ".join(f"{self.id}-{part}" for part, is_there in there.items() if is_there)


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One row of a table as its template draws it: its key and number, its cells as HTML."""

    key: str
    number: str
    cells: tuple[Markup, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class RowLimits:
    """How many rows a table shows at least and takes at most.

    Attributes:
        sign: stands for key and number in the blank row that scripts copy.
    """

    least: int
    most: int
    sign: str


def shape_of(state: FieldState) -> Shape:
    """Return which varying parts a question has now."""
    source = state.source.state if state.source else None
    return Shape(state.error is not None, source, state.locked, state.asked, bool(state.later_by))


def draw(
    kind: Widget, state: FieldState, lang: Lang, source: str, files: tuple[FileLine, ...] = ()
) -> Drawing:
    """Return a question as it stands; `source` in words, blank for none."""
    fixed = _fixed(kind, state.question, lang, shape_of(state))
    inputs = kind.inputs(state.raw, state.question, lang)
    mark = _mark(kind, state.question)
    chosen = dict(enumerate(inputs.chosen))
    return replace(
        fixed,
        values=inputs.values,
        choices=tuple(
            replace(choice, mark=mark if chosen.get(i) else Markup())
            for i, choice in enumerate(fixed.choices)
        ),
        hidden=_hidden(state),
        needless=_needless(state),
        must=_must(state),
        error=_in(state.error, lang),
        source=source,
        display=_in(state.display, lang),
        files=files,
        later=_ticked(fixed.later, state.left == "later"),
        later_by=state.later_by,
        promise=_ticked(fixed.promise, state.left == "promise"),
        opened=Markup(" open") if state.left == "promise" else Markup(),
        state=state.state,
        lines=tuple((_in(label, lang), _in(value, lang)) for label, value in state.lines),
    )


def outline(kind: Widget, question: Question, lang: Lang, shape: Shape) -> Drawing:
    """Return a question with a slot for everything that varies."""
    fixed = _fixed(kind, question, lang, shape)
    return replace(
        fixed,
        values=tuple(_slot(f"v{i}") for i in range(len(fixed.values))),
        choices=tuple(
            replace(choice, mark=Markup(_slot(f"c{i}")))  # noqa: S704 (our own slot)
            for i, choice in enumerate(fixed.choices)
        ),
        hidden=Markup(_slot("hidden")),  # noqa: S704 (our own slot)
        needless=Markup(_slot("needless")),  # noqa: S704 (our own slot)
        must=Markup(_slot("must")),  # noqa: S704 (our own slot)
        error=_slot("error") if shape.error else "",
        source=_slot("source") if shape.source else "",
        display=_slot("display"),
        later=fixed.later and replace(fixed.later, mark=Markup(_slot("later"))),  # noqa: S704 (our own slot)
        later_by=_slot("by") if shape.dated else "",
        promise=fixed.promise and replace(fixed.promise, mark=Markup(_slot("promise"))),  # noqa: S704 (our own slot)
        opened=Markup(_slot("opened")),  # noqa: S704 (our own slot)
    )


def skeleton(html: str, kind: Widget, question: Question) -> Skeleton:
    """Return drawn HTML, parted at its slots."""
    return Skeleton(tuple(_SLOT.split(html)), _mark(kind, question))


def fill(skeleton: Skeleton, kind: Widget, state: FieldState, lang: Lang, source: str) -> str:
    """Return the HTML of a question from its skeleton: what its template gives for `draw`."""
    if len(skeleton.parts) == 1:
        return skeleton.parts[0]
    slots = _slots(skeleton.mark, kind, state, lang, source)
    parts = list(skeleton.parts)
    parts[1::2] = [slots[name] for name in skeleton.parts[1::2]]
    return "".join(parts)


def _slots(
    mark: Markup, kind: Widget, state: FieldState, lang: Lang, source: str
) -> Mapping[str, str]:
    slots: dict[str, str] = {
        "hidden": _hidden(state),
        "needless": _needless(state),
        "must": _must(state),
    }
    if source:
        slots["source"] = escape(source)
    if state.error is not None:
        slots["error"] = escape(_in(state.error, lang))
    if state.locked:
        slots["display"] = escape(_in(state.display, lang))
        return slots
    slots |= {
        "later": " checked" if state.left == "later" else "",
        "promise": " checked" if state.left == "promise" else "",
        "opened": " open" if state.left == "promise" else "",
        "by": escape(state.later_by),
    }
    inputs = kind.inputs(state.raw, state.question, lang)
    for i, value in enumerate(inputs.values):
        slots[f"v{i}"] = escape(value)
    for i, is_chosen in enumerate(inputs.chosen):
        slots[f"c{i}"] = mark if is_chosen else ""
    return slots


def _ticked(tick: Tick | None, is_ticked: bool) -> Tick | None:
    return tick and replace(tick, mark=Markup(" checked") if is_ticked else Markup())


def _tick(question: Question, ending: str) -> Tick | None:
    if ending not in question.ticks:
        return None
    return Tick(f"{question.html_id}-{ending[1:]}", question.name + ending, Markup())


def _prose(text: Text, lang: Lang) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_in(line, lang) for line in block) for block in paragraphs(text))


def _mark(kind: Widget, question: Question) -> Markup:
    return Markup(" selected") if kind.look(question).as_list else Markup(" checked")


def _hidden(state: FieldState) -> Markup:
    return Markup() if state.shown else Markup(" hidden")


def _needless(state: FieldState) -> Markup:
    return Markup() if state.needed else Markup(" hidden")


def _must(state: FieldState) -> Markup:
    return Markup(' aria-required="true"') if state.needed else Markup()


def _fixed(kind: Widget, question: Question, lang: Lang, shape: Shape) -> Drawing:
    look = kind.look(question)
    empty = kind.inputs((), question, lang)
    pledge = question.promise
    return Drawing(
        id=question.html_id,
        control=question.id,
        name=question.name,
        kind=question.kind,
        label=_in(question.label, lang),
        hint=_in(question.hint, lang),
        required=question.required,
        needs=question.needs and not question.required,
        conditional=question.conditional,
        look=look,
        prefix=_in(look.prefix, lang),
        suffix=_in(look.suffix, lang),
        paragraphs=tuple(
            tuple(words for text in block if (words := _in(text, lang))) for block in look.text
        ),
        choices=_choices(question, lang, len(empty.chosen)),
        values=empty.values,
        hidden=Markup(),
        locked=shape.locked,
        asked=shape.asked,
        source_state=shape.source or "",
        later=_tick(question, LATER),
        later_days=question.deferrable.days if question.deferrable else 0,
        promise=_tick(question, PROMISE),
        pledge=_prose(pledge.text, lang) if pledge else (),
        consequence=_prose(pledge.consequence, lang) if pledge else (),
    )


def _choices(question: Question, lang: Lang, ticks: int) -> tuple[Choice, ...]:
    """Return the choices; one without words for a single box to tick."""
    if ticks and not question.choices:
        return (Choice(question.html_id, "true", "", "", Markup()),)
    return tuple(
        Choice(
            question.html_id if i == 0 else f"{question.html_id}-{i + 1}",
            option.value,
            _in(option.label, lang),
            _in(option.hint, lang),
            Markup(),
        )
        for i, option in enumerate(question.choices)
    )


def _in(text: Text | None, lang: Lang) -> str:
    if text is None:
        return ""
    return text.zh if lang == "zh" else text.en


def _slot(name: str) -> str:
    return f"{_OPEN}{name}{_CLOSE}"
