"""kiosks call for an attendant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kiosk_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "terminal",
            sa.String(length=24),
            nullable=False,
            comment="as its sticker says; may be empty",
        ),
        sa.Column("called_at", Instant(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk_call")),
        comment="kiosks that call for an attendant",
    )
    with op.batch_alter_table("kiosk_call", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_kiosk_call_answered_at"), ["answered_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("kiosk_call", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_kiosk_call_answered_at"))
    op.drop_table("kiosk_call")
