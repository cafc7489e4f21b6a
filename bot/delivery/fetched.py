"""What customers' clients have fetched, collected in memory and stored now and then.

A poll only notes its cursor here, so it stays a read. One process stores what its own clients
told; the higher number wins. What a dying process had not stored yet comes with the client's next
poll, so at worst a mark at the desk appears late.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session

from bot.conversations.changes import note_seen
from bot.conversations.models import (
    Author,
    Change,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
)
from bot.database import Counter
from bot.delivery.states import delivered_seq
from bot.sweeps import Sweep

# How late the desk may learn that a message has arrived.
FLUSH_SECONDS = 3.0
# What was stored for so many customers is remembered, so that a poll without news costs nothing.
_MOST_CUSTOMERS = 50_000

_customers = Customer.__table__.c
_RAISE = (
    update(Customer.__table__)  # type: ignore[arg-type]
    .where(_customers.id == bindparam("customer"), _customers.seen_cursor < bindparam("cursor"))
    .values(seen_cursor=bindparam("cursor"))
)


class Fetched:
    """The newest cursor of each customer's client, since it was last stored."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: dict[int, int] = {}
        self._known: dict[int, int] = {}
        self._told: dict[str, int] = {}

    def note(self, customer_id: int, cursor: int) -> None:
        """A client has asked for what comes after this cursor."""
        if cursor <= self._known.get(customer_id, 0):
            return
        with self._lock:
            if len(self._known) >= _MOST_CUSTOMERS:
                self._known.clear()
                self._told.clear()
            self._known[customer_id] = cursor
            self._news[customer_id] = cursor

    def sweep(self) -> Sweep:
        """What stores the news; only when there are some."""
        return Sweep("fetched", FLUSH_SECONDS, self.store, lambda _session, _now: bool(self._news))

    def store(self, session: Session, _now: datetime) -> None:
        """Store the news and tell the desk where a person is talking, or has just said something.

        What somebody said last arrives when they may have ended the conversation already.
        """
        with self._lock:
            news, self._news = self._news, {}
        if not news:
            return
        # A client may claim any number; the feed's newest is the most that it can have.
        newest = session.scalar(select(Counter.value).where(Counter.name == "changes")) or 0
        raised = [{"customer": id_, "cursor": min(at, newest)} for id_, at in sorted(news.items())]
        attended = session.scalars(_attended(news)).all()
        session.execute(_RAISE, raised)
        for conversation in attended:
            seq = delivered_seq(session, conversation)
            if self._told.get(conversation.id) != seq:
                self._told[conversation.id] = seq
                note_seen(session, conversation, seq)


def _attended(customer_ids: Iterable[int]) -> Select[Conversation]:
    said = (
        exists()
        .where(
            Change.customer_id == Conversation.customer_id,
            Change.conversation_id == Conversation.id,
            Change.cursor > Customer.seen_cursor,
            Change.for_customer,
            Change.message_id == Message.id,
            Message.author == Author.STAFF,
        )
        .correlate(Conversation, Customer)
    )
    return (
        select(Conversation)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(
            Customer.id.in_(list(customer_ids)),
            or_(Conversation.status == ConversationStatus.STAFF, said),
        )
    )
