"""Who takes conversations now: what people say of themselves, and a lease that proves it.

==================  ==============================================================
available           is assigned conversations, up to the capacity
away                is assigned none, keeps what they have
away_and_requeue    the same, and what they have goes back to the queue
offline             has gone; what they had goes back to the queue
==================  ==============================================================

Signing in makes nobody available: a page opened to look something up, or a program that only
takes what it asks for, must not be handed customers. One says so, and the desk shows it.
Presence belongs to the person, not to a page or a connection, so a reloaded page or a restarted
server changes nothing. Each sign of life from the desk renews the lease. Without one for
``LEASE`` nobody is assigned anything; without one for the longer limit of ``Absence`` the person
counts as gone. Every change is a line in a log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation, ConversationStatus
from bot.conversations.transitions import announce_assignment
from bot.staff.models import Presence, PresenceChange, Staff

# Browsers let a page in the background run once a minute; a lease must outlast that.
LEASE = timedelta(seconds=90)
# How often a desk should give a sign of life, and how often one is written down at most.
HEARTBEAT_SECONDS = 20
_NOTED_AFTER = timedelta(seconds=10)
PRESENT = (Presence.AVAILABLE, Presence.AWAY, Presence.AWAY_AND_REQUEUE)
_KEEPS = (Presence.AVAILABLE, Presence.AWAY)

CHOSEN, VANISHED, SILENT, SIGNED_OUT = "chosen", "vanished", "silent", "signed_out"


def set_presence(
    session: Session,
    staff: Staff,
    presence: Presence,
    handoff: Handoff,
    *,
    now: datetime,
    cause: str = CHOSEN,
) -> list[str]:
    """Note what somebody says of themselves; saying it again only renews the lease.

    Returns:
        The conversations that went back to the queue, with their age.
    """
    requeued: list[str] = []
    if presence not in _KEEPS:
        requeued = requeue_all(session, staff, handoff, now=now, reason=cause)
    before = session.scalar(select(Staff.presence).where(Staff.id == staff.id).with_for_update())
    changed = before != presence
    values: dict[str, Any] = {"presence": presence}
    if cause == CHOSEN:
        values["seen_at"] = now
    if changed:
        values["presence_since"] = now
        session.add(
            PresenceChange(
                staff_id=staff.id, before=before, after=presence, cause=cause, changed_at=now
            )
        )
    session.execute(update(Staff).where(Staff.id == staff.id).values(**values))
    session.refresh(staff)
    if presence == Presence.AVAILABLE:
        announce_assignment(session)
    return requeued


def renew(session: Session, staff: Staff, *, now: datetime) -> None:
    """Note a sign of life; whoever is offline stays so until they say otherwise."""
    lapsed = staff.seen_at is None or staff.seen_at < now - LEASE
    renewed = session.execute(
        update(Staff)
        .where(Staff.id == staff.id, Staff.presence != Presence.OFFLINE)
        .where(or_(Staff.seen_at.is_(None), Staff.seen_at < now - _NOTED_AFTER))
        .values(seen_at=now)
        .returning(Staff.id)
    ).all()
    if renewed and lapsed and staff.presence == Presence.AVAILABLE:
        announce_assignment(session)


def needs_renewal(staff: Staff, *, now: datetime) -> bool:
    """Whether a sign of life now is worth writing down."""
    if staff.presence == Presence.OFFLINE:
        return False
    return staff.seen_at is None or staff.seen_at < now - _NOTED_AFTER


def routable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What must hold of a member of staff to be assigned anything, capacity apart."""
    return (Staff.presence == Presence.AVAILABLE, Staff.seen_at > now - LEASE)


def presence_view(
    session: Session, staff: Staff, default_capacity: int, *, now: datetime
) -> dict[str, Any]:
    """How somebody stands, as the desk shows it; ``assigned`` says whether work comes by itself."""
    alive = staff.seen_at is not None and staff.seen_at > now - LEASE
    return {
        **staff.card,
        "presence": staff.presence,
        "since": staff.presence_since.isoformat() if staff.presence_since else None,
        "assigned": staff.presence == Presence.AVAILABLE and alive,
        "open": open_count(session, staff),
        "capacity": default_capacity if staff.capacity is None else staff.capacity,
        "heartbeat_seconds": HEARTBEAT_SECONDS,
    }


def open_count(session: Session, staff: Staff) -> int:
    """How many conversations somebody holds."""
    query = select(func.count()).where(
        Conversation.staff_id == staff.id, Conversation.status == ConversationStatus.STAFF
    )
    return session.scalar(query) or 0


def presence_log(session: Session, staff: Staff, limit: int = 100) -> list[dict[str, Any]]:
    """When somebody was present and what changed it, the newest first."""
    query = (
        select(PresenceChange)
        .where(PresenceChange.staff_id == staff.id)
        .order_by(PresenceChange.id.desc())
        .limit(limit)
    )
    return [
        {
            "before": each.before,
            "after": each.after,
            "cause": each.cause,
            "changed_at": each.changed_at.isoformat(),
        }
        for each in session.scalars(query)
    ]


def requeue_all(
    session: Session, staff: Staff, handoff: Handoff, *, now: datetime, reason: str
) -> list[str]:
    """Put everything that somebody holds back into the queue, age kept."""
    held = _lock_held(session, Conversation.staff_id == staff.id)
    for conversation_id in held:
        handoff.requeue(session, conversation_id, staff, now=now, reason=reason)
    return held


def _lock_held(session: Session, whose: ColumnElement[bool]) -> list[str]:
    query = (
        select(Conversation.id)
        .where(whose, Conversation.status == ConversationStatus.STAFF)
        .order_by(Conversation.id)
        .with_for_update()
    )
    return list(session.scalars(query))


@dataclass(frozen=True)
class Absence:
    """Finds people who have vanished without a word: the lid is closed, the network gone.

    Attributes:
        handoff: Requeues what they had.
        limit: How long nothing may be heard of somebody.
        since: When this process began to listen. Silence before that proves nothing: it was
            we who were away.
    """

    handoff: Handoff
    limit: timedelta
    since: datetime

    def any(self, session: Session, now: datetime) -> bool:
        """Whether somebody has vanished."""
        return self._hears(now) and bool(session.scalar(select(exists().where(*self._gone(now)))))

    def end(self, session: Session, now: datetime) -> None:
        """Take those who have vanished off the desk and give what they had to others."""
        if not self._hears(now):
            return
        gone = select(Staff.id).where(*self._gone(now))
        _lock_held(session, Conversation.staff_id.in_(gone))
        # Asked again under the lock: somebody may have come back this very moment.
        locking = select(Staff).where(*self._gone(now)).order_by(Staff.id)
        for staff in session.scalars(locking.with_for_update()).all():
            set_presence(session, staff, Presence.OFFLINE, self.handoff, now=now, cause=VANISHED)

    def _hears(self, now: datetime) -> bool:
        return now - self.since > self.limit

    def _gone(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return (Staff.presence.in_(PRESENT), Staff.seen_at < now - self.limit)
