"""The database: engine, units of work and the base of all records."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    GenerativeSelect,
    String,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.types import TypeDecorator

P = ParamSpec("P")
T = TypeVar("T")

# Units of work that may be under way at once; SQLite lets one write at a time anyway.
POOL_SIZE = 8
# How long a writer waits for another one before "database is locked"; a unit of work takes
# milliseconds, so ten seconds mean that something is stuck.
LOCK_WAIT_SECONDS = 10
# PostgreSQL ends one of two units of work that wait for each other; nothing of it is stored.
ATTEMPTS = 3
_DEADLOCK, _SERIALIZATION = "40P01", "40001"


class Base(DeclarativeBase):
    """The base of every record."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; SQLite forgets the offset, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment before it is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime must not be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back aware."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Counter(Base):
    """A named counter (see ``next_value``)."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[int]


_NEXT_VALUES = text(
    "INSERT INTO counters (name, value) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET value = counters.value + :count RETURNING value"
)


class UnitOfWork(Session):
    """A session in which what is locked is also read anew, and its key is not locked.

    SQLAlchemy by itself gives back a record that the session knows already as it was first read,
    though another process may have changed it before the lock was granted.

    PostgreSQL holds up whoever stores a row that refers to a record locked ``FOR UPDATE``. So a
    change of the feed, stored by somebody who holds the feed's counter, would wait for a
    conversation whose holder waits for the counter. ``FOR NO KEY UPDATE`` keeps other writers
    out just as well, and nobody changes keys here.
    """


@event.listens_for(UnitOfWork, "do_orm_execute")
def _lock_and_read_anew(state: ORMExecuteState) -> None:
    if not isinstance(state.statement, GenerativeSelect):
        return
    lock = state.statement._for_update_arg
    if lock is not None:
        lock.key_share = True
        state.update_execution_options(populate_existing=True)


class Database:
    """Units of work over one database, from the event loop or from plain code."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        # Whether other processes may write to it too.
        self.is_shared = self.engine.dialect.name != "sqlite"
        # Names this process; whoever runs a turn is known by it (see ``turns``).
        self.owner = secrets.token_hex(8)
        self._readers = self.engine.execution_options(read_only=True)
        if self.is_shared:
            # As SQLite does by itself: all queries of a unit of work see the same moment.
            self._readers = self._readers.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        # SQLite has one writer at a time; who finds it busy sleeps and tries again, and may find it
        # busy for seconds. Waiting in line for it here, within this process, is fair.
        self._line = None if self.is_shared else Lock()
        self.announce: Callable[[set[str]], None] | None = None
        self._pool = ThreadPoolExecutor(POOL_SIZE, thread_name_prefix="unit-of-work")

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One unit of work that may write: committed at the end, rolled back on any error.

        What it put into ``session.info["topics"]`` is announced once the change is stored.
        """
        info = {"owner": self.owner}
        with UnitOfWork(self.engine, expire_on_commit=False, info=info) as session:
            with self._in_line(), session.begin():
                yield session
            topics: set[str] = session.info.get("topics", set())
            if topics and self.announce is not None:
                self.announce(topics)

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        if self._line is None:
            yield
            return
        # As long as SQLite itself would wait; who waits for ever is asked by nobody why.
        if not self._line.acquire(timeout=LOCK_WAIT_SECONDS):
            raise TimeoutError("another unit of work of this process does not end")
        try:
            yield
        finally:
            self._line.release()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view of the database; nothing written in it is kept."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield session

    async def write(
        self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work(session, …)`` as one writing unit of work, off the event loop.

        It runs again, from the beginning, when the database gave it up for another one's sake.
        """
        return await self._run(self.writing, work, args, kwargs)

    async def read(
        self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work(session, …)`` as one reading unit of work, off the event loop."""
        return await self._run(self.reading, work, args, kwargs)

    async def _run(
        self,
        unit: Callable[[], AbstractContextManager[Session]],
        work: Callable[..., T],
        args: Any,
        kwargs: Any,
    ) -> T:
        def whole() -> T:
            for _ in range(ATTEMPTS - 1):
                try:
                    return once()
                except DBAPIError as error:
                    if not _may_succeed_again(error):
                        raise
            return once()

        def once() -> T:
            with unit() as session:
                return work(session, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, whole)

    def create_tables(self) -> None:
        """Create all tables at once, for tests; a real database is migrated."""
        import bot.models  # noqa: F401  (registers every record)

        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        """Wait for running units of work and close all connections."""
        self._pool.shutdown(wait=True)
        self.engine.dispose()


def next_value(session: Session, counter: str) -> int:
    """The next number of a named counter: 1, 2, 3 … without a gap.

    Whoever took a number holds the counter until the unit of work ends, so numbers become
    visible in their order, and one that was rolled back is given out again.
    """
    return last_of_next_values(session, counter, 1)


def last_of_next_values(session: Session, counter: str, count: int) -> int:
    """Take several numbers at once and return the last of them; see ``next_value``."""
    return int(session.execute(_NEXT_VALUES, {"name": counter, "count": count}).scalar_one())


def _may_succeed_again(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in (_DEADLOCK, _SERIALIZATION)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=POOL_SIZE, pool_pre_ping=True, hide_parameters=True)
    # A shared in-memory database would put several units of work on one connection.
    if not parsed.database or parsed.database == ":memory:":
        raise ValueError("SQLite needs a file")
    Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    # Parameters are what customers said and who they are: no error prints them into a log.
    engine = create_engine(url, connect_args={"timeout": LOCK_WAIT_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would otherwise open transactions by itself, and only before a write, which
    # ends in "database is locked" when a reader becomes a writer.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA journal_mode=WAL")
    # Safe against a killed process; only a power cut can lose the last transactions.
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: Any) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
