"""everyone chooses whether notices come by mail, and in which language."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_wish",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False, comment="zh, en or both"),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_mail_wish")),
        comment="who wants notices by mail; without a row: yes, in Chinese",
    )


def downgrade() -> None:
    op.drop_table("mail_wish")
