"""Conversations that somebody serves in WeCom itself.

The status decides who speaks, so such a conversation is held by a person here, too: by one
account that stands for everybody who works in WeCom. It never signs in and is assigned nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.conversations.handoff import Handoff
from bot.conversations.ledger import MAX_TEXT, append, cleaned, open_one
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    HandoffReason,
)
from bot.conversations.transitions import Transition, held_values, locked, move, to_bot
from bot.delivery.models import DeliveryState, Outgoing
from bot.staff.models import Role, Staff

USERNAME = "wecom"
# No password has this hash.
_NO_PASSWORD = "!"
BOT, QUEUED = ConversationStatus.BOT, ConversationStatus.QUEUED
STAFF, RESOLVED = ConversationStatus.STAFF, ConversationStatus.RESOLVED


def colleague(session: Session) -> Staff:
    """The account that stands for the people in WeCom; made when first needed."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    made = insert(Staff).values(
        username=USERNAME,
        password_hash=_NO_PASSWORD,
        name="企业微信坐席",
        number="企微",
        role=Role.ELSEWHERE,
        skills=[],
        presence="offline",
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["username"]))
    return session.scalars(select(Staff).where(Staff.username == USERNAME)).one()


def take(
    session: Session, customer: Customer, conversation: Conversation, *, now: datetime
) -> Conversation:
    """Somebody in WeCom serves this customer now, whoever did before; again: nothing changes.

    Returns:
        Their conversation: the next one, if this was over.
    """
    conversation = open_one(session, customer, locked(session, conversation.id), now=now)
    staff = colleague(session)
    if conversation.status == STAFF and conversation.staff_id == staff.id:
        return conversation
    # Nobody here can make them answer, so no promise of ours is kept or broken by them.
    values: dict[str, Any] = held_values(conversation, staff, now)
    values["handoff_kind"] = HandoffReason.STAFF_STEPPED_IN
    is_bots = conversation.status == BOT
    wanted = Transition(
        "take_over" if conversation.status == STAFF else "accept",
        (BOT, QUEUED, STAFF),
        STAFF,
        staff=staff,
        kind=HandoffReason.STAFF_STEPPED_IN if is_bots else None,
        values=values,
    )
    move(session, conversation, wanted, now=now)
    return conversation


def end(session: Session, conversation: Conversation, handoff: Handoff, *, now: datetime) -> None:
    """Their service is over; the customer is asked for a score as after any other."""
    if is_theirs(session, conversation):
        handoff.resolve(session, conversation.id, colleague(session), "", now=now)


def hand_back(session: Session, conversation: Conversation, *, now: datetime) -> None:
    """WeCom says that nobody serves there any more: the bot speaks again."""
    if is_theirs(session, conversation):
        to_bot(session, conversation, "return_to_bot", STAFF, now, colleague(session))


def is_theirs(session: Session, conversation: Conversation) -> bool:
    """Whether somebody in WeCom serves."""
    return conversation.status == STAFF and conversation.staff_id == colleague(session).id


def say_for(
    session: Session,
    customer: Customer,
    conversation: Conversation,
    text: str,
    key: str,
    *,
    now: datetime,
) -> None:
    """Store what somebody in WeCom has said; the customer has it already."""
    conversation = take(session, customer, conversation, now=now)
    message = append(
        session,
        conversation,
        Author.STAFF,
        cleaned(text)[:MAX_TEXT] or "［无法显示的消息］",
        now=now,
        channel_message_id=f"{customer.id}:{key}",
        staff_id=colleague(session).id,
    )
    session.flush()
    session.execute(
        update(Outgoing)
        .where(Outgoing.message_id == message.id)
        .values(state=DeliveryState.SENT, sent_at=now, tried_at=now)
    )
