"""Who speaks: the guarded transitions of a conversation's status.

bot ──request_handoff──▶ queued ──accept, assign──▶ staff ──resolve──▶ resolved
 ▲  ◀─leave_message, cancel─┘    ◀────requeue───────┘  │ ▲
 └──────────────── return_to_bot ──────────────────────┘ └ transfer, take_over: staff to staff

(The bot's own may be resolved and accepted, too.) How a transition is carried out, and what goes
with each, is in ``transitions``. Calls that come twice do no harm.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot.conversations.ledger import append
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    HandoffReason,
)
from bot.conversations.offers import accept_offer, offer_to
from bot.conversations.transitions import (
    Transition,
    held_by,
    lock_staff,
    locked,
    move,
    try_to_move,
)
from bot.errors import AlreadyTaken, Forbidden
from bot.responses import Responses
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours, spoken
from bot.staff.models import Role, Staff

BOT, QUEUED = ConversationStatus.BOT, ConversationStatus.QUEUED
STAFF, RESOLVED = ConversationStatus.STAFF, ConversationStatus.RESOLVED
SUPERVISING = (Role.SUPERVISOR, Role.ADMIN)


class Handoff:
    """The transitions, with the words that go with them and the hours they depend on."""

    def __init__(self, responses: Responses, hours: WorkingHours) -> None:
        self._responses = responses
        self._hours = hours

    def request_handoff(
        self,
        session: Session,
        conversation: Conversation,
        reason: str,
        *,
        now: datetime,
        kind: HandoffReason | None = None,
    ) -> None:
        """Queue a conversation for staff and tell the customer where they stand.

        Asking again while queued or while a person speaks changes nothing.

        Args:
            session: The unit of work.
            conversation: The conversation.
            reason: Words for the desk, or a ``HandoffReason``.
            now: The present moment.
            kind: Why, for reports; if it is not given, what ``reason`` names.

        Raises:
            WrongStatus: The conversation is resolved.
        """
        if conversation.status in (QUEUED, STAFF):
            return
        kind = kind or HandoffReason.of(reason)
        values = {"handoff_reason": reason[:200], "handoff_kind": kind, "queued_at": now}
        wanted = Transition(
            "request_handoff", (BOT,), QUEUED, reason=reason, kind=kind, values=values
        )
        move(session, conversation, wanted, now=now)
        name, variables = self._queue_words(session, conversation, now)
        self._say(session, conversation, now, name, **variables)

    def accept(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Give a conversation to a member of staff who asked for it, and silence the bot.

        Whoever asks may go beyond their capacity: they see what they have. Accepting what one
        already holds changes nothing, so a desk that retries after a lost reply does no harm.
        What a colleague has offered is taken over with it (see ``accept_transfer``).

        Raises:
            ConversationNotFound: There is no such conversation.
            AlreadyTaken: Somebody else holds it; ``holder`` says who.
            WrongStatus: It is resolved.
        """
        conversation = locked(session, conversation_id)
        if conversation.status == STAFF:
            if conversation.staff_id == staff.id:
                return conversation
            if offer_to(session, conversation_id, staff, now=now) is not None:
                return self.accept_transfer(session, conversation_id, staff, now=now)
            raise _taken(conversation)
        self._hand_to(session, conversation, "accept", (QUEUED, BOT), staff, now)
        return conversation

    def assign(
        self,
        session: Session,
        conversation: Conversation,
        staff: Staff,
        *,
        now: datetime,
        guards: tuple[ColumnElement[bool], ...],
    ) -> bool:
        """Give a waiting conversation to somebody who did not ask for it.

        Args:
            session: The unit of work; it has locked the conversation and the person.
            conversation: One that waits.
            staff: Whom it shall go to.
            now: The present moment.
            guards: What makes them able to take it; checked by the statement that gives it.

        Returns:
            Whether they have it now.
        """
        wanted = Transition(
            "assign",
            (QUEUED,),
            STAFF,
            staff=staff,
            values=_holder(conversation, staff, now),
            guards=guards,
        )
        if not try_to_move(session, conversation, wanted, now=now):
            return False
        self._introduce(session, conversation, staff, now)
        return True

    def accept_transfer(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Take over what a colleague has offered; they kept it until this moment.

        Accepting again what one already holds changes nothing.

        Raises:
            ConversationNotFound: There is no such conversation.
            OfferOver: Nothing is offered to the caller, or no longer.
        """
        conversation = locked(session, conversation_id)
        if conversation.status == STAFF and conversation.staff_id == staff.id:
            return conversation
        offer = accept_offer(session, conversation, staff, now=now)
        reason = offer.sender.username
        self._hand_to(session, conversation, "transfer", (STAFF,), staff, now, reason)
        return conversation

    def transfer_to_group(
        self, session: Session, conversation_id: str, staff: Staff, category: str, *, now: datetime
    ) -> Conversation:
        """Put a conversation into another group's queue; its age there is kept.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = held_by(session, conversation_id, staff)
        conversation.category = category
        values = _waiting_again(conversation, staff, now)
        wanted = Transition(
            "transfer", (STAFF,), QUEUED, staff=staff, reason=f"group:{category}", values=values
        )
        move(session, conversation, wanted, now=now)
        hours = load_groups(session, self._hours).of(category).hours
        if hours.is_open(now):
            self._say(session, conversation, now, "utter_system_transferred_to_group")
        else:
            name, variables = self._queue_words(session, conversation, now)
            self._say(session, conversation, now, name, **variables)
        return conversation

    def take_over(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Let a supervisor take a conversation, whoever holds it; the feed tells the holder.

        Taking over what one already holds changes nothing.

        Raises:
            Forbidden: The caller is no supervisor.
            ConversationNotFound: There is no such conversation.
            WrongStatus: It is resolved.
        """
        if staff.role not in SUPERVISING:
            raise Forbidden
        conversation = locked(session, conversation_id)
        if conversation.status == STAFF and conversation.staff_id == staff.id:
            return conversation
        former = conversation.staff.username if conversation.staff else ""
        sources = (STAFF, QUEUED, BOT)
        self._hand_to(session, conversation, "take_over", sources, staff, now, former)
        return conversation

    def return_to_bot(
        self, session: Session, conversation_id: str, staff: Staff, *, now: datetime
    ) -> Conversation:
        """Hand a conversation back; the bot begins with a fresh tracker.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = held_by(session, conversation_id, staff)
        _to_bot(session, conversation, "return_to_bot", STAFF, now, staff)
        self._say(session, conversation, now, "utter_system_returned_to_bot")
        return conversation

    def requeue(
        self,
        session: Session,
        conversation_id: str,
        staff: Staff,
        *,
        now: datetime,
        reason: str = "",
    ) -> Conversation:
        """Put a conversation back into the queue; its age there is kept.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = held_by(session, conversation_id, staff)
        values = _waiting_again(conversation, staff, now)
        wanted = Transition("requeue", (STAFF,), QUEUED, staff=staff, reason=reason, values=values)
        move(session, conversation, wanted, now=now)
        self._say(session, conversation, now, "utter_system_requeued", name=staff.name)
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
        conversation = locked(session, conversation_id)
        if conversation.status == RESOLVED:
            return conversation
        held_by(session, conversation_id, staff)
        # The survey line is part of the conversation, so it is said before the end.
        self._say(session, conversation, now, "utter_system_resolved", name=staff.name)
        values = {"outcome": outcome[:200], "resolved_at": now}
        wanted = Transition(
            "resolve", (STAFF,), RESOLVED, staff=staff, reason=outcome, values=values
        )
        move(session, conversation, wanted, now=now)
        return conversation

    def _hand_to(
        self,
        session: Session,
        conversation: Conversation,
        name: str,
        sources: tuple[ConversationStatus, ...],
        staff: Staff,
        now: datetime,
        reason: str = "",
    ) -> None:
        lock_staff(session, staff.id)
        values = _holder(conversation, staff, now)
        kind = None
        if conversation.status == BOT:
            kind = HandoffReason.STAFF_STEPPED_IN
            values["handoff_kind"] = kind
        wanted = Transition(
            name, sources, STAFF, staff=staff, reason=reason, kind=kind, values=values
        )
        move(session, conversation, wanted, now=now)
        self._introduce(session, conversation, staff, now)

    def _introduce(
        self, session: Session, conversation: Conversation, staff: Staff, now: datetime
    ) -> None:
        words = {"name": staff.name, "number": staff.number}
        self._say(session, conversation, now, "utter_system_accepted", **words)

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


def _taken(conversation: Conversation) -> AlreadyTaken:
    holder = conversation.staff.card if conversation.staff else {}
    name = f"{holder.get('name', '')}（{holder.get('number', '')} 号）"
    return AlreadyTaken(f"{name}已经接入了这个会话。", holder=holder)


def _holder(conversation: Conversation, staff: Staff, now: datetime) -> dict[str, Any]:
    return {
        "staff_id": staff.id,
        "accepted_at": now,
        "answered_seq": conversation.last_seq,
        "passed_by_id": None,
    }


def _waiting_again(conversation: Conversation, staff: Staff, now: datetime) -> dict[str, Any]:
    queued_at = conversation.queued_at or now
    return {"staff_id": None, "queued_at": queued_at, "passed_by_id": staff.id}


def _to_bot(
    session: Session,
    conversation: Conversation,
    name: str,
    source: ConversationStatus,
    now: datetime,
    staff: Staff | None = None,
) -> None:
    # A new tracker from here on, and what was said to a person is not answered by the bot.
    values: dict[str, Any] = {
        "staff_id": None,
        "queued_at": None,
        "passed_by_id": None,
        "bot_epoch": conversation.epoch + 1,
        "answered_seq": conversation.last_seq,
    }
    move(
        session, conversation, Transition(name, (source,), BOT, staff=staff, values=values), now=now
    )
