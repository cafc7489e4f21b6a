"""The desk's list of cases: whose, how far, what was promised; and how many call for somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind, CaseStatus, CaseStep
from bot.cases.promises import IS_OWED, promise_of
from bot.cases.service import CLOSED
from bot.cases.sight import readable_by
from bot.conversations import sight
from bot.conversations.models import Episode
from bot.desk.search import contains
from bot.errors import BadInput
from bot.staff.models import Staff

PAGE = 50
LONGEST = 100
_MOST_WORDS = 5
_NEED_SHOWN = 160

_IS_OPEN = Case.status.not_in(CLOSED)
# What is owed comes first, what is closed last.
_RANK = case((IS_OWED, 0), (_IS_OPEN, 1), else_=2)


class Scope(StrEnum):
    """Whose cases: one's own, those of one's group, or all that one may read.

    One's own are those that one has moved on, and those of customers whom one has served in the
    conversation that they come from.
    """

    MINE = "mine"
    GROUP = "group"
    ALL = "all"


class Order(StrEnum):
    """What comes first: the promise that runs out next, or the newest case."""

    URGENT = "urgent"
    NEWEST = "newest"


@dataclass(frozen=True)
class Wanted:
    """Which cases; everything given must hold.

    Attributes:
        scope: Whose.
        status: One status; ``open`` for all before the end, ``closed`` for the rest, None for any.
        kind: Service, message, complaint or follow-up.
        overdue: Only those whose promise was not kept.
        text: Words parted by spaces; each stands in the number, the need, the company, the
            contact or the phone number.
        order: What comes first.
        after: The ``more`` of the page before.
    """

    scope: Scope = Scope.ALL
    status: str | None = None
    kind: CaseKind | None = None
    overdue: bool = False
    text: str = ""
    order: Order = Order.URGENT
    after: str | None = None


@dataclass(frozen=True)
class Listed:
    """One page; ``more`` asks for the next, None at the end."""

    rows: list[dict[str, Any]]
    more: str | None = None


def cases_in(session: Session, staff: Staff, wanted: Wanted, *, now: datetime) -> Listed:
    """Cases that a member of staff may read, page by page, in a constant number of queries.

    Pages stay in step while new cases come and others move on.

    Raises:
        BadInput: There are too many words, or ``after`` was not made by this function.
    """
    rank = _RANK.label("rank")
    query = select(Case, rank).where(
        readable_by(session, staff), *_narrowing(session, staff, wanted, now)
    )
    found = session.execute(_ordered(query, wanted).limit(PAGE + 1)).all()
    shown = [each for each, _ in found[:PAGE]]
    more = None
    if len(found) > PAGE:
        last, its_rank = found[PAGE - 1]
        more = f"{its_rank}~{last.due_at.isoformat()}~{last.id}"
    return Listed(_rows(session, shown), more)


def cases_calling(session: Session, staff: Staff, *, now: datetime) -> dict[str, int]:
    """How many cases of one's group nobody has accepted yet, and how many promises are broken.

    ``calling`` counts each of both once.
    """
    new, late = Case.status == CaseStatus.SUBMITTED, and_(IS_OWED, Case.due_at < now)
    counted = {"waiting": new, "overdue": late, "calling": or_(new, late)}
    counts = [func.count(case((each, 1))).label(name) for name, each in counted.items()]
    query = select(*counts).where(readable_by(session, staff), _of_group(session, staff))
    return dict(session.execute(query).one()._mapping)


def _narrowing(
    session: Session, staff: Staff, wanted: Wanted, now: datetime
) -> list[ColumnElement[bool]]:
    words = wanted.text.split()
    if len(words) > _MOST_WORDS:
        raise BadInput(f"一次最多查 {_MOST_WORDS} 个词。")
    found = [_says(session, word) for word in words]
    if wanted.scope == Scope.MINE:
        found.append(_is_own(staff))
    elif wanted.scope == Scope.GROUP:
        found.append(_of_group(session, staff))
    if wanted.status == "open":
        found.append(_IS_OPEN)
    elif wanted.status == "closed":
        found.append(Case.status.in_(CLOSED))
    elif wanted.status is not None:
        found.append(Case.status == wanted.status)
    if wanted.kind is not None:
        found.append(Case.kind == wanted.kind)
    if wanted.overdue:
        found += [IS_OWED, Case.due_at < now]
    return found


def _is_own(staff: Staff) -> ColumnElement[bool]:
    moved = select(CaseStep.case_id).where(CaseStep.staff_id == staff.id)
    served = select(Episode.conversation_id).where(Episode.staff_id == staff.id)
    return or_(Case.id.in_(moved), Case.conversation_id.in_(served))


def _of_group(session: Session, staff: Staff) -> ColumnElement[bool]:
    # A supervisor looks after every group.
    if staff.role in sight.READS_ALL:
        return true()
    return sight.served_by(session, staff, Case.category)


def _says(session: Session, word: str) -> ColumnElement[bool]:
    columns = (Case.number, Case.need, Case.company, Case.contact, Case.phone)
    return or_(*(contains(session, column, word) for column in columns))


def _ordered(query: Select[Any], wanted: Wanted) -> Select[Any]:
    place = _place(wanted.after) if wanted.after else None
    if wanted.order == Order.NEWEST:
        if place:
            query = query.where(Case.id < place[2])
        return query.order_by(Case.id.desc())
    if place:
        rank, due_at, identity = place
        later = or_(Case.due_at > due_at, and_(Case.due_at == due_at, Case.id > identity))
        query = query.where(or_(_RANK > rank, and_(_RANK == rank, later)))
    return query.order_by(_RANK, Case.due_at, Case.id)


def _place(after: str) -> tuple[int, datetime, int]:
    rank, _, rest = after.partition("~")
    moment, _, identity = rest.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        place = int(rank), at, int(identity)
    except ValueError:
        raise BadInput("after 应为上一页给出的 more。") from None
    if at.tzinfo is None or not 0 <= place[0] <= 2 or not 0 <= place[2] < 2**31:
        raise BadInput("after 应为上一页给出的 more。")
    return place


def _rows(session: Session, found: Sequence[Case]) -> list[dict[str, Any]]:
    movers = _last_movers(session, [each.id for each in found])
    return [
        {
            "number": each.number,
            "kind": each.kind,
            "status": each.status,
            "category": each.category,
            "conversation_id": each.conversation_id,
            "need": each.need[:_NEED_SHOWN],
            "company": each.company,
            "contact": each.contact,
            "created_at": each.created_at.isoformat(),
            "closed_at": each.closed_at.isoformat() if each.closed_at else None,
            "promise": promise_of(each),
            "staff": movers.get(each.id),
        }
        for each in found
    ]


def _last_movers(session: Session, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Who moved each case on the last time; nobody if it was never a person."""
    query = (
        select(CaseStep.case_id, Staff)
        .join(Staff, Staff.id == CaseStep.staff_id)
        .where(CaseStep.case_id.in_(ids))
        .order_by(CaseStep.id)
    )
    return {case_id: staff.card for case_id, staff in session.execute(query)}
