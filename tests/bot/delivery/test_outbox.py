"""What goes into the outbox, with what, and what lets held parcels go."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.conversations.ledger import append, conversation_at
from bot.conversations.models import Author, Conversation, Customer, Message
from bot.database import Database
from bot.delivery import outbox
from bot.delivery.channel import Held
from bot.delivery.models import Lane, Outgoing
from bot.delivery.senders import Senders
from tests.bot.delivery.post import (
    CHANNEL,
    FakeChannel,
    hears,
    parcels,
    says,
    sends,
    states,
    xiaochen,
)
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock


def test_each_message_to_a_push_customer_has_one_parcel(
    database: Database, clock: FakeClock, talk: str
) -> None:
    said = hears(database, talk, clock, "您好", "请问需要什么服务？")
    assert [each.message_id for each in parcels(database)] == said
    assert states(database) == ["waiting", "waiting"]


def test_customers_own_words_and_private_notes_are_not_sent(
    database: Database, clock: FakeClock, talk: str
) -> None:
    hears(database, talk, clock, "客户像是急用", private=True)
    assert parcels(database) == []


def test_widget_asks_by_itself_and_needs_no_parcel(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        writes(session, opened, "你好", clock)
        append(session, opened.conversation, Author.BOT, "您好", now=clock())
    assert parcels(database) == []


def test_message_and_parcel_are_stored_together_or_not_at_all(
    database: Database, clock: FakeClock, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: object, **_more: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(outbox, "put_in_lane", breaks)
    with pytest.raises(OSError, match="disk"):
        hears(database, talk, clock, "这一条存不下")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        assert session.scalar(select(func.count()).select_from(Outgoing)) == 0
        assert session.get_one(Conversation, talk).last_seq == 1
    monkeypatch.undo()
    hears(database, talk, clock, "再说一次")
    assert states(database) == ["waiting"]


def test_two_first_messages_at_once_find_one_customer(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        first = xiaochen(session, clock)
    with database.writing() as session:
        customer, again = conversation_at(session, CHANNEL, "address-of-xiaochen", now=clock())
        assert again.id == first
        assert session.scalar(select(func.count()).select_from(Customer)) == 1
        assert conversation_at(session, CHANNEL, "somebody-else", now=clock())[0].id != customer.id


def test_held_parcels_go_when_the_customer_writes_again(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一", "二")
    channel.script = [[Held("quota_used"), Held("quota_used")]]
    sends(senders)
    clock.advance(hours=50)
    hears(database, talk, clock, "三")
    assert sends(senders) == 0, "nothing goes past what is held"
    assert states(database) == ["held", "held", "waiting"]
    with database.writing() as session:
        says(session, talk, clock, "还在吗")
    assert sends(senders) == 1
    assert [parcel.text for parcel in channel.batches[-1].parcels] == ["一", "二", "三"]
    assert states(database) == ["sent"] * 3


def test_customer_who_writes_while_the_channel_is_called_is_not_left_held(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "您好")
    channel.script = [[Held("quota_used")]]

    def writes_again() -> None:
        channel.meanwhile = lambda: None
        clock.advance(seconds=1)
        with database.writing() as session:
            says(session, talk, clock, "还在吗")

    channel.meanwhile = writes_again
    sends(senders)
    assert states(database) == ["sent"]
    assert len(channel.batches) == 2


def test_time_of_the_last_contact_goes_with_the_batch(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    wrote_at = clock()
    clock.advance(minutes=3)
    hears(database, talk, clock, "一", "二")
    sends(senders)
    hears(database, talk, clock, "三")
    sends(senders)
    assert [each.sent_since_contact for each in channel.batches] == [0, 2]
    assert {each.last_contact_at for each in channel.batches} == {wrote_at}
    clock.advance(seconds=1)
    with database.writing() as session:
        says(session, talk, clock, "谢谢")
    hears(database, talk, clock, "不客气")
    sends(senders)
    assert channel.batches[-1].sent_since_contact == 0


def test_lane_is_empty_when_all_is_sent(
    database: Database, clock: FakeClock, talk: str, senders: Senders
) -> None:
    hears(database, talk, clock, "您好")
    sends(senders)
    with database.reading() as session:
        lane = session.scalars(select(Lane)).one()
        assert (lane.due_at, lane.lease, lane.held) == (None, None, False)
