"""Colleagues in real browsers: presence, a conversation handed over, a supervisor stepping in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.conversations.ledger import Opened
from bot.database import Database
from bot.settings import Settings
from bot.staff.service import add_staff, by_username
from connectors.app import create_app
from tests import factories
from tests.browser.chromium import DESKTOP, launched, visit
from tests.browser.test_desk import sign_in
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock, tmp_path: Path) -> Iterator[Served]:
    settings = Settings(attachment_folder=str(tmp_path / "attachments"))
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"team-{uuid4().hex}")
    with database.writing() as session:
        factories.alice(session)
        factories.bob(session)
        add_staff(
            session,
            "dora",
            factories.PASSWORD,
            name="朵拉",
            number="21",
            role="supervisor",
            skills=[],
        )
        add_staff(
            session,
            "coordinator",
            factories.PASSWORD,
            name="周科长",
            number="02",
            role="coordinator",
            skills=[],
        )
    with served(app) as running:
        yield running


@contextmanager
def desk_of(browser: Browser, web: Served, username: str) -> Iterator[Page]:
    context, page = visit(browser, f"{web.url}/desk", DESKTOP)
    sign_in(page, username)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


@pytest.fixture
def alice(browser: Browser, web: Served) -> Iterator[Page]:
    with desk_of(browser, web, "alice") as page:
        yield page


@pytest.fixture
def bob(browser: Browser, web: Served) -> Iterator[Page]:
    with desk_of(browser, web, "bob") as page:
        yield page


@pytest.fixture
def dora(browser: Browser, web: Served) -> Iterator[Page]:
    with desk_of(browser, web, "dora") as page:
        yield page


def waits(web: Served, database: Database, clock: FakeClock) -> Opened:
    with database.writing() as session:
        opened = factories.xiaolin(session, clock)
        factories.writes(session, opened, "压力表怎么检定", clock)
        web.app.ctx.handoff.request_handoff(
            session, opened.conversation, "customer_asked", now=clock()
        )
    return opened


def accepts(page: Page) -> None:
    page.locator("[data-rows] button").first.click()
    page.locator("[data-acts]").get_by_role("button", name="接入").click()
    expect(page.locator("[data-talk-status]")).to_contain_text("由您接待")


def presence_of(database: Database, username: str) -> str:
    with database.reading() as session:
        return str(by_username(session, username).presence)


def offers_to(page: Page, name: str) -> None:
    page.locator("[data-acts]").get_by_role("button", name="转接").click()
    dialog = page.get_by_role("dialog", name="转接会话")
    dialog.get_by_role("radio", name=name).check()
    dialog.get_by_role("button", name="转接", exact=True).click()
    expect(dialog).to_be_hidden()


def test_presence_is_what_the_server_says_and_survives_a_reload(
    alice: Page, database: Database
) -> None:
    expect(alice.get_by_text("您现在离线")).to_be_visible()
    alice.get_by_role("button", name="开始接待").click()
    switch = alice.get_by_label("接待状态")
    expect(switch).to_have_value("available")
    expect(alice.get_by_text("您现在离线")).to_be_hidden()
    assert presence_of(database, "alice") == "available"
    alice.reload()
    expect(switch).to_have_value("available")
    switch.select_option("away")
    expect(alice.locator("[data-presence-place]")).to_have_attribute("data-presence", "away")
    assert presence_of(database, "alice") == "away"


def test_leaving_with_conversations_asks_first_and_gives_them_back(
    alice: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waits(web, database, clock)
    accepts(alice)
    alice.get_by_role("button", name="开始接待").click()
    expect(alice.get_by_label("接待状态")).to_have_value("available")
    alice.get_by_label("接待状态").select_option("away_and_requeue")
    dialog = alice.get_by_role("dialog", name="离开并转出")
    expect(dialog).to_contain_text("1 个会话会放回排队")
    dialog.get_by_role("button", name="不变").click()
    expect(alice.get_by_label("接待状态")).to_have_value("available")
    alice.get_by_label("接待状态").select_option("away_and_requeue")
    dialog.get_by_role("button", name="转出并离开").click()
    expect(alice.get_by_label("接待状态")).to_have_value("away_and_requeue")
    expect(alice.get_by_role("tab", name="排队")).to_contain_text("1")


def test_group_that_does_not_answer_leaves_it_to_the_giver_who_may_queue_it(
    alice: Page, bob: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waits(web, database, clock)
    accepts(alice)
    bob.get_by_role("button", name="开始接待").click()
    expect(bob.get_by_label("接待状态")).to_have_value("available")
    offers_to(alice, "标准组 1 人在线")
    expect(alice.locator("[data-offers]")).to_contain_text("等标准组接手")
    expect(bob.get_by_role("alert", name="爱丽丝（11 号）请您接手")).to_be_visible()
    clock.advance(seconds=31)
    web.app.ctx.sweeper.run_once("transfers")
    expect(alice.locator("[data-offers]")).to_contain_text("标准组没有在 30 秒内回应")
    expect(bob.locator("[data-offers]")).to_be_empty()
    expect(alice.locator("[data-talk-status]")).to_contain_text("由您接待")
    alice.get_by_role("button", name="放到该组排队").click()
    expect(alice.get_by_role("tab", name="我的")).not_to_contain_text("1")
    expect(alice.locator("[data-offers]")).to_be_empty()


def test_first_of_the_group_who_accepts_has_it(
    alice: Page, bob: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waits(web, database, clock)
    accepts(alice)
    bob.get_by_role("button", name="开始接待").click()
    expect(bob.get_by_label("接待状态")).to_have_value("available")
    offers_to(alice, "标准组 1 人在线")
    bob.get_by_role("button", name="接受").click()
    expect(bob.locator("[data-talk-status]")).to_contain_text("由您接待")
    expect(alice.locator("[data-offers]")).to_contain_text("鲍勃（12 号）已接手")


def test_offer_is_accepted_by_the_colleague_and_the_sender_is_told(
    alice: Page, bob: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    opened = waits(web, database, clock)
    accepts(alice)
    offers_to(alice, "鲍勃（12 号）")
    expect(alice.locator("[data-offers]")).to_contain_text("等鲍勃（12 号）接手")
    card = bob.locator(".offer-card")
    expect(card).to_contain_text("爱丽丝（11 号）请您接手")
    expect(card).to_contain_text("秒")
    card.get_by_role("button", name="接受").click()
    expect(bob.locator("[data-talk-status]")).to_contain_text("由您接待")
    expect(alice.locator("[data-offers]")).to_contain_text("鲍勃（12 号）已接手")
    alice.locator("[data-offers]").get_by_role("button", name="知道了").click()
    expect(alice.locator(".offer-card")).to_have_count(0)
    with database.reading() as session:
        holder = session.get_one(type(opened.conversation), opened.conversation.id).staff
        assert holder is not None
        assert holder.username == "bob"


def test_offer_is_refused_withdrawn_and_still_there_after_a_reload(
    alice: Page, bob: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waits(web, database, clock)
    accepts(alice)
    offers_to(alice, "鲍勃（12 号）")
    expect(bob.locator(".offer-card")).to_be_visible()
    bob.reload()
    bob.locator(".offer-card").get_by_role("button", name="不接").click()
    expect(bob.locator(".offer-card")).to_have_count(0)
    expect(alice.locator("[data-offers]")).to_contain_text("没有接手，会话仍由您接待")
    offers_to(alice, "鲍勃（12 号）")
    expect(bob.locator(".offer-card")).to_be_visible()
    alice.locator("[data-offers]").get_by_role("button", name="撤回").click()
    expect(bob.locator(".offer-card")).to_have_count(0)
    expect(alice.locator("[data-talk-status]")).to_contain_text("由您接待")


def test_conversation_goes_to_a_group_at_once(
    alice: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waits(web, database, clock)
    accepts(alice)
    offers_to(alice, "标准组")
    expect(alice.locator("[data-talk-status]")).to_contain_text("排队中 · 标准")


def test_supervisor_watches_whispers_and_takes_over_after_confirming(
    alice: Page, dora: Page, web: Served, database: Database, clock: FakeClock
) -> None:
    waits(web, database, clock)
    accepts(alice)
    dora.get_by_role("tab", name="接待中").click()
    dora.locator("[data-rows] button").first.click()
    expect(dora.locator("[data-talk-status]")).to_contain_text("爱丽丝（11 号）接待中")
    dora.get_by_label("内部备注", exact=True).first.check()
    dora.locator("[data-input]").fill("先问清量程")
    dora.locator("[data-send]").click()
    expect(alice.get_by_role("log").get_by_text("先问清量程")).to_be_visible()
    dora.locator("[data-acts]").get_by_role("button", name="接过会话").click()
    dialog = dora.get_by_role("dialog", name="接过会话")
    expect(dialog).to_contain_text("爱丽丝（11 号）正在接待")
    dialog.get_by_role("button", name="从爱丽丝（11 号）接过").click()
    expect(dora.locator("[data-talk-status]")).to_contain_text("由您接待")
    expect(alice.locator("[data-offers]")).to_contain_text("朵拉（21 号）接过了您接待的会话")
    expect(alice.locator("[data-acts]").get_by_role("button", name="接过会话")).to_have_count(0)


def test_notices_are_set_once_and_kept(alice: Page) -> None:
    alice.get_by_text("设置", exact=True).click()
    expect(alice.get_by_label("客户新消息响铃")).to_be_checked()
    expect(alice.get_by_label("不看这个页面时弹出系统通知")).not_to_be_checked()
    alice.get_by_label("客户新消息响铃").uncheck()
    alice.get_by_role("button", name="试听").click()
    alice.reload()
    alice.get_by_text("设置", exact=True).click()
    expect(alice.get_by_label("客户新消息响铃")).not_to_be_checked()
    expect(alice.get_by_label("新的排队响铃")).to_be_checked()


def test_board_shows_the_team_and_follows_what_happens(
    browser: Browser, web: Served, database: Database, clock: FakeClock
) -> None:
    with desk_of(browser, web, "dora") as page:
        page.keyboard.press("t")
        board = page.get_by_role("dialog", name="团队看板")
        figures = board.locator("[data-board-figures]")
        expect(figures).to_contain_text("排队0")
        expect(board.get_by_role("row", name="爱丽丝（11 号）")).to_contain_text("0 / 5")
        # Nobody touches the page from here on.
        opened = waits(web, database, clock)
        expect(figures).to_contain_text("排队1")
        with database.writing() as session:
            alice = by_username(session, "alice")
            web.app.ctx.handoff.accept(session, opened.conversation.id, alice, now=clock())
        expect(board.get_by_role("row", name="爱丽丝（11 号）")).to_contain_text("1 / 5")
        clock.advance(hours=5)
        expect(board.locator("[data-board-late]")).to_contain_text("超时")
        board.locator(".board-open").click()
        expect(board).to_be_hidden()
        expect(page.locator("[data-talk-open]")).to_be_visible()
