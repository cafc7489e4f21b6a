"""Episodes: a conversation's times with people, from each hand-off to the hand-back or the end.

One conversation may have several: handed off, handed back to the bot, handed off again. A
requeue or a transfer begins none. They are written along with the events, and ``replayed`` says
what the events make of them, so a report can be computed again and says the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversations.models import (
    Conversation,
    ConversationStatus,
    Episode,
    HandoffReason,
    StatusEvent,
)

WITH_PEOPLE = (ConversationStatus.QUEUED, ConversationStatus.STAFF)


@dataclass(frozen=True)
class Span:
    """An episode as plain values; equal spans mean equal reports."""

    number: int
    reason: str
    began_at: datetime
    accepted_at: datetime | None = None
    staff_id: int | None = None
    ended_at: datetime | None = None
    end: str | None = None


def span_of(episode: Episode) -> Span:
    """A stored episode as plain values."""
    return Span(
        episode.number,
        episode.reason,
        episode.began_at,
        episode.accepted_at,
        episode.staff_id,
        episode.ended_at,
        episode.end,
    )


def latest_episode(session: Session, conversation_id: str) -> Episode | None:
    """The episode that runs, or else the last one; None if no person was ever asked for."""
    return session.scalar(
        select(Episode)
        .where(Episode.conversation_id == conversation_id)
        .order_by(Episode.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def episodes_of(session: Session, conversation_id: str) -> list[Episode]:
    """All episodes of a conversation in their order."""
    query = select(Episode).where(Episode.conversation_id == conversation_id)
    query = query.order_by(Episode.number).execution_options(populate_existing=True)
    return list(session.scalars(query))


def replayed(events: Iterable[StatusEvent]) -> list[Span]:
    """What the events of one conversation, in their order, say its episodes are."""
    spans: list[Span] = []
    for event in events:
        if _begins(event):
            spans.append(Span(len(spans) + 1, _reason(event), event.happened_at))
        if not spans:
            continue
        kept = spans[-1].__dict__
        if event.to_status == ConversationStatus.STAFF:
            accepted_at = spans[-1].accepted_at or event.happened_at
            kept = {**kept, "accepted_at": accepted_at, "staff_id": event.staff_id}
        if _ends(event):
            kept = {**kept, "ended_at": event.happened_at, "end": event.transition}
        spans[-1] = Span(**kept)
    return spans


def follow(session: Session, conversation: Conversation, event: StatusEvent) -> None:
    """Bring the episodes up to an event that has just been written."""
    if _begins(event):
        count = select(func.count()).where(Episode.conversation_id == conversation.id)
        session.add(
            Episode(
                conversation_id=conversation.id,
                customer_id=conversation.customer_id,
                number=(session.scalar(count) or 0) + 1,
                category=conversation.category,
                reason=_reason(event),
                began_at=event.happened_at,
            )
        )
        session.flush()
    running = (
        update(Episode)
        .where(Episode.conversation_id == conversation.id, Episode.ended_at.is_(None))
        .execution_options(synchronize_session=False)
    )
    if event.to_status == ConversationStatus.STAFF:
        accepted_at = func.coalesce(Episode.accepted_at, event.happened_at)
        session.execute(running.values(staff_id=event.staff_id, accepted_at=accepted_at))
    if _ends(event):
        session.execute(running.values(ended_at=event.happened_at, end=event.transition))


def _begins(event: StatusEvent) -> bool:
    return event.from_status not in WITH_PEOPLE and event.to_status in WITH_PEOPLE


def _ends(event: StatusEvent) -> bool:
    return event.from_status in WITH_PEOPLE and event.to_status not in WITH_PEOPLE


def _reason(event: StatusEvent) -> str:
    return event.handoff_kind or HandoffReason.STAFF_STEPPED_IN
