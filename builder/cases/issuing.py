"""Issue documents, and void them, in the transaction of the case that makes it so.

The event, the document's row, the entry in the journal and the signed statement are written
together or not at all: there is no document half-issued. The page is laid out when somebody fetches
it, from the content kept here, so that it is the same however often and wherever that happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, insert, select, update

from builder.cases.papers import RECEIPT, About, issued, receipt
from builder.cases.platform import Deployment, Platform
from builder.documents import Content, content_hash
from builder.documents.statement import Statement, sign_statement
from builder.process.case import Event
from builder.process.engine import Outcome
from builder.scenario.model import APPLICANT, Json, Scenario
from builder.store import cases as tables
from federation.audit import Entry

__all__ = ["ISSUED", "VOIDED", "document_number", "issue_receipt", "issue_what_is_due"]

ISSUED = "document-issued"
VOIDED = "document-voided"


@dataclass(frozen=True, slots=True)
class _Made:
    """A document about to be written."""

    document: str
    number: str
    content: Content
    languages: tuple[str, ...]
    event: int | None


def document_number(scenario: Scenario, case_no: str, document: str, round_: int) -> str:
    """Return a document's number: the case's, its place in the matter, and which one it is.

    It does not depend on what else was issued before, so that branches side by side do not disturb
    each other.
    """
    place = [d.id for d in scenario.documents].index(document) + 1
    again = f"-{round_}" if round_ > 1 else ""
    return f"{case_no}-{place:02d}{again}"


def issue_what_is_due(
    conn: Connection,
    platform: Platform,
    deployment: Deployment,
    scenario: Scenario,
    case_no: str,
    outcome: Outcome,
) -> tuple[Event, ...]:
    """Issue and void what an action's events say, and return the events with numbers and hashes."""
    return tuple(
        _issue(conn, platform, deployment, scenario, case_no, outcome, event)
        if event.kind == "document_issued"
        else _void(conn, deployment, scenario, case_no, event)
        if event.kind == "document_voided"
        else event
        for event in outcome.events
    )


def issue_receipt(
    conn: Connection, platform: Platform, about: About, seal: str, account: str
) -> None:
    """Issue the receipt of a hand-in, once."""
    number = f"{about.case_no}-R"
    known = select(tables.document.c.number).where(tables.document.c.number == number)
    if conn.scalar(known) is None:
        content = receipt(about, number, seal)
        made = _Made(RECEIPT, number, content, ("zh", "zh-en"), None)
        _write(conn, platform, about.deployment, about.case_no, made, account, about.at)


def _issue(
    conn: Connection,
    platform: Platform,
    deployment: Deployment,
    scenario: Scenario,
    case_no: str,
    outcome: Outcome,
    event: Event,
) -> Event:
    document = scenario.document(cast("str", event.data["document"]))
    number = document_number(scenario, case_no, document.id, cast("int", event.data["round"]))
    named = outcome.case.answers.get(APPLICANT.id, {}).get("name")
    applicant = named if isinstance(named, str) else ""
    about = About(platform, deployment, scenario, case_no, outcome.case, applicant, event.at)
    content = issued(about, document, number)
    made = _Made(document.id, number, content, document.languages, event.seq)
    hashed = _write(conn, platform, deployment, case_no, made, "process", event.at)
    return replace(event, data={**event.data, "number": number, "hash": hashed})


def _write(
    conn: Connection,
    platform: Platform,
    deployment: Deployment,
    case_no: str,
    made: _Made,
    account: str,
    at: datetime,
) -> str:
    content = made.content.to_json()
    hashed = content_hash(content)
    facts: dict[str, Json] = {
        "case": case_no,
        "document": made.document,
        "number": made.number,
        "content": hashed,
    }
    entry = deployment.journal.append(conn, Entry(ISSUED, at, account, facts))
    said = Statement(
        platform.settings.city, deployment.id, made.number, hashed, entry.seq, entry.hash,
        at.isoformat(timespec="seconds"),
    )  # fmt: skip
    conn.execute(
        insert(tables.document).values(
            number=made.number,
            case_no=case_no,
            document=made.document,
            event=made.event,
            kind=made.content.kind,
            languages=list(made.languages),
            content=content,
            hash=hashed,
            statement=sign_statement(said, platform.hub.signer).line(),
            issued_at=made.content.issued_at,
        )
    )
    return hashed


def _void(
    conn: Connection, deployment: Deployment, scenario: Scenario, case_no: str, event: Event
) -> Event:
    document, cause = cast("str", event.data["document"]), cast("str", event.data["cause"])
    number = document_number(scenario, case_no, document, cast("int", event.data["round"]))
    conn.execute(
        update(tables.document)
        .where(tables.document.c.number == number)
        .values(voided_at=event.at, cause=cause)
    )
    facts: dict[str, Json] = {
        "case": case_no, "document": document, "number": number, "cause": cause,
    }  # fmt: skip
    deployment.journal.append(conn, Entry(VOIDED, event.at, "process", facts))
    return replace(event, data={**event.data, "number": number})
