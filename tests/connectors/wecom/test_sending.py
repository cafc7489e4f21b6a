"""What becomes of a message when WeCom refuses it, or reports later that it did not arrive."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import CancelledError
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Message
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.settings import Settings
from bot.wechat.models import WeChatToken
from bot.wecom.models import KfFailure
from bot.wecom.msgids import message_of, msgid_of
from tests.bot.wechat.peer import ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import count, reasons, says, states
from tests.connectors.wecom.conftest import SECRET, XIAOCHEN, read, settled
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.kf_phone import KfPhone


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (95001, DeliveryState.HELD, "quota_used"),
        (95017, DeliveryState.WAITING, "api_switched_off"),
        (95011, DeliveryState.WAITING, "used_in_wecom"),
        (95012, DeliveryState.WAITING, "not_used_in_wecom"),
        (40201, DeliveryState.WAITING, "account_blocked"),
        (48002, DeliveryState.WAITING, "no_permission"),
        (60020, DeliveryState.WAITING, "ip_not_listed"),
        (45009, DeliveryState.WAITING, "minute_quota"),
        (-1, DeliveryState.WAITING, "wechat_busy"),
        (95000, DeliveryState.FAILED, "kf_account_gone"),
        (95004, DeliveryState.FAILED, "kf_account_gone"),
        (40096, DeliveryState.FAILED, "unknown_customer"),
        (40033, DeliveryState.FAILED, "json_escapes"),
        (99999, DeliveryState.WAITING, "unknown_error"),
    ],
)
def test_each_error_has_its_own_outcome(
    web: Served, xiaochen: KfPhone, database: Database, code: int, state: str, reason: str
) -> None:
    xiaochen.wecom.switches.send = [code] * 5
    xiaochen.writes("你好")
    settled(web)
    assert states(database) == [state]
    assert reasons(database) == [reason]
    assert xiaochen.wecom.calls["kf/send_msg"] == 1


@pytest.mark.parametrize(
    ("fail_type", "state", "reason"),
    [
        (0, DeliveryState.FAILED, "kf_unknown"),
        (1, DeliveryState.FAILED, "kf_account_gone"),
        (2, DeliveryState.FAILED, "kf_app_closed"),
        (4, DeliveryState.HELD, "window_closed"),
        (5, DeliveryState.HELD, "session_ended"),
        (6, DeliveryState.HELD, "quota_used"),
        (7, DeliveryState.FAILED, "kf_no_video_channel"),
        (8, DeliveryState.FAILED, "kf_not_verified"),
        (10, DeliveryState.FAILED, "user_refuses"),
        (11, DeliveryState.FAILED, "kf_nobody_logged_in"),
        (13, DeliveryState.FAILED, "kf_unknown"),
    ],
)
def test_a_message_that_did_not_arrive_says_why(
    web: Served, xiaochen: KfPhone, database: Database, fail_type: int, state: str, reason: str
) -> None:
    xiaochen.writes("你好")
    settled(web)
    (sent,) = xiaochen.inbox
    fail = {"fail_msgid": sent["msgid"], "fail_type": fail_type}
    xiaochen.wecom.event(XIAOCHEN, "msg_send_fail", **fail)
    xiaochen.call()
    settled(web)
    assert states(database) == [state]
    assert reasons(database) == [reason]
    assert count(database, KfFailure) == 0


def test_a_report_that_is_faster_than_our_own_record_is_not_lost(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    settled(web)
    (sent,) = xiaochen.inbox
    with database.writing() as session:
        row = session.scalars(select(Outgoing)).one()
        row.state, row.sent_at, row.receipt = DeliveryState.SENDING, None, None
    xiaochen.wecom.event(XIAOCHEN, "msg_send_fail", fail_msgid=sent["msgid"], fail_type=10)
    xiaochen.call()
    read(web)
    assert states(database) == [DeliveryState.SENDING]
    with database.writing() as session:
        row = session.scalars(select(Outgoing)).one()
        row.state, row.sent_at, row.receipt = DeliveryState.SENT, clock(), sent["msgid"]
    web.app.ctx.sweeper.run_once("kf_failures")
    assert states(database) == [DeliveryState.FAILED]


def test_a_report_about_nothing_of_ours_is_forgotten(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.wecom.event(XIAOCHEN, "msg_send_fail", fail_msgid="somebody-elses", fail_type=6)
    xiaochen.call()
    read(web)
    assert count(database, KfFailure) == 1
    clock.advance(minutes=11)
    web.app.ctx.sweeper.run_once("kf_failures")
    assert count(database, KfFailure) == 0


def test_a_sixth_message_that_is_only_reported_waits_for_the_customer(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.wecom.switches.reports_sixth = True
    xiaochen.writes("你好")
    settled(web)
    xiaochen.user.left = 0
    says(web, database, "第六条")
    settled(web)
    xiaochen.call()
    settled(web)
    assert DeliveryState.HELD in states(database)
    xiaochen.writes("在吗")
    settled(web)
    assert "第六条" in "\n".join(xiaochen.texts)


def test_a_message_cut_off_after_it_was_taken_is_not_sent_twice(
    web: Served,
    xiaochen: KfPhone,
    database: Database,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    xiaochen.writes("你好")
    read(web)
    web.settle()
    channel = web.app.ctx.senders._channels["wechat_kf"]
    whole = channel._attempt

    async def killed(*args: Any) -> Any:
        await whole(*args)
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(channel, "_attempt", killed)
        with pytest.raises(CancelledError):
            settled(web)
    assert xiaochen.texts == ["听到：你好"]
    assert states(database) == [DeliveryState.SENDING]
    xiaochen.writes("在吗")
    clock.advance(minutes=2)
    settled(web)
    settled(web)
    assert xiaochen.texts == ["听到：你好", "听到：在吗"]
    assert states(database) == [DeliveryState.SENT] * 2


def test_a_message_of_which_nothing_was_heard_is_not_sent_twice(
    web: Served, xiaochen: KfPhone, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    brain.script.append(Answer([Reply("第一句。"), Reply("第二句。")]))
    xiaochen.wecom.switches.unheard = 1
    xiaochen.writes("你好")
    settled(web)
    assert xiaochen.texts == ["第一句。\n\n第二句。"]
    assert states(database) == [DeliveryState.WAITING] * 2
    # What comes meanwhile goes after it, by its own name.
    xiaochen.writes("在吗")
    settled(web)
    clock.advance(minutes=1)
    settled(web)
    assert xiaochen.texts == ["第一句。\n\n第二句。", "听到：在吗"]
    assert states(database) == [DeliveryState.SENT] * 3
    assert xiaochen.wecom.refused == [40058]


def test_a_message_that_never_got_through_is_sent_again(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    read(web)
    web.settle()
    xiaochen.wecom.switches.away = True
    settled(web)
    assert states(database) == [DeliveryState.WAITING]
    xiaochen.wecom.switches.away = False
    clock.advance(minutes=1)
    settled(web)
    assert xiaochen.texts == ["听到：你好"]
    assert states(database) == [DeliveryState.SENT]


@pytest.mark.parametrize("code", [60020, 42001])
def test_an_alarm_is_told_once(
    web: Served,
    xiaochen: KfPhone,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    code: int,
) -> None:
    xiaochen.wecom.switches.send = [code] * 50
    xiaochen.writes("你好")
    for _ in range(4):
        settled(web)
        clock.advance(minutes=20)
    assert xiaochen.wecom.calls["kf/send_msg"] >= 4
    assert caplog.text.count("wecom_alarm") == 1


def test_a_refused_token_is_renewed_once(web: Served, xiaochen: KfPhone) -> None:
    xiaochen.wecom.switches.send = [42001]
    xiaochen.writes("你好")
    settled(web)
    assert xiaochen.texts == ["听到：你好"]


def test_a_token_that_is_always_refused_is_not_renewed_for_ever(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.writes("你好")
    read(web)
    web.settle()
    xiaochen.wecom.switches.forget_tokens = True
    settled(web)
    # One for reading, and one more for each of two calls, which were made twice.
    assert xiaochen.wecom.calls["gettoken"] == 3
    assert xiaochen.wecom.calls["kf/service_state/trans"] == 2
    assert xiaochen.wecom.calls["kf/send_msg"] == 2
    assert states(database) == [DeliveryState.WAITING]


def test_a_company_without_the_assistant_is_answered_all_the_same(
    web: Served, xiaochen: KfPhone
) -> None:
    xiaochen.wecom.switches.no_assistant = True
    for text in ("你好", "在吗"):
        xiaochen.writes(text)
        settled(web)
    assert xiaochen.texts == ["听到：你好", "听到：在吗"]
    assert xiaochen.wecom.calls["kf/service_state/trans"] == 1


def test_a_half_that_was_taken_is_not_sent_again(
    web: Served, xiaochen: KfPhone, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    told = "".join(f"第 {number} 条说明。" for number in range(80))
    assert 1024 < len(told.encode()) < 1952
    brain.script.append(Answer([Reply(told)]))
    xiaochen.wecom.switches.send = [45002, 0, -1]
    xiaochen.writes("详细说说")
    settled(web)
    assert states(database) == [DeliveryState.WAITING]
    assert len(xiaochen.texts) == 1
    clock.advance(minutes=1)
    settled(web)
    assert len(xiaochen.texts) == 2
    assert "".join(xiaochen.texts) == told
    assert states(database) == [DeliveryState.SENT]


def test_the_first_half_has_another_name_than_the_whole() -> None:
    whole, half = msgid_of("a" * 32, 0, 2), msgid_of("a" * 32, 0)
    assert whole != half
    assert message_of(whole) == message_of(half) == "a" * 32
    assert len(msgid_of("a" * 32, 99999, 9)) <= 32


def test_an_item_too_long_for_a_menu_is_a_number(
    web: Served, xiaochen: KfPhone, brain: FakeBrain
) -> None:
    long = "用于贸易结算、安全防护、医疗卫生、环境监测的属于强制检定目录内的工作计量器具的一种情形"
    buttons = [{"title": long, "payload": "/trade"}, {"title": "内部使用", "payload": "/inner"}]
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": buttons})]))
    xiaochen.writes("电子秤要强检吗")
    settled(web)
    assert xiaochen.texts == [f"用在哪里？\n回复数字选择：\n1. {long}\n2. 内部使用"]
    xiaochen.writes("2")
    settled(web)
    assert brain.heard[-1].payload == "/inner"


def test_names_of_messages_lead_back_to_them(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    (sent,) = xiaochen.inbox
    with database.reading() as session:
        bots = session.scalars(select(Message.id).where(Message.author == "bot")).one()
    assert message_of(sent["msgid"]) == bots
    assert len(msgid_of(bots, 99999)) <= 32
    for other in ("", "x", "m" * 32, "签" * 22 + "_p0", "=" * 22 + "_p0"):
        assert message_of(other) != bots


def test_the_access_token_lies_encrypted_in_the_database(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    (token,) = xiaochen.wecom.tokens
    with database.reading() as session:
        stored = session.scalars(select(WeChatToken.sealed)).one()
    assert stored
    assert token not in stored


def test_secrets_do_not_show_where_settings_are_printed(web: Served, kf_settings: Settings) -> None:
    shown = repr(kf_settings) + repr(web.app.ctx.kf_account)
    assert [each for each in (SECRET, TOKEN, ENCODING_AES_KEY) if each in shown] == []
    assert {"wecom_token", "wecom_kf_secret"} <= {each.name for each in fields(Settings)}


def test_logs_hold_no_token_no_secret_no_code_and_no_customer(
    web: Served,
    xiaochen: KfPhone,
    database: Database,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    wecom = xiaochen.wecom
    codes = [xiaochen.enters()]
    settled(web)
    xiaochen.writes("你好")
    settled(web)
    for code in (95001, 60020, 40096, 40014, 95018):
        wecom.switches.send = [code]
        xiaochen.writes("再问")
        settled(web)
        clock.advance(minutes=2)
    wecom.switches.sync = [45009]
    xiaochen.writes("再问")
    settled(web)
    clock.advance(minutes=2)
    xiaochen.agent_says("我来")
    codes.append(xiaochen.agent_ends())
    settled(web)
    wecom.happens(origin=3, msgtype="text", external_userid="a b", text={"content": "x"})
    xiaochen.call()
    settled(web)
    wecom.switches.away = True
    xiaochen.writes("还在吗")
    clock.advance(minutes=6)
    settled(web)
    xiaochen.keys.token = "WrongToken"
    xiaochen.call()
    ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    written = "\n".join(f"{each.getMessage()} {each.exc_text or ''}" for each in ours)
    assert "kf_pull_refused" in written
    # Our own address stands only where somebody has to list it.
    with_address = [line for line in written.splitlines() if "203.0.113.9" in line]
    assert with_address
    assert all("ip_not_listed" in line for line in with_address)
    forbidden = [XIAOCHEN, SECRET, TOKEN, ENCODING_AES_KEY, *wecom.tokens, *wecom.mail_tokens]
    assert [each for each in [*forbidden, *codes] if each in written] == []
