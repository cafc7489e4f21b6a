"""The change feed: what clients ask for after their cursor.

First load, live update and reconnect are the same query. Cursors are numbers of one counter
that each unit of work holds until it is committed, so a reader that has seen cursor n has seen
everything up to n. They are given out last of all: whoever holds the counter waits for nothing
else, so writers neither block each other for long nor lock each other out.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, event, func, or_, select
from sqlalchemy.orm import Session, SessionTransaction, joinedload

from bot.conversations.models import Change, Conversation, ConversationStatus, Message
from bot.conversations.sight import READS_ALL, readable_by
from bot.conversations.views import message_view, status_view, without_words
from bot.database import last_of_next_values
from bot.delivery.states import States, states_on
from bot.staff.models import Staff

# Wakes everybody at the desk.
DESK = "desk"
# The channel of PostgreSQL's NOTIFY, and how much of a payload it takes (8,000 bytes in all).
NEWS = "assistant_news"
_MOST_TOPICS = 150
_SEEN_BY_HOLDER = ("message", "delivery")
# Where a transfer, or a conversation that was taken over, names those whom it concerns.
_NAMED = (("transfer", "to", "username"), ("transfer", "from", "username"), ("from", "username"))

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


def desk_topic(staff_id: int) -> str:
    """The name under which news in the conversations of a member of staff is announced."""
    return f"desk:{staff_id}"


def watch_topic(conversation_id: str) -> str:
    """The name under which news in one conversation is announced to those who watch it."""
    return f"watch:{conversation_id}"


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


def note_delivery(
    session: Session, conversation: Conversation, states: dict[str, dict[str, Any]]
) -> None:
    """Tell the desk how far messages have come: state and reason by message id."""
    _note(session, conversation, type="delivery", data={"messages": states}, for_customer=False)
    if any(each["state"] == "failed" for each in states.values()):
        # Somebody must decide what becomes of it, and it may be nobody's conversation.
        session.info["topics"].add(DESK)


def note_waiting(session: Session, conversation: Conversation, standing: dict[str, Any]) -> None:
    """Tell a customer in the queue where they stand now; the desk counts by itself."""
    _note(session, conversation, type="waiting", data=standing, wakes_desk=False)


def note_desk(
    session: Session, conversation: Conversation, kind: str, data: dict[str, Any]
) -> None:
    """Tell the desk about a transfer, a promise or whatever else ``kind`` names."""
    _note(session, conversation, type=kind, data=data, for_customer=False)


def note_seen(session: Session, conversation: Conversation, seq: int) -> None:
    """Tell the desk up to which message the customer's client has fetched a conversation."""
    _note(session, conversation, type="delivery", data={"delivered_seq": seq}, for_customer=False)


def note_mention(session: Session, conversation: Conversation, data: dict[str, Any]) -> None:
    """Tell the desk that a note names somebody; the note itself is read in its conversation."""
    _note(session, conversation, type="mention", data=data, for_customer=False)


def _note(
    session: Session, conversation: Conversation, *, wakes_desk: bool = True, **values: Any
) -> None:
    session.flush()
    change = Change(customer_id=conversation.customer_id, conversation_id=conversation.id, **values)
    _pending(session).append((session.get_nested_transaction(), change))
    topics = session.info.setdefault("topics", set())
    if values.get("for_customer", True):
        topics.add(topic(conversation.customer_id))
    if wakes_desk:
        topics.update(_at_the_desk(conversation, values["type"]))


def _at_the_desk(conversation: Conversation, kind: str) -> set[str]:
    """Whom a change wakes: with fifty people, waking all of them each time costs too much."""
    if kind not in _SEEN_BY_HOLDER or conversation.status == ConversationStatus.QUEUED:
        return {DESK}
    watching = {watch_topic(conversation.id)}
    if conversation.staff_id is None:
        return watching
    return {desk_topic(conversation.staff_id), *watching}


def _pending(session: Session) -> list[tuple[SessionTransaction | None, Change]]:
    pending: list[tuple[SessionTransaction | None, Change]]
    pending = session.info.setdefault("changes", [])
    return pending


@event.listens_for(Session, "before_commit")
def _complete(session: Session) -> None:
    _number(session)
    if session.info.get("topics") and session.get_bind().dialect.name == "postgresql":
        _notify(session)


def _notify(session: Session) -> None:
    """Tell the other processes, when and only if this unit of work is stored; see ``bell``."""
    topics = sorted(session.info["topics"])
    first, last = session.info.get("cursors", (0, 0))
    for start in range(0, len(topics), _MOST_TOPICS):
        news = {
            "from": session.info.get("owner"),
            "first": first,
            "last": last,
            "topics": topics[start : start + _MOST_TOPICS],
        }
        session.execute(select(func.pg_notify(NEWS, json.dumps(news, separators=(",", ":")))))


def _number(session: Session) -> None:
    """Give the unit of work's changes their cursors, in the order in which they were noted."""
    changes = [change for _, change in _pending(session)]
    if not changes:
        return
    session.info["changes"] = []
    last = last_of_next_values(session, "changes", len(changes))
    first = last - len(changes) + 1
    session.info["cursors"] = session.info.get("cursors", (first, last))[0], last
    for cursor, change in enumerate(changes, first):
        change.cursor = cursor
    session.add_all(changes)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, ended: SessionTransaction) -> None:
    """What was noted inside a savepoint that was rolled back did not happen; see ``_note``."""
    kept = [each for each in _pending(session) if ended.nested and each[0] is not ended]
    session.info["changes"] = kept


def changes_for_customer(session: Session, customer_id: int, after: int, limit: int = 200) -> Page:
    """What happened for a customer after a cursor, over all of the customer's conversations."""
    _number(session)
    wanted = {"customer_id": customer_id, "after": after, "most": limit}
    return _page(list(session.scalars(_OF_CUSTOMER, wanted)), after)


def changes_for_desk(
    session: Session, staff: Staff, after: int, limit: int = 200, *, watched: str | None = None
) -> Page:
    """What a member of staff must know: every status, and messages of the queue and their own.

    Of conversations that they may not read, it says only who speaks, and what came of those that
    left their sight: an offer that is over, one they held until somebody took it.

    Args:
        session: The unit of work.
        staff: Who asks.
        after: The cursor.
        limit: The most changes of one page.
        watched: A conversation of somebody else that lies open on their screen.
    """
    _number(session)
    mine = or_(
        Conversation.staff_id == staff.id,
        Conversation.status == ConversationStatus.QUEUED,
        Conversation.id == watched,
    )
    readable = readable_by(session, staff)
    query = (
        select(Change, readable)
        .join(Change.conversation)
        .where(Change.cursor > after, Change.type != "waiting", _seen_by(staff, mine, readable))
        .order_by(Change.cursor)
        .limit(limit)
        .options(joinedload(Change.message).joinedload(Message.staff))
    )
    rows = session.execute(query).all()
    found = [change for change, _ in rows]
    unread = {change.cursor for change, may_read in rows if not may_read}
    return _page(found, after, states_on(session, found), unread)


def _seen_by(
    staff: Staff, mine: ColumnElement[bool], readable: ColumnElement[bool]
) -> ColumnElement[bool]:
    if staff.role in READS_ALL:
        return or_(Change.type != "message", mine)
    named = [Change.data[place].as_string() == staff.username for place in _NAMED]
    of_group = Change.data["transfer"]["group"].as_string().in_(staff.skills)
    return or_(
        Change.type == "status",
        mine,
        # How others keep their promises is the business of those who answer for it.
        and_(Change.type.not_in(("message", "sla")), readable),
        and_(Change.type.in_(("transfer", "taken_over")), or_(*named, of_group)),
    )


def newest_cursor(session: Session) -> int:
    """The cursor of the newest change, 0 before the first."""
    _number(session)
    return session.scalar(select(Change.cursor).order_by(Change.cursor.desc()).limit(1)) or 0


def newest_cursor_of(session: Session, customer_id: int) -> int:
    """The cursor of the newest change that a customer may see, 0 before the first."""
    _number(session)
    query = select(func.max(Change.cursor)).where(
        Change.customer_id == customer_id, Change.for_customer
    )
    return session.scalar(query) or 0


def _page(
    found: list[Change],
    after: int,
    states: States | None = None,
    unread: Collection[int] = (),
) -> Page:
    changes = [
        {
            "cursor": change.cursor,
            "type": change.type,
            "conversation_id": change.conversation_id,
            **_content(change, states or {}, change.cursor not in unread),
        }
        for change in found
    ]
    return Page(changes, found[-1].cursor if found else after)


def _content(change: Change, states: States, is_readable: bool) -> dict[str, Any]:
    if change.message is None:
        return change.data if is_readable else without_words(change.data)
    return {"message": message_view(change.message, states.get(change.message.id))}
