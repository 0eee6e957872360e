"""programs sign in with tokens, and their requests are done once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant, Json

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("ticket", Json(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
        comment="programs' sign-ins; the token itself is known to its owner only",
    )
    op.create_index(op.f("ix_api_token_account"), "api_token", ["account"])
    op.create_index(op.f("ix_api_token_expires_at"), "api_token", ["expires_at"])
    op.create_table(
        "api_once",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column(
            "key", sa.String(length=64), nullable=False, comment="hash of the program's own key"
        ),
        sa.Column(
            "request", sa.String(length=64), nullable=False, comment="hash of what was asked"
        ),
        sa.Column("state", sa.String(length=8), nullable=False, comment="working or done"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column(
            "answer",
            sa.Text(),
            nullable=True,
            comment="headers and body, sealed by the web's secret",
        ),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account", "key", name=op.f("pk_api_once")),
        comment="programs' requests that change something, for a day",
    )
    op.create_index(op.f("ix_api_once_expires_at"), "api_once", ["expires_at"])


def downgrade() -> None:
    op.drop_table("api_once")
    op.drop_table("api_token")
