"""Keeps one row per conversation: the last few turns and what earlier ones left behind.

Rasa's own SQL store keeps every event and reads all of them back on each
message, so a conversation gets slower the longer it lasts. Our ledger is the
record of what was said; the tracker needs only what the policies and actions
look at. So each save drops the turns before the last few and puts the slots
and the form they left behind in their place.

One save is one statement in one transaction: after `kill -9` the row holds
the conversation as it was before the turn or after it, never half of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.dialects import postgresql, sqlite

from bot.components.short_history import lean, shortened

DEFAULT_URL = "sqlite:///var/trackers.db"

# Trackers nobody came back to. The ledger still has what was said.
KEPT_DAYS = 30

_metadata = sa.MetaData()
_trackers = sa.Table(
    "rasa_trackers",
    _metadata,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("saved_at", sa.Float, nullable=False, index=True),
    sa.Column("events", sa.Text, nullable=False),
)


class RecentTrackerStore(TrackerStore):
    """A tracker store whose cost does not grow with the conversation.

    Named in `endpoints.yml` by its module path; `url` there is an SQLAlchemy
    URL of SQLite or PostgreSQL.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        self.engine = _engine(host or DEFAULT_URL)
        _metadata.create_all(self.engine)
        insert = sqlite.insert if self.engine.dialect.name == "sqlite" else postgresql.insert
        statement = insert(_trackers)
        self._upsert = statement.on_conflict_do_update(
            index_elements=["sender_id"],
            set_={
                "saved_at": statement.excluded.saved_at,
                "events": statement.excluded.events,
            },
        )
        self._select = sa.select(_trackers.c.events).where(
            _trackers.c.sender_id == sa.bindparam("wanted")
        )
        super().__init__(domain, event_broker, **kwargs)
        self.forget_older_than(KEPT_DAYS * 86400)

    async def save(self, tracker: DialogueStateTracker) -> None:
        if not tracker.events:
            # Rasa saves each new tracker before anything has happened in it.
            return
        if self.event_broker is not None:
            await self.stream_events(tracker)
        events = [lean(event.as_dict()) for event in shortened(tracker, self.domain)]
        row = {
            "sender_id": tracker.sender_id,
            "saved_at": time.time(),
            "events": json.dumps(events, ensure_ascii=False),
        }
        with self.engine.begin() as connection:
            connection.execute(self._upsert, row)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        with self.engine.connect() as connection:
            events = connection.execute(self._select, {"wanted": sender_id}).scalar()
        if events is None:
            return None
        return DialogueStateTracker.from_dict(sender_id, json.loads(events), self.domain.slots)

    async def keys(self) -> Iterable[str]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(_trackers.c.sender_id)).scalars())

    def forget_older_than(self, seconds: float) -> int:
        """Delete the trackers that were last saved longer ago; returns how many."""
        old = sa.delete(_trackers).where(_trackers.c.saved_at < time.time() - seconds)
        with self.engine.begin() as connection:
            return int(connection.execute(old).rowcount)


def _engine(url: str) -> sa.engine.Engine:
    # The web application's driver is psycopg 3, which SQLAlchemy 1.4 does not know.
    parsed = sa.engine.make_url(url.replace("postgresql+psycopg://", "postgresql+psycopg2://"))
    if parsed.get_backend_name() != "sqlite":
        # A connection the database closed meanwhile is noticed before it is used.
        return sa.create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # One connection for the one thread that Rasa runs in. SQLAlchemy's default
    # opens the file anew each time, and closing it empties the write-ahead log.
    engine = sa.create_engine(
        parsed,
        poolclass=sa.pool.StaticPool,
        connect_args={"timeout": 2, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: Any) -> None:
    # With a write-ahead log, NORMAL survives a killed process; only a power cut
    # may lose the last turn, and then the file is still sound.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
