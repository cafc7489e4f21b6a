"""A customer who no longer follows the account is forgotten, as Tencent's rules demand."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
    SuppressedDraft,
    Turn,
)
from bot.delivery.models import DeliveryState, Outgoing
from bot.enterprises.membership import forget_member
from bot.wechat.models import WeChatChoice, WeChatConsent, WeChatDelivery, WeChatWindow


def open_conversations(session: Session, openid: str) -> list[Conversation]:
    """The conversations of a follower that wait for a person or have one."""
    query = (
        select(Conversation)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(
            Customer.channel == "wechat",
            Customer.address == openid,
            Conversation.status.in_([ConversationStatus.QUEUED, ConversationStatus.STAFF]),
        )
    )
    return list(session.scalars(query))


def forget(session: Session, openid: str, *, now: datetime) -> list[str]:
    """Erase who a customer was and what they said; what remains are numbers and our own work.

    Messages keep their place and number, so that nothing seems to be missing, but not their
    words. What was still to be sent is not sent. Forgetting a stranger changes nothing.

    Returns:
        The ids of the files that belonged to them, for the caller to remove once this is stored.
    """
    customer = session.scalar(
        select(Customer)
        .where(Customer.channel == "wechat", Customer.address == openid)
        .with_for_update()
    )
    if customer is None:
        return []
    theirs = select(Conversation.id).where(Conversation.customer_id == customer.id)
    session.execute(
        update(Message)
        .where(Message.conversation_id.in_(theirs), Message.author == Author.CUSTOMER)
        .values(text="［客户已取消关注，内容已删除］", data={})
    )
    session.execute(
        update(Message)
        .where(Message.conversation_id.in_(theirs), Message.author != Author.CUSTOMER)
        .values(text="［内容已删除］", data={})
    )
    session.execute(delete(SuppressedDraft).where(SuppressedDraft.conversation_id.in_(theirs)))
    session.execute(
        update(Turn).where(Turn.conversation_id.in_(theirs)).values(entities=[], slots={})
    )
    session.execute(delete(WeChatChoice).where(WeChatChoice.customer_id == customer.id))
    session.execute(delete(WeChatConsent).where(WeChatConsent.customer_id == customer.id))
    session.execute(delete(WeChatWindow).where(WeChatWindow.customer_id == customer.id))
    session.execute(
        update(WeChatDelivery)
        .where(WeChatDelivery.customer_id == customer.id)
        .values(customer_id=None, reply=None)
    )
    unsent = (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.SENDING)
    session.execute(
        update(Outgoing)
        .where(Outgoing.customer_id == customer.id, Outgoing.state.in_(unsent))
        .values(state=DeliveryState.FAILED, reason="unfollowed")
    )
    forget_member(session, customer.id, now=now)
    # A new token and no address: whoever follows again is somebody we have not met.
    customer.address, customer.token_hash = None, secrets.token_hex(32)
    gone = delete(Attachment).where(Attachment.conversation_id.in_(theirs))
    files = list(session.scalars(gone.returning(Attachment.id)))
    session.flush()
    return files
