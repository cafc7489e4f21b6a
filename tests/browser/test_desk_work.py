"""What staff reach for all day: phrases, drafts, looking up, calling colleagues, the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.cases.service import open_case
from bot.conversations.desk import record_staff_message
from bot.database import Database
from bot.desk.canned import Phrase, save_canned
from bot.settings import Settings
from bot.staff.models import Staff
from connectors.app import create_app
from tests import factories
from tests.browser.chromium import DESKTOP, PHONE, visit
from tests.browser.office import is_sent, stop_the_clock
from tests.browser.test_desk import queued, sign_in, told
from tests.connectors.serving import Served, served
from tests.fakes import ENTRY, FakeBrain, FakeClock, FakeFaq

pytestmark = pytest.mark.browser


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Served]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"seen-{uuid4().hex}")
    with database.writing() as session:
        factories.alice(session)
        factories.bob(session)
    with served(app) as running:
        yield running


@pytest.fixture
def desk(browser: Browser, web: Served) -> Iterator[Page]:
    context, page = visit(browser, f"{web.url}/desk", DESKTOP)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


def held(web: Served, database: Database, clock: FakeClock, *texts: str) -> list[Any]:
    """Conversations that Alice holds, in this order."""
    opened = []
    for text in texts:
        opened.append(queued(web, database, clock, text))
        clock.advance(seconds=1)
    with database.writing() as session:
        alice = session.query(Staff).filter_by(username="alice").one()
        for each in opened:
            web.app.ctx.handoff.accept(session, each.conversation.id, alice, now=clock())
    return opened


def box(page: Page) -> Any:
    return page.locator("#composer-input")


def open_row(page: Page, text: str) -> None:
    page.locator(".row-open", has_text=text).click()
    expect(page.locator("[data-talk-open]")).to_be_visible()


def test_phrase_is_taken_with_a_slash_and_filled_in(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    (opened,) = held(web, database, clock, "压力表多久检定一次")
    with database.writing() as session:
        alice = session.query(Staff).filter_by(username="alice").one()
        greeting = Phrase("nh", "开场问候", "{客户姓名}您好，工号 {工号} 为您服务。")
        save_canned(session, alice, greeting, now=clock())
    sign_in(desk)
    open_row(desk, "压力表")
    box(desk).focus()
    desk.keyboard.type("/kc")  # the initials of 开场
    choices = desk.locator(".popup-choice")
    expect(choices.first).to_contain_text("开场问候")
    desk.keyboard.press("Enter")
    expect(box(desk)).to_have_value("{客户姓名}您好，工号 11 为您服务。")
    # What nobody knows is selected, to be typed over.
    desk.keyboard.type("陈工")
    expect(box(desk)).to_have_value("陈工您好，工号 11 为您服务。")
    assert "陈工您好，工号 11 为您服务。" not in told(database, opened)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("log").get_by_text("陈工您好")).to_be_visible()

    # An entry of the knowledge base is found the same way; Esc leaves the text as it is.
    desk.keyboard.type(f"/{ENTRY.title[:3]}")
    expect(choices.first).to_contain_text(ENTRY.title)
    desk.keyboard.press("Escape")
    expect(desk.locator("[data-popup]")).to_be_hidden()
    expect(box(desk)).to_have_value(f"/{ENTRY.title[:3]}")
    expect(box(desk)).to_be_focused()


def test_choice_that_was_offered_before_one_typed_on_takes_the_place_of_all_that_was_typed(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    held(web, database, clock, "压力表多久检定一次")
    with database.writing() as session:
        alice = session.query(Staff).filter_by(username="alice").one()
        save_canned(session, alice, Phrase("kc", "开场问候", "您好，请讲。"), now=clock())
    sign_in(desk)
    open_row(desk, "压力表")
    box(desk).focus()
    desk.keyboard.type("/k")
    expect(desk.locator(".popup-choice").first).to_contain_text("开场问候")
    desk.route("**/canned/offers*", lambda route: route.abort())
    desk.keyboard.type("c")
    desk.keyboard.press("Enter")
    expect(box(desk)).to_have_value("您好，请讲。")


def test_phrase_is_kept_changed_and_dropped(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    held(web, database, clock, "在吗")
    sign_in(desk)
    open_row(desk, "在吗")
    desk.get_by_role("button", name="常用语 /").click()
    desk.get_by_role("button", name="管理常用语").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("快捷词").fill("xx xx")
    dialog.get_by_label("名称").fill("稍等")
    dialog.get_by_label("内容").fill("请稍等，我查一下。")
    dialog.get_by_role("button", name="保存常用语").click()
    expect(dialog.get_by_role("alert")).to_contain_text("快捷词应为")
    dialog.get_by_label("快捷词").fill("sd")
    dialog.get_by_role("button", name="保存常用语").click()
    expect(dialog.locator(".canned-row")).to_contain_text("请稍等，我查一下。")
    dialog.get_by_role("button", name="修改：稍等").click()
    dialog.get_by_label("内容").fill("请稍等两分钟。")
    dialog.get_by_role("button", name="保存常用语").click()
    expect(dialog.locator(".canned-row")).to_contain_text("请稍等两分钟。")
    desk.on("dialog", lambda asked: asked.accept())
    dialog.get_by_role("button", name="删除：稍等").click()
    expect(dialog.get_by_text("还没有常用语")).to_be_visible()
    dialog.get_by_role("button", name="关闭").click()


def test_draft_is_there_after_a_reload_and_in_another_browser(
    desk: Page, browser: Browser, web: Served, database: Database, clock: FakeClock
) -> None:
    held(web, database, clock, "第一位", "第二位")
    sign_in(desk)
    open_row(desk, "第一位")
    with desk.expect_response(lambda answer: answer.url.endswith("/draft")):
        box(desk).fill("写到一半的话")
    desk.reload()
    expect(box(desk)).to_have_value("写到一半的话")
    expect(desk.locator(".row", has_text="第一位")).to_contain_text("草稿")

    context, elsewhere = visit(browser, f"{web.url}/desk", DESKTOP)
    sign_in(elsewhere)
    elsewhere.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    elsewhere.get_by_role("tab", name="我的").click()
    open_row(elsewhere, "第一位")
    expect(box(elsewhere)).to_have_value("写到一半的话")
    with elsewhere.expect_response(lambda answer: answer.url.endswith("/draft")):
        box(elsewhere).press("Enter")
    expect(elsewhere.get_by_role("log").get_by_text("写到一半的话")).to_be_visible()
    is_sent(elsewhere)
    context.close()

    # Sent there, it is not waiting here.
    desk.reload()
    expect(desk.get_by_role("log").get_by_text("写到一半的话")).to_be_visible()
    expect(box(desk)).to_have_value("")


def test_conversation_is_looked_up_and_opened_where_it_was_said(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    first, _ = held(web, database, clock, "压力表怎么检", "商标多久")
    with database.writing() as session:
        open_case(
            session,
            "校准",
            now=clock(),
            contact="陈工",
            company="云州恒泰泵业有限公司",
            conversation_id=first.conversation.id,
        )
        factories.writes(session, first, "型号是 DN50 <b>", clock)
        for number in range(40):
            factories.writes(session, first, f"第 {number} 段情况", clock)
    sign_in(desk)
    expect(desk.locator(".row")).to_have_count(2)
    desk.keyboard.press("s")
    desk.keyboard.type("dn50")
    hit = desk.locator(".found-open")
    expect(hit).to_contain_text("型号是 DN50 <b>")
    expect(hit).to_contain_text("陈工 · 云州恒泰泵业有限公司")
    expect(hit.locator("mark")).to_have_text("DN50")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("log").get_by_text("型号是 DN50")).to_be_in_viewport()
    expect(desk.locator("[data-customer]")).to_contain_text("云州恒泰泵业有限公司")
    desk.keyboard.press("Escape")
    expect(desk.locator(".row", has_text="商标")).to_be_visible()
    desk.keyboard.press("s")
    desk.keyboard.type("没有这样的词")
    expect(desk.get_by_text("没有找到会话")).to_be_visible()


def test_colleague_called_in_a_note_is_told_and_finds_it(
    desk: Page, browser: Browser, web: Served, database: Database, clock: FakeClock
) -> None:
    (opened,) = held(web, database, clock, "压力表怎么检")
    sign_in(desk)
    open_row(desk, "压力表")
    desk.keyboard.press("Escape")
    desk.keyboard.press("n")
    desk.keyboard.type("请看下 @鲍")
    expect(desk.locator(".popup-choice")).to_have_text("鲍勃（12 号）")
    desk.keyboard.press("Enter")
    desk.keyboard.type("型号对不对")
    context, theirs = visit(browser, f"{web.url}/desk", DESKTOP)
    sign_in(theirs, "bob")
    desk.keyboard.press("Enter")
    expect(desk.locator(".message-private .called").first).to_have_text("@鲍勃")
    expect(theirs.locator("[data-called-count]")).to_have_text("1")
    desk.keyboard.type("@鲍勃 不急")
    desk.keyboard.press("Enter")
    expect(theirs.locator("[data-called-count]")).to_have_text("2")
    expect(theirs.get_by_role("button", name="爱丽丝（11 号）在备注里提到您")).to_be_visible()
    theirs.keyboard.press("m")
    expect(theirs.locator(".found-open")).to_have_count(2)
    stop_the_clock(theirs)
    theirs.locator(".found-open").first.click()
    expect(theirs.get_by_role("log").get_by_text("型号对不对")).to_be_visible()
    # A moment later the server learns what was read, and what still calls is asked for then.
    theirs.clock.fast_forward(1_000)
    expect(theirs.locator("[data-called-count]")).to_be_hidden()
    theirs.keyboard.press("Escape")
    theirs.keyboard.press("n")
    theirs.keyboard.type("对的")
    theirs.keyboard.press("Enter")
    expect(desk.locator(".message-private").get_by_text("对的", exact=True)).to_be_visible()
    context.close()
    assert "请看下" not in "".join(told(database, opened))


def test_list_counts_filters_and_is_walked_by_keys(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    opened = held(web, database, clock, "第一位", "第二位", "第三位")
    sign_in(desk)
    badges = desk.locator(".row .badge")
    expect(badges).to_have_count(3)
    desk.keyboard.press("j")
    expect(desk.locator("[data-talk-open]")).to_be_visible()
    expect(badges).to_have_count(2)
    desk.keyboard.press("j")
    expect(badges).to_have_count(1)
    desk.keyboard.press("r")
    expect(box(desk)).to_be_focused()
    desk.keyboard.press("Alt+ArrowUp")
    expect(desk.locator(".row-open[aria-current=true]")).to_contain_text("第一位")
    desk.keyboard.press("Escape")
    third = f"/conversations/{opened[2].conversation.id}/read"
    with desk.expect_response(lambda answer: answer.url.endswith(third)):
        desk.keyboard.press("u")
    expect(desk.locator(".row-open[aria-current=true]")).to_contain_text("第三位")
    expect(badges).to_have_count(0)
    desk.keyboard.press("k")
    expect(desk.locator(".row-open[aria-current=true]")).to_contain_text("第二位")

    # What was read stays read after a reload; what comes then is new.
    desk.reload()
    expect(desk.locator(".row")).to_have_count(3)
    expect(badges).to_have_count(0)
    with database.writing() as session:
        factories.writes(session, opened[0], "在吗", clock)
        factories.writes(session, opened[0], "喂", clock)
    expect(badges).to_have_text("2条未读")
    desk.get_by_role("button", name="未读", exact=True).click()
    expect(desk.locator(".row")).to_have_count(2)  # and the one that lies open
    desk.reload()
    expect(desk.get_by_role("button", name="未读", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    desk.get_by_label("按渠道筛选").select_option("wechat")
    expect(desk.locator(".row")).to_have_count(1)
    desk.get_by_role("button", name="清除筛选").first.click()
    expect(desk.locator(".row")).to_have_count(3)


def test_answers_of_colleagues_to_similar_questions_are_one_click_away(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    (earlier,) = held(web, database, clock, "游标卡尺能不能上门校准")
    with database.writing() as session:
        alice = session.query(Staff).filter_by(username="alice").one()
        identity = earlier.conversation.id
        answer = "可以现场校准，请提前三个工作日预约 13812341234。"
        record_staff_message(session, identity, alice, "a", answer, False, now=clock())
        web.app.ctx.handoff.resolve(session, identity, alice, "已解答", now=clock())
    clock.advance(minutes=2)
    held(web, database, clock, "游标卡尺可以上门校准吗")
    sign_in(desk)
    open_row(desk, "游标卡尺可以")
    desk.get_by_role("button", name="放入回复：游标卡尺能不能上门校准").click()
    expect(box(desk)).to_have_value("可以现场校准，请提前三个工作日预约 ［电话］。")


def test_narrow_screen_has_room_for_filters_and_phrases(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    held(web, database, clock, "压力表" * 60)
    sign_in(desk)
    desk.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(desk.locator(".row")).to_have_count(1)
    assert desk.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    open_row(desk, "压力表")
    desk.get_by_role("button", name="常用语 /").click()
    expect(desk.get_by_text("没有这样的常用语")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    small = desk.evaluate(
        """() => [...document.querySelectorAll("button")]
          .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 28)
          .map((each) => each.innerText)"""
    )
    assert small == []
