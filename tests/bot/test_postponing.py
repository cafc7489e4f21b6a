"""Conversations that are put off: what wakes them, and what does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.conversations.changes import changes_for_desk
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation, Postponement, Waking
from bot.conversations.postponing import (
    any_due,
    moment_of,
    postpone,
    postponed_among,
    postponements_of,
    wake,
    wake_due,
)
from bot.conversations.transitions import held_by
from bot.database import Database
from bot.errors import BadInput, NotYours
from bot.staff.models import Staff
from tests.bot.duty import HOURS, Duty
from tests.factories import writes
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


@pytest.fixture
def anna(duty: Duty) -> int:
    return duty.hires("anna")


@pytest.fixture
def held(duty: Duty, anna: int) -> Opened:
    opened = duty.asks("metrology")
    duty.accepts(anna, opened)
    return opened


def _puts_off(duty: Duty, staff_id: int, opened: Opened, note: str = "", **length: float) -> None:
    now = duty.clock()
    with duty.database.writing() as session:
        staff = session.get_one(Staff, staff_id)
        conversation = held_by(session, opened.conversation.id, staff)
        postpone(session, conversation, staff, now + timedelta(**length), note, now=now)


def _wakes(duty: Duty) -> int:
    with duty.database.writing() as session:
        return wake_due(session, duty.clock())


def _put_off(duty: Duty, opened: Opened) -> dict[str, str] | None:
    with duty.database.reading() as session:
        return postponed_among(session, [opened.conversation.id]).get(opened.conversation.id)


def _causes(duty: Duty) -> list[str | None]:
    with duty.database.reading() as session:
        return list(session.scalars(select(Postponement.cause).order_by(Postponement.id)))


def _told(duty: Duty, staff_id: int) -> list[str | None]:
    """What the desk heard of putting off: the note, or what woke it."""
    with duty.database.reading() as session:
        page = changes_for_desk(session, session.get_one(Staff, staff_id), 0, limit=1000)
    lines = [each for each in page.changes if each["type"] == "postponed"]
    return [each.get("cause") or each["postponed"]["note"] for each in lines]


def test_put_off_conversation_sleeps_until_its_time(duty: Duty, anna: int, held: Opened) -> None:
    _puts_off(duty, anna, held, "等计量所回电", hours=2)
    duty.clock.advance(hours=1, minutes=59)
    assert _wakes(duty) == 0
    put_off = _put_off(duty, held)
    assert put_off is not None
    assert put_off["note"] == "等计量所回电"
    duty.clock.advance(minutes=1)
    with duty.database.reading() as session:
        assert any_due(session, duty.clock())
    assert _wakes(duty) == 1
    assert _put_off(duty, held) is None
    assert _wakes(duty) == 0, "once awake, nothing wakes it again"
    assert _told(duty, anna) == ["等计量所回电", Waking.DUE]
    assert duty.holder(held) == anna


def test_customer_who_writes_wakes_it(duty: Duty, anna: int, held: Opened) -> None:
    _puts_off(duty, anna, held, hours=2)
    with duty.database.writing() as session:
        writes(session, held, "我补充一下", duty.clock)
    assert _put_off(duty, held) is None
    assert _causes(duty) == [Waking.CUSTOMER]


def test_words_of_staff_do_not_wake_it(duty: Duty, anna: int, held: Opened) -> None:
    _puts_off(duty, anna, held, hours=2)
    duty.replies(anna, held)
    assert _put_off(duty, held) is not None


@pytest.mark.parametrize("end", ["resolves", "requeues"])
def test_whoever_gets_it_next_gets_it_awake(duty: Duty, anna: int, held: Opened, end: str) -> None:
    _puts_off(duty, anna, held, hours=2)
    getattr(duty, end)(anna, held)
    assert _put_off(duty, held) is None
    assert _causes(duty) == [Waking.MOVED]


def test_putting_off_anew_replaces_the_moment(duty: Duty, anna: int, held: Opened) -> None:
    _puts_off(duty, anna, held, "一", hours=1)
    _puts_off(duty, anna, held, "二", hours=3)
    duty.clock.advance(hours=2)
    assert _wakes(duty) == 0
    put_off = _put_off(duty, held)
    assert put_off is not None
    assert put_off["note"] == "二"
    assert _causes(duty) == [Waking.REPLACED, None]


def test_holder_takes_it_up_before_its_time(duty: Duty, anna: int, held: Opened) -> None:
    _puts_off(duty, anna, held, "一", hours=1)
    for was_put_off in (True, False):
        with duty.database.writing() as session:
            conversation = session.get_one(Conversation, held.conversation.id)
            assert wake(session, conversation, Waking.HOLDER, now=duty.clock()) is was_put_off
    assert _told(duty, anna) == ["一", Waking.HOLDER]


def test_only_the_holder_puts_off(duty: Duty, held: Opened) -> None:
    bert = duty.hires("bert")
    with pytest.raises(NotYours):
        _puts_off(duty, bert, held, hours=1)


def test_put_off_conversation_still_takes_up_its_holders_room(
    duty: Duty, anna: int, held: Opened
) -> None:
    _puts_off(duty, anna, held, hours=2)
    waiting = [duty.asks("metrology") for _ in range(2)]
    duty.assigns()
    assert [duty.holder(each) for each in waiting] == [anna, None]


def test_timeline_says_when_it_was_put_off_and_woke(duty: Duty, anna: int, held: Opened) -> None:
    _puts_off(duty, anna, held, "等回电", hours=1)
    duty.clock.advance(hours=1)
    _wakes(duty)
    with duty.database.reading() as session:
        lines = postponements_of(session, held.conversation.id)
    assert [(each["transition"], each["reason"]) for each in lines] == [
        ("postponed", "等回电"),
        ("woken", "等回电"),
    ]
    assert lines[0]["staff"]["name"] == "anna"


@pytest.mark.parametrize(
    ("asked_at", "begins_at"),
    [
        # A Tuesday noon, in the lunch break of nobody: Wednesday.
        ("2026-11-24T12:00+08:00", "2026-11-25T08:30+08:00"),
        # Before work begins, the next working day is not today.
        ("2026-11-24T07:00+08:00", "2026-11-25T08:30+08:00"),
        # Over a weekend.
        ("2026-11-27T16:00+08:00", "2026-11-30T08:30+08:00"),
        # The day before a Sunday that is worked, and before the National Day holiday.
        ("2026-09-19T16:00+08:00", "2026-09-20T08:30+08:00"),
        ("2026-09-30T16:00+08:00", "2026-10-08T08:30+08:00"),
    ],
)
def test_next_day_is_the_next_working_day(asked_at: str, begins_at: str) -> None:
    now = datetime.fromisoformat(asked_at)
    assert moment_of("next_day", HOURS, now=now) == datetime.fromisoformat(begins_at)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "tomorrow",
        "2026-11-25",
        "2026-11-25T10:00:00",
        "2026-11-24T01:30:00+00:00",
        "2026-11-23T01:30:00+00:00",
        "2027-11-24T01:30:00+00:00",
        "9999-12-31T23:59:59+00:00",
    ],
)
def test_moment_that_cannot_be_meant_is_refused(words: str) -> None:
    with pytest.raises(BadInput):
        moment_of(words, HOURS, now=datetime(2026, 11, 24, 1, 30, tzinfo=UTC))


def test_a_time_with_its_offset_is_taken_as_it_is() -> None:
    now = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    until = moment_of("2026-11-24T10:30:00+08:00", HOURS, now=now)
    assert until == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
