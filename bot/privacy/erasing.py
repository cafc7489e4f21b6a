"""Erasing a customer: who they were and what was said is gone, the skeleton of the work is kept.

Messages keep their place and number, so that nothing seems to be missing and reports stay as they
were; cases keep their number, kind, category and times. Nothing of a person is left in either.
Files and Rasa's trackers lie outside this database: the caller removes them once this is stored.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.cases.models import Case, CaseStep
from bot.conversations.models import (
    Change,
    Conversation,
    ConversationStatus,
    Customer,
    HandoffReason,
    Message,
    Postponement,
    StatusEvent,
    SuppressedDraft,
    Turn,
    TurnStatus,
)
from bot.delivery.models import DeliveryState, Outgoing
from bot.desk.models import ReplyDraft
from bot.enterprises.membership import forget_member
from bot.errors import Conflict
from bot.feedback.models import ConversationFeedback, FreeFeedback, MessageFeedback
from bot.privacy.models import ErasedTracker
from bot.staff.models import Staff
from bot.wechat.models import WeChatChoice, WeChatConsent, WeChatDelivery, WeChatWindow
from bot.wecom.models import KfSession

GONE = "［已按客户要求删除］"
_UNSENT = (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.SENDING)
_WITH_PEOPLE = (ConversationStatus.QUEUED, ConversationStatus.STAFF)
# What lines of the feed say in free words; the rest are states, times and numbers.
_FREE_WORDS = ("reason", "comment", "tags", "note", "text")
_REASONS = set(HandoffReason)


@dataclass(frozen=True)
class Erased:
    """What was erased, and what lies elsewhere and must go, too."""

    conversations: list[str] = field(default_factory=list)
    messages: int = 0
    cases: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def erase(session: Session, customer: Customer, staff: Staff | None, *, now: datetime) -> Erased:
    """Erase a customer at their request; again, it changes nothing.

    Args:
        session: A writing unit of work.
        customer: Whom.
        staff: Who did it; None for the command line.
        now: The present moment.

    Raises:
        Conflict: A conversation of theirs waits for a person, has one, or is being answered.
    """
    theirs = _conversations(session, customer)
    ids = [each.id for each in theirs]
    if any(each.status in _WITH_PEOPLE for each in theirs):
        raise Conflict("客户还在排队或有人接待，请先结束服务，再删除资料。")
    running = exists().where(Turn.conversation_id.in_(ids), Turn.status == TurnStatus.RUNNING)
    if session.scalar(select(running)):
        raise Conflict("机器人正在答复这位客户，请稍后再试。")
    if customer.erased_at is not None:
        return Erased()
    return erase_all(session, customer, staff, now=now)


def erase_all(
    session: Session,
    customer: Customer,
    staff: Staff | None = None,
    *,
    placeholder: str = GONE,
    reason: str = "erased",
    now: datetime,
) -> Erased:
    """Erase all that is known of a customer, whatever is going on with them.

    Args:
        session: A writing unit of work.
        customer: Whom.
        staff: Who did it; None for the command line, and where the customer left.
        placeholder: What stands where something was said.
        reason: Why what was still to be sent is not sent.
        now: The present moment.
    """
    theirs = _conversations(session, customer)
    ids = [each.id for each in theirs]
    messages = _erase_words(session, theirs, placeholder)
    _erase_opinions(session, ids)
    cases = _erase_cases(session, customer.id, ids, placeholder)
    _erase_feed(session, customer.id)
    _erase_ways(session, customer, reason, now)
    gone = delete(Attachment).where(Attachment.conversation_id.in_(ids)).returning(Attachment.id)
    files = list(session.scalars(gone))
    customer.erased_at, customer.erased_by_id = now, staff.id if staff else None
    session.add_all(ErasedTracker(conversation_id=each, erased_at=now) for each in ids)
    session.flush()
    return Erased(ids, messages, cases, files)


def _conversations(session: Session, customer: Customer) -> Sequence[Conversation]:
    query = select(Conversation).where(Conversation.customer_id == customer.id)
    return session.scalars(query.order_by(Conversation.id).with_for_update()).all()


def _erase_words(session: Session, theirs: Sequence[Conversation], placeholder: str) -> int:
    ids = [each.id for each in theirs]
    for each in theirs:
        each.answered_seq = each.last_seq
        each.handoff_reason = _known(each.handoff_reason)
        each.outcome = ""
    erased = session.scalars(
        update(Message)
        .where(Message.conversation_id.in_(ids))
        .values(text=placeholder, data={})
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    for event in session.scalars(select(StatusEvent).where(StatusEvent.conversation_id.in_(ids))):
        event.reason = _known(event.reason)
    of_them = (
        update(Turn).where(Turn.conversation_id.in_(ids)).values(entities=[], slots={}),
        # A draft that is gone would look like an answer that was never kept.
        update(SuppressedDraft)
        .where(SuppressedDraft.conversation_id.in_(ids))
        .values(text=placeholder, data={}),
        update(Postponement).where(Postponement.conversation_id.in_(ids)).values(note=""),
        delete(ReplyDraft).where(ReplyDraft.conversation_id.in_(ids)),
    )
    for statement in of_them:
        session.execute(statement.execution_options(synchronize_session=False))
    return len(erased)


def _erase_opinions(session: Session, ids: list[str]) -> None:
    for record in (MessageFeedback, FreeFeedback):
        session.execute(
            update(record)
            .where(record.conversation_id.in_(ids))
            .values(comment="")
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(ConversationFeedback)
        .where(ConversationFeedback.conversation_id.in_(ids))
        .values(comment="", tags=[])
        .execution_options(synchronize_session=False)
    )


def _erase_cases(session: Session, customer_id: int, ids: list[str], placeholder: str) -> list[str]:
    numbers = []
    whose = (Case.customer_id == customer_id) | Case.conversation_id.in_(ids)
    for case in session.scalars(select(Case).where(whose).order_by(Case.id)):
        case.need, case.details = placeholder, {}
        case.contact = case.phone = case.company = ""
        session.execute(update(CaseStep).where(CaseStep.case_id == case.id).values(note=""))
        numbers.append(case.number)
    return numbers


def _erase_feed(session: Session, customer_id: int) -> None:
    lines = select(Change).where(Change.customer_id == customer_id, Change.message_id.is_(None))
    for line in session.scalars(lines):
        line.data = _without_words(line.data)


def _without_words(data: dict[str, object]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            kept[name] = _without_words(value)
        elif name in _FREE_WORDS and isinstance(value, str):
            kept[name] = _known(value)
        elif name in _FREE_WORDS and isinstance(value, list):
            kept[name] = []
        else:
            kept[name] = value
    return kept


def _known(reason: str) -> str:
    """A reason that is a code of ours; words of a person's own are gone."""
    is_code = reason in _REASONS or (reason.isascii() and reason.replace("_", "").isalpha())
    return reason if is_code or reason.startswith("group:") else ""


def _erase_ways(session: Session, customer: Customer, reason: str, now: datetime) -> None:
    """Where and as whom they could be reached; whoever comes again is somebody new."""
    statements = (
        delete(WeChatChoice).where(WeChatChoice.customer_id == customer.id),
        delete(WeChatConsent).where(WeChatConsent.customer_id == customer.id),
        delete(WeChatWindow).where(WeChatWindow.customer_id == customer.id),
        delete(KfSession).where(KfSession.customer_id == customer.id),
        update(WeChatDelivery)
        .where(WeChatDelivery.customer_id == customer.id)
        .values(customer_id=None, reply=None),
        update(Outgoing)
        .where(Outgoing.customer_id == customer.id, Outgoing.state.in_(_UNSENT))
        .values(state=DeliveryState.FAILED, reason=reason),
    )
    for statement in statements:
        session.execute(statement.execution_options(synchronize_session=False))
    forget_member(session, customer.id, now=now)
    customer.address, customer.token_hash = None, secrets.token_hex(32)
