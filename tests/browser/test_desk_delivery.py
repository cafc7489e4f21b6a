"""What did not reach the customer, at the desk in a real browser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from bot.conversations.ledger import append, conversation_at
from bot.conversations.models import Author
from bot.database import Database
from bot.delivery.channel import Failed, Held, Sent
from tests.bot.delivery.post import CHANNEL, FakeChannel, says, sends
from tests.browser.chromium import PHONE
from tests.browser.office import is_sent
from tests.browser.test_desk import browser, desk, queued, sign_in, web
from tests.connectors.serving import Served
from tests.fakes import FakeClock

__all__ = ["browser", "desk", "web"]

pytestmark = pytest.mark.browser


def _send(web: Served) -> None:
    # Playwright keeps a loop running in this thread.
    with ThreadPoolExecutor(1) as other:
        other.submit(sends, web.app.ctx.senders).result()


def test_staff_see_what_failed_and_send_it_again(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    channel = FakeChannel()
    channel.script = [[Sent(), Sent(), Failed("content_refused")], [Sent()]]
    web.app.ctx.senders.add(channel)
    with database.writing() as session:
        _, conversation = conversation_at(session, CHANNEL, "address-of-xiaochen", now=clock())
        says(session, conversation.id, clock, "转人工，卡尺校准报告什么时候出")
        web.app.ctx.handoff.request_handoff(session, conversation, "customer_asked", now=clock())
    sign_in(desk)
    desk.locator(".row").first.click()
    desk.get_by_role("button", name="接入").first.click()
    _reply(desk, "报告周五出具，请留意短信。")
    said = desk.locator(".message-staff", has_text="报告周五出具")
    expect(said).to_contain_text("发送中")
    _send(web)
    expect(said).to_contain_text("⚠ 未送达：内容被渠道拒绝")
    said.get_by_role("button", name="重发").click()
    expect(said).to_contain_text("发送中")
    _send(web)
    expect(said.locator(".delivery")).to_have_text("已发出")
    desk.reload()
    expect(desk.locator(".message-staff .delivery")).to_have_text("已发出")


def test_staff_put_a_held_answer_into_a_case(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    channel = FakeChannel()
    channel.script = [[Held("window_closed"), Held("window_closed")]]
    web.app.ctx.senders.add(channel)
    with database.writing() as session:
        _, conversation = conversation_at(session, CHANNEL, "address-of-xiaochen", now=clock())
        says(session, conversation.id, clock, "校准多少钱")
        append(session, conversation, Author.BOT, "每把 80 元起。", now=clock())
        web.app.ctx.handoff.request_handoff(session, conversation, "customer_asked", now=clock())
    _send(web)
    desk.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    sign_in(desk)
    desk.locator(".row").first.click()
    said = desk.locator(".message-bot", has_text="每把 80 元起")
    expect(said).to_contain_text("等客户来信时送达：超过渠道的回复时限")
    said.get_by_role("button", name="记入工单").click()
    expect(said).to_contain_text("未送达，已记入工单 YZ-")


def test_staff_see_when_the_customers_page_has_the_answer(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "压力表多久检定一次")
    sign_in(desk)
    desk.locator(".row").first.click()
    desk.get_by_role("button", name="接入").first.click()
    _reply(desk, "一般 6 个月。")
    said = desk.locator(".message-staff", has_text="一般 6 个月")
    expect(said).to_contain_text("客户尚未收到")
    with web.client() as customer:
        customer.headers["Authorization"] = f"Bearer {waiting.token}"
        address = f"/api/widget/conversations/{waiting.conversation.id}/changes"
        cursor = customer.get(address).json()["cursor"]
        customer.get(address, params={"after": cursor})
    web.app.ctx.sweeper.run_once("fetched")
    expect(said).to_contain_text("已送达")


def _reply(desk: Page, text: str) -> None:
    desk.get_by_role("textbox", name="回复客户").fill(text)
    # Waits until the page knows that the conversation is ours; before, nothing is sent.
    desk.get_by_role("button", name="发送回复").click()
    is_sent(desk)
