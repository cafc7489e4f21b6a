"""Private notes that name a colleague with “@”: who is told, and what they have yet to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload

from bot.conversations.changes import note_mention
from bot.conversations.models import Conversation, Message
from bot.desk.models import Mention
from bot.desk.people import Person, people
from bot.desk.rows import customer_name
from bot.staff.models import Staff

# The coordinating department reads no conversations, so it is not called into one.
_MAY_BE_NAMED = ("staff", "supervisor", "admin")
_LISTED = 50
_WORDS_SHOWN = 120


def colleagues(session: Session) -> list[Staff]:
    """Everybody who may be named, by work number."""
    query = select(Staff).where(Staff.role.in_(_MAY_BE_NAMED)).order_by(Staff.number)
    return list(session.scalars(query))


def named_in(session: Session, note: str, author: Staff) -> list[Staff]:
    """Whom a note names, by name, work number or user name; nobody is told of their own words."""
    if "@" not in note and "＠" not in note:
        return []
    left, found = note.replace("＠", "@"), []
    # The longest name first: “@王工” must not take what means “@王工程师”.
    names = [(name, each) for each in colleagues(session) for name in _names(each)]
    for name, each in sorted(names, key=lambda pair: -len(pair[0])):
        if f"@{name}" in left:
            left = left.replace(f"@{name}", " ")
            if each.id != author.id and each not in found:
                found.append(each)
    return sorted(found, key=lambda each: each.number)


def tell(
    session: Session,
    conversation: Conversation,
    message: Message,
    named: Sequence[Staff],
    author: Staff,
    *,
    now: datetime,
) -> None:
    """Put a mention into each colleague's list and into the change feed."""
    for each in named:
        session.add(
            Mention(
                conversation_id=conversation.id,
                message_id=message.id,
                staff_id=each.id,
                by_staff_id=author.id,
                created_at=now,
            )
        )
        data = {"to": each.username, "by": {"name": author.name, "number": author.number}}
        note_mention(session, conversation, data)


def mentions_of(session: Session, staff: Staff) -> dict[str, Any]:
    """The newest notes that name a person, unread first, and how many are unread."""
    query = (
        select(Mention, Conversation.customer_id)
        .join(Conversation, Conversation.id == Mention.conversation_id)
        .where(Mention.staff_id == staff.id)
        .order_by(Mention.read_at.is_not(None), Mention.id.desc())
        .limit(_LISTED)
        .options(joinedload(Mention.message), joinedload(Mention.by))
    )
    found = session.execute(query).all()
    known = people(session, {row[1] for row in found})
    unread = select(func.count()).where(Mention.staff_id == staff.id, Mention.read_at.is_(None))
    return {
        "mentions": [
            _view(each, customer_name(customer, known.get(customer, Person())))
            for each, customer in found
        ],
        "unread": session.scalar(unread) or 0,
    }


def is_named(session: Session, conversation_id: str, staff: Staff) -> bool:
    """Whether a note in this conversation names a person, who may then read it and write notes."""
    query = exists().where(Mention.conversation_id == conversation_id, Mention.staff_id == staff.id)
    return bool(session.scalar(select(query)))


def _names(staff: Staff) -> tuple[str, ...]:
    return (staff.name, staff.username, f"{staff.number} 号", f"{staff.number}号")


def _view(mention: Mention, customer: str) -> dict[str, Any]:
    return {
        "id": mention.id,
        "conversation_id": mention.conversation_id,
        "customer": customer,
        "by": {"name": mention.by.name, "number": mention.by.number},
        "text": mention.message.text[:_WORDS_SHOWN],
        "created_at": mention.created_at.isoformat(),
        "is_read": mention.read_at is not None,
    }
