"""Name the widget kinds; import one only when it is used.

A new kind is one line here, one file beside this one, one page in `templates/widgets`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from builder.forms.errors import WidgetUnknown
from builder.forms.widget import Widget
from builder.scenario.model import WidgetKind

__all__ = ["KINDS", "kinds", "widget"]

KINDS: tuple[str, ...] = (
    "text",
    "long-text",
    "number",
    "money",
    "date",
    "yes-no",
    "choice",
    "multi-choice",
    "dictionary",
    "id-number",
    "phone",
    "bank-card",
    "address",
    "table",
    "computed",
    "notice",
    "promise",
    "upload",
    "e-licence",
)
"""In the order a palette shows them."""


@cache
def widget(kind: str) -> Widget:
    """Return a widget by the name of its kind.

    Raises:
        WidgetUnknown: there is none of this name.
    """
    if kind not in KINDS:
        raise WidgetUnknown(widget=kind, known=KINDS)
    module = import_module(f"{__name__}.{kind.replace('-', '_')}")
    found = module.WIDGET
    assert isinstance(found, Widget)  # noqa: S101 (a mistake of ours, not of a reader)
    return found


def kinds() -> dict[str, WidgetKind]:
    """Return every kind as `builder.scenario` checks controls against."""
    return {
        kind: WidgetKind(kind, w.types, w.options, in_rows=w.in_rows, of_rows=w.of_rows)
        for kind in KINDS
        for w in (widget(kind),)
    }
