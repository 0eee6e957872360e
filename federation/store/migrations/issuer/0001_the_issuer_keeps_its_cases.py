"""The issuer keeps its cases."""

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
        "issuer_case",
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("hub", sa.String(length=64), nullable=False),
        sa.Column("scenario", sa.String(length=128), nullable=False),
        sa.Column("legal_basis", Json(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("applicant", sa.String(length=64), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_issuer_case")),
    )
    with op.batch_alter_table("issuer_case", schema=None) as batch_op:
        batch_op.create_index("ix_issuer_case_recent", ["applicant", "opened_at"], unique=False)

    op.create_table(
        "issuer_nonce",
        sa.Column("hub", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hub", "nonce", name=op.f("pk_issuer_nonce")),
    )
    with op.batch_alter_table("issuer_nonce", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_issuer_nonce_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "issuer_subject",
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("declared_at", Instant(), nullable=True),
        sa.Column("established_by", sa.String(length=64), nullable=True),
        sa.Column("established_at", Instant(), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_no"], ["issuer_case.case_no"], name=op.f("fk_issuer_subject_case_no_issuer_case")
        ),
        sa.PrimaryKeyConstraint("case_no", "subject", name=op.f("pk_issuer_subject")),
    )
    op.create_table(
        "issuer_token",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_no"], ["issuer_case.case_no"], name=op.f("fk_issuer_token_case_no_issuer_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_token")),
    )
    with op.batch_alter_table("issuer_token", schema=None) as batch_op:
        batch_op.create_index("ix_issuer_token_recent", ["case_no", "issued_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("issuer_token", schema=None) as batch_op:
        batch_op.drop_index("ix_issuer_token_recent")

    op.drop_table("issuer_token")
    op.drop_table("issuer_subject")
    with op.batch_alter_table("issuer_nonce", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issuer_nonce_expires_at"))

    op.drop_table("issuer_nonce")
    with op.batch_alter_table("issuer_case", schema=None) as batch_op:
        batch_op.drop_index("ix_issuer_case_recent")

    op.drop_table("issuer_case")
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
