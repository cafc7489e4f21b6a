"""Senders: order, back-off, dead letters, leases, and processes that die."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversations.bell import Bell
from bot.conversations.models import Change
from bot.database import Database
from bot.delivery import senders as module
from bot.delivery.channel import Failed, Retry, Sent
from bot.delivery.lanes import LEASE, MOST_ATTEMPTS, claim, pause, record
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
from tests.fakes import FakeClock


def test_everything_that_waits_for_a_customer_goes_in_order(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    said = hears(database, talk, clock, "一", "二", "三")
    assert sends(senders) == 1
    assert [parcel.message_id for parcel in channel.batches[0].parcels] == said
    assert [parcel.seq for parcel in channel.batches[0].parcels] == [2, 3, 4]
    assert channel.batches[0].address == "address-of-xiaochen"
    assert states(database) == ["sent"] * 3
    assert sends(senders) == 0


def test_trouble_with_one_parcel_keeps_those_behind_it_waiting(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一", "二", "三")
    channel.script = [[Sent("r1"), Retry(30, "busy"), Retry(None, "behind")]]
    sends(senders)
    assert states(database) == ["sent", "waiting", "waiting"]
    assert [each.attempts for each in parcels(database)] == [0, 1, 0]
    clock.advance(seconds=29)
    hears(database, talk, clock, "四")
    assert sends(senders) == 0, "no earlier than the channel asked for"
    clock.advance(seconds=10)
    sends(senders)
    assert channel.texts == ["一", "二", "三", "二", "三", "四"]
    assert states(database) == ["sent"] * 4


def test_trouble_of_one_customer_stops_nobody_else(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    with database.writing() as session:
        other = xiaochen(session, clock, "another-address")
        says(session, other, clock)
    hears(database, talk, clock, "给小陈")
    clock.advance(seconds=1)
    hears(database, other, clock, "给别人")
    channel.script = [[Retry(600, "busy")]]
    assert sends(senders) == 2
    assert states(database) == ["waiting", "sent"]


def test_refused_parcel_is_a_dead_letter_and_the_next_one_goes(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一", "二")
    channel.script = [[Failed("content_blocked"), Sent()]]
    sends(senders)
    assert states(database) == ["failed", "sent"]
    assert parcels(database)[0].reason == "content_blocked"


def test_passing_trouble_that_does_not_pass_ends_as_a_dead_letter(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一", "二")
    channel.script = [[Retry(None, "busy")]] * MOST_ATTEMPTS
    for _ in range(MOST_ATTEMPTS):
        assert states(database) == ["waiting", "waiting"]
        sends(senders)
        clock.advance(seconds=601)
    assert states(database) == ["failed", "waiting"] or states(database) == ["failed", "sent"]
    sends(senders)
    assert states(database) == ["failed", "sent"]
    assert parcels(database)[0].attempts == MOST_ATTEMPTS


def test_error_in_the_channel_is_a_passing_trouble(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一")
    channel.script = [ValueError("the far side answered HTML")]
    sends(senders)
    assert parcels(database)[0].reason == "channel_error"
    clock.advance(seconds=3)
    sends(senders)
    assert states(database) == ["sent"]


def test_channel_that_does_not_answer_is_given_up_within_the_lease(
    database: Database,
    clock: FakeClock,
    talk: str,
    channel: FakeChannel,
    senders: Senders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert LEASE.total_seconds() > module.CHANNEL_SECONDS
    monkeypatch.setattr(module, "CHANNEL_SECONDS", 0.01)
    hears(database, talk, clock, "一")
    channel.hold = asyncio.Event()
    sends(senders)
    assert (states(database), parcels(database)[0].reason) == (["waiting"], "channel_timeout")


def test_parcel_the_channel_says_nothing_about_keeps_its_place(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一", "二")
    channel.script = [[Sent()]]
    assert sends(senders) == 2
    assert channel.texts == ["一", "二", "二"]
    assert [each.attempts for each in parcels(database)] == [0, 0]


def test_pieces_of_a_long_text_are_not_sent_again(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "很长的一段话")
    channel.script = [[Retry(1, "busy", pieces=2)]]
    sends(senders)
    clock.advance(seconds=10)
    sends(senders)
    assert [batch.parcels[0].pieces for batch in channel.batches] == [0, 2]
    assert channel.batches[1].sent_since_contact == 2


def test_two_senders_never_hold_the_same_customer(
    database: Database, clock: FakeClock, talk: str
) -> None:
    hears(database, talk, clock, "一")
    with database.writing() as session:
        assert claim(session, CHANNEL, now=clock()) is not None
    hears(database, talk, clock, "二")
    with database.writing() as session:
        assert claim(session, CHANNEL, now=clock()) is None


def test_sender_killed_between_delivery_and_record_is_taken_over(
    database: Database, clock: FakeClock, talk: str
) -> None:
    said = hears(database, talk, clock, "一")
    with database.writing() as session:
        first = claim(session, CHANNEL, now=clock())
    assert first is not None
    assert not first.batch.parcels[0].repeated
    # The channel has been called; the process dies here.
    clock.now += LEASE
    with database.writing() as session:
        second = claim(session, CHANNEL, now=clock())
    assert second is not None
    parcel = second.batch.parcels[0]
    assert (parcel.key, parcel.repeated, parcel.attempts) == (said[0], True, 1)
    with database.writing() as session:
        assert record(session, second, [Sent("again")], now=clock())
    assert states(database) == ["sent"]


def test_sender_that_comes_back_too_late_records_nothing(
    database: Database, clock: FakeClock, talk: str
) -> None:
    hears(database, talk, clock, "一")
    with database.writing() as session:
        first = claim(session, CHANNEL, now=clock())
    clock.now += LEASE
    with database.writing() as session:
        second = claim(session, CHANNEL, now=clock())
    assert first is not None
    assert second is not None
    with database.writing() as session:
        assert not record(session, first, [Failed("late")], now=clock())
    assert states(database) == ["sending"]
    with database.writing() as session:
        assert record(session, second, [Sent()], now=clock())
    assert states(database) == ["sent"]


def test_parcel_that_kills_every_sender_ends_as_a_dead_letter(
    database: Database, clock: FakeClock, talk: str
) -> None:
    hears(database, talk, clock, "毒丸", "下一条")
    for _ in range(MOST_ATTEMPTS):
        with database.writing() as session:
            assert claim(session, CHANNEL, now=clock()) is not None
        clock.now += LEASE
    with database.writing() as session:
        claimed = claim(session, CHANNEL, now=clock())
    assert claimed is not None
    assert [each.text for each in claimed.batch.parcels] == ["下一条"]
    assert parcels(database)[0].reason == "interrupted"


def test_pause_grows_to_a_limit_with_full_jitter() -> None:
    longest = [pause(attempts, lambda low, high: high) for attempts in range(1, MOST_ATTEMPTS)]
    assert longest[:4] == [2, 4, 8, 16]
    assert longest[-1] == 600
    assert pause(5, lambda low, high: low) == 0
    assert timedelta(minutes=60) < timedelta(seconds=sum(longest)) < timedelta(hours=2)


def test_desk_hears_how_far_messages_have_come(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    said = hears(database, talk, clock, "一", "二")
    channel.script = [[Sent(), Failed("user_refuses")]]
    sends(senders)
    with database.reading() as session:
        line = session.scalars(select(Change).where(Change.type == "delivery")).one()
    assert line.data["messages"] == {
        said[0]: {"state": "sent", "reason": ""},
        said[1]: {"state": "failed", "reason": "user_refuses"},
    }
    assert not line.for_customer


def test_running_sender_is_woken_by_a_new_parcel(
    database: Database,
    clock: FakeClock,
    talk: str,
    channel: FakeChannel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It would not look by itself.
    monkeypatch.setattr("bot.delivery.senders._LOOK_SECONDS", 60.0)

    async def whole() -> None:
        bell = Bell()
        bell.attach(database)
        running = Senders(database, bell, clock)
        running.add(channel)
        running.start()
        await asyncio.to_thread(hears, database, talk, clock, "一")
        async with asyncio.timeout(30):
            while states(database) != ["sent"]:
                await asyncio.sleep(0.01)
        await running.stop()
        await bell.detach()
        assert channel.texts == ["一"]

    asyncio.run(whole())


def test_stopping_sender_records_what_is_under_way(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel
) -> None:
    async def whole() -> None:
        bell = Bell()
        bell.attach(database)
        running = Senders(database, bell, clock)
        running.add(channel)
        channel.hold = asyncio.Event()
        hears(database, talk, clock, "一")
        running.start()
        async with asyncio.timeout(30):
            while not channel.batches:
                await asyncio.sleep(0.01)
        stopping = asyncio.create_task(running.stop())
        await asyncio.sleep(0)
        channel.hold.set()
        await stopping
        await bell.detach()
        assert states(database) == ["sent"]

    asyncio.run(whole())
