"""Keep the case issuer's own records, in its own schema; no other part reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    RowMapping,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from federation.audit import checkpoint_table, entry_table
from federation.store import Instant, Json, Tree, new_metadata
from federation.trust.errors import CaseUnknown, RequestReplayed, SubjectUnknown
from federation.trust.request import Incoming

__all__ = [
    "issuer_checkpoint",
    "issuer_entry",
    "issuer_metadata",
    "issuer_tree",
]

issuer_metadata = new_metadata()

case_table = Table(
    "issuer_case",
    issuer_metadata,
    Column("case_no", String(64), primary_key=True),
    Column("hub", String(64), nullable=False),
    Column("scenario", String(128), nullable=False),
    Column("legal_basis", Json, nullable=False),
    Column("account", String(64), nullable=False),
    Column("applicant", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=True),
    Index("ix_issuer_case_recent", "applicant", "opened_at"),
)

subject_table = Table(
    "issuer_subject",
    issuer_metadata,
    Column("case_no", String(64), ForeignKey("issuer_case.case_no"), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("relation", String(32), nullable=False),
    Column("fields", Json, nullable=False),
    Column("key", String(64), nullable=True),
    Column("declared_at", Instant, nullable=True),
    Column("established_by", String(64), nullable=True),
    Column("established_at", Instant, nullable=True),
    Column("reference", String(64), nullable=True),
)

token_table = Table(
    "issuer_token",
    issuer_metadata,
    Column("id", String(64), primary_key=True),
    Column("case_no", String(64), ForeignKey("issuer_case.case_no"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Index("ix_issuer_token_recent", "case_no", "issued_at"),
)

nonce_table = Table(
    "issuer_nonce",
    issuer_metadata,
    Column("hub", String(64), primary_key=True),
    Column("nonce", String(64), primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
)

issuer_entry = entry_table(issuer_metadata)
issuer_checkpoint = checkpoint_table(issuer_metadata)

issuer_tree = Tree(
    "issuer",
    issuer_metadata,
    Path(__file__).parents[1] / "store" / "migrations" / "issuer",
    tables=("federation.trust.issuer_store",),
)


def spend_nonce(conn: Connection, incoming: Incoming, now: datetime) -> None:
    """Remember a request as handled; raise `RequestReplayed` if it was handled before."""
    conn.execute(delete(nonce_table).where(nonce_table.c.expires_at <= now))
    where = and_(nonce_table.c.hub == incoming.hub, nonce_table.c.nonce == incoming.nonce)
    if conn.scalar(select(func.count()).select_from(nonce_table).where(where)):
        raise RequestReplayed
    conn.execute(
        insert(nonce_table).values(
            hub=incoming.hub, nonce=incoming.nonce, expires_at=incoming.expires
        )
    )


def case_row(conn: Connection, case: str) -> RowMapping | None:
    """Return a case's row."""
    return conn.execute(select(case_table).where(case_table.c.case_no == case)).mappings().first()


def case_of(conn: Connection, hub: str, case: str) -> RowMapping:
    """Return the row of a case of this hub; raise `CaseUnknown` for any other."""
    row = case_row(conn, case)
    if row is None or row["hub"] != hub:
        raise CaseUnknown(case=case)
    return row


def subject_of(conn: Connection, case: str, subject: str) -> RowMapping:
    """Return the row of a case's subject, or raise `SubjectUnknown`."""
    query = select(subject_table).where(
        subject_table.c.case_no == case, subject_table.c.subject == subject
    )
    row = conn.execute(query).mappings().first()
    if row is None:
        raise SubjectUnknown(case=case, subject=subject)
    return row


def subjects_of(conn: Connection, case: str) -> tuple[RowMapping, ...]:
    """Return the rows of all subjects of a case."""
    query = (
        select(subject_table)
        .where(subject_table.c.case_no == case)
        .order_by(subject_table.c.subject)
    )
    return tuple(conn.execute(query).mappings())


def set_subject(conn: Connection, case: str, subject: str, **values: object) -> None:
    """Change a subject's row."""
    conn.execute(
        update(subject_table)
        .where(subject_table.c.case_no == case, subject_table.c.subject == subject)
        .values(**values)
    )


def add_case(conn: Connection, case: Mapping[str, object], subjects: list[dict[str, Any]]) -> None:
    """Enter a case with its subjects."""
    conn.execute(insert(case_table).values(**case))
    if subjects:
        conn.execute(insert(subject_table), subjects)


def end_case(conn: Connection, case: str, now: datetime) -> None:
    """Mark a case as closed for good."""
    conn.execute(
        update(case_table)
        .where(case_table.c.case_no == case, case_table.c.closed_at.is_(None))
        .values(closed_at=now)
    )


def add_token(conn: Connection, token: str, case: str, subject: str, now: datetime) -> None:
    """Remember a token by its id."""
    conn.execute(insert(token_table).values(id=token, case_no=case, subject=subject, issued_at=now))


def token_is_of(conn: Connection, token: str, case: str, subject: str) -> bool:
    """Say whether a token was given for this subject of this case."""
    query = select(token_table.c.case_no, token_table.c.subject).where(token_table.c.id == token)
    row = conn.execute(query).first()
    return row is not None and (row.case_no, row.subject) == (case, subject)


def count_cases(conn: Connection, applicant: str, since: datetime) -> int:
    """Count the cases an applicant opened since a moment."""
    return _count(
        conn, case_table, case_table.c.applicant == applicant, case_table.c.opened_at > since
    )


def count_declared(conn: Connection, applicant: str, since: datetime) -> int:
    """Count the people and enterprises an applicant named since a moment."""
    query = (
        select(func.count())
        .select_from(subject_table.join(case_table))
        .where(
            case_table.c.applicant == applicant,
            subject_table.c.declared_at > since,
            subject_table.c.key != applicant,
        )
    )
    return conn.scalar(query) or 0


def count_tokens(conn: Connection, case: str, since: datetime) -> int:
    """Count the tokens given for a case since a moment."""
    return _count(conn, token_table, token_table.c.case_no == case, token_table.c.issued_at > since)


def _count(conn: Connection, table: Table, *where: Any) -> int:
    return conn.scalar(select(func.count()).select_from(table).where(*where)) or 0
