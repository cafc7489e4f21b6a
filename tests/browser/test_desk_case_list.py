"""The list of cases in a real browser: found, unfolded, moved on, and nothing forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from bot.cases.models import Case, CaseKind, CaseStatus
from bot.cases.progress import advance
from bot.cases.service import open_case
from bot.database import Database
from tests import factories
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_desk import browser, desk, queued, sign_in, told, web
from tests.connectors.serving import Served
from tests.fakes import FakeClock

__all__ = ["browser", "desk", "web"]

pytestmark = pytest.mark.browser


def opened(
    database: Database,
    clock: FakeClock,
    need: str,
    kind: CaseKind = CaseKind.SERVICE,
    *,
    late: bool = False,
    company: str = "",
) -> str:
    """A case of a customer whom the bot serves; its number."""
    with database.writing() as session:
        customer = factories.xiaolin(session, clock)
        factories.writes(session, customer, need, clock)
        customer.conversation.category = "metrology"
        case = open_case(
            session,
            need,
            now=clock(),
            kind=kind,
            category="metrology",
            company=company,
            contact="陈工",
            phone="13900001234",
            conversation_id=customer.conversation.id,
        )
        if late:
            case.due_at = clock() - timedelta(hours=3)
        return case.number


def shown(page: Page) -> list[str]:
    """The numbers in the list, from above."""
    return page.locator("[data-case-row] .case-number").all_inner_texts()


def test_cases_are_found_unfolded_and_moved_on_by_keyboard_alone(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    gauge = opened(database, clock, "校准压力表", company="云州泵业有限公司")
    complaint = opened(database, clock, "没人回电话 <b>急</b>", CaseKind.COMPLAINT, late=True)
    sign_in(desk)
    button = desk.get_by_role("button", name="工单，2 个待受理，1 个超时")
    expect(button).to_contain_text("▲ 2")
    desk.keyboard.press("c")
    book = desk.get_by_role("dialog", name="工单")
    first = book.locator(".case-open").first
    expect(first).to_be_focused()
    assert shown(desk) == [complaint, gauge], "what is overdue comes first"
    expect(first).to_contain_text("▲ 答复超时")
    expect(first).to_contain_text("没人回电话 <b>急</b>")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    row = book.locator(f'[data-case-row="{gauge}"]')
    expect(row).to_contain_text("13900001234")
    row.get_by_label(f"给客户的说明：{gauge}").fill("王工跟进")
    # Somebody else moves another case on: what is being written stays.
    with database.writing() as session:
        responses = web.app.ctx.responses
        advance(session, complaint, CaseStatus.ACCEPTED, now=clock(), responses=responses)
    expect(book.locator(f'[data-case-row="{complaint}"]')).to_contain_text("已受理")
    expect(row.get_by_label(f"给客户的说明：{gauge}")).to_have_value("王工跟进")
    expect(row.get_by_label(f"给客户的说明：{gauge}")).to_be_focused()
    row.get_by_role("button", name=f"受理：{gauge}").press("Enter")
    expect(row.locator(".case-tags")).to_contain_text("已受理")
    expect(row).to_contain_text("爱丽丝（11 号）办理")
    expect(row.get_by_role("button", name=f"办结：{gauge}")).to_be_visible()
    expect(book.locator("[data-book-state]")).to_have_text("1 个超时")

    desk.keyboard.press("Escape")
    expect(book).to_be_hidden()
    expect(desk.get_by_role("button", name="工单，1 个超时")).to_contain_text("▲ 1")


def test_filters_and_words_narrow_the_list_and_empty_ones_say_what_to_do(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    sign_in(desk)
    desk.keyboard.press("c")
    book = desk.get_by_role("dialog", name="工单")
    expect(book.get_by_text("没有未办结的工单")).to_be_visible()
    # They come in by themselves.
    gauge = opened(database, clock, "校准压力表", company="云州泵业有限公司")
    message = opened(database, clock, "请回电话", CaseKind.MESSAGE, late=True)
    expect(book.locator("[data-case-row]")).to_have_count(2)
    book.get_by_label("按种类筛选").select_option("service")
    expect(book.locator("[data-case-row]")).to_have_count(1)
    assert shown(desk) == [gauge]
    book.get_by_role("button", name="超时").click()
    expect(book.get_by_text("没有符合条件的工单")).to_be_visible()
    book.get_by_role("button", name="清除条件").last.click()
    expect(book.locator("[data-case-row]")).to_have_count(2)
    book.get_by_label("查找工单").last.fill("泵业")
    expect(book.locator("[data-case-row]")).to_have_count(1)
    assert shown(desk) == [gauge]
    book.get_by_label("查找工单").last.fill(message[-4:])
    expect(book.locator(f'[data-case-row="{message}"]')).to_be_visible()
    book.get_by_role("button", name="我的").click()
    expect(book.get_by_text("您手上没有符合条件的工单")).to_be_visible()
    book.get_by_role("button", name="看全部工单").click()
    book.get_by_label("排序").select_option("newest")
    expect(book.locator("[data-case-row]").first).to_contain_text(message)
    assert shown(desk) == [message, gauge]


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_case_leads_to_its_conversation_and_its_panel(
    desk: Page, web: Served, database: Database, clock: FakeClock, size: tuple[int, int]
) -> None:
    waiting = queued(web, database, clock, "校准到哪一步了")
    with database.writing() as session:
        number = open_case(
            session, "校准游标卡尺", now=clock(), conversation_id=waiting.conversation.id
        ).number
    desk.set_viewport_size({"width": size[0], "height": size[1]})
    sign_in(desk)
    desk.get_by_role("button", name="工单", exact=False).first.click()
    book = desk.get_by_role("dialog", name="工单")
    book.locator(".case-open").click()
    lead = book.get_by_role("button", name=f"打开会话：{number}")
    expect(lead).to_be_visible()
    assert book.evaluate("each => each.scrollWidth <= each.clientWidth")
    lead.click()
    expect(book).to_be_hidden()
    case = desk.locator(f'[data-side] [data-case="{number}"]')
    expect(case).to_be_in_viewport()
    expect(case).to_be_focused()
    case.get_by_role("button", name=f"受理：{number}").click()
    expect(case).to_contain_text("已受理")
    assert any(f"工单 {number} 已受理" in text for text in told(database, waiting))


def test_pages_follow_and_what_was_moved_on_stays_until_one_is_done_with_it(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    for number in range(55):
        opened(database, clock, f"校准第 {number} 批")
    sign_in(desk)
    desk.keyboard.press("c")
    book = desk.get_by_role("dialog", name="工单")
    expect(book.locator("[data-case-row]")).to_have_count(50)
    book.get_by_role("button", name="显示更多工单").click()
    expect(book.locator("[data-case-row]")).to_have_count(55)
    with database.reading() as session:
        every = list(session.scalars(select(Case.number).order_by(Case.due_at, Case.id)))
    assert shown(desk) == every
    book.get_by_label("按进度筛选").select_option("submitted")
    expect(book.locator("[data-case-row]")).to_have_count(50)
    row = book.locator("[data-case-row]").nth(3)
    number = row.locator(".case-number").inner_text()
    row.locator(".case-open").click()
    row = book.locator(f'[data-case-row="{number}"]')
    row.get_by_role("button", name=f"受理：{number}").click()
    expect(row.locator(".case-tags")).to_contain_text("已受理")
    assert shown(desk)[3] == number
    row.locator(".case-open").click()
    opened(database, clock, "又来一个")
    expect(book.locator(f'[data-case-row="{number}"]')).to_have_count(0)
