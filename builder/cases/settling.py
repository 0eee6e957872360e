"""Carry a case on where nobody acts: ask what its process asks, take the answers in, clean up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete

from builder.cases import asking, keeping
from builder.cases.asking import Fetched, Matter
from builder.cases.errors import ActionNotAllowed, CaseChanged, CaseUnknown
from builder.cases.keeping import Draft, StoredCase
from builder.cases.moving import advance_case, close_case, note
from builder.cases.platform import Deployment, Platform
from builder.cases.whose import applicant_principal, has_open_task, is_own
from builder.errors import Fault
from builder.identity import SignIn
from builder.process.case import Answer
from builder.scenario.model import Json
from builder.store import cases as tables
from federation.store import write

__all__ = ["ask_for_case", "forget_expired", "fresh_since", "settle", "settle_due"]


def settle(platform: Platform, deployment: Deployment, case_no: str) -> None:
    """Ask the questions of the process that are due, until none is; close what has ended."""
    while True:
        stored = keeping.load_case(deployment, case_no)
        if stored is None:
            return
        if stored.case.is_ended:
            close_case(platform, stored.scenario, case_no)
            return
        now = platform.clock()
        due = [p for p in stored.case.pending.values() if p.retry_at is None or p.retry_at <= now]
        if not due:
            return
        matter = _matter_of(stored, None, fresh_since(platform))
        got = [
            (p, asking.remembered(matter, p.query) or asking.ask(platform, matter, p.query))
            for p in due
        ]
        for pending, fetched in got:
            _answer(platform, deployment, case_no, pending.step, pending.asked, fetched)


def settle_due(platform: Platform) -> int:
    """Ask every question whose time has come, in all deployments; return how many cases moved."""
    moved = 0
    for deployment in platform.deployments.all():
        for case_no in keeping.due_cases(deployment, platform.clock()):
            settle(platform, deployment, case_no)
            moved += 1
    return moved


def _answer(
    platform: Platform,
    deployment: Deployment,
    case_no: str,
    step: str,
    asked: int,
    fetched: Fetched,
) -> None:
    """Take an answer (or its failure) into the case; one that came too late is dropped."""
    while True:
        stored = keeping.load_case(deployment, case_no)
        if stored is None:
            return
        action = Answer(step, fetched.row, fetched.fault, asked)
        try:
            advance_case(
                platform,
                deployment,
                stored,
                action,
                "case-asked",
                None,
                step=step,
                query=fetched.query,
                outcome=fetched.state,
                uses=fetched,
            )
        except CaseChanged:
            continue
        except Fault:
            with write(deployment.engine) as conn:
                keeping.add_uses(conn, case_no, fetched.uses)
        return


def _matter_of(
    stored: StoredCase, who: SignIn | None, fresh_since: datetime | None = None
) -> Matter:
    principal = who.account.principal if who else applicant_principal(stored)
    return Matter(
        stored.case_no, stored.scenario, principal, stored.case.answers, _known(stored), fresh_since
    )


def fresh_since(platform: Platform) -> datetime:
    """Return since when an answer is fresh enough not to be asked for again."""
    return platform.clock() - timedelta(minutes=platform.settings.draft_fetch_minutes)


def _known(stored: StoredCase) -> dict[str, Mapping[str, Json]]:
    """Return what is known of earlier questions, so that established relations count."""
    known = dict(stored.fetched)
    for query, row in stored.case.results.items():
        if known.get(query, {}).get("row") is None:
            known[query] = {"state": "answered", "row": dict(row)}
    return known


def ask_for_case(platform: Platform, who: SignIn, case_no: str, query: str) -> Fetched:
    """Ask a named query for a running case, as its applicant or an officer with an open task.

    Raises:
        CaseUnknown: not this reader's case, or no such query in it.
    """
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    if stored is None or not (is_own(stored, who) or has_open_task(stored, who)):
        raise CaseUnknown(case=case_no)
    if query not in {q.id for q in stored.scenario.queries}:
        raise ActionNotAllowed(action=query, known=[q.id for q in stored.scenario.queries])
    fetched = asking.ask(platform, _matter_of(stored, who), query)
    with write(deployment.engine) as conn:
        keeping.add_uses(conn, case_no, fetched.uses)
        note(deployment, conn, "case-asked", platform.clock(), who, case_no, query=query)
    return fetched


def forget_expired(platform: Platform) -> int:
    """Delete drafts that nobody came back to in time; return how many."""
    gone = 0
    for deployment in platform.deployments.all():
        now = platform.clock()
        for case_no in keeping.expired_drafts(deployment, now):
            draft = keeping.load_draft(deployment, case_no)
            if draft is not None and _forgotten(deployment, draft, now):
                close_case(platform, deployment.scenario(draft.scenario_hash), case_no)
                gone += 1
    return gone


def _forgotten(deployment: Deployment, draft: Draft, now: datetime) -> bool:
    """Delete a draft unless its owner came back at this very moment."""
    with write(deployment.engine) as conn:
        gone = conn.execute(
            delete(tables.draft).where(
                tables.draft.c.case_no == draft.case_no, tables.draft.c.version == draft.version
            )
        )
        if gone.rowcount == 1:
            note(deployment, conn, "draft-expired", now, None, draft.case_no)
    return gone.rowcount == 1
