"""What a desk officer does: see the department's tasks, decide them, say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import commands, views
from builder.cases.commands import Wish
from builder.cases.errors import FormUnreadable
from builder.cases.shapes import TaskView, Worklist
from builder.cases.worklists import COUNTED
from builder.errors import Fault
from builder.forms.rows import MOVE
from builder.web.citizen import posted, posted_version
from builder.web.context import lang, platform, texts, web, who
from builder.web.files import take_files, to_task
from builder.web.refusals import shown_fault
from builder.web.shows import Shown, due_look, looks

__all__ = ["desk"]

desk = Blueprint("desk", __name__, url_prefix="/desk")
_STATES = ("open", "overdue", "correcting", "suspended", "done")
_MAIN = ("approve", "submit")
_REASONED = ("reject", "return", "correct", "suspend", "resume", "transfer")
_OPEN_ANSWERS = ("extend", "waive", "verify")
_STAYS = (*_OPEN_ANSWERS, "resume", "urge")
"""Decisions after which the officer stays on the page."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A decision that was not taken, with what the officer had written."""

    action: str
    reason: str
    to: str
    fields: tuple[str, ...]
    fault: Mapping[str, object]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment for people and for programs."""

    exact: str
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """One task as the worklist shows it, all looked up."""

    address: str
    title: str
    matter: str
    case_no: str
    applicant: str
    opened: Moment
    moment: Moment | None
    look: Shown


@desk.get("/")
def worklist() -> str:
    """List the department's tasks."""
    state = request.args.get("state", "open")
    q = request.args.get("q", "").strip()[:40]
    found = views.worklist(
        platform(),
        who(),
        state=state if state in _STATES else "open",
        text=q,
        after=request.args.get("after") or None,
    )
    return render_template(
        "desk/worklist.html",
        worklist=found,
        rows=_rows(found),
        counts={s: _counted(n) for s, n in found.counts.items()},
        states=_STATES,
        q=q,
        notices=() if request.args.get("after") else views.desk_notices(platform(), who()),
        party_title=platform().city.party_title(who().account.party),
    )


def _rows(found: Worklist) -> list[Row]:
    """Prepare the lines: there are fifty on a page, and a template would look all this up anew."""
    here, say, now = lang(), texts(), platform().clock()
    # Numbers and task ids need no quoting: capitals, digits, kebab-case.
    address = url_for("desk.task", case_no="-", task_id="-").removesuffix("-/-")
    rows = []
    for item in found.items:
        is_due = item.state == "open" and item.due is not None
        look = due_look(item.due, now, say) if is_due else None
        moment = item.done_at if found.state == "done" else item.due
        pattern = "%Y-%m-%d %H:%M" if found.state == "done" else "%Y-%m-%d"
        rows.append(
            Row(
                address=f"{address}{item.case_no}/{item.task}",
                title=getattr(item.title, here),
                matter=getattr(item.matter, here),
                case_no=item.case_no,
                applicant=item.applicant,
                opened=_moment(item.opened, "%Y-%m-%d %H:%M"),
                moment=_moment(moment, pattern) if moment else None,
                look=look or looks("task", item.state, say),
            )
        )
    return rows


def _moment(at: datetime, pattern: str) -> Moment:
    return Moment(at.isoformat(), format(at, pattern))


def _counted(tasks: int) -> str:
    return str(tasks) if tasks <= COUNTED else f"{COUNTED}+"


@desk.get("/<case_no>/<task_id>")
def task(case_no: str, task_id: str) -> str:
    """Show one task: the fields of this step, its form, what may be decided."""
    return _task(views.task(platform(), who(), case_no, task_id))


@desk.post("/<case_no>/<task_id>")
def act(case_no: str, task_id: str) -> BaseResponse:
    """Decide a task."""
    taken = take_files(posted(), to_task(case_no, task_id))
    post, refused = taken.post, taken.refused
    if MOVE in post:
        return Response(_task(views.task(platform(), who(), case_no, task_id, post=post)))
    wish = Wish(
        action=request.form.get("action", ""),
        reason=request.form.get("reason", "").strip()[:500] or None,
        to=request.form.get("to"),
        fields=tuple(request.form.getlist("fields")),
        until=_day(request.form.get("until", "")) if request.form.get("rest") == "until" else None,
        for_owed=request.form.get("rest") == "owed",
        days=_number(request.form.get("days", "")),
        kept=request.form.get("kept") == "yes",
    )
    if taken.at is not None and not wish.action:
        shown = views.task(
            platform(), who(), case_no, task_id, post=post, refused=refused, unfinished=True
        )
        is_wrong = shown.form is not None and shown.form.errors
        return Response(_task(shown, remark=wish.reason or ""), status=422 if is_wrong else 200)
    try:
        errors = commands.act(
            platform(), who(), case_no, task_id, wish, post, posted_version(), refused
        )
    except Fault as fault:
        if fault.http != 422 or wish.action not in (*_REASONED, *_OPEN_ANSWERS):
            raise
        return _refused(case_no, task_id, wish, fault)
    if errors:
        shown = views.task(platform(), who(), case_no, task_id, post=post, refused=refused)
        return Response(_task(shown, remark=wish.reason or ""), status=422)
    flash(f"task.done_{wish.action}", "good")
    stays = wish.action in _STAYS
    here = url_for("desk.task", case_no=case_no, task_id=task_id)
    return redirect(here if stays else url_for("desk.worklist"), code=303)


def _day(text: str) -> date:
    """Read a day; raises `FormUnreadable` for what no page of ours sends."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FormUnreadable from None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else None


@desk.post("/<case_no>/<task_id>/ask")
def ask(case_no: str, task_id: str) -> BaseResponse:
    """Ask the departments that have not answered once more, now."""
    outcome = commands.ask_again(platform(), who(), case_no, task_id)
    flash(f"task.asked_{outcome}", "good" if outcome == "answered" else "info")
    return redirect(url_for("desk.task", case_no=case_no, task_id=task_id), code=303)


def _refused(case_no: str, task_id: str, wish: Wish, fault: Fault) -> Response:
    refused = Refused(
        wish.action,
        wish.reason or "",
        wish.to or "",
        wish.fields,
        shown_fault(fault),
        request.form.get("rest", ""),
    )
    shown = views.task(platform(), who(), case_no, task_id)
    return Response(_task(shown, refused), status=fault.http)


def _task(found: TaskView, refused: Refused | None = None, remark: str = "") -> str:
    renderer = web().renderer
    main: Sequence[str] = [a for a in found.actions if a in _MAIN]
    return render_template(
        "desk/task.html",
        task=found,
        main_action=main[0] if main else None,
        other_actions=[a for a in found.actions if a not in _MAIN],
        open_answers=_OPEN_ANSWERS,
        tomorrow=(platform().clock() + timedelta(days=1)).date().isoformat(),
        action_address=url_for("desk.act", case_no=found.case_no, task_id=found.task),
        refused=refused,
        remark=remark,
        visible_html=renderer.summary(found.visible, lang()),
        recorded_html=renderer.summary(found.recorded, lang()) if found.recorded else "",
        errors_html=renderer.errors(found.form, lang()) if found.form else "",
        form_html=renderer.page(found.form, lang()) if found.form else "",
    )
