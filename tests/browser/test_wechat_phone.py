"""The phone of ``make demo-wechat``: somebody chats as a WeChat user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.conversations.brain import Answer, Reply
from bot.database import Database
from bot.wechat.menu import menu
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.browser.chromium import visit
from tests.connectors.serving import Served
from tests.connectors.wechat.conftest import SECRET, tencent, web, wechat_settings
from tests.fakes import FakeBrain
from tests.wechat_stand_in.demo import Demo
from tests.wechat_stand_in.phone import Keys
from tests.wechat_stand_in.server import serving
from tests.wechat_stand_in.tencent import Tencent

__all__ = ["SECRET", "tencent", "web", "wechat_settings"]

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """The real one: the sender comes by itself here, and when depends on the time."""
    return lambda: datetime.now(UTC)


@pytest.fixture
def phone(web: Served, tencent: Tencent, browser: Browser) -> Iterator[Page]:
    web._loop.call_soon_threadsafe(web.app.ctx.senders.start)
    about = {"name": "云州平台", "address": web.url}
    demo = Demo(tencent, Keys(APP_ID, TOKEN, ENCODING_AES_KEY), f"{web.url}/wechat/callback", about)
    with serving(demo.application()) as url:
        context, opened = visit(browser, f"{url}/?user=1")
        opened.set_viewport_size({"width": 390, "height": 844})
        yield opened
        broken = opened.broken  # type: ignore[attr-defined]
        context.close()
    demo.close()
    assert broken == []


def says(phone: Page, text: str) -> None:
    """Type and send."""
    phone.locator("#words").fill(text)
    phone.get_by_role("button", name="发送").click()


def test_a_question_is_typed_and_a_choice_pressed(phone: Page, brain: FakeBrain) -> None:
    expect(phone.locator(".chat .note")).to_contain_text("这是演练")
    buttons = [
        {"title": "贸易结算", "payload": "/trade"},
        {"title": "内部使用", "payload": "/inner"},
    ]
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": buttons})]))
    phone.get_by_role("button", name="改为打字").click()
    says(phone, "电子秤要强检吗 <b>")
    expect(phone.locator(".said-user .bubble")).to_have_text("电子秤要强检吗 <b>")
    phone.get_by_role("button", name="内部使用").click()
    expect(phone.locator(".said-account .bubble").last).to_have_text("听到：内部使用")
    assert brain.heard[-1].payload == "/inner"


def test_details_are_a_link(phone: Page, brain: FakeBrain) -> None:
    faq = {"title": "周期", "detail": "先分用途。", "basis": []}
    brain.script.append(Answer([Reply("半年。", "text", {"faq": faq})]))
    phone.get_by_role("button", name="改为打字").click()
    says(phone, "多久检一次")
    link = phone.get_by_role("link", name="详细说明")
    expect(link).to_be_visible()
    assert "/wechat/messages/" in (link.get_attribute("href") or "")


def test_every_item_of_the_menu_can_be_pressed(phone: Page, brain: FakeBrain) -> None:
    pressed = 0
    for entry in menu()["button"]:
        for item in entry.get("sub_button", [entry]):
            if "sub_button" in entry:
                phone.locator("summary", has_text=entry["name"]).click()
            phone.get_by_role("button", name=item["name"]).click()
            pressed += 1
            expect(phone.locator(".said-account")).to_have_count(pressed)
    assert brain.heard


def test_place_and_picture_are_sent(phone: Page, database: Database) -> None:
    phone.get_by_role("button", name="改为打字").click()
    phone.get_by_role("button", name="图片、位置等").click()
    phone.get_by_role("button", name="位置", exact=True).click()
    expect(phone.locator(".said-account")).to_have_count(1)
    expect(phone.locator(".said-user .bubble")).to_contain_text("云州市泵阀产业园")
