"""A customer and a person see each other typing."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from bot.conversations.models import Conversation
from bot.conversations.typing import heard_by_customer, heard_by_staff
from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests import factories
from tests.browser.chromium import DESKTOP, PHONE, launched, visit
from tests.browser.office import stop_the_clock
from tests.browser.test_desk import sign_in
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"typed-{uuid4().hex}")
    with database.writing() as session:
        factories.alice(session)
    with served(app) as running:
        yield running


@pytest.fixture
def customer(browser: Browser, web: Served) -> Iterator[Page]:
    context, page = visit(browser, f"{web.url}/widget", PHONE)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


@pytest.fixture
def desk(browser: Browser, web: Served) -> Iterator[Page]:
    context, page = visit(browser, f"{web.url}/desk", DESKTOP)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


def test_scenario_38_both_sides_see_the_other_typing_until_the_words_are_there(
    customer: Page, desk: Page, web: Served, database: Database
) -> None:
    customer.get_by_role("button", name="转人工").click()
    customer.get_by_role("button", name="取消排队").wait_for()
    sign_in(desk)
    desk.locator(".row").first.wait_for()
    desk.keyboard.press("j")
    expect(desk.locator("[data-talk-status]")).to_contain_text("排队中")
    desk.keyboard.press("a")
    customer.get_by_role("button", name="结束服务").wait_for()
    with database.reading() as session:
        served = session.scalars(select(Conversation)).one()
    # Word of it is kept for nobody, and it goes by itself after some seconds.
    assert served.staff_id is not None
    web.somebody_hears(heard_by_customer(served.customer_id))
    web.somebody_hears(heard_by_staff(served.staff_id))
    stop_the_clock(customer)
    stop_the_clock(desk)
    reply = desk.get_by_label("回复客户").and_(desk.locator("textarea"))
    reply.press_sequentially("您好")
    expect(customer.get_by_text("爱丽丝（11 号）正在输入")).to_be_visible()
    reply.press("Enter")
    expect(customer.get_by_role("log")).to_contain_text("您好")
    expect(customer.get_by_text("爱丽丝（11 号）正在输入")).to_be_hidden()
    customer.get_by_label("输入您的问题").press_sequentially("压力表")
    expect(desk.get_by_text("客户正在输入")).to_be_visible()
    customer.get_by_label("输入您的问题").press("Enter")
    expect(desk.get_by_role("log", name="对话内容")).to_contain_text("压力表")
    expect(desk.get_by_text("客户正在输入")).to_be_hidden()
