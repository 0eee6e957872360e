"""Turn a scenario's forms into pages, and what is posted into answers.

Pure: answers, today and what else is known come in, values go out. Answers are flat here, by JSON
pointer ``"/entity/field"`` in JSON spelling (dates ISO, decimals as text); `known` holds what
expressions read besides the answers (``applicant.*``, ``params.*``, ``<query>.<column>``), typed.

- `widget`, `widgets`: one kind, one file, by name;
- `compiled`: a form prepared once per scenario version;
- `journey`: which pages and questions are asked, what is computed;
- `submit`: a post read, a submission checked, answers made final;
- `page`, `view`: what a page shows, prepared; `render`: its HTML;
- `example`: answers made up from a seed, for trial runs and tests.
"""

from builder.forms.compiled import CompiledForm, compile_form
from builder.forms.example import example_answers
from builder.forms.journey import Journey, Left, journey, left_open
from builder.forms.page import Mark, PageModel, Provenance, SummaryModel
from builder.forms.submit import (
    ParsedPage,
    Problem,
    changed,
    finalize,
    parse_open,
    parse_page,
    prefill,
    validate_all,
)
from builder.forms.view import Sources, review, summary, told, view_open, view_page
from builder.forms.widgets import kinds as widget_kinds

__all__ = [
    "CompiledForm",
    "Journey",
    "Left",
    "Mark",
    "PageModel",
    "ParsedPage",
    "Problem",
    "Provenance",
    "Sources",
    "SummaryModel",
    "changed",
    "compile_form",
    "example_answers",
    "finalize",
    "journey",
    "left_open",
    "parse_open",
    "parse_page",
    "prefill",
    "review",
    "summary",
    "told",
    "validate_all",
    "view_open",
    "view_page",
    "widget_kinds",
]
