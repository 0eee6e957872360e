"""sign-ins are looked after: idle time, devices, mistakes by address, changes of passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from federation.store.types import Instant

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_try",
        sa.Column(
            "name_hash", sa.String(length=64), nullable=False, comment="SM3 of the name typed"
        ),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("paused_until", Instant(), nullable=True),
        sa.Column(
            "good_at",
            Instant(),
            nullable=True,
            comment="when this name last signed in from there",
        ),
        sa.PrimaryKeyConstraint("name_hash", "address", name=op.f("pk_sign_in_try")),
        comment="wrong passwords in a row, by the name typed and the address",
    )
    with op.batch_alter_table("sign_in_try", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_try_last_at"), ["last_at"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "county",
                sa.String(length=16),
                nullable=True,
                comment="the county an administrator is bound to",
            )
        )
        batch_op.add_column(sa.Column("email", sa.String(length=254), nullable=True))
        batch_op.add_column(
            sa.Column(
                "must_change",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="the password was set by someone else",
            )
        )
        batch_op.add_column(sa.Column("password_at", Instant(), nullable=True))
        batch_op.drop_column("failures")
        batch_op.drop_column("paused_until")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.alter_column("must_change", server_default=None)

    # Who is signed in signs in once more: a sign-in of before has no time of last use.
    op.execute("DELETE FROM session")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "last_at",
                Instant(),
                nullable=False,
                comment="when something was last done, by minutes",
            )
        )
        batch_op.add_column(
            sa.Column(
                "device",
                sa.String(length=120),
                nullable=False,
                comment="browser and system, as it calls itself",
            )
        )
        batch_op.add_column(sa.Column("address", sa.String(length=64), nullable=False))
        batch_op.add_column(
            sa.Column("via", sa.String(length=16), nullable=False, comment="password or sso")
        )


def downgrade() -> None:
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("via")
        batch_op.drop_column("address")
        batch_op.drop_column("device")
        batch_op.drop_column("last_at")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_until", Instant(), nullable=True))
        batch_op.add_column(
            sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.drop_column("password_at")
        batch_op.drop_column("must_change")
        batch_op.drop_column("email")
        batch_op.drop_column("county")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.alter_column("failures", server_default=None)

    with op.batch_alter_table("sign_in_try", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_try_last_at"))
    op.drop_table("sign_in_try")
