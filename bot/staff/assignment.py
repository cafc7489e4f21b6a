"""Who gets whom: waiting conversations are given to people who are present and have room.

The longest waiting comes first. It goes to somebody with the skill it asks for; where nobody
has that skill, or nobody knows what it is about, to anybody. A customer's former member of staff
is preferred, and waited for up to ``FORMER_PREFERRED`` while they are present but have no room.
Otherwise it goes to whoever has the smallest share of their capacity in use.

Nobody is ever assigned more than their capacity: people are locked while their conversations
are counted, and the statement that gives a conversation away counts again. By hand somebody may
take more than that; it is their own decision, and the desk shows what they have.

Runs when somebody asks for a person, comes, or gets room, and every few seconds besides. Groups
that are closed are assigned nothing: their customers have been told when somebody is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation, ConversationStatus, Episode
from bot.resources.tables import CATEGORIES
from bot.staff.groups import load_groups
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from bot.staff.presence import routable

# Whoever knows the customer is worth a short wait, and not more.
FORMER_PREFERRED = timedelta(seconds=60)
# Some that are looked at stay where they are: passed on by the only one who is free, or kept for
# a former member of staff. Others behind them must not wait for that.
_LOOKED_AT_BESIDES = 50
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass
class Desk:
    """A person who may be assigned something, while one run lasts."""

    staff: Staff
    capacity: int
    load: int

    @property
    def has_room(self) -> bool:
        """Whether one more conversation fits."""
        return self.load < self.capacity

    @property
    def order(self) -> tuple[float, datetime, int]:
        """The first in this order is next: least used, then idle for longest."""
        return (self.load / self.capacity, self.staff.assigned_at or _LONG_AGO, self.staff.id)


@dataclass(frozen=True)
class Skills:
    """Which categories somebody on the platform has as a skill, and so who serves which."""

    known: frozenset[str]

    def serves(self, staff: Staff, category: str | None) -> bool:
        """Whether a category falls to somebody; whoever lists no skills serves them all."""
        return not staff.skills or category in staff.skills or category not in self.known

    def served_by(self, staff: Sequence[Staff]) -> set[str | None]:
        """The categories, None among them, that fall to any of these people."""
        every: set[str | None] = {*CATEGORIES, None}
        return {each for each in every if any(self.serves(member, each) for member in staff)}


def load_skills(session: Session) -> Skills:
    """The skills that anybody has."""
    lists = session.scalars(select(Staff.skills))
    return Skills(frozenset(skill for skills in lists for skill in skills))


def members_there(session: Session, category: str, *, now: datetime) -> list[Staff]:
    """Who of a group could be asked now to take something, whether they have room or not."""
    skills = load_skills(session)
    present = session.scalars(select(Staff).where(*routable(now)).order_by(Staff.id))
    return [each for each in present if skills.serves(each, category)]


class Assignment:
    """Gives waiting conversations to people.

    Args:
        handoff: Carries the changes out.
        hours: The platform's hours, for groups that have none of their own.
        capacity: Of people who have none of their own.
    """

    def __init__(self, handoff: Handoff, hours: WorkingHours, capacity: int) -> None:
        self._handoff = handoff
        self._hours = hours
        self._capacity = capacity

    def is_needed(self, session: Session, now: datetime) -> bool:
        """Whether somebody waits whom somebody present could serve."""
        desks = self._desks(session, now, lock=False)
        served = self._served(session, desks, load_skills(session), now)
        if not served:
            return False
        waiting = select(Conversation.id).where(*_waiting(served)).limit(1)
        return session.scalar(waiting) is not None

    def assign_waiting(self, session: Session, now: datetime) -> dict[str, int]:
        """Give away all that can be given away now.

        Returns:
            Who got what: the person's id by conversation.
        """
        skills = load_skills(session)
        desks = self._desks(session, now, lock=False)
        served = self._served(session, desks, skills, now)
        room = sum(desk.capacity - desk.load for desk in desks if desk.has_room)
        if not served:
            return {}
        # Conversations first, then people: the order in which everybody takes locks.
        waiting = session.scalars(
            select(Conversation)
            .where(*_waiting(served))
            .order_by(Conversation.queued_at, Conversation.id)
            .limit(room + _LOOKED_AT_BESIDES)
            .with_for_update()
        ).all()
        desks = self._desks(session, now, lock=True)
        former = _former(session, waiting)
        given: dict[str, int] = {}
        for conversation in waiting:
            able = [desk for desk in desks if _may_get(desk, conversation, skills)]
            chosen = _choose(able, former.get(conversation.id), conversation, now)
            if chosen is not None and self._give(session, conversation, chosen, now):
                given[conversation.id] = chosen.staff.id
        return given

    def _give(
        self, session: Session, conversation: Conversation, desk: Desk, now: datetime
    ) -> bool:
        staff = desk.staff
        able = select(Staff.id).where(Staff.id == staff.id, *routable(now)).exists()
        guards = (able, _held(staff.id) < desk.capacity)
        given = self._handoff.assign(session, conversation, staff, now=now, guards=guards)
        if given:
            desk.load += 1
            staff.assigned_at = now
        return given

    def _desks(self, session: Session, now: datetime, *, lock: bool) -> list[Desk]:
        present = select(Staff).where(*routable(now)).order_by(Staff.id)
        if lock:
            present = present.with_for_update()
        members = session.scalars(present.execution_options(populate_existing=True)).all()
        holders = session.execute(
            select(Conversation.staff_id, func.count())
            .where(
                Conversation.status == ConversationStatus.STAFF,
                Conversation.staff_id.in_([each.id for each in members]),
            )
            .group_by(Conversation.staff_id)
        )
        loads: dict[int | None, int] = {row[0]: row[1] for row in holders}
        desks = (Desk(each, self._capacity_of(each), loads.get(each.id, 0)) for each in members)
        return [desk for desk in desks if desk.capacity > 0]

    def _capacity_of(self, staff: Staff) -> int:
        return self._capacity if staff.capacity is None else staff.capacity

    def _served(
        self, session: Session, desks: Sequence[Desk], skills: Skills, now: datetime
    ) -> set[str | None]:
        free = [desk.staff for desk in desks if desk.has_room]
        if not free:
            return set()
        groups = load_groups(session, self._hours)
        return {each for each in skills.served_by(free) if groups.of(each).hours.is_open(now)}


def _waiting(served: set[str | None]) -> tuple[ColumnElement[bool], ...]:
    named = Conversation.category.in_([each for each in served if each is not None])
    # What was said may have been about nothing that the platform serves; a person still may be
    # asked for.
    other = or_(Conversation.category.is_(None), Conversation.category.not_in(CATEGORIES))
    return (
        Conversation.status == ConversationStatus.QUEUED,
        or_(named, other) if None in served else named,
    )


def _may_get(desk: Desk, conversation: Conversation, skills: Skills) -> bool:
    passed_on = conversation.passed_by_id == desk.staff.id
    return not passed_on and skills.serves(desk.staff, conversation.category)


def _choose(
    able: Sequence[Desk], former_id: int | None, conversation: Conversation, now: datetime
) -> Desk | None:
    former = next((desk for desk in able if desk.staff.id == former_id), None)
    if former is not None:
        if former.has_room:
            return former
        if conversation.queued_at and now - conversation.queued_at < FORMER_PREFERRED:
            return None
    with_room = [desk for desk in able if desk.has_room]
    return min(with_room, key=lambda desk: desk.order, default=None)


def _former(session: Session, waiting: Sequence[Conversation]) -> dict[str, int]:
    """Who served each customer the last time, by conversation."""
    later = aliased(Episode)
    query = select(Episode.customer_id, Episode.staff_id).where(
        Episode.customer_id.in_([each.customer_id for each in waiting]),
        Episode.staff_id.is_not(None),
        ~select(later.id)
        .where(
            later.customer_id == Episode.customer_id,
            later.staff_id.is_not(None),
            later.id > Episode.id,
        )
        .exists(),
    )
    by_customer = {row[0]: row[1] for row in session.execute(query)}
    found = {each.id: by_customer.get(each.customer_id) for each in waiting}
    return {key: staff_id for key, staff_id in found.items() if staff_id is not None}


def _held(staff_id: int) -> ColumnElement[int]:
    held = aliased(Conversation)
    query = select(func.count()).where(
        and_(held.staff_id == staff_id, held.status == ConversationStatus.STAFF)
    )
    return query.scalar_subquery()
