"""Warnings and breaches of promises are pushed to the desk, once each."""

from __future__ import annotations

import pytest

from bot.conversations.changes import changes_for_desk
from bot.conversations.desk import record_staff_message
from bot.conversations.sla_notices import SlaWatch
from bot.database import Database
from bot.staff.models import Staff
from tests.bot.duty import HOURS, Duty
from tests.factories import writes
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


def _sweep(duty: Duty) -> bool:
    watch = SlaWatch(HOURS)
    with duty.database.reading() as session:
        needed = watch.any(session, duty.clock())
    with duty.database.writing() as session:
        watch.tell(session, duty.clock())
    return needed


def _told(duty: Duty, staff_id: int) -> list[tuple[str, str]]:
    with duty.database.reading() as session:
        page = changes_for_desk(session, session.get_one(Staff, staff_id), 0)
    told = [each["sla"] for each in page.changes if each["type"] == "sla"]
    return [(each["which"], each["state"]) for each in told]


def test_warning_and_breach_are_told_once_each(duty: Duty, clock: FakeClock) -> None:
    chief = duty.hires("chief", role="supervisor", presence=None)
    duty.asks()
    assert not _sweep(duty)
    clock.advance(minutes=5)
    assert _sweep(duty)
    assert not _sweep(duty)
    assert _told(duty, chief) == [("first_response", "warning")]
    clock.advance(minutes=5, seconds=1)
    assert _sweep(duty)
    assert not _sweep(duty)
    assert _told(duty, chief) == [("first_response", "warning"), ("first_response", "breached")]


def test_each_wait_for_an_answer_is_told_by_itself(duty: Duty, clock: FakeClock) -> None:
    alice = duty.hires("alice", presence=None)
    opened = duty.asks()
    duty.accepts(alice, opened)
    duty.replies(alice, opened)
    for text in ("第一问", "第二问"):
        with duty.database.writing() as session:
            writes(session, opened, text, clock)
        clock.advance(minutes=6)
        assert _sweep(duty)
        with duty.database.writing() as session:
            staff = session.get_one(Staff, alice)
            record_staff_message(
                session, opened.conversation.id, staff, text, "答", False, now=clock()
            )
        clock.advance(seconds=1)
        assert not _sweep(duty)
    assert _told(duty, alice) == [("next_response", "warning")] * 2


def test_what_is_over_is_told_no_more(duty: Duty, clock: FakeClock) -> None:
    alice = duty.hires("alice", presence=None)
    opened = duty.asks()
    duty.accepts(alice, opened)
    duty.resolves(alice, opened)
    clock.advance(hours=5)
    assert not _sweep(duty)


def test_colleagues_do_not_hear_of_what_is_not_theirs(duty: Duty, clock: FakeClock) -> None:
    alice, bob = duty.hires("alice", presence=None), duty.hires("bob", presence=None)
    chief = duty.hires("chief", role="admin", presence=None)
    opened = duty.asks()
    duty.accepts(alice, opened)
    clock.advance(minutes=6)
    _sweep(duty)
    assert _told(duty, alice) == _told(duty, chief) == [("first_response", "warning")]
    assert _told(duty, bob) == []


def test_what_waits_concerns_everybody_who_serves(duty: Duty, clock: FakeClock) -> None:
    alice, bob = duty.hires("alice", presence=None), duty.hires("bob", presence=None)
    duty.asks()
    clock.advance(minutes=6)
    _sweep(duty)
    assert _told(duty, alice) == _told(duty, bob) == [("first_response", "warning")]


def test_second_episode_has_promises_of_its_own(duty: Duty, clock: FakeClock) -> None:
    alice = duty.hires("alice", presence=None)
    opened = duty.asks()
    clock.advance(minutes=6)
    assert _sweep(duty)
    duty.accepts(alice, opened)
    with duty.database.writing() as session:
        staff = session.get_one(Staff, alice)
        duty.handoff.return_to_bot(session, opened.conversation.id, staff, now=clock())
    duty.asks(again=opened)
    assert not _sweep(duty)
    clock.advance(minutes=6)
    assert _sweep(duty)
