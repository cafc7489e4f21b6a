"""An enterprise in real browsers: staff keep it and give a code, the customer binds with it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.database import Database
from bot.enterprises.models import Enterprise, Way
from bot.staff.models import Staff
from tests.bot.enterprises.cast import VALVES
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_desk import browser, desk, queued, sign_in, web
from tests.connectors.serving import Served
from tests.fakes import FakeClock

__all__ = ["browser", "desk", "web"]

pytestmark = pytest.mark.browser

NAME = "云州启闭阀门有限公司"


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_staff_keep_an_enterprise_and_give_a_code(
    desk: Page, web: Served, database: Database, clock: FakeClock, size: tuple[int, int]
) -> None:
    queued(web, database, clock, "我们厂想看看工单")
    desk.set_viewport_size({"width": size[0], "height": size[1]})
    sign_in(desk)
    desk.locator(".row").first.click()
    if size == PHONE:
        desk.get_by_role("button", name="客户信息").click()
    part = desk.locator("[data-enterprise]")
    part.get_by_label("查找企业").fill(NAME)
    part.get_by_role("button", name="查找").click()
    part.get_by_role("button", name="建立企业档案").click()
    part.get_by_label("统一社会信用代码").fill(VALVES[:-1] + "0")
    part.get_by_role("button", name="保存").click()
    expect(part.get_by_role("alert")).to_contain_text("校验位")
    part.get_by_label("统一社会信用代码").fill(VALVES)
    part.get_by_role("button", name="保存").click()
    part.get_by_role("button", name="给绑定码").click()
    given = part.locator(".enterprise-given")
    expect(given).to_have_text(re.compile(r"^\d{6}$"))
    assert part.evaluate("each => each.scrollWidth <= each.clientWidth")
    code = given.inner_text()
    part.get_by_role("button", name="放入回复").click()
    expect(desk.locator("textarea")).to_have_value(re.compile(f"绑定 {code}"))


def test_a_customer_opens_the_link_sends_and_staff_see_it_until_they_unbind(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        alice = session.scalars(select(Staff)).one()
        company = Enterprise(name=NAME, credit_code=VALVES, created_at=clock())
        session.add(company)
        session.flush()
        binder = web.app.ctx.binder
        token = binder.issue(session, company, alice, Way.LINK, now=clock()).secret
    customer = desk.context.new_page()
    customer.goto(f"{web.url}/#bind={token}")
    box = customer.get_by_label("输入您的问题")
    expect(box).to_have_value(f"绑定 {token}")
    expect(customer).not_to_have_url(re.compile("bind"))
    box.press("Enter")
    said = customer.get_by_role("log").get_by_text(f"已绑定：{NAME}")
    expect(said).to_be_visible()
    box.fill("转人工")
    customer.get_by_role("button", name="转人工").first.click()
    expect(customer.get_by_text("排在第 1 位").first).to_be_visible()

    sign_in(desk)
    desk.locator(".row").first.click()
    part = desk.locator("[data-enterprise]")
    expect(part.locator(".side-who")).to_have_text(NAME)
    desk.once("dialog", lambda dialog: dialog.accept())
    part.get_by_role("button", name="解除绑定").click()
    expect(part.get_by_label("查找企业")).to_be_visible()
    expect(customer.get_by_role("log").get_by_text("工作人员已解除")).to_be_visible()
