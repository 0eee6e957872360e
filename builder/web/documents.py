"""Documents: what a citizen or an officer fetches, and the page where anyone checks one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import documents as papers
from builder.cases.documents import Checked, DocumentFile
from builder.errors import Fault
from builder.web.context import platform, who
from builder.web.refusals import shown_fault

__all__ = ["documents"]

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
documents = Blueprint("documents", __name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: a genuine document, or a fault that says what is wrong."""

    checked: Checked | None
    fault: dict[str, object] | None


@documents.get("/documents/<number>/<layout>.pdf")
def fetch(number: str, layout: str) -> BaseResponse:
    """Give a document to its owner, or to a desk that acts in its case."""
    return _file(papers.fetch(platform(), who(), number, layout))


@documents.get("/documents/<number>/copy.docx")
def word(number: str) -> BaseResponse:
    """Give a desk the Word copy of a document that it issued."""
    return _file(papers.fetch_word(platform(), who(), number))


@documents.get("/cases/<case_no>/application/<layout>.pdf")
def application(case_no: str, layout: str) -> BaseResponse:
    """Give the reader's own application, all answers filled in."""
    return _file(papers.application_form(platform(), who(), case_no, layout))


@documents.get("/matters/<county>/<scenario>/form/<layout>.pdf")
def blank(county: str, scenario: str, layout: str) -> BaseResponse:
    """Give the empty form of a matter, to be filled in by hand."""
    return _file(papers.blank_form(platform(), f"{county}/{scenario}", layout))


@documents.get("/check")
def check() -> str:
    """Ask for a document to check."""
    return render_template("documents/check.html", result=None, code="")


@documents.post("/check")
def check_post() -> BaseResponse:
    """Say whether a document is genuine: its kind, number and date, and a masked name."""
    code, given = request.form.get("code", ""), request.files.get("file")
    raw = given.read() if given else b""
    try:
        found = papers.check_pdf(platform(), raw) if raw else papers.check_text(platform(), code)
        result, status = Result(found, None), 200
    except Fault as fault:
        result, status = Result(None, dict(shown_fault(fault))), fault.http
    page = render_template("documents/check.html", result=result, code="" if raw else code[:600])
    return Response(page, status=status)


def _file(file: DocumentFile) -> Response:
    """Return a PDF under its Chinese name (RFC 6266), shown in the browser."""
    is_pdf = file.name.endswith(".pdf")
    response = current_app.response_class(file.pdf, mimetype="application/pdf" if is_pdf else _WORD)
    shown = "inline" if is_pdf else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(file.name)}"
    return response
