"""Registries and lists of a desk: look through them, carry them away."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Blueprint, Response, current_app, render_template, request, url_for

from builder.cases import exporting, registries
from builder.cases.exporting import ListFile
from builder.cases.registries import Wanted
from builder.web.context import lang, platform, who

__all__ = ["lists"]

lists = Blueprint("lists", __name__, url_prefix="/desk")
_STATES = ("open", "overdue", "done")


@lists.get("/lists")
def index() -> str:
    """List the registries that this desk may open."""
    return render_template("desk/lists.html", lists=registries.registries(platform(), who()))


@lists.get("/lists/<county>/<scenario>/<list_id>")
def registry(county: str, scenario: str, list_id: str) -> str:
    """Show one registry: searched, filtered, page by page."""
    wanted = _wanted()
    found = registries.registry(platform(), who(), f"{county}/{scenario}", list_id, wanted)
    here = url_for("lists.registry", county=county, scenario=scenario, list_id=list_id)
    return render_template(
        "desk/registry.html",
        registry=found,
        q=wanted.text,
        here=here,
        more=_with(here, wanted, after=found.after) if found.after else None,
        files=[(form, _with(f"{here}/export.{form}", wanted)) for form in exporting.FORMATS],
    )


@lists.get("/lists/<county>/<scenario>/<list_id>/export.<form>")
def export(county: str, scenario: str, list_id: str, form: str) -> Response:
    """Give a registry as a file, filtered as its page is."""
    return _file(
        exporting.export_registry(
            platform(), who(), f"{county}/{scenario}", list_id, _wanted(), form, lang()
        )
    )


@lists.get("/worklist.<form>")
def worklist(form: str) -> Response:
    """Give the desk's tasks of one state as a file."""
    state = request.args.get("state", "open")
    text = request.args.get("q", "").strip()[:40]
    state = state if state in _STATES else "open"
    return _file(exporting.export_worklist(platform(), who(), state, form, lang(), text))


def _wanted() -> Wanted:
    filters = {k[2:]: v[:80] for k, v in request.args.items() if k.startswith("f-")}
    text = request.args.get("q", "").strip()[:40]
    return Wanted(text, filters, request.args.get("after", "")[:96] or None)


def _with(address: str, wanted: Wanted, after: str | None = None) -> str:
    """Return an address with what was searched for, and nothing else of this page's own."""
    asked = {"q": wanted.text, **{f"f-{k}": v for k, v in wanted.filters.items()}}
    kept = {k: v for k, v in {**asked, "after": after}.items() if v}
    return f"{address}?{urlencode(kept)}" if kept else address


def _file(file: ListFile) -> Response:
    response = current_app.response_class(file.content, mimetype=None, content_type=file.mime)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
    return response
