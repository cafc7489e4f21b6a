"""A customer, the bot, our desk and the company's own people in one chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Author, Customer, Message
from bot.database import Database
from bot.delivery.models import DeliveryState
from bot.feedback.models import ConversationFeedback
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import reasons, resolves, says, states
from tests.connectors.wecom.conftest import OPEN_KFID, XIAOCHEN, settled
from tests.connectors.wecom.looking import consistent, said, seen_at_the_desk
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.kf_phone import KfPhone
from tests.wechat_stand_in.wecom import ASSISTANT

BUTTONS = [{"title": "贸易结算", "payload": "/trade"}, {"title": "内部使用", "payload": "/inner"}]


class TestBot:
    def test_a_question_is_answered(self, web: Served, xiaochen: KfPhone) -> None:
        xiaochen.writes("你好")
        settled(web)
        assert xiaochen.texts == ["听到：你好"]
        assert xiaochen.user.state == ASSISTANT

    def test_an_item_of_a_menu_is_the_button(
        self, web: Served, xiaochen: KfPhone, brain: FakeBrain
    ) -> None:
        brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": BUTTONS})]))
        xiaochen.writes("电子秤要强检吗")
        settled(web)
        assert xiaochen.texts == ["用在哪里？\n贸易结算\n内部使用"]
        xiaochen.presses("内部使用")
        settled(web)
        assert brain.heard[-1].payload == "/inner"

    def test_several_messages_of_one_page_are_all_answered(
        self, web: Served, xiaochen: KfPhone, brain: FakeBrain, database: Database
    ) -> None:
        for text in ("第一", "第二", "第三"):
            xiaochen.writes(text)
        settled(web)
        assert [each.text for each in brain.heard] == ["第一", "第二，第三"]
        consistent(web, database)

    def test_a_long_answer_is_split_within_the_limit(
        self, web: Served, xiaochen: KfPhone, brain: FakeBrain
    ) -> None:
        long = "检定周期见规程😀。" * 200
        brain.script.append(Answer([Reply(long)]))
        xiaochen.writes("说说看")
        settled(web)
        assert "".join(xiaochen.texts) == long
        assert 2 <= len(xiaochen.texts) <= 5

    def test_what_finds_no_room_comes_with_the_next_contact(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        xiaochen.writes("你好")
        settled(web)
        says(web, database, "您好")
        xiaochen.user.left = 0
        settled(web)
        assert DeliveryState.HELD in states(database)
        assert reasons(database) == ["quota_used"] * len(reasons(database))
        xiaochen.writes("在吗")
        settled(web)
        assert "您好" in "\n".join(xiaochen.texts)
        assert DeliveryState.HELD not in states(database)

    def test_a_picture_is_fetched_for_staff(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        xiaochen.wecom.media["PIC"] = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
        xiaochen.sends("image", {"media_id": "PIC"})
        settled(web)
        assert xiaochen.wecom.calls["media/get"] == 1
        assert said(database, Author.CUSTOMER)[0] == "［图片］"
        assert len(xiaochen.texts) == 1

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            ("location", {"latitude": 28.6, "longitude": 121.4, "name": "产业园"}),
            ("location", {"latitude": "north", "longitude": None}),
            ("link", {"title": "文章", "desc": "", "url": "https://example.com"}),
            ("merged_msg", {"title": "聊天记录", "item": []}),
            ("something_new", {"a": {"b": [1]}}),
            ("text", {"content": ""}),
            ("text", {"content": {"not": "text"}}),
        ],
    )
    def test_what_is_no_text_is_kept_and_answered_once(
        self,
        web: Served,
        xiaochen: KfPhone,
        brain: FakeBrain,
        database: Database,
        kind: str,
        content: dict[str, object],
    ) -> None:
        xiaochen.sends(kind, content)
        settled(web)
        assert brain.heard == []
        assert len(xiaochen.texts) == 1
        consistent(web, database)


class TestWelcome:
    def test_who_enters_is_greeted_by_the_code_once(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        code = xiaochen.enters()
        xiaochen.call()
        settled(web)
        assert len(xiaochen.texts) == 1
        assert "智能助手" in xiaochen.texts[0]
        assert code not in xiaochen.wecom.codes
        assert xiaochen.wecom.calls["kf/send_msg_on_event"] == 1
        assert xiaochen.wecom.calls["kf/send_msg"] == 0
        xiaochen.writes("你好")
        settled(web)
        assert xiaochen.user.state == ASSISTANT
        assert xiaochen.wecom.refused == []

    def test_nobody_is_greeted_without_a_code_or_too_late(
        self, web: Served, xiaochen: KfPhone, clock: FakeClock, database: Database
    ) -> None:
        xiaochen.enters(code=False)
        settled(web)
        xiaochen.enters()
        clock.advance(seconds=21)
        settled(web)
        assert xiaochen.texts == []
        assert said(database, Author.SYSTEM) == []

    def test_a_greeting_the_code_does_not_carry_waits_for_the_customer(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        code = xiaochen.enters()
        del xiaochen.wecom.codes[code]
        settled(web)
        assert states(database) == [DeliveryState.HELD]
        xiaochen.writes("你好")
        settled(web)
        assert "智能助手" in "\n".join(xiaochen.texts)


class TestOurDesk:
    def test_staff_answer_while_the_session_stays_with_the_assistant(
        self, web: Served, xiaochen: KfPhone, database: Database, brain: FakeBrain
    ) -> None:
        xiaochen.writes("你好")
        settled(web)
        says(web, database, "您好，我是坐席")
        settled(web)
        assert xiaochen.user.state == ASSISTANT
        assert "您好，我是坐席" in xiaochen.texts[-1]
        xiaochen.writes("谢谢")
        settled(web)
        assert len(brain.heard) == 1
        consistent(web, database)

    def test_the_service_is_scored_in_the_chat(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        xiaochen.writes("你好")
        settled(web)
        staff = says(web, database, "办好了")
        resolves(web, database, staff)
        settled(web)
        xiaochen.presses("4 满意")
        settled(web)
        with database.reading() as session:
            assert session.scalars(select(ConversationFeedback.score)).all() == [4]
        xiaochen.presses("5 很满意")
        settled(web)
        with database.reading() as session:
            assert session.scalars(select(ConversationFeedback.score)).all() == [4]

    def test_the_desk_sees_what_can_be_sent(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        xiaochen.writes("你好")
        settled(web)
        now, detail = web.app.ctx.clock(), seen_at_the_desk(web, database)
        assert detail["customer"]["channel"] == "wechat_kf"
        until = (now + timedelta(hours=48)).isoformat()
        assert detail["reach"] == {"open": True, "left": 4, "until": until, "passive": False}
        assert XIAOCHEN not in repr(detail)
        assert OPEN_KFID not in repr(detail)
        xiaochen.agent_takes()
        settled(web)
        reach = seen_at_the_desk(web, database)["reach"]
        assert reach == {"open": False, "left": 0, "until": until, "passive": False}


def test_a_recalled_message_is_removed_here_too(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    line = xiaochen.writes("我的电话是 13800000000")
    settled(web)
    xiaochen.recalls(line)
    settled(web)
    assert said(database, Author.CUSTOMER) == ["［客户撤回了一条消息］"]
    with database.reading() as session:
        assert session.scalars(select(Message.data).where(Message.author == "customer")).all() == [
            {}
        ]


def test_a_recall_of_nothing_we_know_changes_nothing(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen.recalls({"msgid": "unknown"})
    settled(web)
    assert said(database, Author.CUSTOMER) == ["你好"]


def test_one_person_in_two_companies_accounts_is_two_customers(
    web: Served, xiaochen: KfPhone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    with database.reading() as session:
        (address,) = session.scalars(select(Customer.address)).all()
    assert address == f"{OPEN_KFID}/{XIAOCHEN}"
