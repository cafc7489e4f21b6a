"""Opening cases and finding them again."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from bot.cases.deadlines import PLATFORM_HOURS, WORKING_DAYS, due_after
from bot.cases.models import Case, CaseKind, CaseStatus, CaseStep
from bot.conversations.changes import note_desk
from bot.conversations.models import Conversation
from bot.database import next_value
from bot.enterprises.membership import enterprise_of
from bot.errors import CaseNotFound
from bot.privacy.fencing import refuse_if_erased
from bot.staff.groups import load_groups
from bot.staff.hours import SHANGHAI, WorkingHours

logger = logging.getLogger(__name__)

# Four digits are guessed after 5,000 tries on average; five wrong ones close that way in.
MOST_WRONG_TAILS = 5
CLOSED = (CaseStatus.DONE, CaseStatus.CANCELLED)


def open_case(
    session: Session,
    need: str,
    *,
    now: datetime,
    kind: CaseKind = CaseKind.SERVICE,
    category: str | None = None,
    details: dict[str, Any] | None = None,
    contact: str = "",
    phone: str = "",
    company: str = "",
    conversation_id: str | None = None,
    request_key: str | None = None,
    hours: WorkingHours = PLATFORM_HOURS,
) -> Case:
    """Store a case under a new number.

    Args:
        session: The unit of work; the caller commits it.
        need: What is to be done, in the customer's words.
        now: The present moment.
        kind: Service, left message, complaint or follow-up.
        category: The service category.
        details: What else the form asked (quantity, mode, time …).
        contact: Whom to call.
        phone: Where.
        company: For whom; if nothing is said, for the enterprise the customer speaks for.
        conversation_id: The conversation it was opened in; its customer owns the case.
        request_key: Names this wish; the same key again returns the case opened first.
        hours: The platform's hours, for groups that have none of their own.

    Raises:
        Conflict: The customer has been erased while this was still under way.
    """
    if request_key is not None:
        first = session.scalar(select(Case).where(Case.request_key == request_key))
        if first is not None:
            return first
    working = load_groups(session, hours).of(category).hours
    refuse_if_erased(session, conversation_id)
    customer_id = customer_of(session, conversation_id)
    enterprise = enterprise_of(session, customer_id)
    if enterprise is not None and company not in ("", enterprise.name):
        # Opened for somebody else, by name: no business of the customer's colleagues.
        enterprise = None
    case = Case(
        number=_new_number(session, kind, now),
        kind=kind,
        status=CaseStatus.SUBMITTED,
        category=category,
        need=need,
        details=details or {},
        contact=contact,
        phone=phone,
        company=enterprise.name if enterprise else company,
        customer_id=customer_id,
        enterprise_id=enterprise.id if enterprise else None,
        conversation_id=conversation_id,
        request_key=request_key,
        created_at=now,
        due_at=due_after(WORKING_DAYS[kind], now, working),
        steps=[CaseStep(status=CaseStatus.SUBMITTED, happened_at=now)],
    )
    session.add(case)
    session.flush()
    note_case(session, case)
    logger.info("case_opened number=%s kind=%s category=%s", case.number, kind, category)
    return case


def note_case(session: Session, case: Case) -> None:
    """Tell the desk that a case is new or has moved on; one without a conversation is looked for.

    The feed is about conversations. What has none (``rasa shell``) a desk finds when it asks for
    its list the next time.
    """
    conversation = session.get(Conversation, case.conversation_id or "")
    if conversation is not None:
        note_desk(session, conversation, "case", {"number": case.number, "case": case.status})


def latest_cases(session: Session, conversation_id: str | None, limit: int = 3) -> list[Case]:
    """The newest cases that the customer whose conversation this is may see."""
    customer_id = customer_of(session, conversation_id)
    if customer_id is None:
        return []
    seen = select(Case).where(_seen_by(session, customer_id)).order_by(Case.id.desc())
    return list(session.scalars(seen.limit(limit)))


def cases_of(session: Session, customer_id: int, limit: int = 10) -> list[Case]:
    """A customer's newest cases."""
    newest = select(Case).where(Case.customer_id == customer_id).order_by(Case.id.desc())
    return list(session.scalars(newest.limit(limit)))


def case_by_number(
    session: Session, number: str, conversation_id: str | None, phone_tail: str | None = None
) -> Case:
    """The case of that number, for whoever may see it or knows the phone's tail.

    Raises:
        CaseNotFound: There is none, or it is not the caller's to see; the two look alike, so
            that nobody learns which numbers exist.
    """
    case = session.scalar(select(Case).where(Case.number == number.strip().upper()))
    if case is None:
        raise CaseNotFound
    customer_id = customer_of(session, conversation_id)
    if customer_id is not None and session.scalar(
        select(Case.id).where(Case.id == case.id, _seen_by(session, customer_id))
    ):
        return case
    if phone_tail and case.phone and case.wrong_tails < MOST_WRONG_TAILS:
        if case.phone[-4:] == phone_tail:
            return case
    raise CaseNotFound


def note_wrong_tail(session: Session, number: str) -> None:
    """Count a wrong guess at a case's phone number; a number nobody has counts nothing."""
    case = session.scalar(select(Case).where(Case.number == number.strip().upper()))
    if case is not None:
        case.wrong_tails += 1


def add_contact(
    session: Session, conversation_id: str | None, *, phone: str, contact: str
) -> Case | None:
    """Put down whom to call for the newest open case of a conversation that lacks a number.

    Raises:
        Conflict: The customer has been erased while this was still under way.
    """
    if conversation_id is None:
        return None
    refuse_if_erased(session, conversation_id)
    lacking = (
        select(Case)
        .where(
            Case.conversation_id == conversation_id, Case.phone == "", Case.status.not_in(CLOSED)
        )
        .order_by(Case.id.desc())
        .limit(1)
    )
    case = session.scalar(lacking.with_for_update())
    if case is not None:
        case.phone, case.contact = phone, contact or case.contact
    return case


def customer_of(session: Session, conversation_id: str | None) -> int | None:
    """Whose conversation it is; None for one that is not in the ledger (``rasa shell``)."""
    if conversation_id is None:
        return None
    return session.scalar(
        select(Conversation.customer_id).where(Conversation.id == conversation_id)
    )


def _seen_by(session: Session, customer_id: int) -> ColumnElement[bool]:
    """The customer's own cases, and services that colleagues wanted for the same enterprise.

    What a colleague complained of, scored or left as a message stays between them and us, and so
    does what they wanted before they spoke for the enterprise.
    """
    own = Case.customer_id == customer_id
    enterprise = enterprise_of(session, customer_id)
    if enterprise is None:
        return own
    return or_(own, and_(Case.enterprise_id == enterprise.id, Case.kind == CaseKind.SERVICE))


def _new_number(session: Session, kind: CaseKind, now: datetime) -> str:
    # The counter is taken in the same transaction, so two cases never share a number, and a
    # day's numbers have no gaps.
    prefix = "YT" if kind is CaseKind.COMPLAINT else "YZ"
    day = f"{now.astimezone(SHANGHAI):%Y%m%d}"
    return f"{prefix}-{day}-{next_value(session, f'case:{prefix}:{day}'):04}"
