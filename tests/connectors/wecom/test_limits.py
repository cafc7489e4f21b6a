"""Limits of WeCom's, its absences, and lines that nobody understands."""

from __future__ import annotations

from typing import Any

import pytest

from bot.database import Database
from tests.connectors.serving import Served
from tests.connectors.wecom.conftest import settled
from tests.connectors.wecom.looking import (
    heard,
)
from tests.fakes import FakeClock
from tests.wechat_stand_in.kf_phone import KfPhone


@pytest.mark.parametrize(("code", "seconds"), [(45009, 60), (45033, 5)])
def test_a_limit_is_waited_for_whatever_calls_come(
    web: Served,
    xiaochen: KfPhone,
    database: Database,
    clock: FakeClock,
    code: int,
    seconds: int,
) -> None:
    xiaochen.wecom.switches.sync = [code]
    xiaochen.writes("你好")
    settled(web)
    xiaochen.call()
    clock.advance(seconds=seconds - 1)
    settled(web)
    assert xiaochen.wecom.calls["kf/sync_msg"] == 1
    clock.advance(seconds=1)
    settled(web)
    assert xiaochen.texts == ["听到：你好"]


def test_a_wecom_that_is_away_is_asked_less_and_less_often(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    xiaochen.wecom.switches.away = True
    for _ in range(60):
        settled(web)
        clock.advance(seconds=5)
    assert 5 <= xiaochen.wecom.calls["gettoken"] <= 12
    xiaochen.wecom.switches.away = False
    clock.advance(minutes=2)
    settled(web)
    assert heard(database) == ["你好"]


def test_the_callbacks_token_goes_along_for_ten_minutes(
    web: Served, xiaochen: KfPhone, clock: FakeClock
) -> None:
    for _ in range(15):
        xiaochen.call()
        settled(web)
    assert xiaochen.wecom.pulls_without_token == []
    clock.advance(minutes=11)
    settled(web)
    assert len(xiaochen.wecom.pulls_without_token) == 1
    assert xiaochen.wecom.refused == []


def test_a_lost_callback_costs_five_minutes(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen._said(3, "text", {"content": "没有通知的一句"})
    settled(web)
    assert len(heard(database)) == 1
    clock.advance(minutes=5, seconds=1)
    settled(web)
    assert len(heard(database)) == 2


@pytest.mark.parametrize(
    "line",
    [
        "text",
        None,
        {},
        {"msgid": "m1"},
        {"msgid": 5, "send_time": "now", "msgtype": ["text"]},
        {"msgid": "m" * 200, "send_time": 1, "msgtype": "text"},
        {"msgid": "m2", "send_time": 10**40, "msgtype": "event", "event": []},
        {"msgid": "m3", "msgtype": "event", "event": {"event_type": {"a": 1}}},
        {"msgid": "m4", "msgtype": "event", "event": {"event_type": "msg_send_fail"}},
        {"msgid": "m5", "msgtype": "event", "event": {"event_type": "brand_new"}},
        {"msgid": "m6", "origin": 3, "msgtype": "text", "text": {"content": "无人"}},
        {"msgid": "m7", "origin": 3, "msgtype": "text", "external_userid": "a b", "text": {}},
    ],
)
def test_a_line_nobody_understands_does_not_stop_the_others(
    web: Served, xiaochen: KfPhone, database: Database, clock: FakeClock, line: Any
) -> None:
    if isinstance(line, dict) and "send_time" not in line:
        line = {**line, "send_time": int(clock().timestamp())}
    lines = xiaochen.wecom.log
    xiaochen.writes("前")
    settled(web)
    page = {"errcode": 0, "next_cursor": "c1", "has_more": 0, "msg_list": [line]}

    async def odd(*_: object) -> dict[str, Any]:
        return page

    api = web.app.ctx.kf_puller._api
    whole, api.sync = api.sync, odd
    xiaochen.call()
    settled(web)
    api.sync = whole
    xiaochen.writes("后")
    settled(web)
    assert len(lines) == 2
    assert heard(database) == ["前", "后"]
