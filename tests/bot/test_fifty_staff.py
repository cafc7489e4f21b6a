"""Fifty people and five hundred conversations at once over PostgreSQL, in many threads.

Whatever happens at the same time, a conversation has one owner and nobody is assigned more than
they can hold.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.conversations.handoff import Handoff
from bot.conversations.models import Conversation, ConversationStatus, StatusEvent
from bot.conversations.waiting import Limits
from bot.database import Database
from bot.errors import AlreadyTaken, ServiceError
from bot.responses import Responses
from bot.staff.assignment import Assignment
from bot.staff.hours import WorkingHours
from bot.staff.models import Presence, Staff
from tests.bot.takeover import office
from tests.factories import xiaolin
from tests.fakes import FakeClock
from tests.postgresql import PostgresDatabases

pytestmark = [pytest.mark.postgres, pytest.mark.one_database]

PEOPLE, CONVERSATIONS, CAPACITY, THREADS = 50, 500, 8, 8
HOURS = WorkingHours.parse("00:00-24:00")
# No queue is too long here.
HANDOFF = Handoff(Responses.load(), HOURS, Limits(queue=CONVERSATIONS))
ASSIGNMENT = Assignment(HANDOFF, HOURS, CAPACITY)
STAFF = ConversationStatus.STAFF


@pytest.fixture
def office_database(postgresql: PostgresDatabases) -> Iterator[Database]:
    with postgresql.empty() as opened:
        yield opened


@pytest.fixture
def people(office_database: Database, clock: FakeClock) -> list[int]:
    """Fifty people at their desks."""
    ids = office(office_database, PEOPLE)
    with office_database.writing() as session:
        session.execute(update(Staff).values(presence=Presence.AVAILABLE, seen_at=clock()))
    return ids


@pytest.fixture
def waiting(office_database: Database, people: list[int], clock: FakeClock) -> list[str]:
    """Five hundred conversations whose customers asked for a person, some at the same moment."""

    found: list[str] = []
    with office_database.writing() as session:
        for _ in range(CONVERSATIONS):
            conversation = xiaolin(session, clock).conversation
            HANDOFF.request_handoff(session, conversation, "test", now=clock())
            found.append(conversation.id)
    return found


def at_once(work: Callable[[int], str], numbers: range) -> list[str]:
    """Do the work for each number in several threads; whatever fails fails here."""
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(work, numbers))


def over_capacity(session: Session) -> list[int]:
    """Who holds more than they can."""
    held = func.count()
    rows = session.execute(
        select(Conversation.staff_id)
        .where(Conversation.status == STAFF)
        .group_by(Conversation.staff_id)
        .having(held > CAPACITY)
    )
    return [row[0] for row in rows]


def held_now(session: Session) -> int:
    """How many conversations people hold."""
    return session.scalar(select(func.count()).where(Conversation.status == STAFF)) or 0


def histories(session: Session) -> dict[str, list[StatusEvent]]:
    """Every change of hands, by conversation and in order."""
    found: dict[str, list[StatusEvent]] = defaultdict(list)
    for event in session.scalars(select(StatusEvent).order_by(StatusEvent.epoch)):
        found[event.conversation_id].append(event)
    return found


def one_owner_at_a_time(session: Session) -> None:
    """Each conversation's changes form one chain: nobody took what somebody else held."""
    for events in histories(session).values():
        assert [each.epoch for each in events] == list(range(1, len(events) + 1))
        for before, after in pairwise(events):
            assert before.to_status == after.from_status


def test_everybody_wants_everything_and_each_conversation_has_one_owner(
    office_database: Database, people: list[int], waiting: list[str], clock: FakeClock
) -> None:
    refused: Counter[str] = Counter()

    def accept(number: int) -> str:
        # Four people in a row want the same one.
        conversation_id = waiting[number // 4]
        staff_id = people[(number * 7) % PEOPLE]
        try:
            with office_database.writing() as session:
                staff = session.get_one(Staff, staff_id)
                HANDOFF.accept(session, conversation_id, staff, now=clock())
        except AlreadyTaken:
            refused[conversation_id] += 1
        return conversation_id

    at_once(accept, range(4 * CONVERSATIONS))
    assert refused.total() == 3 * CONVERSATIONS
    with office_database.reading() as session:
        one_owner_at_a_time(session)
        assert held_now(session) == CONVERSATIONS


def test_nobody_is_assigned_more_than_they_can_hold_while_everything_happens_at_once(
    office_database: Database, people: list[int], waiting: list[str], clock: FakeClock
) -> None:
    over = threading.Event()
    seen: list[int] = []

    def watch() -> None:
        while not over.is_set():
            with office_database.reading() as session:
                seen.extend(over_capacity(session))

    def step(number: int) -> str:
        chance = random.Random(number)
        if number % 5 == 0:
            with office_database.writing() as session:
                ASSIGNMENT.assign_waiting(session, clock())
            return "assigned"
        verb = chance.choice(["resolve", "requeue", "return_to_bot", "resolve"])
        with office_database.reading() as session:
            held = session.execute(
                select(Conversation.id, Conversation.staff_id)
                .where(Conversation.status == STAFF)
                .order_by(func.random())
                .limit(1)
            ).first()
        if held is None:
            return "nothing"
        more = ["已答复"] if verb == "resolve" else []
        try:
            with office_database.writing() as session:
                staff = session.get_one(Staff, held.staff_id)
                getattr(HANDOFF, verb)(session, held.id, staff, *more, now=clock())
        except ServiceError as error:
            return type(error).__name__
        return verb

    step(0)
    with office_database.reading() as session:
        # Everybody has all they can hold, and more wait.
        assert held_now(session) == PEOPLE * CAPACITY
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = Counter(at_once(step, range(600)))
    finally:
        over.set()
        watcher.join()
    with office_database.reading() as session:
        one_owner_at_a_time(session)
        seen += over_capacity(session)
    assert seen == []
    assert done["assigned"] == 120
    assert min(done["resolve"], done["requeue"], done["return_to_bot"]) > 20, done
