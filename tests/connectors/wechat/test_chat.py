"""A WeChat user asks, is answered, and talks to a person."""

from __future__ import annotations

from bot.conversations.brain import Answer, Reply
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import settled
from tests.fakes import FakeBrain
from tests.wechat_stand_in.phone import Phone


def test_a_question_is_stored_acknowledged_and_answered(web: Served, xiaochen: Phone) -> None:
    delivery = xiaochen.writes("压力表多久检定一次")
    assert [(each.status_code, each.text) for each in delivery.answers] == [(200, "success")]
    settled(web)
    assert xiaochen.texts == ["听到：压力表多久检定一次"]


def test_a_number_stands_for_the_button(web: Served, xiaochen: Phone, brain: FakeBrain) -> None:
    buttons = [
        {"title": "贸易结算", "payload": "/choose{}"},
        {"title": "内部使用", "payload": "/inner"},
    ]
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": buttons})]))
    xiaochen.writes("电子秤要强检吗")
    settled(web)
    assert xiaochen.inbox[0]["msgtype"] == "msgmenu"
    xiaochen.writes("2")
    settled(web)
    assert brain.heard[-1].payload == "/inner"
