"""A customer who writes too fast, in a real browser: politely told, nothing lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route

from bot.errors import TooManyRequests
from tests.browser.office import Office, ask, is_sent, said, stop_the_clock

pytestmark = pytest.mark.browser


def test_message_refused_for_haste_stays_and_goes_by_itself(office: Office, page: Page) -> None:
    refusals = []
    sentence = "您发得有点快，请 2 秒后再试。"
    body = TooManyRequests(sentence, retry_after_seconds=2).as_json()

    def refuse_once(route: Route) -> None:
        if refusals:
            route.fallback()
            return
        refusals.append(route.request.url)
        route.fulfill(status=429, json=body)

    page.route("**/messages", refuse_once)
    stop_the_clock(page)
    ask(page, "第一句")
    page.get_by_text("发得有点快，约 2 秒后自动发送").wait_for()
    ask(page, "第二句")
    assert office.heard() == [], "what comes later waits for what came first"
    page.clock.resume()
    said(page, "听到：第一句").wait_for()
    page.get_by_text("发得有点快").wait_for(state="detached")
    is_sent(page)
    assert office.heard() == ["第一句", "第二句"]
