"""Cases at the desk in a real browser: staff move them on, and the customer hears of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from bot.cases.models import CaseStatus
from bot.cases.progress import advance
from bot.cases.service import open_case
from bot.database import Database
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.test_desk import browser, desk, queued, sign_in, told, web
from tests.connectors.serving import Served
from tests.fakes import FakeClock

__all__ = ["browser", "desk", "web"]

pytestmark = pytest.mark.browser


def test_staff_move_a_case_on_and_the_customer_hears_of_it(
    desk: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waiting = queued(web, database, clock, "校准到哪一步了")
    with database.writing() as session:
        number = open_case(
            session,
            "校准游标卡尺 <b>急</b>",
            now=clock(),
            category="metrology",
            details={"quantity": "20 把", "mode": "onsite", "time": "12 月 2 日（周三）上午"},
            contact="陈工",
            phone="13900001234",
            company="云州泵业有限公司",
            conversation_id=waiting.conversation.id,
        ).number
    sign_in(desk)
    desk.locator(".row").first.click()
    case = desk.locator(".case")
    expect(case).to_contain_text("校准游标卡尺 <b>急</b>")
    expect(case).to_contain_text("已提交")
    expect(case).to_contain_text("13900001234")
    case.get_by_label(f"给客户的说明：{number}").fill("王工跟进")
    case.get_by_role("button", name=f"受理：{number}").click()
    expect(case.locator(".tag").first).to_have_text("已受理")
    expect(desk.get_by_role("log").get_by_text(f"工单 {number} 已受理")).to_be_visible()
    assert "王工跟进" in told(database, waiting)[-1]

    # A colleague was faster: what stands there no longer follows.
    with database.writing() as session:
        web_responses = web.app.ctx.responses
        for status in (CaseStatus.MATCHED, CaseStatus.IN_PROGRESS):
            advance(session, number, status, now=clock(), responses=web_responses)
    expect(case.locator(".tag").first).to_have_text("办理中")
    desk.once("dialog", lambda dialog: dialog.dismiss())
    case.get_by_role("button", name=f"撤销：{number}").click()
    expect(case.locator(".tag").first).to_have_text("办理中")
    case.get_by_role("button", name=f"办结：{number}").click()
    expect(case.locator(".tag").first).to_have_text("已办结")
    expect(case.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_cases_fit_the_screen(
    desk: Page, web: Served, database: Database, clock: FakeClock, size: tuple[int, int]
) -> None:
    waiting = queued(web, database, clock, "校准到哪一步了")
    with database.writing() as session:
        for need in ("校准游标卡尺", "检测一批没有空格的长名字" + "零件" * 40):
            open_case(
                session,
                need,
                now=clock(),
                details={"quantity": "20 把"},
                phone="13900001234",
                conversation_id=waiting.conversation.id,
            )
    desk.set_viewport_size({"width": size[0], "height": size[1]})
    sign_in(desk)
    desk.locator(".row").first.click()
    if size == PHONE:
        desk.get_by_role("button", name="客户信息").click()
    expect(desk.locator(".case")).to_have_count(2)
    side = desk.locator("[data-side]")
    assert side.evaluate("each => each.scrollWidth <= each.clientWidth")
    for button in desk.locator(".case-acts button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= size[0]
