"""A desk on duty: people who are present, customers who wait, the sweeps that look after both."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation
from bot.conversations.waiting import Limits
from bot.database import Database
from bot.responses import Responses
from bot.staff.assignment import Assignment
from bot.staff.hours import WorkingHours
from bot.staff.models import Presence, Staff
from bot.staff.presence import Absence, renew, set_presence
from bot.staff.silence import Silence
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("08:30-17:30")


class Duty:
    """Everything that happens around a desk, one unit of work each."""

    def __init__(self, database: Database, clock: FakeClock, capacity: int = 2) -> None:
        self.database, self.clock = database, clock
        # How long a queue may be is no matter here.
        self.handoff = Handoff(Responses.load(), HOURS, Limits(queue=10_000))
        self.assignment = Assignment(self.handoff, HOURS, capacity)
        self.absence = Absence(self.handoff, timedelta(minutes=5), clock())
        limits = timedelta(minutes=10), timedelta(minutes=30)
        self.silence = Silence(self.handoff, HOURS, *limits)

    def hires(
        self,
        username: str,
        *skills: str,
        capacity: int | None = None,
        role: str = "staff",
        presence: Presence | None = Presence.AVAILABLE,
    ) -> int:
        """Somebody new, present at once unless said otherwise."""
        with self.database.writing() as session:
            staff = Staff(
                username=username,
                # Nobody signs in here, and hashing takes a tenth of a second.
                password_hash="",
                name=username,
                number=username[:8],
                role=role,
                skills=list(skills),
                capacity=capacity,
            )
            session.add(staff)
            session.flush()
            if presence is not None:
                set_presence(session, staff, presence, self.handoff, now=self.clock())
            return staff.id

    def says(self, staff_id: int, presence: Presence) -> list[str]:
        """Somebody says whether they take conversations."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            return set_presence(session, staff, presence, self.handoff, now=self.clock())

    def lives(self, *staff_ids: int) -> None:
        """A sign of life from these people's desks."""
        with self.database.writing() as session:
            for each in staff_ids:
                renew(session, session.get_one(Staff, each), now=self.clock())

    def asks(self, category: str | None = None, again: Opened | None = None) -> Opened:
        """A customer asks for a person; a second before the next one."""
        self.clock.advance(seconds=1)
        with self.database.writing() as session:
            opened = again or xiaolin(session, self.clock)
            received = writes(session, opened, "找人工", self.clock)
            conversation = received.conversation
            conversation.category = category
            self.handoff.request_handoff(session, conversation, "customer_asked", now=self.clock())
            return Opened(conversation, opened.token)

    def assigns(self) -> dict[str, int]:
        """Assignment runs."""
        with self.database.writing() as session:
            return self.assignment.assign_waiting(session, self.clock())

    def accepts(self, staff_id: int, opened: Opened) -> None:
        """Somebody takes a conversation by hand."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            self.handoff.accept(session, opened.conversation.id, staff, now=self.clock())

    def resolves(self, staff_id: int, opened: Opened) -> None:
        """Somebody ends a conversation."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            self.handoff.resolve(session, opened.conversation.id, staff, "", now=self.clock())

    def requeues(self, staff_id: int, opened: Opened) -> None:
        """Somebody puts a conversation back."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            self.handoff.requeue(session, opened.conversation.id, staff, now=self.clock())

    def replies(self, staff_id: int, opened: Opened, *, private: bool = False) -> None:
        """Somebody says something."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, staff_id)
            record_staff_message(
                session, opened.conversation.id, staff, "hello", "您好", private, now=self.clock()
            )

    def conversation(self, opened: Opened) -> Conversation:
        """A conversation as it is now."""
        with self.database.reading() as session:
            return session.get_one(Conversation, opened.conversation.id)

    def holder(self, opened: Opened) -> int | None:
        """Who has a conversation."""
        return self.conversation(opened).staff_id

    def loads(self) -> dict[int, int]:
        """How many conversations each person holds."""
        with self.database.reading() as session:
            held = session.scalars(
                select(Conversation.staff_id).where(Conversation.status == "staff")
            )
            found: dict[int, int] = {}
            for each in held:
                assert each is not None
                found[each] = found.get(each, 0) + 1
            return found

    def presence(self, staff_id: int) -> str:
        """What the platform takes somebody for."""
        with self.database.reading() as session:
            return session.get_one(Staff, staff_id).presence
