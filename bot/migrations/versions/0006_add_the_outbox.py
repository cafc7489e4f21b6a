"""Add the outbox, and what delivery must know about customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("address", sa.String(length=128), nullable=True))
    op.add_column("customers", _moment("last_contact_at"))
    op.add_column(
        "customers", sa.Column("seen_cursor", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("customers", _moment("paced_at"))
    op.create_index("uq_customers_address", "customers", ["channel", "address"], unique=True)
    op.create_table(
        "outgoing",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("message_id", sa.String(length=32), sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column(
            "conversation_id",
            sa.String(length=32),
            sa.ForeignKey("conversations.id"),
            nullable=False,
        ),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(length=128), nullable=True),
        _moment("created_at", nullable=False),
        _moment("tried_at"),
        _moment("sent_at"),
        sa.UniqueConstraint("message_id"),
    )
    op.create_index("ix_outgoing_customer", "outgoing", ["customer_id", "state", "id"])
    op.create_index("ix_outgoing_state", "outgoing", ["state", "id"])
    op.create_index("ix_outgoing_receipt", "outgoing", ["channel", "receipt"])
    op.create_index("ix_outgoing_conversation_id", "outgoing", ["conversation_id"])
    op.create_table(
        "lanes",
        sa.Column(
            "customer_id",
            sa.Integer(),
            sa.ForeignKey("customers.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("channel", sa.String(length=16), nullable=False),
        _moment("due_at"),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
    )
    op.create_index("ix_lanes_due", "lanes", ["channel", "due_at"])


def downgrade() -> None:
    op.drop_table("lanes")
    op.drop_table("outgoing")
    op.drop_index("uq_customers_address", "customers")
    for column in ("paced_at", "seen_cursor", "last_contact_at", "address"):
        op.drop_column("customers", column)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
