"""The desk's lists: conversations of one status, filtered, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from bot.conversations.models import Conversation, ConversationStatus
from bot.conversations.sight import readable_by
from bot.desk.rows import rows
from bot.errors import BadInput
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff

# What is worked through is shown whole; beyond this nobody scrolls, one searches.
MOST_OPEN = 300
PAGE = 60
_UNORDERED = (ConversationStatus.QUEUED, ConversationStatus.STAFF)


@dataclass(frozen=True)
class Wanted:
    """Which conversations: all open ones of any category by default.

    ``after`` is the ``more`` of the page before.
    """

    status: ConversationStatus | None = None
    category: str | None = None
    channel: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Listed:
    """One page of a list; ``more`` asks for the next, None at the end."""

    rows: list[dict[str, Any]]
    more: str | None = None


def conversations_in(
    session: Session,
    wanted: Wanted,
    hours: WorkingHours,
    *,
    now: datetime,
    staff: Staff | None = None,
) -> Listed:
    """Conversations of one status; those in the queue longest waiting first, else newest first.

    The queue and what people hold come whole (up to ``MOST_OPEN``), the others in pages, which
    stay in step while new conversations begin. ``hours`` are the platform's; groups may have
    their own. With ``staff`` only what this person may read is listed.

    Raises:
        BadInput: ``after`` was not made by this function.
    """
    size = MOST_OPEN if wanted.status in _UNORDERED else PAGE
    query = _narrowed(select(Conversation).options(joinedload(Conversation.staff)), wanted)
    if staff is not None:
        query = query.where(readable_by(session, staff))
    if wanted.status == ConversationStatus.QUEUED:
        query = query.order_by(Conversation.queued_at, Conversation.id)
    else:
        query = query.order_by(Conversation.created_at.desc(), Conversation.id.desc())
    found = list(session.scalars(query.limit(size + 1)))
    has_more = len(found) > size and wanted.status not in _UNORDERED
    found = found[:size]
    more = f"{found[-1].created_at.isoformat()}~{found[-1].id}" if has_more else None
    return Listed(rows(session, found, hours, now=now, staff=staff), more)


def _narrowed(query: Select[Conversation], wanted: Wanted) -> Select[Conversation]:
    if wanted.status is None:
        query = query.where(Conversation.status != ConversationStatus.RESOLVED)
    else:
        query = query.where(Conversation.status == wanted.status)
    if wanted.category:
        query = query.where(Conversation.category == wanted.category)
    if wanted.channel:
        query = query.where(Conversation.channel == wanted.channel)
    if wanted.after:
        at, identity = _place(wanted.after)
        before = or_(Conversation.created_at < at, Conversation.id < identity)
        query = query.where(Conversation.created_at <= at, before)
    return query


def _place(after: str) -> tuple[datetime, str]:
    moment, _, identity = after.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise BadInput("after 应为上一页给出的 more。") from None
    if at.tzinfo is None or len(identity) > 32:
        raise BadInput("after 应为上一页给出的 more。")
    return at, identity
