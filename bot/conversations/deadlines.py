"""Where conversations stand against what their group promises; the arithmetic is in ``sla``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.episodes import episodes_of
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Message,
    StatusEvent,
)
from bot.staff.groups import Group, load_groups
from bot.staff.hours import WorkingHours
from bot.staff.sla import Episode, Reading, Said, most_pressing, readings

_WITH_PEOPLE = (ConversationStatus.QUEUED, ConversationStatus.STAFF)


def promises(
    session: Session, found: Sequence[Conversation], hours: WorkingHours, *, now: datetime
) -> dict[str, dict[str, Any]]:
    """The most pressing promise of each conversation that waits for a person or has one.

    Args:
        session: Any unit of work; four queries, however many conversations there are.
        found: The conversations; those that the bot has, or that are over, are left out.
        hours: The platform's hours, for groups that have none of their own.
        now: The present moment.
    """
    waiting = [each for each in found if each.status in _WITH_PEOPLE]
    if not waiting:
        return {}
    found_first = {
        conversation_id: most_pressing(episode, group.targets, group.hours, now=now)
        for conversation_id, (episode, group) in _episodes(session, waiting, hours).items()
    }
    return {key: first.view() for key, first in found_first.items() if first is not None}


def open_readings(
    session: Session, found: Sequence[Conversation], hours: WorkingHours, *, now: datetime
) -> dict[str, list[Reading]]:
    """The clocks that have not come to their end, of each conversation that people have.

    Args:
        session: Any unit of work; four queries, however many conversations there are.
        found: The conversations; those that the bot has, or that are over, are left out.
        hours: The platform's hours, for groups that have none of their own.
        now: The present moment.
    """
    waiting = [each for each in found if each.status in _WITH_PEOPLE]
    if not waiting:
        return {}
    return {
        conversation_id: [
            each
            for each in readings(episode, group.targets, group.hours, now=now)
            if not each.is_done
        ]
        for conversation_id, (episode, group) in _episodes(session, waiting, hours).items()
    }


def episode_readings(
    session: Session, conversation: Conversation, hours: WorkingHours, *, now: datetime
) -> list[Reading]:
    """All clocks of all of a conversation's episodes with people, over or not, in their order.

    Nothing if no person was ever asked for.
    """
    group = load_groups(session, hours).of(conversation.category)
    said = _said(session, [conversation.id]).get(conversation.id, [])
    spans = [(each.began_at, each.ended_at) for each in episodes_of(session, conversation.id)]
    return [
        reading
        for began_at, ended_at in spans
        for reading in readings(
            Episode(began_at, said, ended_at), group.targets, group.hours, now=now
        )
    ]


def _episodes(
    session: Session, found: Sequence[Conversation], hours: WorkingHours
) -> dict[str, tuple[Episode, Group]]:
    """The latest episode of each with people, and the group whose promises hold."""
    groups = load_groups(session, hours)
    ids = [each.id for each in found]
    edges, said = _edges(session, ids), _said(session, ids)
    episodes = {}
    for each in found:
        began_at, ended_at = edges.get(each.id, (None, None))
        if began_at is not None:
            end = None if each.status in _WITH_PEOPLE else ended_at
            episode = Episode(began_at, said.get(each.id, ()), end)
            episodes[each.id] = (episode, groups.of(each.category))
    return episodes


def _edges(session: Session, ids: list[str]) -> dict[str, tuple[datetime | None, datetime | None]]:
    """When each came to people the last time, and left them; a requeue is neither."""
    came = StatusEvent.from_status.not_in(_WITH_PEOPLE) & StatusEvent.to_status.in_(_WITH_PEOPLE)
    left = StatusEvent.from_status.in_(_WITH_PEOPLE) & StatusEvent.to_status.not_in(_WITH_PEOPLE)
    query = (
        select(
            StatusEvent.conversation_id,
            func.max(StatusEvent.happened_at).filter(came),
            func.max(StatusEvent.happened_at).filter(left),
        )
        .where(StatusEvent.conversation_id.in_(ids))
        .group_by(StatusEvent.conversation_id)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def _said(session: Session, ids: list[str]) -> dict[str, list[Said]]:
    query = (
        select(Message.conversation_id, Message.author, Message.created_at)
        .where(
            Message.conversation_id.in_(ids),
            Message.author.in_([Author.CUSTOMER, Author.STAFF]),
            Message.private.is_(False),
        )
        .order_by(Message.conversation_id, Message.seq)
    )
    said: dict[str, list[Said]] = {}
    for conversation_id, author, created_at in session.execute(query):
        said.setdefault(conversation_id, []).append(Said(author == Author.CUSTOMER, created_at))
    return said
