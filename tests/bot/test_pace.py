"""How fast one customer may write."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation, Customer, Message
from bot.conversations.pace import BURST, keep_pace
from bot.database import Database
from bot.errors import TooManyRequests
from tests.bot.delivery.post import says, xiaochen
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock


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
