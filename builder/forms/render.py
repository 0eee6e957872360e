"""Draw forms as HTML: controls through their templates once, then filled for each reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from builder.errors import Lang
from builder.forms.compiled import CompiledForm
from builder.forms.drawing import (
    DrawnRow,
    RowLimits,
    Shape,
    Skeleton,
    draw,
    fill,
    outline,
    shape_of,
    skeleton,
)
from builder.forms.files import FileAddress, FileFacts, FileLine, file_lines
from builder.forms.logic import Logic, island, page_logic
from builder.forms.page import (
    FieldState,
    PageModel,
    RowState,
    SectionModel,
    Source,
    SummaryModel,
)
from builder.forms.question import Column, Question
from builder.forms.row_view import blank_row
from builder.forms.rows import kind_of
from builder.forms.widgets import widget
from builder.forms.widgets.table import limits
from builder.scenario.model import Text
from federation.store import resource

__all__ = ["Renderer", "Translate", "environment"]

_KEY = "\ue002"
"""Where the key of its row stands in a cell that is drawn once for all rows."""

_COPY = "row0n"
"""Key and number of the blank row that scripts copy."""

Translate = Callable[..., str]
"""``t(key, **facts)``: a text of one language."""

ChangeLink = Callable[[str, str], str]
"""The address of a page of the form, and of a question on it: ``(page id, html id) -> address``."""


def environment(folder: Path | None = None) -> Environment:
    """Return the Jinja environment that forms are drawn in."""
    return Environment(
        loader=FileSystemLoader(folder or resource("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class Renderer:
    """Draws pages, summaries and error lists in both languages. Keep one per application.

    Args:
        texts: ``t`` of each language.
        templates: where templates are looked up; `environment` by default.
        file_address: where files are fetched; without it they are named only.
    """

    def __init__(
        self,
        texts: Mapping[Lang, Translate],
        templates: Environment | None = None,
        file_address: FileAddress | None = None,
    ) -> None:
        self._texts = texts
        self._file_address = file_address
        self._templates = templates or environment()
        self._drawn: WeakKeyDictionary[CompiledForm, dict[object, Skeleton]] = WeakKeyDictionary()
        self._logic: WeakKeyDictionary[CompiledForm, dict[str, Logic]] = WeakKeyDictionary()

    def page(self, model: PageModel, lang: Lang) -> Markup:
        """Return what goes inside ``<form>``: questions by section, and the browser's logic."""
        drawn = self._drawn.setdefault(model.form, {})
        sections = [
            self._section(section, lang, drawn, repeats=section.title == model.title)
            for section in model.sections
        ]
        return Markup("").join([*sections, self._island(model)])

    def errors(self, model: PageModel, lang: Lang) -> Markup:
        """Return the error summary, to stand above the heading; nothing where all is well."""
        if not model.errors:
            return Markup()
        return self._macro("forms/errors.html", "errors", model.errors, lang)

    def summary(self, model: SummaryModel, lang: Lang, change: ChangeLink | None = None) -> Markup:
        """Return answers, read-only; with `change`, each with a link to where it was given."""
        return self._macro(
            "forms/summary.html", "summary", model.sections, lang, change, self._source, self._files
        )

    def control(self, state: FieldState, lang: Lang) -> Markup:
        """Return one control, straight through its template: what `page` equals, slowly."""
        kind = widget(state.question.kind)
        if kind.of_rows and not state.locked:
            return self._table(state, lang, {})
        files = self._files(state.files, lang)
        drawing = draw(kind, state, lang, self._source(state.source, lang), files)
        return self._drawing(state, drawing, lang)

    def _section(
        self,
        section: SectionModel,
        lang: Lang,
        drawn: dict[object, Skeleton],
        *,
        repeats: bool,
    ) -> Markup:
        body = Markup("").join(Markup(self._control(f, lang, drawn)) for f in section.fields)  # noqa: S704 (drawn by our templates)
        return self._macro("forms/section.html", "section", section, lang, body, repeats)

    def _control(self, state: FieldState, lang: Lang, drawn: dict[object, Skeleton]) -> str:
        kind = widget(state.question.kind)
        if kind.of_rows and not state.locked:
            return self._table(state, lang, drawn)
        if kind.anew:
            return self.control(state, lang)
        shape = shape_of(state)
        key = (lang, state.question.id, state.question.required, state.question.ticks, shape)
        found = drawn.get(key)
        if found is None:
            found = drawn[key] = self._skeleton(state, lang, shape)
        return fill(found, kind, state, lang, self._source(state.source, lang))

    def _table(self, state: FieldState, lang: Lang, drawn: dict[object, Skeleton]) -> Markup:
        """Return a table: its frame, its rows, and a blank row for scripts to copy."""
        kind, question = widget(state.question.kind), state.question
        frame = draw(kind, state, lang, self._source(state.source, lang))
        least, most = limits(question)
        rows = [self._row(row, question, str(i), lang, drawn) for i, row in enumerate(state.rows)]
        model = blank_row(question, _COPY, _COPY)
        return self._macro(
            "widgets/table.html",
            "control",
            frame,
            lang,
            rows,
            self._row(model, question, _COPY, lang, drawn),
            RowLimits(max(least, 1), most, _COPY),
        )

    def _row(
        self,
        row: RowState,
        table: Question,
        key: str,
        lang: Lang,
        drawn: dict[object, Skeleton],
    ) -> DrawnRow:
        cells = [
            Markup(self._cell(cell, column, table, key, lang, drawn))  # noqa: S704 (drawn by our templates)
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        number = key if key == _COPY else str(int(key) + 1)
        return DrawnRow(key, number, tuple(cells), row.here)

    def _cell(
        self,
        state: FieldState,
        column: Column,
        table: Question,
        key: str,
        lang: Lang,
        drawn: dict[object, Skeleton],
    ) -> str:
        """Return a cell, drawn once for all rows: its row's key stands in a slot."""
        shape = shape_of(state)
        held = (lang, table.id, column.question.id, shape)
        found = drawn.get(held)
        if found is None:
            cell = column.cell(table, _KEY, "").titled(column.question.label)
            found = drawn[held] = self._skeleton(replace(state, question=cell), lang, shape)
        parts = tuple(part.replace(_KEY, key) for part in found.parts)
        return fill(replace(found, parts=parts), kind_of(column), state, lang, "")

    def _skeleton(self, state: FieldState, lang: Lang, shape: Shape) -> Skeleton:
        kind = widget(state.question.kind)
        drawing = outline(kind, state.question, lang, shape)
        return skeleton(self._drawing(state, drawing, lang), kind, state.question)

    def _drawing(self, state: FieldState, drawing: object, lang: Lang) -> Markup:
        question = state.question
        if state.locked and question.pointer is not None:
            return self._macro("forms/field.html", "locked", drawing, lang)
        return self._macro(f"widgets/{question.kind}.html", "control", drawing, lang)

    def _macro(self, template: str, name: str, about: object, lang: Lang, *more: object) -> Markup:
        module = self._templates.get_template(template).module
        made = getattr(module, name)(about, self._texts[lang], lang, *more)
        return Markup(made)  # noqa: S704 (drawn by our templates)

    def file_item(self, file: FileFacts, name: str, control: str, lang: Lang) -> Markup:
        """Return one file of an upload question, as the page has it; `name` of its input."""
        (line,) = self._files((file,), lang)
        made = self._templates.get_template("widgets/upload.html").module
        return Markup(made.item(line, name, control, self._texts[lang]))  # type: ignore[attr-defined] # noqa: S704 (drawn by our templates)

    def _files(self, files: tuple[FileFacts, ...], lang: Lang) -> tuple[FileLine, ...]:
        return file_lines(files, lang, self._file_address)

    def _source(self, source: Source | None, lang: Lang) -> str:
        if source is None:
            return ""
        return self._texts[lang](
            f"widgets.source_{source.state}",
            party=_pick(source.party, lang),
            dataset=_pick(source.dataset, lang),
            date=source.on,
        )

    def _island(self, model: PageModel) -> Markup:
        if not model.id:
            return Markup()
        made = self._logic.setdefault(model.form, {})
        if model.id not in made:
            made[model.id] = page_logic(model.form.page(model.id))
        return island(made[model.id], model)


def _pick(text: Text, lang: Lang) -> str:
    return text.zh if lang == "zh" else text.en
