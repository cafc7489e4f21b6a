"""Situations on WeChat, against Tencent's stand-in."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversations.audit import audit
from bot.conversations.brain import Answer, Reply
from bot.conversations.models import (
    Conversation,
    ConversationStatus,
    Customer,
    Message,
    Turn,
)
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.feedback.models import ConversationFeedback
from bot.wechat.tokens import Fetched, Tokens
from bot.wechat.windows import reach_view
from tests.bot.wechat.peer import APP_ID
from tests.connectors.serving import Served
from tests.connectors.wechat.conftest import (
    SECRET,
    XIAOCHEN,
    tencent,
    web,
    wechat_settings,
    xiaochen,
)
from tests.connectors.wechat.talking import count, holds, resolves, says, settled, states
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone

STICKER = "【收到不支持的消息类型，暂无法显示】"

__all__ = ["tencent", "web", "wechat_settings", "xiaochen"]


@pytest.fixture
def brain() -> FakeBrain:
    return FakeBrain()


def test_scenario_02_slash_commands_typed_in_the_chat_are_words(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    for words in ("/restart", "/转人工", '/nlu_fallback{"a": 1}'):
        xiaochen.writes(words)
        settled(web)
        assert (brain.heard[-1].text, brain.heard[-1].payload) == (words, None)


def test_scenario_03_message_delivered_three_times_two_at_once_is_one_turn(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.tencent.acted(XIAOCHEN, wrote=True)
    delivery = xiaochen.delivery(xiaochen.message("text", "<Content>你好</Content>"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(xiaochen.deliver, [delivery, delivery]))
    xiaochen.deliver(delivery)
    settled(web)
    assert [each.text for each in delivery.answers] == ["success"] * 3
    assert count(database, Turn) == 1
    assert xiaochen.texts == ["听到：你好"]


def test_scenario_04_delivery_while_the_turn_runs_joins_it(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    held = holds(web, brain)
    delivery = xiaochen.writes("你好", times=2)
    assert [each.text for each in delivery.answers] == ["success"] * 2
    held()
    settled(web)
    assert count(database, Turn) == 1
    assert xiaochen.texts == ["听到：你好"]


def test_scenario_05_follow_without_an_id_delivered_twice_is_greeted_once(
    web: Served, xiaochen: Phone
) -> None:
    xiaochen.does("subscribe", "<EventKey></EventKey>", times=2)
    settled(web)
    assert len(xiaochen.inbox) == 1
    assert "智能助手" in xiaochen.texts[0]


def test_scenario_19_survey_outside_the_window_waits_for_the_next_contact(
    web: Served, xiaochen: Phone, clock: FakeClock, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    staff = says(web, database, "您好")
    settled(web)
    clock.advance(hours=49)
    calls = xiaochen.tencent.calls["message/custom/send"]
    resolves(web, database, staff)
    settled(web)
    assert xiaochen.tencent.calls["message/custom/send"] == calls
    assert states(database)[-1] == DeliveryState.HELD
    # With the next contact it is there.
    xiaochen.writes("在吗")
    settled(web)
    assert any("评分" in text for text in xiaochen.texts)


def test_scenario_20_replies_beyond_the_quota_are_held_and_come_in_order(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    for number in range(1, 9):
        says(web, database, f"第 {number} 句")
        settled(web)
    assert len(xiaochen.inbox) == 5
    assert xiaochen.tencent.refused == []
    assert states(database).count(DeliveryState.HELD) > 0
    xiaochen.writes("好的")
    settled(web)
    told = "\n".join(xiaochen.texts)
    found = [told.index(f"第 {number} 句") for number in range(1, 9)]
    assert found == sorted(found)
    assert DeliveryState.HELD not in states(database)


def test_scenario_21_reply_after_48_hours_is_held_and_staff_are_told_before(
    web: Served, xiaochen: Phone, clock: FakeClock, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    assert reach(database, clock)["open"] is True
    clock.advance(hours=48)
    # Staff are told before they type, and Tencent is not even asked.
    assert reach(database, clock)["open"] is False
    says(web, database, "您好")
    calls = xiaochen.tencent.calls["message/custom/send"]
    settled(web)
    assert xiaochen.tencent.calls["message/custom/send"] == calls
    assert states(database)[-1] == DeliveryState.HELD


def test_scenario_22_two_processes_renew_one_access_token(
    web: Served, database: Database, clock: FakeClock
) -> None:
    fetched: list[str] = []

    async def fetch() -> Fetched:
        fetched.append("once")
        await asyncio.sleep(0.3)
        return Fetched(f"token-{len(fetched)}", 7200)

    async def both() -> list[str]:
        processes = [Tokens(APP_ID, SECRET, database, fetch, clock) for _ in range(2)]
        return list(await asyncio.gather(*(each.token() for each in processes)))

    assert asyncio.run(both()) == ["token-1", "token-1"]
    assert fetched == ["once"]


@pytest.mark.parametrize(
    ("kind", "inner", "stored", "told"),
    [
        ("image", "<PicUrl>http://x/0</PicUrl><MediaId>M</MediaId>", "［图片］", "已收到图片"),
        ("voice", "<MediaId>M</MediaId><Recognition/>", "［语音］", "听不懂语音"),
        ("video", "<MediaId>M</MediaId>", "［视频］", "视频的内容从微信传不到这里"),
        ("file", "<Title>合同.pdf</Title>", "文件：合同.pdf", "传不到这里"),
        (
            "location",
            "<Location_X>28.6</Location_X><Location_Y>121.4</Location_Y><Label>阀门路</Label>",
            "位置：阀门路",
            "已收到位置：阀门路",
        ),
        ("link", "<Title>报价</Title><Url>https://e.cn/</Url>", "链接：报价 https://e.cn/", "链接"),
        (
            "text",
            "<Content>【收到不支持的消息类型，暂无法显示】</Content>",
            "［无法显示的消息］",
            "文字",
        ),
        ("hologram", "", "［无法显示的消息］", "文字"),
    ],
)
def test_scenario_31_what_is_no_text_is_stored_and_the_customer_told(
    web: Served,
    xiaochen: Phone,
    database: Database,
    brain: FakeBrain,
    kind: str,
    inner: str,
    stored: str,
    told: str,
) -> None:
    xiaochen.sends(kind, inner)
    settled(web)
    with database.reading() as session:
        first = session.scalars(select(Message).order_by(Message.seq)).first()
    assert first is not None
    assert first.text == stored
    assert told in xiaochen.texts[0]
    assert brain.heard == []
    assert len(xiaochen.inbox) == 1


def test_scenario_31_picture_behind_an_unanswered_question_is_no_part_of_it(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    go_on = holds(web, brain)
    xiaochen.writes("压力表多久检一次")
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>M</MediaId>")
    xiaochen.writes("多少钱")
    go_on()
    settled(web)
    assert [each.text for each in brain.heard] == ["压力表多久检一次", "多少钱"]
    with database.reading() as session:
        report = audit(session, grace=timedelta(), now=web.app.ctx.clock())
    assert report.problems == []


def test_scenario_31_voice_that_wechat_understood_is_a_question(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    heard = "<MediaId>M</MediaId><Recognition>压力表多久检一次</Recognition>"
    xiaochen.sends("voice", heard)
    settled(web)
    assert [each.text for each in brain.heard] == ["压力表多久检一次"]


def test_scenario_28_very_long_message_is_cut_or_refused_and_holds_nobody_up(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    assert xiaochen.writes("长" * 5_000).answers[-1].text == "success"
    refused = xiaochen.writes("长" * 30_000).answers[-1]
    assert (refused.status_code, refused.content) == (403, b"")
    assert refused.elapsed.total_seconds() < 1
    xiaochen.openid = "oSOMEBODYELSEaaaaaaaaaaaaaa2"
    xiaochen.writes("你好")
    settled(web)
    assert sorted(len(each.text) for each in brain.heard) == [2, 2000]


def test_scenario_30_message_of_nobody_is_acknowledged_and_kept_nowhere(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    xml = xiaochen.message("text", "<Content>你好</Content>").replace(XIAOCHEN, "")
    delivery = xiaochen.delivery(xml)
    del delivery.query["openid"]
    xiaochen.deliver(delivery)
    settled(web)
    assert delivery.answers[-1].text == "success"
    assert brain.heard == []
    assert count(database, Customer) == count(database, Message) == 0


def test_scenario_31_emoji_are_text(web: Served, xiaochen: Phone, brain: FakeBrain) -> None:
    xiaochen.writes("👨‍👩‍👧 [微笑] /::)")
    settled(web)
    assert [each.text for each in brain.heard] == ["👨‍👩‍👧 [微笑] /::)"]
    assert xiaochen.texts == ["听到：👨‍👩‍👧 [微笑] /::)"]


def test_scenario_33_own_words_mirrored_back_are_ignored(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    stored = count(database, Message)
    echo = xiaochen.message("text", "<Content>听到：你好</Content>")
    account, person = "gh_0123456789ab", XIAOCHEN
    echo = echo.replace(person, "x").replace(account, person).replace("[x]", f"[{account}]")
    delivery = xiaochen.delivery(echo)
    delivery.query["openid"] = account
    xiaochen.deliver(delivery)
    settled(web)
    assert delivery.answers[-1].text == "success"
    assert count(database, Message) == stored
    assert len(brain.heard) == 1


def test_scenario_17_survey_in_the_chat_does_not_open_what_is_over(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    staff = says(web, database, "您好")
    resolves(web, database, staff)
    settled(web)
    xiaochen.presses("5 很满意")
    settled(web)
    xiaochen.presses("1 很不满意")
    settled(web)
    with database.reading() as session:
        scores = session.scalars(select(ConversationFeedback.score)).all()
        statuses = session.scalars(select(Conversation.status)).all()
    assert scores == [5]
    assert statuses == [ConversationStatus.RESOLVED]
    assert "谢谢您的评分" in xiaochen.texts[-2]
    assert "已经评过分" in xiaochen.texts[-1]


def test_scenario_17_score_without_the_id_of_the_item_counts(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    resolves(web, database, says(web, database, "您好"))
    settled(web)
    xiaochen.writes("4 满意")
    settled(web)
    with database.reading() as session:
        assert session.scalars(select(ConversationFeedback.score)).all() == [4]


def test_twelve_replies_of_one_turn_arrive_in_order(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    brain.script.append(Answer([Reply(f"第 {n} 条。" + "长" * 300) for n in range(12)]))
    xiaochen.writes("全部告诉我")
    settled(web)
    assert len(xiaochen.inbox) <= 5
    assert xiaochen.tencent.refused == []
    xiaochen.writes("还有呢")
    settled(web)
    told = "\n".join(xiaochen.texts)
    found = [told.index(f"第 {number} 条") for number in range(12)]
    assert found == sorted(found)


def reach(database: Database, clock: FakeClock) -> dict[str, object]:
    """What the desk is told about the customer's window."""
    with database.reading() as session:
        conversation = session.scalars(select(Conversation)).one()
        view = reach_view(session, conversation, now=clock())
    assert view is not None
    return dict(view)


def test_the_unfollowing_customer_is_forgotten(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("我叫陈某某，电话 13800000000")
    settled(web)
    clock.advance(minutes=5)
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    settled(web)
    with database.reading() as session:
        assert session.scalars(select(Customer.address)).all() == [None]
        assert not any("陈某某" in text for text in session.scalars(select(Message.text)))
        waiting = select(Outgoing).where(Outgoing.state == DeliveryState.WAITING)
        assert session.scalars(waiting).all() == []
    xiaochen.does("subscribe", "<EventKey></EventKey>")
    settled(web)
    assert count(database, Customer) == 2
