"""One conversation in whole: what was said, what happened, who the customer is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from bot.cases.progress import case_view
from bot.cases.service import cases_of
from bot.conversations.deadlines import episode_readings
from bot.conversations.ledger import messages_of
from bot.conversations.models import (
    Author,
    Conversation,
    Message,
    OfferState,
    StatusEvent,
    SuppressedDraft,
    TransferOffer,
    Turn,
)
from bot.conversations.postponing import postponements_of
from bot.conversations.views import message_view
from bot.delivery.states import states_in
from bot.desk.enterprise import enterprise_panel
from bot.desk.people import person_of
from bot.desk.rows import customer_name, rows
from bot.errors import ConversationNotFound
from bot.feedback.models import ConversationFeedback, MessageFeedback
from bot.feedback.service import latest_score
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from bot.wechat.scenes import station_of
from bot.wecom.reach import reach_view

_NOTE_TURNS = 6
_NOTE_ANSWERS = 3
_EARLIER = 20


def conversation_detail(
    session: Session,
    conversation_id: str,
    hours: WorkingHours,
    *,
    now: datetime,
    staff: Staff | None = None,
) -> dict[str, Any]:
    """Everything about one conversation but the suggestions, which need the knowledge base.

    Raises:
        ConversationNotFound: There is none of that id.
    """
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    drafts = session.scalars(
        select(SuppressedDraft)
        .where(SuppressedDraft.conversation_id == conversation.id)
        .order_by(SuppressedDraft.id)
    )
    messages = messages_of(session, conversation.id)
    states = states_in(session, conversation, messages)
    return {
        "conversation": rows(session, [conversation], hours, now=now, staff=staff)[0],
        "messages": [message_view(each, states.get(each.id)) for each in messages],
        "events": _events(session, conversation, hours, now),
        "customer": _customer(session, conversation, hours, now),
        "enterprise": enterprise_panel(session, conversation, hours, now=now, staff=staff),
        "cases": [case_view(each) for each in cases_of(session, conversation.customer_id)],
        "handoff_note": _handoff_note(session, conversation),
        "suppressed_drafts": [
            {"id": each.id, "text": each.text, "created_at": each.created_at.isoformat()}
            for each in drafts
        ],
        "feedback": _feedback(session, conversation.id),
        "reach": reach_view(session, conversation, now=now),
    }


def _events(
    session: Session, conversation: Conversation, hours: WorkingHours, now: datetime
) -> list[dict[str, Any]]:
    """What happened, in its order: changes of status, promises, puttings off, thumbs."""
    query = (
        select(StatusEvent, Staff)
        .join(Staff, Staff.id == StatusEvent.staff_id, isouter=True)
        .where(StatusEvent.conversation_id == conversation.id)
        .order_by(StatusEvent.id)
    )
    moved = [_event(event, staff) for event, staff in session.execute(query)]
    promises = _promises(session, conversation, hours, now)
    put_off = postponements_of(session, conversation.id)
    thumbs = _thumbs(session, conversation.id)
    offers = _offers(session, conversation.id)
    found = [*moved, *promises, *put_off, *thumbs, *offers]
    # Sorting is stable: of the same moment, the change of status comes first.
    return sorted(found, key=lambda each: str(each["happened_at"]))


def _offers(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """Offers that came to nothing; one that was accepted is a transfer."""
    query = (
        select(TransferOffer)
        .where(
            TransferOffer.conversation_id == conversation_id,
            TransferOffer.state.not_in([OfferState.OPEN, OfferState.ACCEPTED]),
            TransferOffer.closed_at.is_not(None),
        )
        .options(joinedload(TransferOffer.sender), joinedload(TransferOffer.receiver))
    )
    return [
        {
            "transition": "offer",
            "which": str(each.id),
            "state": each.state,
            "staff": {"name": each.sender.name, "number": each.sender.number},
            "receiver": each.receiver.card if each.receiver else None,
            "group": each.category,
            "happened_at": each.closed_at.isoformat() if each.closed_at else "",
        }
        for each in session.scalars(query)
    ]


def _thumbs(session: Session, conversation_id: str) -> list[dict[str, Any]]:
    """Which answers of the bot helped and which did not, and what was missing."""
    query = select(MessageFeedback).where(MessageFeedback.conversation_id == conversation_id)
    return [
        {
            "transition": "thumb",
            "which": each.message_id,
            "helpful": each.helpful,
            "comment": each.comment,
            "happened_at": each.given_at.isoformat(),
        }
        for each in session.scalars(query)
    ]


def _event(event: StatusEvent, staff: Staff | None) -> dict[str, Any]:
    return {
        "transition": event.transition,
        "from": event.from_status,
        "to": event.to_status,
        "reason": event.reason,
        "staff_id": event.staff_id,
        "staff": {"name": staff.name, "number": staff.number} if staff else None,
        "happened_at": event.happened_at.isoformat(),
    }


def _promises(
    session: Session, conversation: Conversation, hours: WorkingHours, now: datetime
) -> list[dict[str, Any]]:
    """Warnings and breaches of all its episodes; a promise kept in time leaves no line."""
    told = []
    for reading in episode_readings(session, conversation, hours, now=now):
        if reading.due_at is not None and reading.state == "breached":
            told.append(("sla_breached", reading, reading.due_at))
        elif reading.warn_at is not None and reading.state == "warning":
            told.append(("sla_warning", reading, reading.warn_at))
    return [
        {"transition": name, "which": reading.which.value, "happened_at": at.isoformat()}
        for name, reading, at in told
    ]


def _customer(
    session: Session, conversation: Conversation, hours: WorkingHours, now: datetime
) -> dict[str, Any]:
    earlier = list(
        session.scalars(
            select(Conversation)
            .where(
                Conversation.customer_id == conversation.customer_id,
                Conversation.id != conversation.id,
            )
            .order_by(Conversation.created_at.desc())
            .limit(_EARLIER)
        )
    )
    person = person_of(session, conversation.customer_id)
    station = station_of(session, conversation)
    return {
        "id": conversation.customer_id,
        "name": customer_name(conversation.customer_id, person),
        "contact": person.contact,
        "phone": person.phone,
        "company": person.company,
        "credit_code": person.credit_code,
        "channel": conversation.channel,
        "station": station.name if station else "",
        "since": conversation.customer.created_at.isoformat(),
        "earlier": _with_outcomes(session, earlier, rows(session, earlier, hours, now=now)),
    }


def _with_outcomes(
    session: Session, found: list[Conversation], shown: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    ids = [each.id for each in found]
    query = select(ConversationFeedback).where(ConversationFeedback.conversation_id.in_(ids))
    scores = {each.conversation_id: each.score for each in session.scalars(query)}
    return [
        {**row, "outcome": each.outcome, "score": scores.get(each.id)}
        for each, row in zip(found, shown, strict=True)
    ]


def _feedback(session: Session, conversation_id: str) -> dict[str, Any] | None:
    given = latest_score(session, conversation_id)
    if given is None:
        return None
    return {
        "score": given.score,
        "tags": given.tags,
        "comment": given.comment,
        "happened_at": given.given_at.isoformat(),
    }


def _handoff_note(session: Session, conversation: Conversation) -> dict[str, Any]:
    turns = list(
        session.scalars(
            select(Turn)
            .where(Turn.conversation_id == conversation.id)
            .order_by(Turn.id.desc())
            .limit(_NOTE_TURNS)
        )
    )
    answers = session.scalars(
        select(Message.text)
        .where(Message.conversation_id == conversation.id, Message.author == Author.BOT)
        .order_by(Message.seq.desc())
        .limit(_NOTE_ANSWERS)
    )
    # What the customer wants is the last service question, not the "thanks" after it.
    wishes = [turn for turn in turns if turn.category not in (None, "out_of_scope")]
    newest = next(iter([*wishes, *turns]), None)
    known = next((turn.slots for turn in turns if turn.slots), {})
    return {
        "reason": conversation.handoff_reason,
        "intent": newest.intent if newest else None,
        "category": conversation.category,
        "confidence": newest.confidence if newest else None,
        "slots": known,
        "entities": [entity for turn in reversed(turns) for entity in turn.entities],
        "failures": [turn.failure for turn in reversed(turns) if turn.failure],
        "last_answers": list(reversed(list(answers))),
    }
