"""Keep the questions on their way of one deployment: who is to answer, when to ask again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from builder.cases.platform import Deployment
from builder.process.case import Case, PendingQuery
from builder.scenario.model import Scenario
from builder.store import cases as tables
from federation.store import read, write

__all__ = ["Tried", "hurry", "project_questions", "read_tried", "rewind", "silent_parties"]


def project_questions(
    conn: Connection,
    deployment: Deployment,
    scenario: Scenario,
    case_no: str,
    before: Case,
    after: Case,
    now: datetime,
) -> None:
    """Bring the pending questions to where the events lead; a question that stays keeps its claim.

    When a question is due is told by the clock of now, so that a clock that was set back since the
    case's last event puts nothing off.
    """
    row = tables.pending_query.c
    for step, pending in before.pending.items():
        kept = after.pending.get(step)
        if kept is None or kept.asked != pending.asked:
            conn.execute(
                delete(tables.pending_query).where(row.case_no == case_no, row.step == step)
            )
    for step, pending in after.pending.items():
        known = before.pending.get(step)
        if known == pending:
            continue
        values = {
            "attempts": pending.attempts,
            "retry_at": now if pending.retry_at is None else now + _pause(pending, after),
            "fault": pending.fault,
            "since": pending.since,
            "tried_at": None if pending.retry_at is None else now,
            "claimed_by": None,
            "claimed_until": None,
        }
        if known is not None and known.asked == pending.asked:
            conn.execute(
                update(tables.pending_query)
                .where(row.case_no == case_no, row.step == step)
                .values(**values)
            )
        else:
            conn.execute(
                insert(tables.pending_query).values(
                    case_no=case_no,
                    step=step,
                    query=pending.query,
                    asked=pending.asked,
                    party=_asked_party(deployment, scenario, pending.query),
                    **values,
                )
            )


def _pause(pending: PendingQuery, after: Case) -> timedelta:
    """Return how long the event that just failed a question lets it wait."""
    if pending.retry_at is None or after.updated_at is None:
        return timedelta(0)
    return pending.retry_at - after.updated_at


def _asked_party(deployment: Deployment, scenario: Scenario, query: str) -> str | None:
    dataset = deployment.catalog.find(scenario.dataset(scenario.query(query).dataset).dataset)
    return None if dataset is None else dataset.party


@dataclass(frozen=True, slots=True)
class Tried:
    """How it stands with a question, beside what the case knows.

    Attributes:
        again: when it is tried next.
        is_tried: somebody is asking right now.
    """

    again: datetime
    is_tried: bool


def read_tried(deployment: Deployment, case_no: str, now: datetime) -> dict[str, Tried]:
    """Return when each pending question of a case is tried next, by step."""
    row_of = tables.pending_query.c
    with read(deployment.engine) as conn:
        rows = conn.execute(
            select(row_of.step, row_of.retry_at, row_of.claimed_until).where(
                row_of.case_no == case_no
            )
        )
        return {
            r.step: Tried(r.retry_at, r.claimed_until is not None and r.claimed_until > now)
            for r in rows
        }


def hurry(
    conn: Connection,
    now: datetime,
    *,
    case_no: str | None = None,
    party: str | None = None,
    faults: Collection[str] | None = None,
    rested: timedelta = timedelta(0),
) -> int:
    """Make waiting questions due at once: of a case, of a party; return how many.

    Args:
        conn: the transaction.
        now: the moment they become due.
        case_no: only this case's.
        party: only those that this party is to answer.
        faults: only those that failed with one of these codes.
        rested: leave those alone that were tried so recently.
    """
    row = tables.pending_query.c
    chosen: list[ColumnElement[bool]] = [row.retry_at > now]
    if case_no is not None:
        chosen.append(row.case_no == case_no)
    if party is not None:
        chosen.append(row.party == party)
    if faults is not None:
        chosen.append(row.fault.in_(sorted(faults)))
    if rested:
        chosen.append(or_(row.tried_at.is_(None), row.tried_at <= now - rested))
    changed = conn.execute(update(tables.pending_query).where(*chosen).values(retry_at=now))
    return changed.rowcount


def silent_parties(deployment: Deployment, now: datetime) -> dict[str, set[str]]:
    """Return who has not answered: party → the faults of its questions that wait for later."""
    row = tables.pending_query.c
    found: dict[str, set[str]] = {}
    with read(deployment.engine) as conn:
        rows = conn.execute(
            select(row.party, row.fault)
            .where(row.retry_at > now, row.fault.is_not(None), row.party.is_not(None))
            .distinct()
        )
        for r in rows:
            found.setdefault(r.party, set()).add(r.fault)
    return found


def rewind(deployment: Deployment, now: datetime) -> int:
    """Make due what was tried at a time that has yet to come: the clock was set back since."""
    row = tables.pending_query.c
    with write(deployment.engine) as conn:
        changed = conn.execute(
            update(tables.pending_query)
            .where(row.tried_at > now, row.retry_at > now)
            .values(retry_at=now, tried_at=now)
        )
    return changed.rowcount
