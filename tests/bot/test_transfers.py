"""Handing on: the sender keeps a conversation until the colleague accepts; supervisors step in."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from bot.conversations.changes import changes_for_desk
from bot.conversations.ledger import Opened, messages_of
from bot.conversations.models import Conversation, StatusEvent
from bot.conversations.offers import (
    expire_transfers,
    offer_transfer,
    offers_to,
    refuse_transfer,
    withdraw_transfer,
)
from bot.database import Database
from bot.errors import (
    BadInput,
    Conflict,
    Forbidden,
    NotYours,
    OfferOver,
    ServiceError,
    WrongStatus,
)
from bot.staff.models import Presence, Staff
from tests.bot.duty import Duty
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


@pytest.fixture
def alice(duty: Duty) -> int:
    return duty.hires("alice", "metrology", presence=None)


@pytest.fixture
def bob(duty: Duty) -> int:
    return duty.hires("bob", "standards", presence=None)


@pytest.fixture
def held(duty: Duty, alice: int) -> Opened:
    """A conversation that Alice holds."""
    opened = duty.asks("metrology")
    duty.accepts(alice, opened)
    return opened


def _offers(duty: Duty, sender: int, receiver: int, opened: Opened) -> int:
    with duty.database.writing() as session:
        offer = offer_transfer(
            session,
            opened.conversation.id,
            session.get_one(Staff, sender),
            session.get_one(Staff, receiver),
            now=duty.clock(),
        )
        return offer.id


def _does(duty: Duty, step: Any, staff_id: int, opened: Opened) -> None:
    with duty.database.writing() as session:
        staff = session.get_one(Staff, staff_id)
        step(session, opened.conversation.id, staff, now=duty.clock())


def _refused(duty: Duty, step: Any, staff_id: int, opened: Opened) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        _does(duty, step, staff_id, opened)
    return refused.value


def _told(duty: Duty) -> list[str]:
    """The states of offers that the desk heard of."""
    with duty.database.reading() as session:
        staff = session.scalars(select(Staff)).first()
        assert staff is not None
        page = changes_for_desk(session, staff, 0)
    return [each["transfer"]["state"] for each in page.changes if each["type"] == "transfer"]


def test_sender_keeps_it_until_the_colleague_accepts(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    assert duty.holder(held) == alice
    duty.replies(alice, held)
    _does(duty, duty.handoff.accept_transfer, bob, held)
    assert duty.holder(held) == bob
    assert _told(duty) == ["open", "accepted"]
    with duty.database.reading() as session:
        said = messages_of(session, held.conversation.id)[-1].text
        event = session.scalars(select(StatusEvent).order_by(StatusEvent.id.desc())).first()
    assert "bob" in said
    assert event is not None
    assert (event.transition, event.staff_id, event.reason) == ("transfer", bob, "alice")


def test_accepting_in_the_ordinary_way_accepts_the_offer(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    duty.accepts(bob, held)
    assert duty.holder(held) == bob
    assert _told(duty) == ["open", "accepted"]


def test_accepting_twice_changes_nothing_more(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    _does(duty, duty.handoff.accept_transfer, bob, held)
    epoch = duty.conversation(held).epoch
    _does(duty, duty.handoff.accept_transfer, bob, held)
    assert duty.conversation(held).epoch == epoch


def test_refused_offer_leaves_it_with_the_sender(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    epoch = duty.conversation(held).epoch
    _does(duty, refuse_transfer, bob, held)
    assert (duty.holder(held), duty.conversation(held).epoch) == (alice, epoch)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, bob, held), OfferOver)
    assert _told(duty) == ["open", "refused"]


def test_offer_stands_for_thirty_seconds(
    duty: Duty, clock: FakeClock, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    clock.advance(seconds=29)
    with duty.database.writing() as session:
        assert expire_transfers(session, clock()) == 0
    clock.advance(seconds=1)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, bob, held), OfferOver)
    with duty.database.writing() as session:
        assert expire_transfers(session, clock()) == 1
    with duty.database.writing() as session:
        assert expire_transfers(session, clock()) == 0
    assert duty.holder(held) == alice
    assert _told(duty) == ["open", "expired"]


def test_only_the_receiver_answers_and_only_the_sender_withdraws(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    carol = duty.hires("carol", presence=None)
    _offers(duty, alice, bob, held)
    for stranger in (carol, alice):
        assert isinstance(_refused(duty, refuse_transfer, stranger, held), OfferOver)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, carol, held), OfferOver)
    assert isinstance(_refused(duty, withdraw_transfer, bob, held), NotYours)
    _does(duty, withdraw_transfer, alice, held)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, bob, held), OfferOver)
    assert isinstance(_refused(duty, withdraw_transfer, alice, held), OfferOver)
    assert _told(duty) == ["open", "withdrawn"]


def test_one_offer_stands_at_a_time_and_the_same_again_is_the_same(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    carol = duty.hires("carol", presence=None)
    first = _offers(duty, alice, bob, held)
    assert _offers(duty, alice, bob, held) == first
    with pytest.raises(Conflict):
        _offers(duty, alice, carol, held)
    duty.clock.advance(seconds=31)
    assert _offers(duty, alice, carol, held) != first
    assert _told(duty) == ["open", "expired", "open"]


def test_what_cannot_be_offered(duty: Duty, alice: int, bob: int, held: Opened) -> None:
    coordinator = duty.hires("coord", role="coordinator", presence=None)
    with pytest.raises(NotYours):
        _offers(duty, bob, alice, held)
    for nobody in (alice, coordinator):
        with pytest.raises(BadInput):
            _offers(duty, alice, nobody, held)


def test_offer_falls_with_the_conversation_that_went_elsewhere(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    duty.requeues(alice, held)
    assert isinstance(_refused(duty, refuse_transfer, bob, held), OfferOver)
    with duty.database.reading() as session:
        assert offers_to(session, session.get_one(Staff, bob), now=duty.clock()) == []


def test_standing_offers_are_found_by_a_page_that_opens_now(
    duty: Duty, clock: FakeClock, alice: int, bob: int, held: Opened
) -> None:
    _offers(duty, alice, bob, held)
    with duty.database.reading() as session:
        found = offers_to(session, session.get_one(Staff, bob), now=clock())
        assert [each.conversation_id for each in found] == [held.conversation.id]
        assert offers_to(session, session.get_one(Staff, alice), now=clock()) == []
    clock.advance(seconds=30)
    with duty.database.reading() as session:
        assert offers_to(session, session.get_one(Staff, bob), now=clock()) == []


def test_group_takes_it_into_its_queue_with_its_age_and_not_back_to_the_sender(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    since = duty.conversation(held).queued_at
    with duty.database.writing() as session:
        staff = session.get_one(Staff, alice)
        duty.handoff.transfer_to_group(
            session, held.conversation.id, staff, "standards", now=duty.clock()
        )
    waiting = duty.conversation(held)
    assert (waiting.status, waiting.category, waiting.staff_id) == ("queued", "standards", None)
    assert waiting.queued_at == since
    duty.says(alice, Presence.AVAILABLE)
    assert duty.assigns() == {}
    duty.says(bob, Presence.AVAILABLE)
    assert duty.assigns() == {held.conversation.id: bob}


@pytest.mark.parametrize("role", ["supervisor", "admin"])
def test_supervisor_takes_over_and_the_former_holder_no_longer_answers(
    duty: Duty, alice: int, held: Opened, role: str
) -> None:
    chief = duty.hires("chief", role=role, presence=None)
    _does(duty, duty.handoff.take_over, chief, held)
    assert duty.holder(held) == chief
    with pytest.raises(NotYours):
        duty.replies(alice, held)
    epoch = duty.conversation(held).epoch
    _does(duty, duty.handoff.take_over, chief, held)
    assert duty.conversation(held).epoch == epoch
    with duty.database.reading() as session:
        event = session.scalars(select(StatusEvent).order_by(StatusEvent.id.desc())).first()
    assert event is not None
    assert (event.transition, event.reason) == ("take_over", "alice")


def test_only_supervisors_take_over(duty: Duty, alice: int, bob: int, held: Opened) -> None:
    assert isinstance(_refused(duty, duty.handoff.take_over, bob, held), Forbidden)
    assert duty.holder(held) == alice


def test_nothing_is_taken_over_after_the_end(duty: Duty, alice: int, held: Opened) -> None:
    chief = duty.hires("chief", role="supervisor", presence=None)
    duty.resolves(alice, held)
    assert isinstance(_refused(duty, duty.handoff.take_over, chief, held), WrongStatus)


def test_taking_over_withdraws_an_offer(duty: Duty, alice: int, bob: int, held: Opened) -> None:
    chief = duty.hires("chief", role="supervisor", presence=None)
    _offers(duty, alice, bob, held)
    _does(duty, duty.handoff.take_over, chief, held)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, bob, held), OfferOver)
    with duty.database.reading() as session:
        assert session.get_one(Conversation, held.conversation.id).staff_id == chief
