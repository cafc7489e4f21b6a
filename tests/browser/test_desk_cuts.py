"""The network goes and comes at a desk, answers come late: nothing is lost, doubled or old."""

from __future__ import annotations

from random import Random

import pytest
from playwright.sync_api import Page, Route, expect

from bot.cases.models import CaseStatus
from bot.cases.progress import advance
from bot.cases.service import open_case
from bot.conversations.ledger import Opened
from bot.database import Database
from tests import factories
from tests.browser.office import is_sent
from tests.browser.test_desk import browser, desk, queued, sign_in, told, web
from tests.connectors.serving import Served
from tests.fakes import FakeClock

__all__ = ["browser", "desk", "web"]

pytestmark = pytest.mark.browser

STEPS = 14
BANNER = "网络连接中断，正在重连"


def writes(database: Database, opened: Opened, text: str, clock: FakeClock) -> None:
    clock.advance(seconds=1)
    with database.writing() as session:
        factories.writes(session, opened, text, clock)


def accepted(page: Page, web: Served, database: Database, clock: FakeClock) -> Opened:
    """Alice serves a customer."""
    waiting = queued(web, database, clock, "第一句")
    sign_in(page)
    page.get_by_role("button", name="接入访客").click()
    expect(page.locator("[data-talk-status]")).to_contain_text("由您接待")
    return waiting


def line(page: Page) -> list[str]:
    """Everything in the conversation, from above: messages, notes, events, marks."""
    return [each.replace("\n", " ") for each in page.locator("[data-log] > *").all_inner_texts()]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_desk_that_was_cut_off_at_any_moment_ends_with_what_a_fresh_page_shows(
    desk: Page, web: Served, database: Database, clock: FakeClock, seed: int
) -> None:
    chance = Random(seed)
    waiting = accepted(desk, web, database, clock)
    written: list[str] = []
    box = desk.locator("textarea")
    for number in range(STEPS):
        step = chance.choice(["off", "off", "on", "customer", "customer", "reply", "note"])
        if step in ("off", "on"):
            desk.context.set_offline(step == "off")
            continue
        written.append(f"{step} {number}")
        if step == "customer":
            writes(database, waiting, written[-1], clock)
        else:
            desk.get_by_text(
                "回复客户" if step == "reply" else "内部备注", exact=True
            ).first.click()
            box.fill(written[-1])
            box.press("Enter")
        if chance.random() < 0.5:
            # Long enough for something to be half on its way, or to arrive.
            desk.wait_for_timeout(chance.randrange(80))
    desk.context.set_offline(False)
    log = desk.get_by_role("log")
    for text in written:
        expect(log.get_by_text(text, exact=True)).to_have_count(1)
    expect(desk.get_by_text(BANNER)).to_be_hidden()
    is_sent(desk)
    followed = line(desk)
    desk.reload()
    expect(log.get_by_text(written[-1], exact=True)).to_be_visible()
    assert line(desk) == followed
    said = told(database, waiting)
    replies = [text for text in written if text.startswith("reply")]
    assert [text for text in said if text.startswith("reply")] == replies
    assert not any(text.startswith("note") for text in said)


def test_what_was_typed_and_what_came_while_the_network_was_away_is_there_once_and_in_order(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = accepted(desk, web, database, clock)
    box, log = desk.locator("textarea"), desk.get_by_role("log")
    desk.context.set_offline(True)
    expect(desk.get_by_text(BANNER)).to_be_visible()
    box.fill("断网时发的")
    box.press("Enter")
    box.fill("还没写完的")
    for number in range(3):
        writes(database, waiting, f"断网时来的 {number}", clock)
    expect(log.get_by_text("断网时发的", exact=True)).to_be_visible()
    expect(log.get_by_text("断网时来的 0")).to_have_count(0)

    desk.context.set_offline(False)
    expect(log.get_by_text("断网时来的 2")).to_be_visible()
    expect(desk.get_by_text(BANNER)).to_be_hidden()
    is_sent(desk)
    came = [each for each in line(desk) if "断网时来的" in each]
    assert [each.count(f"断网时来的 {number}") for number, each in enumerate(came)] == [1, 1, 1]
    assert told(database, waiting).count("断网时发的") == 1
    expect(box).to_have_value("还没写完的")


def test_reply_that_the_feed_brings_before_its_answer_stands_there_once(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = accepted(desk, web, database, clock)
    reply = desk.get_by_role("log").get_by_text("在的", exact=True)

    def late(route: Route) -> None:
        route.fetch()
        is_sent(desk)
        expect(reply).to_have_count(1)
        route.abort()

    desk.route("**/messages", late, times=1)
    desk.locator("textarea").fill("在的")
    with desk.expect_event("requestfailed", lambda lost: lost.url.endswith("/messages")):
        desk.locator("textarea").press("Enter")
    is_sent(desk)
    expect(reply).to_have_count(1)
    assert told(database, waiting).count("在的") == 1


def test_note_that_is_begun_before_the_answer_to_accepting_comes_stays_a_note(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    queued(web, database, clock, "第一句")
    sign_in(desk)
    desk.locator(".row-open").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("排队中")

    def late(route: Route) -> None:
        answer = route.fetch()
        expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")
        desk.get_by_text("内部备注", exact=True).first.click()
        desk.locator("textarea").fill("客户很")
        route.fulfill(response=answer)

    desk.route("**/accept", late, times=1)
    with desk.expect_event("requestfinished", lambda done: done.url.endswith("/accept")):
        desk.keyboard.press("a")
    expect(desk.locator("[data-live]")).to_contain_text("已接入")
    desk.keyboard.type("急")
    expect(desk.get_by_role("radio", name="内部备注")).to_be_checked()
    expect(desk.locator("textarea")).to_have_value("客户很急")


def test_message_that_a_look_brings_before_the_feed_is_told_of_to_who_reads_above(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = accepted(desk, web, database, clock)
    log, news = desk.get_by_role("log"), desk.get_by_role("button", name="1 条新消息")
    for number in range(30):
        writes(database, waiting, f"第 {number} 段情况说明", clock)
    expect(log.get_by_text("第 29 段情况说明")).to_be_in_viewport()

    held: list[Route] = []

    def look(route: Route) -> None:
        desk.route("**/api/desk/changes*", lambda route: held.append(route))
        log.evaluate("node => { node.scrollTop = 0; }")
        writes(database, waiting, "最新的一句", clock)
        route.continue_()

    whole = f"/api/desk/conversations/{waiting.conversation.id}"
    desk.route(f"**{whole}", look, times=1)
    with desk.expect_response(f"**{whole}"):
        writes(database, waiting, "第 30 段情况说明", clock)
    expect(news).to_be_visible()
    for each in held:
        each.continue_()
    expect(news).to_be_visible()
    assert log.evaluate("node => node.scrollTop") == 0


def test_buttons_stay_under_the_hand_while_what_is_beside_them_changes(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = accepted(desk, web, database, clock)
    desk.evaluate(
        """() => (window.kept = [
          ...document.querySelectorAll("[data-suggestions] button, [data-customer] > *"),
        ])"""
    )
    with database.writing() as session:
        open_case(session, "校准", now=clock(), conversation_id=waiting.conversation.id)
    expect(desk.locator("[data-side] [data-case]")).to_be_visible()
    assert desk.evaluate("kept.length > 1 && kept.every((each) => each.isConnected)")


def test_what_an_event_changed_is_shown_though_the_look_at_it_was_cut_off(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = accepted(desk, web, database, clock)
    with database.writing() as session:
        number = open_case(
            session, "校准", now=clock(), conversation_id=waiting.conversation.id
        ).number
    case = desk.locator(f'[data-side] [data-case="{number}"]')
    expect(case).to_contain_text("已提交")
    lost: list[str] = []

    def cut(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    # The news arrives, the look at what it is about does not, and then nothing more happens.
    whole = f"/api/desk/conversations/{waiting.conversation.id}"
    desk.route(f"**{whole}", cut, times=1)
    with (
        desk.expect_event("requestfailed", lambda lost: lost.url.endswith(whole)),
        database.writing() as session,
    ):
        advance(session, number, CaseStatus.ACCEPTED, now=clock(), responses=web.app.ctx.responses)
    expect(case).to_contain_text("已受理")
    assert len(lost) == 1


def test_conversation_that_could_not_be_opened_opens_by_itself(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "在吗")
    sign_in(desk)
    whole = f"**/api/desk/conversations/{waiting.conversation.id}"
    desk.route(whole, lambda route: route.abort())
    desk.locator(".row-open").click()
    expect(desk.get_by_text("没能打开这个会话")).to_be_visible()
    desk.unroute(whole)
    expect(desk.get_by_role("log").get_by_text("在吗")).to_be_visible()
    expect(desk.get_by_text("没能打开这个会话")).to_be_hidden()


def test_message_that_arrives_while_a_conversation_is_being_opened_is_not_lost(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "在吗")
    sign_in(desk)
    expect(desk.locator(".row")).to_have_count(1)

    def late(route: Route) -> None:
        answer = route.fetch()
        # Read before the message, and arrives after the news of it.
        writes(database, waiting, "刚才漏说一句", clock)
        with desk.expect_response(lambda each: "/changes" in each.url and each.ok):
            pass
        route.fulfill(response=answer)

    whole = f"**/api/desk/conversations/{waiting.conversation.id}"
    desk.route(whole, late, times=1)
    desk.locator(".row-open").click()
    expect(desk.get_by_role("log").get_by_text("刚才漏说一句")).to_have_count(1)


def test_list_that_comes_late_does_not_bring_back_what_a_colleague_took(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    first = queued(web, database, clock, "第一位")
    sign_in(desk)
    expect(desk.locator(".row")).to_have_count(1)

    def late(route: Route) -> None:
        answer = route.fetch()
        with database.writing() as session:
            bob = factories.bob(session)
            web.app.ctx.handoff.accept(session, first.conversation.id, bob, now=clock())
        expect(desk.locator(".row", has_text="第一位")).to_have_count(0)
        route.fulfill(response=answer)

    lists = "**/api/desk/conversations?status=queued"
    desk.route(lists, late, times=1)
    with desk.expect_response(lists):
        queued(web, database, clock, "第二位")
    expect(desk.locator(".row", has_text="第二位")).to_have_count(1)
    expect(desk.locator(".row", has_text="第一位")).to_have_count(0)


def test_no_row_moves_under_the_hand_while_the_desk_opens(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    queued(web, database, clock, "在吗")

    def late(route: Route) -> None:
        desk.wait_for_timeout(1_000)
        route.continue_()

    desk.route("**/api/desk/presence", late, times=1)
    sign_in(desk)
    row = desk.locator(".row-open")
    expect(row).to_be_visible()
    box = row.bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.mouse.down()
    expect(desk.locator("[data-presence-hint]")).to_be_visible()
    desk.mouse.up()
    expect(desk.get_by_role("log").get_by_text("在吗")).to_be_visible()
    assert row.bounding_box() == box
