"""小陈 is bound to a company in the chat: by digits, by a QR code, and no more after leaving."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select

from bot.conversations.audit import audit
from bot.conversations.models import Conversation
from bot.database import Database
from bot.enterprises.models import BindingEvent, Enterprise, Membership, Way
from bot.enterprises.records import add_enterprise
from bot.staff.models import Staff
from bot.staff.service import sign_in
from bot.wechat.models import WeChatWindow
from tests.bot.enterprises.cast import VALVES
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import count, settled
from tests.factories import alice
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone

COMPANY = "云州启闭阀门有限公司"


@pytest.fixture
def company(database: Database, clock: FakeClock) -> Enterprise:
    with database.writing() as session:
        return add_enterprise(session, alice(session), COMPANY, VALVES, "", now=clock())


def given(web: Served, database: Database, company: Enterprise, way: Way) -> str:
    with database.writing() as session:
        staff = session.scalars(select(Staff)).one()
        binder = web.app.ctx.binder
        return str(binder.issue(session, company, staff, way, now=web.app.ctx.clock()).secret)


def test_digits_bind_and_the_menu_unbinds(
    web: Served,
    xiaochen: Phone,
    company: Enterprise,
    database: Database,
    brain: FakeBrain,
    clock: FakeClock,
) -> None:
    code = given(web, database, company, Way.CODE)
    xiaochen.writes(f"绑定 {code}", times=3)
    settled(web)
    assert [text.startswith(f"已绑定：{COMPANY}") for text in xiaochen.texts] == [True]
    xiaochen.writes("解除绑定")
    settled(web)
    xiaochen.presses("确认解除绑定")
    settled(web)
    assert xiaochen.texts[-1].startswith(f"已解除与 {COMPANY} 的绑定")
    assert count(database, Membership) == 0
    assert brain.heard == []
    with database.reading() as session:
        assert audit(session, grace=timedelta(), now=clock()).problems == []


@pytest.mark.parametrize("event", ["SCAN", "subscribe"])
def test_a_qr_code_binds_once_and_its_secret_is_not_kept_as_a_scene(
    web: Served, xiaochen: Phone, company: Enterprise, database: Database, event: str
) -> None:
    token = given(web, database, company, Way.SCENE)
    prefix = "qrscene_" if event == "subscribe" else ""
    xiaochen.does(event, f"<EventKey>{prefix}bind_{token}</EventKey><Ticket>T</Ticket>")
    settled(web)
    # The greeting and this may come as one message.
    assert f"已绑定：{COMPANY}" in xiaochen.texts[-1]
    with database.reading() as session:
        assert session.scalars(select(WeChatWindow.scene)).all() == [""]
    web.app.ctx.clock.advance(seconds=1)
    xiaochen.does("SCAN", f"<EventKey>bind_{token}</EventKey><Ticket>U</Ticket>")
    settled(web)
    assert "用过" in xiaochen.texts[-1]


@pytest.mark.parametrize("scene", ["bind_", "bind_123456", "bind_" + "x" * 22, "bind_绑定"])
def test_a_code_that_anybody_could_make_binds_nobody(
    web: Served, xiaochen: Phone, company: Enterprise, database: Database, scene: str
) -> None:
    xiaochen.does("SCAN", f"<EventKey>{scene}</EventKey><Ticket>T</Ticket>")
    settled(web)
    assert len(xiaochen.texts) == 1
    assert count(database, Membership) == 0


def test_whoever_leaves_speaks_for_nobody(
    web: Served, xiaochen: Phone, company: Enterprise, database: Database
) -> None:
    xiaochen.writes(f"绑定 {given(web, database, company, Way.CODE)}")
    settled(web)
    assert count(database, Membership) == 1
    xiaochen.does("unsubscribe")
    settled(web)
    assert count(database, Membership) == 0
    with database.reading() as session:
        assert [each.by for each in session.scalars(select(BindingEvent))] == [
            "customer",
            "unfollowed",
        ]


def test_staff_give_a_qr_code_that_passes_and_a_link(
    web: Served, xiaochen: Phone, company: Enterprise, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("您好")
    settled(web)
    with database.writing() as session:
        signed_in = sign_in(session, "alice", "127.0.0.1", now=clock())
        conversation_id = session.scalars(select(Conversation.id)).one()
    with web.client() as desk:
        desk.cookies.set("desk_session", signed_in.token)
        desk.headers["X-CSRF-Token"] = signed_in.csrf_token
        address = f"/api/desk/conversations/{conversation_id}/binding"
        asked = {"enterprise_id": company.id}
        image = desk.post(address, json={**asked, "way": "scene"}).json()["image"]
        link = desk.post(address, json={**asked, "way": "link"}).json()["link"]
        xiaochen.tencent.switches.forget_tokens = True
        refused = desk.post(address, json={**asked, "way": "scene"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "channel_away")
    assert link.startswith("https://platform.example/#bind=")
    [made] = xiaochen.tencent.codes
    assert made["action_name"] == "QR_STR_SCENE"
    assert made["expire_seconds"] == 86_400
    scene = made["action_info"]["scene"]["scene_str"]
    assert quote(scene) in image
    xiaochen.tencent.switches.forget_tokens = False
    clock.advance(minutes=5)
    xiaochen.does("SCAN", f"<EventKey>{scene}</EventKey><Ticket>T</Ticket>")
    settled(web)
    assert f"已绑定：{COMPANY}" in xiaochen.texts[-1]
