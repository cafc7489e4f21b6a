"""Who runs a turn, and what becomes of the turns of a process that died.

Over PostgreSQL several web processes run turns. Each says once a second that it is alive; the
turns of one that has been silent for some seconds are interrupted by whichever notices first,
and their messages get new turns there. A process that was only slow finds its turn no longer
running and stores nothing, so nobody is answered twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Message,
    Turn,
    TurnOwner,
    TurnStatus,
)

BEAT_SECONDS = 1.0
LOOK_SECONDS = 1.0
# Four beats missed: a process that has every core against it still manages one of four.
LEASE = timedelta(seconds=4)
# A turn that its own process does not know of by then was lost on the way to it, for instance
# because the database was cut off while it answered the COMMIT.
LOST_AFTER = timedelta(seconds=10)


@dataclass(frozen=True)
class Process:
    """A process that runs turns: its name, whether there may be others, and what it runs now."""

    name: str
    is_shared: bool
    conversation_ids: frozenset[str] = frozenset()


def beat(session: Session, owner: str, *, now: datetime) -> None:
    """Say that a process is alive."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    alive = insert(TurnOwner).values(name=owner, seen_at=now)
    session.execute(
        alive.on_conflict_do_update(
            index_elements=["name"], set_={"seen_at": alive.excluded.seen_at}
        )
    )


def recover(session: Session, process: Process, *, now: datetime) -> list[str]:
    """Begin as a process that runs no turn yet.

    Returns:
        The conversations whose unanswered messages a new turn must take.
    """
    session.execute(delete(TurnOwner).where(TurnOwner.seen_at < now - LEASE))
    if process.is_shared:
        beat(session, process.name, now=now)
    _interrupt(session, or_(Turn.owner == process.name, _is_left(process, now)), now)
    return unanswered(session)


def retire(session: Session, owner: str) -> None:
    """Say that a process is gone; a second time changes nothing."""
    session.execute(delete(TurnOwner).where(TurnOwner.name == owner))


def anything_left(session: Session, process: Process, *, now: datetime) -> bool:
    """Whether a turn is in nobody's hands."""
    left = select(Turn.id).where(Turn.status == TurnStatus.RUNNING, _is_left(process, now))
    return session.scalar(left.limit(1)) is not None


def take_over(session: Session, process: Process, *, now: datetime) -> list[str]:
    """Interrupt the turns that are in nobody's hands.

    Returns:
        Their conversations, each to one caller only.
    """
    session.execute(delete(TurnOwner).where(TurnOwner.seen_at < now - LEASE))
    return _interrupt(session, _is_left(process, now), now)


def interrupt(session: Session, conversation_id: str, *, now: datetime) -> None:
    """Close the turn that a crash in one conversation left behind."""
    _interrupt(session, Turn.conversation_id == conversation_id, now)


def unanswered(session: Session) -> list[str]:
    """The bot's conversations in which a customer waits for an answer."""
    waiting = select(Conversation.id).where(
        Conversation.status == ConversationStatus.BOT,
        Conversation.answered_seq < Conversation.last_seq,
        select(Message.id)
        .where(
            Message.conversation_id == Conversation.id,
            Message.author == Author.CUSTOMER,
            Message.seq > Conversation.answered_seq,
        )
        .exists(),
    )
    return list(session.scalars(waiting))


def _is_left(process: Process, now: datetime) -> ColumnElement[bool]:
    lost = and_(
        Turn.owner == process.name,
        Turn.started_at < now - LOST_AFTER,
        Turn.conversation_id.not_in(process.conversation_ids),
    )
    others = Turn.owner.is_distinct_from(process.name)
    if process.is_shared:
        alive = select(TurnOwner.name).where(TurnOwner.seen_at >= now - LEASE)
        others = and_(others, or_(Turn.owner.is_(None), Turn.owner.not_in(alive)))
    return or_(lost, others)


def _interrupt(session: Session, which: ColumnElement[bool], now: datetime) -> list[str]:
    closed = session.scalars(
        update(Turn)
        .where(Turn.status == TurnStatus.RUNNING, which)
        .values(status=TurnStatus.INTERRUPTED, ended_at=now)
        .returning(Turn.conversation_id)
        .execution_options(synchronize_session=False)
    )
    return list(dict.fromkeys(closed))
