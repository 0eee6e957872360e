"""documents have templates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_template",
        sa.Column("scenario_hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.String(length=64), nullable=False),
        sa.Column("docx", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scenario_hash"],
            ["scenario.hash"],
            name=op.f("fk_document_template_scenario_hash_scenario"),
        ),
        sa.PrimaryKeyConstraint("scenario_hash", "document", name=op.f("pk_document_template")),
        comment="a bureau's own Word templates, as deployed with a version",
    )


def downgrade() -> None:
    op.drop_table("document_template")
