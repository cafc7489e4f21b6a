"""What is over stays over, and what comes after it is a new episode."""

from __future__ import annotations

import httpx
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Author, Conversation
from bot.database import Database
from bot.feedback.models import ConversationFeedback
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeClock
from tests.scenarios.office import (
    ThinkingBrain,
    asks_for_a_person,
    count,
    ends,
    in_queue,
    replies,
    said_by,
    serves,
    signs_in,
    texts,
)


def test_scenario_16_thanks_after_the_end_calls_nobody_back(
    xiaolin: Xiaolin,
    alice: httpx.Client,
    brain: ThinkingBrain,
    database: Database,
    clock: FakeClock,
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    ends(alice, xiaolin.id)
    clock.advance(minutes=1)
    brain.script = [Answer([Reply("不客气，再见。")], "thank")]
    xiaolin.sends(text="谢谢")
    assert xiaolin.texts()[-2:] == ["谢谢", "不客气，再见。"]
    assert in_queue(alice) == []
    with database.reading() as session:
        over = session.get_one(Conversation, xiaolin.id)
        assert (over.status, over.staff_id is None) == ("resolved", False)


def test_scenario_17_survey_and_afterthoughts_leave_the_episode_closed(
    xiaolin: Xiaolin, alice: httpx.Client, database: Database
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    replies(alice, xiaolin.id, "每半年检定一次。")
    ends(alice, xiaolin.id)
    invited = said_by(xiaolin, Author.SYSTEM)[-1]
    assert "评分" in invited["text"]
    given = {"score": 5, "comment": "解决了"}
    assert xiaolin.client.post(f"{xiaolin.path}/feedback", json=given).status_code == 201
    assert replies(alice, xiaolin.id, "客户满意", private=True).status_code == 201
    statuses = [each for each in xiaolin.changes()["changes"] if each["type"] == "status"]
    assert statuses[-1]["status"] == "resolved"
    assert in_queue(alice) == []
    assert count(database, Conversation) == 1


def test_scenario_17_end_by_itself_is_announced_and_its_survey_opens_nothing(
    xiaolin: Xiaolin, alice: httpx.Client, database: Database, clock: FakeClock
) -> None:
    sweep = xiaolin.served.app.ctx.sweeper.run_once
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    replies(alice, xiaolin.id, "请问是什么型号？")
    clock.advance(hours=2)
    sweep("idle")
    assert "自动结束" in said_by(xiaolin, Author.SYSTEM)[-1]["text"]
    clock.advance(hours=2)
    sweep("idle")
    invited = said_by(xiaolin, Author.SYSTEM)[-1]
    assert "评分" in invited["text"]
    answer = xiaolin.client.post(f"{xiaolin.path}/feedback", json={"score": 2})
    assert answer.status_code == 201
    for hours in (1, 48):
        clock.advance(hours=hours)
        sweep("idle")
    statuses = [each for each in xiaolin.changes()["changes"] if each["type"] == "status"]
    assert [each["status"] for each in statuses] == ["bot", "queued", "staff", "resolved"]
    assert said_by(xiaolin, Author.SYSTEM)[-1] == invited
    signs_in(alice, "alice")
    assert in_queue(alice) == []
    assert count(database, Conversation) == 1
    seen = alice.get(f"/api/desk/conversations/{xiaolin.id}").json()["events"]
    assert "idle_end" in [each["transition"] for each in seen]


def test_scenario_18_each_episode_has_a_score_of_its_own(
    xiaolin: Xiaolin, alice: httpx.Client, database: Database, clock: FakeClock
) -> None:
    conversation_id, scores = xiaolin.id, [5, 2]
    for score in scores:
        xiaolin.id = conversation_id
        asks_for_a_person(xiaolin)
        serves(alice, conversation_id)
        replies(alice, conversation_id, "已经办好了。")
        ends(alice, conversation_id)
        given = xiaolin.client.post(f"{xiaolin.path}/feedback", json={"score": score})
        assert given.status_code == 201
        clock.advance(hours=25)
        signs_in(alice, "alice")
        following = xiaolin.sends(text="又有一个问题").json()["message"]
        assert following["conversation_id"] != conversation_id
        conversation_id = following["conversation_id"]
    invitations = [each for each in texts(said_by(xiaolin, Author.SYSTEM)) if "评分" in each]
    assert len(invitations) == 2
    with database.reading() as session:
        in_order = select(ConversationFeedback.score).order_by(ConversationFeedback.given_at)
        assert list(session.scalars(in_order)) == scores


def test_scenario_18_nobody_is_asked_twice_within_a_day(
    xiaolin: Xiaolin, alice: httpx.Client, clock: FakeClock
) -> None:
    conversation_id, invited = xiaolin.id, []
    for hours in (0, 5, 20):
        clock.advance(hours=hours)
        signs_in(alice, "alice")
        xiaolin.id = conversation_id
        asks_for_a_person(xiaolin)
        serves(alice, conversation_id)
        replies(alice, conversation_id, "已经办好了。")
        ends(alice, conversation_id)
        invited.append("评分" in said_by(xiaolin, Author.SYSTEM)[-1]["text"])
        clock.advance(seconds=1)
        conversation_id = xiaolin.sends(text="又有一个问题").json()["message"]["conversation_id"]
    assert invited == [True, False, True]


def test_scenario_18_who_got_nothing_is_not_asked_but_may_give_a_score(
    xiaolin: Xiaolin, alice: httpx.Client
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    ends(alice, xiaolin.id)
    assert "评分" not in said_by(xiaolin, Author.SYSTEM)[-1]["text"]
    answer = xiaolin.client.post(f"{xiaolin.path}/feedback", json={"score": 3})
    assert answer.status_code == 201
