"""Several processes over one database: whose turn it is, and who hears of what."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.conversations.bell import Bell, Watch
from bot.conversations.brain import Answer, Reply
from bot.conversations.changes import NEWS, note_seen, topic
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened, messages_of
from bot.conversations.models import Author, Conversation, Turn, TurnStatus
from bot.conversations.turn_owners import (
    LEASE,
    LOST_AFTER,
    Process,
    anything_left,
    beat,
    recover,
    retire,
    take_over,
)
from bot.conversations.turns import begin_turn, finish_turn
from bot.database import ATTEMPTS, Database
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock
from tests.postgresql import PostgresDatabases

HANDOFF = Handoff(Responses.load(), WorkingHours.parse("08:30-17:30"))
ANSWER = Answer([Reply("好的")])
# Only a test that fails waits for so long.
PATIENCE_SECONDS = 30.0
FIRST, SECOND = Process("first", True), Process("second", True)


@pytest.fixture
def opened(database: Database, clock: FakeClock) -> Opened:
    """小林 has asked, and the first process has begun the turn."""
    database.owner = FIRST.name
    with database.writing() as session:
        recover(session, FIRST, now=clock())
        opened = xiaolin(session, clock)
        writes(session, opened, "压力表多久检一次", clock)
        assert begin_turn(session, opened.conversation.id, now=clock()) is not None
    return opened


def bot_said(database: Database, opened: Opened) -> list[str]:
    with database.reading() as session:
        said = messages_of(session, opened.conversation.id)
        return [each.text for each in said if each.author == Author.BOT]


def test_process_that_starts_leaves_the_turns_of_living_ones_alone(
    database: Database, opened: Opened, clock: FakeClock
) -> None:
    clock.advance(seconds=LEASE.total_seconds() - 1)
    with database.writing() as session:
        # The message is unanswered, but its turn runs: nothing can be begun for it.
        recover(session, SECOND, now=clock())
        assert not anything_left(session, SECOND, now=clock())
        assert begin_turn(session, opened.conversation.id, now=clock()) is None
        assert session.scalars(select(Turn)).one().status == TurnStatus.RUNNING


def test_turn_of_a_silent_process_is_taken_over_by_one_and_stored_once(
    database: Database, opened: Opened, clock: FakeClock
) -> None:
    clock.advance(seconds=LEASE.total_seconds() + 1)
    with database.writing() as session:
        beat(session, SECOND.name, now=clock())
        assert anything_left(session, SECOND, now=clock())
        assert take_over(session, SECOND, now=clock()) == [opened.conversation.id]
        slow = session.scalars(select(Turn.id)).one()
    with database.writing() as session:
        assert take_over(session, Process("third", True), now=clock()) == []
    database.owner = SECOND.name
    with database.writing() as session:
        again = begin_turn(session, opened.conversation.id, now=clock())
        assert again is not None
    with database.writing() as session:
        # It was only slow.
        late = finish_turn(session, slow, ANSWER, HANDOFF, now=clock())
        assert late.status == TurnStatus.INTERRUPTED
    with database.writing() as session:
        finish_turn(session, again.turn_id, ANSWER, HANDOFF, now=clock())
    assert bot_said(database, opened) == ["好的"]


@pytest.mark.one_database
@pytest.mark.postgres
def test_delivery_that_looked_while_the_turn_ended_begins_no_second_one(
    postgresql: PostgresDatabases, clock: FakeClock
) -> None:
    with postgresql.empty() as database:
        with database.writing() as session:
            opened = xiaolin(session, clock)
            writes(session, opened, "压力表多久检一次", clock)
            asked = begin_turn(session, opened.conversation.id, now=clock())
            assert asked is not None
        with database.writing() as looking:
            known = looking.get_one(Conversation, opened.conversation.id)
            assert known.answered_seq == 0
            with database.writing() as session:
                finish_turn(session, asked.turn_id, ANSWER, HANDOFF, now=clock())
            # What is locked is what counts, not what was known of it before.
            assert begin_turn(looking, known.id, now=clock()) is None
            assert known.answered_seq == 2


@pytest.mark.one_database
@pytest.mark.postgres
def test_news_of_a_conversation_that_somebody_holds_does_not_wait(
    postgresql: PostgresDatabases, clock: FakeClock
) -> None:
    """Whoever stores it has the feed's counter, for which the holder may wait in turn."""
    with postgresql.empty() as database:
        with database.writing() as session:
            opened = xiaolin(session, clock)
        with database.writing() as holding:
            holding.get_one(Conversation, opened.conversation.id, with_for_update=True)
            with database.writing() as session:
                session.execute(text("SET LOCAL lock_timeout = '1s'"))
                note_seen(session, session.get_one(Conversation, opened.conversation.id), 1)


def test_process_that_beats_keeps_its_turns(
    database: Database, opened: Opened, clock: FakeClock
) -> None:
    clock.advance(seconds=3 * LEASE.total_seconds())
    with database.writing() as session:
        beat(session, FIRST.name, now=clock())
        assert not anything_left(session, SECOND, now=clock())


def test_process_that_retired_leaves_its_turns_at_once(
    database: Database, opened: Opened, clock: FakeClock
) -> None:
    with database.writing() as session:
        retire(session, FIRST.name)
        retire(session, FIRST.name)
        assert take_over(session, SECOND, now=clock()) == [opened.conversation.id]


def test_turn_that_its_own_process_never_heard_of_is_taken_up_after_a_while(
    database: Database, opened: Opened, clock: FakeClock
) -> None:
    running = Process(FIRST.name, True, frozenset({opened.conversation.id}))
    clock.advance(seconds=LOST_AFTER.total_seconds() + 1)
    with database.writing() as session:
        beat(session, FIRST.name, now=clock())
        assert not anything_left(session, running, now=clock())
        assert anything_left(session, FIRST, now=clock())


def test_on_sqlite_there_is_nobody_else(
    database: Database, opened: Opened, clock: FakeClock
) -> None:
    with database.writing() as session:
        left = recover(session, Process("next", False), now=clock())
        assert left == [opened.conversation.id]


class TestWatch:
    def test_what_was_told_is_not_missed(self) -> None:
        watch = Watch(10)
        watch.hear(11, 12)
        assert watch.look(12) == []
        assert watch.look(12) == []

    def test_what_nobody_told_is_missed_after_a_second_look(self) -> None:
        watch = Watch(10)
        watch.hear(12, 12)
        assert watch.look(13) == []
        assert watch.look(14) == [11, 13]
        assert watch.look(14) == [14]
        assert watch.look(14) == []


def test_work_that_lost_a_deadlock_is_done_again(database: Database) -> None:
    class Deadlock(psycopg.errors.DeadlockDetected):
        pass

    tries: list[int] = []

    def work(session: Session, succeeds_at: int) -> str:
        tries.append(1)
        if len(tries) < succeeds_at:
            raise OperationalError("UPDATE", {}, Deadlock())
        return "done"

    assert asyncio.run(database.write(work, ATTEMPTS)) == "done"
    tries.clear()
    with pytest.raises(OperationalError):
        asyncio.run(database.write(work, ATTEMPTS + 1))
    assert len(tries) == ATTEMPTS


@pytest.mark.postgres
@pytest.mark.one_database
class TestBellOverPostgresql:
    @pytest.fixture
    def two(self, postgresql: PostgresDatabases) -> Iterator[tuple[Database, Database]]:
        with postgresql.empty() as here, postgresql.empty() as there:
            yield here, there

    def test_what_another_process_stores_wakes_at_once(
        self,
        two: tuple[Database, Database],
        clock: FakeClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        # Nobody looks at the feed by itself: only the notification can wake.
        monkeypatch.setattr("bot.conversations.bell.LOOK_SECONDS", 2 * PATIENCE_SECONDS)
        here, there = two
        with there.writing() as session:
            opened = xiaolin(session, clock)

        def say() -> None:
            with there.writing() as session:
                writes(session, opened, "在吗", clock)

        assert asyncio.run(self._rung(here, topic(opened.conversation.customer_id), say))

    def test_what_a_lost_notification_told_is_found_by_looking(
        self, two: tuple[Database, Database], clock: FakeClock
    ) -> None:
        here, there = two
        with there.writing() as session:
            opened = xiaolin(session, clock)

        def say_unheard() -> None:
            with there.writing() as session:
                writes(session, opened, "在吗", clock)
                session.info["topics"] = set()

        customer = topic(opened.conversation.customer_id)
        assert asyncio.run(self._rung(here, customer, say_unheard))

    def _somebody_listens(self, database: Database) -> None:
        listening = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'idle' AND query = :query"
        )
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            with database.reading() as session:
                if session.scalar(listening, {"query": f"LISTEN {NEWS}"}):
                    return
            time.sleep(0.01)
        raise AssertionError("nobody listens")

    async def _rung(self, database: Database, name: str, happens: Any) -> bool:
        bell = Bell()
        bell.attach(database)
        try:
            async with bell.listening(name) as rung:
                await asyncio.to_thread(self._somebody_listens, database)
                await asyncio.to_thread(happens)
                await asyncio.wait_for(rung.wait(), PATIENCE_SECONDS)
                return rung.is_set()
        finally:
            await bell.detach()
