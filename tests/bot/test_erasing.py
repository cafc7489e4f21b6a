"""A customer who wants to be forgotten: nothing of the person is left, the work's skeleton is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.cases.models import Case, CaseStep
from bot.cases.service import add_contact, open_case
from bot.conversations.audit import audit
from bot.conversations.desk import record_staff_message
from bot.conversations.ledger import Opened, append
from bot.conversations.models import Author, Conversation, Customer, Message, Turn, TurnStatus
from bot.database import Base, Database
from bot.delivery.models import Outgoing
from bot.desk.drafts import drafts_of
from bot.desk.models import ReplyDraft
from bot.desk.similar import Similar
from bot.errors import Conflict
from bot.feedback.follow_ups import take_score
from bot.feedback.service import give_feedback
from bot.privacy.erasing import GONE, erase
from bot.privacy.trackers import forget_trackers
from bot.responses import Responses
from bot.staff.models import Staff
from tests.bot.duty import HOURS, Duty
from tests.factories import writes
from tests.fakes import FakeClock

# What must be nowhere afterwards: whatever the person said or is.
SECRETS = (
    "欧阳娜",
    "13812345678",
    "临渊阀门",
    "漏油的事",
    "地址在梅园路",
    "太慢了",
    "先垫付",
    "身份证",
)


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


@pytest.fixture
def served(duty: Duty) -> tuple[int, Opened]:
    """A customer who told staff everything, left a case, a low score, a file and a draft."""
    anna = duty.hires("anna")
    opened = duty.asks("metrology")
    now, key = duty.clock(), opened.conversation.id
    with duty.database.writing() as session:
        staff = session.get_one(Staff, anna)
        conversation = session.get_one(Conversation, key)
        conversation.handoff_reason = "漏油的事，我是欧阳娜"
        duty.handoff.accept(session, key, staff, now=now)
        said = writes(session, opened, "欧阳娜 13812345678，漏油的事，附身份证", duty.clock).message
        record_staff_message(
            session, key, staff, "r", "您的地址在梅园路对吗，需要怎样处理", False, now=now
        )
        record_staff_message(session, key, staff, "n", "欧阳娜是老客户", True, now=now)
        session.add(
            ReplyDraft(
                staff_id=anna,
                conversation_id=key,
                mode="reply",
                text="请欧阳娜先垫付",
                version=1,
                saved_at=now,
            )
        )
        session.add(
            Attachment(
                id="f" * 32,
                conversation_id=key,
                message_id=said.id,
                name="欧阳娜身份证.png",
                type="image/png",
                size=3,
                digest="d",
                link_key="k",
                created_at=now,
            )
        )
        case = open_case(
            session,
            "漏油的事",
            now=now,
            details={"quantity": "欧阳娜的两台"},
            contact="欧阳娜",
            phone="13812345678",
            company="临渊阀门",
            conversation_id=key,
            hours=HOURS,
        )
        case.steps.append(CaseStep(status=case.status, note="欧阳娜来电", happened_at=now))
        duty.handoff.resolve(session, key, staff, "已答复欧阳娜", now=now)
        conversation = session.get_one(Conversation, key)
        take_score(
            session,
            conversation,
            1,
            now=now,
            responses=Responses.load(),
            hours=HOURS,
            comment="太慢了，我是欧阳娜",
        )
    return anna, opened


def _dump(database: Database) -> str:
    """Every row of every table."""
    with database.engine.connect() as connection:
        return "\n".join(
            str(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in connection.execute(select(table))
        )


def _erases(duty: Duty, opened: Opened, staff_id: int) -> object:
    with duty.database.writing() as session:
        customer = session.get_one(Customer, opened.conversation.customer_id)
        return erase(session, customer, session.get_one(Staff, staff_id), now=duty.clock())


def test_scenario_44_person_is_in_no_row_of_any_table_and_the_skeleton_is_kept(
    duty: Duty, served: tuple[int, Opened]
) -> None:
    anna, opened = served
    before = _dump(duty.database)
    assert all(each in before for each in SECRETS)
    with duty.database.reading() as session:
        skeleton = session.execute(
            select(Case.number, Case.kind, Case.status, Case.category, Case.created_at)
        ).all()
        places = session.execute(select(Message.seq, Message.author)).all()
    erased = _erases(duty, opened, anna)
    after = _dump(duty.database)
    assert [each for each in SECRETS if each in after] == []
    with duty.database.reading() as session:
        kept = session.execute(
            select(Case.number, Case.kind, Case.status, Case.category, Case.created_at)
        ).all()
        assert kept == skeleton
        assert len(kept) == 2
        assert session.execute(select(Message.seq, Message.author)).all() == places
        assert set(session.scalars(select(Message.text))) == {GONE}
    assert erased.files == ["f" * 32]  # type: ignore[attr-defined]
    assert len(erased.cases) == 2  # type: ignore[attr-defined]


def test_ledger_is_whole_after_an_erasure(duty: Duty, served: tuple[int, Opened]) -> None:
    anna, opened = served
    _erases(duty, opened, anna)
    with duty.database.reading() as session:
        report = audit(session, grace=timedelta(minutes=1), now=duty.clock())
    assert report.problems == []


def test_erasing_again_changes_nothing(duty: Duty, served: tuple[int, Opened]) -> None:
    anna, opened = served
    _erases(duty, opened, anna)
    before = _dump(duty.database)
    duty.clock.advance(hours=1)
    _erases(duty, opened, anna)
    assert _dump(duty.database) == before


def test_others_keep_all_that_is_theirs(duty: Duty, served: tuple[int, Opened]) -> None:
    anna, opened = served
    other = duty.asks()
    _erases(duty, opened, anna)
    with duty.database.reading() as session:
        said = select(Message.text).where(Message.conversation_id == other.conversation.id)
        assert "找人工" in session.scalars(said).all()
        assert drafts_of(session, other.conversation.id, session.get_one(Staff, anna)) is not None


def test_answers_given_to_an_erased_customer_are_no_longer_suggested(
    duty: Duty, served: tuple[int, Opened]
) -> None:
    anna, opened = served
    similar = Similar()
    with duty.database.reading() as session:
        similar.refresh(session, now=duty.clock())
    assert similar.find("漏油的事，附身份证")
    _erases(duty, opened, anna)
    duty.clock.advance(minutes=2)
    with duty.database.reading() as session:
        similar.refresh(session, now=duty.clock())
    assert similar.find("漏油的事，附身份证") == []


@pytest.mark.parametrize("state", ["queued", "staff", "answering"])
def test_whoever_is_being_served_is_not_erased(duty: Duty, state: str) -> None:
    anna = duty.hires("anna")
    opened = duty.asks()
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        if state == "staff":
            staff = session.get_one(Staff, anna)
            duty.handoff.accept(session, conversation.id, staff, now=duty.clock())
        elif state == "answering":
            duty.handoff.cancel(session, conversation, now=duty.clock())
            session.add(
                Turn(
                    conversation_id=conversation.id,
                    epoch=2,
                    first_seq=1,
                    last_seq=1,
                    status=TurnStatus.RUNNING,
                    started_at=duty.clock(),
                )
            )
    before = _dump(duty.database)
    with pytest.raises(Conflict):
        _erases(duty, opened, anna)
    assert _dump(duty.database) == before


def test_words_that_were_never_sent_are_not_sent_any_more(
    duty: Duty, served: tuple[int, Opened]
) -> None:
    anna, opened = served
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        conversation.channel = "wechat"
        session.get_one(Customer, conversation.customer_id).channel = "wechat"
        append(session, conversation, Author.SYSTEM, "欧阳娜您好", now=duty.clock())
    _erases(duty, opened, anna)
    assert "欧阳娜" not in _dump(duty.database)
    with duty.database.reading() as session:
        sent = session.execute(select(Outgoing.state, Outgoing.reason)).all()
    assert [tuple(each) for each in sent] == [("failed", "erased")]


def _case(session: Session, key: str, now: datetime) -> None:
    open_case(session, "漏油的事", now=now, contact="欧阳娜", conversation_id=key)


def _contact(session: Session, key: str, _now: datetime) -> None:
    add_contact(session, key, phone="13812345678", contact="欧阳娜")


def _opinion(session: Session, key: str, now: datetime) -> None:
    give_feedback(session, key, 5, "欧阳娜：太慢了", now=now)


@pytest.mark.parametrize("store", [_case, _contact, _opinion])
def test_what_an_action_still_wants_to_store_is_refused(
    duty: Duty, served: tuple[int, Opened], store: Callable[[Session, str, datetime], None]
) -> None:
    anna, opened = served
    _erases(duty, opened, anna)
    with duty.database.writing() as session, pytest.raises(Conflict):
        store(session, opened.conversation.id, duty.clock())
    assert [each for each in SECRETS if each in _dump(duty.database)] == []


def test_trackers_of_the_conversations_are_gone_and_no_others(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/trackers.db"
    assert forget_trackers(url, ["a"]) == 0
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rasa_trackers (sender_id TEXT, events TEXT)"))
        for each in ("a.0", "a.3", "ab.0", "b.0"):
            connection.execute(text("INSERT INTO rasa_trackers VALUES (:id, '[]')"), {"id": each})
    assert forget_trackers(url, ["a"]) == 2
    with engine.connect() as connection:
        left = connection.execute(text("SELECT sender_id FROM rasa_trackers")).scalars().all()
    engine.dispose()
    assert left == ["ab.0", "b.0"]
