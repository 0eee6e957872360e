"""Declare the hub's tables for grants and its journal."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from federation.audit import checkpoint_table, entry_table
from federation.store import Instant, Json, hub_metadata

__all__ = ["grant_table", "hub_checkpoint", "hub_entry"]

grant_table = Table(
    "grant",
    hub_metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("grantee", String(64), nullable=False, index=True),
    Column("dataset", String(128), nullable=False, index=True),
    Column("purpose", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("document", Json, nullable=False),
    Column("sealed", Json, nullable=True, comment="the owner's last decision, in its own seal"),
    comment="grants as asked and as decided; the list the pages show. The node's copy counts.",
)

hub_entry = entry_table(hub_metadata)
hub_checkpoint = checkpoint_table(hub_metadata)
