"""Who speaks: guarded transitions, and the words the customer gets with them."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.desk import record_staff_message
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Opened, messages_of
from bot.conversations.models import Conversation, ConversationStatus, StatusEvent
from bot.database import Database
from bot.desk.detail import conversation_detail
from bot.desk.lists import Wanted, conversations_in
from bot.errors import AlreadyTaken, NotYours, ServiceError, WrongStatus
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from tests.factories import alice, bob, writes, xiaolin
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("08:30-17:30")


@pytest.fixture
def handoff() -> Handoff:
    """The transitions with the product's own words."""
    return Handoff(Responses.load(), HOURS)


@pytest.fixture
def queued(database: Database, clock: FakeClock, handoff: Handoff) -> Opened:
    """小林 has written and asked for a person."""
    with database.writing() as session:
        opened = xiaolin(session, clock)
        writes(session, opened, "压力表怎么检", clock)
        handoff.request_handoff(session, opened.conversation, "customer_asked", now=clock())
    return opened


def _reload(session: Session, opened: Opened) -> Conversation:
    return session.get_one(Conversation, opened.conversation.id)


def test_second_member_of_staff_cannot_accept_and_is_told_who(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        first, second = alice(session), bob(session)
        handoff.accept(session, queued.conversation.id, first, now=clock())
    with pytest.raises(AlreadyTaken) as refused, database.writing() as session:
        handoff.accept(session, queued.conversation.id, session.merge(second), now=clock())
    assert refused.value.as_json()["error"]["holder"]["username"] == "alice"
    with database.reading() as session:
        assert _reload(session, queued).staff_id == first.id


def test_of_many_accepting_at_once_exactly_one_wins(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        people = [alice(session), bob(session)] * 4
    start, won, lost = Barrier(len(people)), [], []

    def try_to_accept(person: Staff) -> None:
        start.wait()
        try:
            with database.writing() as session:
                member = session.merge(person)
                handoff.accept(session, queued.conversation.id, member, now=clock())
            won.append(person.username)
        except ServiceError as error:
            lost.append(error.code)

    threads = [Thread(target=try_to_accept, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who won may have tried more than once; to accept what one holds is no mistake.
    assert len(set(won)) == 1
    assert set(lost) == {"already_taken"}


def test_every_transition_raises_the_epoch_and_writes_an_event(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        person = alice(session)
        handoff.accept(session, queued.conversation.id, person, now=clock())
        handoff.return_to_bot(session, queued.conversation.id, person, now=clock())
        events = list(session.scalars(select(StatusEvent).order_by(StatusEvent.id)))
        assert [each.transition for each in events] == [
            "request_handoff",
            "accept",
            "return_to_bot",
        ]
        assert [each.epoch for each in events] == [1, 2, 3]
        assert _reload(session, queued).epoch == 3


def test_handing_back_gives_the_bot_a_fresh_tracker(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        before = _reload(session, queued).tracker_id
        person = alice(session)
        handoff.accept(session, queued.conversation.id, person, now=clock())
        after = handoff.return_to_bot(session, queued.conversation.id, person, now=clock())
        assert after.tracker_id != before
        assert after.status == ConversationStatus.BOT


def test_out_of_hours_no_person_is_promised_before_the_next_opening(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    clock.advance(hours=12)  # Tuesday evening in China
    with database.writing() as session:
        opened = xiaolin(session, clock)
        handoff.request_handoff(session, opened.conversation, "customer_asked", now=clock())
        said = messages_of(session, opened.conversation.id)[-1]
    assert "11 月 25 日（周三）8:30" in said.text
    assert {"/leave_message", "/cancel_handoff"} == {b["payload"] for b in said.data["buttons"]}


def test_asking_twice_queues_once(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        conversation = _reload(session, queued)
        handoff.request_handoff(session, conversation, "customer_asked", now=clock())
        assert conversation.epoch == 1


def test_cancelled_wait_goes_back_to_the_bot(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        conversation = _reload(session, queued)
        handoff.cancel(session, conversation, now=clock())
        assert conversation.status == ConversationStatus.BOT
        assert conversation.queued_at is None


def test_requeue_keeps_the_age_in_the_queue(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        person = alice(session)
        since = _reload(session, queued).queued_at
        handoff.accept(session, queued.conversation.id, person, now=clock())
        clock.advance(minutes=10)
        handoff.requeue(session, queued.conversation.id, person, now=clock())
        wanted = Wanted(ConversationStatus.QUEUED)
        row = conversations_in(session, wanted, HOURS, now=clock()).rows[0]
        assert _reload(session, queued).queued_at == since
        assert row["waiting_seconds"] == 600


def test_only_the_holder_hands_back_resolves_and_replies(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        holder, other = alice(session), bob(session)
        conversation_id = queued.conversation.id
        handoff.accept(session, conversation_id, holder, now=clock())
        with pytest.raises(NotYours):
            handoff.return_to_bot(session, conversation_id, other, now=clock())
        with pytest.raises(NotYours):
            handoff.resolve(session, conversation_id, other, "", now=clock())
        with pytest.raises(NotYours):
            record_staff_message(session, conversation_id, other, "a", "您好", False, now=clock())
        record_staff_message(session, conversation_id, other, "b", "我来过", True, now=clock())
        record_staff_message(session, conversation_id, holder, "c", "您好", False, now=clock())


def test_resolved_twice_ends_once_and_takes_no_more_replies(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        person = alice(session)
        handoff.accept(session, queued.conversation.id, person, now=clock())
        first = handoff.resolve(session, queued.conversation.id, person, "已答复", now=clock())
        epoch = first.epoch
        again = handoff.resolve(session, queued.conversation.id, person, "已答复", now=clock())
        assert (again.epoch, again.status) == (epoch, ConversationStatus.RESOLVED)
        with pytest.raises(WrongStatus):
            record_staff_message(
                session, queued.conversation.id, person, "a", "还有", False, now=clock()
            )


def test_message_after_the_end_opens_a_new_conversation_and_no_queue_entry(
    database: Database, clock: FakeClock, handoff: Handoff, queued: Opened
) -> None:
    with database.writing() as session:
        person = alice(session)
        handoff.accept(session, queued.conversation.id, person, now=clock())
        handoff.resolve(session, queued.conversation.id, person, "", now=clock())
        clock.advance(seconds=1)
        thanks = writes(session, queued, "谢谢", clock)
        once_more = writes(session, queued, "还想问", clock)
        assert thanks.conversation.id != queued.conversation.id
        assert once_more.conversation.id == thanks.conversation.id
        assert thanks.conversation.status == ConversationStatus.BOT
        assert _reload(session, queued).status == ConversationStatus.RESOLVED
        detail = conversation_detail(session, thanks.conversation.id, HOURS, now=clock())
        earlier = [each["id"] for each in detail["customer"]["earlier"]]
        assert earlier == [queued.conversation.id]
