"""Let things happen to a case: events, projections, notices and audit entry in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, update

from builder.cases import due, keeping, outbox, questions, telling
from builder.cases.asking import Fetched
from builder.cases.errors import CaseChanged
from builder.cases.issuing import issue_what_is_due
from builder.cases.keeping import StoredCase
from builder.cases.platform import Deployment, Platform
from builder.identity import SignIn
from builder.process.case import Action, Actor, Case
from builder.process.deadlines import next_moment
from builder.process.engine import Outcome, advance
from builder.scenario.model import Json, Scenario
from builder.store import cases as tables
from federation.store import write

__all__ = ["advance_case", "note", "record", "update_case"]


def advance_case(
    platform: Platform,
    deployment: Deployment,
    stored: StoredCase,
    action: Action,
    kind: str,
    who: SignIn | None,
    *,
    uses: Fetched | None = None,
    also: Callable[[Connection], None] = lambda _: None,
    **facts: Json,
) -> None:
    """Let an action happen: events, projection, notices and audit entry in one transaction.

    `also` writes what else belongs to it.

    Raises:
        ProcessFault: the action may not be done now.
        CaseChanged: somebody was faster; nothing was written.
    """
    now = platform.clock()
    outcome = advance(stored.scenario, stored.case, action, now, platform.calendar)
    with write(deployment.engine) as conn:
        update_case(conn, stored, outcome.case, now)
        record(conn, platform, deployment, stored.scenario, stored.case_no, stored.case, outcome)
        if uses is not None:
            keeping.add_uses(conn, stored.case_no, uses.uses)
        also(conn)
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
    platform: Platform,
    deployment: Deployment,
    scenario: Scenario,
    case_no: str,
    before: Case,
    outcome: Outcome,
) -> None:
    """Write the events of one action and all that follows from them."""
    after, now = outcome.case, platform.clock()
    events = issue_what_is_due(conn, platform, deployment, scenario, case_no, outcome)
    keeping.append_events(conn, case_no, events)
    keeping.project(conn, case_no, before, after)
    questions.project_questions(conn, deployment, scenario, case_no, before, after, now)
    due.set_timer(conn, case_no, next_moment(scenario, after, platform.calendar))
    telling.tell(conn, platform, scenario, case_no, outcome)
    if after.is_ended and not before.is_ended:
        outbox.close_later(conn, platform, scenario, case_no, now)


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
