"""questions, timers and messages are claimed by one worker at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant, Json

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=512), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("fault", sa.String(length=64), nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        comment="what others must still be told; the id stays the same however often it is sent",
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_case_no"), ["case_no"], unique=False)
        batch_op.create_index("outbox_due", ["state", "next_at"], unique=False)

    op.create_table(
        "timer",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=64), nullable=True),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_no"], ["case.case_no"], name=op.f("fk_timer_case_no_case")),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_timer")),
        comment="the next moment at which something happens to a case by itself",
    )
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_timer_at"), ["at"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "party", sa.String(length=64), nullable=True, comment="a desk's notice: whose desk"
            )
        )
        batch_op.add_column(sa.Column("role", sa.String(length=64), nullable=True))
        batch_op.create_index("notice_of_desk", ["party", "role", "at"], unique=False)

    with op.batch_alter_table("pending_query", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("asked", sa.Integer(), nullable=True, comment="seq of the event that asked")
        )
        batch_op.add_column(
            sa.Column("party", sa.String(length=64), nullable=True, comment="who is to answer")
        )
        batch_op.add_column(
            sa.Column("since", Instant(), nullable=True, comment="when it first went unanswered")
        )
        batch_op.add_column(sa.Column("tried_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("claimed_by", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("claimed_until", Instant(), nullable=True))
        batch_op.create_index("pending_query_of_party", ["party", "retry_at"], unique=False)

    # Cases under way are looked at once, which sets their next moment.
    op.execute(
        "INSERT INTO timer (case_no, at, attempts) "
        'SELECT case_no, updated_at, 0 FROM "case" WHERE ended_at IS NULL'
    )


def downgrade() -> None:
    with op.batch_alter_table("pending_query", schema=None) as batch_op:
        batch_op.drop_index("pending_query_of_party")
        batch_op.drop_column("claimed_until")
        batch_op.drop_column("claimed_by")
        batch_op.drop_column("tried_at")
        batch_op.drop_column("since")
        batch_op.drop_column("party")
        batch_op.drop_column("asked")

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("notice_of_desk")
        batch_op.drop_column("role")
        batch_op.drop_column("party")

    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_timer_at"))

    op.drop_table("timer")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("outbox_due")
        batch_op.drop_index(batch_op.f("ix_outbox_case_no"))

    op.drop_table("outbox")
