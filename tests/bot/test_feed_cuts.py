"""Wherever the connection is cut, a client ends with what a fresh fetch shows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.conversations.changes import changes_for_customer, changes_for_desk
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened, append
from bot.conversations.models import Author, Change, Conversation
from bot.database import Database
from bot.errors import ServiceError
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.bot.takeover import office
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock
from tests.postgresql import PostgresDatabases

HANDOFF = Handoff(Responses.load(), WorkingHours.parse("00:00-24:00"))
CLOCK = FakeClock()

# What happens on the platform, and what the client does between.
EVENTS = ["says", "note", "reply", "ask", "accept", "resolve", "return"]
POLLS = ["fetch", "fetch", "lost", "twice"]
_steps = st.lists(
    st.tuples(st.sampled_from([*EVENTS, *POLLS]), st.integers(1, 4)), min_size=5, max_size=40
)


class Client:
    """Keeps what the feed tells, by cursor; an answer may be lost, or arrive twice."""

    def __init__(self) -> None:
        self.cursor = 0
        self.changes: list[dict[str, Any]] = []

    def fetch(self, pages: list[Any]) -> None:
        """Take pages as they arrive; what is known already is left out, as the pages do it."""
        for page in pages:
            self.changes += [each for each in page.changes if each["cursor"] > self.cursor]
            self.cursor = max(self.cursor, page.cursor)


def test_client_that_was_cut_off_anywhere_ends_with_what_a_fresh_fetch_shows(
    database: Database,
) -> None:
    staff_id = office(database, 1)[0]

    @settings(
        # Each takes longer there, and finds the same.
        max_examples=20 if database.is_shared else 100,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(steps=_steps)
    def holds(steps: list[tuple[str, int]]) -> None:
        _follow(database, staff_id, steps)

    holds()


def _follow(database: Database, staff_id: int, steps: list[tuple[str, int]]) -> None:
    """Let things happen while a client and a desk are cut off, and compare them at the end."""
    with database.writing() as session:
        opened = xiaolin(session, CLOCK)
    customer_id = opened.conversation.customer_id
    client, desk = Client(), Client()
    with database.reading() as session:
        staff = session.get_one(Staff, staff_id)
        desk.cursor = changes_for_desk(session, staff, 0, 10**6).cursor
    for name, size in steps:
        if name in EVENTS:
            _happens(database, opened, staff_id, name)
            continue
        with database.reading() as session:
            staff = session.get_one(Staff, staff_id)
            mine = changes_for_customer(session, customer_id, client.cursor, size)
            theirs = changes_for_desk(session, staff, desk.cursor, size)
        if name != "lost":
            times = 2 if name == "twice" else 1
            client.fetch([mine] * times)
            desk.fetch([theirs] * times)
    with database.reading() as session:
        staff = session.get_one(Staff, staff_id)
        client.fetch([changes_for_customer(session, customer_id, client.cursor)])
        desk.fetch([changes_for_desk(session, staff, desk.cursor)])
        fresh = changes_for_customer(session, customer_id, 0)
        stored = {
            each.id: each.status
            for each in session.scalars(
                select(Conversation).where(Conversation.customer_id == customer_id)
            )
        }
    assert client.changes == fresh.changes
    told = {
        each["conversation_id"]: each["status"]
        for each in desk.changes
        if each["type"] == "status" and each["conversation_id"] in stored
    }
    assert told == {key: stored[key] for key in told}


def _happens(database: Database, opened: Opened, staff_id: int, name: str) -> None:
    CLOCK.advance(seconds=1)
    try:
        with database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            conversation = session.scalars(
                select(Conversation)
                .where(Conversation.customer_id == opened.conversation.customer_id)
                .order_by(Conversation.created_at.desc())
            ).first()
            assert conversation is not None
            if name == "says":
                writes(session, opened, "压力表", CLOCK)
            elif name in ("note", "reply"):
                private = name == "note"
                append(session, conversation, Author.STAFF, name, now=CLOCK(), private=private)
            elif name == "ask":
                HANDOFF.request_handoff(session, conversation, "test", now=CLOCK())
            elif name == "accept":
                HANDOFF.accept(session, conversation.id, staff, now=CLOCK())
            elif name == "resolve":
                HANDOFF.resolve(session, conversation.id, staff, "done", now=CLOCK())
            else:
                HANDOFF.return_to_bot(session, conversation.id, staff, now=CLOCK())
    except ServiceError:
        pass


@pytest.mark.postgres
@pytest.mark.one_database
def test_reader_that_polls_while_many_write_misses_no_line_of_the_feed(
    postgresql: PostgresDatabases,
) -> None:
    over, read = threading.Event(), []
    with postgresql.empty() as database:

        def write(_number: int) -> None:
            with database.writing() as session:
                opened = xiaolin(session, CLOCK)
                writes(session, opened, "一", CLOCK)
                writes(session, opened, "二", CLOCK)

        def poll() -> None:
            cursor = 0
            while not over.is_set() or cursor < 300 * 3:
                with database.reading() as session:
                    query = select(Change.cursor).where(Change.cursor > cursor)
                    found = list(session.scalars(query.order_by(Change.cursor)))
                read.extend(found)
                cursor = found[-1] if found else cursor

        reader = threading.Thread(target=poll)
        reader.start()
        with ThreadPoolExecutor(8) as writers:
            list(writers.map(write, range(300)))
        over.set()
        reader.join(60)
    assert read == list(range(1, 300 * 3 + 1))


def test_numbers_of_a_savepoint_that_was_rolled_back_are_not_given_out(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/savepoint.db")
    database.create_tables()
    with database.writing() as session:
        opened = xiaolin(session, CLOCK)
        customer_id = opened.conversation.customer_id
        with session.begin_nested() as inner:
            writes(session, opened, "不算", CLOCK)
            inner.rollback()
        writes(session, opened, "算", CLOCK)
    with database.reading() as session:
        changes = changes_for_customer(session, customer_id, 0).changes
    database.close()
    assert [each["type"] for each in changes] == ["status", "message"]
    assert [each["cursor"] for each in changes] == [1, 2]
    assert changes[1]["message"]["text"] == "算"
