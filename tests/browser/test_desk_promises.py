"""Promised times in the desk's list: fine, near and late, and gone once answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests import factories
from tests.browser.chromium import DESKTOP, visit
from tests.browser.test_desk import queued, sign_in
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq

pytestmark = pytest.mark.browser


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"seen-{uuid4().hex}")
    with database.writing() as session:
        factories.alice(session)
    with served(app) as running:
        yield running


@pytest.fixture
def desk(browser: Browser, web: Served) -> Iterator[Page]:
    context, page = visit(browser, f"{web.url}/desk", DESKTOP)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


def test_badge_warns_before_the_promise_and_says_when_it_is_broken(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    # Eleven, six and no minutes before the desk is opened, at 9:41 in China.
    queued(web, database, clock, "第一位")
    clock.advance(minutes=5)
    queued(web, database, clock, "第二位")
    clock.advance(minutes=6)
    third = queued(web, database, clock, "第三位")
    sign_in(desk)
    badges = desk.locator(".promise")
    expect(badges).to_have_text(["▲ 首响超时", "△ 09:45 前首响", "09:51 前首响"])
    expect(desk.locator(".row .waiting")).to_contain_text(["▲ 超时", "△ 较久", "等待"])

    desk.locator(".row").nth(2).get_by_role("button", name="接入").click()
    desk.get_by_role("tab", name="我的").click()
    expect(badges).to_have_text(["09:51 前首响"])
    desk.locator("textarea").fill("您好")
    desk.locator("textarea").press("Enter")
    expect(badges).to_have_count(0)
    clock.advance(minutes=20)
    with database.writing() as session:
        factories.writes(session, third, "那我再问一句", clock)
    # 10:01 and ten minutes; nobody reloaded the page.
    expect(badges).to_have_text(["10:11 前回复"])


def test_badge_out_of_hours_names_the_day(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    queued(web, database, clock, "下班后才来")
    sign_in(desk)
    expect(desk.locator(".promise")).to_have_text("周三 08:40 前首响")
    expect(desk.locator(".row .waiting")).to_contain_text("等待")
