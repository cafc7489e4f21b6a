"""Rasa's trackers of a conversation, which lie in Rasa's own table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import create_engine, delete, inspect, select, text
from sqlalchemy.orm import Session

from bot.privacy.models import ErasedTracker
from bot.sweeps import Sweep

_TABLE = "rasa_trackers"
# A turn that was under way when its customer was erased writes its tracker once more.
_WRITTEN_BY = timedelta(minutes=10)


def trackers_sweep(url: Callable[[], str]) -> Sweep:
    """What removes the trackers of those who were erased, until it is certain that none is left.

    ``url``: where Rasa keeps them; empty where there is no Rasa, which keeps none.
    """

    def work(session: Session, now: datetime) -> None:
        ids = session.scalars(select(ErasedTracker.conversation_id)).all()
        if url():
            forget_trackers(url(), ids)
        certain = ErasedTracker.erased_at < now - _WRITTEN_BY
        session.execute(delete(ErasedTracker).where(certain))

    return Sweep("trackers", 60, work, _has_erased)


def _has_erased(session: Session, _now: datetime) -> bool:
    return session.scalar(select(ErasedTracker.conversation_id).limit(1)) is not None


def forget_trackers(url: str, conversation_ids: Sequence[str]) -> int:
    """Delete all trackers of some conversations.

    Args:
        url: Where Rasa keeps them, in any driver's spelling.
        conversation_ids: Whose; each time that the bot had a conversation has a tracker.

    Returns:
        How many there were.
    """
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        with engine.begin() as connection:
            if not inspect(connection).has_table(_TABLE):
                return 0
            gone = text(f"DELETE FROM {_TABLE} WHERE sender_id LIKE :those")
            return sum(
                connection.execute(gone, {"those": f"{each}.%"}).rowcount
                for each in conversation_ids
            )
    finally:
        engine.dispose()
