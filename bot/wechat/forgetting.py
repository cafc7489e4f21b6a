"""A customer who no longer follows the account is forgotten, as Tencent's rules demand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, ConversationStatus, Customer
from bot.privacy.erasing import Erased, erase_all

_PLACEHOLDER = "［客户已取消关注，内容已删除］"


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


def forget(session: Session, openid: str, *, now: datetime) -> Erased:
    """Erase who a customer was and what was said, as at their request, but whatever is going on.

    Staff may still be at work on their cases; what they know of the customer goes all the same.
    Forgetting a stranger changes nothing.

    Returns:
        What lies elsewhere, too, for the caller to remove once this is stored.
    """
    customer = session.scalar(
        select(Customer)
        .where(Customer.channel == "wechat", Customer.address == openid)
        .with_for_update()
    )
    if customer is None:
        return Erased()
    return erase_all(session, customer, placeholder=_PLACEHOLDER, reason="unfollowed", now=now)
