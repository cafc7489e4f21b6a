"""What a channel calls with each message: stores it and says who deals with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cases.models import CaseKind
from bot.cases.service import open_case
from bot.conversations.answering import Asked
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Incoming, Received, messages_of, record_incoming
from bot.conversations.models import Author, Conversation, ConversationStatus, Customer
from bot.conversations.turns import (
    CANCEL_HANDOFF,
    LEAVE_MESSAGE,
    begin_turn,
    begin_turn_with,
)


@dataclass(frozen=True)
class Admitted:
    """A stored message, whether the bot has to answer it, and the turn begun for that.

    A turn that is running already takes the message up when it ends; none is begun then.
    """

    received: Received
    bot_answers: bool
    begun: Asked | None = None


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
        # An earlier message that nobody has answered yet must not count as answered with it.
        if conversation.answered_seq == received.message.seq - 1:
            conversation.answered_seq = received.message.seq
        return Admitted(received, False)
    if conversation.status != ConversationStatus.BOT:
        return Admitted(received, False)
    if received.is_new:
        begun = begin_turn_with(session, conversation, received.message, now=now)
    else:
        begun = begin_turn(session, conversation.id, now=now)
    return Admitted(received, True, begun)


def leave_message(
    session: Session, conversation: Conversation, handoff: Handoff, *, now: datetime
) -> str:
    """Open a case with what was said so far; staff answer it in working time.

    Returns:
        The case's number.
    """
    said = [each for each in messages_of(session, conversation.id) if not each.private]
    # The last words before the button are the likeliest wish; the rest goes along.
    wishes = [each.text for each in said if each.author == Author.CUSTOMER and not each.data]
    case = open_case(
        session,
        wishes[-1] if wishes else said[-1].text,
        now=now,
        kind=CaseKind.MESSAGE,
        category=conversation.category,
        details={"transcript": [[each.author, each.text] for each in said if each.text]},
        conversation_id=conversation.id,
    )
    handoff.leave_message(session, conversation, case.number, now=now)
    return case.number


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
