"""Declare the tables of a node's own store."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table

from federation.audit import checkpoint_table, entry_table
from federation.store import Instant, Json, node_metadata

__all__ = [
    "closed_table",
    "grant_table",
    "node_checkpoint",
    "node_entry",
    "pin_table",
    "seen_table",
]

grant_table = Table(
    "node_grant",
    node_metadata,
    Column("id", String(256), primary_key=True),
    Column("hub", String(64), nullable=True),
    Column("state", String(16), nullable=False),
    Column("sealed", Json, nullable=True, comment="the steward's approval, in its own seal"),
    Column("used", Integer, nullable=False, default=0),
    Column("received_at", Instant, nullable=False),
    Column("revoked_at", Instant, nullable=True),
    comment="grants this owner gave; a revocation stays even when it comes before its grant",
)

pin_table = Table(
    "node_pin",
    node_metadata,
    Column("case_no", String(256), primary_key=True),
    Column("slot", String(256), primary_key=True, comment="applicant:, or the subject's id"),
    Column("digest", String(64), nullable=False),
    Column("pinned_at", Instant, nullable=False),
    comment="whom a case concerns at this node, settled at first use; pseudonyms only",
)

closed_table = Table(
    "node_case_closed",
    node_metadata,
    Column("case_no", String(256), primary_key=True),
    Column("closed_at", Instant, nullable=False),
)

seen_table = Table(
    "node_seen",
    node_metadata,
    Column("hub", String(64), primary_key=True),
    Column("nonce", String(256), primary_key=True),
    Column("case_no", String(256), nullable=True),
    Column("is_read", Boolean, nullable=False, comment="asked about the node itself, not for rows"),
    Column("seen_at", Instant, nullable=False, index=True),
    Index("ix_node_seen_case", "case_no", "seen_at"),
    comment="requests handled in the last hour: none twice, and not too many",
)

node_entry = entry_table(node_metadata)
node_checkpoint = checkpoint_table(node_metadata)
