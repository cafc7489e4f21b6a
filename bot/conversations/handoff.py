"""Who speaks: the guarded transitions of a conversation's status.

bot ──request_handoff──▶ queued ──accept──▶ staff ──resolve──▶ resolved
 ▲  ◀─leave_message, cancel─┘    ◀─requeue──┘  │
 └──────────────── return_to_bot ──────────────┘        (the bot's own may be resolved too)

Each transition is one ``UPDATE … WHERE id, status, epoch``, raises the epoch, writes an event
and a line in the change feed, all in the caller's unit of work. Nothing else assigns a status.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversations.changes import note_status
from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation, ConversationStatus, StatusEvent
from bot.errors import AlreadyTaken, ConversationNotFound, NotYours, WrongStatus
from bot.responses import Responses
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours, spoken
from bot.staff.models import Staff

BOT, QUEUED = ConversationStatus.BOT, ConversationStatus.QUEUED
STAFF, RESOLVED = ConversationStatus.STAFF, ConversationStatus.RESOLVED


class Handoff:
    """The transitions, with the words that go with them and the hours they depend on."""

    def __init__(self, responses: Responses, hours: WorkingHours) -> None:
        self._responses = responses
        self._hours = hours

    def request_handoff(
        self, session: Session, conversation: Conversation, reason: str, *, now: datetime
    ) -> None:
        """Queue a conversation for staff and tell the customer where they stand.

        Asking again while queued or while a person speaks changes nothing.

        Raises:
            WrongStatus: The conversation is resolved.
        """
        if conversation.status in (QUEUED, STAFF):
            return
        values: dict[str, Any] = {"handoff_reason": reason[:200], "queued_at": now}
        _move(session, conversation, "request_handoff", (BOT,), QUEUED, now, reason, **values)
        name, variables = self._queue_words(session, conversation, now)
        self._say(session, conversation, now, name, **variables)

    def accept(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Give a conversation to a member of staff and silence the bot.

        Accepting what one already holds changes nothing, so a desk that retries after a lost
        reply does no harm.

        Raises:
            ConversationNotFound: There is no such conversation.
            AlreadyTaken: Somebody else holds it; ``holder`` says who.
            WrongStatus: It is resolved.
        """
        conversation = _locked(session, conversation_id)
        if conversation.status == STAFF:
            if conversation.staff_id == staff.id:
                return conversation
            raise _taken(conversation)
        values: dict[str, Any] = {
            "staff_id": staff.id,
            "accepted_at": now,
            "answered_seq": conversation.last_seq,
        }
        _move(session, conversation, "accept", (QUEUED, BOT), STAFF, now, staff=staff, **values)
        self._say(
            session,
            conversation,
            now,
            "utter_system_accepted",
            name=staff.name,
            number=staff.number,
        )
        return conversation

    def return_to_bot(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Hand a conversation back; the bot begins with a fresh tracker.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = _held_by(session, conversation_id, staff)
        _to_bot(session, conversation, "return_to_bot", STAFF, now, staff)
        self._say(session, conversation, now, "utter_system_returned_to_bot")
        return conversation

    def requeue(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Put a conversation back into the queue; its age there is kept.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = _held_by(session, conversation_id, staff)
        values: dict[str, Any] = {"staff_id": None, "queued_at": conversation.queued_at or now}
        _move(session, conversation, "requeue", (STAFF,), QUEUED, now, staff=staff, **values)
        return conversation

    def cancel(self, session: Session, conversation: Conversation, *, now: datetime) -> None:
        """Take a conversation out of the queue at the customer's wish; otherwise nothing."""
        if conversation.status != QUEUED:
            return
        _to_bot(session, conversation, "cancel_handoff", QUEUED, now)
        self._say(session, conversation, now, "utter_system_handoff_cancelled")

    def leave_message(
        self, session: Session, conversation: Conversation, case_number: str, *, now: datetime
    ) -> None:
        """Give the conversation back to the bot after a case was opened for it."""
        if conversation.status == QUEUED:
            _to_bot(session, conversation, "leave_message", QUEUED, now)
        self._say(session, conversation, now, "utter_system_message_left", case_number=case_number)

    def resolve(
        self,
        session: Session,
        conversation_id: str,
        staff: Staff,
        outcome: str,
        *,
        now: datetime,
    ) -> Conversation:
        """End the episode and offer the survey; resolving again changes nothing.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = _locked(session, conversation_id)
        if conversation.status == RESOLVED:
            return conversation
        _held_by(session, conversation_id, staff)
        # The survey line is part of the conversation, so it is said before the end.
        name = staff.name
        self._say(session, conversation, now, "utter_system_resolved", name=name)
        values = {"outcome": outcome[:200], "resolved_at": now}
        _move(
            session,
            conversation,
            "resolve",
            (STAFF,),
            RESOLVED,
            now,
            outcome,
            staff=staff,
            **values,
        )
        return conversation

    def _queue_words(
        self, session: Session, conversation: Conversation, now: datetime
    ) -> tuple[str, dict[str, Any]]:
        hours = load_groups(session, self._hours).of(conversation.category).hours
        if not hours.is_open(now):
            opens_at = spoken(hours.next_opening(now))
            return "utter_system_queued_out_of_hours", {"opens_at": opens_at}
        return "utter_system_queued", {"position": position(session, conversation)}

    def _say(
        self,
        session: Session,
        conversation: Conversation,
        now: datetime,
        response: str,
        /,
        **variables: Any,
    ) -> None:
        line = self._responses.line(response, **variables)
        kind = line.kind if line.buttons else "event"
        append(session, conversation, Author.SYSTEM, line.text, now=now, kind=kind, data=line.data)


def position(session: Session, conversation: Conversation) -> int:
    """Which place in the queue a waiting conversation has, from 1."""
    ahead = select(func.count()).where(
        Conversation.status == QUEUED, Conversation.queued_at < conversation.queued_at
    )
    return int(session.scalar(ahead) or 0) + 1


def _locked(session: Session, conversation_id: str) -> Conversation:
    found = session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise ConversationNotFound
    return found


def _held_by(session: Session, conversation_id: str, staff: Staff) -> Conversation:
    conversation = _locked(session, conversation_id)
    if conversation.status != STAFF or conversation.staff_id != staff.id:
        raise NotYours
    return conversation


def _taken(conversation: Conversation) -> AlreadyTaken:
    holder = conversation.staff.card if conversation.staff else {}
    name = f"{holder.get('name', '')}（{holder.get('number', '')} 号）"
    return AlreadyTaken(f"{name}已经接入了这个会话。", holder=holder)


def _to_bot(
    session: Session,
    conversation: Conversation,
    transition: str,
    source: ConversationStatus,
    now: datetime,
    staff: Staff | None = None,
) -> None:
    # A new tracker from here on, and what was said to a person is not answered by the bot.
    values: dict[str, Any] = {
        "staff_id": None,
        "queued_at": None,
        "bot_epoch": conversation.epoch + 1,
        "answered_seq": conversation.last_seq,
    }
    _move(session, conversation, transition, (source,), BOT, now, staff=staff, **values)


def _move(
    session: Session,
    conversation: Conversation,
    transition: str,
    sources: tuple[ConversationStatus, ...],
    target: ConversationStatus,
    now: datetime,
    reason: str = "",
    staff: Staff | None = None,
    **values: Any,
) -> None:
    session.flush()
    source, epoch = conversation.status, conversation.epoch
    moved = session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation.id,
            Conversation.epoch == epoch,
            Conversation.status.in_(sources),
        )
        .values(status=target, epoch=epoch + 1, **values)
        .returning(Conversation.id)
    ).all()
    if not moved:
        raise WrongStatus
    session.refresh(conversation)
    session.add(
        StatusEvent(
            conversation_id=conversation.id,
            transition=transition,
            from_status=source,
            to_status=target,
            epoch=epoch + 1,
            staff_id=staff.id if staff else None,
            reason=reason[:200],
            happened_at=now,
        )
    )
    note_status(session, conversation)
