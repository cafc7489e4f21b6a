"""How a conversation's status changes: one guarded statement, and all that must go with it.

Nothing else assigns a status. With the status go the event, the episode, an offer to a colleague
or a putting off that has become pointless, a line in the change feed, and word to whoever assigns
that somebody waits or is free, all in the caller's unit of work.

Locks are taken in this order everywhere: conversations, then members of staff, then the change
feed's counter. So no two units of work wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from bot.conversations.changes import note_status
from bot.conversations.episodes import follow
from bot.conversations.models import (
    Conversation,
    ConversationStatus,
    HandoffReason,
    OfferState,
    StatusEvent,
    TransferOffer,
    Waking,
)
from bot.conversations.postponing import wake
from bot.errors import ConversationNotFound, NotYours, WrongStatus
from bot.staff.models import Staff

# Announced when somebody waits for a person, or a person has become free.
ASSIGNMENT = "assignment"


@dataclass(frozen=True)
class Transition:
    """A change of status that is wanted.

    Attributes:
        name: What the event is called.
        sources: The statuses it may start from.
        target: The status it leads to.
        staff: Who did it.
        reason: Free words.
        kind: Why a person was asked for, if one is asked for.
        values: What else changes in the conversation's row.
        guards: What must hold besides, checked by the very statement that changes the row.
    """

    name: str
    sources: Sequence[ConversationStatus]
    target: ConversationStatus
    staff: Staff | None = None
    reason: str = ""
    kind: HandoffReason | None = None
    values: dict[str, Any] = field(default_factory=dict)
    guards: tuple[ColumnElement[bool], ...] = ()


def move(
    session: Session, conversation: Conversation, wanted: Transition, *, now: datetime
) -> None:
    """Change the status.

    Raises:
        WrongStatus: It has changed meanwhile, or a guard does not hold.
    """
    if not try_to_move(session, conversation, wanted, now=now):
        raise WrongStatus


def try_to_move(
    session: Session, conversation: Conversation, wanted: Transition, *, now: datetime
) -> bool:
    """Change the status if everything the transition asks for holds; otherwise nothing.

    Returns:
        Whether it was changed.
    """
    session.flush()
    source, epoch = ConversationStatus(conversation.status), conversation.epoch
    moved = session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation.id,
            Conversation.epoch == epoch,
            Conversation.status.in_(wanted.sources),
            *wanted.guards,
        )
        .values(status=wanted.target, epoch=epoch + 1, **wanted.values)
        .returning(Conversation.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not moved:
        return False
    session.refresh(conversation)
    event = StatusEvent(
        conversation_id=conversation.id,
        transition=wanted.name,
        from_status=source,
        to_status=wanted.target,
        epoch=epoch + 1,
        staff_id=wanted.staff.id if wanted.staff else None,
        reason=wanted.reason[:200],
        handoff_kind=wanted.kind,
        happened_at=now,
    )
    session.add(event)
    follow(session, conversation, event)
    if source == ConversationStatus.STAFF:
        _withdraw_offer(session, conversation.id, now)
        wake(session, conversation, Waking.MOVED, now=now)
    if wanted.target == ConversationStatus.QUEUED or source == ConversationStatus.STAFF:
        announce_assignment(session)
    note_status(session, conversation)
    return True


def announce_assignment(session: Session) -> None:
    """Have assignment run once this unit of work is stored."""
    session.info.setdefault("topics", set()).add(ASSIGNMENT)


def held_values(conversation: Conversation, staff: Staff, now: datetime) -> dict[str, Any]:
    """What changes with whoever gets a conversation."""
    return {
        "staff_id": staff.id,
        "accepted_at": now,
        "answered_seq": conversation.last_seq,
        "passed_by_id": None,
    }


def queued_values(
    conversation: Conversation, passed_by: Staff | None, now: datetime
) -> dict[str, Any]:
    """What changes when a person no longer has it and it waits again, with the age it has."""
    return {
        "staff_id": None,
        "queued_at": conversation.queued_at or now,
        "passed_by_id": passed_by.id if passed_by else None,
    }


def to_bot(
    session: Session,
    conversation: Conversation,
    name: str,
    source: ConversationStatus,
    now: datetime,
    staff: Staff | None = None,
) -> None:
    """Give a conversation to the bot.

    Raises:
        WrongStatus: Its status is not ``source`` any more.
    """
    # A new tracker from here on, and what was said to a person is not answered by the bot.
    values: dict[str, Any] = {
        "staff_id": None,
        "queued_at": None,
        "passed_by_id": None,
        "bot_epoch": conversation.epoch + 1,
        "answered_seq": conversation.last_seq,
    }
    wanted = Transition(name, (source,), ConversationStatus.BOT, staff=staff, values=values)
    move(session, conversation, wanted, now=now)


def locked(session: Session, conversation_id: str) -> Conversation:
    """A conversation, kept from other writers until the unit of work ends.

    Raises:
        ConversationNotFound: There is none of that id.
    """
    found = session.scalar(
        select(Conversation).where(Conversation.id == conversation_id).with_for_update()
    )
    if found is None:
        raise ConversationNotFound
    return found


def held_by(session: Session, conversation_id: str, staff: Staff) -> Conversation:
    """A conversation that this member of staff holds, locked.

    Raises:
        ConversationNotFound: There is none of that id.
        NotYours: Somebody else holds it, or nobody.
    """
    conversation = locked(session, conversation_id)
    if conversation.status != ConversationStatus.STAFF or conversation.staff_id != staff.id:
        raise NotYours
    return conversation


def lock_staff(session: Session, staff_id: int) -> Staff:
    """A member of staff, kept from others who would give them a conversation meanwhile.

    Whoever gives somebody a conversation takes this lock first: how many one holds is counted,
    and two who count at the same time would both find room.
    """
    return session.scalars(select(Staff).where(Staff.id == staff_id).with_for_update()).one()


def _withdraw_offer(session: Session, conversation_id: str, now: datetime) -> None:
    session.execute(
        update(TransferOffer)
        .where(
            TransferOffer.conversation_id == conversation_id,
            TransferOffer.state == OfferState.OPEN,
        )
        .values(state=OfferState.WITHDRAWN, closed_at=now)
        .execution_options(synchronize_session="fetch")
    )
