"""What a channel says later of something it has taken."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.changes import note_delivery
from bot.conversations.models import Conversation
from bot.delivery.models import DeliveryState, Outgoing
from bot.delivery.views import delivery_view


def report(session: Session, channel: str, receipt: str, *, delivered: bool, reason: str) -> bool:
    """Store whether the newest parcel with this receipt has arrived; False if there is none.

    One that did not arrive is a dead letter: staff decide.
    """
    row = session.scalar(
        select(Outgoing)
        .where(
            Outgoing.channel == channel,
            Outgoing.receipt == receipt,
            Outgoing.state == DeliveryState.SENT,
        )
        .order_by(Outgoing.id.desc())
        .limit(1)
        .with_for_update()
    )
    if row is None:
        return False
    row.state = DeliveryState.DELIVERED if delivered else DeliveryState.FAILED
    row.reason = "" if delivered else reason[:200]
    session.flush()
    conversation = session.get_one(Conversation, row.conversation_id)
    note_delivery(session, conversation, {row.message_id: delivery_view(row)})
    return True
