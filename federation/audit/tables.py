"""Declare a journal's two tables on whichever schema keeps it."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table, Text

from federation.store import Instant, Json

__all__ = ["checkpoint_table", "entry_table"]


def entry_table(metadata: MetaData, name: str = "audit_entry") -> Table:
    """Declare the table of entries; every other column repeats what `body` says, for searching."""
    return Table(
        name,
        metadata,
        Column("seq", Integer, primary_key=True, autoincrement=False),
        Column("at", Instant, nullable=False, index=True),
        Column("kind", String(64), nullable=False, index=True),
        Column("actor", String(128), nullable=False, index=True),
        Column("case", String(128), index=True),
        Column("party", String(128), index=True),
        Column("dataset", String(256), index=True),
        Column("closes", Integer, index=True),
        Column("body", Text, nullable=False),
        Column("prev", String(64), nullable=False),
        Column("hash", String(64), nullable=False),
        comment="append-only; verified by federation.audit",
    )


def checkpoint_table(metadata: MetaData, name: str = "audit_checkpoint") -> Table:
    """Declare the table of signed checkpoints."""
    return Table(
        name,
        metadata,
        Column("size", Integer, primary_key=True, autoincrement=False),
        Column("at", Instant, nullable=False),
        Column("root", String(64), nullable=False),
        Column("head", String(64), nullable=False),
        Column("peaks", Json, nullable=False),
        Column("key", String(130), nullable=False),
        Column("signature", String(88), nullable=False),
        comment="what a signer vouched for: the first `size` entries have this root and head",
    )
