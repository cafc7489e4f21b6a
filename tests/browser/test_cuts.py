"""The network goes and comes at any moment; the page ends with what a fresh one shows."""

from __future__ import annotations

from random import Random

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.office import Office, ask, is_sent, said

pytestmark = pytest.mark.browser

STEPS = 12


def test_words_that_the_feed_brings_before_the_answer_stand_there_once(
    office: Office, page: Page
) -> None:
    ask(page, "第一句")
    said(page, "听到：第一句").wait_for()

    def late(route: Route) -> None:
        route.fetch()
        is_sent(page)
        route.abort()

    page.route("**/messages", late, times=1)
    with page.expect_event("requestfailed", lambda lost: lost.url.endswith("/messages")):
        ask(page, "第二句")
    said(page, "听到：第二句").wait_for()
    is_sent(page)
    expect(said(page, "第二句")).to_have_count(1)
    assert office.heard() == ["第一句", "第二句"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_page_that_was_cut_off_at_any_moment_ends_with_what_a_fresh_page_shows(
    office: Office, page: Page, seed: int
) -> None:
    chance = Random(seed)
    ask(page, "第一句")
    said(page, "听到：第一句").wait_for()
    office.staff("accept")
    written: list[str] = []
    for number in range(STEPS):
        step = chance.choice(["off", "on", "staff", "staff", "customer"])
        if step in ("off", "on"):
            page.context.set_offline(step == "off")
            continue
        written.append(f"{step} {number}")
        if step == "staff":
            office.staff("say", written[-1])
        else:
            ask(page, written[-1])
        if chance.random() < 0.5:
            # Long enough for a message to be half on its way, or to arrive.
            page.wait_for_timeout(chance.randrange(80))
    page.context.set_offline(False)
    for text in written:
        expect(said(page, text)).to_have_count(1)
    page.get_by_text("网络连接中断").wait_for(state="hidden")
    is_sent(page)
    texts = page.locator(".log .text")
    followed = texts.all_inner_texts()
    page.reload()
    said(page, written[-1]).wait_for()
    expect(texts).to_have_count(len(followed))
    assert texts.all_inner_texts() == followed
    assert [each for each in texts.all_inner_texts() if each.startswith("staff")] == [
        each for each in written if each.startswith("staff")
    ]
    assert sorted(office.heard()) == sorted(
        ["第一句", *(each for each in written if each.startswith("customer"))]
    )
