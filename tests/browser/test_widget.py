"""小林 uses the assistant in a real browser."""

from __future__ import annotations

from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, Route, expect
from sqlalchemy import select

from bot.conversations.brain import Reply
from bot.feedback.models import ConversationFeedback, MessageFeedback
from bot.settings import Settings
from tests.browser.office import FAQ, OFFER, Office, ask, box, card, is_sent, said, stop_the_clock

pytestmark = pytest.mark.browser


def test_answer_shows_its_basis_unfolds_its_details_and_is_judged(
    office: Office, page: Page
) -> None:
    office.answers(Reply("一般不超过 6 个月。", "text", {"faq": FAQ}))
    page.get_by_role("button", name="压力表多久检定一次").click()
    said(page, "一般不超过 6 个月。").wait_for()
    assert page.get_by_text("JJG 52-2013；《计量法》第九条").is_visible()
    assert not page.get_by_text("第二行说明").is_visible()
    page.get_by_text("详细说明").click()
    assert page.get_by_text("第二行说明").is_visible()
    page.get_by_role("button", name="没帮助").click()
    page.get_by_text("已记录：没帮助").wait_for()
    with office.database.reading() as session:
        assert session.scalars(select(MessageFeedback)).one().helpful is False
    page.reload()
    page.get_by_text("已记录：没帮助").wait_for()


def test_quick_replies_go_away_when_used(office: Office, page: Page) -> None:
    office.answers(Reply("先答一句。"), Reply("要找机构吗？", "buttons", {"buttons": [OFFER]}))
    ask(page, "压力表")
    page.get_by_role("button", name="找机构").click()
    said(page, "听到：找机构").wait_for()
    assert page.get_by_role("button", name="找机构").count() == 0
    assert office.brain.heard[-1].payload == OFFER["payload"]


def test_cards_show_three_facts_their_mark_and_one_action(office: Office, page: Page) -> None:
    office.answers(Reply("找到 5 家：", "list", {"items": [card(n) for n in range(5)]}))
    ask(page, "找机构")
    page.get_by_role("button", name="再看 2 项").click()
    assert page.get_by_text("演示数据").count() >= 5
    first = page.get_by_role("article").first
    assert first.get_by_text("3 公里").is_visible()
    assert not first.get_by_text("5 天").is_visible()
    page.get_by_role("button", name="选这家").nth(4).click()
    said(page, "听到：选这家").wait_for()
    assert office.brain.heard[-1].payload == "/choose_4"


def test_history_is_there_after_a_reload_once_and_in_order(office: Office, page: Page) -> None:
    for number in range(4):
        ask(page, f"问题 {number}")
        said(page, f"听到：问题 {number}").wait_for()
    page.reload()
    said(page, "听到：问题 3").wait_for()
    texts = page.locator(".log .text").all_inner_texts()
    assert texts == [t for n in range(4) for t in (f"问题 {n}", f"听到：问题 {n}")]


def test_message_the_server_did_not_take_is_kept_over_a_reload_and_arrives_once(
    office: Office, page: Page
) -> None:
    def lose_the_answer(route: Route) -> None:
        # The page may be gone before the answer is.
        with suppress(Error):
            route.fetch()
            route.abort()

    page.route("**/messages", lose_the_answer)
    ask(page, "只说一次")
    page.get_by_role("button", name="未发送，点此重试").wait_for()
    page.reload()
    page.unroute("**/messages")
    said(page, "听到：只说一次").wait_for()
    page.get_by_role("button", name="未发送，点此重试").wait_for(state="hidden")
    assert page.locator(".message-customer").count() == 1
    assert office.heard() == ["只说一次"]


def test_written_without_a_network_is_sent_when_it_is_back(office: Office, page: Page) -> None:
    ask(page, "第一句")
    said(page, "听到：第一句").wait_for()
    page.context.set_offline(True)
    ask(page, "断网时写的")
    page.get_by_text("网络连接中断").wait_for()
    page.context.set_offline(False)
    said(page, "听到：断网时写的").wait_for()
    page.get_by_text("网络连接中断").wait_for(state="hidden")
    assert office.heard() == ["第一句", "断网时写的"]


def test_refused_message_says_why_and_can_be_taken_back(page: Page) -> None:
    error = {"error": {"code": "too_large", "message": "一条消息最多 2000 字。"}}
    page.route("**/messages", lambda route: route.fulfill(status=413, json=error))
    ask(page, "被拒的话")
    page.get_by_text("一条消息最多 2000 字。").wait_for()
    page.get_by_role("button", name="取回修改").click()
    assert box(page).input_value() == "被拒的话"


def test_unknown_token_begins_anew_and_loses_nothing_unsent(office: Office, page: Page) -> None:
    ask(page, "旧的会话")
    said(page, "听到：旧的会话").wait_for()
    page.evaluate(
        """() => {
          const key = "assistant.identity";
          const kept = JSON.parse(localStorage[key]);
          localStorage[key] = JSON.stringify({ ...kept, token: "unknown" });
        }"""
    )
    page.reload()
    page.get_by_text("之前的会话已失效").wait_for()
    ask(page, "新的问题")
    said(page, "听到：新的问题").wait_for()


def test_input_method_never_sends(office: Office, page: Page) -> None:
    box(page).fill("输入法")
    for init in ({"isComposing": True}, {"keyCode": 229}):
        box(page).dispatch_event("keydown", {"key": "Enter", "bubbles": True, **init})
    box(page).press("Shift+Enter")
    assert box(page).input_value() == "输入法\n"
    assert office.heard() == []


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_is_not_sent(office: Office, page: Page, text: str) -> None:
    ask(page, text)
    page.get_by_text("请先输入您的问题").wait_for()
    assert page.locator(".message-customer").count() == 0


def test_too_long_is_counted_and_refused_in_words_and_kept(page: Page) -> None:
    box(page).fill("长" * 1900)
    page.get_by_text("1900 / 2000 字").wait_for()
    ask(page, "长" * 30_000)
    page.get_by_text("一条消息最多 2000 字，现在有 30000 字").wait_for()
    assert len(box(page).input_value()) == 30_000


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=\"document.title='坏了'\"><b>粗</b>",
        "'; DROP TABLE messages; --",
        "/restart",
        "超" * 400,
        "a" * 300,
    ],
)
def test_odd_text_is_shown_as_it_is_and_breaks_no_page(
    office: Office, page: Page, text: str
) -> None:
    ask(page, text)
    said(page, f"听到：{text}").wait_for()
    assert page.title() == Settings().platform_name
    assert page.locator(".log img, .log b").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_person_takes_over_and_is_scored_at_the_end(office: Office, page: Page) -> None:
    page.get_by_role("button", name="转人工").click()
    page.get_by_text("已转人工，等待工作人员接入").wait_for()
    office.staff("accept")
    page.get_by_text("爱丽丝（11 号）正在为您服务").wait_for()
    office.staff("say", "您好，我来帮您。资料见 https://example.com/a。")
    said(page, "爱丽丝（11 号）").wait_for()
    link = page.get_by_role("link", name="https://example.com/a")
    assert link.get_attribute("rel") == "noopener noreferrer"
    ask(page, "好的")
    said(page, "好的").wait_for()
    is_sent(page)
    office.staff("resolve")
    page.get_by_text("很不满意").wait_for()
    assert page.get_by_role("button", name="提交评分").is_disabled()
    page.get_by_text("满意", exact=True).click()
    page.get_by_text("办得快").click()
    page.get_by_label("还想说的").fill("很快")
    page.get_by_role("button", name="提交评分").click()
    page.get_by_text("感谢您的评价").wait_for()
    with office.database.reading() as session:
        stored = session.scalars(select(ConversationFeedback)).one()
    assert (stored.score, stored.tags, stored.comment) == (4, ["办得快"], "很快")
    page.reload()
    page.get_by_text("本次服务已结束").first.wait_for()
    assert page.get_by_role("button", name="提交评分").count() == 0
    page.get_by_role("button", name="再次咨询").click()
    page.keyboard.type("还有一个问题")
    page.keyboard.press("Enter")
    said(page, "听到：还有一个问题").wait_for()


def test_who_waits_can_go_back_to_the_bot(office: Office, page: Page) -> None:
    page.get_by_role("button", name="转人工").click()
    ask(page, "先写一句")
    page.get_by_role("button", name="取消排队").click()
    page.locator("[data-status-line][data-status=bot]").wait_for()


def test_bot_at_work_is_shown_and_not_for_ever(
    office: Office, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.web.app.ctx.turns, "wake", lambda *turn: None)
    stop_the_clock(page)
    ask(page, "没有人回答")
    page.locator("[data-typing]").wait_for()
    page.clock.fast_forward(15_000)
    page.locator("[data-typing]").wait_for(state="hidden")


def test_reader_further_up_is_told_of_news_and_not_moved(office: Office, page: Page) -> None:
    page.get_by_role("button", name="转人工").click()
    page.get_by_text("等待工作人员接入").wait_for()
    office.staff("accept")
    for number in range(30):
        office.staff("say", f"第 {number} 条")
    said(page, "第 29 条").wait_for()
    scroller = page.locator("[data-scroller]")
    scroller.evaluate("element => (element.scrollTop = 200)")
    page.wait_for_function("document.querySelector('[data-scroller]').scrollTop === 200")
    office.staff("say", "新来的")
    said(page, "新来的").wait_for()
    page.get_by_role("button", name="条新消息").wait_for()
    assert scroller.evaluate("element => element.scrollTop") == 200
    page.get_by_role("button", name="条新消息").click()
    page.wait_for_function(
        "e => e.scrollHeight - e.scrollTop - e.clientHeight < 80", arg=scroller.element_handle()
    )


def test_everything_can_be_done_by_keyboard(office: Office, page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "直接提问"
    page.keyboard.press("Enter")
    expect(box(page)).to_be_focused()
    page.keyboard.type("只用键盘")
    page.keyboard.press("Enter")
    said(page, "听到：只用键盘").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="收起").wait_for(state="hidden")
