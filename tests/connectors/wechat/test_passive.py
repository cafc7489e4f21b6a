"""Accounts that may only answer: in the callback itself, within three deliveries."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Message, Turn
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.settings import Settings
from bot.wechat.models import WeChatDelivery
from connectors.app import create_app
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served, served
from tests.connectors.wechat.conftest import XIAOCHEN
from tests.connectors.wechat.talking import count, holds, says, settled, states
from tests.fakes import FakeBrain, FakeClock, FakeFaq
from tests.wechat_stand_in.patience import Impatient
from tests.wechat_stand_in.phone import Keys, Phone
from tests.wechat_stand_in.tencent import Tencent

# In place of five seconds, and of the four and a half in which we answer.
HANGS_UP, ANSWERS = 1.2, 0.3
# Where an answer is certain, a busy machine may take its time.
SURELY = 10
WORKING = "正在处理，请回复任意内容获取"
MORE = "（还有内容，回复任意内容继续）"


@contextmanager
def platform(
    settings: Settings, database: Database, brain: FakeBrain, clock: FakeClock
) -> Iterator[Served]:
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"passive-{uuid4().hex}")
    app.ctx.wechat_passive._seconds = ANSWERS
    with served(app) as running:
        yield running


@pytest.fixture(params=["secure", "plain", "compatible"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def passive_settings(wechat_settings: Settings, tencent: Tencent, mode: str) -> Settings:
    tencent.switches.always = 48001
    key = "" if mode == "plain" else ENCODING_AES_KEY
    return replace(
        wechat_settings,
        wechat_encoding_aes_key=key,
        wechat_reply_mode="passive",
        turn_limit_seconds=60,
    )


@pytest.fixture
def web(
    passive_settings: Settings, database: Database, brain: FakeBrain, clock: FakeClock
) -> Iterator[Served]:
    with platform(passive_settings, database, brain, clock) as running:
        yield running


@pytest.fixture
def xiaochen(web: Served, tencent: Tencent, mode: str) -> Iterator[Impatient]:
    keys = Keys(APP_ID, TOKEN, ENCODING_AES_KEY, mode)
    phone = Phone(tencent, keys, f"{web.url}/wechat/callback", XIAOCHEN)
    with phone.client:
        yield Impatient(phone, HANGS_UP)


only_secure = pytest.mark.parametrize("mode", ["secure"], indirect=True)


def test_an_answer_that_is_ready_comes_with_the_first_delivery(
    xiaochen: Impatient, database: Database
) -> None:
    assert xiaochen.writes("你好") == "听到：你好"
    assert xiaochen.deliveries == 1
    assert states(database) == [DeliveryState.SENT]
    # Nothing is sent besides, and no typing is shown, which such an account may not do either.
    assert not xiaochen.phone.tencent.calls["message/custom/send"]
    assert not xiaochen.phone.tencent.calls["message/custom/typing"]


def test_markup_and_control_characters_arrive_as_text(
    xiaochen: Impatient, brain: FakeBrain
) -> None:
    brain.script.append(Answer([Reply("]]></Content><MsgType>\x08news&amp;<![CDATA[")]))
    assert xiaochen.writes("你好") == "]]></Content><MsgType>news&amp;<![CDATA["


def test_the_third_delivery_says_that_it_takes_longer_and_the_next_message_brings_it(
    web: Served, xiaochen: Impatient, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    go_on = holds(web, brain)
    assert xiaochen.writes("难题") == WORKING
    assert (xiaochen.deliveries, xiaochen.outages) == (3, 0)
    go_on()
    settled(web)
    assert states(database) == [DeliveryState.HELD]
    clock.advance(seconds=20)
    assert xiaochen.writes("好的") == "听到：难题"
    assert xiaochen.deliveries == 1
    # The word that fetched it is no question.
    assert [each.text for each in brain.heard] == ["难题"]
    assert count(database, Turn) == 1


@only_secure
@pytest.mark.parametrize("delivery", [2, 3])
def test_later_deliveries_join_the_turn_of_the_first(
    web: Served, xiaochen: Impatient, brain: FakeBrain, database: Database, delivery: int
) -> None:
    go_on = holds(web, brain)
    xml = xiaochen.phone.message("text", "<Content>难题</Content>")
    for _ in range(delivery - 1):
        assert xiaochen.deliver_once(xml, HANGS_UP) is None
    go_on()
    answer = xiaochen.deliver_once(xml, SURELY)
    assert answer is not None
    assert xiaochen.shown(answer) == "听到：难题"
    assert count(database, Turn) == 1
    assert states(database) == [DeliveryState.SENT]


@only_secure
def test_every_delivery_of_a_message_is_answered_alike(
    web: Served, xiaochen: Impatient, database: Database
) -> None:
    xml = xiaochen.phone.message("text", "<Content>你好</Content>")
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: xiaochen.deliver_once(xml, SURELY), range(3)))
    assert [xiaochen.shown(each) for each in answers if each] == ["听到：你好"] * 3
    assert count(database, Turn) == 1
    assert states(database) == [DeliveryState.SENT]


@only_secure
def test_a_question_after_the_promise_brings_both_answers(
    web: Served, xiaochen: Impatient, brain: FakeBrain, clock: FakeClock
) -> None:
    go_on = holds(web, brain)
    assert xiaochen.writes("难题") == WORKING
    go_on()
    settled(web)
    clock.advance(seconds=20)
    assert xiaochen.writes("还有一问") == "听到：难题\n\n听到：还有一问"


@only_secure
def test_asking_again_too_early_is_told_the_same(
    web: Served, xiaochen: Impatient, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    go_on = holds(web, brain)
    assert xiaochen.writes("难题") == WORKING
    clock.advance(seconds=20)
    assert xiaochen.writes("1") == WORKING
    go_on()
    settled(web)
    clock.advance(seconds=20)
    assert xiaochen.writes("1") == "听到：难题"
    assert count(database, Turn) == 1


@only_secure
def test_without_a_promise_a_short_word_is_a_message_like_any_other(
    xiaochen: Impatient, brain: FakeBrain
) -> None:
    assert xiaochen.writes("好的") == "听到：好的"


@only_secure
def test_a_long_answer_comes_in_parts_and_none_is_lost(
    web: Served, xiaochen: Impatient, brain: FakeBrain, database: Database, clock: FakeClock
) -> None:
    # None of them is long enough to be shortened to a link; two fit into one message.
    said = ["".join(secrets.choice("甲乙丙丁") for _ in range(320)) for _ in range(3)]
    brain.script.append(Answer([Reply(each) for each in said]))
    shown = [xiaochen.writes("说来话长")]
    while shown[-1] and shown[-1].endswith(MORE):
        clock.advance(seconds=20)
        shown.append(xiaochen.writes("继续"))
    assert len(shown) == 2
    joined = "\n\n".join(each.removesuffix(MORE).strip() for each in shown if each)
    assert joined == "\n\n".join(said)
    assert set(states(database)) == {DeliveryState.SENT}


@only_secure
def test_what_staff_write_waits_for_the_next_contact(
    web: Served, xiaochen: Impatient, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    says(web, database, "请把型号发来。")
    settled(web)
    assert states(database)[-1] == DeliveryState.HELD
    with database.reading() as session:
        reasons = set(session.scalars(select(Outgoing.reason)))
    assert "passive_mode" in reasons
    shown = xiaochen.writes("在吗")
    assert shown is not None
    assert "请把型号发来。" in shown
    assert set(states(database)) == {DeliveryState.SENT}
    # A person speaks now, who has nothing more to say: the delivery is taken, and nothing shown.
    assert xiaochen.writes("DN50") is None
    assert xiaochen.outages == 0


@only_secure
def test_following_is_greeted_in_the_answer(xiaochen: Impatient) -> None:
    shown = xiaochen.does("subscribe")
    assert shown is not None
    assert "智能助手" in shown


@only_secure
def test_choices_are_numbered_and_taken_by_number(xiaochen: Impatient, brain: FakeBrain) -> None:
    buttons = [{"title": "贸易结算", "payload": "/trade"}, {"title": "内部使用", "payload": "/in"}]
    brain.script.append(Answer([Reply("用在哪里？", "buttons", {"buttons": buttons})]))
    assert xiaochen.writes("电子秤") == "用在哪里？\n回复数字选择：\n1. 贸易结算\n2. 内部使用"
    xiaochen.writes("1")
    assert brain.heard[-1].payload == "/trade"


@only_secure
def test_those_who_wait_keep_nobody_from_working(
    web: Served, xiaochen: Impatient, brain: FakeBrain, database: Database
) -> None:
    web.app.ctx.wechat_passive._seconds = SURELY
    go_on = holds(web, brain)
    phone = xiaochen.phone
    deliveries = []
    # More than there are threads for units of work.
    for number in range(12):
        phone.openid = f"oWAITING{number:020}"
        xml = phone.message("text", "<Content>难题</Content>")
        deliveries.append(phone.delivery(xml))
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(phone.deliver, each) for each in deliveries]
        while len(brain.heard) < 12:
            assert not any(each.done() for each in waiting)
        with web.client() as client:
            assert client.get("/healthz", timeout=2).status_code == 200
        with database.writing() as session:
            assert len(session.scalars(select(Turn)).all()) == 12
        assert not any(each.done() for each in waiting)
        go_on()
        answers = [each.result(SURELY) for each in waiting]
    assert all("Encrypt" in each.text for each in answers)


@only_secure
def test_a_delivery_that_never_came_is_counted_by_time(
    web: Served, xiaochen: Impatient, brain: FakeBrain, clock: FakeClock
) -> None:
    holds(web, brain)
    xml = xiaochen.phone.message("text", "<Content>难题</Content>")
    assert xiaochen.deliver_once(xml, HANGS_UP) is None
    # The second met a process that was just dying.
    clock.advance(seconds=10)
    answer = xiaochen.deliver_once(xml, SURELY)
    assert answer is not None
    assert xiaochen.shown(answer) == WORKING


@only_secure
def test_another_process_answers_with_the_turn_of_the_first(
    web: Served,
    xiaochen: Impatient,
    passive_settings: Settings,
    database: Database,
    brain: FakeBrain,
    clock: FakeClock,
) -> None:
    idle = FakeBrain()
    go_on = holds(web, brain)
    xml = xiaochen.phone.message("text", "<Content>难题</Content>")
    with platform(passive_settings, database, idle, clock) as second, ThreadPoolExecutor(1) as pool:
        assert xiaochen.deliver_once(xml, HANGS_UP) is None
        xiaochen.route = [f"{second.url}/wechat/callback"]
        second_delivery = pool.submit(xiaochen.deliver_once, xml, SURELY)
        go_on()
        answer = second_delivery.result(10)
        if answer is None:
            # It hung up a moment too early; the third finds what is ready.
            answer = xiaochen.deliver_once(xml, SURELY)
    assert answer is not None
    assert xiaochen.shown(answer) == "听到：难题"
    assert idle.heard == []
    assert count(database, Turn) == 1


@only_secure
def test_a_process_that_dies_is_replaced_by_another_within_the_three(
    web: Served,
    xiaochen: Impatient,
    passive_settings: Settings,
    database: Database,
    brain: FakeBrain,
    clock: FakeClock,
) -> None:
    brain.script = []
    other_brain = FakeBrain()
    xml = xiaochen.phone.message("text", "<Content>难题</Content>")
    with ExitStack() as stack:
        first = stack.enter_context(platform(passive_settings, database, brain, clock))
        holds(first, brain)
        xiaochen.route = [f"{first.url}/wechat/callback"]
        assert xiaochen.deliver_once(xml, HANGS_UP) is None
        # What a kill leaves behind: a running turn of a process that is gone.
        with database.writing() as session:
            for turn in session.scalars(select(Turn)):
                turn.owner = "a-process-that-is-gone"
        web.app.ctx.turns._answering._brain = other_brain
        web.app.ctx.sweeper.run_once("turns_left")
        answer = xiaochen.deliver_once(xml, SURELY)
        assert answer is not None
        assert xiaochen.shown(answer) == "听到：难题"
        assert len(other_brain.heard) == 1
        holds(first, brain)()
        first.app.ctx.turns._running.clear()
    with database.reading() as session:
        replies = list(session.scalars(select(Message.text).where(Message.author == "bot")))
    assert replies == ["听到：难题"]


@only_secure
def test_what_was_said_is_gone_when_the_customer_leaves(
    web: Served, xiaochen: Impatient, database: Database
) -> None:
    xiaochen.writes("你好")
    assert xiaochen.does("unsubscribe") is None
    with database.reading() as session:
        assert set(session.scalars(select(WeChatDelivery.reply))) == {None}


class TestSwitchingOver:
    @pytest.fixture
    def passive_settings(self, wechat_settings: Settings, tencent: Tencent) -> Settings:
        """An account whose settings promise more than it may do."""
        tencent.switches.always = 48001
        return wechat_settings

    @only_secure
    def test_an_account_that_may_not_send_answers_from_then_on(
        self,
        web: Served,
        xiaochen: Impatient,
        database: Database,
        clock: FakeClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert xiaochen.writes("你好") is None
        settled(web)
        assert states(database) == [DeliveryState.HELD]
        assert "wechat_passive code=48001" in caplog.text
        assert xiaochen.writes("在吗") == "听到：你好\n\n听到：在吗"
        assert xiaochen.phone.tencent.calls["message/custom/send"] == 1
        # A day later it may have been certified.
        clock.now += timedelta(hours=25)
        xiaochen.phone.tencent.switches.always = 0
        assert xiaochen.writes("今天呢") is None
        settled(web)
        assert xiaochen.phone.texts[-1] == "听到：今天呢"
