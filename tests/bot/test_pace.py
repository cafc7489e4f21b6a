"""How fast one customer may write."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.audit import audit
from bot.conversations.brain import Answer, Reply
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Incoming, Opened
from bot.conversations.models import Author, Conversation, Customer, Message, Turn
from bot.conversations.pace import BURST, keep_pace
from bot.conversations.reception import admit
from bot.conversations.turns import begin_turn, finish_turn
from bot.database import Database
from bot.errors import TooManyRequests
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from tests.bot.delivery.post import says, xiaochen
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeClock

HANDOFF = Handoff(Responses.load(), WorkingHours.parse("08:30-17:30"))


@pytest.fixture
def hurried(database: Database, clock: FakeClock) -> Opened:
    """小林 has written as much as may be written at once."""
    with database.writing() as session:
        opened = xiaolin(session, clock)
        for number in range(BURST):
            writes(session, opened, f"第 {number} 句", clock, client_id=f"m{number}")
    return opened


def _stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def test_one_more_is_refused_and_told_when(
    database: Database, clock: FakeClock, hurried: Opened
) -> None:
    with pytest.raises(TooManyRequests) as refused, database.writing() as session:
        writes(session, hurried, "再来一句", clock)
    assert "1 秒后再试" in refused.value.sentence
    assert refused.value.details == {"retry_after_seconds": 1}
    assert _stored(database) == BURST


def test_refusal_makes_nobody_wait_longer(
    database: Database, clock: FakeClock, hurried: Opened
) -> None:
    for _ in range(50):
        with pytest.raises(TooManyRequests), database.writing() as session:
            writes(session, hurried, "再来一句", clock)
    clock.advance(seconds=1)
    with database.writing() as session:
        writes(session, hurried, "现在可以了", clock)
        writes(session, hurried, "两句", clock)
    with pytest.raises(TooManyRequests), database.writing() as session:
        writes(session, hurried, "第三句", clock)


def test_second_delivery_costs_nothing(
    database: Database, clock: FakeClock, hurried: Opened
) -> None:
    with database.writing() as session:
        again = writes(session, hurried, "第 0 句", clock, client_id="m0")
        assert not again.is_new


def test_others_write_on_meanwhile(database: Database, clock: FakeClock, hurried: Opened) -> None:
    with database.writing() as session:
        assert writes(session, xiaolin(session, clock), "你好", clock).is_new


def test_count_of_another_process_is_not_lost(
    database: Database, clock: FakeClock, hurried: Opened
) -> None:
    clock.advance(seconds=100)
    with database.reading() as session:
        seen_before = session.get_one(Customer, hurried.conversation.customer_id)
    with database.writing() as session:
        writes(session, hurried, "从另一个进程", clock)
    with database.writing() as session:
        merged = session.merge(seen_before, load=False)
        keep_pace(session, merged, now=clock())
    with database.reading() as session:
        paced_at = session.get_one(Customer, seen_before.id).paced_at
    assert paced_at is not None
    assert (paced_at - clock()).total_seconds() == pytest.approx(1.0)


def test_push_channel_that_never_repeats_is_never_refused(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        conversation_id = xiaochen(session, clock)
        for number in range(BURST + 5):
            says(session, conversation_id, clock, f"第 {number} 句")
        assert session.get_one(Conversation, conversation_id).last_seq == BURST + 5


@pytest.fixture
def pushed(database: Database, clock: FakeClock) -> str:
    """小陈 has written as much on the push channel as counts as a person's pace."""
    with database.writing() as session:
        conversation_id = xiaochen(session, clock)
        _rushes(session, conversation_id, clock, BURST)
    return conversation_id


def _rushes(session: Session, conversation_id: str, clock: FakeClock, times: int) -> None:
    conversation = session.get_one(Conversation, conversation_id)
    customer = session.get_one(Customer, conversation.customer_id)
    for _ in range(times):
        incoming = Incoming(uuid4().hex, "在吗")
        admit(session, conversation_id, customer, incoming, HANDOFF, now=clock())


def _asked(session: Session) -> list[str]:
    said = session.scalars(select(Message).where(Message.author == Author.SYSTEM))
    return [each.text for each in said if each.data.get("asked") == "patience"]


def test_who_is_too_fast_on_a_push_channel_is_asked_for_patience_once_in_a_while(
    database: Database, clock: FakeClock, pushed: str
) -> None:
    with database.writing() as session:
        assert _asked(session) == []
        _rushes(session, pushed, clock, 20)
        [words] = _asked(session)
        assert "都收到了" in words
        clock.advance(minutes=9)
        _rushes(session, pushed, clock, BURST + 20)
        assert len(_asked(session)) == 1
        clock.advance(minutes=10)
        _rushes(session, pushed, clock, BURST + 20)
        assert len(_asked(session)) == 2
        stored = session.scalar(select(func.count()).where(Message.author == Author.CUSTOMER))
    assert stored == 3 * BURST + 60, "everything was taken"


def test_burst_that_was_asked_for_patience_is_answered_all_the_same(
    database: Database, clock: FakeClock, pushed: str
) -> None:
    with database.writing() as session:
        _rushes(session, pushed, clock, 3)
        running = session.scalars(select(Turn).where(Turn.status == "running")).one()
        finish_turn(session, running.id, Answer([Reply("在的")]), HANDOFF, now=clock())
        following = begin_turn(session, pushed, now=clock())
        assert following is not None
        finish_turn(session, following.turn_id, Answer([Reply("请说")]), HANDOFF, now=clock())
        assert begin_turn(session, pushed, now=clock()) is None
    clock.advance(hours=1)
    with database.reading() as session:
        report = audit(session, grace=timedelta(minutes=1), now=clock())
    # Nothing is delivered here, which the audit says of the customer's lane.
    assert [each for each in report.problems if each.rule != "lanes"] == []


def test_same_message_delivered_again_does_not_count(
    database: Database, clock: FakeClock, pushed: str
) -> None:
    with database.writing() as session:
        customer = session.get_one(Customer, session.get_one(Conversation, pushed).customer_id)
        clock.advance(seconds=0.5)
        for _ in range(3):
            admit(session, pushed, customer, Incoming("same", "在吗"), HANDOFF, now=clock())
        assert _asked(session) == []


def test_person_who_serves_is_not_spoken_over_by_a_word_about_pace(
    database: Database, clock: FakeClock, pushed: str
) -> None:
    with database.writing() as session:
        HANDOFF.accept(session, pushed, alice(session), now=clock())
        _rushes(session, pushed, clock, 5)
        assert _asked(session) == []
