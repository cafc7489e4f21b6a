"""Moving a case on: which status may follow which, and what the customer hears of it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind, CaseStatus, CaseStep
from bot.cases.promises import promise_of
from bot.cases.service import CLOSED, note_case
from bot.cases.sight import NOT_YOURS, may_read
from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation, ConversationStatus
from bot.delivery.outbox import PUSH_CHANNELS
from bot.errors import CaseNotFound, Forbidden, WrongStatus
from bot.responses import Responses
from bot.staff.models import Staff

logger = logging.getLogger(__name__)

SUBMITTED, ACCEPTED = CaseStatus.SUBMITTED, CaseStatus.ACCEPTED
MATCHED, QUOTED = CaseStatus.MATCHED, CaseStatus.QUOTED
IN_PROGRESS, DONE, CANCELLED = CaseStatus.IN_PROGRESS, CaseStatus.DONE, CaseStatus.CANCELLED

# Forward, one step at a time; what needs no quotation or no institution may leave that out.
_NEXT: dict[str, tuple[CaseStatus, ...]] = {
    SUBMITTED: (ACCEPTED, CANCELLED),
    ACCEPTED: (MATCHED, IN_PROGRESS, DONE, CANCELLED),
    MATCHED: (QUOTED, IN_PROGRESS, CANCELLED),
    QUOTED: (IN_PROGRESS, MATCHED, CANCELLED),
    IN_PROGRESS: (DONE, CANCELLED),
}
_TOLD: dict[str, str] = {
    ACCEPTED: "utter_system_case_accepted",
    MATCHED: "utter_system_case_matched",
    QUOTED: "utter_system_case_quoted",
    IN_PROGRESS: "utter_system_case_in_progress",
    DONE: "utter_system_case_done",
    CANCELLED: "utter_system_case_cancelled",
}
# Only services are passed on to an institution.
_OF_SERVICES = (MATCHED, QUOTED)


def next_statuses(case: Case) -> list[CaseStatus]:
    """What a case may become from here; nothing once it is closed."""
    following = _NEXT.get(case.status, ())
    if case.kind == CaseKind.SERVICE:
        return list(following)
    return [status for status in following if status not in _OF_SERVICES]


def advance(
    session: Session,
    number: str,
    status: CaseStatus,
    *,
    now: datetime,
    responses: Responses,
    note: str = "",
    staff: Staff | None = None,
) -> Case:
    """Move a case to a status and tell its customer, if a conversation with them is open.

    The status it already has changes nothing and tells nobody, so a desk that retries after a
    lost reply does no harm.

    Raises:
        CaseNotFound: There is no case of that number.
        Forbidden: It is no business of ``staff``.
        WrongStatus: That status does not follow the present one; ``current`` and ``allowed``
            say what would.
    """
    case = session.scalar(select(Case).where(Case.number == number).with_for_update())
    if case is None:
        raise CaseNotFound
    if staff is not None and not may_read(session, staff, case):
        raise Forbidden(NOT_YOURS)
    if case.status == status:
        return case
    if status not in next_statuses(case):
        sentence = "工单已办结或撤销，不能再更改。" if case.status in CLOSED else None
        raise WrongStatus(
            sentence or "工单的进度已经变化，不能这样更改，请按最新进度操作。",
            current=case.status,
            allowed=next_statuses(case),
        )
    case.status = status
    staff_id = staff.id if staff else None
    case.steps.append(CaseStep(status=status, note=note, staff_id=staff_id, happened_at=now))
    if status in CLOSED:
        case.closed_at = now
    note_case(session, case)
    _tell(session, case, note, responses, now)
    logger.info("case_advanced number=%s status=%s", case.number, status)
    return case


def case_view(case: Case) -> dict[str, Any]:
    """A case as the desk sees it; staff call the customer, so the phone is whole."""
    return {
        "number": case.number,
        "kind": case.kind,
        "status": case.status,
        "category": case.category,
        "conversation_id": case.conversation_id,
        "need": case.need,
        "details": {
            name: value for name, value in case.details.items() if isinstance(value, str | int)
        },
        "contact": case.contact,
        "phone": case.phone,
        "company": case.company,
        "created_at": case.created_at.isoformat(),
        "promise": promise_of(case),
        "steps": [
            {"status": step.status, "note": step.note, "happened_at": step.happened_at.isoformat()}
            for step in case.steps
        ],
        "next": next_statuses(case),
    }


def _tell(session: Session, case: Case, note: str, responses: Responses, now: datetime) -> None:
    line = responses.line(_TOLD[case.status], case_number=case.number)
    text = f"{line.text}\n{note}" if note else line.text
    tell(session, case, text, notice_of(case, "progress", note, now), now=now)


def tell(session: Session, case: Case, text: str, notice: dict[str, Any], *, now: datetime) -> None:
    """Say something of a case to its customer, where there is a way to reach them."""
    conversation = _conversation(session, case)
    if conversation is None:
        return
    is_pushed = conversation.channel in PUSH_CHANNELS
    data = {"notice": notice} if is_pushed else None
    append(session, conversation, Author.SYSTEM, text, now=now, kind="event", data=data)


def notice_of(case: Case, about: str, note: str, now: datetime) -> dict[str, Any]:
    """The same in pieces, for a channel that has a form for such news."""
    return {
        "about": about,
        "number": case.number,
        "status": case.status,
        "need": case.need[:100],
        "note": note,
        "due": case.due_at.isoformat(),
        "at": now.isoformat(),
    }


def _conversation(session: Session, case: Case) -> Conversation | None:
    """The customer's newest conversation, unless it has ended where nothing is pushed."""
    if case.customer_id is None:
        return None
    return session.scalar(
        select(Conversation)
        .where(
            Conversation.customer_id == case.customer_id,
            (Conversation.status != ConversationStatus.RESOLVED)
            | Conversation.channel.in_(PUSH_CHANNELS),
        )
        .order_by(Conversation.created_at.desc())
        .limit(1)
    )
