"""Conversations end by themselves when the customer has gone, and only then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.cases.service import open_case
from bot.conversations.brain import Answer, Reply
from bot.conversations.desk import record_staff_message
from bot.conversations.idling import Idling, Patience
from bot.conversations.ledger import Incoming, Opened, customer_of, messages_of
from bot.conversations.models import Conversation, Customer, Episode, StatusEvent
from bot.conversations.postponing import postpone
from bot.conversations.reception import admit
from bot.conversations.turns import begin_turn, finish_turn
from bot.database import Database
from bot.feedback.models import Survey
from bot.staff.models import Presence, Role, Staff
from tests.bot.duty import Duty
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock

PATIENCE = Patience(timedelta(hours=24), timedelta(hours=2), timedelta(hours=1))


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


@pytest.fixture
def anna(duty: Duty) -> int:
    return duty.hires("anna", "metrology")


@pytest.fixture
def held(duty: Duty, anna: int) -> Opened:
    """A conversation in which Anna has answered."""
    opened = duty.asks("metrology")
    duty.accepts(anna, opened)
    duty.replies(anna, opened)
    return opened


@pytest.fixture
def with_bot(duty: Duty) -> Opened:
    """A conversation in which the bot has answered."""
    with duty.database.writing() as session:
        opened = xiaolin(session, duty.clock)
        writes(session, opened, "压力表多久检一次", duty.clock)
        begun = begin_turn(session, opened.conversation.id, now=duty.clock())
        assert begun is not None
        finish_turn(session, begun.turn_id, Answer([Reply("半年")]), duty.handoff, now=duty.clock())
    return opened


def _sweeps(duty: Duty) -> bool:
    """One run of the sweep; whether it found anything to do."""
    idling = Idling(duty.handoff, PATIENCE)
    with duty.database.reading() as session:
        needed = idling.any(session, duty.clock())
    with duty.database.writing() as session:
        idling.end(session, duty.clock())
    return needed


def _says(duty: Duty, opened: Opened, text: str) -> Conversation:
    with duty.database.writing() as session:
        customer = customer_of(session, opened.token)
        incoming = Incoming(f"said-{duty.clock().timestamp()}", text)
        received = admit(
            session, opened.conversation.id, customer, incoming, duty.handoff, now=duty.clock()
        ).received
        return received.conversation


def _texts(duty: Duty, opened: Opened) -> list[str]:
    with duty.database.reading() as session:
        return [each.text for each in messages_of(session, opened.conversation.id)]


def _surveys(duty: Duty) -> int:
    with duty.database.reading() as session:
        return len(session.scalars(select(Survey)).all())


def test_what_the_bot_has_ends_a_day_after_the_last_word_and_without_one(
    duty: Duty, with_bot: Opened, clock: FakeClock
) -> None:
    clock.advance(hours=24)
    assert not _sweeps(duty)
    clock.advance(seconds=1)
    said = _texts(duty, with_bot)
    assert _sweeps(duty)
    over = duty.conversation(with_bot)
    assert (over.status, over.resolved_at, over.epoch) == ("resolved", clock(), 1)
    assert _texts(duty, with_bot) == said
    assert _surveys(duty) == 0
    with duty.database.reading() as session:
        event = session.scalars(select(StatusEvent)).one()
        assert session.scalars(select(Episode)).all() == []
    assert (event.transition, event.from_status, event.staff_id) == ("idle_end", "bot", None)
    assert not _sweeps(duty)


def test_next_word_after_the_bots_end_begins_a_new_conversation_with_the_bot(
    duty: Duty, with_bot: Opened, anna: int, clock: FakeClock
) -> None:
    clock.advance(days=2)
    duty.lives(anna)
    _sweeps(duty)
    following = _says(duty, with_bot, "那要多少钱")
    assert following.id != with_bot.conversation.id
    assert following.status == "bot"


def test_nothing_ends_that_the_bot_has_not_answered(
    duty: Duty, with_bot: Opened, clock: FakeClock
) -> None:
    with duty.database.writing() as session:
        writes(session, with_bot, "那要多少钱", clock)
    clock.advance(days=2)
    assert not _sweeps(duty)
    with duty.database.writing() as session:
        assert begin_turn(session, with_bot.conversation.id, now=clock()) is not None
    assert not _sweeps(duty)
    assert duty.conversation(with_bot).status == "bot"


def test_conversation_stays_open_while_the_customer_is_to_hear_of_a_case(
    duty: Duty, with_bot: Opened, clock: FakeClock
) -> None:
    with duty.database.writing() as session:
        case = open_case(
            session,
            "校准 20 把卡尺",
            now=clock(),
            conversation_id=with_bot.conversation.id,
            hours=duty.handoff.hours,
        )
    clock.advance(days=2)
    assert not _sweeps(duty)
    with duty.database.writing() as session:
        stored = session.merge(case)
        stored.status = "done"
    assert _sweeps(duty)
    assert duty.conversation(with_bot).status == "resolved"


def test_customer_is_warned_before_a_persons_service_ends_and_asked_once(
    duty: Duty, held: Opened, clock: FakeClock
) -> None:
    clock.advance(hours=1, minutes=59)
    assert not _sweeps(duty)
    clock.advance(minutes=1)
    assert _sweeps(duty)
    assert duty.conversation(held).status == "staff"
    warned = _texts(duty, held)
    assert "自动结束" in warned[-1]
    assert "12:30 前" in warned[-1]
    clock.advance(minutes=59)
    assert not _sweeps(duty)
    clock.advance(minutes=1)
    assert _sweeps(duty)
    over = duty.conversation(held)
    assert (over.status, over.staff_id is None) == ("resolved", False)
    [end] = _texts(duty, held)[len(warned) :]
    assert "请为anna的服务评分" in end
    assert _surveys(duty) == 1
    with duty.database.reading() as session:
        episode = session.scalars(select(Episode)).one()
    assert (episode.end, episode.ended_at) == ("idle_end", clock())
    assert not _sweeps(duty)


def test_time_in_which_nobody_works_does_not_count(duty: Duty, anna: int, clock: FakeClock) -> None:
    clock.advance(hours=7)  # 16:30 in China; work ends at 17:30
    duty.lives(anna)
    opened = duty.asks("metrology")
    duty.accepts(anna, opened)
    duty.replies(anna, opened)
    clock.advance(hours=16)  # 8:30 the next morning, one hour of work later
    assert not _sweeps(duty)
    clock.advance(hours=1)
    assert _sweeps(duty)
    assert "自动结束" in _texts(duty, opened)[-1]


def test_any_word_of_the_customer_keeps_it_open(
    duty: Duty, anna: int, held: Opened, clock: FakeClock
) -> None:
    clock.advance(hours=2)
    assert _sweeps(duty)
    _says(duty, held, "还在，我去问一下同事")
    clock.advance(hours=5)
    assert not _sweeps(duty), "now it is Anna who owes an answer"
    assert duty.holder(held) == anna


def test_reply_after_the_warning_begins_the_wait_again(
    duty: Duty, anna: int, held: Opened, clock: FakeClock
) -> None:
    clock.advance(hours=2)
    _sweeps(duty)
    with duty.database.writing() as session:
        staff = session.get_one(Staff, anna)
        record_staff_message(
            session, held.conversation.id, staff, "again", "不急，您慢慢来", False, now=clock()
        )
    clock.advance(hours=1, minutes=59)
    assert not _sweeps(duty)
    clock.advance(minutes=1)
    assert _sweeps(duty)
    assert duty.conversation(held).status == "staff"
    assert len([each for each in _texts(duty, held) if "自动结束" in each]) == 2


def test_a_person_who_has_not_answered_yet_closes_nothing(
    duty: Duty, anna: int, clock: FakeClock
) -> None:
    opened = duty.asks("metrology")
    duty.accepts(anna, opened)
    duty.replies(anna, opened, private=True)
    clock.advance(hours=5)
    assert not _sweeps(duty)
    assert duty.holder(opened) == anna


def test_what_a_former_holder_said_is_not_the_new_ones_reply(
    duty: Duty, anna: int, held: Opened, clock: FakeClock
) -> None:
    ben = duty.hires("ben")
    duty.requeues(anna, held)
    duty.accepts(ben, held)
    clock.advance(hours=5)
    assert not _sweeps(duty)


def test_what_was_put_off_stays_open(duty: Duty, anna: int, held: Opened, clock: FakeClock) -> None:
    with duty.database.writing() as session:
        staff = session.get_one(Staff, anna)
        conversation = session.get_one(Conversation, held.conversation.id)
        until = clock() + timedelta(days=3)
        postpone(session, conversation, staff, until, "等客户的照片", now=clock())
    clock.advance(days=2)
    assert not _sweeps(duty)
    assert duty.holder(held) == anna


def test_who_serves_in_another_system_is_left_alone(
    duty: Duty, anna: int, held: Opened, clock: FakeClock
) -> None:
    with duty.database.writing() as session:
        session.get_one(Staff, anna).role = Role.ELSEWHERE
    clock.advance(hours=5)
    assert not _sweeps(duty)


@pytest.mark.parametrize(("hours_since_contact", "warned"), [(47, True), (49, False)])
def test_nobody_is_warned_whom_the_channel_does_not_reach(
    duty: Duty,
    anna: int,
    held: Opened,
    clock: FakeClock,
    hours_since_contact: int,
    warned: bool,
) -> None:
    clock.advance(hours=2)
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, held.conversation.id)
        customer = session.get_one(Customer, conversation.customer_id)
        conversation.channel = customer.channel = "wechat"
        customer.last_contact_at = clock() - timedelta(hours=hours_since_contact)
    _sweeps(duty)
    assert duty.conversation(held).status == ("staff" if warned else "resolved")
    assert ("自动结束" in "".join(_texts(duty, held))) is warned


def test_two_sweeps_at_the_same_time_end_it_once(
    duty: Duty, with_bot: Opened, held: Opened, clock: FakeClock
) -> None:
    clock.advance(hours=25)
    for _ in range(2):  # the warning, then the end
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: _sweeps(duty), range(2)))
        clock.advance(hours=3)
    with duty.database.reading() as session:
        ends = session.scalars(
            select(StatusEvent).where(StatusEvent.transition == "idle_end")
        ).all()
    assert sorted(each.conversation_id for each in ends) == sorted(
        [with_bot.conversation.id, held.conversation.id]
    )
    assert len([each for each in _texts(duty, held) if "自动结束" in each]) == 1


@pytest.fixture
def ended(duty: Duty, anna: int, held: Opened, clock: FakeClock) -> Opened:
    """Anna's conversation, ended because the customer did not answer."""
    clock.advance(hours=2)
    _sweeps(duty)
    clock.advance(hours=1)
    duty.lives(anna)
    _sweeps(duty)
    return held


def test_answer_that_comes_after_the_end_goes_to_the_person_who_asked(
    duty: Duty, anna: int, ended: Opened, clock: FakeClock
) -> None:
    duty.hires("ben", "metrology")
    clock.advance(minutes=20)
    duty.lives(anna)
    following = _says(duty, ended, "型号是 YB-150")
    assert following.id != ended.conversation.id
    with duty.database.reading() as session:
        event = session.scalars(
            select(StatusEvent).where(StatusEvent.conversation_id == following.id)
        ).one()
    assert (event.to_status, event.handoff_kind) == ("queued", "continued")
    assert duty.assigns() == {following.id: anna}
    assert duty.conversation(ended).status == "resolved"


@pytest.mark.parametrize("words", ["谢谢", "好的，再见"])
def test_thanks_after_the_end_call_nobody_back(duty: Duty, ended: Opened, words: str) -> None:
    assert _says(duty, ended, words).status == "bot"


def test_bot_answers_where_the_person_is_not_there_any_more(
    duty: Duty, anna: int, ended: Opened
) -> None:
    duty.says(anna, Presence.AWAY)
    assert _says(duty, ended, "型号是 YB-150").status == "bot"


def test_bot_answers_who_comes_back_days_later_or_in_the_night(
    duty: Duty, anna: int, ended: Opened, clock: FakeClock
) -> None:
    clock.advance(hours=7)
    duty.lives(anna)
    assert _says(duty, ended, "型号是 YB-150").status == "bot", "nobody is in"
    clock.advance(hours=42)
    duty.lives(anna)
    assert _says(duty, ended, "型号是 YB-150").status == "bot"


def test_who_was_resolved_by_a_person_is_not_sent_back_to_them(
    duty: Duty, anna: int, held: Opened, clock: FakeClock
) -> None:
    duty.resolves(anna, held)
    clock.advance(seconds=1)
    assert _says(duty, held, "型号是 YB-150").status == "bot"
