"""Warnings before a promise is broken, and word when it is, pushed to the desk once each.

They go to whoever holds the conversation, and to the supervisors; what waits in the queue
concerns everybody who serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bot.conversations.changes import note_desk
from bot.conversations.deadlines import open_readings
from bot.conversations.models import Conversation, ConversationStatus, SlaNotice
from bot.staff.hours import WorkingHours
from bot.staff.sla import Reading, State

_WITH_PEOPLE = (ConversationStatus.QUEUED, ConversationStatus.STAFF)
_TOLD = (State.WARNING, State.BREACHED)


@dataclass(frozen=True)
class SlaWatch:
    """Looks through the conversations that people have or shall have.

    Attributes:
        hours: The platform's hours, for groups that have none of their own.
    """

    hours: WorkingHours

    def any(self, session: Session, now: datetime) -> bool:
        """Whether there is something that nobody has been told yet."""
        return next(self._news(session, now), None) is not None

    def tell(self, session: Session, now: datetime) -> None:
        """Tell it; two processes that look at once tell it once."""
        ids = sorted({conversation.id for conversation, _ in self._news(session, now)})
        session.scalars(
            select(Conversation.id)
            .where(Conversation.id.in_(ids))
            .order_by(Conversation.id)
            .with_for_update()
        ).all()
        for conversation, reading in list(self._news(session, now)):
            if conversation.id not in ids:
                continue
            session.execute(
                insert(SlaNotice).values(
                    conversation_id=conversation.id,
                    clock=_clock(reading),
                    state=reading.state,
                    noticed_at=now,
                )
            )
            holder = conversation.staff.card if conversation.staff else None
            note_desk(session, conversation, "sla", {"sla": reading.view(), "holder": holder})

    def _news(self, session: Session, now: datetime) -> Iterator[tuple[Conversation, Reading]]:
        query = select(Conversation).where(Conversation.status.in_(_WITH_PEOPLE))
        waiting = {each.id: each for each in session.scalars(query)}
        told = {
            (row[0], row[1], row[2])
            for row in session.execute(
                select(SlaNotice.conversation_id, SlaNotice.clock, SlaNotice.state).where(
                    SlaNotice.conversation_id.in_(
                        select(Conversation.id).where(Conversation.status.in_(_WITH_PEOPLE))
                    )
                )
            )
        }
        found = open_readings(session, list(waiting.values()), self.hours, now=now)
        for conversation_id, readings in found.items():
            for reading in readings:
                key = (conversation_id, _clock(reading), str(reading.state))
                if reading.state in _TOLD and key not in told:
                    yield waiting[conversation_id], reading


def _clock(reading: Reading) -> str:
    return f"{reading.which}:{reading.began_at.isoformat()}"
