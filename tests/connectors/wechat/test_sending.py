"""What becomes of a message when Tencent refuses it, and what never stands in a log."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.database import Database
from bot.delivery.lanes import MOST_ATTEMPTS
from bot.delivery.models import DeliveryState
from bot.wechat.models import WeChatToken, WeChatWindow
from bot.wechat.windows import MESSAGES
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served
from tests.connectors.wechat.conftest import SECRET, XIAOCHEN
from tests.connectors.wechat.talking import reasons, settled, states
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.tencent import Tencent

BUTTONS = [{"title": "贸易结算", "payload": "/trade"}, {"title": "内部使用", "payload": "/inner"}]


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (45047, DeliveryState.HELD, "quota_used"),
        (48001, DeliveryState.HELD, "passive_mode"),
        (40164, DeliveryState.WAITING, "ip_not_listed"),
        (45009, DeliveryState.WAITING, "daily_quota"),
        (40125, DeliveryState.WAITING, "app_secret"),
        (45011, DeliveryState.WAITING, "minute_quota"),
        (-1, DeliveryState.WAITING, "wechat_busy"),
        (40003, DeliveryState.FAILED, "unknown_openid"),
        (48002, DeliveryState.FAILED, "customer_refuses"),
        (43004, DeliveryState.FAILED, "not_following"),
        (47001, DeliveryState.FAILED, "json"),
        (99999, DeliveryState.WAITING, "unknown_error"),
    ],
)
def test_each_error_has_its_own_outcome(
    web: Served, xiaochen: Phone, database: Database, code: int, state: str, reason: str
) -> None:
    xiaochen.tencent.switches.always = code
    xiaochen.writes("你好")
    settled(web)
    assert states(database) == [state]
    assert reasons(database) == [reason]
    assert xiaochen.tencent.calls["message/custom/send"] == 1


def test_the_daily_quota_is_waited_for_until_the_next_day_in_beijing(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    xiaochen.tencent.switches.always = 45009
    xiaochen.writes("你好")
    settled(web)
    xiaochen.tencent.switches.always = 0
    # From half past nine in the morning.
    clock.advance(hours=14, minutes=29)
    xiaochen.writes("在吗")
    settled(web)
    assert reasons(database)[0] == "daily_quota"
    assert xiaochen.tencent.calls["message/custom/send"] == 1
    clock.advance(minutes=2)
    settled(web)
    assert "听到：你好" in "\n".join(xiaochen.texts)
    assert [each.levelname for each in caplog.records if "wechat_alarm" in each.message] == [
        "ERROR"
    ]


def test_nothing_is_given_up_while_nobody_can_be_reached(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    xiaochen.tencent.switches.always = 40164
    xiaochen.writes("你好")
    for _ in range(MOST_ATTEMPTS + 4):
        settled(web)
        clock.advance(minutes=2)
    assert states(database) == [DeliveryState.WAITING]
    assert reasons(database) == ["ip_not_listed"]
    assert xiaochen.tencent.calls["message/custom/send"] > MOST_ATTEMPTS
    told = [each.message for each in caplog.records if "wechat_alarm" in each.message]
    (alarm,) = told
    # Whoever mends it has to know which address to list, and Tencent's name of the refusal.
    assert "code=40164" in alarm
    assert "ip=203.0.113.7" in alarm
    assert "rid=6" in alarm
    xiaochen.tencent.switches.always = 0
    settled(web)
    assert xiaochen.texts == ["听到：你好"]
    # Once it has worked, the same trouble is news.
    xiaochen.tencent.switches.always = 40164
    xiaochen.writes("在吗")
    settled(web)
    assert caplog.text.count("wechat_alarm") == 2


def test_a_redirection_is_not_followed_with_the_token(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    elsewhere = Tencent(APP_ID, SECRET, xiaochen.tencent.clock)
    with serving(application(elsewhere)) as url:
        xiaochen.tencent.switches.leads_to = f"{url}/cgi-bin/message/custom/send"
        xiaochen.writes("在吗")
        xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
        settled(web)
    assert elsewhere.calls.total() == 0
    assert states(database)[1] == DeliveryState.WAITING


def test_a_closed_window_is_believed_the_second_time(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.tencent.switches.once = [45015]
    xiaochen.writes("你好")
    settled(web)
    assert states(database) == [DeliveryState.WAITING]
    clock.advance(minutes=5)
    settled(web)
    assert states(database) == [DeliveryState.SENT]
    xiaochen.tencent.switches.always = 45015
    xiaochen.writes("再问")
    settled(web)
    clock.advance(minutes=10)
    settled(web)
    assert states(database)[-1] == DeliveryState.HELD


def test_what_was_held_arrives_with_the_next_contact(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.tencent.switches.once = [45047]
    xiaochen.writes("你好")
    settled(web)
    assert xiaochen.inbox == []
    xiaochen.writes("在吗")
    settled(web)
    assert "听到：你好" in "\n".join(xiaochen.texts)
    assert states(database) == [DeliveryState.SENT] * 2


def test_a_half_that_was_taken_is_not_sent_again(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    told = "".join(f"第 {number} 条说明。" for number in range(80))
    assert 1024 < len(told.encode()) < 1952
    brain.script.append(Answer([Reply(told)]))
    xiaochen.tencent.switches.once = [45002, 0, -1]
    xiaochen.writes("详细说说")
    settled(web)
    assert states(database) == [DeliveryState.WAITING]
    assert len(xiaochen.texts) == 1
    with database.reading() as session:
        assert session.scalars(select(WeChatWindow.message_left)).all() == [MESSAGES - 1]
    clock.advance(minutes=1)
    settled(web)
    assert len(xiaochen.texts) == 2
    assert "".join(xiaochen.texts) == told
    assert states(database) == [DeliveryState.SENT]
    with database.reading() as session:
        assert session.scalars(select(WeChatWindow.message_left)).all() == [MESSAGES - 2]


def test_a_refused_token_is_renewed_once_and_the_message_sent(web: Served, xiaochen: Phone) -> None:
    xiaochen.tencent.switches.once = [40001]
    xiaochen.writes("你好")
    settled(web)
    assert xiaochen.texts == ["听到：你好"]
    assert xiaochen.tencent.calls["stable_token"] == 2


def test_a_token_that_is_always_refused_is_not_renewed_for_ever(
    web: Served,
    xiaochen: Phone,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    xiaochen.tencent.switches.forget_tokens = True
    xiaochen.writes("你好")
    settled(web)
    assert xiaochen.tencent.calls["message/custom/send"] == 2
    assert xiaochen.tencent.calls["stable_token"] == 2
    assert states(database) == [DeliveryState.WAITING]
    clock.advance(minutes=10)
    settled(web)
    assert xiaochen.tencent.calls["message/custom/send"] == 3
    assert xiaochen.tencent.calls["stable_token"] == 2


def test_an_account_without_menus_gets_numbered_text(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    xiaochen.tencent.switches.no_menus = True
    for _ in range(2):
        brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": BUTTONS})]))
        xiaochen.writes("电子秤要强检吗")
        settled(web)
    assert xiaochen.texts == ["用在哪里？\n回复数字选择：\n1. 贸易结算\n2. 内部使用"] * 2
    # Tried once, then known.
    assert xiaochen.tencent.refused.count(40200) == 1
    xiaochen.writes("２。")
    settled(web)
    assert brain.heard[-1].payload == "/inner"


@pytest.mark.parametrize("said", ["内部使用", "内部使用。", "2", "选2", "第2个"])
def test_words_or_number_are_the_button(
    web: Served, xiaochen: Phone, brain: FakeBrain, said: str
) -> None:
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": BUTTONS})]))
    xiaochen.writes("电子秤要强检吗")
    settled(web)
    xiaochen.writes(said)
    settled(web)
    assert brain.heard[-1].payload == "/inner"


def test_a_number_that_answers_something_else_is_no_choice(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": BUTTONS})]))
    xiaochen.writes("电子秤要强检吗")
    settled(web)
    xiaochen.writes("我要校准卡尺")
    settled(web)
    xiaochen.writes("2")
    settled(web)
    assert (brain.heard[-1].text, brain.heard[-1].payload) == ("2", None)


def test_an_item_of_an_old_menu_still_counts(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": BUTTONS})]))
    xiaochen.writes("电子秤要强检吗")
    settled(web)
    xiaochen.writes("等一下")
    settled(web)
    xiaochen.presses("贸易结算")
    settled(web)
    assert brain.heard[-1].payload == "/trade"


def test_nobody_elses_menu_counts(web: Served, xiaochen: Phone, brain: FakeBrain) -> None:
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": BUTTONS})]))
    xiaochen.writes("电子秤要强检吗")
    settled(web)
    item = xiaochen.inbox[0]["msgmenu"]["list"][0]["id"]
    xiaochen.openid = "oSOMEBODYELSEaaaaaaaaaaaaaa2"
    xiaochen.writes("贸易结算", menu_id=item)
    settled(web)
    assert brain.heard[-1].payload is None


def test_an_unreachable_tencent_is_tried_again(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.tencent.switches.away = True
    xiaochen.writes("你好")
    settled(web)
    assert states(database) == [DeliveryState.WAITING]
    xiaochen.tencent.switches.away = False
    clock.advance(minutes=10)
    settled(web)
    assert xiaochen.texts == ["听到：你好"]


def test_the_token_lies_encrypted_in_the_database(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    (token,) = xiaochen.tencent.tokens
    with database.reading() as session:
        stored = session.scalars(select(WeChatToken.sealed)).one()
    assert stored
    assert token not in stored


def test_logs_hold_no_token_no_secret_and_no_openid(
    web: Served,
    xiaochen: Phone,
    brain: FakeBrain,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    tencent = xiaochen.tencent
    xiaochen.does("subscribe", "<EventKey></EventKey>")
    xiaochen.writes("你好")
    settled(web)
    for code in (45047, 40164, 40003, 40001):
        tencent.switches.once = [code]
        xiaochen.writes("再问")
        settled(web)
        clock.advance(minutes=2)
    tencent.switches.away = True
    xiaochen.writes("还在吗")
    settled(web)
    xiaochen.keys.token = "WrongToken"
    xiaochen.writes("假的")
    asyncio.run_coroutine_threadsafe(web.app.ctx.wechat_channel.close(), web._loop).result(5)
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    # Only what our side wrote: the phone's own client logs its addresses.
    ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    written = "\n".join(f"{each.getMessage()} {each.exc_text or ''}" for each in ours)
    assert "wechat_received" in written
    forbidden: list[Any] = [XIAOCHEN, SECRET, TOKEN, ENCODING_AES_KEY, *tencent.tokens]
    assert [each for each in forbidden if each in written] == []
