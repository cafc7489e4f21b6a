"""The whole story in two real browsers over the running product."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, launched, visit
from tests.browser.office import ask
from tests.running import DEMO_PASSWORD, Platform

pytestmark = [pytest.mark.rasa, pytest.mark.processes, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser, platform: Platform) -> Iterator[Page]:
    """A quality manager's phone."""
    context, page = visit(browser, f"{platform.url}/", PHONE)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


@pytest.fixture
def desk(browser: Browser, platform: Platform) -> Iterator[Page]:
    """A service officer's screen."""
    context, page = visit(browser, f"{platform.url}/desk", DESKTOP)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


def test_enterprise_asks_opens_a_case_is_taken_over_and_scores(phone: Page, desk: Page) -> None:
    log = phone.get_by_role("log")

    # Rasa understands, the knowledge base answers with its basis.
    ask(phone, "压力表多久检定一次")
    expect(log).to_contain_text("JJG 52-2013")
    phone.get_by_role("button", name="有帮助").first.click()
    expect(log).to_contain_text("已记录")

    # The resource database lists institutions, and the button under the answer leads there.
    phone.get_by_role("button", name="找能办的机构").click()
    expect(log.get_by_role("article").first).to_be_visible()
    expect(log).to_contain_text("演示数据")

    # A case is repeated back, corrected, and stored under a number.
    for line in ("我要校准 20 把游标卡尺", "现场", "下周三上午", "陈工 13812345678"):
        answered = phone.locator(".message-bot").count()
        ask(phone, line)
        expect(phone.locator(".message-bot")).not_to_have_count(answered)
    expect(log).to_contain_text("138****5678")
    ask(phone, "数量改成 25")
    expect(log).to_contain_text("25 把")
    phone.get_by_role("button", name="提交", exact=True).last.click()
    expect(log).to_contain_text(re.compile(r"YZ-\d{8}-\d{4}"))

    # A person is asked for, and takes over with what the bot knows.
    phone.get_by_role("button", name="转人工").first.click()
    desk.get_by_label("用户名").fill("staff1")
    desk.get_by_label("密码").fill(DEMO_PASSWORD)
    desk.keyboard.press("Enter")
    desk.locator(".row").first.click()
    expect(desk.get_by_role("log")).to_contain_text("压力表多久检定一次")
    desk.get_by_role("button", name="接入").first.click()
    expect(log).to_contain_text("王工（03 号）为您服务")

    # They talk; a suggestion from the knowledge base goes into the box, never out by itself.
    ask(phone, "检定证书丢了怎么办")
    expect(desk.get_by_role("log")).to_contain_text("检定证书丢了怎么办")
    desk.get_by_role("button", name=re.compile("^放入回复")).first.click()
    reply = desk.get_by_label("回复客户").and_(desk.locator("textarea"))
    expect(reply).to_have_value(re.compile("依据"))
    reply.fill("陈工您好，可以向出证机构申请补发。")
    reply.press("Enter")
    expect(log).to_contain_text("陈工您好，可以向出证机构申请补发。")

    # It ends, and the customer scores it.
    desk.get_by_role("button", name="结束服务").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_role("radio").first.check()
    dialog.get_by_role("button", name=re.compile("结束")).last.click()
    phone.get_by_text("很满意", exact=True).click()
    phone.get_by_role("button", name="提交评分").click()
    expect(phone.get_by_text("感谢您的评价")).to_be_visible()
