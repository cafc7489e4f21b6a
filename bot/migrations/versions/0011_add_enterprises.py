"""Add enterprises, who speaks for them, and whose a case is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enterprises",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=False, unique=True),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", sa.Integer(), sa.ForeignKey("staff.id")),
        _moment("created_at"),
    )
    op.create_index("ix_enterprises_name", "enterprises", ["name"])
    op.create_table(
        "enterprise_members",
        _customer(primary_key=True),
        _enterprise(),
        _moment("bound_at"),
    )
    op.create_index("ix_enterprise_members_enterprise_id", "enterprise_members", ["enterprise_id"])
    op.create_table(
        "binding_codes",
        sa.Column("hash", sa.String(length=64), primary_key=True),
        sa.Column("way", sa.String(length=8), nullable=False),
        _enterprise(),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        _moment("issued_at"),
        _moment("expires_at"),
    )
    op.create_index("ix_binding_codes_expires_at", "binding_codes", ["expires_at"])
    op.create_table(
        "binding_guesses",
        _customer(primary_key=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        _moment("since"),
    )
    op.create_index("ix_binding_guesses_since", "binding_guesses", ["since"])
    op.create_table(
        "binding_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        _enterprise(),
        _customer(),
        sa.Column("act", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id")),
        sa.Column("way", sa.String(length=8)),
        _moment("happened_at"),
    )
    op.create_index("ix_binding_events_enterprise", "binding_events", ["enterprise_id", "id"])
    op.create_index("ix_binding_events_customer_id", "binding_events", ["customer_id"])
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("enterprise_id", sa.Integer()))
        cases.create_foreign_key("fk_cases_enterprise", "enterprises", ["enterprise_id"], ["id"])
        cases.create_index("ix_cases_enterprise_id", ["enterprise_id"])


def downgrade() -> None:
    with op.batch_alter_table("cases") as cases:
        cases.drop_index("ix_cases_enterprise_id")
        cases.drop_constraint("fk_cases_enterprise", type_="foreignkey")
        cases.drop_column("enterprise_id")
    op.drop_table("binding_events")
    op.drop_table("binding_guesses")
    op.drop_table("binding_codes")
    op.drop_table("enterprise_members")
    op.drop_table("enterprises")


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _enterprise() -> sa.Column[object]:
    key = sa.ForeignKey("enterprises.id")
    return sa.Column("enterprise_id", sa.Integer(), key, nullable=False)


def _customer(*, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        "customer_id",
        sa.Integer(),
        sa.ForeignKey("customers.id"),
        primary_key=primary_key,
        autoincrement=False,
        nullable=False,
    )
