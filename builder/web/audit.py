"""What an auditor does: read all journals, follow one case over all of them, verify the chains."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import governance
from builder.cases.shapes import JournalState
from builder.cases.words import AUDIT_KINDS
from builder.scenario.model import Text
from builder.web.context import platform

__all__ = ["audit"]

audit = Blueprint("audit", __name__, url_prefix="/audit")
_FILTERS = ("case", "journal", "kind", "dataset")


@audit.get("/")
def journals() -> str:
    """List the newest entries of all journals, filtered."""
    return _journals(())


@audit.post("/")
def verify() -> BaseResponse | str:
    """Verify every byte of every journal kept here, and say what differs."""
    return _journals(tuple(governance.verify_all(platform())))


@audit.get("/cases/<case_no>")
def trace(case_no: str) -> str:
    """Show who used which field of whose record by which grant, for one case."""
    return render_template("audit/trace.html", found=governance.trace(platform(), case_no))


def _journals(states: tuple[JournalState, ...]) -> str:
    chosen = {k: request.args.get(k, "").strip()[:96] for k in _FILTERS}
    found = governance.audit(
        platform(),
        case=chosen["case"] or None,
        journal=chosen["journal"] or None,
        kind=chosen["kind"] or None,
        dataset=chosen["dataset"] or None,
    )
    return render_template(
        "audit/journals.html",
        states=states,
        intact=all(s.intact for s in states),
        chosen=chosen,
        found=found,
        journals=_named_journals(),
        kinds=tuple(AUDIT_KINDS.items()),
        datasets=_named_datasets(),
    )


def _named_journals() -> Sequence[tuple[str, Text]]:
    here = platform()
    return [(name, governance.journal_title(here, name)) for name in governance.names(here)]


def _named_datasets() -> Sequence[tuple[str, Text]]:
    """Return the datasets that some grant opens: the only ones that can be used."""
    used = {g.dataset: g.dataset_title for g in governance.grants(platform())}
    return sorted(used.items())
