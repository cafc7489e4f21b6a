"""Add presence, assignment, transfers, episodes and what is recorded about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PEOPLE = ("queued", "staff")


def upgrade() -> None:
    _staff()
    op.add_column("conversations", sa.Column("handoff_kind", sa.String(length=24)))
    op.add_column("conversations", sa.Column("passed_by_id", sa.Integer()))
    op.add_column("status_events", sa.Column("handoff_kind", sa.String(length=24)))
    op.create_table(
        "episodes",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("customer_id", sa.Integer(), sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=32)),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id")),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end", sa.String(length=32)),
        sa.UniqueConstraint("conversation_id", "number"),
    )
    op.create_index("ix_episodes_began_at", "episodes", ["began_at"])
    op.create_index("ix_episodes_ended_at", "episodes", ["ended_at"])
    op.create_index("ix_episodes_served", "episodes", ["customer_id", "staff_id"])
    op.create_table(
        "transfer_offers",
        sa.Column("id", sa.Integer(), primary_key=True),
        _conversation(),
        sa.Column("from_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("to_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_transfer_offers_to_id", "transfer_offers", ["to_id"])
    op.create_index("ix_transfer_offers_due", "transfer_offers", ["state", "expires_at"])
    op.create_index(
        "ix_transfer_offers_open",
        "transfer_offers",
        ["conversation_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "sla_notices",
        _conversation(),
        sa.Column("clock", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "clock", "state"),
    )
    _replay()


def downgrade() -> None:
    for table in (
        "sla_notices",
        "transfer_offers",
        "episodes",
        "access_refusals",
        "presence_changes",
    ):
        op.drop_table(table)
    op.drop_column("status_events", "handoff_kind")
    op.drop_column("conversations", "passed_by_id")
    op.drop_column("conversations", "handoff_kind")
    op.drop_index("ix_staff_presence", "staff")
    for column in ("assigned_at", "seen_at", "presence_since", "presence", "capacity"):
        op.drop_column("staff", column)


def _conversation() -> sa.Column[str]:
    return sa.Column(
        "conversation_id", sa.String(length=32), sa.ForeignKey("conversations.id"), nullable=False
    )


def _staff() -> None:
    op.add_column("staff", sa.Column("capacity", sa.Integer()))
    op.add_column(
        "staff",
        sa.Column("presence", sa.String(length=16), nullable=False, server_default="offline"),
    )
    for name in ("presence_since", "seen_at", "assigned_at"):
        op.add_column("staff", sa.Column(name, sa.DateTime(timezone=True)))
    op.create_index("ix_staff_presence", "staff", ["presence"])
    op.create_table(
        "presence_changes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_presence_changes_staff", "presence_changes", ["staff_id", "changed_at"])
    op.create_table(
        "access_refusals",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("staff_id", sa.Integer(), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_access_refusals_staff_id", "access_refusals", ["staff_id"])
    op.create_index("ix_access_refusals_refused_at", "access_refusals", ["refused_at"])


def _replay() -> None:
    """Give the conversations of before their episodes; why a person was asked for is guessed."""
    connection = op.get_bind()
    moment = sa.DateTime(timezone=True)
    events = sa.text(
        "SELECT e.conversation_id, c.customer_id, c.category, e.transition, e.from_status, "
        "e.to_status, e.staff_id, e.happened_at FROM status_events e "
        "JOIN conversations c ON c.id = e.conversation_id ORDER BY e.conversation_id, e.id"
    ).columns(happened_at=moment)
    episodes: list[dict[str, object]] = []
    for event in connection.execute(events):
        newest = episodes[-1] if episodes else None
        if event.from_status not in _PEOPLE and event.to_status in _PEOPLE:
            same = newest is not None and newest["conversation_id"] == event.conversation_id
            asked = event.to_status == "queued"
            newest = {
                "conversation_id": event.conversation_id,
                "customer_id": event.customer_id,
                "number": int(str(newest["number"])) + 1 if newest and same else 1,
                "category": event.category,
                "reason": "customer_asked" if asked else "staff_stepped_in",
                "staff_id": None,
                "began_at": event.happened_at,
                "accepted_at": None,
                "ended_at": None,
                "end": None,
            }
            episodes.append(newest)
        if newest is None:
            continue
        if event.to_status == "staff":
            newest["staff_id"] = event.staff_id
            newest["accepted_at"] = newest["accepted_at"] or event.happened_at
        if event.from_status in _PEOPLE and event.to_status not in _PEOPLE:
            newest["ended_at"], newest["end"] = event.happened_at, event.transition
    if episodes:
        names = list(episodes[0])
        moments = {"began_at", "accepted_at", "ended_at"}
        table = sa.table(
            "episodes", *(sa.column(name, moment if name in moments else None) for name in names)
        )
        connection.execute(table.insert(), episodes)
