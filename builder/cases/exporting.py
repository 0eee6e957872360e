"""Carry away what a desk may see: worklists and registries as CSV, Excel or PDF, written down.

The journal says who took which list, how many rows, and the hash of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from builder.cases.errors import ListFormat
from builder.cases.papers import org_title
from builder.cases.platform import Deployment, Platform
from builder.cases.registries import Wanted, registry, rows_of
from builder.cases.words import LIST_HEADS, TASK_STATES
from builder.cases.worklists import worklist
from builder.documents import Content, Records, typeset
from builder.documents.errors import ExportTooLarge, ListTooLong
from builder.documents.sheets import csv_file, xlsx_file
from builder.errors import Lang
from builder.identity import SignIn
from builder.process.calendar import SHANGHAI
from builder.scenario.model import Text
from federation.audit import Entry
from federation.crypto import sm3
from federation.store import write

__all__ = ["FORMATS", "ListFile", "ListLimits", "export_registry", "export_worklist"]

Format = Literal["csv", "xlsx", "pdf"]
FORMATS: tuple[Format, ...] = get_args(Format)
_MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_MOST = 100_000
_SENSITIVE = ("L3", "L4", "important", "core")


@dataclass(frozen=True, slots=True)
class ListLimits:
    """How long a list may be that is carried away, in rows.

    Attributes:
        unapproved: with fields of a sensitive grade, without an approval.
        printed: as PDF.
    """

    unapproved: int = 5_000
    printed: int = 2_000


_LIMITS = ListLimits()


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list as a file."""

    name: str
    mime: str
    content: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A list ready to be written."""

    title: Text
    matter: Text
    head: tuple[Text, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


def export_worklist(
    platform: Platform, who: SignIn, state: str, form: str, lang: Lang = "zh", text: str = ""
) -> ListFile:
    """Return the tasks of a desk in one state as a file.

    Raises:
        MayNotSee: an account without a department.
        ListFormat, ListTooLong: no such format, or too many rows for it.
    """
    wanted = _format(form)
    found = worklist(platform, who, state=state, text=text, limit=_MOST)
    _check_length(len(found.items), wanted, _LIMITS)
    moment = "done" if state == "done" else "due"
    names = ("case_no", "matter", "task", "applicant", "opened", moment, "state")
    rows = tuple(
        (
            i.case_no, getattr(i.matter, lang), getattr(i.title, lang), i.applicant,
            _said(i.opened), _said(i.done_at if state == "done" else i.due),
            getattr(TASK_STATES["overdue" if i.overdue else i.state], lang),
        )
        for i in found.items
    )  # fmt: skip
    title = Text(f"{TASK_STATES[state].zh}清单", f"Tasks: {TASK_STATES[state].en}")
    sheet = _Sheet(
        title, org_title(platform, str(who.account.party)), tuple(LIST_HEADS[n] for n in names),
        rows, (5, 6, 5, 2, 4, 4, 2),
    )  # fmt: skip
    return _file(platform, who, sheet, wanted, lang, f"worklist/{state}", None)


def export_registry(
    platform: Platform,
    who: SignIn,
    deployment_id: str,
    list_id: str,
    wanted: Wanted,
    form: str,
    lang: Lang = "zh",
    limits: ListLimits = _LIMITS,
) -> ListFile:
    """Return a registry as a file, with the rows and cells that its page shows this desk.

    Raises:
        ListUnknown: there is none for this desk.
        ExportTooLarge: many rows with sensitive fields: not without an approval.
        ListFormat, ListTooLong: no such format, or too many rows for it.
    """
    chosen = _format(form)
    page = registry(platform, who, deployment_id, list_id, wanted, limit=1)
    grade = max((g for g in page.grades if g in _SENSITIVE), default=None)
    if grade is not None and page.total > limits.unapproved:
        raise ExportTooLarge(rows=page.total, grade=grade, limit=limits.unapproved)
    _check_length(page.total, chosen, limits)
    rows = tuple(
        (r.case_no, _said(r.submitted), getattr(r.status, lang),
         *("" if c is None else getattr(c, lang) for c in r.cells))
        for r in rows_of(platform, who, deployment_id, list_id, wanted)
    )  # fmt: skip
    widths = (5, 4, 2, *(4 for _ in page.grades))
    sheet = _Sheet(page.title, page.matter, page.heads, rows, widths)
    deployment = platform.deployments.get(deployment_id)
    return _file(platform, who, sheet, chosen, lang, f"registry/{list_id}", deployment)


def _format(form: str) -> Format:
    if form not in FORMATS:
        raise ListFormat(known=list(FORMATS))
    return form


def _check_length(rows: int, form: Format, limits: ListLimits) -> None:
    if form == "pdf" and rows > limits.printed:
        raise ListTooLong(rows=rows, limit=limits.printed)


def _file(
    platform: Platform,
    who: SignIn,
    sheet: _Sheet,
    form: Format,
    lang: Lang,
    what: str,
    deployment: Deployment | None,
) -> ListFile:
    now = platform.clock()
    content = _bytes(platform, who, sheet, form, lang, now)
    entry = Entry(
        "list-exported", now, who.account.account,
        {"party": who.account.party, "list": what, "format": form, "rows": len(sheet.rows),
         "content": sm3(content)},
    )  # fmt: skip
    engine = deployment.engine if deployment else platform.hub_engine
    journal = deployment.journal if deployment else platform.journal
    with write(engine) as conn:
        journal.append(conn, entry)
    name = f"{getattr(sheet.title, lang)}-{now.astimezone(SHANGHAI):%Y%m%d-%H%M}.{form}"
    return ListFile(name, _MIME[form], content, len(sheet.rows))


def _bytes(
    platform: Platform, who: SignIn, sheet: _Sheet, form: Format, lang: Lang, now: datetime
) -> bytes:
    head: Sequence[str] = [getattr(h, lang) for h in sheet.head]
    if form == "csv":
        return csv_file(head, sheet.rows)
    if form == "xlsx":
        return xlsx_file(getattr(sheet.title, lang), head, sheet.rows, now)
    content = Content(
        kind="list",
        number="",
        title=sheet.title,
        org=org_title(platform, str(who.account.party)),
        matter=sheet.matter,
        blocks=(Records(sheet.head, sheet.rows, sheet.widths),),
        issued_at=now,
        demo=platform.settings.demo,
    )
    return typeset(content.to_json(), "zh" if lang == "zh" else "zh-en")


def _said(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
