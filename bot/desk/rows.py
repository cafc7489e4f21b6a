"""A conversation as one row of the desk's list; a constant number of queries for any number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.deadlines import promises
from bot.conversations.models import Author, Conversation, ConversationStatus, Message
from bot.conversations.postponing import postponed_among
from bot.conversations.views import status_view
from bot.desk.models import Mention, ReadMark, ReplyDraft
from bot.desk.people import Person, people
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff

_FIRST_WORDS = 60
_LAST_WORDS = 60


@dataclass(frozen=True)
class Looked:
    """What the reader of the list has seen of its conversations, and left in them.

    ``unread`` counts what customers said after the mark, or since ever without one.
    """

    marks: dict[str, int] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    drafts: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)


def rows(
    session: Session,
    found: Sequence[Conversation],
    hours: WorkingHours,
    *,
    now: datetime,
    staff: Staff | None = None,
) -> list[dict[str, Any]]:
    """Conversations as rows, in the order in which they came.

    Args:
        session: Any unit of work; a dozen queries, however many conversations there are.
        found: The conversations.
        hours: The platform's hours, for groups that have none of their own.
        now: The present moment.
        staff: Who reads; without one nothing is said about what was read.
    """
    ids = [each.id for each in found]
    first, last = _edge_words(session, ids)
    unanswered = _unanswered(session, ids)
    promised = promises(session, found, hours, now=now)
    known = people(session, {each.customer_id for each in found})
    put_off = postponed_among(session, ids)
    looked = _looked(session, ids, staff) if staff is not None else Looked()
    return [
        {
            **_row(each, known.get(each.customer_id, Person()), now),
            "first_words": first.get(each.id, ""),
            "last_words": last.get(each.id),
            "unanswered": unanswered.get(each.id, (0, None))[0],
            "unanswered_since": _iso(unanswered.get(each.id, (0, None))[1]),
            "unread": looked.unread.get(each.id, 0),
            "read_seq": looked.marks.get(each.id, 0),
            "has_draft": each.id in looked.drafts,
            "mentioned": each.id in looked.mentioned,
            "sla": promised.get(each.id),
            "postponed": put_off.get(each.id),
            **status_view(each),
        }
        for each in found
    ]


def customer_name(customer_id: int, person: Person) -> str:
    """What a customer is called at the desk."""
    return person.contact or person.company or f"访客 {customer_id}"


def _row(conversation: Conversation, person: Person, now: datetime) -> dict[str, Any]:
    waiting = None
    if conversation.status == ConversationStatus.QUEUED and conversation.queued_at is not None:
        waiting = int((now - conversation.queued_at).total_seconds())
    return {
        "id": conversation.id,
        "channel": conversation.channel,
        "customer": {
            "id": conversation.customer_id,
            "name": customer_name(conversation.customer_id, person),
            "company": person.company,
        },
        "category": conversation.category,
        "waiting_seconds": waiting,
        "queued_at": _iso(conversation.queued_at),
        "created_at": _iso(conversation.created_at),
        "last_message_at": _iso(conversation.last_message_at),
        "last_seq": conversation.last_seq,
    }


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


def _edge_words(
    session: Session, ids: list[str]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """What the customer said first, and who said what last (notes and the system's left out)."""
    said = Message.author != Author.SYSTEM
    ends = (
        select(
            Message.conversation_id,
            func.min(Message.seq).filter(Message.author == Author.CUSTOMER).label("first"),
            func.max(Message.seq).filter(said, Message.private.is_(False)).label("last"),
        )
        .where(Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id)
        .subquery()
    )
    query = select(
        Message.conversation_id,
        Message.author,
        Message.kind,
        Message.text,
        Message.seq,
        ends.c.first,
        ends.c.last,
    ).join(
        ends,
        (ends.c.conversation_id == Message.conversation_id)
        & ((Message.seq == ends.c.first) | (Message.seq == ends.c.last)),
    )
    first, last = {}, {}
    for conversation_id, author, kind, words, seq, first_seq, last_seq in session.execute(query):
        if seq == first_seq:
            first[conversation_id] = words[:_FIRST_WORDS]
        if seq == last_seq:
            last[conversation_id] = {"author": author, "kind": kind, "text": words[:_LAST_WORDS]}
    return first, last


def _looked(session: Session, ids: list[str], staff: Staff) -> Looked:
    mine = (ReadMark.staff_id == staff.id) & ReadMark.conversation_id.in_(ids)
    marks = select(ReadMark.conversation_id, ReadMark.seq).where(mine)
    unread = (
        select(Message.conversation_id, func.count())
        .join(
            ReadMark,
            (ReadMark.conversation_id == Message.conversation_id) & (ReadMark.staff_id == staff.id),
            isouter=True,
        )
        .where(
            Message.conversation_id.in_(ids),
            Message.author == Author.CUSTOMER,
            Message.seq > func.coalesce(ReadMark.seq, 0),
        )
        .group_by(Message.conversation_id)
    )
    drafts = select(ReplyDraft.conversation_id).where(
        ReplyDraft.staff_id == staff.id, ReplyDraft.text != "", ReplyDraft.conversation_id.in_(ids)
    )
    named = select(Mention.conversation_id).where(
        Mention.staff_id == staff.id,
        Mention.read_at.is_(None),
        Mention.conversation_id.in_(ids),
    )
    return Looked(
        marks={row[0]: row[1] for row in session.execute(marks)},
        unread={row[0]: row[1] for row in session.execute(unread)},
        drafts=set(session.scalars(drafts)),
        mentioned=set(session.scalars(named)),
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
