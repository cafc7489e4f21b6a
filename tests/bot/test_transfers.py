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
    offer_to_group,
    offer_transfer,
    offers_to,
    refuse_transfer,
    withdraw_transfer,
)
from bot.conversations.sight import may_read
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
from bot.staff.assignment import members_there
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


def _offers_to_group(duty: Duty, sender: int, category: str, opened: Opened) -> list[str]:
    """Who of the group is asked."""
    with duty.database.writing() as session:
        members = members_there(session, category, now=duty.clock())
        staff = session.get_one(Staff, sender)
        asked = [each for each in members if each.id != sender]
        offer_to_group(session, opened.conversation.id, staff, category, asked, now=duty.clock())
        return [each.username for each in asked]


def _sees(duty: Duty, staff_id: int, opened: Opened) -> bool:
    """Whether somebody may read the conversation."""
    with duty.database.reading() as session:
        return may_read(session, session.get_one(Staff, staff_id), opened.conversation.id)


def test_first_of_a_group_who_accepts_has_it_and_the_giver_keeps_it_until_then(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    dora = duty.hires("dora", "standards")
    duty.says(bob, Presence.AVAILABLE)
    duty.says(alice, Presence.AVAILABLE)
    assert not _sees(duty, bob, held)
    assert _offers_to_group(duty, alice, "standards", held) == ["bob", "dora"]
    assert duty.holder(held) == alice
    duty.replies(alice, held)
    assert _sees(duty, bob, held)
    assert _sees(duty, dora, held)
    _does(duty, duty.handoff.accept_transfer, bob, held)
    assert duty.holder(held) == bob
    assert duty.conversation(held).category == "standards"
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, dora, held), OfferOver)
    assert _told(duty) == ["open", "accepted"]
    with duty.database.reading() as session:
        page = changes_for_desk(session, session.get_one(Staff, dora), 0)
        event = session.scalars(select(StatusEvent).order_by(StatusEvent.id.desc())).first()
    first, last = (each for each in page.changes if each["type"] == "transfer")
    assert (first["members"], first["transfer"]["to"]) == (["bob", "dora"], None)
    assert last["transfer"]["to"]["username"] == "bob"
    assert event is not None
    assert (event.transition, event.staff_id, event.reason) == ("transfer", bob, "alice")


def test_one_of_a_group_who_refuses_leaves_it_to_the_others(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    dora = duty.hires("dora", "standards")
    duty.says(bob, Presence.AVAILABLE)
    _offers_to_group(duty, alice, "standards", held)
    _does(duty, refuse_transfer, bob, held)
    duty.accepts(dora, held)
    assert duty.holder(held) == dora


def test_giver_keeps_what_nobody_of_a_group_takes_and_may_queue_it_then(
    duty: Duty, clock: FakeClock, alice: int, bob: int, held: Opened
) -> None:
    duty.says(bob, Presence.AVAILABLE)
    since = duty.conversation(held).queued_at
    _offers_to_group(duty, alice, "standards", held)
    clock.advance(seconds=30)
    with duty.database.writing() as session:
        assert expire_transfers(session, clock()) == 1
    assert duty.holder(held) == alice
    assert _told(duty) == ["open", "expired"]
    assert not _sees(duty, bob, held)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, bob, held), OfferOver)
    with duty.database.writing() as session:
        staff = session.get_one(Staff, alice)
        duty.handoff.transfer_to_group(
            session, held.conversation.id, staff, "standards", now=clock()
        )
    waiting = duty.conversation(held)
    assert (waiting.status, waiting.queued_at) == ("queued", since)


def test_nobody_outside_the_group_takes_what_it_is_offered(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    stranger = duty.hires("stranger", "ip")
    duty.says(bob, Presence.AVAILABLE)
    _offers_to_group(duty, alice, "standards", held)
    for nobody in (stranger, alice):
        with duty.database.reading() as session:
            assert offers_to(session, session.get_one(Staff, nobody), now=duty.clock()) == []
    assert isinstance(_refused(duty, refuse_transfer, stranger, held), OfferOver)
    assert isinstance(_refused(duty, duty.handoff.accept_transfer, stranger, held), OfferOver)
    assert not _sees(duty, stranger, held)
    with duty.database.reading() as session:
        [offer] = offers_to(session, session.get_one(Staff, bob), now=duty.clock())
    assert offer.category == "standards"


def test_offers_to_a_group_and_to_a_colleague_do_not_stand_together(
    duty: Duty, alice: int, bob: int, held: Opened
) -> None:
    carol = duty.hires("carol", presence=None)
    duty.says(bob, Presence.AVAILABLE)
    _offers_to_group(duty, alice, "standards", held)
    _offers_to_group(duty, alice, "standards", held)
    with pytest.raises(Conflict, match="业务组"):
        _offers(duty, alice, carol, held)
    _does(duty, withdraw_transfer, alice, held)
    _offers(duty, alice, carol, held)
    with pytest.raises(Conflict, match="carol"):
        _offers_to_group(duty, alice, "standards", held)
    with pytest.raises(NotYours):
        _offers_to_group(duty, bob, "metrology", held)


def test_only_who_is_there_is_asked(duty: Duty, clock: FakeClock, bob: int) -> None:
    everything = duty.hires("everything")
    duty.hires("away", "standards", presence=Presence.AWAY)
    with duty.database.reading() as session:
        assert [each.id for each in members_there(session, "standards", now=clock())] == [
            everything
        ]
        clock.advance(seconds=91)
        assert members_there(session, "standards", now=clock()) == []


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
