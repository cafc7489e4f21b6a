"""Too many messages from a channel that never repeats what was refused: all are taken.

The customer is asked for patience, seldom: each word to them is one of the few that such a channel
allows, and the bot's answers, several messages in each, need the others.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Received, append
from bot.conversations.models import Author, Conversation, ConversationStatus, Customer, Message
from bot.conversations.pace import keep_pace
from bot.delivery.outbox import PUSH_CHANNELS
from bot.errors import TooManyRequests

# Somebody who goes on all the same has read it.
_AT_MOST_EVERY = timedelta(minutes=10)
_ASKED = "patience"


def ask_for_patience(
    session: Session, customer: Customer, received: Received, handoff: Handoff, *, now: datetime
) -> None:
    """Count a message that was stored, and say once in a while that there are too many of them.

    Only where the bot speaks: a person says for themselves what they think of it.
    """
    if not received.is_new or customer.channel not in PUSH_CHANNELS:
        return
    try:
        keep_pace(session, customer, now=now)
    except TooManyRequests:
        conversation = received.conversation
        if conversation.status == ConversationStatus.BOT and not _was_asked(
            session, conversation, now
        ):
            text = handoff.line("utter_system_patience").text
            data = {"asked": _ASKED}
            append(session, conversation, Author.SYSTEM, text, now=now, kind="event", data=data)


def _was_asked(session: Session, conversation: Conversation, now: datetime) -> bool:
    said = select(Message.data).where(
        Message.conversation_id == conversation.id,
        Message.author == Author.SYSTEM,
        Message.created_at > now - _AT_MOST_EVERY,
    )
    return any(data.get("asked") == _ASKED for data in session.scalars(said))
