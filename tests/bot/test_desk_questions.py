"""What suggestions are looked up for: the last service question, not “转人工”."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.conversations.desk import last_question, last_questions
from bot.conversations.ledger import Opened
from bot.conversations.models import Turn, TurnStatus
from bot.database import Database
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock


def heard(
    session: Session,
    opened: Opened,
    clock: FakeClock,
    words: list[str],
    intent: str,
    category: str | None,
) -> None:
    """The customer writes, and the bot takes it as one turn."""
    seqs = [writes(session, opened, text, clock).message.seq for text in words]
    turn = Turn(
        conversation_id=opened.conversation.id,
        epoch=0,
        first_seq=seqs[0],
        last_seq=seqs[-1],
        status=TurnStatus.ANSWERED,
        intent=intent,
        category=category,
        started_at=clock(),
    )
    session.add(turn)
    session.flush()


def test_asking_for_a_person_is_not_the_question(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        heard(session, opened, clock, ["压力表", "多久检定一次"], "ask_metrology", "metrology")
        heard(session, opened, clock, ["谢谢"], "thank", "out_of_scope")
        heard(session, opened, clock, ["转人工"], "request_handoff", "out_of_scope")
        assert last_question(session, opened.conversation.id) == "压力表，多久检定一次"


def test_what_is_said_to_the_person_counts_first(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        heard(session, opened, clock, ["压力表多久检定一次"], "ask_metrology", "metrology")
        heard(session, opened, clock, ["转人工"], "request_handoff", "out_of_scope")
        writes(session, opened, "在吗", clock)
        assert last_question(session, opened.conversation.id) == "压力表多久检定一次"
        writes(session, opened, "水表也要强检吗", clock)
        writes(session, opened, "有人工吗", clock)
        assert last_question(session, opened.conversation.id) == "水表也要强检吗"


def test_without_a_service_question_the_last_words_are_taken(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        assert last_question(session, opened.conversation.id) == ""
        heard(session, opened, clock, ["转人工"], "request_handoff", "out_of_scope")
        assert last_question(session, opened.conversation.id) == "转人工"


def test_what_was_asked_before_stands_behind_what_was_said_last(
    database: Database, clock: FakeClock
) -> None:
    with database.writing() as session:
        opened = xiaolin(session, clock)
        heard(session, opened, clock, ["压力表多久检定一次"], "ask_metrology", "metrology")
        for text in ("水表也要强检吗", "谢谢", "下周三行不行"):
            writes(session, opened, text, clock)
        assert last_questions(session, opened.conversation.id) == [
            "下周三行不行",
            "水表也要强检吗",
            "压力表多久检定一次",
        ]
