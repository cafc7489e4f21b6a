"""Conversations as the desk sees them: lists, one in whole, and what staff say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, joinedload

from bot.cases.progress import case_view
from bot.cases.service import cases_of
from bot.conversations.deadlines import promises
from bot.conversations.fallback import ASKS_FOR_PERSON
from bot.conversations.ledger import append, checked_text, messages_of
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Message,
    StatusEvent,
    SuppressedDraft,
    Turn,
)
from bot.conversations.views import message_view, status_view
from bot.errors import BadInput, ConversationNotFound, NotYours, WrongStatus
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff

# The list shows what staff can work through; older resolved ones are found by customer.
_LIST_LIMIT = 200
_FIRST_WORDS = 60
_NOTE_TURNS = 6
_NOTE_ANSWERS = 3
_WORDS_LOOKED_AT = 30
# “在吗”, “你好” ask nothing that the knowledge base could answer.
_SHORTEST_QUESTION = 4
_ABOUT_A_SERVICE = and_(Turn.category.is_not(None), Turn.category != "out_of_scope")


def conversations_in(
    session: Session, status: ConversationStatus | None, hours: WorkingHours, *, now: datetime
) -> list[dict[str, Any]]:
    """Conversations of one status (all open ones by default), the longest waiting first.

    ``hours`` are the platform's; groups may have their own.
    """
    query = select(Conversation).options(joinedload(Conversation.staff)).limit(_LIST_LIMIT)
    if status is None:
        query = query.where(Conversation.status != ConversationStatus.RESOLVED)
    else:
        query = query.where(Conversation.status == status)
    if status == ConversationStatus.QUEUED:
        query = query.order_by(Conversation.queued_at)
    else:
        query = query.order_by(Conversation.last_message_at.desc())
    found = list(session.scalars(query))
    return _rows(session, found, hours, now)


def conversation_row(
    conversation: Conversation,
    first_words: str,
    unanswered: tuple[int, datetime | None] = (0, None),
    promise: dict[str, Any] | None = None,
    *,
    now: datetime,
) -> dict[str, Any]:
    """A conversation as one row of a list; times in ISO 8601, ``waiting_seconds`` while queued.

    ``unanswered`` counts the customer's messages since anybody last answered, and says since
    when the first of them has been waiting.
    """
    waiting = None
    if conversation.status == ConversationStatus.QUEUED and conversation.queued_at is not None:
        waiting = int((now - conversation.queued_at).total_seconds())
    return {
        "id": conversation.id,
        "channel": conversation.channel,
        "customer": {"id": conversation.customer_id, "name": f"访客 {conversation.customer_id}"},
        "category": conversation.category,
        "first_words": first_words,
        "waiting_seconds": waiting,
        "queued_at": _iso(conversation.queued_at),
        "created_at": _iso(conversation.created_at),
        "last_message_at": _iso(conversation.last_message_at),
        "last_seq": conversation.last_seq,
        "unanswered": unanswered[0],
        "unanswered_since": _iso(unanswered[1]),
        "sla": promise,
        **status_view(conversation),
    }


def conversation_detail(
    session: Session, conversation_id: str, hours: WorkingHours, *, now: datetime
) -> dict[str, Any]:
    """Everything about one conversation but the suggestions, which need the knowledge base.

    Raises:
        ConversationNotFound: There is none of that id.
    """
    conversation = _found(session, conversation_id)
    events = session.scalars(
        select(StatusEvent)
        .where(StatusEvent.conversation_id == conversation.id)
        .order_by(StatusEvent.id)
    )
    drafts = session.scalars(
        select(SuppressedDraft)
        .where(SuppressedDraft.conversation_id == conversation.id)
        .order_by(SuppressedDraft.id)
    )
    return {
        "conversation": _rows(session, [conversation], hours, now)[0],
        "messages": [message_view(each) for each in messages_of(session, conversation.id)],
        "events": [_event_view(each) for each in events],
        "customer": _customer_view(session, conversation, hours, now),
        "cases": [case_view(each) for each in cases_of(session, conversation.customer_id)],
        "handoff_note": _handoff_note(session, conversation),
        "suppressed_drafts": [
            {"id": each.id, "text": each.text, "created_at": _iso(each.created_at)}
            for each in drafts
        ],
    }


def last_question(session: Session, conversation_id: str) -> str:
    """The customer's last words about a service, which suggestions are looked up for.

    “转人工”, thanks and pressed buttons are no question. What was said to a person since the bot
    fell silent counts first. Empty if the customer has said nothing.
    """
    newest = session.scalar(
        select(Turn)
        .where(Turn.conversation_id == conversation_id, _ABOUT_A_SERVICE)
        .order_by(Turn.id.desc())
        .limit(1)
    )
    heard = session.scalar(
        select(func.max(Turn.last_seq)).where(Turn.conversation_id == conversation_id)
    )
    said = list(
        session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.author == Author.CUSTOMER)
            .order_by(Message.seq.desc())
            .limit(_WORDS_LOOKED_AT)
        )
    )
    typed = [each for each in said if "payload" not in each.data]
    unheard = [each.text for each in typed if each.seq > (heard or 0) and _may_ask(each.text)]
    if unheard:
        return unheard[0]
    if newest is not None:
        taken = [e.text for e in reversed(typed) if newest.first_seq <= e.seq <= newest.last_seq]
        if taken:
            return "，".join(taken)
    asking = [each.text for each in typed if _may_ask(each.text)]
    return next(iter([*asking, *(each.text for each in typed)]), "")


def _may_ask(text: str) -> bool:
    return len(text) >= _SHORTEST_QUESTION and not ASKS_FOR_PERSON.search(text)


def record_staff_message(
    session: Session,
    conversation_id: str,
    staff: Staff,
    client_id: str,
    text: str,
    private: bool,
    *,
    now: datetime,
) -> Message:
    """Store a reply to the customer, or a private note; the same ``client_id`` again, once.

    Notes may be written by any member of staff and into resolved conversations, replies only
    by the one who holds it.

    Raises:
        BadInput, TooLarge: The text is empty or too long.
        ConversationNotFound: There is none of that id.
        NotYours: A reply by somebody who does not hold it.
        WrongStatus: A reply after the end.
    """
    if not client_id or len(client_id) > 100:
        raise BadInput("消息缺少有效的 client_id。")
    conversation = _found(session, conversation_id, for_update=True)
    key = f"staff-{staff.id}:{client_id}"
    earlier = session.scalar(
        select(Message).where(
            Message.channel == conversation.channel, Message.channel_message_id == key
        )
    )
    if earlier is not None:
        return earlier
    clean = checked_text(text)
    if not private:
        if conversation.status == ConversationStatus.RESOLVED:
            raise WrongStatus("会话已结束，不能再回复。")
        if conversation.staff_id != staff.id:
            raise NotYours
    return append(
        session,
        conversation,
        Author.STAFF,
        clean,
        now=now,
        private=private,
        channel_message_id=key,
        staff_id=staff.id,
    )


def _found(session: Session, conversation_id: str, for_update: bool = False) -> Conversation:
    found = session.get(Conversation, conversation_id, with_for_update=for_update or None)
    if found is None:
        raise ConversationNotFound
    return found


def _rows(
    session: Session, found: list[Conversation], hours: WorkingHours, now: datetime
) -> list[dict[str, Any]]:
    ids = [each.id for each in found]
    words, unanswered = _first_words(session, ids), _unanswered(session, ids)
    promised = promises(session, found, hours, now=now)
    return [
        conversation_row(
            each,
            words.get(each.id, ""),
            unanswered.get(each.id, (0, None)),
            promised.get(each.id),
            now=now,
        )
        for each in found
    ]


def _unanswered(session: Session, ids: list[str]) -> dict[str, tuple[int, datetime | None]]:
    """How many of the customer's messages nobody has answered, and the first one's time."""
    answered = (
        select(Message.conversation_id, func.max(Message.seq).label("seq"))
        .where(
            Message.conversation_id.in_(ids),
            Message.author.in_([Author.BOT, Author.STAFF]),
            Message.private.is_(False),
        )
        .group_by(Message.conversation_id)
        .subquery()
    )
    query = (
        select(Message.conversation_id, func.count(), func.min(Message.created_at))
        .join(answered, answered.c.conversation_id == Message.conversation_id, isouter=True)
        .where(
            Message.conversation_id.in_(ids),
            Message.author == Author.CUSTOMER,
            Message.seq > func.coalesce(answered.c.seq, 0),
        )
        .group_by(Message.conversation_id)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def _first_words(session: Session, ids: list[str]) -> dict[str, str]:
    first = (
        select(Message.conversation_id, func.min(Message.seq).label("seq"))
        .where(Message.conversation_id.in_(ids), Message.author == Author.CUSTOMER)
        .group_by(Message.conversation_id)
        .subquery()
    )
    query = select(Message.conversation_id, Message.text).join(
        first,
        (first.c.conversation_id == Message.conversation_id) & (first.c.seq == Message.seq),
    )
    return {row[0]: row[1][:_FIRST_WORDS] for row in session.execute(query)}


def _customer_view(
    session: Session, conversation: Conversation, hours: WorkingHours, now: datetime
) -> dict[str, Any]:
    earlier = list(
        session.scalars(
            select(Conversation)
            .where(
                Conversation.customer_id == conversation.customer_id,
                Conversation.id != conversation.id,
            )
            .order_by(Conversation.created_at.desc())
        )
    )
    return {
        "id": conversation.customer_id,
        "name": f"访客 {conversation.customer_id}",
        "channel": conversation.channel,
        "since": _iso(conversation.customer.created_at),
        "earlier": _rows(session, earlier, hours, now),
    }


def _handoff_note(session: Session, conversation: Conversation) -> dict[str, Any]:
    turns = list(
        session.scalars(
            select(Turn)
            .where(Turn.conversation_id == conversation.id)
            .order_by(Turn.id.desc())
            .limit(_NOTE_TURNS)
        )
    )
    answers = session.scalars(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.author == Author.BOT)
        .order_by(Message.seq.desc())
        .limit(_NOTE_ANSWERS)
    )
    # What the customer wants is the last service question, not the "thanks" after it.
    wishes = [turn for turn in turns if turn.category not in (None, "out_of_scope")]
    newest = next(iter([*wishes, *turns]), None)
    known = next((turn.slots for turn in turns if turn.slots), {})
    return {
        "reason": conversation.handoff_reason,
        "intent": newest.intent if newest else None,
        "category": conversation.category,
        "confidence": newest.confidence if newest else None,
        "slots": known,
        "entities": [entity for turn in reversed(turns) for entity in turn.entities],
        "failures": [turn.failure for turn in reversed(turns) if turn.failure],
        "last_answers": list(reversed(list(answers))),
    }


def _event_view(event: StatusEvent) -> dict[str, Any]:
    return {
        "transition": event.transition,
        "from": event.from_status,
        "to": event.to_status,
        "reason": event.reason,
        "staff_id": event.staff_id,
        "happened_at": _iso(event.happened_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
