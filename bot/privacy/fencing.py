"""Keeping out what is still to be stored of a customer who was erased meanwhile."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, Customer
from bot.errors import Conflict


def refuse_if_erased(session: Session, conversation_id: str | None) -> None:
    """Let nothing of a person be stored once they have been erased.

    Call it before storing: it holds the customer until the unit of work ends, so that an erasure
    under way is either waited for or finds what was stored.

    Raises:
        Conflict: The customer of this conversation has been erased.
    """
    erased = (
        select(Customer.erased_at)
        .join(Conversation, Conversation.customer_id == Customer.id)
        .where(Conversation.id == conversation_id)
        .with_for_update(read=True, of=Customer)
    )
    if session.scalar(erased) is not None:
        raise Conflict("这位客户的资料已经删除，不能再登记。")
