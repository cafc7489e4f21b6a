"""Add the owners of turns, so that several web processes can share one database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turn_owners",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("turns", sa.Column("owner", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("turns", "owner")
    op.drop_table("turn_owners")
