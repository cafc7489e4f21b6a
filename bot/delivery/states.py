"""How far messages have come, for the desk: parcels where there are any, else what was fetched.

A client that asks for what comes after a cursor has everything up to it, so on channels that ask
by themselves one number for each customer tells what was delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Author, Change, Conversation, Customer, Message
from bot.delivery.models import Outgoing
from bot.delivery.outbox import PUSH_CHANNELS
from bot.delivery.views import FETCHED, STORED, delivery_view

States = dict[str, dict[str, Any]]


def states_in(session: Session, conversation: Conversation, messages: Sequence[Message]) -> States:
    """State and reason of each message of one conversation that was meant for the customer."""
    if conversation.channel in PUSH_CHANNELS:
        return _parcels(session, messages)
    fetched = delivered_seq(session, conversation)
    return {each.id: FETCHED if each.seq <= fetched else STORED for each in _to_customer(messages)}


def states_on(session: Session, changes: Sequence[Change]) -> States:
    """The same for the messages on a page of the change feed."""
    lines = [each for each in changes if each.message is not None]
    messages = [each.message for each in lines if each.message is not None]
    known = _parcels(session, [each for each in messages if each.channel in PUSH_CHANNELS])
    customers = {each.customer_id for each in lines}
    if not customers:
        return known
    query = select(Customer.id, Customer.seen_cursor).where(Customer.id.in_(customers))
    seen = {row[0]: row[1] for row in session.execute(query)}
    to_customer = {each.id for each in _to_customer(messages) if each.id not in known}
    for line in lines:
        if line.message_id in to_customer:
            is_fetched = line.cursor <= seen[line.customer_id]
            known[line.message_id] = FETCHED if is_fetched else STORED
    return known


def delivered_seq(session: Session, conversation: Conversation) -> int:
    """The newest of our messages that the customer's client has fetched; 0: none."""
    newest = (
        select(Message.seq)
        .join(Change, Change.message_id == Message.id)
        .join(Customer, Customer.id == Change.customer_id)
        .where(
            Change.customer_id == conversation.customer_id,
            Change.conversation_id == conversation.id,
            Change.cursor <= Customer.seen_cursor,
            Change.for_customer,
            Message.author != Author.CUSTOMER,
        )
        .order_by(Change.cursor.desc())
        .limit(1)
    )
    return session.scalar(newest) or 0


def _parcels(session: Session, messages: Sequence[Message]) -> States:
    ids = [each.id for each in _to_customer(messages)]
    if not ids:
        return {}
    found = session.scalars(select(Outgoing).where(Outgoing.message_id.in_(ids)))
    return {each.message_id: delivery_view(each) for each in found}


def _to_customer(messages: Iterable[Message]) -> Iterable[Message]:
    return (each for each in messages if each.author != Author.CUSTOMER and not each.private)
