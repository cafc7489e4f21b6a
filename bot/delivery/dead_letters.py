"""Dead letters: what could not be delivered, and what staff may do about it.

Whoever holds the conversation decides; where nobody does, whoever may read it. Doing the same
twice changes nothing the second time.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload

from bot.cases.models import Case, CaseKind, CaseStep
from bot.cases.service import CLOSED, open_case
from bot.conversations.changes import note_delivery
from bot.conversations.models import Conversation, ConversationStatus, Message
from bot.conversations.sight import may_read, readable_by
from bot.delivery.models import DeliveryState, Outgoing
from bot.delivery.outbox import put_in_lane, release, release_if_free
from bot.delivery.views import delivery_view
from bot.errors import Forbidden, MessageNotFound, NotYours, WrongStatus
from bot.staff.hours import WorkingHours
from bot.staff.models import Role, Staff

logger = logging.getLogger(__name__)

STUCK = (DeliveryState.FAILED, DeliveryState.HELD)
_ON_ITS_WAY = (DeliveryState.WAITING, DeliveryState.SENDING)
_IN_CASE = "case:"
_LIST_LIMIT = 200
_LONGEST_NOTE = 200
_OVERSEEING = (Role.SUPERVISOR, Role.ADMIN)


class Way(StrEnum):
    """How a stuck message may be given to the customer after all."""

    AGAIN = "again"  # as it is, at once
    TEXT = "text"  # the bare text, where buttons, a card or a file were refused
    NEXT_CONTACT = "next_contact"  # when the customer writes again
    CASE = "case"  # noted in a case: somebody calls the customer


@dataclass(frozen=True)
class Done:
    """What became of it: state and reason now, and the case it was noted in."""

    delivery: dict[str, Any]
    case_number: str | None = None


def dead_letters(
    session: Session, staff: Staff, state: DeliveryState | None = None
) -> list[dict[str, Any]]:
    """What is stuck (failed and held, or one of them) and may be read by one, newest first."""
    query = (
        select(Outgoing, Conversation)
        .join(Conversation, Conversation.id == Outgoing.conversation_id)
        .where(
            Outgoing.state.in_(STUCK if state is None else (state,)), readable_by(session, staff)
        )
        .order_by(Outgoing.id.desc())
        .limit(_LIST_LIMIT)
        .options(joinedload(Outgoing.message).joinedload(Message.staff))
        .options(joinedload(Conversation.staff))
    )
    return [_view(row, conversation) for row, conversation in session.execute(query)]


def count_dead_letters(session: Session, staff: Staff) -> int:
    """How many messages that one may read failed and were not settled by anybody."""
    failed = (
        select(func.count(Outgoing.id))
        .join(Conversation, Conversation.id == Outgoing.conversation_id)
        .where(Outgoing.state == DeliveryState.FAILED, readable_by(session, staff))
    )
    return session.scalar(failed) or 0


def settle(
    session: Session,
    message_id: str,
    way: Way,
    staff: Staff,
    hours: WorkingHours,
    *,
    now: datetime,
) -> Done:
    """Give a stuck message to the customer after all, one way or another.

    One that is on its way already stays as it is.

    Raises:
        MessageNotFound: There is no parcel of that message.
        Forbidden: The conversation is no business of the caller's.
        NotYours: Somebody else holds the conversation.
        WrongStatus: It has reached the customer, or was settled another way.
    """
    row = session.scalar(
        select(Outgoing)
        .where(Outgoing.message_id == message_id)
        .options(joinedload(Outgoing.message))
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise MessageNotFound
    conversation = session.get_one(Conversation, row.conversation_id)
    if not may_read(session, staff, conversation.id):
        raise Forbidden("这个会话不属于您的服务范围。")
    _check(conversation, staff)
    if row.state in _ON_ITS_WAY:
        return Done(delivery_view(row))
    if way is Way.CASE and row.state == DeliveryState.MOVED:
        return Done(delivery_view(row), row.reason.removeprefix(_IN_CASE))
    was_held = row.state == DeliveryState.HELD
    case = None
    if way is Way.CASE:
        _change(session, row, DeliveryState.MOVED)
        case = _note_in_case(session, row.message, conversation, staff, hours, now)
        row.reason = f"{_IN_CASE}{case.number}"
        if was_held:
            release_if_free(session, row.customer_id, row.channel, now=now)
    elif way is Way.NEXT_CONTACT:
        _change(session, row, DeliveryState.HELD, reason="staff_put_off")
        put_in_lane(session, row.customer_id, row.channel, held=True, now=now)
    else:
        form = "text" if way is Way.TEXT else row.form
        _change(session, row, DeliveryState.WAITING, form=form, attempts=0)
        if was_held:
            # The channel may have been wrong about it; what it says now counts for all.
            release(session, row.customer_id, row.channel, now=now)
        else:
            put_in_lane(session, row.customer_id, row.channel, now=now)
    session.flush()
    note_delivery(session, conversation, {message_id: delivery_view(row)})
    logger.info("dead_letter_settled message=%s way=%s staff=%d", message_id, way, staff.id)
    return Done(delivery_view(row), case.number if case else None)


def _check(conversation: Conversation, staff: Staff) -> None:
    is_theirs = conversation.status != ConversationStatus.STAFF or conversation.staff_id == staff.id
    if not is_theirs and staff.role not in _OVERSEEING:
        raise NotYours


def _change(session: Session, row: Outgoing, state: DeliveryState, **values: Any) -> None:
    """Guarded: of two people who settle the same one, the second is told."""
    changed = session.execute(
        update(Outgoing)
        .where(Outgoing.id == row.id, Outgoing.state.in_(STUCK))
        .values(**{"reason": "", "state": state, **values})
        .returning(Outgoing.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not changed:
        raise WrongStatus("这条消息已经送出，或已由同事处理，请刷新后再看。")
    session.refresh(row)


def _note_in_case(
    session: Session,
    message: Message,
    conversation: Conversation,
    staff: Staff,
    hours: WorkingHours,
    now: datetime,
) -> Case:
    open_one = session.scalar(
        select(Case)
        .where(Case.conversation_id == conversation.id, Case.status.not_in(CLOSED))
        .order_by(Case.id.desc())
        .limit(1)
        .with_for_update()
    )
    case = open_one or open_case(
        session,
        "有一条回复没有送到客户手里，请设法联系客户。",
        now=now,
        kind=CaseKind.MESSAGE,
        category=conversation.category,
        details={"undelivered": message.text},
        conversation_id=conversation.id,
        request_key=f"undelivered:{message.id}",
        hours=hours,
    )
    note = f"未送达的回复：{message.text}"[:_LONGEST_NOTE]
    case.steps.append(CaseStep(status=case.status, note=note, staff_id=staff.id, happened_at=now))
    return case


def _view(row: Outgoing, conversation: Conversation) -> dict[str, Any]:
    message = row.message
    holder = conversation.staff
    return {
        "message_id": message.id,
        "conversation_id": conversation.id,
        "customer_id": row.customer_id,
        "channel": row.channel,
        "seq": message.seq,
        "author": message.author,
        "kind": message.kind,
        "text": message.text,
        "delivery": delivery_view(row),
        "attempts": row.attempts,
        "created_at": message.created_at.isoformat(),
        "tried_at": row.tried_at.isoformat() if row.tried_at else None,
        "conversation_status": conversation.status,
        "holder": {"name": holder.name, "number": holder.number} if holder else None,
    }
