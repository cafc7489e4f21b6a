"""Search over conversations: words that were said, who the customer is, who served, and when.

A pattern match on every message in the range. Trigram indexes do not help Chinese, where most
words have two characters; a scan of 100,000 messages takes less time than a person notices.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from bot.cases.models import Case
from bot.conversations.models import Author, Conversation, ConversationStatus, Message, StatusEvent
from bot.conversations.sight import readable_by
from bot.desk.rows import rows
from bot.errors import BadInput
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff

MOST = 30
LONGEST = 100
_MOST_WORDS = 5
_SNIPPETS = 2
_AROUND = 24
_VISITOR = re.compile(r"访客(\d{1,9})")


@dataclass(frozen=True)
class Query:
    """What is looked for; everything given must hold.

    Attributes:
        text: Words parted by spaces; each is found in what was said, in the customer's name,
            company or phone, or is a case's number.
        staff_id: Who accepted the conversation at some time.
        status: How it stands.
        category: Its service category.
        channel: Its channel.
        since: It had a message at or after this moment.
        until: It began before this moment.
    """

    text: str = ""
    staff_id: int | None = None
    status: ConversationStatus | None = None
    category: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def search(
    session: Session, query: Query, staff: Staff, hours: WorkingHours, *, now: datetime
) -> tuple[list[dict[str, Any]], bool]:
    """The newest conversations that a person may see and that fit, at most 30.

    Returns:
        Rows as in the lists, each with ``matches`` (who said what where, the newest first), and
        whether there are more.

    Raises:
        BadInput: Nothing is asked for, or too many words.
    """
    words = query.text.split()
    if len(words) > _MOST_WORDS:
        raise BadInput(f"一次最多查 {_MOST_WORDS} 个词。")
    if not words and query == Query(text=query.text):
        raise BadInput("请输入要查的内容，或选择坐席、日期等条件。")
    conditions = [
        readable_by(session, staff),
        *_narrowing(query),
        *(_says(session, w) for w in words),
    ]
    found = list(
        session.scalars(
            select(Conversation)
            .where(and_(*conditions))
            .options(joinedload(Conversation.staff))
            .order_by(Conversation.last_message_at.desc(), Conversation.id)
            .limit(MOST + 1)
        )
    )
    shown = found[:MOST]
    matches = _matches(session, [each.id for each in shown], words)
    hits = [
        {**row, "matches": matches.get(row["id"], [])}
        for row in rows(session, shown, hours, now=now, staff=staff)
    ]
    return hits, len(found) > MOST


def _narrowing(query: Query) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.staff_id is not None:
        accepted = select(StatusEvent.conversation_id).where(
            StatusEvent.staff_id == query.staff_id, StatusEvent.to_status == "staff"
        )
        found.append(Conversation.id.in_(accepted))
    if query.status is not None:
        found.append(Conversation.status == query.status)
    if query.category:
        found.append(Conversation.category == query.category)
    if query.channel:
        found.append(Conversation.channel == query.channel)
    if query.since is not None:
        found.append(Conversation.last_message_at >= query.since)
    if query.until is not None:
        found.append(Conversation.created_at < query.until)
    return found


def _says(session: Session, word: str) -> ColumnElement[bool]:
    said = select(Message.conversation_id).where(contains(session, Message.text, word))
    known = select(Case.customer_id).where(
        Case.customer_id.is_not(None),
        or_(
            contains(session, Case.company, word),
            contains(session, Case.contact, word),
            contains(session, Case.phone, word),
            contains(session, Case.number, word),
        ),
    )
    ways: list[ColumnElement[bool]] = [
        Conversation.id.in_(said),
        Conversation.customer_id.in_(known),
    ]
    visitor = _VISITOR.fullmatch(word)
    if visitor:
        ways.append(Conversation.customer_id == int(visitor[1]))
    return or_(*ways)


def contains(session: Session, column: Any, word: str) -> ColumnElement[bool]:
    """A condition on a text: that a word stands in it, whether small or capital."""
    # SQLite's LIKE takes ASCII letters of both cases for the same, as PostgreSQL's ILIKE does.
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    pattern = re.sub(r"([\\%_])", r"\\\1", word)
    condition: ColumnElement[bool] = (
        column.like(f"%{pattern}%", escape="\\")
        if is_sqlite
        else column.ilike(f"%{pattern}%", escape="\\")
    )
    return condition


def _matches(
    session: Session, ids: Sequence[str], words: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    if not words or not ids:
        return {}
    query = (
        select(Message)
        .where(
            Message.conversation_id.in_(ids),
            Message.author != Author.SYSTEM,
            or_(*(contains(session, Message.text, word) for word in words)),
        )
        .order_by(Message.conversation_id, Message.seq.desc())
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for message in session.scalars(query):
        there = found.setdefault(message.conversation_id, [])
        if len(there) < _SNIPPETS:
            there.append(
                {
                    "message_id": message.id,
                    "seq": message.seq,
                    "author": message.author,
                    "private": message.private,
                    "text": snippet(message.text, words),
                    "created_at": message.created_at.isoformat(),
                }
            )
    return found


def snippet(text: str, words: Sequence[str]) -> str:
    """The piece of a text around the first of some words, in one line."""
    line = " ".join(text.split())
    lowered = line.lower()
    places = [at for word in words if (at := lowered.find(word.lower())) >= 0]
    middle = min(places, default=0)
    start = max(0, middle - _AROUND)
    end = min(len(line), middle + 3 * _AROUND)
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"
