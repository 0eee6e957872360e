"""a node tells its steward's key, and until when it is certified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant

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
    op.add_column(
        "hub_node",
        sa.Column(
            "certified_until",
            Instant(),
            nullable=True,
            comment="when its TLS certificate ends",
        ),
    )


def downgrade() -> None:
    with op.batch_alter_table("hub_node") as table:
        table.drop_column("certified_until")
        table.drop_column("steward_key")
