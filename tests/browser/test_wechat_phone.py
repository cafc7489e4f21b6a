"""The phone of ``make demo-wechat``: somebody chats as a WeChat user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from bot.cases.models import Case, CaseStatus
from bot.cases.progress import advance, notice_of, tell
from bot.cases.service import open_case
from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from bot.settings import Settings
from bot.wechat.fields import fitted
from bot.wechat.menu import menu
from bot.wechat.windows import exhaust
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.browser.chromium import visit
from tests.connectors.serving import Served
from tests.connectors.wechat.conftest import SECRET, tencent, web
from tests.connectors.wechat.conftest import wechat_settings as account_only
from tests.connectors.wecom.conftest import CALLBACK, CORP_ID, kf_settings, wecom
from tests.fakes import FakeBrain
from tests.wechat_stand_in.demo import Demo
from tests.wechat_stand_in.lines import AccountLine, KfLine
from tests.wechat_stand_in.phone import Keys
from tests.wechat_stand_in.server import serving
from tests.wechat_stand_in.templates import NOTICES
from tests.wechat_stand_in.tencent import Tencent
from tests.wechat_stand_in.wecom import WeCom

__all__ = ["SECRET", "account_only", "kf_settings", "tencent", "web", "wecom"]

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """The real one: the sender comes by itself here, and when depends on the time."""
    return lambda: datetime.now(UTC)


@pytest.fixture
def wechat_settings(account_only: Settings, kf_settings: Settings) -> Settings:
    """Both channels are on."""
    names = ("wecom_corp_id", "wecom_kf_secret", "wecom_token", "wecom_encoding_aes_key")
    kf = {name: getattr(kf_settings, name) for name in (*names, "wecom_api_base")}
    return replace(account_only, wechat_notices=str(NOTICES), **kf)


@pytest.fixture
def line() -> str:
    return "account"


@pytest.fixture
def phone(
    web: Served, tencent: Tencent, wecom: WeCom, browser: Browser, line: str
) -> Iterator[Page]:
    web._loop.call_soon_threadsafe(web.app.ctx.senders.start)
    web._loop.call_soon_threadsafe(web.app.ctx.kf_puller.start)
    about = {"name": "云州平台", "address": web.url}
    keys, kf_keys = (Keys(name, TOKEN, ENCODING_AES_KEY) for name in (APP_ID, CORP_ID))
    demo = Demo(
        AccountLine(tencent, keys, f"{web.url}/wechat/callback"),
        KfLine(wecom, kf_keys, f"{web.url}{CALLBACK}"),
        about,
    )
    with serving(demo.application()) as url:
        context, opened = visit(browser, f"{url}/?user=1&line={line}")
        opened.set_viewport_size({"width": 390, "height": 844})
        yield opened
        broken = opened.broken  # type: ignore[attr-defined]
        context.close()
    demo.close()
    assert broken == []


def says(phone: Page, text: str) -> None:
    """Type and send."""
    phone.locator("#words").fill(text)
    phone.get_by_role("button", name="发送").click()


def test_a_question_is_typed_and_a_choice_pressed(phone: Page, brain: FakeBrain) -> None:
    expect(phone.locator(".chat .note")).to_contain_text("这是演练")
    buttons = [
        {"title": "贸易结算", "payload": "/trade"},
        {"title": "内部使用", "payload": "/inner"},
    ]
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": buttons})]))
    phone.get_by_role("button", name="改为打字").click()
    says(phone, "电子秤要强检吗 <b>")
    expect(phone.locator(".said-user .bubble")).to_have_text("电子秤要强检吗 <b>")
    phone.get_by_role("button", name="内部使用").click()
    expect(phone.locator(".said-account .bubble").last).to_have_text("听到：内部使用")
    assert brain.heard[-1].payload == "/inner"


def test_details_are_a_link(phone: Page, brain: FakeBrain) -> None:
    faq = {"title": "周期", "detail": "先分用途。", "basis": []}
    brain.script.append(Answer([Reply("半年。", "text", {"faq": faq})]))
    phone.get_by_role("button", name="改为打字").click()
    says(phone, "多久检一次")
    link = phone.get_by_role("link", name="详细说明")
    expect(link).to_be_visible()
    assert "/wechat/messages/" in (link.get_attribute("href") or "")


def test_every_item_of_the_menu_can_be_pressed(phone: Page, brain: FakeBrain) -> None:
    pressed = 0
    for entry in menu()["button"]:
        for item in entry.get("sub_button", [entry]):
            if "sub_button" in entry:
                phone.locator("summary", has_text=entry["name"]).click()
            phone.get_by_role("button", name=item["name"]).click()
            pressed += 1
            expect(phone.locator(".said-account")).to_have_count(pressed)
    assert brain.heard


def test_place_and_picture_are_sent(phone: Page, database: Database) -> None:
    phone.get_by_role("button", name="改为打字").click()
    phone.get_by_role("button", name="图片、位置等").click()
    phone.get_by_role("button", name="位置", exact=True).click()
    expect(phone.locator(".said-account")).to_have_count(1)
    expect(phone.locator(".said-user .bubble")).to_contain_text("云州市泵阀产业园")


def test_news_of_a_case_comes_as_a_card_where_no_message_may_be_sent(
    phone: Page, web: Served, database: Database, tencent: Tencent
) -> None:
    phone.get_by_role("button", name="改为打字").click()
    says(phone, "我要校准")
    expect(phone.locator(".said-account")).to_have_count(1)
    phone.get_by_role("button", name="图片、位置等").click()
    phone.get_by_role("button", name="48 小时后").click()
    expect(phone.locator("#state")).to_contain_text("还可发 0 条")
    now = web.app.ctx.clock()
    with database.writing() as session:
        customer_id, conversation_id = session.execute(
            select(Conversation.customer_id, Conversation.id)
        ).one()
        # As the platform's own clock would say by then.
        exhaust(session, customer_id)
        case = open_case(session, "校准 <b> 卡尺", now=now, conversation_id=conversation_id)
        number, due = case.number, case.due_at
        responses = web.app.ctx.responses
        advance(session, number, CaseStatus.ACCEPTED, now=now, responses=responses)
    card = phone.locator(".card")
    expect(card).to_have_count(1)
    expect(card.get_by_role("heading")).to_have_text("工单进度通知")
    at = str(fitted("time4", now))
    expect(card.locator("dd")).to_have_text([number, "校准 <b> 卡尺", "已受理", at])
    link = card.get_by_role("link", name="查看详情")
    assert "/wechat/messages/" in (link.get_attribute("href") or "")
    with database.writing() as session:
        notice = notice_of(session.get_one(Case, 1), "due", "", now)
        tell(session, session.get_one(Case, 1), "快到期了", notice, now=now)
    expect(card).to_have_count(2)
    expect(card.last.get_by_role("heading")).to_have_text("工单到期提醒")
    expect(card.last.locator("dd").last).to_have_text(str(fitted("time3", due)))
    expect(phone.locator(".said-account")).to_have_count(1)


kf = pytest.mark.parametrize("line", ["kf"])


@kf
def test_the_same_person_is_another_customer_in_the_other_chat(
    phone: Page, brain: FakeBrain, wecom: WeCom
) -> None:
    buttons = [{"title": "贸易结算", "payload": "/trade"}]
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": buttons})]))
    says(phone, "电子秤要强检吗")
    phone.get_by_role("button", name="贸易结算").click()
    expect(phone.locator(".said-account .bubble").last).to_have_text("听到：贸易结算")
    assert brain.heard[-1].payload == "/trade"
    assert wecom.refused == []
    phone.get_by_role("link", name="公众号").click()
    expect(phone.get_by_role("link", name="公众号")).to_have_attribute("aria-current", "page")
    expect(phone.locator(".chat .note")).to_contain_text("这是演练")
    expect(phone.locator(".said")).to_have_count(0)


@kf
def test_who_enters_is_greeted_and_a_colleague_in_wecom_silences_the_bot(
    phone: Page, brain: FakeBrain
) -> None:
    more = phone.get_by_role("button", name="图片、位置等")
    more.click()
    phone.get_by_role("button", name="进入客服").click()
    expect(phone.locator(".said-account .bubble")).to_contain_text("智能助手")
    more.click()
    phone.get_by_role("button", name="同事接待").click()
    expect(phone.locator("#state")).to_contain_text("同事接待中")
    says(phone, "您好")
    more.click()
    phone.get_by_role("button", name="同事结束").click()
    expect(phone.get_by_role("button", name="5 很满意")).to_be_visible()
    assert brain.heard == []


@kf
def test_what_is_taken_back_is_gone_on_both_sides(phone: Page, database: Database) -> None:
    says(phone, "我的电话是 13800000000")
    expect(phone.locator(".said-account")).to_have_count(1)
    phone.get_by_role("button", name="图片、位置等").click()
    phone.get_by_role("button", name="撤回").click()
    expect(phone.locator(".note").last).to_have_text("您撤回了一条消息")
    expect(phone.locator(".said-user")).to_have_count(0)
    for _ in range(300):
        with database.reading() as session:
            query = select(Message.text).where(Message.author == Author.CUSTOMER)
            (kept,) = session.scalars(query).all()
        if kept == "［客户撤回了一条消息］":
            break
        phone.wait_for_timeout(100)
    assert kept == "［客户撤回了一条消息］"
