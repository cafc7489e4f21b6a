"""Conversations whose holder leaves the customer without an answer go back to the queue, age kept.

The first reply is due soon after somebody took a conversation; each later one within a longer time,
in which a private note or a draft shows that they are at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from bot.conversations.changes import note_desk
from bot.conversations.handoff import Handoff
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    HandoffReason,
    Message,
)
from bot.conversations.replies import BY_HOLDER, LAST_OF_CUSTOMER, last_replies, said_after
from bot.desk.models import ReplyDraft
from bot.staff.groups import Groups, load_groups
from bot.staff.hours import WorkingHours
from bot.staff.models import Presence, Staff
from bot.staff.presence import SILENT, set_presence
from knowledge.courtesy import courtesy_in


@dataclass(frozen=True)
class Silence:
    """Finds people who have a conversation and say nothing.

    Whoever was available and has not said a first word is marked as away, or the next customer
    would meet the same silence. Nobody waits for first words where staff stepped in unasked, and
    for later ones where the holder put the conversation off.

    Attributes:
        handoff: Requeues.
        hours: The platform's hours, for groups that have none of their own.
        first: Working time in which the first reply must come.
        following: Working time in which each later one must come.
    """

    handoff: Handoff
    hours: WorkingHours
    first: timedelta
    following: timedelta

    def any(self, session: Session, now: datetime) -> bool:
        """Whether a conversation has been met with silence for too long."""
        return next(self._silent(session, now), None) is not None

    def end(self, session: Session, now: datetime) -> None:
        """Put such conversations back into the queue and tell their holders."""
        found = sorted(each.id for each, _ in self._silent(session, now))
        # Locked first and looked at again: the reply may come this very moment.
        session.scalars(
            select(Conversation.id)
            .where(Conversation.id.in_(found))
            .order_by(Conversation.id)
            .with_for_update()
        ).all()
        absent: dict[int, Staff] = {}
        for conversation, said_nothing in list(self._silent(session, now)):
            staff = conversation.staff
            if conversation.id not in found or staff is None:
                continue
            self.handoff.requeue(
                session, conversation.id, staff, now=now, reason=SILENT, passed_on=True
            )
            note_desk(session, conversation, "requeued", {"from": staff.card})
            if said_nothing:
                absent[staff.id] = staff
        for _, staff in sorted(absent.items()):
            if staff.presence == Presence.AVAILABLE:
                set_presence(session, staff, Presence.AWAY, self.handoff, now=now, cause=SILENT)

    def _silent(self, session: Session, now: datetime) -> Iterator[tuple[Conversation, bool]]:
        """Conversations with whether their holders have not said a word in them at all."""
        groups = load_groups(session, self.hours)
        for each in session.scalars(_without_a_word(now - self.first)):
            hours = groups.of(each.category).hours
            if each.accepted_at and hours.between(each.accepted_at, now) >= self.first:
                yield each, True
        asked = session.execute(_without_the_next(now - self.following)).all()
        for each, reply in asked:
            if self._is_overdue(session, each, reply, groups, now):
                yield each, False

    def _is_overdue(
        self,
        session: Session,
        conversation: Conversation,
        reply: Message,
        groups: Groups,
        now: datetime,
    ) -> bool:
        since = _waiting_since(session, reply)
        hours = groups.of(conversation.category).hours
        return since is not None and hours.between(since, now) >= self.following


def _without_a_word(before: datetime) -> Select[Conversation]:
    """What was taken before that moment, and whose holder has not said anything."""
    return (
        select(Conversation)
        .where(
            Conversation.status == ConversationStatus.STAFF,
            Conversation.accepted_at < before,
            Conversation.handoff_kind != HandoffReason.STAFF_STEPPED_IN,
            ~select(Message.id).where(*BY_HOLDER).exists(),
        )
        .order_by(Conversation.id)
        .execution_options(populate_existing=True)
    )


def _without_the_next(before: datetime) -> Select[Conversation, Message]:
    """What was asked on after the holder's last reply, which is given; nothing happened since."""
    return last_replies(Message.seq < LAST_OF_CUSTOMER, ~_at_work(before))


def _at_work(since: datetime) -> ColumnElement[bool]:
    """Whether the holder has written a note, or at a reply, since that moment."""
    written = exists().where(
        Message.conversation_id == Conversation.id,
        Message.staff_id == Conversation.staff_id,
        Message.created_at > since,
    )
    begun = exists().where(
        ReplyDraft.conversation_id == Conversation.id,
        ReplyDraft.staff_id == Conversation.staff_id,
        ReplyDraft.saved_at > since,
    )
    return or_(written.correlate(Conversation), begun.correlate(Conversation))


def _waiting_since(session: Session, reply: Message) -> datetime | None:
    """When the customer first said something after a reply that asks for another; not thanks."""
    said = said_after(session, reply, Author.CUSTOMER)
    return next((each.created_at for each in said if not courtesy_in(each.text)), None)
