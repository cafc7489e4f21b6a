"""Conversations that somebody took and never answered go back to the queue, age kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.handoff import Handoff
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    HandoffReason,
    Message,
)
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours
from bot.staff.models import Presence, Staff
from bot.staff.presence import SILENT, set_presence


@dataclass(frozen=True)
class Silence:
    """Finds people who took a conversation and say nothing.

    Whoever was available is marked as away, or the next customer would meet the same silence.
    Nobody waits for words where staff stepped in unasked.

    Attributes:
        handoff: Requeues.
        hours: The platform's hours, for groups that have none of their own.
        limit: Working time in which the first reply must come.
    """

    handoff: Handoff
    hours: WorkingHours
    limit: timedelta

    def any(self, session: Session, now: datetime) -> bool:
        """Whether a conversation has been met with silence for too long."""
        return next(self._silent(session, now), None) is not None

    def end(self, session: Session, now: datetime) -> None:
        """Put such conversations back into the queue."""
        found = sorted(each.id for each in self._silent(session, now))
        # Locked first and looked at again: the reply may come this very moment.
        session.scalars(
            select(Conversation.id)
            .where(Conversation.id.in_(found))
            .order_by(Conversation.id)
            .with_for_update()
        ).all()
        people: dict[int, Staff] = {}
        for conversation in list(self._silent(session, now)):
            staff = conversation.staff
            if conversation.id not in found or staff is None:
                continue
            self.handoff.requeue(session, conversation.id, staff, now=now, reason=SILENT)
            people[staff.id] = staff
        for _, staff in sorted(people.items()):
            if staff.presence == Presence.AVAILABLE:
                set_presence(session, staff, Presence.AWAY, self.handoff, now=now, cause=SILENT)

    def _silent(self, session: Session, now: datetime) -> Iterator[Conversation]:
        replied = (
            select(Message.id)
            .where(
                Message.conversation_id == Conversation.id,
                Message.author == Author.STAFF,
                Message.staff_id == Conversation.staff_id,
                Message.private.is_(False),
                Message.created_at >= Conversation.accepted_at,
            )
            .exists()
        )
        query = (
            select(Conversation)
            .where(
                Conversation.status == ConversationStatus.STAFF,
                Conversation.accepted_at < now - self.limit,
                Conversation.handoff_kind != HandoffReason.STAFF_STEPPED_IN,
                ~replied,
            )
            .order_by(Conversation.id)
            .execution_options(populate_existing=True)
        )
        groups = load_groups(session, self.hours)
        for each in session.scalars(query):
            hours = groups.of(each.category).hours
            if each.accepted_at and hours.between(each.accepted_at, now) >= self.limit:
                yield each
