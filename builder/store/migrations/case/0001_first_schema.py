"""first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant, Json

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("peaks", Json(), nullable=False),
        sa.Column("key", sa.String(length=130), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
        comment="what a signer vouched for: the first `size` entries have this root and head",
    )
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("case", sa.String(length=128), nullable=True),
        sa.Column("party", sa.String(length=128), nullable=True),
        sa.Column("dataset", sa.String(length=256), nullable=True),
        sa.Column("closes", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
        comment="append-only; verified by federation.audit",
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_case"), ["case"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_closes"), ["closes"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_dataset"), ["dataset"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_party"), ["party"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("notice", sa.String(length=64), nullable=False),
        sa.Column("title", Json(), nullable=False),
        sa.Column("text", Json(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("case_no", "event", "account", name="notice_once"),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_account"), ["account"], unique=False)

    op.create_table(
        "scenario",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("spec", Json(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_scenario")),
        comment="every version that a case of this deployment began with",
    )
    op.create_table(
        "use",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("dataset", sa.String(length=128), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("grant", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("entry", sa.String(length=96), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use")),
        comment="every use of somebody's data for a case, kept for the person concerned to read",
    )
    with op.batch_alter_table("use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_use_case_no"), ["case_no"], unique=False)

    op.create_table(
        "case",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("scenario_hash", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("applicant", Json(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("answers", Json(), nullable=False),
        sa.Column("provenance", Json(), nullable=False),
        sa.Column("fetched", Json(), nullable=False),
        sa.Column("former", Json(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scenario_hash"], ["scenario.hash"], name=op.f("fk_case_scenario_hash_scenario")
        ),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_case")),
    )
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_status"), ["status"], unique=False)

    op.create_table(
        "draft",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("scenario_hash", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("answers", Json(), nullable=False),
        sa.Column("provenance", Json(), nullable=False),
        sa.Column("fetched", Json(), nullable=False),
        sa.Column("done", Json(), nullable=False),
        sa.Column("former", Json(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_hash"], ["scenario.hash"], name=op.f("fk_draft_scenario_hash_scenario")
        ),
        sa.PrimaryKeyConstraint("case_no", name=op.f("pk_draft")),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_draft_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "event",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("actor", Json(), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("data", Json(), nullable=False),
        sa.ForeignKeyConstraint(["case_no"], ["case.case_no"], name=op.f("fk_event_case_no_case")),
        sa.PrimaryKeyConstraint("case_no", "seq", name=op.f("pk_event")),
    )
    op.create_table(
        "pending_query",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("query", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", Instant(), nullable=False),
        sa.Column("fault", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_no"], ["case.case_no"], name=op.f("fk_pending_query_case_no_case")
        ),
        sa.PrimaryKeyConstraint("case_no", "step", name=op.f("pk_pending_query")),
    )
    with op.batch_alter_table("pending_query", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_query_retry_at"), ["retry_at"], unique=False)

    op.create_table(
        "task",
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("task", sa.String(length=96), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("party", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case_no"], ["case.case_no"], name=op.f("fk_task_case_no_case")),
        sa.PrimaryKeyConstraint("case_no", "task", name=op.f("pk_task")),
        comment="a projection of the events for worklists, written in the same transaction",
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index("task_worklist", ["party", "state", "due_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index("task_worklist")

    op.drop_table("task")
    with op.batch_alter_table("pending_query", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pending_query_retry_at"))

    op.drop_table("pending_query")
    op.drop_table("event")
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_expires_at"))
        batch_op.drop_index(batch_op.f("ix_draft_account"))

    op.drop_table("draft")
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_status"))
        batch_op.drop_index(batch_op.f("ix_case_account"))

    op.drop_table("case")
    with op.batch_alter_table("use", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_use_case_no"))

    op.drop_table("use")
    op.drop_table("scenario")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_account"))

    op.drop_table("notice")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_party"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_kind"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_dataset"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_closes"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_case"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.drop_index(batch_op.f("ix_audit_entry_actor"))

    op.drop_table("audit_entry")
    op.drop_table("audit_checkpoint")
