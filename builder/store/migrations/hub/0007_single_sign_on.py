"""single sign-on: flows under way, who goes with which account, what a sign-out gives back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant

revision = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sso_flow",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.String(length=1024), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_sso_flow")),
        comment="sign-ins on their way to the identity provider and back; each is used once",
    )
    with op.batch_alter_table("sso_flow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sso_flow_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "sso_link",
        sa.Column(
            "subject_hash",
            sa.String(length=64),
            nullable=False,
            comment="SM3 of issuer and subject",
        ),
        sa.Column("issuer", sa.String(length=256), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject_hash", name=op.f("pk_sso_link")),
        comment="which account goes with whom at the identity provider",
    )
    with op.batch_alter_table("sso_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sso_link_account"), ["account"], unique=False)

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "sso_subject",
                sa.String(length=256),
                nullable=True,
                comment="at the identity provider",
            )
        )
        batch_op.add_column(
            sa.Column(
                "sso_sid",
                sa.String(length=256),
                nullable=True,
                comment="the provider's own session",
            )
        )
        batch_op.add_column(
            sa.Column(
                "id_token",
                sa.Text(),
                nullable=True,
                comment="given back to the provider at sign-out",
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("id_token")
        batch_op.drop_column("sso_sid")
        batch_op.drop_column("sso_subject")

    with op.batch_alter_table("sso_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sso_link_account"))
    op.drop_table("sso_link")
    with op.batch_alter_table("sso_flow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sso_flow_expires_at"))
    op.drop_table("sso_flow")
