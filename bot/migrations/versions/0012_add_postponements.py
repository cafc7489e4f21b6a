"""Add conversations that are put off until a moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    conversation = sa.ForeignKey("conversations.id")
    op.create_table(
        "postponements",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("conversation_id", sa.String(length=32), conversation, nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("postponed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("woken_at", sa.DateTime(timezone=True)),
        sa.Column("cause", sa.String(length=16)),
    )
    op.create_index("ix_postponements_conversation_id", "postponements", ["conversation_id"])
    open_only = sa.text("woken_at IS NULL")
    op.create_index(
        "ix_postponements_open",
        "postponements",
        ["conversation_id"],
        unique=True,
        sqlite_where=open_only,
        postgresql_where=open_only,
    )
    op.create_index("ix_postponements_due", "postponements", ["woken_at", "until"])


def downgrade() -> None:
    op.drop_table("postponements")
