"""Who has agreed to which messages outside the window: one consent, one message."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.conversations.models import Customer, Message
from bot.delivery.models import DeliveryState, Outgoing
from bot.delivery.reports import report
from bot.wechat.messages import Callback, ConsentChanged, SubscriptionSent, TemplateDone
from bot.wechat.models import WeChatConsent

logger = logging.getLogger(__name__)

CHANNEL = "wechat"
# Tencent's number for "the customer takes no such message".
REFUSED = 43101
NEWS = ConsentChanged | SubscriptionSent | TemplateDone


class TooEarly(Exception):
    """Told of a message whose sending is not stored yet; Tencent tells it again."""


def take_note(session: Session, callback: Callback, *, now: datetime) -> None:
    """Store what an event says of consents and of what became of messages.

    Raises:
        TooEarly: What became of a message is known sooner than that it was sent.
    """
    customer = session.scalar(
        select(Customer)
        .where(Customer.channel == CHANNEL, Customer.address == callback.openid)
        .with_for_update()
    )
    if customer is None:
        return
    match callback.content:
        case ConsentChanged(accepted=accepted, withdrawn=withdrawn):
            for template_id in accepted:
                _give(session, customer.id, template_id, now)
            for template_id in withdrawn:
                withdraw(session, customer.id, template_id, now=now)
        case SubscriptionSent(results=results):
            for template_id, message_id, code in results:
                if code == str(REFUSED):
                    withdraw(session, customer.id, template_id, now=now)
                receipts = [message_id, receipt_of(customer.id, template_id)]
                is_good = code in ("", "0")
                _report(session, customer.id, receipts, is_good, f"subscription:{code}")
        case TemplateDone(message_id=message_id, delivered=delivered, status=status):
            reason = "user_refuses" if "block" in status else status.replace(" ", "")
            _report(session, customer.id, [message_id], delivered, reason)
        case _:
            pass


def receipt_of(customer_id: int, template_id: str) -> str:
    """What stands for a message that Tencent gave no number."""
    return f"{customer_id}:{template_id}"[:128]


def spend(session: Session, customer_id: int, template_id: str) -> bool:
    """Use one consent up; False if there is none."""
    spent = session.execute(
        update(WeChatConsent)
        .where(
            WeChatConsent.customer_id == customer_id,
            WeChatConsent.template_id == template_id,
            WeChatConsent.left > 0,
        )
        .values(left=WeChatConsent.left - 1)
        .returning(WeChatConsent.left)
        .execution_options(synchronize_session=False)
    ).first()
    return spent is not None


def give_back(session: Session, customer_id: int, template_id: str, *, now: datetime) -> None:
    """The message did not leave."""
    _give(session, customer_id, template_id, now)


def withdraw(session: Session, customer_id: int, template_id: str, *, now: datetime) -> None:
    """The customer wants none of these any more."""
    session.execute(
        update(WeChatConsent)
        .where(WeChatConsent.customer_id == customer_id, WeChatConsent.template_id == template_id)
        .values(left=0, changed_at=now)
        .execution_options(synchronize_session=False)
    )


def _give(session: Session, customer_id: int, template_id: str, now: datetime) -> None:
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    given = insert(WeChatConsent).values(
        customer_id=customer_id, template_id=template_id[:64], left=1, changed_at=now
    )
    change = {"left": WeChatConsent.left + 1, "changed_at": now}
    keys = [WeChatConsent.customer_id, WeChatConsent.template_id]
    session.execute(given.on_conflict_do_update(index_elements=keys, set_=change))


def _report(
    session: Session, customer_id: int, receipts: list[str], delivered: bool, reason: str
) -> None:
    for receipt in receipts:
        if receipt and report(session, CHANNEL, receipt, delivered=delivered, reason=reason):
            return
    under_way = session.scalars(
        select(Message.data)
        .join(Outgoing, Outgoing.message_id == Message.id)
        .where(Outgoing.customer_id == customer_id, Outgoing.state == DeliveryState.SENDING)
    )
    # Ordinary replies are never reported.
    if any("notice" in data for data in under_way):
        raise TooEarly
    logger.info("wechat_report_unmatched reason=%s", reason)
