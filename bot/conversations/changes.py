"""The change feed: what clients ask for after their cursor.

First load, live update and reconnect are the same query. Cursors are numbers of one counter
that each unit of work holds until it is committed, so a reader that has seen cursor n has seen
everything up to n.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session, joinedload

from bot.conversations.models import Change, Conversation, ConversationStatus, Message
from bot.conversations.views import message_view, status_view
from bot.database import Database, next_value
from bot.staff.models import Staff

DESK = "desk"

# Made once: every poll asks this, and building it takes longer than carrying it out.
_OF_CUSTOMER = (
    select(Change)
    .where(
        Change.customer_id == bindparam("customer_id"),
        Change.cursor > bindparam("after"),
        Change.for_customer,
    )
    .order_by(Change.cursor)
    .limit(bindparam("most"))
    .options(joinedload(Change.message).joinedload(Message.staff))
)


def topic(customer_id: int) -> str:
    """The name under which news for one customer is announced."""
    return f"customer:{customer_id}"


@dataclass(frozen=True)
class Page:
    """Changes after a cursor, oldest first, and the cursor to ask with next."""

    changes: list[dict[str, Any]]
    cursor: int


def note_message(session: Session, conversation: Conversation, message: Message) -> None:
    """Put a stored message into the feed; private notes go to the desk only."""
    _note(
        session,
        conversation,
        type="message",
        message_id=message.id,
        for_customer=not message.private,
    )


def note_status(session: Session, conversation: Conversation) -> None:
    """Put the conversation's present status into the feed."""
    _note(session, conversation, type="status", data=status_view(conversation))


def note_feedback(session: Session, conversation: Conversation, data: dict[str, Any]) -> None:
    """Tell the desk about a score or a thumb."""
    _note(session, conversation, type="feedback", data=data, for_customer=False)


def _note(session: Session, conversation: Conversation, **values: Any) -> None:
    session.flush()
    session.add(
        Change(
            cursor=next_value(session, "changes"),
            customer_id=conversation.customer_id,
            conversation_id=conversation.id,
            **values,
        )
    )
    topics = session.info.setdefault("topics", set())
    topics.update({DESK, topic(conversation.customer_id)})


def changes_for_customer(session: Session, customer_id: int, after: int, limit: int = 200) -> Page:
    """What happened for a customer after a cursor, over all of the customer's conversations."""
    wanted = {"customer_id": customer_id, "after": after, "most": limit}
    return _page(list(session.scalars(_OF_CUSTOMER, wanted)), after)


def changes_for_desk(
    session: Session, staff: Staff, after: int, limit: int = 200, *, watched: str | None = None
) -> Page:
    """What a member of staff must know: every status, and messages of the queue and their own.

    Args:
        session: The unit of work.
        staff: Who asks.
        after: The cursor.
        limit: The most changes of one page.
        watched: A conversation of somebody else that lies open on their screen.
    """
    mine = or_(
        Conversation.staff_id == staff.id,
        Conversation.status == ConversationStatus.QUEUED,
        Conversation.id == watched,
    )
    query = (
        select(Change)
        .join(Change.conversation)
        .where(Change.cursor > after, or_(Change.type != "message", mine))
        .order_by(Change.cursor)
        .limit(limit)
        .options(joinedload(Change.message).joinedload(Message.staff))
    )
    return _page(list(session.scalars(query)), after)


def newest_cursor(session: Session) -> int:
    """The cursor of the newest change, 0 before the first."""
    return session.scalar(select(Change.cursor).order_by(Change.cursor.desc()).limit(1)) or 0


def newest_cursor_of(session: Session, customer_id: int) -> int:
    """The cursor of the newest change that a customer may see, 0 before the first."""
    query = select(func.max(Change.cursor)).where(
        Change.customer_id == customer_id, Change.for_customer
    )
    return session.scalar(query) or 0


def _page(found: list[Change], after: int) -> Page:
    changes = [
        {
            "cursor": change.cursor,
            "type": change.type,
            "conversation_id": change.conversation_id,
            **({"message": message_view(change.message)} if change.message else change.data),
        }
        for change in found
    ]
    return Page(changes, found[-1].cursor if found else after)


class Bell:
    """Wakes those who wait for news; what is new they read from the feed."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, database: Database) -> None:
        """Ring for every committed change of this database; call it on the event loop."""
        self._loop = asyncio.get_running_loop()
        database.announce = self._from_any_thread

    def _from_any_thread(self, topics: set[str]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ring, topics)

    def ring(self, topics: set[str]) -> None:
        """Wake everybody who listens for one of these topics."""
        for each in topics:
            for event in self._listeners.get(each, ()):
                event.set()

    @asynccontextmanager
    async def listening(self, name: str) -> AsyncIterator[asyncio.Event]:
        """Listen for a topic; begin before reading the feed, so that nothing falls between."""
        event = asyncio.Event()
        self._listeners[name].add(event)
        try:
            yield event
        finally:
            self._listeners[name].discard(event)
            if not self._listeners[name]:
                del self._listeners[name]
