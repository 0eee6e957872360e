"""first schema."""

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
        "account",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", Json(), nullable=False),
        sa.Column("party", sa.String(length=64), nullable=True),
        sa.Column("roles", Json(), nullable=False),
        sa.Column("person", Json(), nullable=False),
        sa.Column("password", sa.String(length=256), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account")),
    )
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
        "case_ref",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("deployment", sa.String(length=96), nullable=False),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_case_ref")),
        comment="which deployment's store a number leads to; written before the draft",
    )
    op.create_table(
        "deployment",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("county", sa.String(length=16), nullable=False),
        sa.Column("scenario", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("home_party", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=256), nullable=False),
        sa.Column("deployed_at", Instant(), nullable=False),
        sa.Column("deployed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.create_table(
        "grant",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("grantee", sa.String(length=64), nullable=False),
        sa.Column("dataset", sa.String(length=128), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column(
            "sealed", Json(), nullable=True, comment="the owner's last decision, in its own seal"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant")),
        comment="grants as asked and as decided; the list the pages show. The node's copy counts.",
    )
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grant_dataset"), ["dataset"], unique=False)
        batch_op.create_index(batch_op.f("ix_grant_grantee"), ["grantee"], unique=False)
        batch_op.create_index(batch_op.f("ix_grant_owner"), ["owner"], unique=False)

    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("ticket", Json(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_expires_at"), ["expires_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_expires_at"))
        batch_op.drop_index(batch_op.f("ix_session_account"))

    op.drop_table("session")
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grant_owner"))
        batch_op.drop_index(batch_op.f("ix_grant_grantee"))
        batch_op.drop_index(batch_op.f("ix_grant_dataset"))

    op.drop_table("grant")
    op.drop_table("deployment")
    op.drop_table("case_ref")
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
    op.drop_table("account")
