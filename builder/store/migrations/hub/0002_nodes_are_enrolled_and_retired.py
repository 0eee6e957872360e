"""nodes are enrolled and retired."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub_invitation",
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column(
            "code",
            sa.String(length=64),
            nullable=False,
            comment="SM3 of the one-time code in the kit",
        ),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_hub_invitation")),
        comment="start-up kits given out and not yet used",
    )
    op.create_table(
        "hub_node",
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column(
            "url",
            sa.String(length=256),
            nullable=True,
            comment="NULL: embedded in the hub's own process",
        ),
        sa.Column("public_key", sa.String(length=160), nullable=False),
        sa.Column(
            "fingerprint", sa.String(length=64), nullable=True, comment="of its TLS certificate"
        ),
        sa.Column("state", sa.String(length=16), nullable=False, comment="enrolled or retired"),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.Column("enrolled_by", sa.String(length=64), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.Column("retired_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=512), nullable=True),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_hub_node")),
        comment="the departments' nodes; one row a party, a retired one stays",
    )


def downgrade() -> None:
    op.drop_table("hub_node")
    op.drop_table("hub_invitation")
