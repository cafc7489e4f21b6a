"""Wherever the connection is cut, an open desk ends with what a fresh one shows.

``OpenDesk`` does what the page does: it reads a conversation in whole, follows the feed from
there, and looks at the whole again when a line of the feed calls for it (``talk.js``). Any answer
may be lost, or come late: then it is older than what the feed has told meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.changes import Page, changes_for_customer, changes_for_desk, newest_cursor
from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened, append
from bot.conversations.models import Author, Conversation, Message, Waking
from bot.conversations.postponing import postpone, wake
from bot.database import Database
from bot.delivery.fetched import Fetched
from bot.desk.detail import conversation_detail
from bot.errors import ServiceError
from bot.feedback.follow_ups import judge_answer
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.bot.takeover import office
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("00:00-24:00")
HANDOFF = Handoff(Responses.load(), HOURS)
CLOCK = FakeClock()

HAPPENINGS = ["says", "bot says", "reply", "note", "ask", "accept", "requeue", "return"]
HAPPENINGS += ["put off", "take up", "thumb", "resolve", "fetched", "fetched"]
STEPS = ["feed", "feed", "lost feed", "feed twice", "look", "lost look", "read", "late look"]
_steps = st.lists(
    st.tuples(st.sampled_from([*HAPPENINGS, *STEPS]), st.integers(1, 5)), min_size=5, max_size=50
)


class OpenDesk:
    """One conversation that lies open at the desk of somebody who may read it."""

    def __init__(self, detail: dict[str, Any], cursor: int) -> None:
        self.cursor = cursor
        self.messages: dict[str, dict[str, Any]] = {}
        self.delivery: dict[str, Any] = {}
        self.status: dict[str, Any] = {}
        self.events: list[Any] = []
        self.moved_at = 0
        self.must_look = False
        self.look(detail, cursor)

    def look(self, detail: dict[str, Any], as_of: int) -> None:
        """Take in the whole as it was at a cursor; of who speaks the newer word counts."""
        for message in detail["messages"]:
            self._add(message)
        row = detail["conversation"]
        if as_of >= self.moved_at:
            self.status = {name: row[name] for name in ("status", "holder", "reason")}
        self.events = detail["events"]
        self.must_look = as_of < self.cursor and self.must_look

    def follow(self, page: Page) -> None:
        """Take in a page of the feed; what is known already is left out."""
        for change in page.changes:
            if change["cursor"] > self.cursor:
                self._follow(change)
        self.cursor = max(self.cursor, page.cursor)

    def _follow(self, change: dict[str, Any]) -> None:
        if change["type"] == "delivery":
            self._deliver(change)
            return
        if change["type"] == "message":
            self._add(change["message"])
            self.must_look |= change["message"]["author"] in (Author.CUSTOMER, Author.SYSTEM)
            return
        if change["type"] == "status":
            self.status = {name: change[name] for name in ("status", "holder", "reason")}
            self.moved_at = change["cursor"]
        self.must_look = True

    def _add(self, message: dict[str, Any]) -> None:
        self.messages[message["id"]] = message
        if "delivery" in message:
            self.delivery[message["id"]] = message["delivery"]

    def _deliver(self, change: dict[str, Any]) -> None:
        self.delivery.update(change.get("messages", {}))
        for message in self.messages.values():
            if message["seq"] <= change.get("delivered_seq", 0) and "delivery" in message:
                self.delivery[message["id"]] = {"state": "delivered", "reason": ""}

    @property
    def shown(self) -> dict[str, Any]:
        """What one sees: of what was delivered, the marks on what staff said."""
        said = sorted(self.messages.values(), key=lambda each: each["seq"])
        return {
            "messages": [{**each, "delivery": None} for each in said],
            "delivery": [self.delivery.get(e["id"]) for e in said if e["author"] == Author.STAFF],
            "status": self.status,
            "events": self.events,
        }


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, int]]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    database.create_tables()
    yield database, office(database, 1)[0]
    database.close()


# What somebody said last arrives when the conversation is no longer theirs.
_LAST_WORDS = ["says", "ask", "accept", "reply"]
_UNTIL_LOOKED = ["feed"] * 5 + ["look", "fetched"]


@example(steps=[(name, 5) for name in [*_LAST_WORDS, "resolve", *_UNTIL_LOOKED]])
@example(steps=[(name, 5) for name in [*_LAST_WORDS, "requeue", *_UNTIL_LOOKED]])
@example(steps=[(name, 5) for name in [*_LAST_WORDS, "return", *_UNTIL_LOOKED]])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(steps=_steps)
def test_desk_that_was_cut_off_anywhere_ends_with_what_a_fresh_one_shows(
    feed: tuple[Database, int], steps: list[tuple[str, int]]
) -> None:
    database, staff_id = feed
    fetched = Fetched()
    with database.writing() as session:
        opened = xiaolin(session, CLOCK)
    desk = OpenDesk(*_whole(database, opened, staff_id))
    on_its_way = _whole(database, opened, staff_id)
    for name, size in steps:
        if name in HAPPENINGS:
            _happens(database, opened, staff_id, name, fetched)
        elif name == "read":
            on_its_way = _whole(database, opened, staff_id)
        elif name == "late look":
            desk.look(*on_its_way)
        elif name == "look" and desk.must_look:
            desk.look(*_whole(database, opened, staff_id))
        elif name in ("feed", "feed twice"):
            page = _page(database, opened, staff_id, desk.cursor, size)
            for _ in range(1 + (name == "feed twice")):
                desk.follow(page)
    # The network is back: the feed is read to its end, and what calls for a look gets one.
    desk.follow(_page(database, opened, staff_id, desk.cursor, 10**6))
    if desk.must_look:
        desk.look(*_whole(database, opened, staff_id))
    assert desk.shown == OpenDesk(*_whole(database, opened, staff_id)).shown


def _whole(database: Database, opened: Opened, staff_id: int) -> tuple[dict[str, Any], int]:
    """The conversation in whole, and the feed's cursor at that moment."""
    with database.reading() as session:
        cursor = newest_cursor(session)
        staff = session.get_one(Staff, staff_id)
        conversation = opened.conversation.id
        return conversation_detail(session, conversation, HOURS, now=CLOCK(), staff=staff), cursor


def _page(database: Database, opened: Opened, staff_id: int, after: int, size: int) -> Page:
    with database.reading() as session:
        staff, watched = session.get_one(Staff, staff_id), opened.conversation.id
        page = changes_for_desk(session, staff, after, size, watched=watched)
    mine = [each for each in page.changes if each["conversation_id"] == watched]
    return Page(mine, page.cursor)


def _happens(
    database: Database, opened: Opened, staff_id: int, name: str, fetched: Fetched
) -> None:
    CLOCK.advance(seconds=1)
    try:
        with database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            conversation = session.get_one(Conversation, opened.conversation.id)
            _do(session, opened, conversation, staff, name, fetched)
    except ServiceError:
        pass  # not now: nobody may, in this status


def _do(
    session: Session,
    opened: Opened,
    conversation: Conversation,
    staff: Staff,
    name: str,
    fetched: Fetched,
) -> None:
    now = CLOCK()
    if name == "says":
        writes(session, opened, "压力表", CLOCK)
    elif name == "bot says":
        append(session, conversation, Author.BOT, "半年一次", now=now)
    elif name in ("note", "reply"):
        client_id = f"{conversation.id}-{now.timestamp()}"
        record_staff_message(
            session, conversation.id, staff, client_id, name, name == "note", now=now
        )
    elif name == "ask":
        HANDOFF.request_handoff(session, conversation, "customer_asked", now=now)
    elif name == "put off" and conversation.staff_id == staff.id:
        postpone(session, conversation, staff, CLOCK.now.replace(year=2027), "等回电", now=now)
    elif name == "take up":
        wake(session, conversation, Waking.HOLDER, now=now)
    elif name == "thumb":
        said = select(Message).where(
            Message.conversation_id == conversation.id, Message.author == Author.BOT
        )
        answer = session.scalars(said.order_by(Message.seq.desc())).first()
        if answer is not None:
            judge_answer(session, answer, False, HANDOFF, now=now)
    elif name == "fetched":
        customer_id = conversation.customer_id
        fetched.note(customer_id, changes_for_customer(session, customer_id, 0, 10**6).cursor)
        fetched.store(session, now)
    elif name in ("accept", "requeue", "return", "resolve"):
        moves = {
            "accept": HANDOFF.accept,
            "requeue": HANDOFF.requeue,
            "return": HANDOFF.return_to_bot,
            "resolve": HANDOFF.resolve,
        }
        more = ("done",) if name == "resolve" else ()
        moves[name](session, conversation.id, staff, *more, now=now)
