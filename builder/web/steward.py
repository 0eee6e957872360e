"""What a data steward does: decide who may use the department's data; look up the one ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import governance
from builder.cases.shapes import GrantLine
from builder.errors import Fault
from builder.scenario.model import Text
from builder.web.access import AUDITOR
from builder.web.context import platform, roles, web, who
from builder.web.errors import GrantMissing, RemarkMissing
from builder.web.refusals import shown_fault
from federation.ledger import Dataset, Grade, Hit, count

__all__ = ["ledger_hits", "steward"]

steward = Blueprint("steward", __name__)
_STATES = ("all", "asked", "approved", "refused", "revoked", "expired")
_VERBS = ("approve", "refuse", "revoke")
_PAGE = 50


@dataclass(frozen=True, slots=True)
class Number:
    """One number on top of the ledger."""

    name: str
    value: str


# ── Grants ───────────────────────────────────────────────────────────────────────────────────────


@steward.get("/grants")
def grants() -> str:
    """List the grants asked of the steward's department; an auditor sees all."""
    found = _grants()
    state = request.args.get("state", "all")
    counts: Counter[str] = Counter(g.state for g in found)
    counts["all"] = len(found)
    return render_template(
        "steward/grants.html",
        grants=[g for g in found if state in ("all", g.state)],
        states=_STATES,
        state=state if state in _STATES else "all",
        counts=counts,
        party_title=None if _sees_all() else platform().city.party_title(who().account.party),
    )


@steward.get("/grants/<grant_id>")
def grant(grant_id: str) -> str:
    """Show a grant and what may be decided."""
    return _grant(_one(grant_id))


@steward.post("/grants/<grant_id>")
def decide(grant_id: str) -> BaseResponse:
    """Approve, refuse or revoke, signed with the department's steward key."""
    found = _one(grant_id)
    verb = request.form.get("verb", "")
    remark = request.form.get("remark", "").strip()[:500]
    try:
        if verb in ("refuse", "revoke") and not remark:
            raise RemarkMissing
        signer = platform().steward_signer(found.owner)
        governance.decide_grant(platform(), who(), grant_id, verb, remark or None, signer)
    except Fault as fault:
        if fault.http not in (409, 422):
            raise
        return Response(_grant(_one(grant_id), fault, remark), status=fault.http)
    flash(f"grants.done_{verb}", "good")
    return redirect(url_for("steward.grant", grant_id=grant_id), code=303)


def _grant(found: GrantLine, fault: Fault | None = None, remark: str = "") -> str:
    return render_template(
        "steward/grant.html",
        grant=found,
        fault=shown_fault(fault) if fault else None,
        remark=remark,
    )


def _sees_all() -> bool:
    return AUDITOR in roles()


def _grants() -> tuple[GrantLine, ...]:
    owner = None if _sees_all() else who().account.party or ""
    return governance.grants(platform(), owner=owner, reader=who())


def _one(grant_id: str) -> GrantLine:
    found = next((g for g in _grants() if g.id == grant_id), None)
    if found is None:
        raise GrantMissing
    return found


# ── Ledger ───────────────────────────────────────────────────────────────────────────────────────


@steward.get("/ledger")
def ledger() -> str:
    """Search datasets and fields of all departments."""
    q = request.args.get("q", "").strip()[:60]
    party = request.args.get("party", "")
    grade = request.args.get("grade", "")
    at = _whole(request.args.get("at", ""))
    hits = ledger_hits(q, party, grade, at, _PAGE + 1)
    more = None
    if len(hits) > _PAGE:
        more = url_for(
            "steward.ledger",
            q=q or None,
            party=party or None,
            grade=grade or None,
            at=at + _PAGE,
        )
    return render_template(
        "steward/ledger.html",
        hits=hits[:_PAGE],
        more=more,
        q=q,
        party=party,
        grade=grade,
        parties=_parties(),
        grades=[g.value for g in Grade],
        numbers=_numbers(),
    )


@steward.get("/ledger/<dataset_id>")
def dataset(dataset_id: str) -> str:
    """Show a dataset and its fields."""
    return render_template("steward/dataset.html", dataset=platform().catalog.get(dataset_id))


def ledger_hits(q: str, party: str, grade: str, at: int, most: int) -> Sequence[Hit]:
    """Return what a search finds, from the `at`-th on; without words, the datasets alone."""
    owner = party if party in platform().catalog.owners else None
    level = Grade(grade) if grade in {g.value for g in Grade} else None
    if q:
        return web().ledger.find(q, party=owner, grade=level, limit=most, offset=at)
    found = (
        d
        for d in platform().catalog.datasets.values()
        if owner in (None, d.party) and level in (None, d.grade)
    )
    return [_hit(d) for d in islice(found, at, at + most)]


def _hit(found: Dataset) -> Hit:
    return Hit(
        dataset=found.id,
        field=None,
        title=found.title,
        definition=found.definition,
        path=found.path,
        party=found.party,
        grade=found.grade,
        personal=any(f.personal for f in found.fields),
        share_type=found.share_type,
    )


def _parties() -> Sequence[tuple[str, Text]]:
    owners = platform().catalog.owners.values()
    return [(o.id, Text(o.title.zh, o.title.en)) for o in owners]


def _numbers() -> Sequence[Number]:
    stats = count(platform().catalog)
    rows = sum(stats.rows.values())
    counted = (Number("all_rows", f"{rows:,}"),) if rows else ()
    return (
        Number("parties", f"{len(stats.parties):,}"),
        Number("datasets", f"{stats.levels['L4']:,}"),
        Number("all_fields", f"{stats.levels['L5']:,}"),
        *counted,
    )


def _whole(text: str) -> int:
    return min(int(text), 1_000_000) if text.isascii() and text.isdigit() and len(text) < 8 else 0
