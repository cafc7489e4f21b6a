"""What people last said in the conversations they have, and what was said after that."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarResult, Select, exists, func, select
from sqlalchemy.orm import Session

from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Message,
    Postponement,
)
from bot.staff.models import Role, Staff

# Messages in which those who have a conversation have answered since they took it.
BY_HOLDER = (
    Message.conversation_id == Conversation.id,
    Message.author == Author.STAFF,
    Message.staff_id == Conversation.staff_id,
    Message.private.is_(False),
    Message.created_at >= Conversation.accepted_at,
)
# The number of what the customer said last; 0 before that.
LAST_OF_CUSTOMER = (
    select(func.coalesce(func.max(Message.seq), 0))
    .where(Message.conversation_id == Conversation.id, Message.author == Author.CUSTOMER)
    .correlate(Conversation)
    .scalar_subquery()
)


def last_replies(*where: ColumnElement[bool]) -> Select[Conversation, Message]:
    """Conversations that people have, each with the holder's last reply.

    Those whose holder has not replied are left out, and so is what was put off, or is served in
    another system.

    Args:
        where: What else must hold; ``Message`` is the reply.
    """
    last = select(func.max(Message.seq)).where(*BY_HOLDER).correlate(Conversation).scalar_subquery()
    put_off = exists().where(
        Postponement.conversation_id == Conversation.id, Postponement.woken_at.is_(None)
    )
    return (
        select(Conversation, Message)
        .join(Message, Message.conversation_id == Conversation.id)
        .join(Staff, Staff.id == Conversation.staff_id)
        .where(
            Conversation.status == ConversationStatus.STAFF,
            Staff.role != Role.ELSEWHERE,
            Message.seq == last,
            ~put_off,
            *where,
        )
        .order_by(Conversation.id)
        .execution_options(populate_existing=True)
    )


def said_after(session: Session, reply: Message, author: Author) -> ScalarResult[Message]:
    """What one side said after a message in the same conversation, the oldest first."""
    return session.scalars(
        select(Message)
        .where(
            Message.conversation_id == reply.conversation_id,
            Message.seq > reply.seq,
            Message.author == author,
        )
        .order_by(Message.seq)
    )
