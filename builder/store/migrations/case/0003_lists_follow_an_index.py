"""lists follow an index."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_account"))
        batch_op.create_index("case_of_account", ["account", "updated_at", "case_no"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_account"))
        batch_op.create_index("notice_of_account", ["account", "at"], unique=False)

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("task_worklist"))
        batch_op.create_index(
            "task_by_done", ["party", "role", "state", "done_at", "case_no", "task"], unique=False
        )
        batch_op.create_index(
            "task_by_due", ["party", "role", "state", "due_at", "case_no", "task"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("task_by_due")
        batch_op.drop_index("task_by_done")
        batch_op.create_index(
            batch_op.f("task_worklist"), ["party", "state", "due_at"], unique=False
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("notice_of_account")
        batch_op.create_index(batch_op.f("ix_notice_account"), ["account"], unique=False)

    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_index("case_of_account")
        batch_op.create_index(batch_op.f("ix_case_account"), ["account"], unique=False)
