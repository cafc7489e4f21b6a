"""A message is taken once and answered once, however often and however oddly it comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from bot.cases.models import Case
from bot.components.turn_request import BadRequest, read_turn_request
from bot.conversations.models import Author, Change, Conversation, Message, Turn
from bot.database import Database
from bot.delivery.models import Lane, Outgoing
from tests.bot.delivery import post
from tests.bot.delivery.post import xiaochen
from tests.connectors.visitor import Xiaolin, messages_stored, refused, resolve
from tests.fakes import FakeClock
from tests.scenarios.office import PATIENCE_SECONDS, ThinkingBrain, count, said_by, says, texts

COMMANDS = [
    "/restart",
    "/转人工",
    '/nlu_fallback{"category": "metrology"}',
    "/request_handoff",
    "/leave_message",
    "/cancel_handoff",
]


def test_scenario_02_typed_slash_commands_are_words_and_command_nothing(
    xiaolin: Xiaolin, brain: ThinkingBrain, database: Database
) -> None:
    for text in COMMANDS:
        xiaolin.sends(text=text)
    assert [(each.text, each.payload) for each in brain.heard] == [(t, None) for t in COMMANDS]
    assert texts(said_by(xiaolin, Author.CUSTOMER)) == COMMANDS
    with database.reading() as session:
        assert session.get_one(Conversation, xiaolin.id).status == "bot"
        assert session.scalars(select(Case)).all() == []


def test_scenario_03_message_delivered_three_times_is_answered_once(
    xiaolin: Xiaolin, brain: ThinkingBrain
) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: says(xiaolin, "压力表", "same"), range(2)))
    answers.append(says(xiaolin, "压力表", "same"))
    xiaolin.served.settle()
    assert len({each.json()["message"]["id"] for each in answers}) == 1
    assert [each.text for each in brain.heard] == ["压力表"]
    assert xiaolin.texts() == ["压力表", "听到：压力表"]


def test_scenario_04_delivery_during_the_turn_joins_it(
    xiaolin: Xiaolin, brain: ThinkingBrain, database: Database
) -> None:
    brain.think()
    first = says(xiaolin, "压力表", "same")
    assert brain.asked.wait(PATIENCE_SECONDS)
    second = says(xiaolin, "压力表", "same")
    brain.go_on.set()
    xiaolin.served.settle()
    assert first.json() == second.json()
    assert len(brain.heard) == 1
    with database.reading() as session:
        assert len(session.scalars(select(Turn)).all()) == 1
    assert xiaolin.texts() == ["压力表", "听到：压力表"]


def test_scenario_06_customer_who_never_saw_the_receipt_sends_again_and_gets_the_same_one(
    xiaolin: Xiaolin,
) -> None:
    xiaolin.sends(text="压力表", client_id="lost")
    stored = xiaolin.changes()["changes"][1]["message"]
    again = xiaolin.sends(text="压力表", client_id="lost")
    assert again.status_code == 202
    assert again.json()["message"]["id"] == stored["id"]
    assert xiaolin.texts() == ["压力表", "听到：压力表"]


def test_scenario_07_two_messages_that_begin_an_episode_at_once_share_it(
    xiaolin: Xiaolin, database: Database, clock: FakeClock
) -> None:
    def both(first: str, second: str) -> set[str]:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda text: says(xiaolin, text), (first, second)))
        xiaolin.served.settle()
        assert [each.status_code for each in answers] == [202, 202]
        return {each.json()["message"]["conversation_id"] for each in answers}

    assert both("压力表", "温度计") == {xiaolin.id}
    clock.advance(minutes=5)
    resolve(database, xiaolin)
    clock.advance(minutes=5)
    (following,) = both("还有一个问题", "是关于校准的")
    assert following != xiaolin.id
    assert count(database, Conversation) == 2


def test_scenario_28_very_long_message_is_refused_and_holds_nobody_up(
    xiaolin: Xiaolin, brain: ThinkingBrain, database: Database
) -> None:
    refused(says(xiaolin, "长" * 30_000), 413, "too_large")
    assert (brain.heard, messages_stored(database)) == ([], 0)
    with xiaolin.served.client() as client:
        opened = client.post("/api/widget/conversations", json={}).json()
        client.headers["Authorization"] = f"Bearer {opened['token']}"
        other = Xiaolin(xiaolin.served, client, opened["conversation_id"], opened["cursor"])
        other.sends(text="压力表")
        assert other.texts() == ["压力表", "听到：压力表"]


def test_scenario_29_sentences_typed_in_a_burst_get_their_answer_together(
    xiaolin: Xiaolin, brain: ThinkingBrain
) -> None:
    burst = ["你好", "我们是做阀门的", "有二十块压力表", "要检定", "多久一次"]
    brain.think()
    for text in burst:
        assert says(xiaolin, text).status_code == 202
    brain.go_on.set()
    xiaolin.served.settle()
    asked = [each.text for each in brain.heard]
    # Each sentence once and in order; at most the first, which was alone, has its own answer.
    assert "，".join(asked) == "，".join(burst)
    assert len(asked) <= 2
    assert texts(said_by(xiaolin, Author.BOT)) == [f"听到：{text}" for text in asked]
    assert xiaolin.texts()[-1].endswith("多久一次")


def test_scenario_30_message_of_nobody_is_refused(
    xiaolin: Xiaolin, brain: ThinkingBrain, database: Database
) -> None:
    with xiaolin.served.client() as nobody:
        body = {"client_id": "a", "text": "压力表"}
        refused(nobody.post(f"{xiaolin.path}/messages", json=body), 401, "unauthorized")
    assert (brain.heard, messages_stored(database)) == ([], 0)
    for raw in (b'{"text": "a"}', b'{"conversation_id": "", "text": "a"}'):
        with pytest.raises(BadRequest, match="conversation_id"):
            read_turn_request(raw)


def test_scenario_34_database_may_fail_at_any_statement_and_leaves_both_or_neither(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        talk = xiaochen(session, clock)
        post.says(session, talk, clock)

    def stored() -> tuple[int, ...]:
        with database.reading() as session:
            records = (Message, Outgoing, Lane, Change)
            return tuple(session.scalar(select(func.count()).select_from(r)) or 0 for r in records)

    before, statement = stored(), 0
    for fails_at in range(1, 100):
        statement = 0

        def fail(*_call: object, last: int = fails_at) -> None:
            nonlocal statement
            statement += 1
            if statement == last:
                raise OperationalError("disk full", None, Exception("disk full"))

        event.listen(database.engine, "before_cursor_execute", fail)
        try:
            post.hears(database, talk, clock, "您好")
        except OperationalError:
            event.remove(database.engine, "before_cursor_execute", fail)
            assert stored() == before, f"failed at statement {fails_at}"
        else:
            event.remove(database.engine, "before_cursor_execute", fail)
            break
    assert fails_at > 4, "it has failed at each of several statements"
    assert stored() == (before[0] + 1, before[1] + 1, before[2] + 1, before[3] + 1)


def test_scenario_34_message_and_the_news_of_it_are_stored_together_or_not_at_all(
    xiaolin: Xiaolin, brain: ThinkingBrain, database: Database
) -> None:
    def fail(*call: object) -> None:
        if "INSERT INTO changes" in str(call[2]):
            raise OperationalError("disk full", None, Exception("disk full"))

    event.listen(database.engine, "before_cursor_execute", fail)
    refused(says(xiaolin, "压力表", "unlucky"), 500)
    event.remove(database.engine, "before_cursor_execute", fail)
    xiaolin.served.settle()
    assert (brain.heard, messages_stored(database)) == ([], 0)
    assert xiaolin.texts() == []
    again = xiaolin.sends(text="压力表", client_id="unlucky")
    assert again.json()["message"]["seq"] == 1
    assert xiaolin.texts() == ["压力表", "听到：压力表"]
    assert count(database, Message) == 2
