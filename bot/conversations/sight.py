"""Whose conversations a member of staff may read.

Supervisors and administrators read all of them, the coordinating department none. Staff read

* the queue, because any of them may be the one to take the next,
* what they hold, or they or their group are offered, or are named in by a colleague's note,
* what their group serves: categories among their skills, and those that nobody has as a skill,
* everything of customers whom they have served themselves.

Taking a conversation from the queue, and leaving a note in one, ask for less: whoever serves
customers may help out, and a note shows nothing to its writer.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import QueryableAttribute, Session

from bot.conversations.models import (
    Conversation,
    ConversationStatus,
    Episode,
    OfferState,
    TransferOffer,
)
from bot.desk.models import Mention
from bot.resources.tables import CATEGORIES
from bot.staff.models import Role, Staff

READS_ALL = (Role.SUPERVISOR, Role.ADMIN)


def readable_by(session: Session, staff: Staff) -> ColumnElement[bool]:
    """A condition on conversations: that this member of staff may read them.

    Args:
        session: Any unit of work; one query, and the condition goes into the caller's.
        staff: Who reads.
    """
    if staff.role in READS_ALL:
        return true()
    if staff.role != Role.STAFF:
        return false()
    others = _left_to_others(session, staff)
    return or_(
        Conversation.status == ConversationStatus.QUEUED,
        Conversation.staff_id == staff.id,
        _is_none_of(Conversation.category, others),
        Conversation.customer_id.in_(
            select(Episode.customer_id).where(Episode.staff_id == staff.id)
        ),
        Conversation.id.in_(
            select(TransferOffer.conversation_id).where(
                TransferOffer.state == OfferState.OPEN,
                or_(
                    TransferOffer.to_id == staff.id,
                    and_(
                        TransferOffer.to_id.is_(None), _is_none_of(TransferOffer.category, others)
                    ),
                ),
            )
        ),
        Conversation.id.in_(select(Mention.conversation_id).where(Mention.staff_id == staff.id)),
    )


def may_read(session: Session, staff: Staff, conversation_id: str) -> bool:
    """Whether a member of staff may read one conversation; of none that is not there."""
    query = select(Conversation.id).where(
        Conversation.id == conversation_id, readable_by(session, staff)
    )
    return session.scalar(query) is not None


def served_by(
    session: Session, staff: Staff, category: QueryableAttribute[str | None]
) -> ColumnElement[bool]:
    """A condition on a category: that it falls to this person's group.

    The same rule as who is assigned it; it says nothing of other reasons for reading.
    """
    return _is_none_of(category, _left_to_others(session, staff))


def _is_none_of(category: QueryableAttribute[str | None], others: list[str]) -> ColumnElement[bool]:
    return or_(category.is_(None), category.not_in(others))


def _left_to_others(session: Session, staff: Staff) -> list[str]:
    """The categories that others have as a skill, and this person has not."""
    if not staff.skills:
        return []
    known = {skill for skills in session.scalars(select(Staff.skills)) for skill in skills}
    return [each for each in CATEGORIES if each in known and each not in staff.skills]
