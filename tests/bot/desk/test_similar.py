"""What colleagues answered to similar questions."""

from __future__ import annotations

from sqlalchemy import delete

from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened
from bot.conversations.models import Change, Message
from bot.database import Database
from bot.desk.similar import Similar
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeClock

HANDOFF = Handoff(Responses.load(), WorkingHours.parse("08:30-17:30"))
ANSWER = "王工让我转告：可以现场校准，请拨 13812341234 约时间，一般三个工作日。"


def served(
    database: Database, clock: FakeClock, asked: list[str], told: list[str], resolve: bool = True
) -> Opened:
    """A conversation in which somebody asked and staff answered, over or not."""
    with database.writing() as session:
        person = session.query(Staff).first() or alice(session)
        opened = xiaolin(session, clock)
        for text in asked:
            writes(session, opened, text, clock)
        identity = opened.conversation.id
        HANDOFF.accept(session, identity, person, now=clock())
        for number, text in enumerate(told):
            record_staff_message(session, identity, person, f"m{number}", text, False, now=clock())
        if resolve:
            HANDOFF.resolve(session, identity, person, "已解答", now=clock())
    return opened


def found(database: Database, clock: FakeClock, similar: Similar, question: str) -> list[str]:
    """The answers offered for a question."""
    clock.advance(minutes=2)
    with database.reading() as session:
        similar.refresh(session, now=clock())
    return [each.answer for each in similar.find(question)]


def test_answer_to_a_similar_question_is_offered_without_personal_data(
    database: Database, clock: FakeClock
) -> None:
    served(database, clock, ["二十把游标卡尺能不能上门校准"], ["您好，请稍等。", ANSWER])
    served(database, clock, ["商标注册要多久"], ["一般七个月左右，以主管部门答复为准。"])
    similar = Similar()
    (answer,) = found(database, clock, similar, "游标卡尺可以上门校准吗")
    assert "现场校准" in answer
    assert "请稍等" not in answer
    assert "13812341234" not in answer
    assert "王工" not in answer
    assert found(database, clock, similar, "今天天气怎么样") == []


def test_what_is_not_over_is_not_offered_and_later_is(database: Database, clock: FakeClock) -> None:
    opened = served(database, clock, ["游标卡尺能上门校准吗"], [ANSWER], resolve=False)
    similar = Similar()
    assert found(database, clock, similar, "游标卡尺能上门校准吗") == []
    with database.writing() as session:
        person = session.query(Staff).one()
        HANDOFF.resolve(session, opened.conversation.id, person, "已解答", now=clock())
    assert len(found(database, clock, similar, "游标卡尺能上门校准吗")) == 1
    identity = opened.conversation.id
    assert similar.find("游标卡尺能上门校准吗", without=identity) == []


def test_conversation_that_was_erased_is_forgotten(database: Database, clock: FakeClock) -> None:
    opened = served(database, clock, ["游标卡尺能上门校准吗"], [ANSWER])
    similar = Similar()
    assert len(found(database, clock, similar, "游标卡尺能上门校准吗")) == 1
    with database.writing() as session:
        identity = opened.conversation.id
        for record in (Change, Message):
            session.execute(delete(record).where(record.conversation_id == identity))
    assert found(database, clock, similar, "游标卡尺能上门校准吗") == []


def test_notes_and_greetings_are_no_answers(database: Database, clock: FakeClock) -> None:
    opened = served(database, clock, ["游标卡尺能上门校准吗"], ["您好", "请稍等。"], resolve=False)
    with database.writing() as session:
        person = session.query(Staff).one()
        identity = opened.conversation.id
        note = "这位客户上次投诉过，小心应对。"
        record_staff_message(session, identity, person, "note", note, True, now=clock())
        HANDOFF.resolve(session, identity, person, "已解答", now=clock())
    assert found(database, clock, Similar(), "游标卡尺能上门校准吗") == []
