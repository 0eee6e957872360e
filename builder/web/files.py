"""Take files in beside a page, and serve them so that nothing in them can act on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

from flask import Blueprint, abort, jsonify, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import commands
from builder.cases import files as kept
from builder.cases.files import Added
from builder.errors import Fault
from builder.uploads.apart import PREVIEW_PAGES
from builder.uploads.errors import UploadFault
from builder.uploads.folder import Incoming
from builder.web.context import lang, platform, web, who
from builder.web.incoming import sent_files

__all__ = ["Taken", "file_address", "files", "take_files", "to_draft", "to_owed", "to_task"]

files = Blueprint("files", __name__)

_FIELD = "file:"
_ATTACH = "attach:"
_SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'"

Add: TypeAlias = Callable[[str, Incoming, str], Added]
"""Takes a file in for a question: ``(control, file, its name as sent)``."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A post without its files: what was taken in stands there by its id.

    Attributes:
        refused: control → why a file for it was not taken.
        at: the control whose files were changed, where that is all the reader wanted.
    """

    post: dict[str, Sequence[str]]
    refused: dict[str, Fault] = field(default_factory=dict)
    at: str | None = None


def to_draft(case_no: str, page_id: str) -> Add:
    """Return what takes files in for a page of the reader's draft."""
    return lambda control, incoming, name: kept.add_to_draft(
        platform(), who(), case_no, page_id, control, incoming, name
    )


def to_task(case_no: str, task_id: str) -> Add:
    """Return what takes files in for the form of the reader's task."""
    return lambda control, incoming, name: kept.add_to_task(
        platform(), who(), case_no, task_id, control, incoming, name
    )


def to_owed(case_no: str) -> Add:
    """Return what takes files in for what the reader still owes."""
    return lambda control, incoming, name: kept.add_to_owed(
        platform(), who(), case_no, control, incoming, name
    )


def take_files(post: dict[str, Sequence[str]], add: Add) -> Taken:
    """Take in the files that came with a page, and take out those that are to be removed."""
    taken = Taken(post)
    for sent in sent_files(request.files):
        control = sent.field.removeprefix(_FIELD)
        try:
            if sent.incoming.refused is not None:
                raise sent.incoming.refused
            added = add(control, sent.incoming, sent.name)
        except UploadFault as fault:
            taken.refused[control] = fault
            continue
        before = () if added.alone else post.get(added.name, ())
        post[added.name] = [*before, added.file.id]
    dropped, _, control = request.form.get("drop", "").partition(":")
    go = request.form.get("go", "")
    if dropped:
        for name, values in post.items():
            if name not in ("drop", "go") and dropped in values:
                post[name] = [value for value in values if value != dropped]
        return Taken(post, taken.refused, control)
    at = go.removeprefix(_ATTACH) if go.startswith(_ATTACH) else None
    return Taken(post, taken.refused, at)


# ── With scripts: a file at a time, as soon as it is chosen ──────────────────────────────────────


@files.post("/drafts/<case_no>/pages/<page_id>/files")
def attach(case_no: str, page_id: str) -> BaseResponse:
    """Take one file in for a page of one's own draft."""
    commands.own_draft(platform(), who(), case_no)  # whose it is comes before what was sent
    return _attached(to_draft(case_no, page_id))


@files.post("/cases/<case_no>/supplement/files")
def attach_to_owed(case_no: str) -> BaseResponse:
    """Take one file in for what is still owed."""
    commands.own_case(platform(), who(), case_no)
    return _attached(to_owed(case_no))


@files.post("/desk/<case_no>/<task_id>/files")
def attach_to_task(case_no: str, task_id: str) -> BaseResponse:
    """Take one file in for an officer's form."""
    commands.officers_task(platform(), who(), case_no, task_id)
    return _attached(to_task(case_no, task_id))


def _attached(add: Add) -> BaseResponse:
    sent = sent_files(request.files)
    if len(sent) != 1:
        abort(400)
    if sent[0].incoming.refused is not None:
        raise sent[0].incoming.refused
    added = add(sent[0].field.removeprefix(_FIELD), sent[0].incoming, sent[0].name)
    html = web().renderer.file_item(added.file, added.name, added.control, lang())
    return jsonify(id=added.file.id, alone=added.alone, html=html)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


def file_address(case_no: str, file_id: str, what: str) -> str:
    """Return where a file is fetched, or looked at."""
    return url_for(f"files.{what}", case_no=case_no, file_id=file_id)


@files.get("/cases/<case_no>/files/<file_id>")
def file(case_no: str, file_id: str) -> BaseResponse:
    """Give a file to be saved, never to be opened inside the page."""
    found = kept.open_file(platform(), who(), case_no, file_id)
    response = send_file(found.path, mimetype=found.media, conditional=True, etag=False)
    response.headers["Content-Disposition"] = _disposition(found.file.name)
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response


@files.get("/cases/<case_no>/files/<file_id>/preview")
def preview(case_no: str, file_id: str) -> str:
    """Show a look at a file: its first pages as pictures, or the beginning of its text."""
    found = kept.open_preview(platform(), who(), case_no, file_id, 0)
    count = min(found.pages, PREVIEW_PAGES)
    return render_template(
        "files/preview.html",
        case_no=case_no,
        file=found.file,
        text=found.text,
        pages=found.pages,
        pictures=[
            url_for("files.picture", case_no=case_no, file_id=file_id, page=n)
            for n in range(count if found.picture else 0)
        ],
        address=file_address(case_no, file_id, "file"),
    )


@files.get("/cases/<case_no>/files/<file_id>/preview/<int:page>")
def picture(case_no: str, file_id: str, page: int) -> BaseResponse:
    """Give the picture of one page: redrawn, so that nothing of the original is in it."""
    found = kept.open_preview(platform(), who(), case_no, file_id, page)
    if found.picture is None:
        abort(404)
    response = send_file(found.picture, mimetype="image/webp", etag=False)
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response


def _disposition(name: str) -> str:
    r"""Return how a file is to be saved: a name for old browsers, and one in RFC 5987 for others.

    >>> _disposition("a.pdf")
    'attachment; filename="a.pdf"; filename*=UTF-8\'\'a.pdf'
    """
    plain = re.sub(r"[^ !#$&'()+,\-.0-9=@A-Z^_`a-z{}~]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
