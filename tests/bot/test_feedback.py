"""Feedback on messages, conversations and the service."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from bot.database import Database
from bot.errors import BadInput, MessageNotFound
from bot.feedback.models import ConversationFeedback, FreeFeedback, MessageFeedback
from bot.feedback.scores import score_in
from bot.feedback.service import give_feedback, rate_conversation, rate_message
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock


def test_the_last_word_on_a_message_counts(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        message = writes(session, opened, "压力表多久检定一次", clock).message
        for helpful in (True, True, False):
            rate_message(session, opened.conversation.id, message.id, helpful, now=clock())
        assert session.scalar(select(func.count()).select_from(MessageFeedback)) == 1
        assert session.get_one(MessageFeedback, message.id).helpful is False


def test_a_foreign_message_cannot_be_rated(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened, mallory = xiaolin(session, clock), xiaolin(session, clock)
        message = writes(session, opened, "你好", clock).message
        for conversation_id, message_id in (
            (mallory.conversation.id, message.id),
            (opened.conversation.id, "nothing"),
        ):
            with pytest.raises(MessageNotFound):
                rate_message(session, conversation_id, message_id, True, now=clock())


def test_a_conversation_has_one_score(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        conversation = xiaolin(session, clock).conversation
        rate_conversation(session, conversation.id, 3, now=clock())
        rate_conversation(session, conversation.id, 5, now=clock(), tags=["快"], comment=" 好 ")
        assert session.scalar(select(func.count()).select_from(ConversationFeedback)) == 1
        stored = session.get_one(ConversationFeedback, conversation.id)
    assert (stored.score, stored.tags, stored.comment) == (5, ["快"], "好")


@pytest.mark.parametrize("score", [0, 6, -1])
def test_scores_outside_the_range_are_refused(
    database: Database, clock: FakeClock, score: int
) -> None:
    with database.writing() as session, pytest.raises(BadInput):
        give_feedback(session, None, score, "", now=clock())


def test_a_turn_tried_again_counts_once(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        first = give_feedback(session, None, 4, "不错", now=clock(), request_key="c:1")
        again = give_feedback(session, None, 4, "不错", now=clock(), request_key="c:1")
        assert first.id == again.id
        assert session.scalar(select(func.count()).select_from(FreeFeedback)) == 1


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("5", 5),
        ("五分", 5),
        ("给个4星", 4),
        ("很满意", 5),
        ("不满意", 2),
        ("一般", 3),
        ("嗯", None),
    ],
)
def test_words_are_read_as_scores(text: str, score: int | None) -> None:
    assert score_in(text) == score
