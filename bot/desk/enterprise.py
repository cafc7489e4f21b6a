"""The enterprise of a conversation's customer, as the desk shows it beside the conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case
from bot.cases.progress import case_view
from bot.conversations.models import Conversation
from bot.conversations.sight import READS_ALL, readable_by
from bot.desk.people import Person, people
from bot.desk.rows import rows
from bot.enterprises.membership import members_of
from bot.enterprises.models import Enterprise, Membership
from bot.enterprises.records import enterprise_view
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff

_CONVERSATIONS = 20
_CASES = 10


def enterprise_panel(
    session: Session,
    conversation: Conversation,
    hours: WorkingHours,
    *,
    now: datetime,
    staff: Staff | None,
) -> dict[str, Any] | None:
    """The enterprise, who else speaks for it, and what happened with them before.

    Of colleagues' conversations and cases only those are told that the reader may read anyway;
    of the colleagues themselves what they are called, never where they can be reached.

    Returns:
        None if the customer speaks for no enterprise.
    """
    own = session.get(Membership, conversation.customer_id)
    if own is None:
        return None
    members = members_of(session, own.enterprise_id)
    others = [each for each in members if each.customer_id != own.customer_id]
    known = people(session, [each.customer_id for each in others])
    readable = _readable(session, staff, [each.customer_id for each in others])
    return {
        **enterprise_view(own.enterprise),
        "bound_at": own.bound_at.isoformat(),
        "others": [
            {
                "name": known.get(each.customer_id, Person()).contact,
                "channel": each.customer.channel,
                "bound_at": each.bound_at.isoformat(),
            }
            for each in others
        ],
        "earlier": rows(session, readable, hours, now=now),
        "cases": _cases(session, own.enterprise, own.customer_id, staff),
    }


def _readable(session: Session, staff: Staff | None, customer_ids: list[int]) -> list[Conversation]:
    if staff is None or not customer_ids:
        return []
    query = (
        select(Conversation)
        .where(Conversation.customer_id.in_(customer_ids), readable_by(session, staff))
        .order_by(Conversation.created_at.desc())
        .limit(_CONVERSATIONS)
    )
    return list(session.scalars(query))


def _cases(
    session: Session, enterprise: Enterprise, customer_id: int, staff: Staff | None
) -> list[dict[str, Any]]:
    """Colleagues' cases; the customer's own are shown beside this anyway."""
    if staff is None:
        return []
    query = select(Case).where(Case.enterprise_id == enterprise.id, Case.customer_id != customer_id)
    if staff.role not in READS_ALL:
        seen = select(Conversation.id).where(readable_by(session, staff))
        query = query.where(Case.conversation_id.in_(seen))
    return [
        case_view(each) for each in session.scalars(query.order_by(Case.id.desc()).limit(_CASES))
    ]
