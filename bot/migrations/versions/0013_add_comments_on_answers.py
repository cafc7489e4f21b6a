"""Add what customers say about an answer that did not help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = sa.Column("comment", sa.Text(), nullable=False, server_default="")
    op.add_column("message_feedback", comment)


def downgrade() -> None:
    op.drop_column("message_feedback", "comment")
