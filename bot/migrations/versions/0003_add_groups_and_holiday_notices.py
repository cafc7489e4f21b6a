"""Add groups' hours and promised times, and imported holiday notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_worked", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("notice_year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "service_groups",
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("hours", sa.String(length=120), nullable=False),
        sa.Column("first_response", sa.Integer(), nullable=True),
        sa.Column("next_response", sa.Integer(), nullable=True),
        sa.Column("resolution", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("category"),
    )


def downgrade() -> None:
    op.drop_table("service_groups")
    op.drop_table("calendar_days")
