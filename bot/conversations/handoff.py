"""Who speaks: the guarded transitions of a conversation's status.

bot ──request_handoff──▶ queued ──accept, assign──▶ staff ──resolve──▶ resolved
 ▲  ◀─leave_message, cancel─┘    ◀────requeue───────┘  │ ▲
 └──────────────── return_to_bot ──────────────────────┘ └ transfer, take_over: staff to staff

(The bot's own may be accepted, too, and ends like a person's when the customer has gone.) How a
transition is carried out, and what goes with each, is in ``transitions``. Calls that come twice do
no harm.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from bot.conversations.announcements import Announcements
from bot.conversations.models import Conversation, ConversationStatus, HandoffReason
from bot.conversations.offers import accept_offer, offer_to
from bot.conversations.reasons import why_asked
from bot.conversations.sight import may_read
from bot.conversations.transitions import (
    Transition,
    held_by,
    held_values,
    lock_staff,
    locked,
    move,
    queued_values,
    to_bot,
    try_to_move,
)
from bot.conversations.waiting import Limits, standing_at_the_end
from bot.errors import AlreadyTaken, Forbidden
from bot.responses import Line, Responses
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours, spoken
from bot.staff.models import Role, Staff

BOT, QUEUED = ConversationStatus.BOT, ConversationStatus.QUEUED
STAFF, RESOLVED = ConversationStatus.STAFF, ConversationStatus.RESOLVED
SUPERVISING = (Role.SUPERVISOR, Role.ADMIN)


class Handoff:
    """The transitions, with the words that go with them and the hours they depend on."""

    def __init__(
        self, responses: Responses, hours: WorkingHours, limits: Limits | None = None
    ) -> None:
        self._lines = Announcements(responses, hours)
        self.hours = hours
        self.limits = limits or Limits()

    def line(self, response: str, /, **variables: Any) -> Line:
        """A response of the product's own, for who says or stores it elsewhere."""
        return self._lines.line(response, **variables)

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

        Asking again while queued or while a person speaks changes nothing. Where the group's
        queue is full in working time, the bot goes on speaking and a message may be left.

        Args:
            session: The unit of work.
            conversation: The conversation.
            reason: Words for the desk, or a ``HandoffReason``.
            now: The present moment.
            kind: Why, for reports; if it is not given, what ``reason`` names, and for a customer
                who asks, what led to it (``reasons``).

        Raises:
            WrongStatus: The conversation is resolved.
        """
        if conversation.status in (QUEUED, STAFF):
            return
        kind = kind or HandoffReason.of(reason)
        groups = load_groups(session, self.hours)
        standing = standing_at_the_end(session, conversation.category, groups, now=now)
        is_open = groups.of(conversation.category).hours.is_open(now)
        if kind is HandoffReason.CUSTOMER_ASKED:
            kind = why_asked(session, conversation, is_open=is_open)
        if is_open and standing.position > self.limits.queue:
            self._lines.say(session, conversation, now, "utter_system_queue_full")
            return
        values = {
            "handoff_reason": reason[:200],
            "handoff_kind": kind,
            "queued_at": now,
            "told_wait": str(standing),
        }
        wanted = Transition(
            "request_handoff", (BOT,), QUEUED, reason=reason, kind=kind, values=values
        )
        move(session, conversation, wanted, now=now)
        self._lines.tell_place(session, conversation, now)

    def raise_alarm(self, session: Session, conversation: Conversation, *, now: datetime) -> None:
        """Queue a conversation whose words a person must see, and say whom to call at once."""
        if conversation.status == BOT:
            self._lines.say(session, conversation, now, "utter_system_alarm")
        self.request_handoff(session, conversation, HandoffReason.SENSITIVE, now=now)

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
            Forbidden: The bot serves it, and it is no business of the caller's group.
            WrongStatus: It is resolved.
        """
        conversation = locked(session, conversation_id)
        if conversation.status == BOT and not may_read(session, staff, conversation_id):
            # Nobody waits for help here, and whoever holds a conversation may read it.
            raise Forbidden("这个会话不属于您的服务范围。")
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
            values=held_values(conversation, staff, now),
            guards=guards,
        )
        if not try_to_move(session, conversation, wanted, now=now):
            return False
        self._lines.introduce(session, conversation, staff, now)
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
        values = queued_values(conversation, staff, now)
        wanted = Transition(
            "transfer", (STAFF,), QUEUED, staff=staff, reason=f"group:{category}", values=values
        )
        move(session, conversation, wanted, now=now)
        hours = load_groups(session, self.hours).of(category).hours
        if hours.is_open(now):
            self._lines.say(session, conversation, now, "utter_system_transferred_to_group")
        else:
            self._lines.tell_place(session, conversation, now)
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

        The person's service ends with it, so its score is asked for, as at any other end of it.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = held_by(session, conversation_id, staff)
        to_bot(session, conversation, "return_to_bot", STAFF, now, staff)
        self._lines.say(session, conversation, now, "utter_system_returned_to_bot")
        self._lines.ask_for_score(session, conversation, staff, now)
        return conversation

    def requeue(
        self,
        session: Session,
        conversation_id: str,
        staff: Staff,
        *,
        now: datetime,
        reason: str = "",
        passed_on: bool = False,
    ) -> Conversation:
        """Put a conversation back into the queue; its age there is kept.

        Args:
            session: The unit of work.
            conversation_id: The conversation.
            staff: Who has it.
            now: The present moment.
            reason: Why, if it is not their wish to give this one away. What somebody gives away
                they are not assigned again.
            passed_on: Nor is it, whatever the reason.

        Raises:
            ConversationNotFound: There is no such conversation.
            NotYours: It is not the caller's.
        """
        conversation = held_by(session, conversation_id, staff)
        passed_by = staff if passed_on or not reason else None
        values = queued_values(conversation, passed_by, now)
        wanted = Transition("requeue", (STAFF,), QUEUED, staff=staff, reason=reason, values=values)
        move(session, conversation, wanted, now=now)
        self._lines.say(session, conversation, now, "utter_system_requeued", name=staff.name)
        return conversation

    def cancel(self, session: Session, conversation: Conversation, *, now: datetime) -> None:
        """Take a conversation out of the queue at the customer's wish; otherwise nothing."""
        if conversation.status != QUEUED:
            return
        to_bot(session, conversation, "cancel_handoff", QUEUED, now)
        self._lines.say(session, conversation, now, "utter_system_handoff_cancelled")

    def leave_message(
        self,
        session: Session,
        conversation: Conversation,
        case_number: str,
        due_at: datetime,
        *,
        now: datetime,
        in_vain: bool = False,
    ) -> None:
        """Tell of the case opened for a conversation, and give it back to the bot if it waits."""
        if conversation.status == QUEUED:
            to_bot(session, conversation, "leave_message", QUEUED, now)
        name = "utter_system_nobody_came" if in_vain else "utter_system_message_left"
        due = spoken(due_at)
        self._lines.say(session, conversation, now, name, case_number=case_number, due=due)

    def customer_ends(self, session: Session, conversation: Conversation, *, now: datetime) -> None:
        """Give a conversation back to the bot at the customer's wish; otherwise nothing.

        While queued that is ``cancel``. A person's service ends with it, so its score is asked
        for; the person may accept the conversation again if something was left open.
        """
        if conversation.status == QUEUED:
            self.cancel(session, conversation, now=now)
        if conversation.status != STAFF:
            return
        staff = conversation.staff
        to_bot(session, conversation, "customer_end", STAFF, now, staff)
        self._lines.say(session, conversation, now, "utter_system_ended_by_customer")
        if staff is not None:
            self._lines.ask_for_score(session, conversation, staff, now)

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
        self._lines.end(session, conversation, staff, now)
        values = {"outcome": outcome[:200], "resolved_at": now}
        wanted = Transition(
            "resolve", (STAFF,), RESOLVED, staff=staff, reason=outcome, values=values
        )
        move(session, conversation, wanted, now=now)
        return conversation

    def end_idle(self, session: Session, conversation: Conversation, *, now: datetime) -> None:
        """End a conversation whose customer has gone.

        A person's service ends in the words of any other end, and with its survey. The bot's ends
        without a word: nobody is there to read it.

        Raises:
            WrongStatus: It waits for a person, or is over.
        """
        if conversation.status == STAFF and conversation.staff is not None:
            self._lines.end(session, conversation, conversation.staff, now)
        values = {"resolved_at": now}
        wanted = Transition("idle_end", (BOT, STAFF), RESOLVED, values=values)
        move(session, conversation, wanted, now=now)

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
        values = held_values(conversation, staff, now)
        kind = None
        if conversation.status == BOT:
            kind = HandoffReason.STAFF_STEPPED_IN
            values["handoff_kind"] = kind
        wanted = Transition(
            name, sources, STAFF, staff=staff, reason=reason, kind=kind, values=values
        )
        move(session, conversation, wanted, now=now)
        self._lines.introduce(session, conversation, staff, now)


def _taken(conversation: Conversation) -> AlreadyTaken:
    holder = conversation.staff.card if conversation.staff else {}
    name = f"{holder.get('name', '')}（{holder.get('number', '')} 号）"
    return AlreadyTaken(f"{name}已经接入了这个会话。", holder=holder)
