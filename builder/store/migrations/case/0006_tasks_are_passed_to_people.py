"""tasks are passed to people, and several desks are told of one event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "assignee",
                sa.String(length=64),
                nullable=True,
                comment="the one person who is to act",
            )
        )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint("notice_once", type_="unique")
        batch_op.create_unique_constraint(
            "notice_once", ["case_no", "event", "account", "party", "role"]
        )


def downgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint("notice_once", type_="unique")
        batch_op.create_unique_constraint("notice_once", ["case_no", "event", "account"])
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_column("assignee")
