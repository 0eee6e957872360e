"""Declare the hub's tables for grants, nodes and its journal."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from federation.audit import checkpoint_table, entry_table
from federation.store import Instant, Json, hub_metadata

__all__ = ["grant_table", "hub_checkpoint", "hub_entry", "invitation_table", "node_table"]

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

node_table = Table(
    "hub_node",
    hub_metadata,
    Column("party", String(64), primary_key=True),
    Column("url", String(256), nullable=True, comment="NULL: embedded in the hub's own process"),
    Column("public_key", String(160), nullable=False),
    Column("fingerprint", String(64), nullable=True, comment="of its TLS certificate"),
    Column("state", String(16), nullable=False, comment="enrolled or retired"),
    Column("enrolled_at", Instant, nullable=False),
    Column("enrolled_by", String(64), nullable=False),
    Column("retired_at", Instant, nullable=True),
    Column("retired_by", String(64), nullable=True),
    Column("reason", String(512), nullable=True),
    Column("steward_key", String(160), nullable=True, comment="of the owner's steward, when told"),
    Column("certified_until", Instant, nullable=True, comment="when its TLS certificate ends"),
    comment="the departments' nodes; one row a party, a retired one stays",
)

invitation_table = Table(
    "hub_invitation",
    hub_metadata,
    Column("party", String(64), primary_key=True),
    Column("code", String(64), nullable=False, comment="SM3 of the one-time code in the kit"),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    comment="start-up kits given out and not yet used",
)

hub_entry = entry_table(hub_metadata)
hub_checkpoint = checkpoint_table(hub_metadata)
