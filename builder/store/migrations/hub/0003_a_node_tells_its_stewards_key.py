"""a node tells its steward's key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "hub_node",
        sa.Column(
            "steward_key",
            sa.String(length=160),
            nullable=True,
            comment="of the owner's steward, when told",
        ),
    )


def downgrade() -> None:
    with op.batch_alter_table("hub_node") as table:
        table.drop_column("steward_key")
