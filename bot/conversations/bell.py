"""The bell: wakes those who wait for news, in this process and, over PostgreSQL, in all of them.

A unit of work tells of its changes with a NOTIFY of its own transaction (``changes``). Each
process listens, and once a second looks whether the feed has gone further than it was told: a
notification that was lost costs two seconds at most. SQLite serves one process only, which
hears of its own changes by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from typing import Any, cast

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.conversations.changes import DESK, NEWS, topic
from bot.conversations.models import Change
from bot.database import Counter, Database

logger = logging.getLogger(__name__)

# How long a notification may take before the feed itself is asked, and how soon one tries again
# when the database is away.
LOOK_SECONDS = 1.0
# Between the name of a topic and a word that is passed on with it.
WORD = "|"
_MOST_WORDS = 20


class Bell:
    """Wakes those who wait for news; what is new they read from the feed."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._hearers: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: _News | None = None

    def attach(self, database: Database) -> None:
        """Ring for every committed change of this database; call it on the event loop."""
        self._loop = asyncio.get_running_loop()
        database.announce = self.ring_from_any_thread
        if database.is_shared:
            self._news = _News(database, self.ring_from_any_thread)
            self._news.start()

    async def detach(self) -> None:
        """Stop listening to other processes; a second time nothing happens."""
        news, self._news = self._news, None
        if news is not None:
            await news.stop()

    def ring_from_any_thread(self, topics: set[str]) -> None:
        """Ring, from a thread that is not the event loop's."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ring, topics)

    def ring(self, topics: set[str]) -> None:
        """Wake everybody who listens for one of these topics."""
        for each in topics:
            for event in self._listeners.get(each, ()):
                event.set()
            name, _, word = each.partition(WORD)
            for heard in self._hearers.get(name, ()) if word else ():
                # Who does not keep up misses passing words, which lose their worth anyway.
                if not heard.full():
                    heard.put_nowait(word)

    @asynccontextmanager
    async def listening(self, *names: str) -> AsyncIterator[asyncio.Event]:
        """Listen for topics; begin before reading the feed, so that nothing falls between."""
        event = asyncio.Event()
        for name in names:
            self.listen(name, event)
        try:
            yield event
        finally:
            for name in names:
                self.leave(name, event)

    def listen(self, name: str, event: asyncio.Event) -> None:
        """Set this event, too, when the topic is announced; a second time nothing changes."""
        self._listeners[name].add(event)

    def leave(self, name: str, event: asyncio.Event) -> None:
        """Set it no longer; it need not have listened."""
        listeners = self._listeners.get(name, set())
        listeners.discard(event)
        if not listeners:
            self._listeners.pop(name, None)

    @asynccontextmanager
    async def hearing(self, name: str) -> AsyncIterator[asyncio.Queue[str]]:
        """Hear the words that are passed on under a name, as ``<name>|<word>``; see ``typing``."""
        heard: asyncio.Queue[str] = asyncio.Queue(_MOST_WORDS)
        self._hearers[name].add(heard)
        try:
            yield heard
        finally:
            self._hearers[name].discard(heard)
            if not self._hearers[name]:
                del self._hearers[name]


class _News:
    """Listens to the other processes, in a thread with a connection of its own."""

    def __init__(self, database: Database, ring: Callable[[set[str]], None]) -> None:
        self._database = database
        self._ring = ring
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="news", daemon=True)
        self.watch = Watch(0)

    def start(self) -> None:
        with self._database.reading() as session:
            self.watch = Watch(newest(session))
        self._thread.start()

    async def stop(self) -> None:
        self._over.set()
        # Wakes the thread; if the database is away, it notices by itself within a second.
        with suppress(SQLAlchemyError):
            await self._database.write(_say_something)
        end = time.monotonic() + 2 * LOOK_SECONDS
        while self._thread.is_alive() and time.monotonic() < end:
            await asyncio.sleep(0.01)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except Exception:
                # The outermost edge of this thread. Mostly the database went away, and with it
                # the connection; what is missed meanwhile the next look finds.
                logger.warning("news_interrupted", exc_info=True)
                self._over.wait(LOOK_SECONDS)

    def _listen(self) -> None:
        with closing(self._connection()) as connection:
            connection.execute(f"LISTEN {NEWS}")
            while not self._over.is_set():
                for notice in connection.notifies(timeout=LOOK_SECONDS):
                    self._hear(notice.payload)
                    if self._over.is_set():
                        return
                self._look()

    def _connection(self) -> psycopg.Connection[Any]:
        pooled = self._database.engine.raw_connection()
        connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
        # It never goes back to the pool: nobody else may get it while it listens.
        pooled.detach()
        connection.autocommit = True
        return connection

    def _hear(self, payload: str) -> None:
        told = json.loads(payload)
        self.watch.hear(told["first"], told["last"])
        # What this process changed it has announced itself, as soon as it was stored.
        if told["from"] != self._database.owner:
            self._ring(set(told["topics"]))

    def _look(self) -> None:
        with self._database.reading() as session:
            missed = self.watch.look(newest(session))
            if missed:
                logger.info("news_missed changes=%d", len(missed))
                self._ring(topics_of(session, missed))


def _say_something(session: Session) -> None:
    session.info["topics"] = {"over"}


class Watch:
    """Which lines of the feed nobody told us of, although there was time to."""

    def __init__(self, newest: int) -> None:
        """Begin with the newest cursor; nothing before it is asked for."""
        self._complete_to = newest
        self._newest = newest
        self._heard: set[int] = set()

    def hear(self, first: int, last: int) -> None:
        """Take note that these lines were told of; 0 and 0 for news without a line."""
        self._heard.update(range(first, last + 1))

    def look(self, newest: int) -> list[int]:
        """The cursors not heard of until now that were there at the last look already."""
        due = range(self._complete_to + 1, self._newest + 1)
        missed = [cursor for cursor in due if cursor not in self._heard]
        self._complete_to, self._newest = self._newest, newest
        self._heard = {cursor for cursor in self._heard if cursor > self._complete_to}
        return missed


def newest(session: Session) -> int:
    """The newest cursor given out and stored."""
    return session.scalar(select(Counter.value).where(Counter.name == "changes")) or 0


def topics_of(session: Session, cursors: list[int]) -> set[str]:
    """Who must be woken for these lines of the feed."""
    # A few too many do no harm: who is woken for nothing reads nothing new.
    changed = select(Change.customer_id).where(Change.cursor.between(cursors[0], cursors[-1]))
    return {DESK, *(topic(each) for each in session.scalars(changed.distinct()))}
