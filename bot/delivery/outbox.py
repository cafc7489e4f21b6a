"""The outbox: parcels are put in with their messages, and wait in their customer's lane."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.conversations.models import Author, Conversation, Customer, Message
from bot.delivery.channel import SAVED, is_notice
from bot.delivery.models import DeliveryState, Lane, Outgoing

# Channels that have to be called; the widget asks by itself and needs no parcel.
PUSH_CHANNELS = frozenset({"wechat", "wechat_kf"})


def topic(channel: str) -> str:
    """The name under which work for a channel's senders is announced."""
    return f"outgoing:{channel}"


def needs_parcel(message: Message) -> bool:
    """Whether a message must be pushed to the customer."""
    said_to_customer = message.author != Author.CUSTOMER and not message.private
    return said_to_customer and message.channel in PUSH_CHANNELS


def enqueue(
    session: Session, conversation: Conversation, message: Message, *, now: datetime
) -> None:
    """Put a message that must be pushed into the outbox; any other needs nothing.

    In the message's own unit of work. Whoever wrote to the customer's lane holds it until the
    end, so parcels get their numbers in the order they become visible.
    """
    if not needs_parcel(message):
        return
    session.flush()
    put_in_lane(session, conversation.customer_id, message.channel, now=now)
    if message.data.get("notice"):
        hurry(session, conversation.customer_id, now)
    elif not is_notice(message.author, message.kind):
        _take_along_saved(session, conversation.customer_id, message.channel, now)
    session.add(
        Outgoing(
            message_id=message.id,
            customer_id=conversation.customer_id,
            conversation_id=conversation.id,
            channel=message.channel,
            state=DeliveryState.WAITING,
            created_at=now,
        )
    )


def _take_along_saved(session: Session, customer_id: int, channel: str, now: datetime) -> None:
    """What was held so that something like this could be said goes before it.

    Not where anything is held for another reason: then nothing can be said now.
    """
    held = select(Outgoing.reason).where(
        Outgoing.customer_id == customer_id, Outgoing.state == DeliveryState.HELD
    )
    if set(session.scalars(held)) == {SAVED}:
        release(session, customer_id, channel, now=now)


def hurry(session: Session, customer_id: int, at: datetime) -> None:
    """Look at a held lane all the same: something in it has another way to go."""
    session.execute(
        update(Lane)
        .where(Lane.customer_id == customer_id, Lane.held, Lane.lease.is_(None))
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )


def note_contact(session: Session, customer: Customer, *, now: datetime) -> None:
    """The customer of a push channel has just written: what was held may go now."""
    if customer.channel not in PUSH_CHANNELS:
        return
    customer.last_contact_at = now
    session.flush()
    release(session, customer.id, customer.channel, now=now)


def release(session: Session, customer_id: int, channel: str, *, now: datetime) -> None:
    """Let a customer's parcels go at once, held ones too; a sender at work is not disturbed."""
    freed = session.execute(
        update(Lane)
        .where(Lane.customer_id == customer_id)
        # Who has the lane looks again before giving it back.
        .values(held=False, due_at=case((Lane.lease.is_(None), now), else_=Lane.due_at))
        .returning(Lane.customer_id)
    ).all()
    if not freed:
        return
    session.execute(
        update(Outgoing)
        .where(Outgoing.customer_id == customer_id, Outgoing.state == DeliveryState.HELD)
        .values(state=DeliveryState.WAITING)
    )
    announce(session, channel)


def release_if_free(session: Session, customer_id: int, channel: str, *, now: datetime) -> None:
    """Let a customer's parcels go if none is held any more: staff settled the last one."""
    session.flush()
    held = select(Outgoing.id).where(
        Outgoing.customer_id == customer_id, Outgoing.state == DeliveryState.HELD
    )
    if session.scalar(held.limit(1)) is None:
        release(session, customer_id, channel, now=now)


def announce(session: Session, channel: str) -> None:
    """Wake the channel's senders once this unit of work is stored."""
    session.info.setdefault("topics", set()).add(topic(channel))


def put_in_lane(
    session: Session, customer_id: int, channel: str, *, held: bool = False, now: datetime
) -> None:
    """A parcel has come into a customer's lane: due now, or waiting for what is before it.

    ``held``: the parcel keeps the lane from moving until the customer's next contact.
    """
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    first = None if held else now
    row = insert(Lane).values(customer_id=customer_id, channel=channel, due_at=first, held=held)
    if held:
        # A sender at work finds the held parcel when it gives the lane back.
        due_at = case((Lane.lease.is_(None), None), else_=Lane.due_at)
        change: dict[str, Any] = {"held": True, "due_at": due_at}
    else:
        # A lane that is held, at work or backing off keeps its time.
        due_at = case((Lane.held, None), (Lane.due_at.is_(None), now), else_=Lane.due_at)
        change = {"due_at": due_at}
    session.execute(row.on_conflict_do_update(index_elements=[Lane.customer_id], set_=change))
    announce(session, channel)
