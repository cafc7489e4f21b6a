"""What a channel calls with each message: stores it and says who deals with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.conversations.answering import Asked
from bot.conversations.buttons import (
    CANCEL_HANDOFF,
    KEEP_BINDING,
    LEAVE_MESSAGE,
    OWN,
    PERSON_AFTER_LOW_SCORE,
    UNBIND,
)
from bot.conversations.commands import Command, command_in
from bot.conversations.continuing import go_on
from bot.conversations.handoff import Handoff
from bot.conversations.leaving import leave_message
from bot.conversations.ledger import Incoming, Received, record_incoming
from bot.conversations.models import Conversation, ConversationStatus, Customer, HandoffReason
from bot.conversations.patience import ask_for_patience
from bot.conversations.turns import begin_turn, begin_turn_with
from bot.enterprises.binder import Binder
from bot.enterprises.words import Act, Wish, wish_in


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
    binder: Binder | None = None,
) -> Admitted:
    """Store a customer's message and obey it if it is a button of ours, or words for one.

    Without a ``binder`` nothing is heard of enterprises.

    Raises:
        BadInput, TooLarge, ConversationNotFound: See ``record_incoming``; nothing is stored.
    """
    received = record_incoming(session, conversation_id, customer, incoming, now=now)
    conversation = received.conversation
    ask_for_patience(session, customer, received, handoff, now=now)
    if received.is_new and (
        _obey(session, conversation, incoming, handoff, now)
        or (binder is not None and _obey_binding(session, received, incoming, binder, now))
    ):
        # An earlier message that nobody has answered yet must not count as answered with it.
        if conversation.answered_seq == received.message.seq - 1:
            conversation.answered_seq = received.message.seq
        return Admitted(received, False)
    if received.is_new:
        go_on(session, received, handoff, now=now)
    if conversation.status != ConversationStatus.BOT:
        return Admitted(received, False)
    if received.is_new:
        begun = begin_turn_with(session, conversation, received.message, now=now)
    else:
        begun = begin_turn(session, conversation.id, now=now)
    return Admitted(received, True, begun)


def _obey(
    session: Session,
    conversation: Conversation,
    incoming: Incoming,
    handoff: Handoff,
    now: datetime,
) -> bool:
    wanted = _wanted(conversation, incoming)
    if wanted == LEAVE_MESSAGE:
        leave_message(session, conversation, handoff, now=now)
    elif wanted == CANCEL_HANDOFF:
        handoff.cancel(session, conversation, now=now)
    elif wanted == PERSON_AFTER_LOW_SCORE:
        reason = HandoffReason.LOW_SCORE
        handoff.request_handoff(session, conversation, reason, now=now)
    elif wanted == Command.END:
        handoff.customer_ends(session, conversation, now=now)
    else:
        return False
    return True


def _obey_binding(
    session: Session, received: Received, incoming: Incoming, binder: Binder, now: datetime
) -> bool:
    """What concerns the customer's enterprise is obeyed whoever speaks, the bot or a person."""
    if incoming.attachment is not None:
        return False
    if incoming.payload is None:
        wish = wish_in(incoming.text)
    else:
        wish = _PRESSED.get(incoming.payload)
    if wish is None:
        return False
    # A turn that is running must not take it up when it ends.
    received.message.data = {**received.message.data, "command": "binding"}
    binder.obey(session, received.conversation, wish, now=now)
    return True


_PRESSED = {UNBIND: Wish(Act.CONFIRM), KEEP_BINDING: Wish(Act.SHOW)}


def _wanted(conversation: Conversation, incoming: Incoming) -> str | None:
    """One of our own buttons, or the words for it from somebody who waits or is served."""
    if incoming.payload is not None:
        return incoming.payload if incoming.payload in OWN else None
    if conversation.status not in (ConversationStatus.QUEUED, ConversationStatus.STAFF):
        return None
    command = command_in(incoming.text)
    if command is Command.LEAVE_MESSAGE:
        # A person who serves can be asked directly.
        return LEAVE_MESSAGE if conversation.status == ConversationStatus.QUEUED else None
    return command
