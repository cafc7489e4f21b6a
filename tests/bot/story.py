"""Conversations lived through with the real services, for tests that look at what they leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from bot.conversations.audit import Report, audit
from bot.conversations.brain import Answer, Reply
from bot.conversations.buttons import CANCEL_HANDOFF, LEAVE_MESSAGE
from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Incoming, Opened, customer_of
from bot.conversations.reception import admit
from bot.conversations.turns import (
    TurnStatus,
    begin_turn,
    finish_turn,
)
from bot.database import Database
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.factories import alice, bob, writes, xiaolin
from tests.fakes import FakeClock

GRACE = timedelta(seconds=28)
REPLY = Answer([Reply("每半年一次。")], "ask_metrology", "metrology", 0.9, handled="answer")
TO_A_PERSON = Answer([], "request_handoff", handled="handoff", handoff_reason="customer_asked")


class Story:
    """Conversations lived through with the real services, one unit of work each step."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.handoff = Handoff(Responses.load(), WorkingHours.parse("08:30-17:30"))
        with database.writing() as session:
            known = session.scalar(select(Staff.id).where(Staff.username == "alice"))
            self.staff_id = known or alice(session).id
            if known is None:
                bob(session)

    def opens(self) -> Opened:
        """小林 opens the widget."""
        with self.database.writing() as session:
            return xiaolin(session, self.clock)

    def asks(self, opened: Opened, text: str, answer: Answer | None = REPLY) -> None:
        """小林 writes; the bot answers unless there is no answer."""
        with self.database.writing() as session:
            writes(session, opened, text, self.clock)
        if answer is not None:
            self.finishes(self.begins(opened), answer)

    def begins(self, opened: Opened) -> int:
        """A turn takes what is unanswered."""
        with self.database.writing() as session:
            asked = begin_turn(session, opened.conversation.id, now=self.clock())
            assert asked is not None
            return asked.turn_id

    def finishes(self, turn_id: int, answer: Answer = REPLY) -> TurnStatus:
        """The turn ends some time later."""
        self.clock.advance(seconds=0.5)
        with self.database.writing() as session:
            return finish_turn(session, turn_id, answer, self.handoff, now=self.clock()).status

    def presses(self, opened: Opened, payload: str) -> None:
        """小林 presses a button of the platform."""
        with self.database.writing() as session:
            customer = customer_of(session, opened.token)
            incoming = Incoming(payload[1:], "按钮", payload)
            admit(
                session, opened.conversation.id, customer, incoming, self.handoff, now=self.clock()
            )

    def accepts(self, opened: Opened) -> None:
        """Alice takes the conversation over."""
        self._staff(self.handoff.accept, opened)

    def returns(self, opened: Opened) -> None:
        """Alice hands it back."""
        self._staff(self.handoff.return_to_bot, opened)

    def resolves(self, opened: Opened) -> None:
        """Alice ends it."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, self.staff_id)
            self.handoff.resolve(session, opened.conversation.id, staff, "", now=self.clock())

    def replies(self, opened: Opened, text: str, *, private: bool = False) -> None:
        """Alice says something, or notes it."""
        with self.database.writing() as session:
            staff = session.get_one(Staff, self.staff_id)
            record_staff_message(
                session, opened.conversation.id, staff, text, text, private, now=self.clock()
            )

    def _staff(self, step: Callable[..., object], opened: Opened) -> None:
        self.clock.advance(seconds=1)
        with self.database.writing() as session:
            step(
                session,
                opened.conversation.id,
                session.get_one(Staff, self.staff_id),
                now=self.clock(),
            )

    def audited(self) -> Report:
        """What the audit says now."""
        with self.database.reading() as session:
            return audit(session, grace=GRACE, now=self.clock())


def tell(story: Story) -> tuple[Opened, Opened]:
    """Everything that may happen to a message, once."""
    talked = story.opens()
    story.asks(talked, "压力表多久检一次")  # 1, answered by 2
    story.asks(talked, "找人工", TO_A_PERSON)  # 3, then the place in the queue, 4
    story.asks(talked, "在吗", None)  # 5
    story.accepts(talked)  # 6
    story.replies(talked, "您好")  # 7
    story.replies(talked, "老客户", private=True)  # 8
    story.asks(talked, "谢谢", None)  # 9
    story.returns(talked)  # 10
    story.asks(talked, "卡尺呢")  # 11, answered by 12

    drafted = story.opens()
    story.asks(drafted, "你好", None)
    turn = story.begins(drafted)
    story.accepts(drafted)
    assert story.finishes(turn) is TurnStatus.SUPPRESSED
    story.resolves(drafted)
    story.clock.advance(seconds=1)
    story.asks(drafted, "还有一个问题", None)

    for payload in (LEAVE_MESSAGE, CANCEL_HANDOFF):
        waiting = story.opens()
        story.asks(waiting, "找人工", TO_A_PERSON)
        story.asks(waiting, "人呢", None)
        story.presses(waiting, payload)
    left = story.opens()
    story.asks(left, "找人工", TO_A_PERSON)
    story.asks(left, "有人吗", None)
    return talked, drafted
