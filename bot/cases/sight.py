"""Whose cases a member of staff may read and move on.

A case that was opened in a conversation goes with it; one that was not (``rasa shell``, an import)
falls to the group that serves its category.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from bot.cases.models import Case
from bot.conversations import sight
from bot.conversations.models import Conversation
from bot.errors import CaseNotFound, Forbidden
from bot.staff.models import Role, Staff

NOT_YOURS = "这个工单不属于您的服务范围。"


def readable_by(session: Session, staff: Staff) -> ColumnElement[bool]:
    """A condition on cases: that this member of staff may read them."""
    if staff.role in sight.READS_ALL:
        return true()
    if staff.role != Role.STAFF:
        return false()
    conversations = select(Conversation.id).where(sight.readable_by(session, staff))
    served = sight.served_by(session, staff, Case.category)
    return or_(
        Case.conversation_id.in_(conversations), and_(Case.conversation_id.is_(None), served)
    )


def may_read(session: Session, staff: Staff, case: Case) -> bool:
    """Whether a member of staff may read and move on one case."""
    query = select(Case.id).where(Case.id == case.id, readable_by(session, staff))
    return session.scalar(query) is not None


def case_for(session: Session, staff: Staff, number: str) -> Case:
    """The case of a number, for a member of staff.

    Raises:
        CaseNotFound: There is none.
        Forbidden: It is no business of theirs.
    """
    case = session.scalar(select(Case).where(Case.number == number))
    if case is None:
        raise CaseNotFound
    if not may_read(session, staff, case):
        raise Forbidden(NOT_YOURS)
    return case
