"""The assistant on every size of screen, and inside other sites."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from bot.conversations.brain import Reply
from tests.browser.chromium import DESKTOP, PHONE, TABLET, visit
from tests.browser.office import FAQ, OFFER, Office, ask, box, card, said

pytestmark = pytest.mark.browser


NAMELESS = """() => [...document.querySelectorAll("button, a, input, textarea, iframe")]
  .filter((e) => e.checkVisibility())
  .filter((e) => !(e.innerText || e.getAttribute("aria-label") || e.title || e.labels?.length))
  .map((e) => e.outerHTML)"""
SMALL = """() => [...document.querySelectorAll("button, a, summary, textarea")]
  .filter((e) => e.checkVisibility() && !e.classList.contains("skip-link"))
  .map((e) => [e.outerHTML, e.getBoundingClientRect().height])
  .filter(([, height]) => height < 43.5)"""


@pytest.mark.parametrize("path", ["/", "/widget"])
@pytest.mark.parametrize("size", [PHONE, TABLET, DESKTOP, (640, 400), (320, 640)])
@pytest.mark.parametrize("large", [False, True])
def test_page_fits_and_everything_has_a_name_and_a_size(
    office: Office, browser: Browser, path: str, size: tuple[int, int], large: bool
) -> None:
    context, page = visit(browser, office.web.url + path, size, color_scheme="dark")
    if large:
        page.get_by_role("button", name="大字").click()
    office.answers(
        Reply("答。", "text", {"faq": FAQ, "items": [card(1)], "buttons": [OFFER]}),
    )
    ask(page, "看一看 " + "w" * 120)
    page.get_by_role("button", name="找机构").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(SMALL) == []
    assert box(page).is_visible()
    context.close()


def test_other_site_opens_closes_and_counts(office: Office, browser: Browser) -> None:
    # Another host name is another origin, though it is the same machine.
    elsewhere = office.web.url.replace("127.0.0.1", "localhost") + "/elsewhere"
    context, page = visit(browser, elsewhere, DESKTOP)
    button = page.get_by_role("button", name="质量服务咨询")
    button.click()
    frame = page.frame_locator("iframe")
    frame.get_by_label("输入您的问题").fill("从别的网站来")
    frame.get_by_label("输入您的问题").press("Enter")
    frame.get_by_text("听到：从别的网站来").wait_for()
    # Messages from anybody but the frame change nothing.
    page.evaluate(
        """() => new Promise((heard) => {
          addEventListener("message", () => setTimeout(heard), { once: true });
          postMessage({ source: "quality-assistant", type: "close" }, "*");
        })"""
    )
    expect(frame.get_by_label("输入您的问题")).to_be_visible()
    frame.get_by_role("button", name="转人工").click()
    frame.get_by_text("等待工作人员接入").wait_for()
    # What comes from now on is news, and the frame knows that nobody sees it.
    expect(frame.get_by_role("log")).to_have_attribute("aria-live", "polite")
    inside = page.frames[-1]
    inside.evaluate(
        "() => void addEventListener('message', (told) => (window.told = told.data.type))"
    )
    frame.get_by_label("输入您的问题").press("Escape")
    button.wait_for()
    inside.wait_for_function("window.told === 'closed'")
    office.staff("accept")
    office.staff("say", "收起时说的")
    page.get_by_role("button", name="2 条新消息").click()
    frame.get_by_text("以下是新消息").wait_for()
    assert page.broken == []  # type: ignore[attr-defined]
    context.close()


def test_stranger_around_the_frame_learns_nothing(office: Office, browser: Browser) -> None:
    context, page = visit(browser, f"{office.web.url}/widget?origin=javascript:alert(1)")
    ask(page, "没有外框")
    said(page, "听到：没有外框").wait_for()
    assert not page.get_by_role("button", name="收起").is_visible()
    assert page.broken == []  # type: ignore[attr-defined]
    context.close()
