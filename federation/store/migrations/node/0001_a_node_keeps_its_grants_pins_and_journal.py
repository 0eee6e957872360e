"""A node keeps its grants, pins and journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant, Json

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("peaks", Json(), nullable=False),
        sa.Column("key", sa.String(length=130), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
        comment="what a signer vouched for: the first `size` entries have this root and head",
    )
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("case", sa.String(length=128), nullable=True),
        sa.Column("party", sa.String(length=128), nullable=True),
        sa.Column("dataset", sa.String(length=256), nullable=True),
        sa.Column("closes", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        comment="append-only; verified by federation.audit",
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_case"), ["case"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_closes"), ["closes"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_dataset"), ["dataset"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_party"), ["party"], unique=False)

    op.create_table(
        "node_case_closed",
        sa.Column("case_no", sa.String(length=256), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_node_case_closed")),
    )
    op.create_table(
        "node_grant",
        sa.Column("id", sa.String(length=256), nullable=False),
        sa.Column("hub", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "sealed", Json(), nullable=True, comment="the steward's approval, in its own seal"
        ),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node_grant")),
        comment="grants this owner gave; a revocation stays even when it comes before its grant",
    )
    op.create_table(
        "node_pin",
        sa.Column("case_no", sa.String(length=256), nullable=False),
        sa.Column(
            "slot", sa.String(length=256), nullable=False, comment="applicant:, or the subject's id"
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("pinned_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("case_no", "slot", name=op.f("pk_node_pin")),
        comment="whom a case concerns at this node, settled at first use; pseudonyms only",
    )
    op.create_table(
        "node_seen",
        sa.Column("hub", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=256), nullable=False),
        sa.Column("case_no", sa.String(length=256), nullable=True),
        sa.Column(
            "is_read",
            sa.Boolean(),
            nullable=False,
            comment="asked about the node itself, not for rows",
        ),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "nonce", name=op.f("pk_node_seen")),
        comment="requests handled in the last hour: none twice, and not too many",
    )
    with op.batch_alter_table("node_seen", schema=None) as batch_op:
        batch_op.create_index("ix_node_seen_case", ["case_no", "seen_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_node_seen_seen_at"), ["seen_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("node_seen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_node_seen_seen_at"))
        batch_op.drop_index("ix_node_seen_case")

    op.drop_table("node_seen")
    op.drop_table("node_pin")
    op.drop_table("node_grant")
    op.drop_table("node_case_closed")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_party"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_kind"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_dataset"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_closes"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_case"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor"))

    op.drop_table("audit_entry")
    op.drop_table("audit_checkpoint")
