"""The company's own people in WeCom take a conversation, and give it back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.conversations.models import Author
from bot.database import Database
from bot.delivery.models import DeliveryState
from bot.feedback.models import ConversationFeedback
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import holds, reasons, says, states
from tests.connectors.wecom.conftest import read, settled
from tests.connectors.wecom.looking import consistent, conversations, said
from tests.factories import alice
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.kf_phone import KfPhone
from tests.wechat_stand_in.wecom import AGENT, ASSISTANT, QUEUE


def test_what_they_say_is_stored_as_theirs_and_not_answered(
    web: Served, xiaochen: KfPhone, database: Database, brain: FakeBrain
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen.agent_says("我来处理")
    xiaochen.writes("好的")
    settled(web)
    assert said(database, Author.STAFF) == ["我来处理"]
    assert conversations(database) == [("staff", "wecom")]
    assert len(brain.heard) == 1
    assert xiaochen.texts == ["听到：你好"]
    consistent(web, database)


def test_a_reply_that_comes_after_they_took_over_is_not_sent(
    web: Served, xiaochen: KfPhone, database: Database, brain: FakeBrain
) -> None:
    go_on = holds(web, brain)
    xiaochen.writes("你好")
    read(web)
    xiaochen.agent_takes()
    read(web)
    go_on()
    settled(web)
    assert xiaochen.texts == []
    assert xiaochen.wecom.calls["kf/send_msg"] == 0
    consistent(web, database)


def test_their_end_asks_for_a_score_by_the_code(
    web: Served, xiaochen: KfPhone, database: Database, brain: FakeBrain
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen.agent_says("办好了")
    code = xiaochen.agent_ends()
    settled(web)
    assert xiaochen.inbox[-1]["msgtype"] == "msgmenu"
    assert code not in xiaochen.wecom.codes
    assert conversations(database) == [("resolved", "wecom")]
    xiaochen.presses("5 很满意")
    settled(web)
    with database.reading() as session:
        assert session.scalars(select(ConversationFeedback.score)).all() == [5]
    xiaochen.writes("还有一事")
    settled(web)
    assert brain.heard[-1].text == "还有一事"
    assert xiaochen.texts[-1].endswith("听到：还有一事")
    consistent(web, database)


def test_a_survey_that_is_too_late_for_its_code_waits(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen.agent_says("办好了")
    xiaochen.agent_ends()
    clock.advance(seconds=21)
    settled(web)
    assert xiaochen.texts == ["听到：你好"]
    assert reasons(database) == ["session_ended"]
    assert xiaochen.wecom.calls["kf/send_msg_on_event"] == 0


@pytest.mark.parametrize("state", [QUEUE, AGENT])
def test_95018_is_looked_into_once_and_then_the_bot_is_silent(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock, state: int
) -> None:
    xiaochen.writes("你好")
    xiaochen.user.state = state
    settled(web)
    assert xiaochen.wecom.calls["kf/send_msg"] == 1
    assert xiaochen.wecom.calls["kf/service_state/get"] == 1
    assert reasons(database) == ["wecom_agent"]
    assert conversations(database) == [("staff", "wecom")]
    xiaochen.writes("在吗")
    clock.advance(seconds=30)
    settled(web)
    assert xiaochen.wecom.calls["kf/send_msg"] == 1
    assert xiaochen.wecom.calls["kf/service_state/get"] == 1
    consistent(web, database)


def test_who_is_not_served_there_any_more_gets_the_bot_again(
    web: Served,
    xiaochen: KfPhone,
    database: Database,
    clock: FakeClock,
    brain: FakeBrain,
) -> None:
    xiaochen.writes("你好")
    xiaochen.user.state = AGENT
    settled(web)
    # The event that it ended was lost.
    xiaochen.user.state = ASSISTANT
    clock.advance(minutes=2)
    xiaochen.writes("有人吗")
    settled(web)
    assert brain.heard[-1].text == "有人吗"
    assert xiaochen.texts[-1].endswith("听到：有人吗")
    consistent(web, database)


def test_a_95018_without_a_reason_ends_with_staff(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.wecom.switches.send = [95018, 95018, 95018]
    xiaochen.writes("你好")
    settled(web)
    assert states(database) == [DeliveryState.WAITING]
    clock.advance(minutes=5)
    settled(web)
    clock.advance(hours=1)
    settled(web)
    assert states(database) == [DeliveryState.FAILED]
    assert reasons(database) == ["session_state"]
    assert xiaochen.wecom.calls["kf/send_msg"] == 2


def test_they_take_it_from_our_desk_too(web: Served, xiaochen: KfPhone, database: Database) -> None:
    xiaochen.writes("你好")
    settled(web)
    says(web, database, "您好")
    settled(web)
    xiaochen.agent_says("我来")
    settled(web)
    assert conversations(database) == [("staff", "wecom")]
    consistent(web, database)


def test_nobody_signs_in_as_them(web: Served, xiaochen: KfPhone, database: Database) -> None:
    with database.writing() as session:
        alice(session)
    xiaochen.writes("你好")
    settled(web)
    xiaochen.agent_says("我来")
    settled(web)
    with web.client() as client:
        for password in ("!", "wecom"):
            body = {"username": "wecom", "password": password}
            assert client.post("/api/desk/login", json=body).status_code == 401
