"""What a channel calls with each message: stores it and says who deals with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cases.service import open_left_message
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Incoming, Received, messages_of, record_incoming
from bot.conversations.models import Conversation, ConversationStatus, Customer

# Buttons the product answers by itself, because they must work while no bot is listening.
LEAVE_MESSAGE = "/leave_message"
CANCEL_HANDOFF = "/cancel_handoff"


@dataclass(frozen=True)
class Admitted:
    """A stored message, and whether the bot has to answer it."""

    received: Received
    bot_answers: bool


def admit(
    session: Session,
    conversation_id: str,
    customer: Customer,
    incoming: Incoming,
    handoff: Handoff,
    *,
    now: datetime,
) -> Admitted:
    """Store a customer's message and obey it if it is a button of ours.

    Raises:
        BadInput, TooLarge, ConversationNotFound: See ``record_incoming``; nothing is stored.
    """
    received = record_incoming(session, conversation_id, customer, incoming, now=now)
    conversation = received.conversation
    if received.is_new and _obey(session, conversation, incoming.payload, handoff, now):
        conversation.answered_seq = received.message.seq
        return Admitted(received, False)
    return Admitted(received, conversation.status == ConversationStatus.BOT)


def leave_message(
    session: Session, conversation: Conversation, handoff: Handoff, *, now: datetime
) -> str:
    """Open a case with what was said so far; staff answer it in working time.

    Returns:
        The case's number.
    """
    transcript = [
        f"{message.author}: {message.text}"
        for message in messages_of(session, conversation.id)
        if not message.private and message.text
    ]
    number = open_left_message(session, conversation, transcript, now=now).number
    handoff.leave_message(session, conversation, number, now=now)
    return number


def _obey(
    session: Session,
    conversation: Conversation,
    payload: str | None,
    handoff: Handoff,
    now: datetime,
) -> bool:
    if payload == LEAVE_MESSAGE:
        leave_message(session, conversation, handoff, now=now)
        return True
    if payload == CANCEL_HANDOFF:
        handoff.cancel(session, conversation, now=now)
        return True
    return False
