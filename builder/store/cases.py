"""Declare the tables of one deployment's case store."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from federation.audit import checkpoint_table, entry_table
from federation.store import Instant, Json, new_metadata

__all__ = [
    "audit_checkpoint",
    "audit_entry",
    "case",
    "case_metadata",
    "document",
    "document_template",
    "draft",
    "event",
    "notice",
    "outbox",
    "pending_query",
    "scenario",
    "task",
    "timer",
    "upload",
    "use",
]

case_metadata = new_metadata()

scenario = Table(
    "scenario",
    case_metadata,
    Column("hash", String(64), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("spec", Json, nullable=False),
    Column("published_at", Instant, nullable=False),
    comment="every version that a case of this deployment began with",
)

draft = Table(
    "draft",
    case_metadata,
    Column("case_no", String(32), primary_key=True),
    Column("account", String(64), nullable=False, index=True),
    Column("scenario_hash", String(64), ForeignKey("scenario.hash"), nullable=False),
    Column("form", String(64), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("answers", Json, nullable=False),
    Column("provenance", Json, nullable=False),
    Column("fetched", Json, nullable=False),
    Column("done", Json, nullable=False),
    Column("former", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

case = Table(
    "case",
    case_metadata,
    Column("case_no", String(32), primary_key=True),
    Column("scenario_hash", String(64), ForeignKey("scenario.hash"), nullable=False),
    Column("account", String(64), nullable=False),
    Column("applicant", Json, nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("answers", Json, nullable=False),
    Column("provenance", Json, nullable=False),
    Column("fetched", Json, nullable=False),
    Column("former", Json, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Index("case_of_account", "account", "updated_at", "case_no"),
)

event = Table(
    "event",
    case_metadata,
    Column("case_no", String(32), ForeignKey("case.case_no"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Json, nullable=True),
    Column("step", String(64), nullable=True),
    Column("data", Json, nullable=False),
)

task = Table(
    "task",
    case_metadata,
    Column("case_no", String(32), ForeignKey("case.case_no"), primary_key=True),
    Column("task", String(96), primary_key=True),
    Column("step", String(64), nullable=False),
    Column("party", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=True),
    Column("done_at", Instant, nullable=True),
    Column("done_by", String(64), nullable=True),
    Column("assignee", String(64), nullable=True, comment="the one person who is to act"),
    Index("task_by_due", "party", "role", "state", "due_at", "case_no", "task"),
    Index("task_by_done", "party", "role", "state", "done_at", "case_no", "task"),
    comment="a projection of the events for worklists, written in the same transaction",
)

pending_query = Table(
    "pending_query",
    case_metadata,
    Column("case_no", String(32), ForeignKey("case.case_no"), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("query", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Instant, nullable=False, index=True),
    Column("fault", String(64), nullable=True),
    Column("asked", Integer, nullable=True, comment="seq of the event that asked"),
    Column("party", String(64), nullable=True, comment="who is to answer"),
    Column("since", Instant, nullable=True, comment="when it first went unanswered"),
    Column("tried_at", Instant, nullable=True),
    Column("claimed_by", String(64), nullable=True),
    Column("claimed_until", Instant, nullable=True),
    Index("pending_query_of_party", "party", "retry_at"),
)

timer = Table(
    "timer",
    case_metadata,
    Column("case_no", String(32), ForeignKey("case.case_no"), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("fault", String(64), nullable=True),
    Column("claimed_by", String(64), nullable=True),
    Column("claimed_until", Instant, nullable=True),
    comment="the next moment at which something happens to a case by itself",
)

outbox = Table(
    "outbox",
    case_metadata,
    Column("id", String(64), primary_key=True),
    Column("case_no", String(32), nullable=False, index=True),
    Column("channel", String(32), nullable=False),
    Column("address", String(512), nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("done_at", Instant, nullable=True),
    Column("fault", String(64), nullable=True),
    Column("claimed_by", String(64), nullable=True),
    Column("claimed_until", Instant, nullable=True),
    Index("outbox_due", "state", "next_at"),
    comment="what others must still be told; the id stays the same however often it is sent",
)

use = Table(
    "use",
    case_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_no", String(32), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("node", String(64), nullable=False),
    Column("dataset", String(128), nullable=False),
    Column("fields", Json, nullable=False),
    Column("subject", String(64), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("grant", String(64), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("entry", String(96), nullable=False),
    comment="every use of somebody's data for a case, kept for the person concerned to read",
)

notice = Table(
    "notice",
    case_metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_no", String(32), nullable=False),
    Column("event", Integer, nullable=False),
    Column("account", String(64), nullable=False),
    Column("notice", String(64), nullable=False),
    Column("title", Json, nullable=False),
    Column("text", Json, nullable=False),
    Column("at", Instant, nullable=False),
    Column("read_at", Instant, nullable=True),
    Column("party", String(64), nullable=True, comment="a desk's notice: whose desk"),
    Column("role", String(64), nullable=True),
    UniqueConstraint("case_no", "event", "account", "party", "role", name="notice_once"),
    Index("notice_of_account", "account", "at"),
    Index("notice_of_desk", "party", "role", "at"),
)

document = Table(
    "document",
    case_metadata,
    Column("number", String(48), primary_key=True),
    Column("case_no", String(32), ForeignKey("case.case_no"), nullable=False, index=True),
    Column("document", String(64), nullable=False),
    Column("event", Integer, nullable=True, comment="seq of the event that issued it"),
    Column("kind", String(16), nullable=False),
    Column("languages", Json, nullable=False),
    Column("content", Json, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("statement", String(512), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("voided_at", Instant, nullable=True),
    Column("cause", String(32), nullable=True),
    comment="what was issued: its content; pages are laid out from it, always the same",
)

upload = Table(
    "upload",
    case_metadata,
    Column("id", String(36), primary_key=True),
    Column("case_no", String(32), nullable=False),
    Column("account", String(64), nullable=False),
    Column("pointer", String(128), nullable=False),
    Column("name", String(160), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("media", String(96), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("sm3", String(64), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("found", String(200), nullable=True, comment="what the virus scanner called it"),
    Column("made_at", Instant, nullable=False),
    Column("scanned_at", Instant, nullable=True),
    Column("handed_in_at", Instant, nullable=True, comment="none while only a draft speaks of it"),
    Index("upload_of_case", "case_no", "pointer"),
    Index("upload_by_state", "state", "made_at"),
    comment="files of drafts and cases; their bytes lie under their hash in the uploads folder",
)

document_template = Table(
    "document_template",
    case_metadata,
    Column("scenario_hash", String(64), ForeignKey("scenario.hash"), primary_key=True),
    Column("document", String(64), primary_key=True),
    Column("docx", LargeBinary, nullable=False),
    comment="a bureau's own Word templates, as deployed with a version",
)

audit_entry = entry_table(case_metadata)
audit_checkpoint = checkpoint_table(case_metadata)
