"""The audit knows the outbox: each pushed message has one parcel, and each parcel somebody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.conversations.audit import Report, audit
from bot.conversations.brain import Answer, Reply
from bot.conversations.handoff import Handoff
from bot.conversations.outcomes import Outcome
from bot.conversations.turns import begin_turn, finish_turn
from bot.database import Database
from bot.delivery.channel import Failed, Held
from bot.delivery.lanes import claim
from bot.delivery.senders import Senders
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from tests.bot.delivery.post import CHANNEL, FakeChannel, hears, says, sends
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

GRACE = timedelta(seconds=28)
HANDOFF = Handoff(Responses.load(), WorkingHours.parse("08:30-17:30"))


def _audited(database: Database, clock: FakeClock) -> Report:
    with database.reading() as session:
        return audit(session, grace=GRACE, now=clock())


def _answers(database: Database, clock: FakeClock, talk: str, *texts: str) -> None:
    """The bot answers what the customer has said."""
    answer = Answer([Reply(each) for each in texts], "greet", handled="answer")
    with database.writing() as session:
        begun = begin_turn(session, talk, now=clock())
        assert begun is not None
        finish_turn(session, begun.turn_id, answer, HANDOFF, now=clock())


@pytest.fixture
def answered(database: Database, clock: FakeClock, talk: str, senders: Senders) -> str:
    """小陈 was answered by messages 2 and 3; a customer of the widget has one conversation."""
    _answers(database, clock, talk, "您好", "请讲")
    sends(senders)
    with database.writing() as session:
        opened = xiaolin(session, clock)
        writes(session, opened, "你好", clock)
    _answers(database, clock, opened.conversation.id, "您好")
    return talk


def test_outbox_kept_by_the_product_is_clean(
    database: Database, clock: FakeClock, answered: str
) -> None:
    report = _audited(database, clock)
    assert report.problems == []
    assert report.deliveries == {"sent": 2}
    assert report.outcomes == {Outcome.BOT: 2}


SECOND = "message_id = (SELECT id FROM messages WHERE conversation_id = :talk AND seq = 2)"
FALSE = {
    "parcel gone": (f"DELETE FROM outgoing WHERE {SECOND}", "outbox", 2, "没有进投递箱"),
    "customer's own words in the outbox": (
        "UPDATE outgoing SET message_id = "
        "(SELECT id FROM messages WHERE conversation_id = :talk AND seq = 1) "
        f"WHERE {SECOND}",
        "outbox",
        1,
        "不该推送的消息进了投递箱",
    ),
    "parcel of another customer": (
        f"UPDATE outgoing SET customer_id = (SELECT max(id) FROM customers) WHERE {SECOND}",
        "outbox",
        2,
        "别的客户",
    ),
    "parcel for another channel": (
        f"UPDATE outgoing SET channel = 'pigeon' WHERE {SECOND}",
        "outbox",
        2,
        "别的渠道",
    ),
    "parcel in another conversation": (
        "UPDATE outgoing SET conversation_id = "
        "(SELECT id FROM conversations WHERE id <> :talk) "
        f"WHERE {SECOND}",
        "outbox",
        None,
        "不在这个会话里",
    ),
    "state nobody knows": (
        f"UPDATE outgoing SET state = 'lost', sent_at = NULL WHERE {SECOND}",
        "outbox",
        2,
        "“lost”不存在",
    ),
    "sent without a time": (
        f"UPDATE outgoing SET sent_at = NULL WHERE {SECOND}",
        "outbox",
        2,
        "与送出时间不符",
    ),
    "failed without a reason": (
        f"UPDATE outgoing SET state = 'failed', sent_at = NULL WHERE {SECOND}",
        "outbox",
        2,
        "没有写明原因",
    ),
    "waiting, and nobody will come": (
        f"UPDATE outgoing SET state = 'waiting', sent_at = NULL WHERE {SECOND}",
        "lanes",
        2,
        "没有定下投递的时间",
    ),
}


@pytest.mark.parametrize(("statement", "rule", "seq", "reason"), FALSE.values(), ids=FALSE.keys())
def test_whatever_is_wrong_in_the_outbox_is_named(
    database: Database,
    clock: FakeClock,
    answered: str,
    statement: str,
    rule: str,
    seq: int | None,
    reason: str,
) -> None:
    with database.writing() as session:
        session.execute(text(statement), {"talk": answered})
    found = [(each.rule, each.seq, each.reason) for each in _audited(database, clock).problems]
    assert [each for each in found if each[:2] == (rule, seq) and reason in each[2]], found


@pytest.mark.one_database
def test_parcel_that_is_there_twice_is_named(
    database: Database, clock: FakeClock, answered: str
) -> None:
    with database.writing() as session:
        for statement in (
            "CREATE TABLE lawless AS SELECT * FROM outgoing",
            "DROP TABLE outgoing",
            "ALTER TABLE lawless RENAME TO outgoing",
            "INSERT INTO outgoing SELECT * FROM outgoing WHERE id = 1",
        ):
            session.execute(text(statement))
    (problem,) = _audited(database, clock).problems
    assert (problem.rule, problem.seq) == ("outbox", 2)
    assert "有 2 行" in problem.reason


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM lanes", "没有投递通道"),
        ("UPDATE lanes SET held = :yes, due_at = NULL", "没有要等客户来信的消息"),
    ],
)
def test_lane_that_does_not_fit_is_named(
    database: Database, clock: FakeClock, talk: str, statement: str, reason: str
) -> None:
    _answers(database, clock, talk, "您好")
    with database.writing() as session:
        session.execute(text(statement), {"yes": True} if ":yes" in statement else {})
    (problem,) = _audited(database, clock).problems
    assert (problem.rule, problem.conversation_id, problem.seq) == ("lanes", talk, 2)
    assert reason in problem.reason


def test_parcel_nobody_fetches_is_named_after_the_grace(
    database: Database, clock: FakeClock, talk: str
) -> None:
    _answers(database, clock, talk, "您好")
    clock.now += GRACE
    assert _audited(database, clock).problems == []
    clock.advance(seconds=1)
    (problem,) = _audited(database, clock).problems
    assert "没有发送程序来取" in problem.reason


def test_sender_that_died_is_named_when_nobody_takes_over(
    database: Database, clock: FakeClock, talk: str
) -> None:
    _answers(database, clock, talk, "您好")
    with database.writing() as session:
        assert claim(session, CHANNEL, now=clock()) is not None
    clock.advance(seconds=60)
    report = _audited(database, clock)
    assert (report.problems, report.deliveries) == ([], {"sending": 1})
    clock.advance(seconds=29)
    assert [each.rule for each in _audited(database, clock).problems] == ["lanes"]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Failed("user_refuses"), "答复没有送达，列在死信里等工作人员处理"),
        (Held("window_closed"), "答复已备好，等客户来信时送达"),
    ],
)
def test_answer_that_did_not_arrive_is_explained_not_counted_as_an_answer(
    database: Database,
    clock: FakeClock,
    talk: str,
    channel: FakeChannel,
    senders: Senders,
    outcome: Failed | Held,
    reason: str,
) -> None:
    _answers(database, clock, talk, "您好")
    channel.script = [[outcome]]
    sends(senders)
    report = _audited(database, clock)
    assert report.problems == []
    assert report.outcomes == {Outcome.EXPLAINED: 1}
    assert report.explanations == {reason: 1}


def test_one_reply_that_arrived_is_an_answer(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> None:
    _answers(database, clock, talk, "一", "二")
    channel.script = [[Failed("content_refused")]]
    sends(senders)
    sends(senders)
    assert _audited(database, clock).outcomes == {Outcome.BOT: 1}


def test_message_said_past_a_turn_has_its_parcel_too(
    database: Database, clock: FakeClock, talk: str, senders: Senders
) -> None:
    _answers(database, clock, talk, "您好")
    with database.writing() as session:
        says(session, talk, clock, "再见")
    _answers(database, clock, talk, "再见")
    hears(database, talk, clock, private=True)
    sends(senders)
    assert _audited(database, clock).deliveries == {"sent": 2}
