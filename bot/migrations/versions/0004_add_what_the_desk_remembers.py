"""Add what the desk remembers: read marks, drafts, canned replies, mentions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_conversations_begun", "conversations", ["status", "created_at"])
    op.create_table(
        "read_marks",
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        _conversation(),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "conversation_id"),
    )
    op.create_table(
        "reply_drafts",
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        _conversation(),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "conversation_id", "mode"),
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("shortcut", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("owner", "shortcut"),
    )
    op.create_table(
        "canned_uses",
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "key"),
    )
    op.create_table(
        "mentions",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("message_id", sa.String(length=32), sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("by_staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("message_id", "staff_id"),
    )
    op.create_index("ix_mentions_staff", "mentions", ["staff_id", "read_at"])
    op.create_index("ix_mentions_conversation", "mentions", ["conversation_id", "staff_id"])


def downgrade() -> None:
    for table in ("mentions", "canned_uses", "canned_replies", "reply_drafts", "read_marks"):
        op.drop_table(table)
    op.drop_index("ix_conversations_begun", "conversations")


def _conversation() -> sa.Column[str]:
    key = sa.ForeignKey("conversations.id")
    return sa.Column("conversation_id", sa.String(length=32), key, nullable=False)
