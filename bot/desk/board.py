"""The team board: who waits, who serves, what has been promised and not kept, and the day so far.

Figures of the whole team. Only the list of conversations that run late names customers: to staff
those that wait and their own, to supervisors all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from bot.conversations.deadlines import promises
from bot.conversations.models import Conversation, ConversationStatus, Episode
from bot.conversations.offers import SERVING
from bot.conversations.sight import READS_ALL
from bot.desk.people import Person, people
from bot.desk.rows import customer_name
from bot.feedback.models import ConversationFeedback
from bot.staff.hours import SHANGHAI, WorkingHours
from bot.staff.models import Staff
from bot.staff.presence import LEASE

_QUEUED, _STAFF = ConversationStatus.QUEUED, ConversationStatus.STAFF
_LATE = ("breached", "warning")
_MOST_LATE = 50

Promises = dict[str, dict[str, Any]]


def board(
    session: Session, staff: Staff, hours: WorkingHours, capacity: int, *, now: datetime
) -> dict[str, Any]:
    """Everything the board shows, in a constant number of queries.

    Args:
        session: Any unit of work.
        staff: Who looks.
        hours: The platform's hours, for groups that have none of their own.
        capacity: How many conversations people have room for, unless said otherwise of them.
        now: The present moment.
    """
    found = session.scalars(
        select(Conversation)
        .where(Conversation.status.in_((_QUEUED, _STAFF)))
        .options(joinedload(Conversation.staff))
        .order_by(Conversation.queued_at, Conversation.id)
    ).all()
    promised = promises(session, found, hours, now=now)
    waiting = [each for each in found if each.status == _QUEUED]
    held = [each for each in found if each.status == _STAFF]
    late = [each for each in found if _state(promised, each) in _LATE]
    return {
        "waiting": {"count": len(waiting), "longest_since": _longest(waiting)},
        "groups": _groups(found, promised),
        "open": len(held),
        "breached": sum(_state(promised, each) == "breached" for each in found),
        "people": _people(session, held, promised, capacity, now),
        "late": _late(session, staff, late, promised),
        "today": _today(session, now),
        "now": now.isoformat(),
    }


def _groups(found: Iterable[Conversation], promised: Promises) -> list[dict[str, Any]]:
    """By category: how many wait and since when, how many are served, how many run late."""
    by_category: dict[str | None, list[Conversation]] = defaultdict(list)
    for each in found:
        by_category[each.category].append(each)
    groups = []
    for category, those in by_category.items():
        waiting = [each for each in those if each.status == _QUEUED]
        groups.append(
            {
                "category": category,
                "waiting": len(waiting),
                "longest_since": _longest(waiting),
                "open": len(those) - len(waiting),
                "breached": sum(_state(promised, each) == "breached" for each in those),
            }
        )
    return sorted(groups, key=lambda each: (-each["waiting"], -each["open"], str(each["category"])))


def _people(
    session: Session,
    held: Iterable[Conversation],
    promised: Promises,
    capacity: int,
    now: datetime,
) -> list[dict[str, Any]]:
    theirs: dict[int | None, list[Conversation]] = defaultdict(list)
    for each in held:
        theirs[each.staff_id].append(each)
    serving = session.scalars(
        select(Staff).where(Staff.role.in_(SERVING)).order_by(Staff.number, Staff.id)
    )
    return [
        {
            **each.card,
            "presence": each.presence,
            "since": each.presence_since.isoformat() if each.presence_since else None,
            "heard_of": each.seen_at is not None and each.seen_at > now - LEASE,
            "skills": each.skills,
            "open": len(theirs[each.id]),
            "capacity": capacity if each.capacity is None else each.capacity,
            "breached": sum(_state(promised, one) == "breached" for one in theirs[each.id]),
            "warned": sum(_state(promised, one) == "warning" for one in theirs[each.id]),
        }
        for each in serving.all()
    ]


def _late(
    session: Session, staff: Staff, late: Sequence[Conversation], promised: Promises
) -> list[dict[str, Any]]:
    sees_all = staff.role in READS_ALL
    shown = [
        each for each in late if sees_all or each.status == _QUEUED or each.staff_id == staff.id
    ]
    shown.sort(key=lambda each: str(promised[each.id]["due_at"]))
    known = people(session, {each.customer_id for each in shown[:_MOST_LATE]})
    return [
        {
            "id": each.id,
            "customer": customer_name(each.customer_id, known.get(each.customer_id, Person())),
            "category": each.category,
            "status": str(each.status),
            "holder": each.staff.card if each.staff else None,
            "sla": promised[each.id],
        }
        for each in shown[:_MOST_LATE]
    ]


def _today(session: Session, now: datetime) -> dict[str, Any]:
    """Episodes that began today in China, and scores given today."""
    midnight = datetime.combine(now.astimezone(SHANGHAI).date(), time(), SHANGHAI)
    began = session.execute(
        select(Episode.began_at, Episode.accepted_at, Episode.end).where(
            Episode.began_at >= midnight
        )
    ).all()
    waits = [(row.accepted_at - row.began_at).total_seconds() for row in began if row.accepted_at]
    scores, average = session.execute(
        select(func.count(), func.avg(ConversationFeedback.score)).where(
            ConversationFeedback.given_at >= midnight
        )
    ).one()
    return {
        "episodes": len(began),
        "accepted": len(waits),
        "resolved": sum(row.end in ("resolve", "customer_end", "idle_end") for row in began),
        "left": sum(row.end in ("leave_message", "cancel_handoff") for row in began),
        "median_wait_seconds": int(median(waits)) if waits else None,
        "scores": scores,
        "average_score": round(float(average), 1) if scores else None,
    }


def _state(promised: Promises, conversation: Conversation) -> str | None:
    found = promised.get(conversation.id)
    return str(found["state"]) if found and not found["paused"] else None


def _longest(waiting: Iterable[Conversation]) -> str | None:
    began = [each.queued_at for each in waiting if each.queued_at is not None]
    return min(began).isoformat() if began else None
