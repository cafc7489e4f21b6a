"""Rasa's trackers of a conversation, which lie in Rasa's own table."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import create_engine, inspect, text

_TABLE = "rasa_trackers"


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
