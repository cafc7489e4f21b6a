"""Putting a conversation off at the desk, and being called when its time has come."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from bot.database import Database
from tests.browser.test_desk import sign_in
from tests.browser.test_desk_work import desk, held, web
from tests.connectors.serving import Served
from tests.fakes import FakeClock

__all__ = ["desk", "web"]

pytestmark = pytest.mark.browser


def test_conversation_is_put_off_by_key_and_calls_when_its_time_has_come(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    clock.now = datetime.now(UTC)  # the browser reckons by its own
    held(web, database, clock, "压力表", "温度计")
    sign_in(desk)
    rows = desk.locator("[data-rows] > li")
    rows.filter(has_text="压力表").locator(".row-open").click()
    expect(desk.get_by_role("button", name="稍后处理")).to_be_visible()
    desk.locator("[data-scroller]").focus()
    desk.keyboard.press("p")
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("自己选时间").check()
    dialog.get_by_role("button", name="稍后处理").click()
    expect(dialog.get_by_role("alert")).to_have_text("请选择一个还没有过去的时间。")
    dialog.get_by_label("30 分钟后").check()
    dialog.get_by_label("到时要做什么").fill("等计量所回电")
    dialog.get_by_role("button", name="稍后处理").click()
    expect(rows.last).to_contain_text("稍后处理")
    expect(rows.last).to_contain_text("等计量所回电")
    log = desk.get_by_role("log", name="对话内容")
    expect(log).to_contain_text("等计量所回电")

    clock.advance(hours=1)  # the half hour began by the browser's clock, which has gone on
    web.app.ctx.sweeper.run_once("postponed")
    card = desk.locator("[data-offers]").get_by_role("status")
    expect(card).to_contain_text("该处理了：等计量所回电")
    expect(desk.get_by_role("button", name="稍后处理")).to_be_visible()
    expect(rows.filter(has_text="压力表")).not_to_contain_text("稍后处理")
    card.get_by_role("button", name="知道了").click()
    expect(card).to_have_count(0)
