"""A platform driven step by step in any order, and what must hold after every step.

Each step is one unit of work of the real services. A turn is asked (``thinking``) in one step and
answered in a later one, however much happens between; a process may die or stall between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.answering import Asked
from bot.conversations.brain import Answer, Reply
from bot.conversations.buttons import CANCEL_HANDOFF, LEAVE_MESSAGE
from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.idling import Idling, Patience
from bot.conversations.ledger import Incoming, Opened, customer_of
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Message,
    StatusEvent,
    Turn,
    TurnStatus,
)
from bot.conversations.offers import (
    expire_transfers,
    offer_to_group,
    offer_transfer,
    refuse_transfer,
)
from bot.conversations.reception import admit
from bot.conversations.turn_owners import Process, recover
from bot.conversations.turns import begin_turn, finish_turn
from bot.database import Database
from bot.responses import Responses
from bot.staff.assignment import Assignment, members_there
from bot.staff.hours import WorkingHours
from bot.staff.models import Presence, Staff
from tests.factories import xiaolin
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("00:00-24:00")
HANDOFF = Handoff(Responses.load(), HOURS)
ASSIGNMENT = Assignment(HANDOFF, HOURS, capacity=3)
IDLING = Idling(HANDOFF, Patience(*[timedelta(minutes=2)] * 3))
BOT, STAFF = ConversationStatus.BOT, ConversationStatus.STAFF


@dataclass
class Seen:
    """A conversation as it was before a step."""

    status: str
    epoch: int
    last_seq: int


@dataclass
class Platform:
    """One customer, some staff, and the turns that somebody is thinking about."""

    database: Database
    staff_ids: list[int]
    clock: FakeClock = field(default_factory=FakeClock)
    thinking: list[Asked] = field(default_factory=list)
    sent: dict[str, str] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.database.writing() as session:
            self.opened: Opened = xiaolin(session, self.clock)
        self.customer_id = self.opened.conversation.customer_id
        self._seen: dict[str, Seen] = {}
        self.look()

    # What happens ------------------------------------------------------------------------

    def says(self, text: str, payload: str | None = None, client_id: str | None = None) -> None:
        """The customer writes, or presses a button, or an old message is delivered again."""
        client_id = client_id or uuid4().hex
        self.sent.setdefault(client_id, text)
        with self.database.writing() as session:
            customer = customer_of(session, self.opened.token)
            incoming = Incoming(client_id, text, payload)
            admitted = admit(
                session, self.opened.conversation.id, customer, incoming, HANDOFF, now=self.clock()
            )
        if admitted.begun is not None:
            self.thinking.append(admitted.begun)

    def presses(self, payload: str) -> None:
        """A button that has been offered at some time; otherwise nothing."""
        with self.database.reading() as session:
            offered = [
                button["payload"]
                for message in self._messages(session)
                for button in message.data.get("buttons", [])
            ]
        if payload in offered:
            self.says("按钮", payload)

    def wakes(self) -> None:
        """Some process looks whether the bot has something to answer."""
        with self.database.writing() as session:
            begun = begin_turn(session, self.current(session).id, now=self.clock())
        if begun is not None:
            self.thinking.append(begun)

    def answers(self, which: int, answer: Answer) -> None:
        """A turn gets its answer, maybe long after it mattered."""
        asked = self.thinking.pop(which % len(self.thinking))
        with self.database.writing() as session:
            turn = session.get_one(Turn, asked.turn_id)
            seen = self._seen.get(turn.conversation_id)
            in_time = (
                turn.status == TurnStatus.RUNNING
                and seen is not None
                and (seen.status, seen.epoch) == (BOT, turn.epoch)
            )
            finish_turn(session, asked.turn_id, answer, HANDOFF, now=self.clock())
        self.look(bot_may_speak=in_time)

    def asks_for_a_person(self) -> None:
        """The customer, or a rule, wants a person."""
        with self.database.writing() as session:
            conversation = self.current(session)
            if conversation.status != ConversationStatus.RESOLVED:
                HANDOFF.request_handoff(session, conversation, "test", now=self.clock())

    def staff_does(self, verb: str, who: int, *more: Any) -> None:
        """A member of staff presses something; what is refused changes nothing."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, self.staff_ids[who % len(self.staff_ids)])
            conversation = self.current(session)
            getattr(HANDOFF, verb)(session, conversation.id, staff, *more, now=self.clock())

    def staff_replies(self, who: int) -> None:
        """A member of staff says something to the customer."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, self.staff_ids[who % len(self.staff_ids)])
            current = self.current(session).id
            record_staff_message(
                session, current, staff, uuid4().hex, "您好", False, now=self.clock()
            )

    def staff_offers(self, who: int, to: int) -> None:
        """A member of staff offers the conversation to a colleague."""
        with self.database.writing() as session:
            staff, colleague = (
                session.get_one(Staff, self.staff_ids[each % len(self.staff_ids)])
                for each in (who, to)
            )
            offer_transfer(session, self.current(session).id, staff, colleague, now=self.clock())

    def staff_offers_to_all(self, who: int) -> None:
        """A member of staff offers the conversation to a group, which all of them are in."""
        with self.database.writing() as session:
            asked = members_there(session, "metrology", now=self.clock())
            staff = session.get_one(Staff, self.staff_ids[who % len(self.staff_ids)])
            current = self.current(session).id
            offer_to_group(session, current, staff, "metrology", asked, now=self.clock())

    def staff_refuses(self, who: int) -> None:
        """A member of staff does not want what a colleague offers."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, self.staff_ids[who % len(self.staff_ids)])
            refuse_transfer(session, self.current(session).id, staff, now=self.clock())

    def time_passes(self) -> None:
        """Half a minute; offers run out, and whoever waits is given to somebody."""
        self.clock.advance(seconds=31)
        with self.database.writing() as session:
            expire_transfers(session, self.clock())
        with self.database.writing() as session:
            ASSIGNMENT.assign_waiting(session, self.clock())

    def nothing_is_heard(self) -> None:
        """Minutes pass without a word, and what has lain idle is warned of or ended."""
        # No turn takes so long.
        self.settles()
        self.clock.advance(minutes=3)
        # One run leaves some over where earlier examples have many.
        while self._somebody_is_idle():
            with self.database.writing() as session:
                IDLING.end(session, self.clock())

    def _somebody_is_idle(self) -> bool:
        with self.database.reading() as session:
            return IDLING.any(session, self.clock())

    def process_dies(self, stalls: bool) -> None:
        """Every running turn is taken from its process; one that only stalled answers later."""
        if not stalls:
            self.thinking.clear()
        with self.database.writing() as session:
            left = recover(session, Process(uuid4().hex, False), now=self.clock())
            # Conversations of earlier examples are settled, so only ours can be among them.
            for conversation_id in left:
                begun = begin_turn(session, conversation_id, now=self.clock())
                if begun is not None:
                    self.thinking.append(begun)

    def settles(self) -> None:
        """Everything that is still to come comes."""
        self.process_dies(stalls=False)
        for _ in range(50):
            if not self.thinking:
                self.wakes()
            if not self.thinking:
                return
            self.answers(0, Answer([Reply("好的")]))
        raise AssertionError("the bot never comes to an end")

    # What must hold ----------------------------------------------------------------------

    def look(self, bot_may_speak: bool = False) -> None:
        """Compare with the last look: who spoke, and was it their turn?"""
        self.clock.advance(seconds=1)
        with self.database.reading() as session:
            for conversation in self._conversations(session):
                self._check(session, conversation, bot_may_speak)
            stored = session.scalars(
                select(Message.channel_message_id)
                .join(Conversation, Conversation.id == Message.conversation_id)
                .where(
                    Conversation.customer_id == self.customer_id, Message.author == Author.CUSTOMER
                )
            ).all()
        assert sorted(stored) == sorted(f"{self.customer_id}:{key}" for key in self.sent)

    def _check(self, session: Session, conversation: Conversation, bot_may_speak: bool) -> None:
        before = self._seen.get(conversation.id, Seen(BOT, 0, 0))
        new = session.execute(
            select(Message.seq, Message.author)
            .where(Message.conversation_id == conversation.id, Message.seq > before.last_seq)
            .order_by(Message.seq)
        ).all()
        assert [row.seq for row in new] == list(
            range(before.last_seq + 1, conversation.last_seq + 1)
        ), "a gap"
        authors = [row.author for row in new]
        spoken = authors.count(Author.BOT) if bot_may_speak else 0
        # In its own turn the bot speaks before anything that its answer brings about.
        assert Author.BOT not in authors[spoken:], "the bot spoke out of turn"
        held = conversation.staff_id is not None
        assert held if conversation.status == STAFF else not held or conversation.resolved_at
        running = session.scalar(
            select(func.count()).where(
                Turn.conversation_id == conversation.id,
                Turn.status == TurnStatus.RUNNING,
                Turn.epoch == conversation.epoch,
            )
        )
        assert (running or 0) <= 1, "two turns at once"
        events = session.scalar(
            select(func.count()).where(StatusEvent.conversation_id == conversation.id)
        )
        assert events == conversation.epoch, "a change of hands without its event"
        self._seen[conversation.id] = Seen(
            conversation.status, conversation.epoch, conversation.last_seq
        )

    # Where it stands ---------------------------------------------------------------------

    def current(self, session: Session) -> Conversation:
        """The customer's newest conversation."""
        return self._conversations(session)[-1]

    def _conversations(self, session: Session) -> list[Conversation]:
        query = select(Conversation).where(Conversation.customer_id == self.customer_id)
        return list(session.scalars(query.order_by(Conversation.created_at, Conversation.id)))

    def _messages(self, session: Session) -> list[Message]:
        query = select(Message).where(Message.conversation_id == self.current(session).id)
        return list(session.scalars(query))


def office(database: Database, people: int) -> list[int]:
    """Members of staff who never sign in; the last one supervises."""
    members = [
        Staff(
            username=f"staff{number}",
            password_hash="",
            name=f"坐席{number}",
            number=str(100 + number),
            role="supervisor" if number == people else "staff",
            skills=[],
            presence=Presence.AVAILABLE,
            # The lease is another test's matter.
            seen_at=FakeClock()() + timedelta(days=1),
        )
        for number in range(1, people + 1)
    ]
    with database.writing() as session:
        session.add_all(members)
        session.flush()
        return [each.id for each in members]


BUTTONS = (LEAVE_MESSAGE, CANCEL_HANDOFF)
# Longer than all steps together: a turn here may take as long as it likes, but not for ever.
GRACE = timedelta(hours=2)
