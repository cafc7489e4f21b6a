"""Who is there: what people say, a lease that proves it, and what happens when they vanish."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.conversations.changes import changes_for_desk
from bot.conversations.desk import record_staff_message
from bot.conversations.ledger import Opened, messages_of
from bot.conversations.models import Conversation, StatusEvent
from bot.conversations.postponing import postpone
from bot.database import Database
from bot.desk.drafts import save_draft
from bot.staff.models import Presence, Role, Staff
from bot.staff.presence import presence_log, presence_view, routable
from bot.staff.service import add_staff, sign_in
from tests.bot.duty import Duty
from tests.factories import PASSWORD, writes
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock, capacity=5)


def _routable(duty: Duty) -> list[int]:
    with duty.database.reading() as session:
        return list(session.scalars(select(Staff.id).where(*routable(duty.clock()))))


def _sweep(duty: Duty) -> bool:
    with duty.database.reading() as session:
        needed = duty.absence.any(session, duty.clock())
    with duty.database.writing() as session:
        duty.absence.end(session, duty.clock())
    return needed


def _log(duty: Duty, staff_id: int) -> list[tuple[str, str, str]]:
    with duty.database.reading() as session:
        lines = presence_log(session, session.get_one(Staff, staff_id))
    return [(each["before"], each["after"], each["cause"]) for each in lines]


def test_signing_in_makes_nobody_available(duty: Duty) -> None:
    with duty.database.writing() as session:
        staff = add_staff(
            session, "wang", PASSWORD, name="王工", number="03", role="staff", skills=[]
        )
        sign_in(session, "wang", "127.0.0.1", now=duty.clock())
    assert duty.presence(staff.id) == Presence.OFFLINE
    assert _routable(duty) == []


def test_lease_is_renewed_by_signs_of_life_and_runs_out_without(
    duty: Duty, clock: FakeClock
) -> None:
    somebody = duty.hires("somebody")
    for _ in range(5):
        clock.advance(seconds=60)
        duty.lives(somebody)
        assert _routable(duty) == [somebody]
    clock.advance(seconds=91)
    assert _routable(duty) == []
    assert duty.presence(somebody) == Presence.AVAILABLE
    duty.lives(somebody)
    assert _routable(duty) == [somebody]


def test_sign_of_life_does_not_bring_back_who_went_offline(duty: Duty, clock: FakeClock) -> None:
    somebody = duty.hires("somebody")
    duty.says(somebody, Presence.OFFLINE)
    clock.advance(seconds=60)
    duty.lives(somebody)
    assert duty.presence(somebody) == Presence.OFFLINE
    assert _routable(duty) == []


def test_away_keeps_what_one_has(duty: Duty) -> None:
    somebody = duty.hires("somebody")
    opened = duty.asks()
    duty.assigns()
    assert duty.says(somebody, Presence.AWAY) == []
    assert duty.holder(opened) == somebody


@pytest.mark.parametrize("presence", [Presence.AWAY_AND_REQUEUE, Presence.OFFLINE])
def test_whoever_leaves_gives_back_what_they_have_with_its_age(
    duty: Duty, clock: FakeClock, presence: Presence
) -> None:
    somebody = duty.hires("somebody")
    asked = [duty.asks() for _ in range(2)]
    since = [duty.conversation(each).queued_at for each in asked]
    duty.assigns()
    clock.advance(minutes=3)
    requeued = duty.says(somebody, presence)
    assert sorted(requeued) == sorted(each.conversation.id for each in asked)
    assert [duty.conversation(each).status for each in asked] == ["queued", "queued"]
    assert [duty.conversation(each).queued_at for each in asked] == since
    # It was not given away to spite anybody: who comes back may have it again.
    duty.says(somebody, Presence.AVAILABLE)
    assert set(duty.assigns()) == set(requeued)


def test_saying_the_same_again_is_no_line_in_the_log(duty: Duty, clock: FakeClock) -> None:
    somebody = duty.hires("somebody")
    clock.advance(minutes=1)
    duty.says(somebody, Presence.AVAILABLE)
    duty.says(somebody, Presence.AWAY)
    duty.says(somebody, Presence.AVAILABLE)
    assert _log(duty, somebody) == [
        ("away", "available", "chosen"),
        ("available", "away", "chosen"),
        ("offline", "available", "chosen"),
    ]


def test_who_has_vanished_is_offline_and_their_customers_wait_again(
    duty: Duty, clock: FakeClock
) -> None:
    gone, here = duty.hires("gone"), duty.hires("here")
    duty.says(here, Presence.AWAY)
    asked = [duty.asks() for _ in range(5)]
    since = {each.conversation.id: duty.conversation(each).queued_at for each in asked}
    duty.assigns()
    assert duty.loads() == {gone: 5}
    duty.says(gone, Presence.AVAILABLE)
    for _ in range(5):
        clock.advance(seconds=60)
        duty.lives(here)
    assert not _sweep(duty)
    assert duty.loads() == {gone: 5}
    clock.advance(seconds=5)
    assert _sweep(duty)
    assert duty.presence(gone) == Presence.OFFLINE
    assert duty.presence(here) == Presence.AWAY
    assert _log(duty, gone)[0] == ("available", "offline", "vanished")
    for each in asked:
        conversation = duty.conversation(each)
        assert (conversation.status, conversation.staff_id) == ("queued", None)
        assert conversation.queued_at == since[each.conversation.id]
    assert not _sweep(duty)
    with duty.database.reading() as session:
        reasons = session.scalars(
            select(StatusEvent.reason).where(StatusEvent.transition == "requeue")
        ).all()
    assert reasons == ["vanished"] * 5


def test_silence_while_we_were_away_ourselves_proves_nothing(duty: Duty, clock: FakeClock) -> None:
    somebody = duty.hires("somebody")
    opened = duty.asks()
    duty.assigns()
    clock.advance(minutes=30)
    started_again = Duty(duty.database, clock)
    assert not _sweep(started_again)
    assert duty.holder(opened) == somebody
    clock.advance(minutes=4)
    assert not _sweep(started_again)
    duty.lives(somebody)
    clock.advance(minutes=4)
    assert not _sweep(started_again)
    clock.advance(minutes=2)
    assert _sweep(started_again)
    assert duty.holder(opened) is None


def test_who_never_said_anything_of_themselves_cannot_vanish(duty: Duty, clock: FakeClock) -> None:
    by_hand = duty.hires("by_hand", presence=None)
    opened = duty.asks()
    duty.accepts(by_hand, opened)
    clock.advance(hours=1)
    assert not _sweep(duty)
    assert duty.holder(opened) == by_hand


def test_who_has_not_answered_in_time_loses_the_conversation_and_is_away(
    duty: Duty, clock: FakeClock
) -> None:
    silent, busy = duty.hires("silent"), duty.hires("busy")
    first, second = duty.asks(), duty.asks()
    duty.assigns()
    by_holder = {duty.holder(each): each for each in (first, second)}
    duty.replies(busy, by_holder[busy])
    duty.replies(silent, by_holder[silent], private=True)
    clock.advance(minutes=9, seconds=59)
    _silence(duty)
    assert duty.loads() == {silent: 1, busy: 1}
    clock.advance(seconds=2)
    _silence(duty)
    assert duty.loads() == {busy: 1}
    assert duty.presence(silent) == Presence.AWAY
    assert duty.presence(busy) == Presence.AVAILABLE
    assert _log(duty, silent)[0] == ("available", "away", "silent")
    lost = duty.conversation(by_holder[silent])
    assert lost.queued_at is not None
    assert (clock() - lost.queued_at).total_seconds() > 600
    duty.lives(busy)
    assert duty.assigns() == {lost.id: busy}


def test_an_answer_is_waited_for_in_working_time_only(duty: Duty, clock: FakeClock) -> None:
    late = duty.hires("late")
    clock.advance(hours=7, minutes=55)  # 17:25 in China; work ends at 17:30
    duty.lives(late)
    opened = duty.asks()
    duty.accepts(late, opened)
    clock.advance(hours=15)  # 8:25 the next morning
    _silence(duty)
    assert duty.holder(opened) == late
    clock.advance(minutes=11)
    _silence(duty)
    assert duty.holder(opened) is None


def test_nobody_waits_for_words_where_staff_stepped_in(duty: Duty, clock: FakeClock) -> None:
    somebody = duty.hires("somebody")
    opened = duty.asks()
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        duty.handoff.cancel(session, conversation, now=clock())
    duty.accepts(somebody, opened)
    clock.advance(hours=1)
    _silence(duty)
    assert duty.holder(opened) == somebody


def test_customer_who_waits_too_long_for_a_later_reply_goes_back_to_the_queue(
    duty: Duty, clock: FakeClock
) -> None:
    quiet, other = duty.hires("quiet"), duty.hires("other")
    opened = _asked_on(duty, quiet)
    since = duty.conversation(opened).queued_at
    clock.advance(minutes=29, seconds=59)
    _silence(duty)
    assert duty.holder(opened) == quiet
    clock.advance(seconds=1)
    duty.lives(quiet, other)
    _silence(duty)
    waiting = duty.conversation(opened)
    assert (waiting.status, waiting.queued_at) == ("queued", since)
    assert duty.presence(quiet) == Presence.AVAILABLE
    with duty.database.reading() as session:
        told = messages_of(session, opened.conversation.id)[-1]
        page = changes_for_desk(session, session.get_one(Staff, quiet), 0)
    assert (told.author, "quiet暂时离开" in told.text) == ("system", True)
    [news] = [each for each in page.changes if each["type"] == "requeued"]
    assert news["from"]["username"] == "quiet"
    assert duty.assigns() == {waiting.id: other}, "not back to who let them wait"
    _silence(duty)
    assert duty.holder(opened) == other


def test_word_of_the_former_holder_is_no_reply_of_the_new_one(duty: Duty, clock: FakeClock) -> None:
    opened = _asked_on(duty, duty.hires("former"))
    new = duty.hires("new")
    clock.advance(minutes=31)
    _silence(duty)
    duty.accepts(new, opened)
    clock.advance(minutes=11)
    _silence(duty)
    assert duty.holder(opened) is None, "the first reply is due sooner than the next"


@pytest.mark.parametrize("sign", ["note", "draft", "put off", "thanks", "elsewhere"])
def test_nothing_is_taken_from_who_is_at_it_or_owes_nothing(
    duty: Duty, clock: FakeClock, sign: str
) -> None:
    anna = duty.hires("anna")
    opened = _asked_on(duty, anna, "谢谢" if sign == "thanks" else "那多少钱？")
    clock.advance(minutes=20)
    with duty.database.writing() as session:
        staff = session.get_one(Staff, anna)
        conversation = session.get_one(Conversation, opened.conversation.id)
        if sign == "note":
            record_staff_message(
                session, conversation.id, staff, "note", "在问机构", True, now=clock()
            )
        elif sign == "draft":
            save_draft(session, conversation.id, staff, "reply", "报价是", 1, now=clock())
        elif sign == "put off":
            until = clock() + timedelta(days=1)
            postpone(session, conversation, staff, until, "", now=clock())
        elif sign == "elsewhere":
            staff.role = Role.ELSEWHERE
    clock.advance(minutes=15)
    _silence(duty)
    assert duty.holder(opened) == anna
    clock.advance(minutes=16)
    _silence(duty)
    kept = sign not in ("note", "draft")
    assert (duty.holder(opened) == anna) is kept


def test_later_reply_is_waited_for_in_working_time_only(duty: Duty, clock: FakeClock) -> None:
    late = duty.hires("late")
    clock.advance(hours=7, minutes=50)  # 17:20 in China; work ends at 17:30
    opened = _asked_on(duty, late)
    clock.advance(hours=15, minutes=15)  # 8:35 the next morning
    _silence(duty)
    assert duty.holder(opened) == late
    clock.advance(minutes=16)
    _silence(duty)
    assert duty.holder(opened) is None


def _asked_on(duty: Duty, staff_id: int, text: str = "那多少钱？") -> Opened:
    """A conversation in which somebody has replied once and the customer goes on."""
    opened = duty.asks()
    duty.accepts(staff_id, opened)
    duty.replies(staff_id, opened)
    with duty.database.writing() as session:
        writes(session, opened, text, duty.clock)
    return opened


def test_view_says_what_the_desk_shows(duty: Duty, clock: FakeClock) -> None:
    somebody = duty.hires("somebody", capacity=3)
    duty.accepts(somebody, duty.asks())

    def view() -> dict[str, object]:
        with duty.database.reading() as session:
            found = presence_view(session, session.get_one(Staff, somebody), 5, now=clock())
        return {key: found[key] for key in ("presence", "assigned", "open", "capacity")}

    expected = {"presence": "available", "assigned": True, "open": 1, "capacity": 3}
    assert view() == expected
    clock.advance(seconds=100)
    assert view() == {**expected, "assigned": False}


def _silence(duty: Duty) -> None:
    with duty.database.writing() as session:
        if duty.silence.any(session, duty.clock()):
            duty.silence.end(session, duty.clock())
