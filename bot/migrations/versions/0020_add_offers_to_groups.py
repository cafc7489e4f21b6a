"""Let a conversation be offered to a group."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("transfer_offers") as offers:
        offers.alter_column("to_id", existing_type=sa.Integer(), nullable=True)
        offers.add_column(sa.Column("category", sa.String(length=32)))


def downgrade() -> None:
    op.execute("DELETE FROM transfer_offers WHERE to_id IS NULL")
    with op.batch_alter_table("transfer_offers") as offers:
        offers.drop_column("category")
        offers.alter_column("to_id", existing_type=sa.Integer(), nullable=False)
