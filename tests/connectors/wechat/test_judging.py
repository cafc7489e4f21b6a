"""Whether an answer helped, said in a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversations.audit import audit
from bot.conversations.brain import Answer, Reply
from bot.database import Database
from bot.feedback.models import MessageFeedback
from bot.wechat.judging import HINT, THANKS
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import count, says, settled
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone

FAQ = {"id": "METRO-001", "title": "压力表", "detail": "", "basis": []}


def answers(web: Served, phone: Phone, brain: FakeBrain) -> None:
    """The bot answers from the knowledge base."""
    brain.script.append(Answer([Reply("半年。", "text", {"faq": FAQ})]))
    phone.writes("压力表多久检一次")
    settled(web)


@pytest.mark.parametrize(
    ("said", "helpful"),
    [("有用", True), ("很有帮助。", True), ("没用", False), ("没有帮助！", False)],
)
def test_a_word_after_an_answer_is_the_thumb(
    web: Served,
    xiaochen: Phone,
    brain: FakeBrain,
    database: Database,
    clock: FakeClock,
    said: str,
    helpful: bool,
) -> None:
    answers(web, xiaochen, brain)
    assert xiaochen.texts == [f"半年。\n{HINT}"]
    xiaochen.writes(said)
    settled(web)
    assert len(brain.heard) == 1
    assert xiaochen.texts[1:] == [THANKS[helpful]]
    with database.reading() as session:
        rated = session.scalars(select(MessageFeedback)).one()
        assert (rated.helpful, rated.entry_id) == (helpful, "METRO-001")
    xiaochen.writes("那要多少钱")
    settled(web)
    assert brain.heard[-1].text == "那要多少钱"
    clock.advance(minutes=5)
    with database.reading() as session:
        assert audit(session, grace=timedelta(minutes=1), now=clock()).problems == []


def test_the_second_answer_that_did_not_help_offers_a_person(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    for _ in range(2):
        answers(web, xiaochen, brain)
        xiaochen.writes("没用")
        settled(web)
    assert count(database, MessageFeedback) == 2
    assert "人工" in xiaochen.texts[-1]


@pytest.mark.parametrize("said", ["有用吗", "这个标准没用了吗", "有用和没用", "没用过这个系统"])
def test_other_words_are_a_question(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database, said: str
) -> None:
    answers(web, xiaochen, brain)
    xiaochen.writes(said)
    settled(web)
    assert brain.heard[-1].text == said
    assert count(database, MessageFeedback) == 0


def test_where_there_is_nothing_to_judge_it_is_a_word_like_any_other(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    xiaochen.writes("有用")
    settled(web)
    assert brain.heard[-1].text == "有用"
    answers(web, xiaochen, brain)
    says(web, database, "我来回答")
    settled(web)
    xiaochen.writes("没用")
    settled(web)
    assert count(database, MessageFeedback) == 0
