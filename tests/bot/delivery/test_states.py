"""How far messages have come, as the desk is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select

from bot.conversations.changes import changes_for_customer, changes_for_desk, newest_cursor
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened, append, messages_of
from bot.conversations.models import Author, Change, Conversation, Customer
from bot.database import Database
from bot.delivery.channel import Failed, Sent
from bot.delivery.fetched import Fetched
from bot.delivery.senders import Senders
from bot.delivery.states import states_in
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.bot.delivery.post import FakeChannel, hears, sends
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeClock


@pytest.fixture
def held(database: Database, clock: FakeClock) -> tuple[Opened, Staff]:
    """小林 on the widget, held by Alice."""
    with database.writing() as session:
        opened, staff = xiaolin(session, clock), alice(session)
        writes(session, opened, "转人工", clock)
        handoff = Handoff(Responses.load(), WorkingHours.parse("08:30-17:30"))
        handoff.accept(session, opened.conversation.id, staff, now=clock())
    return opened, staff


def _states(database: Database, conversation_id: str) -> dict[str, str]:
    with database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        messages = messages_of(session, conversation_id)
        found = states_in(session, conversation, messages)
        return {each.text: found[each.id]["state"] for each in messages if each.id in found}


def _fetch(database: Database, customer_id: int) -> int:
    with database.reading() as session:
        return changes_for_customer(session, customer_id, 0).cursor


def test_widget_message_is_delivered_when_the_client_asks_behind_it(
    database: Database, clock: FakeClock, held: tuple[Opened, Staff]
) -> None:
    conversation_id = held[0].conversation.id
    customer_id = held[0].conversation.customer_id
    hears(database, conversation_id, clock, "请稍等")
    fetched = Fetched()
    fetched.note(customer_id, _fetch(database, customer_id))
    assert _states(database, conversation_id)["请稍等"] == "stored"
    hears(database, conversation_id, clock, "查到了")
    with database.writing() as session:
        fetched.store(session, clock())
    states = _states(database, conversation_id)
    assert (states["请稍等"], states["查到了"]) == ("delivered", "stored")
    assert "转人工" not in states


def test_poll_without_news_leaves_nothing_to_store(
    database: Database, clock: FakeClock, held: tuple[Opened, Staff]
) -> None:
    customer_id = held[0].conversation.customer_id
    fetched = Fetched()
    sweep = fetched.sweep()
    assert sweep.needed is not None
    with database.writing() as session:
        assert not sweep.needed(session, clock())
        cursor = newest_cursor(session)
        fetched.note(customer_id, cursor)
        assert sweep.needed(session, clock())
        sweep.work(session, clock())
        fetched.note(customer_id, cursor)
        assert not sweep.needed(session, clock())


def test_desk_hears_once_that_the_customer_has_it(
    database: Database, clock: FakeClock, held: tuple[Opened, Staff]
) -> None:
    opened, staff = held
    hears(database, opened.conversation.id, clock, "请稍等")
    fetched, customer_id = Fetched(), opened.conversation.customer_id
    for words in ("好", "谢谢"):
        fetched.note(customer_id, _fetch(database, customer_id))
        with database.writing() as session:
            fetched.store(session, clock())
            writes(session, opened, words, clock)
    with database.reading() as session:
        lines = session.scalars(select(Change).where(Change.type == "delivery")).all()
        told = [(line.data["delivered_seq"], line.for_customer) for line in lines]
        page = changes_for_desk(session, staff, 0)
    said = {each["message"]["text"]: each["message"] for each in page.changes if "message" in each}
    assert told == [(said["请稍等"]["seq"], False)]
    assert said["请稍等"]["delivery"] == {"state": "delivered", "reason": ""}
    assert "delivery" not in said["好"]


def test_client_that_claims_too_much_is_believed_up_to_the_feeds_end(
    database: Database, clock: FakeClock, held: tuple[Opened, Staff]
) -> None:
    customer_id = held[0].conversation.customer_id
    fetched = Fetched()
    fetched.note(customer_id, 2**61)
    with database.writing() as session:
        fetched.store(session, clock())
    with database.reading() as session:
        assert session.get_one(Customer, customer_id).seen_cursor <= newest_cursor(session)


def test_customer_never_sees_how_far_messages_have_come(
    database: Database, clock: FakeClock, talk: str
) -> None:
    hears(database, talk, clock, "您好")
    with database.reading() as session:
        customer_id = session.get_one(Conversation, talk).customer_id
        page = changes_for_customer(session, customer_id, 0)
    assert "delivery" not in str(page.changes)


def test_parcels_tell_their_state_and_reason(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    hears(database, talk, clock, "一", "二", "三")
    with database.writing() as session:
        conversation = session.get_one(Conversation, talk)
        append(session, conversation, Author.STAFF, "备注", now=clock(), private=True)
    channel.script = [[Sent(), Failed("user_refuses")]]
    sends(senders)
    hears(database, talk, clock, "四")
    assert _states(database, talk) == {"一": "sent", "二": "failed", "三": "sent", "四": "waiting"}


def test_states_of_a_page_cost_a_constant_number_of_queries(
    database: Database, clock: FakeClock, held: tuple[Opened, Staff]
) -> None:
    opened, staff = held
    asked: list[Any] = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    counts = []
    for more in (1, 30):
        hears(database, opened.conversation.id, clock, *(f"第 {n} 句" for n in range(more)))
        asked.clear()
        with database.reading() as session:
            assert len(changes_for_desk(session, staff, 0).changes) > more
        counts.append(len(asked))
    assert counts[0] == counts[1]
