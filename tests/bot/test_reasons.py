"""Why a person is asked for, by what went before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Conversation, Episode, Message, Turn, TurnStatus
from bot.conversations.reasons import is_alarming
from bot.conversations.turns import begin_turn, finish_turn
from bot.database import Database
from tests.bot.duty import Duty
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

Went = tuple[str | None, str | None, str | None]  # failure, intent, handled
ANSWERED: Went = (None, "ask_metrology", "answer")
MISSED: Went = (None, "out_of_scope", "clarify")
REFUSED: Went = (None, "out_of_scope", "refuse")
ASKING: Went = (None, "request_handoff", "handoff")


@pytest.mark.parametrize(
    ("went", "said", "reason"),
    [
        ([], "转人工", "customer_asked"),
        ([ANSWERED], "转人工", "customer_asked"),
        ([MISSED], "转人工", "customer_asked"),
        ([MISSED, ANSWERED], "转人工", "customer_asked"),
        ([MISSED, REFUSED, ASKING], "转人工", "not_understood"),
        ([ANSWERED, MISSED, MISSED], "转人工", "not_understood"),
        ([(None, "complain", "task")], "转人工", "complaint"),
        ([("brain_timeout", None, "answer")], "转人工", "failure"),
        ([("brain_timeout", None, "refuse"), ANSWERED], "转人工", "customer_asked"),
        ([], "锅炉爆炸有人受伤", "sensitive"),
        ([MISSED, MISSED], "你们再不管我就找记者", "sensitive"),
    ],
)
def test_what_led_to_it_is_the_reason_in_reports(
    database: Database, clock: FakeClock, went: list[Went], said: str, reason: str
) -> None:
    duty = Duty(database, clock)
    with database.writing() as session:
        opened = xiaolin(session, clock)
        conversation = session.get_one(Conversation, opened.conversation.id)
        for number, (failure, intent, handled) in enumerate(went, 1):
            session.add(
                Turn(
                    conversation_id=conversation.id,
                    epoch=0,
                    first_seq=number,
                    last_seq=number,
                    status=TurnStatus.ANSWERED,
                    failure=failure,
                    intent=intent,
                    handled=handled,
                    started_at=clock(),
                )
            )
            session.flush()
        writes(session, opened, said, clock)
        duty.handoff.request_handoff(session, conversation, "customer_asked", now=clock())
    with database.reading() as session:
        assert session.scalars(select(Episode.reason)).one() == reason


def test_plain_wish_while_nobody_is_in_is_about_the_hours(
    database: Database, clock: FakeClock
) -> None:
    duty = Duty(database, clock)
    clock.advance(seconds=timedelta(hours=12).total_seconds())
    with database.writing() as session:
        opened = xiaolin(session, clock)
        conversation = session.get_one(Conversation, opened.conversation.id)
        duty.handoff.request_handoff(session, conversation, "customer_asked", now=clock())
    with database.reading() as session:
        assert session.scalars(select(Episode.reason)).one() == "out_of_hours"


@pytest.mark.parametrize(
    "said",
    [
        "我们车间刚才压力容器爆炸了",
        "有人中毒，仪表报警没响",
        "货被退了，我不想活了",
        "你们不处理我就找记者",
        "昨天收到了对方的律师函",
    ],
)
def test_what_a_person_must_see_is_passed_on_unasked(said: str) -> None:
    assert is_alarming(said)


@pytest.mark.parametrize(
    "said",
    [
        "防爆电气要不要 CCC",
        "爆炸性环境用的电机做什么认证",
        "怎么防止有人触电",
        "食物中毒的检测方法标准是哪个",
        "工人受伤了保险怎么算",
        "商标被侵权怎么起诉",
        "举报假冒产品打什么电话",
        "如果员工受伤企业要报告吗",
        "压力表多久检定一次",
        "",
    ],
)
def test_question_about_such_things_is_a_question(said: str) -> None:
    assert not is_alarming(said)


def test_alarm_is_answered_and_queued_with_whom_to_call(
    database: Database, clock: FakeClock
) -> None:
    duty = Duty(database, clock)
    with database.writing() as session:
        opened = xiaolin(session, clock)
        writes(session, opened, "我们车间刚才储气罐爆炸了", clock)
        asked = begin_turn(session, opened.conversation.id, now=clock())
        assert asked is not None
        finish_turn(session, asked.turn_id, Answer([Reply("好的")]), duty.handoff, now=clock())
    with database.reading() as session:
        said = session.scalars(select(Message.text).order_by(Message.seq)).all()
        assert said[1] == "好的"
        assert "120" in said[2]
        assert "第 1 位" in said[3]
        assert session.scalars(select(Episode.reason)).one() == "sensitive"
