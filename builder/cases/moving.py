"""Let things happen to a case: events, projections, notices and audit entry in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, update

from builder.cases import keeping
from builder.cases.asking import Fetched
from builder.cases.errors import CaseChanged
from builder.cases.keeping import StoredCase
from builder.cases.platform import Deployment, Platform
from builder.errors import Fault
from builder.identity import SignIn
from builder.process.case import Action, Actor, Case, Event
from builder.process.engine import advance
from builder.scenario.model import Json, Scenario, Text
from builder.store import cases as tables
from federation.store import write

__all__ = ["advance_case", "close_case", "note", "record", "update_case"]


def advance_case(
    platform: Platform,
    deployment: Deployment,
    stored: StoredCase,
    action: Action,
    kind: str,
    who: SignIn | None,
    *,
    uses: Fetched | None = None,
    **facts: Json,
) -> None:
    """Let an action happen: events, projection, notices and audit entry in one transaction."""
    now = platform.clock()
    outcome = advance(stored.scenario, stored.case, action, now, platform.calendar)
    with write(deployment.engine) as conn:
        update_case(conn, stored, outcome.case, now)
        record(conn, deployment, stored.case_no, stored.case, outcome.events, outcome.case)
        if uses is not None:
            keeping.add_uses(conn, stored.case_no, uses.uses)
        note(deployment, conn, kind, now, who, stored.case_no, **facts)


def update_case(conn: Connection, stored: StoredCase, after: Case, now: datetime) -> None:
    """Write where a case stands now.

    Raises:
        CaseChanged: somebody was faster.
    """
    changed = conn.execute(
        update(tables.case)
        .where(tables.case.c.case_no == stored.case_no, tables.case.c.version == stored.version)
        .values(
            status=after.status,
            answers=after.answers,
            version=stored.version + 1,
            updated_at=now,
            ended_at=after.ended_at,
        )
    )
    if changed.rowcount != 1:
        raise CaseChanged


def record(
    conn: Connection,
    deployment: Deployment,
    case_no: str,
    before: Case,
    events: Sequence[Event],
    after: Case,
) -> None:
    """Write the events of one action and all that follows from them."""
    keeping.append_events(conn, case_no, events)
    keeping.project(conn, case_no, before, after)
    _send_notices(conn, deployment, case_no, events, after)


def _send_notices(
    conn: Connection, deployment: Deployment, case_no: str, events: Sequence[Event], after: Case
) -> None:
    """Put the notices of these events into the applicant's inbox."""
    if after.applicant is None:
        return
    notices = {n.id: n for n in deployment.current.notices}
    for event in events:
        name = event.data.get("notice")
        notice = notices.get(name) if isinstance(name, str) else None
        if event.kind == "notice_sent" and notice is not None:
            conn.execute(
                insert(tables.notice).values(
                    case_no=case_no,
                    event=event.seq,
                    account=after.applicant.account,
                    notice=notice.id,
                    title=_pair(notice.title),
                    text=_pair(notice.text),
                    at=event.at,
                )
            )


def _pair(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def note(
    deployment: Deployment,
    conn: Connection,
    kind: str,
    now: datetime,
    who: SignIn | None,
    case_no: str,
    **facts: Json,
) -> None:
    """Write the audit entry of one action; nobody's (`who` None) is the process itself."""
    actor = Actor(who.account.account, who.account.party, "") if who else Actor("process", None, "")
    deployment.journal.append(conn, keeping.audit_entry(kind, now, actor, case_no, **facts))


def close_case(platform: Platform, scenario: Scenario, case_no: str) -> None:
    """End a case at the issuer and tell the nodes; what cannot be told now ends by itself."""
    parties = {
        found.party
        for d in scenario.datasets
        if (found := platform.catalog.find(d.dataset)) is not None
    }
    try:
        platform.hub.close_case(case_no, sorted(parties))
    except Fault:
        return
