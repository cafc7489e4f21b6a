"""What staff ask of a conversation and say in it: the customer's question, replies and notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.conversations.fallback import ASKS_FOR_PERSON
from bot.conversations.ledger import append, checked_text
from bot.conversations.models import Author, Conversation, ConversationStatus, Message, Turn
from bot.desk.drafts import forget_draft
from bot.desk.mentions import named_in, tell
from bot.desk.reading import mark_read
from bot.errors import BadInput, ConversationNotFound, NotYours, WrongStatus
from bot.staff.models import Staff

_WORDS_LOOKED_AT = 30
# “下周三行不行” asks nothing by itself; what it is about was said a little earlier.
_QUESTIONS = 4
# “在吗”, “你好” ask nothing that the knowledge base could answer.
_SHORTEST_QUESTION = 4
_ABOUT_A_SERVICE = and_(Turn.category.is_not(None), Turn.category != "out_of_scope")


def last_question(session: Session, conversation_id: str) -> str:
    """The first of ``last_questions``; empty if the customer has said nothing."""
    return next(iter(last_questions(session, conversation_id)), "")


def last_questions(session: Session, conversation_id: str) -> list[str]:
    """What the customer may be asking, which suggestions are looked up for, the likeliest first.

    “转人工”, thanks, pressed buttons and “绑定 123456” are no question. What was said to a person
    since the bot fell silent counts first, the newest of it before the rest; then the last turn
    about a service.
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
    typed = [
        each for each in said if not {"payload", "command"} & set(each.data) and each.kind != "file"
    ]
    unheard = [each.text for each in typed if each.seq > (heard or 0) and _may_ask(each.text)]
    found = unheard[:_QUESTIONS]
    if newest is not None:
        taken = [e.text for e in reversed(typed) if newest.first_seq <= e.seq <= newest.last_seq]
        found += ["，".join(taken)] if taken else []
    if found:
        return found
    asking = [each.text for each in typed if _may_ask(each.text)]
    return [*asking, *(each.text for each in typed)][:1]


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
    attachment: dict[str, Any] | None = None,
) -> Message:
    """Store a reply to the customer, or a private note; the same ``client_id`` again, once.

    Notes may be written by any member of staff and into resolved conversations, replies only
    by the one who holds it. Colleagues whom a note names are told. The writer's draft that says
    the same is done with, and whoever answers the customer has read what they said.

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
    named = named_in(session, clean, staff) if private and not attachment else []
    data: dict[str, Any] = {"attachment": attachment} if attachment else {}
    if named:
        data["mentions"] = [each.card for each in named]
    message = append(
        session,
        conversation,
        Author.STAFF,
        clean,
        now=now,
        kind="file" if attachment else "text",
        data=data,
        private=private,
        channel_message_id=key,
        staff_id=staff.id,
    )
    tell(session, conversation, message, named, staff, now=now)
    forget_draft(session, conversation_id, staff, "note" if private else "reply", clean)
    if not private:
        mark_read(session, conversation_id, staff, message.seq, now=now)
    return message


def _found(session: Session, conversation_id: str, for_update: bool = False) -> Conversation:
    found = session.get(Conversation, conversation_id, with_for_update=for_update or None)
    if found is None:
        raise ConversationNotFound
    return found
