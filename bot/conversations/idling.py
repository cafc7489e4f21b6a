"""Conversations that end by themselves, because the customer has gone or has nothing to add.

What the bot has ends without a word. What a person has ends only where the customer owes the
answer, and after the customer was told so; what was put off stays. Whoever writes afterwards is in
a new conversation, as after any other end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseStatus
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import append
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
    Turn,
    TurnStatus,
)
from bot.conversations.replies import LAST_OF_CUSTOMER, last_replies, said_after
from bot.delivery.outbox import PUSH_CHANNELS
from bot.staff.groups import load_groups
from bot.staff.hours import spoken
from bot.sweeps import Sweep

logger = logging.getLogger(__name__)

BOT, STAFF = ConversationStatus.BOT, ConversationStatus.STAFF
_LOOK_SECONDS = 60.0
# Each is an event and a line in the feed; what is left over ends in the next run.
_MOST_AT_ONCE = 200
# Channels that are pushed reach nobody who has been silent for longer.
_REACHED_FOR = timedelta(hours=48)
_WARNING = "idle"
_CASE_IS_OVER = (CaseStatus.DONE, CaseStatus.CANCELLED)


@dataclass(frozen=True)
class Patience:
    """How long nothing may be heard of a customer.

    Attributes:
        bot: Since the last message of a conversation that the bot has.
        customer: Working time since a person's reply, before the customer is warned.
        closing: Working time between the warning and the end.
    """

    bot: timedelta = timedelta(hours=24)
    customer: timedelta = timedelta(hours=2)
    closing: timedelta = timedelta(hours=2)


class _Step(Enum):
    WARN = auto()
    END = auto()


@dataclass(frozen=True)
class Idling:
    """Finds conversations whose customers have gone.

    Attributes:
        handoff: Ends them.
        patience: The limits.
    """

    handoff: Handoff
    patience: Patience

    def sweep(self) -> Sweep:
        """What ends them, for the web application."""
        return Sweep("idle", _LOOK_SECONDS, self.end, self.any)

    def any(self, session: Session, now: datetime) -> bool:
        """Whether there is somebody to warn, or something to end."""
        if session.scalar(_ids(*self._left_to_the_bot(now)).limit(1)) is not None:
            return True
        return next(self._due(session, now), None) is not None

    def end(self, session: Session, now: datetime) -> None:
        """Warn and end; two who look at once do each once."""
        due = sorted(conversation.id for conversation, _ in self._due(session, now))
        free = _free(session, Conversation.id.in_(due))
        # Looked at again under the lock: a message may have come this very moment.
        for conversation, step in list(self._due(session, now)):
            if conversation.id not in free:
                continue
            if step is _Step.WARN:
                self._warn(session, conversation, now)
            else:
                self._end(session, conversation, now)
        for conversation_id in sorted(_free(session, *self._left_to_the_bot(now))):
            self._end(session, session.get_one(Conversation, conversation_id), now)

    def _left_to_the_bot(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        unanswered = exists().where(
            Message.conversation_id == Conversation.id,
            Message.seq == Conversation.last_seq,
            Message.author == Author.CUSTOMER,
        )
        running = exists().where(
            Turn.conversation_id == Conversation.id, Turn.status == TurnStatus.RUNNING
        )
        # They were promised to hear of it here.
        has_case = exists().where(
            Case.customer_id == Conversation.customer_id, Case.status.not_in(_CASE_IS_OVER)
        )
        return (
            Conversation.status == BOT,
            Conversation.last_message_at < now - self.patience.bot,
            ~unanswered,
            ~running,
            ~has_case,
        )

    def _due(self, session: Session, now: datetime) -> Iterator[tuple[Conversation, _Step]]:
        groups = load_groups(session, self.handoff.hours)
        # The holder spoke last, and nobody wishes to look at it later: the customer owes an answer.
        query = last_replies(
            Message.seq > LAST_OF_CUSTOMER, Message.created_at <= now - self.patience.customer
        )
        for conversation, reply in session.execute(query).all():
            hours = groups.of(conversation.category).hours
            if hours.between(reply.created_at, now) < self.patience.customer:
                continue
            warned_at = _warned_at(session, reply)
            if warned_at is None and _is_in_reach(session, conversation, now):
                yield conversation, _Step.WARN
            elif hours.between(warned_at or reply.created_at, now) >= self.patience.closing:
                yield conversation, _Step.END

    def _warn(self, session: Session, conversation: Conversation, now: datetime) -> None:
        hours = load_groups(session, self.handoff.hours).of(conversation.category).hours
        ends_at = spoken(hours.after(now, self.patience.closing))
        line = self.handoff.line("utter_system_idle_warning", ends_at=ends_at)
        data = {"warning": _WARNING}
        append(session, conversation, Author.SYSTEM, line.text, now=now, kind="event", data=data)

    def _end(self, session: Session, conversation: Conversation, now: datetime) -> None:
        logger.info("idle_end conversation=%s status=%s", conversation.id, conversation.status)
        self.handoff.end_idle(session, conversation, now=now)


def _warned_at(session: Session, reply: Message) -> datetime | None:
    """When the customer was told, after this reply, that it will end."""
    said = said_after(session, reply, Author.SYSTEM)
    return next((each.created_at for each in said if each.data.get("warning") == _WARNING), None)


def _is_in_reach(session: Session, conversation: Conversation, now: datetime) -> bool:
    """Whether a warning would come before the end; later it would only puzzle."""
    if conversation.channel not in PUSH_CHANNELS:
        return True
    last = session.get_one(Customer, conversation.customer_id).last_contact_at
    return last is not None and now - last < _REACHED_FOR


def _ids(*which: ColumnElement[bool]) -> Select[str]:
    return select(Conversation.id).where(*which)


def _free(session: Session, *which: ColumnElement[bool]) -> set[str]:
    """Those of them that nobody is writing in, locked; the others are looked at next time."""
    query = _ids(*which).order_by(Conversation.id).limit(_MOST_AT_ONCE)
    return set(session.scalars(query.with_for_update(of=Conversation, skip_locked=True)))
