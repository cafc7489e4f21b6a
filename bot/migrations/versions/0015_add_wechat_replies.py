"""Add how WeChat's deliveries were answered, and whether an account may only answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "wechat_deliveries",
        sa.Column("deliveries", sa.Integer(), nullable=False, server_default="0"),
    )
    for name in ("awaits_turn", "promises"):
        op.add_column(
            "wechat_deliveries",
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()),
        )
    op.add_column("wechat_deliveries", sa.Column("reply", sa.Text(), nullable=True))
    op.create_table(
        "wechat_modes",
        sa.Column("app_id", sa.String(length=64), nullable=False),
        sa.Column("passive_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("app_id"),
    )


def downgrade() -> None:
    op.drop_table("wechat_modes")
    for name in ("reply", "promises", "awaits_turn", "deliveries"):
        op.drop_column("wechat_deliveries", name)
