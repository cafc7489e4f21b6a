"""Leaving a message: a case with what was said so far, at a wish or because nobody came."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind
from bot.cases.service import open_case
from bot.conversations.fallback import ASKS_FOR_PERSON
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import messages_of
from bot.conversations.models import Author, Conversation, ConversationStatus, Message
from bot.conversations.waiting import WAITING_SINCE, is_anybody_waiting, tell_waiting
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours
from bot.sweeps import Sweep

logger = logging.getLogger(__name__)

# “在吗”, “你好” are no wish.
_SHORTEST_WISH = 4
# Whoever asks so shortly before the opening, or in the lunch break, means to wait for it.
_SOON = timedelta(hours=2)
_NOTHING = timedelta()
# A place in the queue that is some seconds old still helps.
_TELL_SECONDS = 5.0
_GIVE_UP_SECONDS = 20.0
# Each opens a case; what is left over comes in the next run.
_MOST_AT_ONCE = 50


def waiting_sweeps(handoff: Handoff) -> list[Sweep]:
    """What is done again and again for those who wait for a person."""

    def tell(session: Session, now: datetime) -> object:
        return tell_waiting(session, handoff.hours, now=now)

    def give_up(session: Session, now: datetime) -> object:
        return give_up_waiting(session, handoff, now=now)

    return [
        Sweep("waiting_told", _TELL_SECONDS, tell, needed=is_anybody_waiting),
        Sweep("waiting_in_vain", _GIVE_UP_SECONDS, give_up, needed=is_anybody_waiting),
    ]


def leave_message(
    session: Session,
    conversation: Conversation,
    handoff: Handoff,
    *,
    now: datetime,
    in_vain: bool = False,
) -> Case:
    """Open a case with what was said so far; staff answer it in their group's working time.

    The customer is told its number and when it is due; a conversation that waits for a person
    goes back to the bot. As long as nothing new was said, leaving a message again tells the same
    case.

    Args:
        session: The unit of work.
        conversation: Any that is not over.
        handoff: The transitions.
        now: The present moment.
        in_vain: The customer has not asked for it: nobody came in time.
    """
    said = [each for each in messages_of(session, conversation.id) if not each.private]
    words = [each for each in said if each.author == Author.CUSTOMER and _is_typed(each)]
    case = open_case(
        session,
        _wish(words) or handoff.line("utter_system_message_without_words").text,
        now=now,
        kind=CaseKind.MESSAGE,
        category=conversation.category,
        details={"transcript": transcript(said)},
        conversation_id=conversation.id,
        request_key=f"left:{conversation.id}:{words[-1].seq if words else 0}",
        hours=handoff.hours,
    )
    handoff.leave_message(session, conversation, case.number, case.due_at, now=now, in_vain=in_vain)
    return case


def transcript(said: list[Message]) -> list[list[str]]:
    """Who said what, as a case keeps it; notes of staff must not be among it."""
    return [[each.author, each.text] for each in said if each.text and not each.private]


def give_up_waiting(session: Session, handoff: Handoff, *, now: datetime) -> int:
    """Leave a message for everybody whom nobody came to in time.

    Args:
        session: A writing unit of work.
        handoff: The transitions, with the hours and the limit.
        now: The present moment.

    Returns:
        For how many.
    """
    queue = session.execute(
        select(Conversation.id, Conversation.category, WAITING_SINCE)
        .where(Conversation.status == ConversationStatus.QUEUED)
        .order_by(Conversation.queued_at, Conversation.id)
    ).all()
    groups = load_groups(session, handoff.hours)
    limit = handoff.limits.wait
    late = [
        conversation_id
        for conversation_id, category, since in queue
        if waited_in_vain(groups.of(category).hours, since, limit, now=now)
    ]
    # All locks before the first case is numbered, and none waited for: whoever is writing or
    # accepting just now may be waiting for a number. They are looked at again in the next run.
    free = (
        select(Conversation)
        .where(
            Conversation.id.in_(late[:_MOST_AT_ONCE]),
            Conversation.status == ConversationStatus.QUEUED,
        )
        .order_by(Conversation.queued_at, Conversation.id)
        .with_for_update(skip_locked=True)
    )
    given_up = session.scalars(free).all()
    for conversation in given_up:
        case = leave_message(session, conversation, handoff, now=now, in_vain=True)
        logger.info("nobody_came conversation=%s case=%s", conversation.id, case.number)
    return len(given_up)


def waited_in_vain(
    hours: WorkingHours, since: datetime, limit: timedelta, *, now: datetime
) -> bool:
    """Whether nobody will come any more to somebody who has waited ``since`` then.

    That is so when the limit has passed in working time; when the working day ended over the
    wait; and when somebody asked out of hours and has not chosen anything for as long as the
    limit. Shortly before an opening everybody keeps their place.
    """
    worked = hours.between(since, now)
    if worked >= limit:
        return True
    if hours.is_open(now) or hours.next_opening(now) - now <= _SOON:
        return False
    return worked > _NOTHING or now - since >= limit


def _is_typed(message: Message) -> bool:
    return bool(message.text) and "payload" not in message.data


def _wish(words: list[Message]) -> str | None:
    """The last words that ask for something; the rest goes along in the transcript."""
    texts = [each.text for each in reversed(words)]
    wishes = [t for t in texts if len(t) >= _SHORTEST_WISH and not ASKS_FOR_PERSON.search(t)]
    return next(iter([*wishes, *texts]), None)
