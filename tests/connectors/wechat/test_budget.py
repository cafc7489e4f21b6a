"""What gets the last messages that may be sent, and that two readings of the rules are survived."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Conversation
from bot.database import Database
from bot.delivery.models import DeliveryState
from bot.staff.models import Staff
from bot.wechat.models import WeChatWindow
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import resolves, says, settled, states
from tests.factories import alice
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone

Leave = Callable[[int], None]


@pytest.fixture
def leave(xiaochen: Phone, database: Database) -> Leave:
    """Have only so many messages be allowed, at Tencent's and in our own count."""

    def work(left: int) -> None:
        user = xiaochen.tencent.user(xiaochen.openid)
        user.buckets = {"message": (left, user.buckets["message"][1])}
        with database.writing() as session:
            window = session.scalars(select(WeChatWindow)).one()
            window.message_left, window.click_left = left, 0

    return work


def accepts(web: Served, database: Database) -> Staff:
    """Alice takes the conversation and says nothing yet."""
    context = web.app.ctx
    with database.writing() as session:
        staff = alice(session)
        conversation_id = session.scalars(select(Conversation.id)).one()
        context.handoff.accept(session, conversation_id, staff, now=context.clock())
    settled(web)
    return staff


def test_the_last_message_is_kept_from_a_notice_for_what_staff_say(
    web: Served, xiaochen: Phone, database: Database, leave: Leave
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    leave(1)
    shown = len(xiaochen.texts)
    accepts(web, database)
    assert len(xiaochen.texts) == shown
    assert states(database)[-1] == DeliveryState.HELD
    says(web, database, "请把铭牌拍给我。")
    settled(web)
    # Both in one, in the order in which they happened.
    (text,) = xiaochen.texts[shown:]
    notice, _, reply = text.rpartition("\n\n")
    assert notice.startswith("爱丽丝（11 号）为您服务")
    assert reply.endswith("请把铭牌拍给我。")
    assert xiaochen.tencent.refused == []
    assert DeliveryState.HELD not in states(database)


def test_with_two_left_a_notice_goes_at_once(
    web: Served, xiaochen: Phone, database: Database, leave: Leave
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    leave(2)
    shown = len(xiaochen.texts)
    accepts(web, database)
    assert len(xiaochen.texts) == shown + 1


def test_a_reply_and_the_survey_share_the_last_message(
    web: Served, xiaochen: Phone, database: Database, leave: Leave
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    leave(1)
    shown = len(xiaochen.texts)
    resolves(web, database, says(web, database, f"{'检定周期见规程。' * 100}办好了。"))
    settled(web)
    (text,) = xiaochen.texts[shown:]
    assert "检定周期见规程。" in text
    assert "全文：https://platform.example/" in text
    assert "1. 5 很满意" in text
    assert xiaochen.tencent.refused == []
    xiaochen.writes("5 很满意")
    settled(web)
    assert "评分" in xiaochen.texts[-1]


def test_a_survey_that_finds_no_room_comes_behind_the_next_answer(
    web: Served, xiaochen: Phone, database: Database, leave: Leave
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    staff = says(web, database, "办好了。")
    settled(web)
    leave(0)
    shown = len(xiaochen.texts)
    resolves(web, database, staff)
    settled(web)
    assert len(xiaochen.texts) == shown
    xiaochen.writes("谢谢")
    settled(web)
    told = "\n".join(xiaochen.texts[shown:])
    assert "5 很满意" in told
    assert xiaochen.tencent.refused == []


@pytest.mark.parametrize("separate", [True, False])
def test_either_reading_of_two_open_allowances_is_survived(
    web: Served,
    xiaochen: Phone,
    brain: FakeBrain,
    database: Database,
    clock: FakeClock,
    separate: bool,
) -> None:
    xiaochen.tencent.switches.separate_buckets = separate
    long = "这一条说明很长，放不进一条消息。" * 40
    for act in ("write", "click", "write", "click", "wait", "click"):
        brain.script.append(Answer([Reply(f"{long}{number}") for number in range(3)]))
        if act == "write":
            xiaochen.writes("全部告诉我")
        elif act == "click":
            xiaochen.does("CLICK", "<EventKey>MENU_STANDARD</EventKey>")
            clock.advance(seconds=5)
        else:
            clock.advance(seconds=61)
        settled(web)
    assert xiaochen.tencent.refused == []
    xiaochen.writes("还有吗")
    settled(web)
    assert xiaochen.tencent.refused == []
    assert DeliveryState.WAITING not in states(database)
