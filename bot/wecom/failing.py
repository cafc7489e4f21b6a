"""Word from WeCom that a message it had taken did not arrive."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.conversations.changes import note_delivery
from bot.conversations.models import Conversation
from bot.delivery.models import DeliveryState, Outgoing
from bot.delivery.outbox import put_in_lane
from bot.delivery.views import delivery_view
from bot.wechat import windows
from bot.wecom.account import CHANNEL
from bot.wecom.codes import failure
from bot.wecom.models import KfFailure
from bot.wecom.msgids import message_of

logger = logging.getLogger(__name__)

_LEFT = (DeliveryState.SENT, DeliveryState.DELIVERED)
# The word may come before the sender has noted what it sent, but not so long before.
_KEPT = timedelta(minutes=10)


def note_failure(session: Session, msgid: str, fail_type: int, *, now: datetime) -> None:
    """Remember it, and act on it if its parcel is found already."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    row = insert(KfFailure).values(msgid=msgid, fail_type=fail_type, noticed_at=now)
    session.execute(row.on_conflict_do_nothing(index_elements=["msgid"]))
    settle_failures(session, now)


def has_failures(session: Session, _now: datetime) -> bool:
    """Whether any wait for their parcel."""
    return session.scalar(select(KfFailure.msgid).limit(1)) is not None


def settle_failures(session: Session, now: datetime) -> None:
    """Have the parcels fail, or wait for the customer's next message where that mends it."""
    for each in session.scalars(select(KfFailure).order_by(KfFailure.noticed_at)).all():
        rows = _parcels(session, each.msgid)
        if any(row.state == DeliveryState.SENDING for row in rows) or (
            not rows and each.noticed_at > now - _KEPT
        ):
            continue
        for row in rows:
            _fail(session, row, each.fail_type, now)
        session.execute(delete(KfFailure).where(KfFailure.msgid == each.msgid))


def _parcels(session: Session, msgid: str) -> list[Outgoing]:
    by_receipt = select(Outgoing).where(Outgoing.channel == CHANNEL, Outgoing.receipt == msgid)
    found = {row.id: row for row in session.scalars(by_receipt)}
    # A part of a long text is no receipt of its own, but names the message it belongs to.
    message_id = message_of(msgid)
    if message_id is not None:
        by_message = select(Outgoing).where(
            Outgoing.message_id == message_id, Outgoing.channel == CHANNEL
        )
        found |= {row.id: row for row in session.scalars(by_message)}
    return [found[each] for each in sorted(found)]


def _fail(session: Session, row: Outgoing, fail_type: int, now: datetime) -> None:
    if row.state not in _LEFT:
        return
    reason, waits = failure(fail_type)
    row.state = DeliveryState.HELD if waits else DeliveryState.FAILED
    row.reason, row.sent_at = reason, None
    logger.warning("kf_not_delivered message=%s type=%d", row.message_id, fail_type)
    if waits:
        windows.exhaust(session, row.customer_id)
        put_in_lane(session, row.customer_id, row.channel, held=True, now=now)
    session.flush()
    conversation = session.get_one(Conversation, row.conversation_id)
    note_delivery(session, conversation, {row.message_id: delivery_view(row)})
