"""Take files in for a draft or a task, give them to those who may read them, keep the folder clean.

Who may read a file: the applicant, whose own it is or to whom a result was recorded; an officer of
a task whose `visible` or own form names the field, once it was handed in. To everybody else it
does not exist.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from builder.cases import filing, keeping
from builder.cases.answers import pick
from builder.cases.errors import CaseUnknown, PageUnknown
from builder.cases.keeping import StoredCase
from builder.cases.moving import note
from builder.cases.outline import tasks_of
from builder.cases.platform import Deployment, Platform
from builder.cases.whose import filling_of, officer_filling, officers_task, own_case, own_draft
from builder.forms.files import FileFacts, ids_of
from builder.forms.question import Question
from builder.forms.widgets.upload import accepted, largest
from builder.identity import SignIn
from builder.scenario.model import Scenario, Task, Text
from builder.store import cases as tables
from builder.uploads.apart import looked_at, pages, picture, text
from builder.uploads.errors import (
    UploadEmpty,
    UploadFull,
    UploadInfected,
    UploadScanSilent,
    UploadTooLarge,
    UploadUnknown,
    UploadWaiting,
)
from builder.uploads.folder import Incoming, said_size, sweep_incoming
from builder.uploads.kinds import KINDS
from builder.uploads.names import clean_name
from builder.uploads.scan import open_scanner
from federation.store import read, write

__all__ = [
    "Added",
    "Opened",
    "Preview",
    "add_to_draft",
    "add_to_owed",
    "add_to_task",
    "open_file",
    "open_preview",
    "refuse_waiting",
    "scan_waiting",
    "sweep",
]

_MOST = 100
"""Files of one case at most."""
_IDLE = timedelta(hours=24)
_COLUMN = tables.upload.c


@dataclass(frozen=True, slots=True)
class Added:
    """A file just taken in.

    Attributes:
        control: the question it is for.
        name: of the input that holds its id.
        alone: whether it takes the place of the one before.
    """

    file: FileFacts
    control: str
    name: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that its reader may read."""

    file: FileFacts
    path: Path

    @property
    def media(self) -> str:
        """Return the type it is served under: found by content, from the closed list."""
        return KINDS[self.file.kind].media


@dataclass(frozen=True, slots=True)
class Preview:
    """A look at a file: a picture, or the beginning of a text."""

    file: FileFacts
    picture: Path | None = None
    text: str = ""
    pages: int = 1


# ── Coming in ────────────────────────────────────────────────────────────────────────────────────


def add_to_draft(
    platform: Platform,
    who: SignIn,
    case_no: str,
    page_id: str,
    control: str,
    incoming: Incoming,
    name: str,
) -> Added:
    """Take a file in for a question of a page of one's own draft.

    Raises:
        CaseUnknown: not this person's draft.
        PageUnknown: no such page, or no question for files.
        UploadFault: what is wrong with the file, or with room for it.
    """
    deployment, draft = own_draft(platform, who, case_no)
    filling = filling_of(platform, deployment, who, draft)
    if page_id not in filling.path():
        raise PageUnknown(page=page_id)
    question = _question(filling.form.page(page_id).controls(), control)
    return _take(platform, deployment, who, case_no, question, incoming, name)


def add_to_task(
    platform: Platform,
    who: SignIn,
    case_no: str,
    task_id: str,
    control: str,
    incoming: Incoming,
    name: str,
) -> Added:
    """Take a file in for a question of the form of an officer's open task.

    Raises:
        TaskUnknown, MayNotAct: not this officer's task.
        PageUnknown: the step has no question for files of that name.
        UploadFault: what is wrong with the file, or with room for it.
    """
    deployment, stored, task = officers_task(platform, who, case_no, task_id)
    filling = officer_filling(platform, deployment, stored, task, who)
    if filling is None or task.status != "open":
        raise PageUnknown(page=control)
    question = _question(filling.form.controls(), control)
    return _take(platform, deployment, who, case_no, question, incoming, name)


def add_to_owed(
    platform: Platform, who: SignIn, case_no: str, control: str, incoming: Incoming, name: str
) -> Added:
    """Take a file in for an answer that the applicant still owes.

    Raises:
        CaseUnknown: not this person's case.
        PageUnknown: no such question, or its answer is not owed.
        UploadFault: what is wrong with the file, or with room for it.
    """
    deployment, stored = own_case(platform, who, case_no)
    form = deployment.form(stored.scenario, stored.scenario.process.form)
    owed = {one.field for one in stored.case.owing}
    open_ = (c for c in form.controls() if c.question.pointer in owed)
    question = _question(open_, control)
    return _take(platform, deployment, who, case_no, question, incoming, name)


def _question(controls: Iterable[object], control: str) -> Question:
    for found in controls:
        question: Question = found.question  # type: ignore[attr-defined] # CompiledControl
        if question.id == control and question.kind == "upload":
            return question
    raise PageUnknown(page=control)


def _take(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    case_no: str,
    question: Question,
    incoming: Incoming,
    name: str,
) -> Added:
    name = clean_name(name)
    _refuse_size(question, incoming, name)
    _refuse_full(platform, deployment, case_no, incoming.size_bytes)
    kind = looked_at(incoming.path, name, accepted(question))
    now = platform.clock()
    file = FileFacts(
        id=str(uuid.UUID(bytes=platform.random_bytes(16), version=4)),
        case_no=case_no,
        pointer=question.pointer or "",
        account=who.account.account,
        name=name,
        kind=kind,
        size_bytes=incoming.size_bytes,
        sm3=incoming.sm3,
        state="clean",
        made_at=now,
    )
    found = _scanned(platform, incoming.path)
    if found is not None and found != _CLEAN:
        with write(deployment.engine) as conn:
            note(deployment, conn, "file-infected", now, who, case_no, sm3=file.sm3, found=found)
        raise UploadInfected(file=name)
    file = replace(file, state="clean" if found == _CLEAN else "waiting")
    incoming.settle()
    file = _kept(platform, deployment, who, file, incoming)
    return Added(file, question.id, question.name, question.type == "text")


def _kept(
    platform: Platform, deployment: Deployment, who: SignIn, file: FileFacts, incoming: Incoming
) -> FileFacts:
    folder = filing.folder_of(platform, deployment)
    with write(deployment.engine) as conn:
        same = conn.execute(
            select(tables.upload).where(
                _COLUMN.case_no == file.case_no,
                _COLUMN.pointer == file.pointer,
                _COLUMN.account == file.account,
                _COLUMN.sm3 == file.sm3,
                _COLUMN.state != "refused",
                _COLUMN.handed_in_at.is_(None),
            )
        ).first()
        if same is not None:  # the same file sent twice is one file
            return filing.facts_of(same)
        filing.keep(conn, folder, incoming)
        filing.add_row(conn, file, file.made_at if file.state == "clean" else None)
        note(
            deployment,
            conn,
            "file-added",
            file.made_at,
            who,
            file.case_no,
            file=file.id,
            sm3=file.sm3,
            size_bytes=file.size_bytes,
        )
    return file


def _refuse_size(question: Question, incoming: Incoming, name: str) -> None:
    if incoming.size_bytes == 0:
        raise UploadEmpty(file=name)
    if incoming.size_bytes > largest(question):
        raise UploadTooLarge(file=name, limit=said_size(largest(question)))


def _refuse_full(platform: Platform, deployment: Deployment, case_no: str, more: int) -> None:
    limit = platform.settings.upload_case_mb * 1024 * 1024
    with read(deployment.engine) as conn:
        count, size = filing.held_by_case(conn, case_no)
    if count >= _MOST:
        raise UploadFull(limit=Text(f"{_MOST} 个文件", f"{_MOST} files"))
    if size + more > limit:
        raise UploadFull(limit=said_size(limit))


# ── Viruses ──────────────────────────────────────────────────────────────────────────────────────

_CLEAN = ""


def _scanned(platform: Platform, path: Path) -> str | None:
    """Return what was found, a blank for nothing, None where the scanner does not answer."""
    scanner = open_scanner(platform.settings.upload_scan)
    if scanner is None:
        return _CLEAN
    try:
        return scanner.scan(path).found or _CLEAN
    except UploadScanSilent:
        return None


def scan_waiting(platform: Platform, deployment: Deployment, case_no: str | None = None) -> int:
    """Scan what waits, of one case or of all; return how many were scanned."""
    query = select(tables.upload).where(_COLUMN.state == "waiting").order_by(_COLUMN.made_at)
    if case_no is not None:
        query = query.where(_COLUMN.case_no == case_no)
    with read(deployment.engine) as conn:
        waiting = [filing.facts_of(row) for row in conn.execute(query.limit(200))]
    done = 0
    for file in waiting:
        found = _scanned(platform, filing.folder_of(platform, deployment).path(file.sm3))
        if found is None:
            break  # the scanner is away: all others would wait for it in vain
        _settle(platform, deployment, file, found)
        done += 1
    return done


def _settle(platform: Platform, deployment: Deployment, file: FileFacts, found: str) -> None:
    """Note what the scanner said; what is infected is destroyed and its owner told."""
    now = platform.clock()
    state = "refused" if found else "clean"
    with write(deployment.engine) as conn:
        changed = conn.execute(
            update(tables.upload)
            .where(_COLUMN.id == file.id, _COLUMN.state == "waiting")
            .values(state=state, found=found or None, scanned_at=now)
        )
        if found and changed.rowcount == 1:
            note(
                deployment,
                conn,
                "file-infected",
                now,
                None,
                file.case_no,
                file=file.id,
                sm3=file.sm3,
                found=found,
            )
    if found:
        filing.destroy(platform, deployment, [file.sm3])


def refuse_waiting(
    platform: Platform, deployment: Deployment, case_no: str, ids: Iterable[str]
) -> None:
    """Refuse to go on with files that were not scanned, where the settings say so.

    The scanner is asked once more first.

    Raises:
        UploadWaiting: it still does not answer.
    """
    settings = platform.settings
    if not (settings.upload_scan and settings.upload_scan_required):
        return
    wanted = tuple(ids)
    query = select(_COLUMN.id).where(_COLUMN.id.in_(wanted), _COLUMN.state == "waiting")
    for last in (False, True):
        with read(deployment.engine) as conn:
            count = len(conn.scalars(query).all()) if wanted else 0
        if count == 0:
            return
        if last:
            raise UploadWaiting(count=count)
        scan_waiting(platform, deployment, case_no)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def open_file(platform: Platform, who: SignIn, case_no: str, file_id: str) -> Opened:
    """Return a file that the reader may read; an officer's reading is noted in the journal.

    Raises:
        UploadUnknown: there is none, or it is not the reader's to see: both read the same.
    """
    deployment, file = _readable(platform, who, case_no, file_id, "file-read")
    return Opened(file, filing.folder_of(platform, deployment).path(file.sm3))


def open_preview(platform: Platform, who: SignIn, case_no: str, file_id: str, page: int) -> Preview:
    """Return a look at a file: redrawn, so that nothing of the original reaches the browser.

    Raises:
        UploadUnknown: there is none, it is not the reader's to see, or it has no such page.
        UploadFault: it cannot be drawn.
    """
    what = "file-looked-at" if page == 0 else None
    deployment, file = _readable(platform, who, case_no, file_id, what)
    folder = filing.folder_of(platform, deployment)
    if not KINDS[file.kind].has_preview or not folder.path(file.sm3).exists():
        raise UploadUnknown
    if file.kind in ("txt", "csv"):
        return Preview(file, text=text(folder, file.sm3) if page == 0 else "")
    count = pages(folder, file.sm3) if file.kind == "pdf" and page == 0 else 1
    return Preview(file, picture=picture(folder, file.sm3, file.kind, page), pages=count)


def _readable(
    platform: Platform, who: SignIn, case_no: str, file_id: str, what: str | None
) -> tuple[Deployment, FileFacts]:
    try:
        deployment = platform.deployments.of_case(case_no)
    except CaseUnknown:
        raise UploadUnknown from None
    with read(deployment.engine) as conn:
        row = conn.execute(
            select(tables.upload).where(_COLUMN.id == file_id, _COLUMN.case_no == case_no)
        ).one_or_none()
    file = None if row is None else filing.facts_of(row)
    if file is None or file.state == "refused":
        raise UploadUnknown
    step = _by_right(deployment, who, file)
    if step is None:
        raise UploadUnknown
    if step and what is not None:
        with write(deployment.engine) as conn:
            note(
                deployment,
                conn,
                what,
                platform.clock(),
                who,
                case_no,
                file=file.id,
                sm3=file.sm3,
                step=step,
            )
    return deployment, file


def _by_right(deployment: Deployment, who: SignIn, file: FileFacts) -> str | None:
    """Return the step by whose right an officer reads, a blank for one's own, None for no right."""
    stored = keeping.load_case(deployment, file.case_no)
    if file.account == who.account.account and (
        file.handed_in is None or stored is None or stored.account == file.account
    ):
        return ""
    if stored is None or file.handed_in is None:
        return None
    if file.id not in ids_of(pick(stored.case.answers, file.pointer)):
        return None
    if stored.account == who.account.account:
        return "" if file.pointer in told_pointers(stored.scenario) else None
    return None if file.state == "waiting" else _officers_step(stored, who, file.pointer)


def told_pointers(scenario: Scenario) -> frozenset[str]:
    """Return the fields that the applicant reads: of the own form, and of recorded results."""
    own = set(scenario.start_form.scopes())
    for task in tasks_of(scenario):
        if task.form and task.item:
            own |= set(scenario.form(task.form).scopes())
    return frozenset(own)


def _officers_step(stored: StoredCase, who: SignIn, pointer: str) -> str | None:
    account = who.account
    for state in stored.case.tasks.values():
        if state.party is None or state.party != account.party or state.role not in account.roles:
            continue
        step = stored.scenario.step(state.step)
        if isinstance(step, Task) and pointer in _seen_by(stored.scenario, step):
            return step.id
    return None


def _seen_by(scenario: Scenario, step: Task) -> frozenset[str]:
    own = scenario.form(step.form).scopes() if step.form else ()
    return frozenset((*step.visible, *own))


# ── Keeping clean ────────────────────────────────────────────────────────────────────────────────


def sweep(platform: Platform, deployment: Deployment) -> int:
    """Delete what nobody came back for and what a killed process left; return how many files."""
    folder = filing.folder_of(platform, deployment)
    before = platform.clock() - _IDLE
    drafts = select(tables.draft.c.case_no)
    with read(deployment.engine) as conn:
        idle = conn.scalars(
            select(_COLUMN.case_no)
            .where(
                _COLUMN.handed_in_at.is_(None),
                _COLUMN.made_at < before,
                _COLUMN.case_no.not_in(drafts),
            )
            .distinct()
        ).all()
        named = set(conn.scalars(select(_COLUMN.sm3).where(_COLUMN.state != "refused")))
    hashes: list[str] = []
    for case_no in idle:
        with write(deployment.engine) as conn:
            hashes += filing.forget_idle(conn, case_no, before=before)
    hashes += [sm3 for sm3 in folder.held() if sm3 not in named]
    return sweep_incoming(folder.incoming) + filing.destroy(platform, deployment, hashes)
