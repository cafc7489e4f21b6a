"""What a customer in the queue is told: the place in it, and an honest range of the wait.

The range comes from how long others of the same group really waited from the same place in the
queue, at about this time of day. With too few of them nothing is said about time.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversations.changes import note_waiting
from bot.conversations.models import (
    Conversation,
    ConversationStatus,
    Episode,
    HandoffReason,
    StatusEvent,
)
from bot.conversations.standing import Pace, Standing
from bot.resources.tables import CATEGORIES
from bot.staff.groups import DEFAULT, Groups, load_groups
from bot.staff.hours import SHANGHAI, WorkingHours

QUEUED = ConversationStatus.QUEUED

# Since when nobody has been there for them. Whoever comes back into the queue keeps their place in
# it by ``queued_at``, but has not waited while somebody served them.
WAITING_SINCE = func.coalesce(
    select(func.max(StatusEvent.happened_at))
    .where(StatusEvent.conversation_id == Conversation.id, StatusEvent.to_status == QUEUED)
    .correlate(Conversation)
    .scalar_subquery(),
    Conversation.queued_at,
    Conversation.created_at,
)
_QUEUE = (
    select(Conversation.id, Conversation.category, WAITING_SINCE, Conversation.told_wait)
    .where(Conversation.status == QUEUED)
    .order_by(Conversation.queued_at, Conversation.id)
)
# What lies further back was another staffing.
_RECENT = timedelta(days=28)
_MOST_PAST = 400
# Of one group, the newest count; below the fewest a range would be a guess.
_MOST_WAITS = 30
FEWEST_WAITS = 5
# Mornings wait otherwise than evenings; used only where that leaves enough waits.
_SIMILAR_HOURS = timedelta(hours=2)
_DAY = timedelta(days=1)
# Six of ten fall into the range: narrow enough to be of use, wide enough to be kept.
_LOW, _HIGH = 20, 80


@dataclass(frozen=True)
class Limits:
    """How long and how many may wait for a person.

    Attributes:
        wait: After so much working time a message is left for who still waits.
        queue: So many may wait for one group at once.
    """

    wait: timedelta = timedelta(minutes=30)
    queue: int = 20


@dataclass(frozen=True)
class Wait:
    """One wait that ended with a person.

    Attributes:
        place: The place in the group's queue at its beginning, from 1.
        length: How long it took, in working time.
        ended_at: When the person came.
    """

    place: int
    length: timedelta
    ended_at: datetime


def group_of(category: str | None) -> str:
    """Whose queue a conversation stands in."""
    return category if category in CATEGORIES else DEFAULT


def standing_at_the_end(
    session: Session, category: str | None, groups: Groups, *, now: datetime
) -> Standing:
    """What somebody is told who joins a group's queue now."""
    group = group_of(category)
    waiting = session.scalars(select(Conversation.category).where(Conversation.status == QUEUED))
    position = 1 + sum(group_of(each) == group for each in waiting)
    past = recent_waits(session, groups, now=now).get(group, [])
    return _standing(past, position, groups.of(category).hours, now, now)


def tell_waiting(session: Session, platform: WorkingHours, *, now: datetime) -> int:
    """Tell everybody in the queue whose standing changed, through the change feed.

    Safe when two processes do it at once: each standing is told by the one that stored it.

    Args:
        session: A writing unit of work.
        platform: The platform's hours, for groups that have none of their own.
        now: The present moment.

    Returns:
        How many were told.
    """
    queue = session.execute(_QUEUE).all()
    if not queue:
        return 0
    groups = load_groups(session, platform)
    past = recent_waits(session, groups, now=now)
    places: dict[str, int] = defaultdict(int)
    moved: dict[str, tuple[str | None, Standing]] = {}
    for conversation_id, category, since, before in queue:
        group = group_of(category)
        places[group] += 1
        hours = groups.of(category).hours
        standing = _standing(past.get(group, []), places[group], hours, since, now)
        if not before or standing.differs(Standing.read(before)):
            moved[conversation_id] = (before, standing)
    return sum(_tell(session, each, *moved[each]) for each in _free(session, list(moved)))


def is_anybody_waiting(session: Session, _now: datetime) -> bool:
    """Whether there is anything to do for ``tell_waiting``."""
    return session.scalar(select(Conversation.id).where(Conversation.status == QUEUED)) is not None


def range_of(past: Sequence[Wait], position: int, *, now: datetime) -> tuple[int, int] | None:
    """Between how many minutes a wait from this place probably lasts.

    Args:
        past: The group's recent waits.
        position: The place in the queue, from 1.
        now: The present moment; waits of this time of day count first.

    Returns:
        Whole minutes, the second always greater; None when too few waited from such a place.
    """
    alike = [wait for wait in past if abs(wait.place - position) <= max(1, position // 3)]
    similar = [wait for wait in alike if _apart(wait.ended_at, now) <= _SIMILAR_HOURS]
    chosen = similar if len(similar) >= FEWEST_WAITS else alike
    if len(chosen) < FEWEST_WAITS:
        return None
    cuts = statistics.quantiles(
        (wait.length.total_seconds() / 60 for wait in chosen), n=100, method="inclusive"
    )
    low, high = cuts[_LOW - 1], cuts[_HIGH - 1]
    step = 5 if high > 15 else 1
    least = max(1, math.floor(low / step) * step)
    return least, max(least + step, math.ceil(high / step) * step)


def recent_waits(session: Session, groups: Groups, *, now: datetime) -> dict[str, list[Wait]]:
    """How long people waited lately, by group, the newest first."""
    newest = (
        select(Episode.category, Episode.began_at, Episode.accepted_at)
        .where(
            Episode.accepted_at > now - _RECENT, Episode.reason != HandoffReason.STAFF_STEPPED_IN
        )
        .order_by(Episode.accepted_at.desc())
        .limit(_MOST_PAST)
    )
    stretches: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for category, began_at, accepted_at in session.execute(newest):
        if accepted_at is not None:
            stretches[group_of(category)].append((began_at, accepted_at))
    return {group: waits_in(found, groups.of(group).hours) for group, found in stretches.items()}


def waits_in(stretches: Iterable[tuple[datetime, datetime]], hours: WorkingHours) -> list[Wait]:
    """The newest waits of one group, each with the place in the queue from which it began."""
    known = sorted(stretches, key=lambda stretch: stretch[1], reverse=True)
    return [
        Wait(
            1 + sum(other < began < gone for other, gone in known),
            hours.between(began, ended),
            ended,
        )
        for began, ended in known[:_MOST_WAITS]
    ]


def _standing(
    past: Sequence[Wait], position: int, hours: WorkingHours, since: datetime, now: datetime
) -> Standing:
    if not hours.is_open(now):
        return Standing(position, None, Pace.CLOSED)
    if len(past) >= FEWEST_WAITS:
        if hours.between(since, now) > max(wait.length for wait in past):
            return Standing(position, None, Pace.LONG)
    return Standing(position, range_of(past, position, now=now))


def _free(session: Session, ids: list[str]) -> list[str]:
    """Those of them that nobody is changing just now, locked; the others are told next time."""
    if not ids:
        return []
    query = select(Conversation.id).where(Conversation.id.in_(ids), Conversation.status == QUEUED)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def _tell(session: Session, conversation_id: str, before: str | None, standing: Standing) -> int:
    stored = session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.status == QUEUED,
            Conversation.told_wait.is_not_distinct_from(before),
        )
        .values(told_wait=str(standing))
        .returning(Conversation.id)
        .execution_options(synchronize_session=False)
    ).all()
    if stored:
        note_waiting(session, session.get_one(Conversation, conversation_id), standing.view)
    return len(stored)


def _apart(one: datetime, other: datetime) -> timedelta:
    """How far two moments are apart on the clock, whatever the day."""
    first, second = (
        timedelta(hours=local.hour, minutes=local.minute)
        for local in (one.astimezone(SHANGHAI), other.astimezone(SHANGHAI))
    )
    gap = abs(first - second)
    return min(gap, _DAY - gap)
