"""Add surveys, scores by episode, and what customers in the queue were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("told_wait", sa.String(length=24)))
    op.create_index("ix_episodes_accepted_at", "episodes", ["accepted_at"])
    op.create_table(
        "surveys",
        sa.Column("episode_id", sa.Integer(), sa.ForeignKey("episodes.id"), primary_key=True),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_surveys_customer", "surveys", ["customer_id", "asked_at"])
    op.create_table(
        "episode_scores",
        sa.Column("episode_id", sa.Integer(), sa.ForeignKey("episodes.id"), primary_key=True),
        *_score(),
    )
    # Until now a conversation had one score, which was about its latest episode.
    op.execute(
        "INSERT INTO episode_scores (episode_id, conversation_id, score, tags, comment, given_at) "
        "SELECT e.id, f.conversation_id, f.score, f.tags, f.comment, f.given_at "
        "FROM conversation_feedback f JOIN episodes e ON e.conversation_id = f.conversation_id "
        "WHERE e.number = "
        "(SELECT MAX(number) FROM episodes WHERE conversation_id = f.conversation_id)"
    )
    op.drop_table("conversation_feedback")
    op.rename_table("episode_scores", "conversation_feedback")
    op.create_index(
        "ix_conversation_feedback_conversation_id", "conversation_feedback", ["conversation_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_feedback_conversation_id", "conversation_feedback")
    op.create_table("latest_scores", *_score(), sa.PrimaryKeyConstraint("conversation_id"))
    op.execute(
        "INSERT INTO latest_scores (conversation_id, score, tags, comment, given_at) "
        "SELECT conversation_id, score, tags, comment, given_at FROM conversation_feedback "
        "WHERE episode_id IN "
        "(SELECT MAX(episode_id) FROM conversation_feedback GROUP BY conversation_id)"
    )
    op.drop_table("conversation_feedback")
    op.rename_table("latest_scores", "conversation_feedback")
    op.drop_table("surveys")
    op.drop_index("ix_episodes_accepted_at", "episodes")
    op.drop_column("conversations", "told_wait")


def _score() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(
            "conversation_id",
            sa.String(length=32),
            sa.ForeignKey("conversations.id"),
            nullable=False,
        ),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="score_in_range"),
    ]
