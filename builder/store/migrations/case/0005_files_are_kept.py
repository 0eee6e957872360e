"""files of drafts and cases are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("pointer", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("media", sa.String(length=96), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sm3", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "found",
            sa.String(length=200),
            nullable=True,
            comment="what the virus scanner called it",
        ),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("scanned_at", Instant(), nullable=True),
        sa.Column(
            "handed_in_at",
            Instant(),
            nullable=True,
            comment="none while only a draft speaks of it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        comment="files of drafts and cases; their bytes lie under their hash in the uploads folder",
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_upload_sm3"), ["sm3"], unique=False)
        batch_op.create_index("upload_by_state", ["state", "made_at"], unique=False)
        batch_op.create_index("upload_of_case", ["case_no", "pointer"], unique=False)


def downgrade() -> None:
    op.drop_table("upload")
