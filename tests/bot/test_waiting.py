"""What those who wait are told: their place, an honest range, and that nobody will come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case, CaseKind
from bot.conversations.changes import changes_for_customer, changes_for_desk
from bot.conversations.handoff import Handoff
from bot.conversations.leaving import give_up_waiting, waited_in_vain
from bot.conversations.ledger import Opened, messages_of
from bot.conversations.models import Conversation, ConversationStatus, Episode
from bot.conversations.standing import Pace, Standing
from bot.conversations.waiting import Limits, Wait, range_of, tell_waiting, waits_in
from bot.database import Database
from bot.responses import Responses
from bot.staff.hours import SHANGHAI, WorkingHours
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeClock

HOURS = WorkingHours.parse("08:30-17:30")
LIMIT = timedelta(minutes=30)
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=SHANGHAI)


@pytest.fixture
def handoff() -> Handoff:
    """The transitions; the queue of a group takes three."""
    return Handoff(Responses.load(), HOURS, Limits(LIMIT, queue=3))


def waits(minutes: list[float], place: int = 1, ended_at: datetime = NOON) -> list[Wait]:
    """Waits that ended at noon."""
    return [Wait(place, timedelta(minutes=each), ended_at) for each in minutes]


def asks_for_a_person(
    session: Session, handoff: Handoff, clock: FakeClock, category: str | None = None
) -> Opened:
    """Another customer joins the queue of a group."""
    opened = xiaolin(session, clock)
    opened.conversation.category = category
    writes(session, opened, "二十块压力表要检定", clock)
    handoff.request_handoff(session, opened.conversation, "customer_asked", now=clock())
    return opened


def past_waits(session: Session, clock: FakeClock, minutes: list[int], category: str) -> None:
    """Others who waited so long today, one after the other."""
    customer = xiaolin(session, clock).conversation
    for number, each in enumerate(minutes, 1):
        began_at = clock() - timedelta(hours=24, minutes=7 * number)
        session.add(
            Episode(
                conversation_id=customer.id,
                customer_id=customer.customer_id,
                number=number,
                category=category,
                reason="customer_asked",
                began_at=began_at,
                accepted_at=began_at + timedelta(minutes=each),
            )
        )
    session.flush()


def told(session: Session, opened: Opened) -> list[dict[str, object]]:
    """What the change feed told a customer about the queue."""
    page = changes_for_customer(session, opened.conversation.customer_id, 0)
    return [each for each in page.changes if each["type"] == "waiting"]


def test_range_holds_most_of_what_really_happened() -> None:
    minutes = [2, 2.5, 3, 3, 3.5, 4, 4, 4.5, 5, 12]
    found = range_of(waits(minutes), 1, now=NOON)
    assert found == (2, 5)


def test_range_is_never_one_exact_minute() -> None:
    found = range_of(waits([3.0] * 10), 1, now=NOON)
    assert found is not None
    assert found[0] < found[1]


def test_long_waits_are_told_in_steps_of_five_minutes() -> None:
    found = range_of(waits([17, 18, 21, 22, 28, 31]), 1, now=NOON)
    assert found == (15, 30)


@pytest.mark.parametrize("known", [0, 1, 4])
def test_too_few_waits_say_nothing(known: int) -> None:
    assert range_of(waits([3.0] * known), 1, now=NOON) is None


def test_waits_from_another_place_in_the_queue_say_nothing() -> None:
    known = waits([3.0, 3.5, 4, 4.5, 5, 5.5])
    assert range_of(known, 2, now=NOON) is not None
    assert range_of(known, 3, now=NOON) is None


def test_waits_of_this_time_of_day_count_first() -> None:
    evening = NOON.replace(hour=17)
    known = waits([2, 2, 3, 3, 4, 4]) + waits([20, 22, 24, 26, 28, 30], ended_at=evening)
    assert range_of(known, 1, now=NOON) == (2, 4)
    assert range_of(known, 1, now=evening) == (20, 30)


def test_places_of_past_waits_are_counted_from_those_who_waited_then() -> None:
    first = (NOON, NOON + timedelta(minutes=10))
    second = (NOON + timedelta(minutes=1), NOON + timedelta(minutes=11))
    later = (NOON + timedelta(minutes=30), NOON + timedelta(minutes=31))
    found = waits_in([first, second, later], HOURS)
    assert [(wait.place, wait.length.total_seconds()) for wait in found] == [
        (1, 60),
        (2, 600),
        (1, 600),
    ]


def test_waits_count_working_time_only() -> None:
    evening, morning = NOON.replace(hour=17, minute=25), NOON.replace(day=25, hour=8, minute=35)
    [wait] = waits_in([(evening, morning)], HOURS)
    assert wait.length == timedelta(minutes=10)


@pytest.mark.parametrize(
    ("before", "now", "worth_telling"),
    [
        (Standing(2, (4, 8)), Standing(1, (4, 8)), True),
        (Standing(2, (4, 8)), Standing(2, (5, 9)), False),
        (Standing(2, (4, 8)), Standing(2, (4, 10)), True),
        (Standing(2, (20, 40)), Standing(2, (20, 45)), False),
        (Standing(2, (20, 40)), Standing(2, (30, 45)), True),
        (Standing(2, None), Standing(2, (4, 8)), True),
        (Standing(2, (4, 8)), Standing(2, None, Pace.LONG), True),
    ],
)
def test_only_what_changes_noticeably_is_told(
    before: Standing, now: Standing, worth_telling: bool
) -> None:
    assert now.differs(before) is worth_telling
    assert not now.differs(now)


@pytest.mark.parametrize(
    "standing", [Standing(3), Standing(3, (2, 5)), Standing(3, None, Pace.CLOSED)]
)
def test_standing_is_kept_as_it_is(standing: Standing) -> None:
    assert Standing.read(str(standing)) == standing


def test_each_group_has_a_queue_of_its_own(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        for category in ("metrology", "metrology", "standards", None):
            clock.advance(seconds=1)
            asks_for_a_person(session, handoff, clock, category)
        in_order = select(Conversation.told_wait).order_by(Conversation.queued_at)
        assert list(session.scalars(in_order)) == ["1:", "2:", "1:", "1:"]


def test_queue_words_name_the_range_when_there_is_one(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        past_waits(session, clock, [2, 3, 3, 4, 5, 6], "metrology")
        opened = asks_for_a_person(session, handoff, clock, "metrology")
        assert "预计等待 3–5 分钟" in messages_of(session, opened.conversation.id)[-1].text
        other = asks_for_a_person(session, handoff, clock, "standards")
        assert "分钟" not in messages_of(session, other.conversation.id)[-1].text


def test_sweep_tells_a_move_once_and_nothing_when_nothing_moved(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        first = asks_for_a_person(session, handoff, clock)
        clock.advance(seconds=1)
        second = asks_for_a_person(session, handoff, clock)
    with database.writing() as session:
        assert tell_waiting(session, HOURS, now=clock()) == 0
        person = alice(session)
        handoff.accept(session, first.conversation.id, person, now=clock())
    with database.writing() as session:
        assert tell_waiting(session, HOURS, now=clock()) == 1
        assert tell_waiting(session, HOURS, now=clock()) == 0
    with database.reading() as session:
        [move] = told(session, second)
        assert (move["position"], move["minutes"], move["pace"]) == (1, None, None)
        assert told(session, first) == []
        seen = changes_for_desk(session, person, 0).changes
        assert "waiting" not in {each["type"] for each in seen}


def test_unusually_long_wait_is_called_so_instead_of_counted(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        past_waits(session, clock, [2, 3, 3, 4, 5, 6], "metrology")
        opened = asks_for_a_person(session, handoff, clock, "metrology")
        clock.advance(minutes=7)
        tell_waiting(session, HOURS, now=clock())
    with database.reading() as session:
        assert [each["pace"] for each in told(session, opened)] == ["long"]


def test_full_queue_takes_nobody_more_and_offers_a_message(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        for _ in range(3):
            asks_for_a_person(session, handoff, clock, "metrology")
        late = asks_for_a_person(session, handoff, clock, "metrology")
        assert late.conversation.status == ConversationStatus.BOT
        said = messages_of(session, late.conversation.id)[-1]
        assert [each["payload"] for each in said.data["buttons"]] == ["/leave_message"]
        other = asks_for_a_person(session, handoff, clock, "standards")
        assert other.conversation.status == ConversationStatus.QUEUED


def at(text: str) -> datetime:
    """A moment of Tuesday, 24 November 2026, or of another day, in China."""
    day, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"{day or '2026-11-24'}T{clock}").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("queued", "now", "hours", "in_vain"),
    [
        ("10:00", "10:29", "08:30-17:30", False),
        ("10:00", "10:30", "08:30-17:30", True),  # the limit
        ("17:20", "17:29", "08:30-17:30", False),
        ("17:20", "17:30", "08:30-17:30", True),  # the day ends over the wait
        ("11:50", "12:30", "08:30-12:00,13:30-17:30", False),  # lunch: they come back
        ("11:50", "13:49", "08:30-12:00,13:30-17:30", False),
        ("11:50", "13:50", "08:30-12:00,13:30-17:30", True),
        ("20:00", "20:29", "08:30-17:30", False),  # asked in the evening
        ("20:00", "20:30", "08:30-17:30", True),
        ("08:00", "08:29", "08:30-17:30", False),  # shortly before the opening
        ("08:00", "08:59", "08:30-17:30", False),
        ("08:00", "09:00", "08:30-17:30", True),
        ("2026-11-27 17:25", "2026-11-28 09:00", "08:30-17:30", True),  # over the weekend
    ],
)
def test_when_nobody_will_come_any_more(queued: str, now: str, hours: str, in_vain: bool) -> None:
    working = WorkingHours.parse(hours)
    assert waited_in_vain(working, at(queued), LIMIT, now=at(now)) is in_vain


def test_who_waited_in_vain_gets_one_case_with_number_and_due_time(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        opened = asks_for_a_person(session, handoff, clock, "metrology")
        clock.advance(minutes=20)
        later = asks_for_a_person(session, handoff, clock, "metrology")
    clock.advance(minutes=10)
    for given_up in (1, 0):
        with database.writing() as session:
            assert give_up_waiting(session, handoff, now=clock()) == given_up
    with database.reading() as session:
        case = session.scalars(select(Case)).one()
        assert (case.kind, case.category) == (CaseKind.MESSAGE, "metrology")
        assert case.need == "二十块压力表要检定"
        assert ["customer", "二十块压力表要检定"] in case.details["transcript"]
        said = messages_of(session, opened.conversation.id)[-1].text
        assert case.number in said
        assert "11 月 25 日（周三）17:30" in said
        status = {opened.conversation.id: "bot", later.conversation.id: "queued"}
        for conversation_id, expected in status.items():
            assert session.get_one(Conversation, conversation_id).status == expected


def test_who_was_served_and_comes_back_into_the_queue_has_not_waited_all_the_time(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        staff = alice(session)
        opened = asks_for_a_person(session, handoff, clock)
        clock.advance(minutes=1)
        handoff.accept(session, opened.conversation.id, staff, now=clock())
        clock.advance(minutes=45)
        handoff.requeue(session, opened.conversation.id, staff, now=clock())
    for minutes, given_up in ((1, 0), (28, 0), (1, 1)):
        clock.advance(minutes=minutes)
        with database.writing() as session:
            assert give_up_waiting(session, handoff, now=clock()) == given_up


def test_two_processes_that_sweep_at_once_tell_and_give_up_once(
    database: Database, clock: FakeClock, handoff: Handoff
) -> None:
    with database.writing() as session:
        waiting = []
        for _ in range(3):
            clock.advance(seconds=1)
            waiting.append(asks_for_a_person(session, handoff, clock))
        handoff.cancel(session, waiting[0].conversation, now=clock())
    start, done = Barrier(2), []

    def sweep(work: Callable[[Session], int]) -> None:
        start.wait()
        with database.writing() as session:
            done.append(work(session))

    for work, expected in (
        (lambda session: tell_waiting(session, HOURS, now=clock()), 2),
        (lambda session: give_up_waiting(session, handoff, now=clock()), 2),
    ):
        done.clear()
        threads = [Thread(target=sweep, args=(work,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(done) == expected
        clock.advance(hours=1)
    with database.reading() as session:
        assert [len(told(session, each)) for each in waiting] == [0, 1, 1]
        assert len(session.scalars(select(Case)).all()) == 2
