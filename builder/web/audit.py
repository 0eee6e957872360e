"""What an auditor does: read all journals, follow one case over all of them, verify the chains.

Reading is itself recorded: which page and filters, never what was typed.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request

from builder.cases import governance
from builder.cases.words import AUDIT_KINDS
from builder.scenario.model import Text
from builder.web.context import platform, who
from builder.web.journal import note

__all__ = ["audit"]

audit = Blueprint("audit", __name__, url_prefix="/audit")
_FILTERS = ("case", "journal", "kind", "dataset")
_USES = ("opened", "refused")


@audit.get("/")
def journals() -> str:
    """List the newest entries of all journals, filtered."""
    chosen = {k: request.args.get(k, "").strip()[:96] for k in _FILTERS}
    note("audit-read", _reader(), filters=[k for k, v in chosen.items() if v])
    found = governance.audit(
        platform(),
        case=chosen["case"] or None,
        journal=chosen["journal"] or None,
        kind=chosen["kind"] or None,
        dataset=chosen["dataset"] or None,
    )
    return render_template(
        "audit/journals.html",
        chosen=chosen,
        found=found,
        journals=_named_journals(),
        kinds=tuple(AUDIT_KINDS.items()),
        datasets=_named_datasets(),
    )


@audit.get("/verify")
def verify() -> str:
    """Verify every byte of every journal kept here, and say what differs."""
    states = tuple(governance.verify_all(platform()))
    broken = [s.journal for s in states if not s.intact]
    note("audit-verified", _reader(), journals=len(states), broken=broken)
    return render_template("audit/verify.html", states=states, intact=not broken)


@audit.get("/cases/<case_no>")
def trace(case_no: str) -> str:
    """Show who used which field of whose record by which grant, for one case."""
    found = governance.trace(platform(), case_no)
    note("audit-read", _reader(), case=found.case_no)
    uses = [x for x in found.lines if x.journal.startswith("node:") and x.kind in _USES]
    return render_template("audit/trace.html", found=found, uses=uses)


def _reader() -> str:
    return who().account.account


def _named_journals() -> Sequence[tuple[str, Text]]:
    here = platform()
    return [(name, governance.journal_title(here, name)) for name in governance.names(here)]


def _named_datasets() -> Sequence[tuple[str, Text]]:
    """Return the datasets that some grant opens: the only ones that can be used."""
    used = {g.dataset: g.dataset_title for g in governance.grants(platform())}
    return sorted(used.items())
