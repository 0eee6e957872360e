"""Read and write one deployment's case store: drafts, cases, events, tasks, uses, notices.

Events, the worklist projection, pending questions and the audit entry of one action are written by
one call of `record`, inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import Row

from builder.cases.answers import Nested
from builder.cases.platform import Deployment
from builder.process.case import Actor, Case, Event
from builder.process.engine import fold
from builder.scenario.model import Json, Scenario
from builder.store import cases as tables
from federation.audit import Entry
from federation.store import read

__all__ = [
    "Draft",
    "StoredCase",
    "Use",
    "add_uses",
    "append_events",
    "load_case",
    "load_draft",
    "project",
    "write_draft",
]


@dataclass(frozen=True, slots=True)
class Draft:
    """An application being filled in.

    Attributes:
        reason: ``new``, or why it came back: ``returned``, ``correction``.
        provenance: pointer → where the value came from.
        fetched: query id → what its last answer was, see `builder.cases.asking.Fetched`.
        done: pages that were good when last saved.
        former: numbers this matter had before the subject's number was corrected.
    """

    case_no: str
    account: str
    scenario_hash: str
    form: str
    reason: str
    answers: Nested
    provenance: Mapping[str, Json]
    fetched: Mapping[str, Mapping[str, Json]]
    done: tuple[str, ...]
    former: tuple[str, ...]
    version: int
    begun_at: datetime
    updated_at: datetime
    expires_at: datetime

    @property
    def results(self) -> dict[str, Mapping[str, Json]]:
        """Return the answered queries' rows, for expressions."""
        return {q: row for q, f in self.fetched.items() if isinstance(row := f.get("row"), Mapping)}


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case with the record it is kept in."""

    case_no: str
    deployment: Deployment
    scenario: Scenario
    account: str
    applicant: Mapping[str, Json]
    provenance: Mapping[str, Json]
    fetched: Mapping[str, Mapping[str, Json]]
    former: tuple[str, ...]
    seal: str
    version: int
    case: Case
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One use of somebody's data, as the person concerned will read it."""

    at: datetime
    node: str
    dataset: str
    fields: tuple[str, ...]
    subject: str
    purpose: str
    grant: str
    asked_by: str
    outcome: str
    entry: str


# ── Drafts ───────────────────────────────────────────────────────────────────────────────────────


def load_draft(deployment: Deployment, case_no: str) -> Draft | None:
    """Return a draft by its number."""
    with read(deployment.engine) as conn:
        row = conn.execute(
            select(tables.draft).where(tables.draft.c.case_no == case_no)
        ).one_or_none()
    return None if row is None else _draft(row)


def write_draft(conn: Connection, draft: Draft, *, seen: int | None) -> bool:
    """Write a draft; `seen` is the version it was read at, None for a new one.

    Returns:
        False when somebody saved it meanwhile: nothing was written.
    """
    values = {
        "account": draft.account,
        "scenario_hash": draft.scenario_hash,
        "form": draft.form,
        "reason": draft.reason,
        "answers": draft.answers,
        "provenance": dict(draft.provenance),
        "fetched": dict(draft.fetched),
        "done": list(draft.done),
        "former": list(draft.former),
        "version": draft.version,
        "begun_at": draft.begun_at,
        "updated_at": draft.updated_at,
        "expires_at": draft.expires_at,
    }
    if seen is None:
        conn.execute(insert(tables.draft).values(case_no=draft.case_no, **values))
        return True
    changed = conn.execute(
        update(tables.draft)
        .where(tables.draft.c.case_no == draft.case_no, tables.draft.c.version == seen)
        .values(**values)
    )
    return changed.rowcount == 1


def move_draft(conn: Connection, draft: Draft, *, to: str, seen: int) -> bool:
    """Give a draft a new number; what was used under the old one moves along for its reader."""
    changed = conn.execute(
        delete(tables.draft).where(
            tables.draft.c.case_no == draft.case_no, tables.draft.c.version == seen
        )
    )
    if changed.rowcount != 1:
        return False
    moved = replace(draft, case_no=to, former=(*draft.former, draft.case_no))
    write_draft(conn, moved, seen=None)
    for table in (tables.use, tables.upload):
        conn.execute(update(table).where(table.c.case_no == draft.case_no).values(case_no=to))
    return True


# ── Cases ────────────────────────────────────────────────────────────────────────────────────────


def load_case(deployment: Deployment, case_no: str) -> StoredCase | None:
    """Return a case, folded from its events; None where the number holds no case (yet)."""
    with read(deployment.engine) as conn:
        return read_case(conn, deployment, case_no)


def read_case(conn: Connection, deployment: Deployment, case_no: str) -> StoredCase | None:
    """Return a case inside the caller's transaction."""
    row = conn.execute(select(tables.case).where(tables.case.c.case_no == case_no)).one_or_none()
    if row is None:
        return None
    events = tuple(
        _event(r)
        for r in conn.execute(
            select(tables.event)
            .where(tables.event.c.case_no == case_no)
            .order_by(tables.event.c.seq)
        )
    )
    scenario = deployment.scenario(row.scenario_hash)
    return StoredCase(
        case_no=case_no,
        deployment=deployment,
        scenario=scenario,
        account=row.account,
        applicant=row.applicant,
        provenance=row.provenance,
        fetched=row.fetched,
        former=tuple(row.former),
        seal=row.seal,
        version=row.version,
        case=fold(scenario, events),
        events=events,
    )


def append_events(conn: Connection, case_no: str, events: Sequence[Event]) -> None:
    """Append the events of one action."""
    conn.execute(
        insert(tables.event),
        [
            {
                "case_no": case_no,
                "seq": e.seq,
                "at": e.at,
                "kind": e.kind,
                "actor": e.actor.to_json() if e.actor else None,
                "step": e.step,
                "data": dict(e.data),
            }
            for e in events
        ],
    )


def project(conn: Connection, case_no: str, before: Case, after: Case) -> None:
    """Bring the worklist of a case to where its events lead."""
    for task in after.tasks.values():
        if before.tasks.get(task.id) == task:
            continue
        values = {
            "step": task.step,
            "party": task.party or "",
            "role": task.role,
            "state": task.status,
            "opened_at": task.opened_at,
            "due_at": task.due_at,
            "done_at": task.done_at,
            "done_by": task.done_by.account if task.done_by else None,
            "assignee": task.assignee,
        }
        if task.id in before.tasks:
            conn.execute(
                update(tables.task)
                .where(tables.task.c.case_no == case_no, tables.task.c.task == task.id)
                .values(**values)
            )
        else:
            conn.execute(insert(tables.task).values(case_no=case_no, task=task.id, **values))


def add_uses(conn: Connection, case_no: str, uses: Iterable[Use]) -> None:
    """Keep uses of data for the person concerned to read."""
    rows = [
        {
            "case_no": case_no,
            "at": u.at,
            "node": u.node,
            "dataset": u.dataset,
            "fields": list(u.fields),
            "subject": u.subject,
            "purpose": u.purpose,
            "grant": u.grant,
            "asked_by": u.asked_by,
            "outcome": u.outcome,
            "entry": u.entry,
        }
        for u in uses
    ]
    if rows:
        conn.execute(insert(tables.use), rows)


def read_uses(deployment: Deployment, case_no: str) -> tuple[Use, ...]:
    """Return the uses of data for a matter, oldest first."""
    with read(deployment.engine) as conn:
        rows = conn.execute(
            select(tables.use).where(tables.use.c.case_no == case_no).order_by(tables.use.c.id)
        )
        return tuple(
            Use(
                r.at,
                r.node,
                r.dataset,
                tuple(r.fields),
                r.subject,
                r.purpose,
                r.grant,
                r.asked_by,
                r.outcome,
                r.entry,
            )
            for r in rows
        )


def expired_drafts(deployment: Deployment, now: datetime) -> tuple[str, ...]:
    """Return the numbers of drafts that nobody came back to in time."""
    with read(deployment.engine) as conn:
        return tuple(
            conn.scalars(
                select(tables.draft.c.case_no).where(
                    tables.draft.c.expires_at <= now, tables.draft.c.reason == "new"
                )
            )
        )


def expiry(scenario: Scenario, now: datetime) -> datetime:
    """Return until when a draft is kept."""
    return now + timedelta(days=scenario.retention.drafts_days)


def audit_entry(kind: str, at: datetime, actor: Actor, case_no: str, **facts: Json) -> Entry:
    """Return the journal entry of one action on a case; it names no person but by account."""
    return Entry(
        kind=kind,
        at=at,
        actor=actor.account,
        facts={"case": case_no, "party": actor.party, **facts},
    )


def _draft(row: Row[tuple[object, ...]]) -> Draft:
    return Draft(
        case_no=row.case_no,
        account=row.account,
        scenario_hash=row.scenario_hash,
        form=row.form,
        reason=row.reason,
        answers=row.answers,
        provenance=row.provenance,
        fetched=row.fetched,
        done=tuple(row.done),
        former=tuple(row.former),
        version=row.version,
        begun_at=row.begun_at,
        updated_at=row.updated_at,
        expires_at=row.expires_at,
    )


def _event(row: Row[tuple[object, ...]]) -> Event:
    actor = Actor.from_json(row.actor) if row.actor else None
    return Event(row.seq, row.at, row.kind, actor, row.step, row.data)
