"""The ledger keeps every message once, in order, and nothing that is not a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.changes import changes_for_customer
from bot.conversations.ledger import (
    MAX_TEXT,
    Incoming,
    checked_text,
    conversation_for,
    customer_of,
    message_for,
    messages_of,
    record_incoming,
)
from bot.conversations.models import Author
from bot.database import Database
from bot.errors import (
    BadInput,
    ConversationNotFound,
    MessageNotFound,
    PayloadNotOffered,
    ServiceError,
    TooLarge,
    Unauthorized,
)
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock


def test_message_delivered_twice_is_stored_once(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        first = writes(session, opened, "压力表多久检一次", clock, client_id="a")
    with database.writing() as session:
        again = writes(session, opened, "压力表多久检一次", clock, client_id="a")
        assert (first.is_new, again.is_new) == (True, False)
        assert again.message.id == first.message.id
        assert len(messages_of(session, opened.conversation.id)) == 1


def test_same_client_id_of_another_customer_is_another_message(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        mine, theirs = xiaolin(session, clock), xiaolin(session, clock)
        first = writes(session, mine, "我的", clock, client_id="a")
        second = writes(session, theirs, "别人的", clock, client_id="a")
        assert first.message.id != second.message.id


def test_sequence_has_no_gap_even_after_a_refused_message(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        writes(session, opened, "一", clock)
    with pytest.raises(TooLarge), database.writing() as session:
        writes(session, opened, "长" * (MAX_TEXT + 1), clock)
    with database.writing() as session:
        writes(session, opened, "二", clock)
        assert [each.seq for each in messages_of(session, opened.conversation.id)] == [1, 2]


def test_change_feed_after_a_cursor_continues_where_it_stopped(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        for text in ("一", "二", "三"):
            writes(session, opened, text, clock)
    with database.reading() as session:
        customer = customer_of(session, opened.token)
        everything = changes_for_customer(session, customer.id, 0)
        half = changes_for_customer(session, customer.id, 0, limit=2)
        rest = changes_for_customer(session, customer.id, half.cursor)
    assert half.changes + rest.changes == everything.changes
    assert [c["message"]["text"] for c in everything.changes if c["type"] == "message"] == [
        "一",
        "二",
        "三",
    ]


def test_foreign_conversation_does_not_exist_for_me(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        mine, theirs = xiaolin(session, clock), xiaolin(session, clock)
        said = writes(session, theirs, "秘密", clock)
        me = customer_of(session, mine.token)
        with pytest.raises(ConversationNotFound):
            conversation_for(session, theirs.conversation.id, me)
        with pytest.raises(MessageNotFound):
            message_for(session, said.message.id, me)


def test_unknown_token_is_nobody(database: Database) -> None:
    with database.reading() as session, pytest.raises(Unauthorized):
        customer_of(session, "\ud800 not a token")


@pytest.mark.parametrize(
    ("incoming", "error"),
    [
        (Incoming("a", ""), BadInput),
        (Incoming("a", " \n\x00\x1b "), BadInput),
        (Incoming("a", "\ud800"), BadInput),
        (Incoming("a", "字" * 30_000), TooLarge),
        (Incoming("", "好"), BadInput),
        (Incoming("x" * 101, "好"), BadInput),
        (Incoming("a b", "好"), BadInput),
        (Incoming("a", "好", payload="/restart"), PayloadNotOffered),
    ],
)
def test_bad_input_is_refused_and_nothing_is_stored(
    database: Database, clock: FakeClock, incoming: Incoming, error: type[ServiceError]
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        customer = customer_of(session, opened.token)
    with database.writing() as session, pytest.raises(error):
        record_incoming(session, opened.conversation.id, customer, incoming, now=clock())
    with database.reading() as session:
        assert messages_of(session, opened.conversation.id) == []


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE messages; --", "/restart", "😀😀", "a\nb"]
)
def test_strange_but_legal_text_is_stored_as_written(
    database: Database, clock: FakeClock, text: str
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        assert writes(session, opened, text, clock).message.text == text


@given(st.text(max_size=200))
def test_checked_text_is_storable_or_refused(text: str) -> None:
    try:
        clean = checked_text(text)
    except ServiceError:
        return
    assert clean
    assert "\x00" not in clean
    clean.encode("utf-8")


def test_pressed_button_is_stored_with_the_title_that_was_offered(
    database: Database, clock: FakeClock
) -> None:
    from bot.conversations.ledger import append

    with database.writing() as session:
        opened = xiaolin(session, clock)
        data = {"buttons": [{"title": "找机构", "payload": "/find_institution"}]}
        append(
            session,
            opened.conversation,
            Author.BOT,
            "需要帮您找机构吗？",
            now=clock(),
            kind="buttons",
            data=data,
        )
        received = writes(session, opened, "别的字", clock, payload="/find_institution")
        assert received.message.text == "找机构"
        assert received.message.data == {"payload": "/find_institution"}
