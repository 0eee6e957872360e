"""Work at a desk: the department's tasks, and what may be done with each."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from builder.cases import commands, views
from builder.cases.commands import Wish
from builder.cases.shapes import TaskView, WorkItem
from builder.errors import Findings
from builder.scenario.model import Text
from builder.web.api.answers import read_answers
from builder.web.api.door import after
from builder.web.api.following import Asked
from builder.web.api.operation import PAGING, Answer, Ask, Parameter, Registry
from builder.web.api.shapes import JsonSchema, Shapes, closed
from builder.web.api_errors import BodyMisfit

__all__ = ["registry"]

registry = Registry()
_STATES = ("open", "overdue", "correcting", "done")
_LONGEST = {"reason": 500}


def _wishes() -> JsonSchema:
    """Return the schema of an action: the fields of `Wish`, whatever a desk can wish."""
    hints, shapes = typing.get_type_hints(Wish), Shapes()
    fields = {f.name: _asked(shapes.of(hints[f.name]), f.name) for f in dataclasses.fields(Wish)}
    optional = [
        f.name
        for f in dataclasses.fields(Wish)
        if f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
    ]
    return closed({**fields, "answers": {"type": "object"}}, optional=(*optional, "answers"))


def _asked(schema: JsonSchema, name: str) -> JsonSchema:
    """Bound what may be sent; names and words are short."""
    longest = _LONGEST.get(name, 200)
    if schema.get("type") == "string":
        return {**schema, "maxLength": longest}
    if schema.get("type") == "array":
        return {**schema, "items": _asked(schema["items"], name), "maxItems": 200}
    if "anyOf" in schema:
        return {"anyOf": [_asked(s, name) for s in schema["anyOf"]]}
    return schema


@registry.add(
    "GET",
    "/tasks",
    tag="desk",
    scope="tasks:read",
    title=Text("待办", "Tasks of one's department"),
    query=(
        Parameter(
            "state",
            {"enum": list(_STATES), "default": "open"},
            Text("状态：待办、超期、待更正、已办", "state of the tasks"),
        ),
        Parameter(
            "q", {"type": "string", "maxLength": 40}, Text("办件编号的一部分", "part of a number")
        ),
        *PAGING,
    ),
    list_of=WorkItem,
)
def list_tasks(ask: Ask) -> Answer:
    """List the tasks of an officer's own department and roles; applicants' names are masked."""
    found = views.worklist(
        ask.platform,
        ask.person,
        state=ask.query.get("state", "open"),
        text=ask.query.get("q", ""),
        after=after(ask, "list_tasks"),
        limit=ask.limit,
    )
    return Answer(found.items, place=found.after)


@registry.add(
    "GET",
    "/tasks/<case_no>/<task_id>",
    tag="desk",
    scope="tasks:read",
    title=Text("一项待办", "One task"),
    gives=TaskView,
    versioned=True,
)
def show_task(ask: Ask) -> Answer:
    """Show the fields of this step, its form, and what may be done."""
    found = views.task(ask.platform, ask.person, ask.path["case_no"], ask.path["task_id"])
    return Answer(found, version=found.version)


@registry.add(
    "POST",
    "/tasks/<case_no>/<task_id>/actions",
    tag="desk",
    scope="tasks:write",
    title=Text("办理", "Act on a task"),
    note=Text(
        "可以做什么，见这项待办的 actions；需要填写的，见它的 form。",
        "The task's “actions” say what may be done, its “form” what to fill in.",
    ),
    takes=_wishes(),
    body_key="answers",
    gives=TaskView,
    versioned=True,
)
def act(ask: Ask) -> Answer:
    """Do something with a task; the answer shows it afterwards."""
    case_no, task_id = ask.path["case_no"], ask.path["task_id"]
    body = dict(ask.body)
    answers = body.pop("answers", {})
    deployment, stored, task = commands.officers_task(ask.platform, ask.person, case_no, task_id)
    filling = commands.officer_filling(ask.platform, deployment, stored, task)
    if filling is None and answers:
        raise Findings([BodyMisfit(rule="additionalProperties", where="/answers")])
    given = read_answers(filling.form, answers) if filling is not None else {}
    commands.act_with_answers(
        ask.platform, ask.person, case_no, task_id, _wish(body), given, ask.version
    )
    found = views.task(ask.platform, ask.person, case_no, task_id)
    return Answer(found, version=found.version)


def _wish(body: dict[str, Any]) -> Wish:
    """Return what is wanted; lists become tuples."""
    found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in body.items()}
    return Wish(**found)


@registry.add(
    "POST",
    "/tasks/<case_no>/<task_id>/asking",
    tag="desk",
    scope="tasks:write",
    title=Text("再问一次没有答复的部门", "Ask silent departments again"),
    gives=Asked,
)
def ask_for_task(ask: Ask) -> Answer:
    """Ask the departments that have not answered a question of this case once more, now."""
    outcome = commands.ask_again(ask.platform, ask.person, ask.path["case_no"], ask.path["task_id"])
    return Answer(Asked(outcome))
