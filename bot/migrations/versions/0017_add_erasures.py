"""Add when a customer was erased, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("erased_at", sa.DateTime(timezone=True)))
    # No foreign key: on SQLite that would copy the table that everything refers to.
    op.add_column("customers", sa.Column("erased_by_id", sa.Integer()))


def downgrade() -> None:
    op.drop_column("customers", "erased_by_id")
    op.drop_column("customers", "erased_at")
