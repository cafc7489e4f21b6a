"""Dead letters: what staff may do with a message that did not reach the customer."""

from __future__ import annotations

import pytest

from bot.cases.service import cases_of, open_case
from bot.conversations.ledger import append
from bot.conversations.models import Author, Conversation, ConversationStatus
from bot.database import Database
from bot.delivery.channel import Failed, Held, Sent
from bot.delivery.dead_letters import Done, Way, count_dead_letters, dead_letters, settle
from bot.delivery.senders import Senders
from bot.errors import Forbidden, MessageNotFound, NotYours, WrongStatus
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from bot.staff.service import add_staff
from tests.bot.delivery.post import FakeChannel, hears, parcels, says, sends, states
from tests.factories import PASSWORD, alice, bob
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("08:30-17:30")


@pytest.fixture
def staff(database: Database) -> Staff:
    with database.writing() as session:
        return alice(session)


@pytest.fixture
def failed(
    database: Database, clock: FakeClock, talk: str, channel: FakeChannel, senders: Senders
) -> str:
    """The id of a message that the channel has refused."""
    (said,) = hears(database, talk, clock, "报告周五出具")
    channel.script = [[Failed("content_refused")]]
    sends(senders)
    assert states(database) == ["failed"]
    return said


def _settle(database: Database, said: str, way: Way, staff: Staff, clock: FakeClock) -> Done:
    with database.writing() as session:
        return settle(session, said, way, staff, HOURS, now=clock())


def test_list_names_what_failed_and_why(
    database: Database, talk: str, failed: str, staff: Staff
) -> None:
    with database.reading() as session:
        (letter,) = dead_letters(session, staff)
        assert count_dead_letters(session, staff) == 1
    assert (letter["message_id"], letter["conversation_id"]) == (failed, talk)
    assert letter["delivery"] == {"state": "failed", "reason": "content_refused"}
    assert (letter["text"], letter["seq"], letter["holder"]) == ("报告周五出具", 2, None)


def test_sent_again_it_keeps_its_key(
    database: Database,
    clock: FakeClock,
    failed: str,
    staff: Staff,
    channel: FakeChannel,
    senders: Senders,
) -> None:
    done = _settle(database, failed, Way.AGAIN, staff, clock)
    assert done.delivery["state"] == "waiting"
    assert _settle(database, failed, Way.AGAIN, staff, clock) == done, "twice does no harm"
    sends(senders)
    assert [batch.parcels[0].key for batch in channel.batches] == [failed, failed]
    assert states(database) == ["sent"]
    with database.reading() as session:
        assert dead_letters(session, staff) == []


def test_what_has_reached_the_customer_is_not_sent_again(
    database: Database, clock: FakeClock, failed: str, staff: Staff, senders: Senders
) -> None:
    _settle(database, failed, Way.AGAIN, staff, clock)
    sends(senders)
    for way in Way:
        with pytest.raises(WrongStatus):
            _settle(database, failed, way, staff, clock)
    assert states(database) == ["sent"]


def test_bare_text_goes_without_buttons_and_cards(
    database: Database,
    clock: FakeClock,
    talk: str,
    staff: Staff,
    channel: FakeChannel,
    senders: Senders,
) -> None:
    with database.writing() as session:
        conversation = session.get_one(Conversation, talk)
        data = {"buttons": [{"title": "好", "payload": "/affirm"}]}
        said = append(
            session, conversation, Author.BOT, "需要吗？", now=clock(), kind="buttons", data=data
        ).id
    channel.script = [[Failed("menu_refused")]]
    sends(senders)
    _settle(database, said, Way.TEXT, staff, clock)
    sends(senders)
    kinds = [(each.parcels[0].kind, each.parcels[0].data) for each in channel.batches]
    assert kinds == [("buttons", data), ("text", {})]


def test_put_off_it_goes_at_the_next_contact(
    database: Database,
    clock: FakeClock,
    talk: str,
    failed: str,
    staff: Staff,
    senders: Senders,
) -> None:
    _settle(database, failed, Way.NEXT_CONTACT, staff, clock)
    assert sends(senders) == 0
    hears(database, talk, clock, "第二句")
    assert sends(senders) == 0, "nothing goes past what is held"
    with database.writing() as session:
        says(session, talk, clock, "在吗")
    sends(senders)
    assert states(database) == ["sent", "sent"]


def test_noted_in_a_case_it_counts_as_settled(
    database: Database, clock: FakeClock, talk: str, failed: str, staff: Staff
) -> None:
    done = _settle(database, failed, Way.CASE, staff, clock)
    assert _settle(database, failed, Way.CASE, staff, clock) == done
    with database.reading() as session:
        customer_id = session.get_one(Conversation, talk).customer_id
        (case,) = cases_of(session, customer_id)
        assert case.number == done.case_number
        assert "报告周五出具" in case.steps[-1].note
        assert case.details["undelivered"] == "报告周五出具"
        assert count_dead_letters(session, staff) == 0
    assert parcels(database)[0].reason == f"case:{done.case_number}"


def test_open_case_of_the_conversation_takes_the_note(
    database: Database, clock: FakeClock, talk: str, failed: str, staff: Staff
) -> None:
    with database.writing() as session:
        number = open_case(session, "校准卡尺", now=clock(), conversation_id=talk).number
    assert _settle(database, failed, Way.CASE, staff, clock).case_number == number


def test_held_message_in_a_case_lets_the_later_ones_go(
    database: Database,
    clock: FakeClock,
    talk: str,
    staff: Staff,
    channel: FakeChannel,
    senders: Senders,
) -> None:
    (said,) = hears(database, talk, clock, "一")
    channel.script = [[Held("window_closed")]]
    sends(senders)
    hears(database, talk, clock, "二")
    assert sends(senders) == 0
    _settle(database, said, Way.CASE, staff, clock)
    sends(senders)
    assert states(database) == ["moved", "sent"]


def test_only_the_holder_or_a_supervisor_decides(
    database: Database, clock: FakeClock, talk: str, failed: str, staff: Staff
) -> None:
    with database.writing() as session:
        other = bob(session)
        chief = add_staff(
            session, "chief", PASSWORD, name="组长", number="01", role="supervisor", skills=[]
        )
        conversation = session.get_one(Conversation, talk)
        conversation.status, conversation.staff_id = ConversationStatus.STAFF, staff.id
    with pytest.raises(NotYours):
        _settle(database, failed, Way.AGAIN, other, clock)
    assert states(database) == ["failed"]
    assert _settle(database, failed, Way.AGAIN, chief, clock).delivery["state"] == "waiting"


def test_what_failed_is_the_business_of_whoever_may_read_the_conversation(
    database: Database, clock: FakeClock, talk: str, failed: str, staff: Staff
) -> None:
    with database.writing() as session:
        other = bob(session)
        session.get_one(Conversation, talk).category = "metrology"
    with database.reading() as session:
        assert dead_letters(session, other) == []
        assert count_dead_letters(session, other) == 0
        assert [each["message_id"] for each in dead_letters(session, staff)] == [failed]
        assert count_dead_letters(session, staff) == 1
    with pytest.raises(Forbidden):
        _settle(database, failed, Way.CASE, other, clock)
    assert states(database) == ["failed"]
    assert _settle(database, failed, Way.CASE, staff, clock).case_number


def test_message_without_a_parcel_cannot_be_settled(
    database: Database, clock: FakeClock, staff: Staff
) -> None:
    with pytest.raises(MessageNotFound):
        _settle(database, "nothing", Way.AGAIN, staff, clock)


def test_channel_that_held_wrongly_can_be_tried_again(
    database: Database,
    clock: FakeClock,
    talk: str,
    staff: Staff,
    channel: FakeChannel,
    senders: Senders,
) -> None:
    first, second = hears(database, talk, clock, "一", "二")
    channel.script = [[Held("window_closed"), Held("window_closed")], [Sent(), Sent()]]
    sends(senders)
    _settle(database, second, Way.AGAIN, staff, clock)
    sends(senders)
    assert [each.message_id for each in channel.batches[-1].parcels] == [first, second]
    assert states(database) == ["sent", "sent"]
