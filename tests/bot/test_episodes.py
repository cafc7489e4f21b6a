"""Episodes: written along with the events, and equal to what a replay of them says."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.conversations.episodes import episodes_of, latest_episode, replayed, span_of
from bot.conversations.ledger import Opened
from bot.conversations.models import Conversation, HandoffReason, StatusEvent
from bot.database import Database
from bot.errors import ServiceError
from bot.staff.models import Staff
from tests.bot.duty import Duty
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


def _back(duty: Duty, staff_id: int, opened: Opened) -> None:
    with duty.database.writing() as session:
        staff = session.get_one(Staff, staff_id)
        duty.handoff.return_to_bot(session, opened.conversation.id, staff, now=duty.clock())


def test_two_hand_offs_of_one_conversation_are_two_episodes(duty: Duty) -> None:
    alice, bob = duty.hires("alice"), duty.hires("bob")
    opened = duty.asks("metrology")
    duty.accepts(alice, opened)
    _back(duty, alice, opened)
    duty.asks("ip", again=opened)
    duty.accepts(bob, opened)
    duty.resolves(bob, opened)
    with duty.database.reading() as session:
        found = episodes_of(session, opened.conversation.id)
    assert [(each.number, each.category, each.staff_id, each.end) for each in found] == [
        (1, "metrology", alice, "return_to_bot"),
        (2, "ip", bob, "resolve"),
    ]


def test_requeue_and_transfer_are_inside_one_episode(duty: Duty) -> None:
    alice, bob = duty.hires("alice"), duty.hires("bob")
    opened = duty.asks()
    duty.accepts(alice, opened)
    first_taken = duty.clock()
    duty.clock.advance(minutes=1)
    duty.requeues(alice, opened)
    duty.clock.advance(minutes=1)
    duty.accepts(bob, opened)
    with duty.database.reading() as session:
        (episode,) = episodes_of(session, opened.conversation.id)
    assert (episode.accepted_at, episode.staff_id, episode.ended_at) == (first_taken, bob, None)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("complaint", HandoffReason.COMPLAINT),
        ("not_understood", HandoffReason.NOT_UNDERSTOOD),
        ("我要投诉", HandoffReason.CUSTOMER_ASKED),
        ("", HandoffReason.CUSTOMER_ASKED),
    ],
)
def test_words_that_name_a_reason_are_one_and_others_stand_beside_it(
    duty: Duty, words: str, reason: HandoffReason
) -> None:
    opened = duty.asks()
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        duty.handoff.cancel(session, conversation, now=duty.clock())
        duty.handoff.request_handoff(session, conversation, words, now=duty.clock())
        episode = latest_episode(session, conversation.id)
        assert episode is not None
        assert (episode.number, episode.reason) == (2, reason)
        assert (conversation.handoff_kind, conversation.handoff_reason) == (reason, words)


def test_reason_may_be_given_beside_the_words(duty: Duty) -> None:
    opened = duty.asks()
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        duty.handoff.cancel(session, conversation, now=duty.clock())
        duty.handoff.request_handoff(
            session,
            conversation,
            "连续两次没有听懂",
            now=duty.clock(),
            kind=HandoffReason.NOT_UNDERSTOOD,
        )
        events = session.scalars(select(StatusEvent).order_by(StatusEvent.id.desc())).first()
        assert events is not None
        assert (events.handoff_kind, events.reason) == ("not_understood", "连续两次没有听懂")


def test_nobody_asked_where_staff_stepped_in(duty: Duty) -> None:
    alice = duty.hires("alice")
    opened = duty.asks()
    with duty.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        duty.handoff.cancel(session, conversation, now=duty.clock())
    duty.accepts(alice, opened)
    with duty.database.reading() as session:
        episode = latest_episode(session, opened.conversation.id)
    assert episode is not None
    assert (episode.number, episode.reason) == (2, "staff_stepped_in")


_VERBS = st.sampled_from(["asks", "accepts", "requeues", "resolves", "back", "cancels", "leaves"])


@pytest.mark.one_database
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(_VERBS, st.integers(0, 1)), max_size=25))
def test_replay_of_the_events_says_what_is_stored(
    database: Database, steps: list[tuple[str, int]]
) -> None:
    duty = Duty(database, FakeClock())
    with database.reading() as session:
        known = list(session.scalars(select(Staff.id).order_by(Staff.id)))
    people = known or [duty.hires("alice"), duty.hires("bob")]
    opened = duty.asks()
    for verb, who in steps:
        try:
            _step(duty, verb, people[who], opened)
        except ServiceError:
            # What a status does not allow is refused, and leaves no trace.
            continue
    _same_after_replay(duty, opened)


def _step(duty: Duty, verb: str, staff_id: int, opened: Opened) -> None:
    duty.clock.advance(seconds=7)
    if verb == "asks":
        with duty.database.writing() as session:
            conversation = session.get_one(Conversation, opened.conversation.id)
            duty.handoff.request_handoff(session, conversation, "complaint", now=duty.clock())
    elif verb == "cancels":
        with duty.database.writing() as session:
            conversation = session.get_one(Conversation, opened.conversation.id)
            duty.handoff.cancel(session, conversation, now=duty.clock())
    elif verb == "leaves":
        with duty.database.writing() as session:
            conversation = session.get_one(Conversation, opened.conversation.id)
            duty.handoff.customer_ends(session, conversation, now=duty.clock())
    elif verb == "back":
        _back(duty, staff_id, opened)
    else:
        getattr(duty, verb)(staff_id, opened)


def _same_after_replay(duty: Duty, opened: Opened) -> None:
    with duty.database.reading() as session:
        events = session.scalars(
            select(StatusEvent)
            .where(StatusEvent.conversation_id == opened.conversation.id)
            .order_by(StatusEvent.id)
        ).all()
        stored = [span_of(each) for each in episodes_of(session, opened.conversation.id)]
        assert stored == replayed(events)
        still_open = duty.conversation(opened).status in ("queued", "staff")
        assert [each.ended_at is None for each in stored] == [False] * (len(stored) - 1) + [
            still_open
        ]
