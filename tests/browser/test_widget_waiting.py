"""小林 waits for a person, is served, and gets back to the bot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.cases.models import Case
from bot.conversations.models import Conversation, Episode
from bot.database import Database
from bot.feedback.models import ConversationFeedback
from tests.browser.office import Office, ask, box, said, stop_the_clock
from tests.factories import xiaolin
from tests.fakes import FakeClock

pytestmark = pytest.mark.browser


def others_waited(database: Database, clock: FakeClock, minutes: list[int]) -> None:
    """Others, yesterday at this time, each alone in the queue."""
    with database.writing() as session:
        former = xiaolin(session, clock).conversation
        for number, each in enumerate(minutes, 1):
            began_at = clock() - timedelta(hours=24, minutes=8 * number)
            session.add(
                Episode(
                    conversation_id=former.id,
                    customer_id=former.customer_id,
                    number=number,
                    category="metrology",
                    reason="customer_asked",
                    began_at=began_at,
                    accepted_at=began_at + timedelta(minutes=each),
                )
            )


def somebody_is_ahead(office: Office, clock: FakeClock) -> str:
    """Another customer has been waiting for a minute."""
    with office.database.writing() as session:
        opened = xiaolin(session, clock)
        opened.conversation.category = "metrology"
        handoff = office.web.app.ctx.handoff
        before = clock() - timedelta(minutes=1)
        handoff.request_handoff(session, opened.conversation, "customer_asked", now=before)
    return opened.conversation.id


def test_place_and_range_are_shown_and_follow_the_queue(
    office: Office, page: Page, clock: FakeClock
) -> None:
    others_waited(office.database, clock, [2, 3, 3, 4, 5, 6])
    ahead = somebody_is_ahead(office, clock)
    ask(page, "二十块压力表要检定")
    said(page, "听到：二十块压力表要检定").wait_for()
    page.get_by_role("button", name="转人工").click()
    strip = page.get_by_role("group", name="服务状态")
    expect(strip).to_contain_text("排在第 2 位，预计 3–5 分钟")
    leave = strip.get_by_role("button", name="留言")
    leave.focus()
    with office.database.writing() as session:
        handoff = office.web.app.ctx.handoff
        handoff.cancel(session, session.get_one(Conversation, ahead), now=clock())
    office.web.app.ctx.sweeper.run_once("waiting_told")
    expect(strip).to_contain_text("排在第 1 位，预计 3–5 分钟")
    expect(strip).to_contain_text("下一位就是您")
    # Whoever was about to press a button can still do so.
    expect(leave).to_be_focused()
    leave.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("11 月 25 日（周三）17:30 前答复")
    expect(strip).to_be_hidden()
    with office.database.reading() as session:
        assert session.scalars(select(Case.need)).one() == "二十块压力表要检定"


def test_queue_is_left_with_a_button_and_the_bot_answers_again(office: Office, page: Page) -> None:
    page.get_by_role("button", name="转人工").click()
    page.get_by_role("group", name="服务状态").get_by_role("button", name="取消排队").click()
    expect(page.get_by_role("log")).to_contain_text("已取消排队")
    ask(page, "压力表")
    said(page, "听到：压力表").wait_for()


def test_helper_is_named_in_the_head_until_the_customer_ends_it(office: Office, page: Page) -> None:
    ask(page, "压力表")
    said(page, "听到：压力表").wait_for()
    page.get_by_role("button", name="转人工").click()
    page.get_by_role("button", name="取消排队").wait_for()
    office.staff("accept")
    expect(page.get_by_role("heading", level=2, name="爱丽丝（11 号）")).to_be_visible()
    office.staff("say", "每半年检定一次。")
    said(page, "每半年检定一次。").wait_for()
    page.get_by_role("button", name="结束服务").click()
    page.get_by_role("button", name="继续对话").click()
    expect(page.get_by_role("button", name="结束服务")).to_be_focused()
    page.get_by_role("button", name="结束服务").press("Enter")
    page.get_by_role("group", name="服务状态").get_by_role("button", name="结束服务").click()
    expect(page.get_by_role("heading", level=2, name="智能助手")).to_be_visible()
    page.get_by_text("请为爱丽丝的服务评分").last.wait_for()
    page.get_by_text("很不满意").click()
    page.get_by_role("button", name="提交评分").click()
    expect(page.get_by_text("平台主管会在 11 月 25 日（周三）17:30 前跟进")).to_be_visible()
    with office.database.reading() as session:
        assert session.scalars(select(ConversationFeedback.score)).one() == 1
        assert session.scalars(select(Case.kind)).one() == "follow_up"
    ask(page, "卡尺")
    said(page, "听到：卡尺").wait_for()
    expect(page.get_by_text("平台主管会在")).to_be_hidden()


def test_scenario_38_typing_mark_goes_by_itself_and_when_the_words_come(
    office: Office, page: Page
) -> None:
    page.get_by_role("button", name="转人工").click()
    page.get_by_role("button", name="取消排队").wait_for()
    office.staff("accept")
    page.get_by_role("button", name="结束服务").wait_for()
    stop_the_clock(page)
    mark = page.get_by_text("爱丽丝（11 号）正在输入")
    office.staff_types()
    expect(mark).to_be_visible()
    office.staff("say", "您好")
    said(page, "您好").wait_for()
    expect(mark).to_be_hidden()
    office.staff_types()
    expect(mark).to_be_visible()
    page.clock.fast_forward(6_000)
    expect(mark).to_be_hidden()
    office.staff_types()
    expect(mark).to_be_visible()
    ask(page, "结束")
    expect(page.get_by_role("button", name="转人工")).to_be_visible()
    assert mark.is_hidden()


def test_what_the_customer_types_is_told_to_who_serves_and_not_to_the_queue(
    office: Office, page: Page
) -> None:
    page.get_by_role("button", name="转人工").click()
    page.get_by_role("button", name="取消排队").wait_for()
    told: list[str] = []
    page.on(
        "request", lambda request: told.append(request.url) if "typing" in request.url else None
    )
    box(page).type("在吗")
    office.staff("accept")
    page.get_by_role("button", name="结束服务").wait_for()
    assert told == []
    with page.expect_response(lambda response: response.url.endswith("/typing")) as answer:
        box(page).type("？")
    assert answer.value.json() == {"told": True}
