"""Hand a page's conditions and calculations to the browser, for showing and hiding at once.

The page works without: the server decides again whenever a page is posted. What the browser gets
is one JSON island, ``<script type="application/json" id="form-logic">``::

    {"controls": [{"id", "name", "pointer", "type", "widget", "when", "compute", "needed",
                   "required", "scale", "unit"}],
     "sections": [{"id", "when"}],
     "constants": {"/entity/field": value},
     "types": {"/entity/field": "date" | "timestamp" | "decimal" | "int"}}

with trees as `builder.expr` writes them; `scale` and `unit` say how a computed number is written.
Only controls with logic of their own, or that others
read, are listed; `constants` are the values read that no input of the page holds, and `types` says
which of them are not what JSON takes them for (whole numbers too are text there, so that they stay
exact at any size).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass

from markupsafe import Markup

from builder.expr.tree import Constant
from builder.forms.compiled import CompiledControl, CompiledPage, Rule, name_of
from builder.forms.page import PageModel

__all__ = ["Logic", "island", "page_logic"]

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Logic:
    """A page's logic, written once.

    Attributes:
        fixed: the JSON up to the constants; blank for a page without logic.
        names: what the page's expressions read.
    """

    fixed: str
    names: frozenset[str]


def page_logic(page: CompiledPage) -> Logic:
    """Return the logic of a page."""
    sections = [section for section in page.sections if section.conditional]
    beside = {name_of(c.question.pointer) for c in page.controls() if c.question.pointer}
    own = {c for c in page.controls() if c.question.conditional or _follows(c, beside)}
    own |= {c for c in page.controls() if _hangs(c, beside)}
    rules = [s.when for s in sections]
    listed: set[CompiledControl] = set()
    names = frozenset[str]().union(*(rule.names for rule in rules if rule))
    while new := {c for c in page.controls() if c in own or _fills(c, names)} - listed:
        listed |= new
        rules += [
            rule for control in new for rule in (control.when, control.compute, control.needed)
        ]
        names = frozenset[str]().union(*(rule.names for rule in rules if rule))
    if not sections and not own:
        return Logic("", names)
    fixed = {
        "controls": [_control(control) for control in page.controls() if control in listed],
        "sections": [{"id": s.section.id, "when": _tree(s.when)} for s in sections],
    }
    return Logic(_json(fixed)[:-1] + ',"constants":', names)


def island(logic: Logic, model: PageModel) -> Markup:
    """Return the JSON island of a page as it stands; nothing where the page has no logic."""
    if not logic.fixed:
        return Markup()
    typed = {
        name_of(field.question.pointer)
        for section in model.sections
        for field in section.fields
        if field.question.pointer is not None and not field.locked
    }
    computed = {
        name_of(field.question.pointer)
        for section in model.sections
        for field in section.fields
        if field.question.pointer is not None and field.question.computed
    }
    values = {
        f"/{name.replace('.', '/')}": model.scope.get(name)
        for name in sorted(logic.names - typed - computed)
    }
    plain = {pointer: Constant(value).to_json() for pointer, value in values.items()}
    constants = {pointer: written["v"] for pointer, written in plain.items()}
    types = {pointer: written["t"] for pointer, written in plain.items() if "t" in written}
    text = f'{logic.fixed}{_json(constants)},"types":{_json(types)}}}'
    return Markup(f'<script type="application/json" id="form-logic">{text}</script>')  # noqa: S704 (escaped by _json)


def _fills(control: CompiledControl, names: Set[str]) -> bool:
    """Tell whether a control's value is read, so that the browser must know how it comes about."""
    return name_of(control.question.pointer or "/") in names


def _follows(control: CompiledControl, names: Set[str]) -> bool:
    return control.compute is not None and not control.compute.names.isdisjoint(names)


def _hangs(control: CompiledControl, names: Set[str]) -> bool:
    return control.needed is not None and not control.needed.names.isdisjoint(names)


def _control(control: CompiledControl) -> Mapping[str, object]:
    question = control.question
    return {
        "id": question.id,
        "name": question.name,
        "pointer": question.pointer,
        "type": question.type,
        "widget": question.kind,
        "when": _tree(control.when),
        "compute": _tree(control.compute),
        "needed": None if question.required else _tree(control.needed),
        "required": question.required,
        **({} if control.compute is None else _look(control)),
    }


def _look(control: CompiledControl) -> Mapping[str, object]:
    """Return how a computed number is written: places, and the unit behind."""
    question = control.question
    suffix = control.widget.look(question).suffix
    scale = 2 if question.kind == "money" else question.whole("scale")
    return {"scale": scale, "unit": suffix and {"zh": suffix.zh, "en": suffix.en}}


def _tree(rule: Rule | None) -> object:
    return None if rule is None else rule.tree.to_json()


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char, code in _UNSAFE.items():
        text = text.replace(char, code)
    return text
