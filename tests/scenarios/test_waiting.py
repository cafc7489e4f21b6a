"""What a customer who waits or is served can rely on."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from bot.cases.models import Case
from bot.conversations.models import Author, Conversation, StatusEvent
from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.connectors.serving import served
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeClock, FakeFaq
from tests.scenarios.office import (
    ThinkingBrain,
    asks_for_a_person,
    at_desk,
    in_queue,
    replies,
    said_by,
    serves,
    texts,
)


def statuses(customer: Xiaolin) -> list[str]:
    """Who spoke, one after the other."""
    return [each["status"] for each in customer.changes()["changes"] if each["type"] == "status"]


def test_scenario_25_full_queue_offers_a_message_instead(
    database: Database, brain: ThinkingBrain, clock: FakeClock
) -> None:
    settings, name = Settings(queue_limit=1), f"full-{uuid4().hex}"
    app = create_app(settings, database, brain, FakeFaq(), clock, name=name)
    with served(app) as web, web.client() as client, web.client() as second:
        customers = []
        for each in (client, second):
            opened = each.post("/api/widget/conversations").json()
            each.headers["Authorization"] = f"Bearer {opened['token']}"
            customers.append(Xiaolin(web, each, opened["conversation_id"], opened["cursor"]))
        first, late = customers
        late.sends(text="二十块压力表要检定")
        first.sends(text="卡尺校准")
        asks_for_a_person(first)
        asks_for_a_person(late)
        assert statuses(first)[-1] == "queued"
        assert statuses(late) == ["bot"]
        offered = said_by(late, Author.SYSTEM)[-1]
        assert "已满" in offered["text"]
        [button] = offered["data"]["buttons"]
        late.sends(text=button["title"], payload=button["payload"])
        with database.reading() as session:
            case = session.scalars(select(Case)).one()
        assert case.number in late.texts()[-1]
        assert "11 月 25 日（周三）17:30 前" in late.texts()[-1]


@pytest.mark.parametrize("words", ["结束", "结束服务。", "取消排队"])
def test_who_waits_gets_back_to_the_bot_with_a_word(
    xiaolin: Xiaolin, alice: httpx.Client, brain: ThinkingBrain, words: str
) -> None:
    asks_for_a_person(xiaolin)
    assert "结束" in said_by(xiaolin, Author.SYSTEM)[-1]["text"]
    xiaolin.sends(text=words)
    assert statuses(xiaolin)[-1] == "bot"
    assert in_queue(alice) == []
    assert brain.heard == []
    xiaolin.sends(text="压力表多久检一次")
    assert xiaolin.texts()[-1] == "听到：压力表多久检一次"


def test_who_is_served_gets_back_to_the_bot_and_the_person_sees_it(
    xiaolin: Xiaolin, alice: httpx.Client, database: Database
) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    accepted = said_by(xiaolin, Author.SYSTEM)[-1]["text"]
    assert "爱丽丝（11 号）" in accepted
    assert "结束" in accepted
    replies(alice, xiaolin.id, "每半年检定一次。")
    xiaolin.sends(text="结束")
    assert statuses(xiaolin)[-1] == "bot"
    assert "智能助手" in texts(said_by(xiaolin, Author.SYSTEM))[-2]
    survey = said_by(xiaolin, Author.SYSTEM)[-1]["data"]["survey"]
    assert (survey["name"], survey["episode"]) == ("爱丽丝", 1)
    assert xiaolin.client.post(f"{xiaolin.path}/feedback", json={"score": 5}).status_code == 201
    events = alice.get(at_desk(xiaolin.id)).json()["events"]
    assert [each["transition"] for each in events][-1] == "customer_end"
    xiaolin.sends(text="卡尺呢")
    assert xiaolin.texts()[-1] == "听到：卡尺呢"
    # Had something been left open, the person may come back.
    serves(alice, xiaolin.id)
    with database.reading() as session:
        epochs = session.scalars(select(StatusEvent.epoch).order_by(StatusEvent.id))
        assert list(epochs) == [1, 2, 3, 4]


def test_sentence_with_the_word_in_it_ends_nothing(xiaolin: Xiaolin, alice: httpx.Client) -> None:
    asks_for_a_person(xiaolin)
    serves(alice, xiaolin.id)
    for words in ("合同结束了怎么办", "检测什么时候结束", "留言"):
        xiaolin.sends(text=words)
        assert statuses(xiaolin)[-1] == "staff"


def test_message_may_be_left_by_word_while_waiting(xiaolin: Xiaolin, database: Database) -> None:
    xiaolin.sends(text="二十块压力表要检定")
    asks_for_a_person(xiaolin)
    xiaolin.sends(text="留言")
    assert statuses(xiaolin)[-1] == "bot"
    with database.reading() as session:
        assert session.scalars(select(Case.need)).one() == "二十块压力表要检定"


def test_message_left_twice_without_a_new_word_is_one_case(
    xiaolin: Xiaolin, database: Database
) -> None:
    xiaolin.sends(text="二十块压力表要检定")
    told = []
    for _ in range(2):
        asks_for_a_person(xiaolin)
        xiaolin.sends(payload="/leave_message", text="留言")
        told.append(xiaolin.texts()[-1])
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
    assert told[0] == told[1]
    assert case.number in told[0]


def test_nobody_comes_and_the_sweep_leaves_the_message(
    xiaolin: Xiaolin, database: Database, clock: FakeClock
) -> None:
    xiaolin.sends(text="二十块压力表要检定")
    asks_for_a_person(xiaolin)
    sweeper = xiaolin.served.app.ctx.sweeper
    clock.advance(minutes=29)
    sweeper.run_once("waiting_in_vain")
    assert statuses(xiaolin)[-1] == "queued"
    clock.advance(minutes=1)
    sweeper.run_once("waiting_in_vain")
    sweeper.run_once("waiting_in_vain")
    assert statuses(xiaolin)[-1] == "bot"
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert session.get_one(Conversation, xiaolin.id).staff_id is None
    assert case.number in xiaolin.texts()[-1]
    assert "11 月 25 日（周三）17:30" in xiaolin.texts()[-1]
    xiaolin.sends(text="那卡尺呢")
    assert xiaolin.texts()[-1] == "听到：那卡尺呢"
