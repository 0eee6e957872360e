"""documents are issued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant, Json

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("event", sa.Integer(), nullable=True, comment="seq of the event that issued it"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("languages", Json(), nullable=False),
        sa.Column("content", Json(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.String(length=512), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("voided_at", Instant(), nullable=True),
        sa.Column("cause", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_no"], ["case.case_no"], name=op.f("fk_document_case_no_case")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_document")),
        comment="what was issued: its content; pages are laid out from it, always the same",
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_case_no"), ["case_no"], unique=False)


def downgrade() -> None:
    op.drop_table("document")
