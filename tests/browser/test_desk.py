"""The desk in a real browser: what staff do all day, and what must not be lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.conversations.changes import changes_for_customer
from bot.conversations.ledger import Opened
from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests import factories
from tests.browser.chromium import DESKTOP, PHONE, launched, visit
from tests.browser.office import is_sent, stop_the_clock
from tests.connectors.serving import Served, served
from tests.fakes import ENTRY, FakeBrain, FakeClock, FakeFaq

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"seen-{uuid4().hex}")
    with database.writing() as session:
        factories.alice(session)
    with served(app) as running:
        yield running


@pytest.fixture
def desk(browser: Browser, web: Served) -> Iterator[Page]:
    """Alice's desk, before she has signed in; nothing may go wrong in its scripts."""
    context, page = visit(browser, f"{web.url}/desk", DESKTOP)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


def queued(web: Served, database: Database, clock: FakeClock, text: str) -> Opened:
    """A customer who asks for a person."""
    with database.writing() as session:
        opened = factories.xiaolin(session, clock)
        factories.writes(session, opened, text, clock)
        web.app.ctx.handoff.request_handoff(
            session, opened.conversation, "customer_asked", now=clock()
        )
    return opened


def sign_in(page: Page, username: str = "alice") -> None:
    """Somebody signs in; their lists are loaded then, and news is followed."""
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(factories.PASSWORD)
    with page.expect_response("**/api/desk/changes*"):
        page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("[data-who]")).to_be_visible()


def told(database: Database, opened: Opened) -> list[str]:
    """What the customer can see."""
    with database.reading() as session:
        page = changes_for_customer(session, opened.conversation.customer_id, 0)
    return [each["message"]["text"] for each in page.changes if each["type"] == "message"]


def test_staff_sign_in_accept_reply_note_and_resolve(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    desk.get_by_label("用户名").fill("alice")
    desk.get_by_label("密码").fill("wrong")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("alert").get_by_text("用户名或密码不正确。")).to_be_visible()
    sign_in(desk)
    expect(desk.locator("[data-who]")).to_have_text("爱丽丝（11 号）")
    expect(desk.get_by_text("没有人在排队")).to_be_visible()

    # Somebody joins the queue while the desk is open.
    waiting = queued(web, database, clock, "压力表多久检定一次 <b>急</b>")
    row = desk.locator(".row").first
    expect(row).to_contain_text("压力表多久检定一次 <b>急</b>")
    expect(desk).to_have_title(re.compile("（1）"))
    desk.keyboard.press("j")
    expect(desk.locator("[data-talk-status]")).to_contain_text("排队中")
    expect(desk.locator("[data-note]")).to_contain_text("客户要求人工")
    desk.keyboard.press("a")
    expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")
    box = desk.get_by_label("回复客户").and_(desk.locator("textarea"))
    expect(box).to_be_focused()

    # A suggestion goes into the box and nowhere else; a draft is kept.
    desk.get_by_role("button", name=f"放入回复：{ENTRY.title}").click()
    expect(box).to_have_value(re.compile(re.escape(ENTRY.answer[:20])))
    assert ENTRY.answer not in told(database, waiting)
    desk.reload()
    expect(box).to_have_value(re.compile("依据："))
    box.fill("您好，")
    box.press("Shift+Enter")
    box.type("半年一次。")
    box.press("Enter")
    log = desk.get_by_role("log")
    expect(log.get_by_text("半年一次。")).to_be_visible()
    expect(box).to_have_value("")
    is_sent(desk)
    assert told(database, waiting)[-1] == "您好，\n半年一次。"

    # The customer answers; nothing has to be reloaded.
    with database.writing() as session:
        factories.writes(session, waiting, "谢谢，证书几天能拿", clock)
    expect(log.get_by_text("谢谢，证书几天能拿")).to_be_visible()

    box.press("Escape")
    desk.keyboard.press("n")
    note = desk.get_by_label("内部备注").and_(desk.locator("textarea"))
    note.type("客户很急")
    note.press("Enter")
    expect(log.locator(".message-private")).to_contain_text("客户很急")
    is_sent(desk)
    assert "客户很急" not in told(database, waiting)

    desk.get_by_role("button", name="结束服务").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("补充说明").fill("半年一次")
    dialog.get_by_role("button", name="结束服务").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("已结束")
    expect(log.get_by_text("办理结果：已解答：半年一次")).to_be_visible()
    expect(desk.get_by_role("radio", name="回复客户")).to_be_disabled()


def test_reply_written_without_a_connection_is_kept_and_sent_once(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "在吗")
    sign_in(desk)
    desk.get_by_role("button", name="接入访客").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")
    lost: list[str] = []

    def lose_the_answer(route: Route) -> None:
        # The server stores it; only the answer gets lost.
        lost.append(route.request.url)
        route.fetch()
        route.abort()

    desk.route("**/messages", lose_the_answer, times=1)
    desk.locator("textarea").fill("在的")
    with desk.expect_event("requestfailed", lambda lost: lost.url.endswith("/messages")):
        desk.locator("textarea").press("Enter")
    expect(desk.get_by_role("log").get_by_text("在的", exact=True)).to_have_count(1)
    is_sent(desk)
    assert len(lost) == 1
    assert told(database, waiting).count("在的") == 1


def test_who_comes_too_late_is_told_who_was_faster(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "在吗")
    sign_in(desk)
    expect(desk.locator(".row")).to_have_count(1)

    def bob_is_faster(route: Route) -> None:
        with database.writing() as session:
            bob = factories.bob(session)
            web.app.ctx.handoff.accept(session, waiting.conversation.id, bob, now=clock())
        route.continue_()

    desk.route("**/accept", bob_is_faster, times=1)
    desk.get_by_role("button", name="接入访客").click()
    expect(desk.get_by_text("鲍勃（12 号）已经接入了这个会话。")).to_be_visible()


def test_expired_sign_in_keeps_what_was_written(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    queued(web, database, clock, "在吗")
    sign_in(desk)
    desk.get_by_role("button", name="接入访客").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")

    def long_after(route: Route) -> None:
        clock.advance(hours=13)
        route.continue_()

    # The sign-in ends while the reply is on its way; who has signed in again need not wait.
    stop_the_clock(desk)
    desk.route("**/messages", long_after, times=1)
    desk.locator("textarea").fill("正在查")
    desk.locator("textarea").press("Enter")
    expect(desk.get_by_text("登录已过期")).to_be_visible()
    sign_in(desk)
    expect(desk.get_by_role("log").get_by_text("正在查", exact=True)).to_have_count(1)
    is_sent(desk)


def test_narrow_screen_shows_one_column_and_leads_back(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    desk.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    queued(web, database, clock, "超长" * 200 + "supercalifragilistic" * 20)
    sign_in(desk)
    desk.locator(".row-open").click()
    expect(desk.locator("[data-talk-open]")).to_be_visible()
    expect(desk.locator("[data-list]")).to_be_hidden()
    desk.get_by_role("button", name="客户信息").click()
    expect(desk.locator("[data-side]")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    desk.get_by_role("button", name="返回会话").click()
    desk.get_by_role("button", name="返回列表").click()
    expect(desk.locator("[data-list]")).to_be_visible()


def test_nothing_moves_while_one_reads_above(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "第一句")
    with database.writing() as session:
        for number in range(40):
            factories.writes(session, waiting, f"第 {number} 段情况说明", clock)
    sign_in(desk)
    desk.locator(".row-open").click()
    scroller = desk.get_by_role("log")
    expect(scroller.get_by_text("第 39 段情况说明")).to_be_in_viewport()
    scroller.evaluate("node => { node.scrollTop = 0; }")
    with database.writing() as session:
        factories.writes(session, waiting, "最新的一句", clock)
    expect(desk.get_by_role("button", name="1 条新消息")).to_be_visible()
    assert scroller.evaluate("node => node.scrollTop") == 0
    desk.get_by_role("button", name="1 条新消息").click()
    expect(scroller.get_by_text("最新的一句")).to_be_in_viewport()


def test_enter_that_picks_a_candidate_sends_nothing(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "在吗")
    sign_in(desk)
    desk.get_by_role("button", name="接入访客").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")
    before = told(database, waiting)
    desk.locator("textarea").fill("ni hao")
    desk.locator("textarea").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    desk.locator("textarea").dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    expect(desk.locator("textarea")).to_have_value("ni hao")
    assert told(database, waiting) == before


def test_each_conversation_keeps_its_own_draft(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    for text in ("第一位", "第二位"):
        queued(web, database, clock, text)
        clock.advance(seconds=1)
    sign_in(desk)
    box = desk.locator("textarea")
    desk.locator(".row-open", has_text="第一位").click()
    box.fill("给第一位的回复")
    desk.locator(".row-open", has_text="第二位").click()
    expect(box).to_have_value("")
    desk.get_by_text("内部备注", exact=True).first.click()
    box.fill("第二位的备注")
    desk.locator(".row-open", has_text="第一位").click()
    expect(box).to_have_value("给第一位的回复")
    desk.locator(".row-open", has_text="第二位").click()
    expect(box).to_have_value("第二位的备注")
    expect(desk.get_by_role("radio", name="内部备注")).to_be_checked()
