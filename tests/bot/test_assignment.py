"""Who gets whom: skill, presence, room, longest waiting first; never too many for anybody."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from bot.conversations.ledger import Opened
from bot.conversations.models import (
    Change,
    Conversation,
    Episode,
    Message,
    StatusEvent,
)
from bot.database import Database
from bot.staff.models import Presence, PresenceChange, Staff
from tests.bot.duty import Duty
from tests.fakes import FakeClock


@pytest.fixture
def duty(database: Database, clock: FakeClock) -> Duty:
    return Duty(database, clock)


def test_longest_waiting_is_given_away_first(duty: Duty) -> None:
    first, second, third = (duty.asks() for _ in range(3))
    somebody = duty.hires("somebody", capacity=2)
    assert set(duty.assigns()) == {first.conversation.id, second.conversation.id}
    assert duty.holder(first) == duty.holder(second) == somebody
    assert duty.holder(third) is None


def test_nobody_is_assigned_anything_who_has_not_said_that_they_are_available(
    duty: Duty,
) -> None:
    duty.asks()
    others = (None, Presence.AWAY, Presence.AWAY_AND_REQUEUE, Presence.OFFLINE)
    for number, presence in enumerate(others):
        duty.hires(f"p{number}", presence=presence)
    assert duty.assigns() == {}


def test_nobody_is_assigned_anything_whose_desk_has_not_been_heard_of(
    duty: Duty, clock: FakeClock
) -> None:
    quiet, lively = duty.hires("quiet"), duty.hires("lively")
    clock.advance(seconds=89)
    duty.lives(lively)
    clock.advance(seconds=2)
    assert set(duty.loads()) == set()
    duty.asks()
    duty.asks()
    duty.asks()
    assert set(duty.assigns().values()) == {lively}
    assert quiet not in duty.loads()


def test_skill_decides_and_a_skill_that_nobody_has_falls_to_everybody(duty: Duty) -> None:
    metrologist = duty.hires("gauges", "metrology")
    lawyer = duty.hires("lawyer", "ip")
    about_gauges, about_brands, unknown = (duty.asks(each) for each in ("metrology", "brand", None))
    standards = duty.hires("standard", "standards", presence=None)
    about_standards = duty.asks("standards")
    duty.assigns()
    assert duty.holder(about_gauges) == metrologist
    assert {duty.holder(about_brands), duty.holder(unknown)} <= {metrologist, lawyer}
    assert duty.holder(about_standards) is None
    duty.says(standards, Presence.AVAILABLE)
    assert duty.assigns() == {about_standards.conversation.id: standards}


def test_one_who_lists_no_skills_serves_everything(duty: Duty) -> None:
    duty.hires("absent", "metrology", presence=None)
    anybody = duty.hires("anybody")
    opened = duty.asks("metrology")
    assert duty.assigns() == {opened.conversation.id: anybody}


def test_words_about_no_service_still_find_a_person(duty: Duty) -> None:
    somebody = duty.hires("somebody", "metrology")
    opened = duty.asks("out_of_scope")
    assert duty.assigns() == {opened.conversation.id: somebody}


def test_longest_wait_does_not_block_those_whom_somebody_can_serve(duty: Duty) -> None:
    duty.hires("absent", "ip", presence=None)
    for _ in range(80):
        duty.asks("ip")
    somebody = duty.hires("somebody", "metrology")
    opened = duty.asks("metrology")
    assert duty.assigns() == {opened.conversation.id: somebody}


def test_least_used_share_of_a_capacity_comes_next(duty: Duty) -> None:
    large, small = duty.hires("large", capacity=4), duty.hires("small", capacity=2)
    given = [duty.asks() for _ in range(6)]
    for opened in given:
        duty.assigns()
        assert duty.holder(opened) is not None
    assert duty.loads() == {large: 4, small: 2}
    three = [duty.holder(each) for each in given[:3]]
    assert sorted(three, key=str) in ([large, large, small], [large, small, small])


def test_own_capacity_counts_more_than_the_setting_and_zero_means_none(duty: Duty) -> None:
    duty.hires("none", capacity=0)
    three = duty.hires("three", capacity=3)
    for _ in range(5):
        duty.asks()
    duty.assigns()
    assert duty.loads() == {three: 3}


def test_what_was_taken_by_hand_counts_and_may_go_beyond_the_capacity(duty: Duty) -> None:
    somebody = duty.hires("somebody", capacity=2)
    taken = [duty.asks() for _ in range(3)]
    for opened in taken:
        duty.accepts(somebody, opened)
    assert duty.loads() == {somebody: 3}
    waiting = duty.asks()
    assert duty.assigns() == {}
    duty.resolves(somebody, taken[0])
    assert duty.assigns() == {}
    duty.resolves(somebody, taken[1])
    assert duty.assigns() == {waiting.conversation.id: somebody}


def test_former_member_of_staff_is_preferred_if_there_is_room(duty: Duty) -> None:
    former = duty.hires("former")
    opened = duty.asks()
    duty.assigns()
    duty.resolves(former, opened)
    duty.asks()
    duty.assigns()
    assert duty.loads() == {former: 1}
    duty.hires("idle")
    again = duty.asks(again=opened)
    assert again.conversation.id != opened.conversation.id
    assert duty.assigns() == {again.conversation.id: former}


def test_former_member_of_staff_is_waited_for_and_then_anybody_comes(
    duty: Duty, clock: FakeClock
) -> None:
    former = duty.hires("former", capacity=1)
    opened = duty.asks()
    duty.assigns()
    duty.resolves(former, opened)
    duty.accepts(former, duty.asks())
    other = duty.hires("other", capacity=2)
    again = duty.asks(again=opened)
    later = duty.asks()
    assert duty.assigns() == {later.conversation.id: other}
    clock.advance(seconds=58)
    duty.lives(former, other)
    assert duty.assigns() == {}
    clock.advance(seconds=2)
    assert duty.assigns() == {again.conversation.id: other}


def test_former_member_of_staff_who_is_not_there_is_not_waited_for(duty: Duty) -> None:
    former = duty.hires("former")
    opened = duty.asks()
    duty.assigns()
    duty.resolves(former, opened)
    duty.says(former, Presence.AWAY)
    other = duty.hires("other")
    again = duty.asks(again=opened)
    assert duty.assigns() == {again.conversation.id: other}


def test_what_somebody_passed_on_does_not_come_back_to_them(duty: Duty) -> None:
    first = duty.hires("first")
    opened = duty.asks()
    duty.assigns()
    duty.requeues(first, opened)
    assert duty.assigns() == {}
    other = duty.hires("other")
    assert duty.assigns() == {opened.conversation.id: other}


def test_closed_group_is_assigned_nothing(duty: Duty, clock: FakeClock) -> None:
    clock.advance(hours=12)  # Tuesday evening in China
    duty.hires("late")
    duty.asks()
    assert duty.assigns() == {}


def test_nothing_is_needed_without_customers_or_without_people(
    duty: Duty, clock: FakeClock
) -> None:
    def needed() -> bool:
        with duty.database.reading() as session:
            return duty.assignment.is_needed(session, clock())

    assert not needed()
    duty.asks("metrology")
    assert not needed()
    duty.hires("lawyer", "ip")
    duty.hires("absent", "metrology", presence=None)
    assert not needed()
    duty.hires("present", "metrology", capacity=1)
    assert needed()
    duty.assigns()
    duty.asks("metrology")
    assert not needed()


def test_customer_is_told_who_was_assigned(duty: Duty) -> None:
    duty.hires("Wang")
    opened = duty.asks()
    duty.assigns()
    with duty.database.reading() as session:
        said = session.scalars(
            select(Message.text)
            .where(Message.conversation_id == opened.conversation.id)
            .order_by(Message.seq.desc())
        ).first()
        moved = session.scalars(
            select(StatusEvent.transition).order_by(StatusEvent.id.desc())
        ).first()
    assert said is not None
    assert "Wang（Wang 号）" in said
    assert moved == "assign"


def test_many_that_assign_at_once_give_nobody_too_much_and_nothing_twice(duty: Duty) -> None:
    people = [duty.hires(f"p{number}", capacity=3) for number in range(4)]
    waiting = [duty.asks() for _ in range(20)]
    start, given = Barrier(6), []

    def assign() -> None:
        start.wait()
        given.append(duty.assigns())

    threads = [Thread(target=assign) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(len(each) for each in given) == 12
    assert len({key for each in given for key in each}) == 12
    assert duty.loads() == dict.fromkeys(people, 3)
    assert [duty.holder(each) is not None for each in waiting] == [True] * 12 + [False] * 8


def test_accepting_by_hand_while_assignment_runs_leaves_one_owner_and_room_for_no_more(
    duty: Duty,
) -> None:
    somebody = duty.hires("somebody", capacity=4)
    by_hand = [duty.asks() for _ in range(3)]
    for _ in range(6):
        duty.asks()
    start = Barrier(4)

    def accept(opened: Opened) -> None:
        start.wait()
        duty.accepts(somebody, opened)

    def assign() -> None:
        start.wait()
        duty.assigns()

    threads = [Thread(target=accept, args=(each,)) for each in by_hand]
    threads.append(Thread(target=assign))
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    duty.assigns()
    # Three by hand at most go beyond; assignment itself never does.
    assert duty.loads()[somebody] <= 4 + 3
    with duty.database.reading() as session:
        events = session.scalars(select(StatusEvent).order_by(StatusEvent.id)).all()
    held = 0
    for event in events:
        if event.to_status == "staff":
            assert event.transition == "accept" or held < 4
            held += 1


_SKILLS = [None, "metrology", "standards", "ip"]
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("asks"), st.sampled_from(_SKILLS)),
        st.tuples(st.just("assigns"), st.none()),
        st.tuples(st.just("resolves"), st.integers(0, 30)),
        st.tuples(st.just("requeues"), st.integers(0, 30)),
        st.tuples(st.just("passes"), st.integers(1, 200)),
        st.tuples(st.just("leaves"), st.integers(0, 4)),
        st.tuples(st.just("comes"), st.integers(0, 4)),
    ),
    min_size=5,
    max_size=40,
)
_people = st.lists(
    st.tuples(st.lists(st.sampled_from(_SKILLS[1:]), unique=True, max_size=2), st.integers(0, 3)),
    min_size=1,
    max_size=5,
)


@pytest.mark.one_database
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(people=_people, steps=_steps)
def test_whatever_happens_nobody_has_too_much_and_nobody_is_overtaken_within_a_skill(
    database: Database, people: list[tuple[list[str], int]], steps: list[tuple[str, object]]
) -> None:
    _empty(database)
    clock = FakeClock()
    duty = Duty(database, clock)
    ids = [
        duty.hires(f"p{number}", *skills, capacity=capacity)
        for number, (skills, capacity) in enumerate(people)
    ]
    open_ones: list[Opened] = []
    for verb, value in steps:
        if verb == "asks":
            open_ones.append(duty.asks(value))  # type: ignore[arg-type]
        elif verb == "assigns":
            _assigns_fairly(duty, [capacity for _, capacity in people], ids, open_ones)
        elif verb == "passes":
            clock.advance(seconds=int(str(value)))
            duty.lives(*ids)
        elif verb in ("leaves", "comes"):
            who = ids[int(str(value)) % len(ids)]
            duty.says(who, Presence.AVAILABLE if verb == "comes" else Presence.AWAY_AND_REQUEUE)
        else:
            held = [each for each in open_ones if duty.holder(each) is not None]
            if held:
                opened = held[int(str(value)) % len(held)]
                holder = duty.holder(opened)
                assert holder is not None
                getattr(duty, verb)(holder, opened)
                if verb == "resolves":
                    open_ones.remove(opened)


def _assigns_fairly(
    duty: Duty, capacities: list[int], ids: list[int], open_ones: list[Opened]
) -> None:
    """One run of assignment, held against what the rules promise."""
    waited = [each for each in open_ones if duty.holder(each) is None]
    given = duty.assigns()
    loads = duty.loads()
    for staff_id, capacity in zip(ids, capacities, strict=True):
        assert loads.get(staff_id, 0) <= capacity
    # All customers are new here, so nobody waits for a former member of staff; what was passed
    # on by hand may be overtaken by what its former holder can take.
    fresh = [each for each in waited if duty.conversation(each).passed_by_id is None]
    by_category: dict[str | None, list[bool]] = {}
    for opened in sorted(fresh, key=lambda each: _since(duty, each)):
        category = duty.conversation(opened).category
        by_category.setdefault(category, []).append(opened.conversation.id in given)
    for served in by_category.values():
        passed_on = any(duty.conversation(each).passed_by_id for each in waited)
        assert passed_on or served == sorted(served, reverse=True)
    # Nobody stays idle for whom somebody waits.
    again = duty.assigns()
    assert again == {}


def _since(duty: Duty, opened: Opened) -> float:
    queued_at = duty.conversation(opened).queued_at
    assert queued_at is not None
    return queued_at.timestamp()


def _empty(database: Database) -> None:
    with database.writing() as session:
        for record in (Change, Message, StatusEvent, Episode, Conversation, PresenceChange, Staff):
            session.execute(delete(record))
